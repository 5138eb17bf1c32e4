//! What the daemon knows, for whoever looks: the last cycle, and what all cycles came to.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};

use crate::model::Releases;
use crate::report::{ActionState, CheckReport, ExitStatus};

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
    /// Whether it saw what it was to see and did what it was to do. That something is due is
    /// good news of the watcher; that a wheel is `unknown` is not its fault.
    pub fn is_good(&self) -> bool {
        let status = self.report.exit_status();
        let blind = self.report.feeds.iter().any(|feed| feed.is_down);
        !blind && !matches!(status, ExitStatus::Failed | ExitStatus::Usage)
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
    /// How long all cycles took, in milliseconds.
    pub milliseconds: u64,
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

#[derive(Debug, Default)]
struct Inner {
    latest: Option<Arc<FinishedCycle>>,
    tally: Tally,
}

impl Board {
    /// Nothing is known yet.
    pub fn new(started: DateTime<Utc>) -> Self {
        Self {
            started,
            inner: Arc::default(),
        }
    }

    /// A cycle begins.
    pub fn began(&self, at: DateTime<Utc>) {
        self.change(|inner| inner.tally.under_way = Some(at));
    }

    /// A cycle came to an end.
    pub fn ended(&self, cycle: FinishedCycle) {
        self.change(|inner| {
            let Inner { latest, tally } = inner;
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
            let took = (cycle.ended - cycle.began).num_milliseconds();
            let took = u64::try_from(took).unwrap_or(0);
            tally.milliseconds = tally.milliseconds.saturating_add(took);
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

    /// When the process began.
    pub const fn started(&self) -> DateTime<Utc> {
        self.started
    }

    /// The last cycle that came to an end.
    pub fn latest(&self) -> Option<Arc<FinishedCycle>> {
        self.read(|inner| inner.latest.clone())
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
