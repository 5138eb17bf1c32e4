//! When cycles begin: crontab's five or six fields in a time zone (pure: moments are parameters).
//!
//! - `field`: what one field means; `expression`: what all of them mean together, as wall time;
//! - `zone`: from wall time to moments and across clock changes; `error`: what is wrong, and what
//!   would be right.
//!
//! The `cron` crate walks through the wall time as if it were UTC. Left to itself it would take 1
//! for Sunday, hold day and weekday together, leave 02:30 out in spring and run it twice in autumn.

mod error;
mod expression;
mod field;
mod zone;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use expression::WallTimes;

pub use error::ScheduleError;
pub use zone::zones;

/// Ticks in a time zone, written as crontab writes them.
///
/// Across a clock change, fixed hours run exactly once: what falls into the gap runs when the gap
/// ends, and what comes twice runs the first time. Where the hours are all hours (`*`, or whatever
/// amounts to it), ticks are where the clock on the wall shows them, so no hour that passes is
/// without its ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    expression: String,
    /// The zone as it was written; its canonical name may be another.
    zone: String,
    place: Tz,
    times: WallTimes,
}

impl Schedule {
    /// Reads five fields (minute, hour, day, month, weekday), six (seconds first), or a word such
    /// as `@daily`, and the name of a zone in the database of IANA, such as `Europe/Berlin`.
    ///
    /// # Errors
    ///
    /// A field that means nothing, an unknown word or zone, and a schedule that never fires.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        let times = WallTimes::parse(expression)?;
        let place = zone
            .parse()
            .map_err(|_| ScheduleError::Zone(error::quoted(zone)))?;
        Ok(Self {
            expression: expression.to_owned(),
            zone: zone.to_owned(),
            place,
            times,
        })
    }

    /// The first tick after this moment, from 1970 on; none when the year 2100 ends before it. Those
    /// are the years that the `cron` crate knows.
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // Nothing ticks before 1970, so the ages before are not walked through.
        let moment = moment.max(DateTime::UNIX_EPOCH - TimeDelta::days(1));
        if self.times.is_hourly() {
            zone::next_of_elapsed(&self.times, self.place, moment)
        } else {
            zone::next_of_fixed(&self.times, self.place, moment)
        }
    }

    /// Whether at least one tick fell after `last` and not after `now`; many count as one.
    pub fn due_since(&self, last: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.next_after(last).is_some_and(|tick| tick <= now)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.expression, self.zone)
    }
}

/// How long after a tick who has this key begins: from nothing to `most`, in milliseconds,
/// spread by the SHA-256 of the key.
///
/// The same key is always as late, so that the distance between two of its
/// cycles stays what the schedule says.
pub fn jitter(key: &str, most: TimeDelta) -> TimeDelta {
    let most = u64::try_from(most.num_milliseconds()).unwrap_or(0);
    let digest = Sha256::digest(key.as_bytes());
    let hash = digest
        .iter()
        .take(8)
        .fold(0, |hash: u64, byte| hash << 8 | u64::from(*byte));
    // The upper half of the product is spread evenly over 0..=most.
    let spread = (u128::from(hash) * (u128::from(most) + 1)) >> 64;
    i64::try_from(spread)
        .ok()
        .and_then(TimeDelta::try_milliseconds)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
