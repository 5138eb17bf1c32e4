//! When a cycle begins: cron with crontab's meaning, in a time zone. Pure: moments come from outside.
//!
//! `field` reads one field. What a field means is crontab(5)'s: weekday 0 and 7 are Sunday, and
//! where neither the day of the month nor the weekday begins with `*`, one of them is enough. The
//! crate `cron` means other things by the same text, so it is given explicit lists only, and it
//! iterates the clock on the wall as if it were UTC; here that is mapped to the zone.
//!
//! When the clocks change, hours that are fixed come once: those that are left out come at the
//! moment of the change, those that come twice count the first time. A schedule of every hour goes
//! by the time that passes.

mod field;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use field::{DAY, Field, HOUR, MINUTE, MONTH, SECOND, WEEKDAY};

/// How far the clocks go forward or back at most when they change, nearly everywhere.
const CHANGE: TimeDelta = TimeDelta::hours(3);

/// The longest gap that a change of the clocks leaves: Samoa left out a day.
const LONGEST_GAP: i64 = 48 * 60;

/// A text that is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// There are more or fewer fields.
    #[error("a schedule has five or six fields, such as \"*/15 * * * *\"; this one has {0}")]
    Fields(usize),
    /// An `@` word that crontab does not know.
    #[error(
        "{0:?} is no schedule: @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually are"
    )]
    Word(String),
    /// A field that says nothing.
    #[error("{text:?} is no {field}: {reason}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What it says.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// A zone that nobody knows.
    #[error("{0:?} is no time zone, such as \"UTC\" or \"Europe/Berlin\"")]
    Zone(String),
    /// There is no such day.
    #[error("the schedule {0:?} never comes: no such day exists")]
    Never(String),
}

/// When something is done again and again. Source: crontab(5).
#[derive(Clone, Debug)]
pub struct Schedule {
    expression: String,
    zone: Tz,
    /// Whether it comes in every hour, so that it goes by the time that passes.
    every_hour: bool,
    walls: Vec<cron::Schedule>,
}

impl Schedule {
    /// Reads five fields (minute, hour, day, month, weekday), six with seconds first, or a word
    /// such as `@hourly`; the zone is an IANA name.
    ///
    /// # Errors
    /// Which field is wrong and what it may say, or that the schedule never comes.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        let zone =
            Tz::from_str(zone.trim()).map_err(|_| ScheduleError::Zone(zone.trim().to_owned()))?;
        let expression = expression.trim();
        let text = match expression.strip_prefix('@') {
            Some(_) => word(expression)?,
            None => expression,
        };
        let texts: Vec<&str> = text.split_whitespace().collect();
        let (second, rest) = match texts.as_slice() {
            [second, rest @ ..] if rest.len() == 5 => (*second, rest),
            rest if rest.len() == 5 => ("0", rest),
            other => return Err(ScheduleError::Fields(other.len())),
        };
        let [minute, hour, day, month, weekday] = rest else {
            return Err(ScheduleError::Fields(texts.len()));
        };
        let second = Field::read(&SECOND, second)?;
        let minute = Field::read(&MINUTE, minute)?;
        let hour = Field::read(&HOUR, hour)?;
        let day = Field::read(&DAY, day)?;
        let month = Field::read(&MONTH, month)?;
        let weekday = Field::read(&WEEKDAY, weekday)?;
        let wall = |day: &str, weekday: &str| {
            let text = format!(
                "{} {} {} {day} {} {weekday}",
                second.list(),
                minute.list(),
                hour.list(),
                month.list()
            );
            cron::Schedule::from_str(&text).map_err(|_| ScheduleError::Never(expression.to_owned()))
        };
        let walls = if day.is_open || weekday.is_open {
            vec![wall(&day.list(), &weekday.names())?]
        } else {
            vec![wall(&day.list(), "*")?, wall("*", &weekday.names())?]
        };
        let schedule = Self {
            expression: expression.to_owned(),
            zone,
            every_hour: hour.is_full(),
            walls,
        };
        // Before a leap year, so that 29 February counts.
        let start = NaiveDateTime::default() + TimeDelta::days(19_000);
        match schedule.wall_after(start) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never(expression.to_owned())),
        }
    }

    /// The first moment after this one at which it comes. In the year 2100, where the calendar of
    /// `cron` ends, a year later.
    pub fn next_after(&self, moment: DateTime<Utc>) -> DateTime<Utc> {
        let local = moment.with_timezone(&self.zone).naive_local();
        let changes = self.offset(moment - CHANGE) != self.offset(moment + CHANGE);
        let mut wall = if changes { local - CHANGE } else { local };
        let mut best: Option<DateTime<Utc>> = None;
        while let Some(next) = self.wall_after(wall) {
            let found = self.moments(next).into_iter().filter(|one| *one > moment);
            best = best.into_iter().chain(found).min();
            if best.is_some() && (!changes || next > local + CHANGE) {
                break;
            }
            wall = next;
        }
        best.unwrap_or(moment + TimeDelta::days(365))
    }

    /// The first time on the wall's clock after this one.
    fn wall_after(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let after = Utc.from_utc_datetime(&wall);
        let next = self.walls.iter().filter_map(|one| one.after(&after).next());
        next.min().map(|moment| moment.naive_utc())
    }

    /// The moments at which the wall's clock shows this, as far as they count.
    fn moments(&self, wall: NaiveDateTime) -> Vec<DateTime<Utc>> {
        match self.zone.from_local_datetime(&wall) {
            MappedLocalTime::Single(one) => vec![one.to_utc()],
            MappedLocalTime::Ambiguous(first, second) if self.every_hour => {
                vec![first.to_utc(), second.to_utc()]
            }
            MappedLocalTime::Ambiguous(first, _) => vec![first.to_utc()],
            MappedLocalTime::None if self.every_hour => Vec::new(),
            MappedLocalTime::None => self.after_gap(wall).into_iter().collect(),
        }
    }

    /// The end of the gap that the wall's clock leaves out here.
    fn after_gap(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        let minute = wall - TimeDelta::seconds(wall.and_utc().timestamp().rem_euclid(60));
        (1..=LONGEST_GAP).find_map(|minutes| {
            let later = minute + TimeDelta::minutes(minutes);
            let found = self.zone.from_local_datetime(&later).earliest()?;
            Some(found.to_utc())
        })
    }

    fn offset(&self, moment: DateTime<Utc>) -> i32 {
        let offset = self.zone.offset_from_utc_datetime(&moment.naive_utc());
        offset.fix().local_minus_utc()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.expression, self.zone)
    }
}

/// What a word stands for. Source: crontab(5).
fn word(text: &str) -> Result<&'static str, ScheduleError> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => return Err(ScheduleError::Word(text.to_owned())),
    })
}

/// How much later than a schedule says something is done: for one key always the same, from
/// nothing to `most`, so that many who have the same schedule do not come at once.
pub fn jitter(key: &str, most: TimeDelta) -> TimeDelta {
    let digest = Sha256::digest(key.as_bytes());
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let most = u64::try_from(most.num_milliseconds()).unwrap_or(0);
    let share = number % most.saturating_add(1);
    TimeDelta::milliseconds(i64::try_from(share).unwrap_or(0))
}

#[cfg(test)]
mod tests;
