//! Life times of series.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::openssl_version::Series;

/// How long OpenSSL supports a series in public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifeTime {
    /// The series.
    pub series: Series,
    /// The last day with support, in UTC.
    pub ends: NaiveDate,
    /// Whether it has long-term support.
    #[serde(default)]
    pub lts: bool,
}

/// Whether a series is supported on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It is, until this day with it.
    Until(NaiveDate),
    /// It ended on this day; none when only the fact is known.
    Ended(Option<NaiveDate>),
    /// No life time is known for it.
    Unknown,
}

/// The life times of all known series, in the order of the series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifeTimes(Vec<LifeTime>);

impl LifeTimes {
    /// Sorts them; of two for one series the first stands.
    pub fn new(mut life_times: Vec<LifeTime>) -> Self {
        life_times.sort_by_key(|life_time| life_time.series);
        life_times.dedup_by_key(|life_time| life_time.series);
        Self(life_times)
    }

    /// All of them, oldest series first.
    pub fn iter(&self) -> std::slice::Iter<'_, LifeTime> {
        self.0.iter()
    }

    /// The life time of one series.
    pub fn get(&self, series: Series) -> Option<&LifeTime> {
        self.0.iter().find(|life_time| life_time.series == series)
    }

    /// Whether the series is supported on that UTC day. A series older than all known ones has
    /// ended; a newer one is [`Support::Unknown`].
    pub fn support(&self, series: Series, today: NaiveDate) -> Support {
        match self.get(series) {
            Some(life_time) if today > life_time.ends => Support::Ended(Some(life_time.ends)),
            Some(life_time) => Support::Until(life_time.ends),
            None if self.0.first().is_some_and(|oldest| series < oldest.series) => {
                Support::Ended(None)
            }
            None => Support::Unknown,
        }
    }
}

impl Support {
    /// Whether support has ended.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn support_ends_after_the_last_day() {
        let life_times = LifeTimes::new(vec![LifeTime {
            series: "3.0".parse().unwrap(),
            ends: day("2026-09-07"),
            lts: true,
        }]);
        let support = |series: &str, on: &str| life_times.support(series.parse().unwrap(), day(on));
        assert_eq!(
            support("3.0", "2026-09-07"),
            Support::Until(day("2026-09-07"))
        );
        assert_eq!(
            support("3.0", "2026-09-08"),
            Support::Ended(Some(day("2026-09-07")))
        );
        assert_eq!(support("1.1.1", "2020-01-01"), Support::Ended(None));
        assert_eq!(support("9.0", "2020-01-01"), Support::Unknown);
    }
}
