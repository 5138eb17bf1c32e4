//! What the fields mean together: times on the clock on the wall, wherever it hangs.

use std::collections::BTreeSet;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

use super::error::{ScheduleError, quoted};
use super::field::{self, Field};

/// The words of crontab, and the fields that they stand for.
const WORDS: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// The weekdays as the `cron` crate takes them: its numbers begin with 1, so names are safer.
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// The years that the `cron` crate knows.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2100;

/// The known words, for a sentence.
pub(super) fn words() -> String {
    WORDS.map(|(word, _)| word).join(", ")
}

/// Times on the wall at which a schedule ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WallTimes {
    /// One, or two when a day is chosen by its number or by its weekday.
    parts: Vec<cron::Schedule>,
    is_hourly: bool,
}

impl WallTimes {
    /// Reads an expression.
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = fields_of(text)?.split_whitespace().collect();
        let (second, [minute, hour, day, month, weekday]) = match fields.as_slice() {
            &[minute, hour, day, month, weekday] => ("0", [minute, hour, day, month, weekday]),
            &[second, minute, hour, day, month, weekday] => {
                (second, [minute, hour, day, month, weekday])
            }
            other => return Err(ScheduleError::Count(other.len())),
        };
        let time = [
            listed(&field::SECOND.parse(second)?.values),
            listed(&field::MINUTE.parse(minute)?.values),
        ];
        let hours = field::HOUR.parse(hour)?.values;
        let day = field::DAY.parse(day)?;
        let month = listed(&field::MONTH.parse(month)?.values);
        let weekday = field::WEEKDAY.parse(weekday)?;
        let part = |days: &str, weekdays: &str| {
            let [second, minute] = &time;
            let hour = listed(&hours);
            let quartz = format!("{second} {minute} {hour} {days} {month} {weekdays}");
            cron::Schedule::from_str(&quartz).map_err(|error| ScheduleError::Refused {
                text: quoted(text),
                why: error.to_string(),
            })
        };
        let (days, weekdays) = (listed(&day.values), named(&weekday));
        let parts = if day.is_open || weekday.is_open {
            vec![part(&days, &weekdays)?]
        } else {
            vec![part(&days, "*")?, part("*", &weekdays)?]
        };
        let times = Self {
            parts,
            is_hourly: hours.len() == 24,
        };
        match times.after(NaiveDateTime::MIN) {
            Some(_) => Ok(times),
            None => Err(ScheduleError::Never(quoted(text))),
        }
    }

    /// Whether every hour is meant, so that ticks follow the time that passes.
    pub(super) fn is_hourly(&self) -> bool {
        self.is_hourly
    }

    /// The first of the times after this one, until the end of the year 2100.
    pub(super) fn after(&self, time: NaiveDateTime) -> Option<NaiveDateTime> {
        if time.year() > *YEARS.end() {
            return None;
        }
        let begin = NaiveDate::from_ymd_opt(*YEARS.start() - 1, 12, 31)?.and_hms_opt(23, 59, 59)?;
        let time: DateTime<chrono::Utc> = time.max(begin).and_utc();
        let firsts = self
            .parts
            .iter()
            .filter_map(|part| part.after(&time).next());
        firsts.min().map(|first| first.naive_utc())
    }
}

/// The five or six fields, also those that a word stands for.
fn fields_of(text: &str) -> Result<&str, ScheduleError> {
    let text = text.trim();
    if !text.starts_with('@') {
        return Ok(text);
    }
    WORDS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text))
        .map(|(_, fields)| *fields)
        .ok_or_else(|| ScheduleError::Word(quoted(text)))
}

fn listed(values: &BTreeSet<u32>) -> String {
    let values: Vec<String> = values.iter().map(u32::to_string).collect();
    values.join(",")
}

fn named(weekday: &Field) -> String {
    let names = (0..).zip(WEEKDAYS);
    let names = names.filter(|(number, _)| weekday.values.contains(number));
    names.map(|(_, name)| name).collect::<Vec<_>>().join(",")
}
