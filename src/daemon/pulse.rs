//! How far a cycle has come, and systemd, which is told.
//!
//! While the daemon waits, the watchdog is fed by the one who waits. During a cycle only progress
//! feeds it: a cycle that hangs is ended by systemd. Source: sd_notify(3), sd_watchdog_enabled(3).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;

use crate::cycle::Progress;

/// How often progress is looked at where no watchdog is set.
const UNWATCHED: Duration = Duration::from_secs(15);

/// How far the cycle under way has come.
#[derive(Debug)]
pub struct Pulse {
    steps: AtomicU64,
    fed_at: AtomicU64,
    received: AtomicU64,
    acting: AtomicBool,
    feeding: Duration,
}

impl Pulse {
    pub(super) fn new() -> Self {
        // Twice within the time after which systemd gives up, and once more.
        let watched = sd_notify::watchdog_enabled().map(|time| time / 3);
        Self {
            steps: AtomicU64::new(0),
            fed_at: AtomicU64::new(0),
            received: AtomicU64::new(0),
            acting: AtomicBool::new(false),
            feeding: watched.unwrap_or(UNWATCHED),
        }
    }

    /// Looking is over: what follows is written to GitHub, and is not cut short at once.
    pub fn acts(&self) {
        self.acting.store(true, Ordering::Relaxed);
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// How many bytes of wheels this cycle has received.
    pub fn received_bytes(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(super) fn is_acting(&self) -> bool {
        self.acting.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self) {
        self.acting.store(false, Ordering::Relaxed);
        self.received.store(0, Ordering::Relaxed);
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the watchdog is to be fed.
    pub(super) const fn feeding(&self) -> Duration {
        self.feeding
    }

    pub(super) fn feed(&self) {
        tell(&[NotifyState::Watchdog]);
    }

    pub(super) fn feed_by_progress(&self) {
        let steps = self.steps.load(Ordering::Relaxed);
        if self.fed_at.swap(steps, Ordering::Relaxed) != steps {
            self.feed();
        }
    }

    pub(super) fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    pub(super) fn reloading(&self) {
        // systemd wants the moment, too, where the unit says Type=notify-reload.
        match NotifyState::monotonic_usec_now() {
            Ok(moment) => tell(&[NotifyState::Reloading, moment]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    pub(super) fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }
}

impl Progress for Pulse {
    fn found(&self, _wheels: u64, _unread: u64) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    fn done(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }
}

/// Without systemd nobody is told; with it, one that cannot be told will notice by itself.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("systemd cannot be told: {error}");
    }
}
