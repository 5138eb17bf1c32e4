//! How long a server that has had enough is left alone.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::RateLimit;

/// The wait that GitHub asks for where its answer names none, one minute.
pub const SHORTEST_PARKING: TimeDelta = TimeDelta::seconds(60);
/// No server is left alone for longer, whatever it says.
const LONGEST_PARKING: TimeDelta = TimeDelta::hours(24);

/// Whether no request is left.
pub const fn is_spent(rate_limit: RateLimit) -> bool {
    rate_limit.remaining == 0
}

/// Whether a server that wanted to be left alone until then still does. `since` is when it said so: a
/// clock that shows an earlier time by now was set, and so was `until`, by the time before; one
/// request too many is the worse of it.
pub fn is_parked(until: DateTime<Utc>, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    until > now
        && until - now <= LONGEST_PARKING
        && since.is_none_or(|since| now >= since - SHORTEST_PARKING)
}

/// When the server may be asked again: as it says, else after `unsaid`, and within a day.
pub fn free_again(
    retry_after: Option<Duration>,
    rate_limit: Option<RateLimit>,
    unsaid: TimeDelta,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let asked = retry_after
        .and_then(|wait| now.checked_add_signed(TimeDelta::from_std(wait).ok()?))
        .or_else(|| {
            let reset = i64::try_from(rate_limit.filter(|limit| is_spent(*limit))?.reset).ok()?;
            DateTime::from_timestamp(reset, 0)
        });
    let after = |wait: TimeDelta| now.checked_add_signed(wait).unwrap_or(now);
    match asked {
        Some(until) if until > now => until.min(after(LONGEST_PARKING)),
        _ => after(unsaid),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::still(600, Some(-60), true)]
    #[case::over(0, Some(-60), false)]
    #[case::nobody_knows_since_when(600, None, true)]
    #[case::a_clock_that_was_set_back_an_hour(3_600, Some(3_000), false)]
    #[case::a_clock_that_was_set_back_by_days(3 * 86_400, None, false)]
    #[case::a_clock_that_drifts(600, Some(2), true)]
    fn no_server_is_left_alone_by_a_clock_that_was_wrong(
        #[case] until: i64,
        #[case] since: Option<i64>,
        #[case] parked: bool,
    ) {
        let now = DateTime::from_timestamp(1_795_374_000, 0).unwrap();
        let at = |seconds: i64| now + TimeDelta::seconds(seconds);
        assert_eq!(is_parked(at(until), since.map(at), now), parked);
    }

    #[rstest]
    #[case::as_it_says(Some(90), None, 90)]
    #[case::before_the_reset(Some(90), Some((0, 600)), 90)]
    #[case::at_the_reset(None, Some((0, 600)), 600)]
    #[case::a_reset_that_is_past(None, Some((0, -5)), 60)]
    #[case::requests_are_left(None, Some((7, 600)), 60)]
    #[case::nothing_said(None, None, 60)]
    #[case::for_ever(None, Some((0, 1_000_000_000)), 24 * 60 * 60)]
    fn a_server_is_left_alone(
        #[case] retry_after: Option<u64>,
        #[case] limit: Option<(u64, i64)>,
        #[case] seconds: i64,
    ) {
        let now = DateTime::from_timestamp(1_795_374_000, 0).unwrap();
        let limit = limit.map(|(remaining, reset)| RateLimit {
            remaining,
            reset: u64::try_from(now.timestamp() + reset).unwrap(),
        });
        let until = free_again(
            retry_after.map(Duration::from_secs),
            limit,
            SHORTEST_PARKING,
            now,
        );
        assert_eq!((until - now).num_seconds(), seconds);
    }
}
