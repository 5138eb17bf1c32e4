//! What goes over a client's connections: how much was asked, what is left of it, and who wants to
//! know that something came.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap};

use super::RateLimit;

/// The longest wait after which whoever listens is told that it goes on.
const SLICE: Duration = Duration::from_secs(60);

/// Told whenever waiting came to something: an answer, a piece of one, an attempt that failed, a
/// part of a pause. By that a program that waits is told from one that hangs.
#[derive(Clone, Default)]
pub struct Heard(Option<Arc<dyn Fn() + Send + Sync>>);

impl Heard {
    /// Tells this function.
    pub fn new(tell: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    pub(super) fn tell(&self) {
        if let Some(tell) = &self.0 {
            tell();
        }
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heard = if self.0.is_some() {
            "somebody"
        } else {
            "nobody"
        };
        f.debug_tuple("Heard").field(&heard).finish()
    }
}

/// What was sent and said so far.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    requests: AtomicU64,
    rate_limit: Mutex<Option<RateLimit>>,
    date: Mutex<Option<DateTime<Utc>>>,
}

impl Traffic {
    pub(super) fn sent(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, headers: &HeaderMap) {
        if let Some(limit) = RateLimit::of(headers) {
            let mut known = self
                .rate_limit
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *known = Some(limit);
        }
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        if let Some(date) = date.and_then(|date| httpdate::parse_http_date(date).ok()) {
            *self.date.lock().unwrap_or_else(PoisonError::into_inner) = Some(date.into());
        }
    }

    pub(super) fn date(&self) -> Option<DateTime<Utc>> {
        *self.date.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn rate_limit(&self) -> Option<RateLimit> {
        *self
            .rate_limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait in parts, none of them longer than [`SLICE`].
pub(super) fn slices(wait: Duration) -> impl Iterator<Item = Duration> {
    let mut left = wait;
    std::iter::from_fn(move || {
        let slice = left.min(SLICE);
        left -= slice;
        (!slice.is_zero()).then_some(slice)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, &[])]
    #[case(7, &[7])]
    #[case(60, &[60])]
    #[case(150, &[60, 60, 30])]
    fn long_waits_have_parts(#[case] wait: u64, #[case] parts: &[u64]) {
        let found: Vec<u64> = slices(Duration::from_secs(wait))
            .map(|slice| slice.as_secs())
            .collect();
        assert_eq!(found, parts);
    }
}
