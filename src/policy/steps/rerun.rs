//! Whether the failed jobs of a run are run again.

use chrono::{DateTime, TimeDelta, Utc};

use super::claim::later;

/// How long after the first failure the failed jobs are run again; twice as long after each more.
pub const FIRST_WAIT: TimeDelta = TimeDelta::minutes(10);

/// A run that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedRun {
    /// Which attempt of the run failed; the first is 1.
    pub attempt: u64,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
}

/// What was tried before about the same attempt of the same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// When it was tried last.
    pub at: DateTime<Utc>,
    /// How many times.
    pub times: u64,
}

/// What is done about a run that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rerun {
    /// Its failed jobs are run again now.
    Now,
    /// They are run again from this moment.
    At(DateTime<Utc>),
    /// They have been run again as often as allowed.
    LimitReached,
}

/// Decides about a run that failed. Whoever ran it again, each time counts. After something tried
/// without a visible effect, the run's own number of attempts is looked at for a while before it
/// is tried again: GitHub may not have shown it yet.
pub fn rerun(run: FailedRun, limit: u32, tried: Option<Tried>, now: DateTime<Utc>) -> Rerun {
    let before = run.attempt.saturating_sub(1);
    if before >= u64::from(limit) {
        return Rerun::LimitReached;
    }
    let mut from = later(run.ended_at, doubled(before));
    if let Some(tried) = tried {
        from = from.max(later(tried.at, doubled(tried.times.saturating_sub(1))));
    }
    if now >= from {
        Rerun::Now
    } else {
        Rerun::At(from)
    }
}

fn doubled(times: u64) -> TimeDelta {
    // Ten doublings are a week.
    let factor = 1_i32 << times.min(10);
    FIRST_WAIT.checked_mul(factor).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn moment(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    #[rstest]
    #[case::too_soon(1, 2, None, 9, Rerun::At(moment(10)))]
    #[case::first(1, 2, None, 10, Rerun::Now)]
    #[case::longer(2, 2, None, 19, Rerun::At(moment(20)))]
    #[case::second(2, 2, None, 20, Rerun::Now)]
    #[case::limit(3, 2, None, 1000, Rerun::LimitReached)]
    #[case::none_allowed(1, 0, None, 1000, Rerun::LimitReached)]
    #[case::not_shown_yet(1, 2, Some((12, 1)), 21, Rerun::At(moment(22)))]
    #[case::tried_without_effect(1, 2, Some((12, 1)), 22, Rerun::Now)]
    #[case::refused_often(1, 2, Some((12, 3)), 51, Rerun::At(moment(52)))]
    #[case::without_end(u64::MAX, u32::MAX, None, 1000, Rerun::LimitReached)]
    fn failed_jobs_wait_longer_each_time(
        #[case] attempt: u64,
        #[case] limit: u32,
        #[case] tried: Option<(i64, u64)>,
        #[case] now: i64,
        #[case] expected: Rerun,
    ) {
        let run = FailedRun {
            attempt,
            ended_at: moment(0),
        };
        let tried = tried.map(|(at, times)| Tried {
            at: moment(at),
            times,
        });
        assert_eq!(rerun(run, limit, tried, moment(now)), expected);
    }
}
