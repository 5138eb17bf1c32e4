//! How long GitHub is left alone after it has had enough.
//!
//! Source: "Rate limits for the REST API" and "Best practices for using the REST API".

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;

use crate::fetch::{RateLimit, SHORTEST_PARKING, free_again, is_parked, is_spent, retry_after};

/// The longest wait that is chosen by us.
const LONGEST_UNSAID: TimeDelta = TimeDelta::hours(1);

/// Until when nothing is asked, and how often in a row it was too much.
#[derive(Debug, Default)]
pub(super) struct Limits {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    until: Option<DateTime<Utc>>,
    /// When that was said.
    since: Option<DateTime<Utc>>,
    refusals: u32,
}

impl Limits {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn park(&self, until: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        self.with(|state| {
            state.until = until;
            state.since = Some(now);
        });
    }

    pub(super) fn parked_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.with(|state| {
            let until = state.until;
            until.filter(|until| is_parked(*until, state.since, now))
        })
    }

    /// Takes an answer to heart that was good; the request after it may be one too many.
    pub(super) fn good(&self, headers: &HeaderMap, now: DateTime<Utc>) {
        let spent = RateLimit::of(headers).filter(|limit| is_spent(*limit));
        self.with(|state| {
            state.refusals = 0;
            if let Some(spent) = spent {
                state.until = Some(free_again(None, Some(spent), SHORTEST_PARKING, now));
                state.since = Some(now);
            }
        });
    }

    /// Takes an answer to heart that was none: until when GitHub is left alone, when this was for
    /// too many requests. `words` are GitHub's own.
    pub(super) fn refused(
        &self,
        status: u16,
        headers: &HeaderMap,
        words: &str,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let asked: Option<Duration> = retry_after(headers);
        let limit = RateLimit::of(headers);
        let is_limit = status == 429
            || (status == 403
                && (asked.is_some() || limit.is_some_and(is_spent) || speaks_of_limits(words)));
        if !is_limit {
            return None;
        }
        Some(self.with(|state| {
            let growth = 1_i32.checked_shl(state.refusals.min(16)).unwrap_or(1);
            let unsaid = SHORTEST_PARKING
                .checked_mul(growth)
                .unwrap_or(LONGEST_UNSAID)
                .min(LONGEST_UNSAID);
            state.refusals = state.refusals.saturating_add(1);
            let until = free_again(asked, limit, unsaid, now);
            state.until = Some(until);
            state.since = Some(now);
            until
        }))
    }
}

/// Secondary limits sometimes come without any header that tells them from a missing permission.
fn speaks_of_limits(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    ["rate limit", "abuse detection", "submitted too quickly"]
        .iter()
        .any(|one| words.contains(one))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_374_000, 0).unwrap()
    }

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in of {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    #[rstest]
    #[case::retry_after(403, &[("retry-after", "90")], "", Some(90))]
    #[case::too_many(429, &[], "", Some(60))]
    #[case::spent(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795374600")], "", Some(600))]
    #[case::some_left(403, &[("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "1795374600")], "", None)]
    #[case::words_alone(403, &[], "You have exceeded a secondary rate limit", Some(60))]
    #[case::forbidden(403, &[], "Resource not accessible by integration", None)]
    #[case::another(503, &[("retry-after", "90")], "", None)]
    fn tells_limits_from_other_refusals(
        #[case] status: u16,
        #[case] of: &[(&'static str, &str)],
        #[case] words: &str,
        #[case] seconds: Option<i64>,
    ) {
        let limits = Limits::default();
        let until = limits.refused(status, &headers(of), words, now());
        assert_eq!(until.map(|until| (until - now()).num_seconds()), seconds);
        assert_eq!(limits.parked_until(now()), until);
    }

    #[test]
    fn waits_that_nobody_named_grow_to_an_hour_and_start_anew_after_a_good_answer() {
        let limits = Limits::default();
        let wait = || {
            let until = limits.refused(429, &HeaderMap::new(), "", now()).unwrap();
            (until - now()).num_seconds()
        };
        let waits: Vec<i64> = (0..8).map(|_| wait()).collect();
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600]);
        limits.good(&HeaderMap::new(), now());
        assert_eq!(wait(), 60);
    }

    #[test]
    fn the_request_after_the_last_one_is_not_sent() {
        let limits = Limits::default();
        let spent = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795374600"),
        ];
        limits.good(&headers(&spent), now());
        let until = limits.parked_until(now()).unwrap();
        assert_eq!((until - now()).num_seconds(), 600);
    }
}
