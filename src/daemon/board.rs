//! What the daemon knows, for whoever looks: the last cycle, and what all cycles came to.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use prometheus_client::metrics::histogram::Histogram;

use crate::model::Releases;
use crate::notify::figures::{Figures, State};
use crate::report::{ActionState, CheckReport};

/// A cycle that came to an end.
#[derive(Clone, Debug)]
pub struct FinishedCycle {
    /// What was found, decided and done.
    pub report: CheckReport,
    /// OpenSSL's releases as they were known.
    pub releases: Releases,
    /// When it began.
    pub began: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// How many bytes of wheels were received.
    pub received_bytes: u64,
}

impl FinishedCycle {
    /// Whether the watcher did what it is for.
    pub fn is_good(&self) -> bool {
        self.report.is_good()
    }
}

/// What all cycles of the process came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cycles by what they came to: `good`, `incomplete`, `failed`.
    pub cycles: BTreeMap<&'static str, u64>,
    /// Actions that were tried or left undone, by kind and state.
    pub actions: BTreeMap<(&'static str, &'static str), u64>,
    /// Bytes of wheels that were received.
    pub received_bytes: u64,
    /// When the cycle under way began.
    pub under_way: Option<DateTime<Utc>>,
    /// When the last good cycle ended.
    pub last_good: Option<DateTime<Utc>>,
    /// Why the last cycle could not be made, when that is so.
    pub error: Option<String>,
}

/// What is known; clones share it.
#[derive(Clone, Debug)]
pub struct Board {
    started: DateTime<Utc>,
    inner: Arc<RwLock<Inner>>,
}

#[derive(Debug)]
struct Inner {
    latest: Option<Arc<FinishedCycle>>,
    tally: Tally,
    durations: Histogram,
    notifications: Option<Figures>,
}

/// What cycles are told apart by, in seconds: a steady one takes a fraction of one, a first one
/// reads gigabytes.
const DURATIONS: [f64; 10] = [0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

impl Board {
    /// Nothing is known yet.
    pub fn new(started: DateTime<Utc>) -> Self {
        Self {
            started,
            inner: Arc::new(RwLock::new(Inner {
                latest: None,
                tally: Tally::default(),
                durations: Histogram::new(DURATIONS),
                notifications: None,
            })),
        }
    }

    /// A cycle begins.
    pub fn began(&self, at: DateTime<Utc>) {
        self.change(|inner| inner.tally.under_way = Some(at));
    }

    /// A cycle came to an end.
    pub fn ended(&self, cycle: FinishedCycle) {
        self.change(|inner| {
            let Inner {
                latest,
                tally,
                durations,
                ..
            } = inner;
            let is_good = cycle.is_good();
            let result = if is_good { "good" } else { "incomplete" };
            tally.count_cycle(result);
            if is_good {
                tally.last_good = Some(cycle.ended);
            }
            for action in cycle.report.lines.iter().flat_map(|line| &line.actions) {
                if action.state != ActionState::Planned {
                    let key = (action.kind.as_str(), action.state.as_str());
                    let count = tally.actions.entry(key).or_default();
                    *count = count.saturating_add(1);
                }
            }
            #[allow(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
            let seconds = (cycle.ended - cycle.began).num_milliseconds() as f64 / 1000.0;
            durations.observe(seconds.max(0.0));
            tally.received_bytes = tally.received_bytes.saturating_add(cycle.received_bytes);
            tally.error = None;
            *latest = Some(Arc::new(cycle));
        });
    }

    /// A cycle could not be made.
    pub fn failed(&self, error: String) {
        self.change(|inner| {
            inner.tally.count_cycle("failed");
            inner.tally.error = Some(error);
        });
    }

    /// How telling people goes is shown, too.
    pub fn show(&self, notifications: Figures) {
        self.change(|inner| inner.notifications = Some(notifications));
    }

    /// How telling people goes, where anybody is told.
    pub fn notifications(&self) -> Option<State> {
        self.read(|inner| inner.notifications.as_ref().map(Figures::state))
    }

    /// When the process began.
    pub const fn started(&self) -> DateTime<Utc> {
        self.started
    }

    /// The last cycle that came to an end.
    pub fn latest(&self) -> Option<Arc<FinishedCycle>> {
        self.read(|inner| inner.latest.clone())
    }

    /// How long cycles took, in seconds.
    pub fn durations(&self) -> Histogram {
        self.read(|inner| inner.durations.clone())
    }

    /// What all cycles came to.
    pub fn tally(&self) -> Tally {
        self.read(|inner| inner.tally.clone())
    }

    // A thread that panicked while it held the lock left whole values: they are counters and an Arc.
    fn read<T>(&self, look: impl FnOnce(&Inner) -> T) -> T {
        look(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.inner.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Tally {
    fn count_cycle(&mut self, result: &'static str) {
        self.under_way = None;
        let count = self.cycles.entry(result).or_default();
        *count = count.saturating_add(1);
    }
}
