//! How far a cycle has come, and systemd, which is told.
//!
//! While the daemon waits, the watchdog is fed by the one who waits. During a cycle only progress
//! feeds it: a cycle that hangs is ended by systemd.

mod service_manager;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cycle::Progress;

use service_manager::State;

/// How often progress is looked at where no watchdog is set.
const UNWATCHED: Duration = Duration::from_secs(15);

/// The time since some moment, by a clock that nobody sets.
type Elapsed = Box<dyn Fn() -> Duration + Send + Sync>;

/// How far the cycle under way has come.
pub struct Pulse {
    elapsed: Elapsed,
    /// When it was felt last, in milliseconds.
    felt_at: AtomicU64,
    steps: AtomicU64,
    fed_at: AtomicU64,
    received: AtomicU64,
    acting: AtomicBool,
    feeding: Duration,
}

impl Pulse {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        let began = Instant::now();
        Self::timed_by(move || began.elapsed())
    }

    /// The same by a clock of this kind.
    pub fn timed_by(elapsed: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        // Twice within the time after which systemd gives up, and once more.
        let watched = service_manager::watchdog().map(|time| time / 3);
        let elapsed: Elapsed = Box::new(elapsed);
        Self {
            felt_at: AtomicU64::new(milliseconds(elapsed())),
            elapsed,
            steps: AtomicU64::new(0),
            fed_at: AtomicU64::new(0),
            received: AtomicU64::new(0),
            acting: AtomicBool::new(false),
            feeding: watched.unwrap_or(UNWATCHED),
        }
    }

    /// Something came of waiting.
    pub fn beat(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.feel();
    }

    /// How long nothing was felt: neither progress nor waiting for the next cycle.
    pub fn silence(&self) -> Duration {
        let felt = Duration::from_millis(self.felt_at.load(Ordering::Relaxed));
        (self.elapsed)().saturating_sub(felt)
    }

    fn feel(&self) {
        let now = milliseconds((self.elapsed)());
        self.felt_at.fetch_max(now, Ordering::Relaxed);
    }

    /// Looking is over: what follows is written to GitHub, and is not cut short at once.
    pub fn acts(&self) {
        self.acting.store(true, Ordering::Relaxed);
        self.beat();
    }

    /// How many bytes of wheels were received since the last time that this was asked.
    pub fn take_received_bytes(&self) -> u64 {
        self.received.swap(0, Ordering::Relaxed)
    }

    pub(super) fn is_acting(&self) -> bool {
        self.acting.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self) {
        self.acting.store(false, Ordering::Relaxed);
        self.beat();
    }

    /// How often the watchdog is to be fed.
    pub(super) const fn feeding(&self) -> Duration {
        self.feeding
    }

    pub(super) fn feed(&self) {
        self.feel();
        service_manager::tell(&State::Alive);
    }

    pub(super) fn feed_by_progress(&self) {
        let steps = self.steps.load(Ordering::Relaxed);
        if self.fed_at.swap(steps, Ordering::Relaxed) != steps {
            service_manager::tell(&State::Alive);
        }
    }

    pub(super) fn ready(&self) {
        service_manager::tell(&State::Ready);
    }

    pub(super) fn reloading(&self) {
        service_manager::tell(&State::Reloading);
    }

    pub(super) fn stopping(&self) {
        service_manager::tell(&State::Stopping);
    }
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Pulse {
    fn found(&self, _wheels: u64, _unread: u64) {
        self.beat();
    }

    fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
        self.beat();
    }

    fn done(&self) {
        self.beat();
    }
}

impl std::fmt::Debug for Pulse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Pulse")
            .field("steps", &self.steps)
            .field("silence", &self.silence())
            .finish_non_exhaustive()
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
