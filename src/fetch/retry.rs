//! Trying again: only what may succeed later, ever more slowly, and as the server wishes.

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::Client;

/// An error that says whether trying again makes sense.
pub trait Retryable {
    /// Whether the same request may succeed a moment later.
    fn is_transient(&self) -> bool;

    /// How long the server wants us to wait before that.
    fn retry_after(&self) -> Option<Duration>;
}

impl Client {
    /// Makes attempts until one succeeds, fails for good, or the settings allow no further one.
    ///
    /// # Errors
    /// The last attempt's.
    pub async fn with_retries<T, E, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, E>
    where
        E: Retryable,
        F: Future<Output = Result<T, E>>,
    {
        let settings = &self.settings().retry;
        let mut delays = ExponentialBuilder::default()
            .with_min_delay(settings.first_delay)
            .with_max_delay(settings.longest_delay)
            .with_max_times(settings.attempts.saturating_sub(1))
            .with_jitter()
            .build();
        loop {
            let error = match attempt().await {
                Err(error) if error.is_transient() => error,
                done => return done,
            };
            let asked = error.retry_after().unwrap_or_default();
            let Some(delay) = delays
                .next()
                .filter(|_| asked <= settings.longest_retry_after)
            else {
                return Err(error);
            };
            self.pause(delay.max(asked)).await;
        }
    }
}

/// What `Retry-After` asks for: seconds, or a date, which is measured from the answer's own date
/// so that a wrong clock on either side does no harm. Source: RFC 9110, 10.2.3.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = headers
        .get(DATE)
        .and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok())
        .unwrap_or_else(std::time::SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("7", Some(7))]
    #[case("Wed, 21 Oct 2026 07:28:30 GMT", Some(30))]
    #[case("Wed, 21 Oct 2026 07:27:00 GMT", Some(0))]
    #[case("soon", None)]
    #[case("-1", None)]
    fn reads_seconds_and_dates(#[case] asked: &str, #[case] seconds: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, asked.parse().unwrap());
        headers.insert(DATE, "Wed, 21 Oct 2026 07:28:00 GMT".parse().unwrap());
        assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs));
    }
}
