//! The client's bounds, and how it waits.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::traffic::Heard;

/// How the client waits between attempts. Tests put something in its place that does not wait.
pub type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// When and how often a request is tried again.
#[derive(Clone)]
pub struct RetrySettings {
    /// How many times a request is sent at most; 1 never tries again.
    pub attempts: usize,
    /// The wait before the second attempt; it doubles each time, and up to as much again is added
    /// at random.
    pub first_delay: Duration,
    /// The longest wait that is chosen by us.
    pub longest_delay: Duration,
    /// The longest wait that a server may ask for with `Retry-After`; when it asks for more, the
    /// request has failed.
    pub longest_retry_after: Duration,
    /// How to wait.
    pub sleep: Sleep,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(10),
            longest_retry_after: Duration::from_secs(60),
            sleep: Arc::new(|delay| Box::pin(tokio::time::sleep(delay))),
        }
    }
}

impl fmt::Debug for RetrySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetrySettings")
            .field("attempts", &self.attempts)
            .field("first_delay", &self.first_delay)
            .field("longest_delay", &self.longest_delay)
            .field("longest_retry_after", &self.longest_retry_after)
            .finish_non_exhaustive()
    }
}

/// The client's bounds.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long a server may stay silent, before its answer and within it.
    pub read_timeout: Duration,
    /// How long one page may take with all attempts and waits.
    pub page_timeout: Duration,
    /// How many redirects are followed.
    pub redirects: usize,
    /// Whether the system's proxy settings hold (`HTTPS_PROXY`, `NO_PROXY` and so on).
    pub system_proxies: bool,
    /// When a request is tried again.
    pub retry: RetrySettings,
    /// Who is told that something came.
    pub heard: Heard,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            page_timeout: Duration::from_secs(180),
            redirects: 10,
            system_proxies: true,
            retry: RetrySettings::default(),
            heard: Heard::default(),
        }
    }
}
