//! Moments, for people and for programs.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;

/// A moment as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Moment {
    /// `2026-11-27T12:11:00Z`.
    machine: String,
    /// `2026-11-27 12:11 UTC`.
    at: String,
    /// "3 minutes ago", "in 4 minutes".
    relative: String,
}

impl Moment {
    pub(super) fn of(moment: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            machine: moment.to_rfc3339_opts(SecondsFormat::Secs, true),
            at: moment.format("%Y-%m-%d %H:%M UTC").to_string(),
            relative: relative(now - moment),
        }
    }

    pub(super) fn relative(&self) -> &str {
        &self.relative
    }
}

/// How long ago something was; of what is to come, in how long it is.
fn relative(age: TimeDelta) -> String {
    let length = age.abs();
    let (count, unit) = match (length.num_minutes(), length.num_hours(), length.num_days()) {
        (0, ..) if age < TimeDelta::zero() => return "in less than a minute".to_owned(),
        (0, ..) => return "just now".to_owned(),
        (minutes, 0, _) => (minutes, "minute"),
        (_, hours, 0 | 1) if hours < 36 => (hours, "hour"),
        (.., days) => (days, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if age < TimeDelta::zero() {
        format!("in {count} {unit}{plural}")
    } else {
        format!("{count} {unit}{plural} ago")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "just now")]
    #[case(59, "just now")]
    #[case(-59, "in less than a minute")]
    #[case(60, "1 minute ago")]
    #[case(-240, "in 4 minutes")]
    #[case(3600, "1 hour ago")]
    #[case(35 * 3600, "35 hours ago")]
    #[case(36 * 3600, "1 day ago")]
    #[case(90 * 86400, "90 days ago")]
    fn how_long_ago_it_was(#[case] seconds: i64, #[case] words: &str) {
        assert_eq!(relative(TimeDelta::seconds(seconds)), words);
    }
}
