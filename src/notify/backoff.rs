//! When a message is tried again. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Notify;
use crate::store::ledger::{Attempt, Delivery, LONGEST_PAUSE};

use super::error::NotifyError;

/// The pause after the first attempt; it doubles each time.
const FIRST: TimeDelta = TimeDelta::minutes(1);

/// The longest pause, and the longest that a receiver may ask for.
const LONGEST: TimeDelta = LONGEST_PAUSE;

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
        let is_late = due - delivery.made > self.give_up_after;
        if error.is_final() || delivery.attempts >= self.attempts || is_late {
            return Attempt::GivenUp { error: why };
        }
        Attempt::Again { error: why, due }
    }
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

    #[test]
    fn what_is_old_is_given_up_and_twenty_attempts_take_about_as_long() {
        let late = moment() + TimeDelta::days(3);
        let after = PATIENCE.after(&tried(2), &status(500, None), late);
        assert!(matches!(after, Attempt::GivenUp { .. }));
        let all: TimeDelta = (1..20).map(pause).sum();
        assert_eq!(all.num_hours(), 68);
    }
}
