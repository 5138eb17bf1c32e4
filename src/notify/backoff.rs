//! When a message is tried again. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Notify;
use crate::store::ledger::{Attempt, Delivery, LONGEST_PAUSE};

use super::error::NotifyError;

/// The pause after the first attempt; it doubles each time.
const FIRST: TimeDelta = TimeDelta::minutes(1);

/// The longest pause, and the longest that a receiver may ask for.
const LONGEST: TimeDelta = LONGEST_PAUSE;

/// How many attempts it takes before the clock on the wall counts.
const MANY: u32 = 10;

/// How often and how long a message is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    pub(super) attempts: u32,
    pub(super) give_up_after: TimeDelta,
}

impl Patience {
    pub(super) const fn of(settings: &Notify) -> Self {
        Self {
            attempts: settings.attempts,
            give_up_after: settings.give_up_after,
        }
    }

    /// What follows from an attempt that failed.
    pub(super) fn after(
        self,
        delivery: &Delivery,
        error: &NotifyError,
        now: DateTime<Utc>,
    ) -> Attempt {
        let why = error.to_string();
        let asked = error.retry_after();
        let asked = asked.and_then(|asked| TimeDelta::from_std(asked).ok());
        let pause = pause(delivery.attempts).max(asked.unwrap_or_default().min(LONGEST));
        let due = now + pause;
        // What the clock on the wall says counts late: it may have been set, or the process was
        // not there, and then nothing was tried in all that time.
        let is_late = tried_for(delivery.attempts) > self.give_up_after
            || (delivery.attempts >= MANY && due - delivery.made > self.give_up_after);
        if error.is_final() || delivery.attempts >= self.attempts || is_late {
            return Attempt::GivenUp { error: why };
        }
        Attempt::Again { error: why, due }
    }
}

/// How long so many attempts take at least.
fn tried_for(attempts: u32) -> TimeDelta {
    (1..=attempts).map(pause).sum()
}

/// The pause after so many attempts.
fn pause(attempts: u32) -> TimeDelta {
    let doubled = attempts.saturating_sub(1).min(16);
    FIRST
        .checked_mul(1_i32 << doubled)
        .map_or(LONGEST, |pause| pause.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use rstest::rstest;
    use serde_json::Value;

    use super::*;

    const PATIENCE: Patience = Patience {
        attempts: 20,
        give_up_after: TimeDelta::days(3),
    };

    fn moment() -> DateTime<Utc> {
        "2026-11-27T10:00:00Z".parse().unwrap()
    }

    fn tried(attempts: u32) -> Delivery {
        Delivery {
            id: "msg_1".to_owned(),
            receiver: "a".to_owned(),
            message: Value::Null,
            made: moment(),
            attempts,
        }
    }

    fn status(status: u16, retry_after: Option<u64>) -> NotifyError {
        NotifyError::Status {
            status,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    /// Minutes until the next attempt; none when it is given up.
    #[rstest]
    #[case(1, status(500, None), Some(1))]
    #[case(2, status(500, None), Some(2))]
    #[case(5, status(404, None), Some(16))]
    #[case(15, status(500, None), Some(360))]
    #[case(19, status(500, None), Some(360))]
    #[case(20, status(500, None), None)]
    #[case(1, status(410, None), None)]
    #[case(1, status(429, Some(1800)), Some(30))]
    #[case(1, status(429, Some(u64::MAX)), Some(1))]
    #[case(1, status(429, Some(7 * 24 * 3600)), Some(360))]
    #[case(1, NotifyError::TimedOut(Duration::from_secs(20)), Some(1))]
    fn the_pause_grows_and_ends(
        #[case] attempts: u32,
        #[case] error: NotifyError,
        #[case] minutes: Option<i64>,
    ) {
        let after = PATIENCE.after(&tried(attempts), &error, moment());
        let due = match &after {
            Attempt::Again { due, .. } => Some((*due - moment()).num_minutes()),
            _ => None,
        };
        assert_eq!(due, minutes, "{after:?}");
    }

    /// Whether it is given up after so many attempts when so many days have gone by.
    #[rstest]
    #[case(10, 3, true)]
    #[case(2, 3, false)]
    #[case(2, 400, false)]
    #[case(2, -400, false)]
    #[case(10, -400, false)]
    fn what_is_old_is_given_up_but_not_by_a_clock_that_was_set(
        #[case] attempts: u32,
        #[case] days: i64,
        #[case] is_given_up: bool,
    ) {
        let late = moment() + TimeDelta::days(days);
        let after = PATIENCE.after(&tried(attempts), &status(500, None), late);
        assert_eq!(matches!(after, Attempt::GivenUp { .. }), is_given_up);
    }

    #[test]
    fn a_short_time_is_over_after_few_attempts() {
        let hour = Patience {
            give_up_after: TimeDelta::hours(1),
            ..PATIENCE
        };
        let given_up = |attempts| {
            let after = hour.after(&tried(attempts), &status(500, None), moment());
            matches!(after, Attempt::GivenUp { .. })
        };
        assert!(!given_up(5) && given_up(6));
        assert_eq!(tried_for(19).num_hours(), 68);
    }
}
