//! What the daemon knows, for whoever looks: the last cycle, and what all cycles came to.

mod recent;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use prometheus_client::metrics::histogram::Histogram;

use crate::cycle::soon::Soon;
use crate::fetch::RateLimit;
use crate::model::Releases;
use crate::notify::figures::{Figures, State};
use crate::report::check::went_well;
use crate::report::{ActionState, CheckReport, LineReport, Notice, PastAction};
use crate::store::ledger::Ledger;

use recent::Recent;

/// A cycle that came to an end.
#[derive(Clone, Debug)]
pub struct FinishedCycle {
    /// What was found, decided and done: the lines of this cycle, and of all other projects those
    /// of their own last cycle.
    pub report: CheckReport,
    /// The packages of this cycle.
    pub looked: BTreeSet<String>,
    /// Whether the feeds were asked in it; else what they said shortly before was taken again.
    pub asked_feeds: bool,
    /// OpenSSL's releases as they were known.
    pub releases: Releases,
    /// When it began.
    pub began: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// How many bytes of wheels were received, those of looks that outlasted an earlier cycle
    /// included.
    pub received_bytes: u64,
    /// What is to be told once for many projects, and was not told yet.
    pub notices: Vec<Notice>,
    /// What is left of the rate limits, by whose they are: `openssl`, `github`.
    pub budgets: BTreeMap<&'static str, RateLimit>,
    /// What is in flux, so that the next cycle comes sooner.
    pub soon: Soon,
    /// How long after its beginning the next one begins at the earliest, when it comes sooner.
    pub pace: TimeDelta,
}

impl FinishedCycle {
    /// A cycle that looked at every line of this report.
    pub fn of(report: CheckReport, releases: Releases, began: DateTime<Utc>) -> Self {
        let lines = report.lines.iter();
        Self {
            looked: lines.map(|line| line.package.clone()).collect(),
            report,
            asked_feeds: true,
            releases,
            began,
            ended: began,
            received_bytes: 0,
            notices: Vec::new(),
            budgets: BTreeMap::new(),
            soon: Soon::default(),
            pace: TimeDelta::zero(),
        }
    }

    /// The lines that this cycle looked at.
    pub fn fresh(&self) -> impl DoubleEndedIterator<Item = &LineReport> {
        let lines = self.report.lines.iter();
        lines.filter(|line| self.looked.contains(&line.package))
    }

    /// Whether the watcher did what it is for; see [`went_well`]. A cycle that only asked what is
    /// known of OpenSSL says nothing of the index, and is none.
    pub fn is_good(&self) -> bool {
        let lines: Vec<&LineReport> = self.fresh().collect();
        !lines.is_empty() && went_well(&self.report.feeds, &lines)
    }

    /// What it came to: `good`, `incomplete`, or `facts` where only OpenSSL's facts were asked for
    /// and came.
    pub fn result(&self) -> &'static str {
        let is_down = self.report.feeds.iter().any(|feed| feed.is_down);
        match (self.is_good(), self.looked.is_empty() && !is_down) {
            (true, _) => "good",
            (false, true) => "facts",
            (false, false) => "incomplete",
        }
    }
}

/// What all cycles of the process came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Cycles by what they came to: `good`, `incomplete`, `facts`, `failed`.
    pub cycles: BTreeMap<&'static str, u64>,
    /// Actions that were tried or left undone, by kind and state.
    pub actions: BTreeMap<(&'static str, &'static str), u64>,
    /// Bytes of wheels that were received.
    pub received_bytes: u64,
    /// When the cycle under way began.
    pub under_way: Option<DateTime<Utc>>,
    /// When the last good cycle ended.
    pub last_good: Option<DateTime<Utc>>,
    /// When the next cycle begins, while none is under way.
    pub next: Option<DateTime<Utc>>,
    /// How long the last cycle took, in seconds.
    pub last_seconds: Option<f64>,
    /// When the cycle ended in which each feed last answered and was believed.
    pub feeds_good: BTreeMap<&'static str, DateTime<Utc>>,
    /// What is left of the rate limits, by whose they are: `openssl`, `github`.
    pub budgets: BTreeMap<&'static str, RateLimit>,
    /// Why the last cycle could not be made, when that is so.
    pub error: Option<String>,
    /// How old the last good cycle may be, by the schedules that are in force.
    pub ready_within: Option<TimeDelta>,
}

/// What is known; clones share it.
#[derive(Clone, Debug)]
pub struct Board {
    started: DateTime<Utc>,
    ledger: Option<Ledger>,
    inner: Arc<RwLock<Inner>>,
}

#[derive(Debug)]
struct Inner {
    latest: Option<Arc<FinishedCycle>>,
    tally: Tally,
    recent: Recent,
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
            ledger: None,
            inner: Arc::new(RwLock::new(Inner {
                latest: None,
                tally: Tally::default(),
                recent: Recent::default(),
                durations: Histogram::new(DURATIONS),
                notifications: None,
            })),
        }
    }

    /// The same with the last actions of earlier processes; this ledger keeps those to come, too.
    #[must_use]
    pub fn kept_in(self, ledger: Option<&Ledger>) -> Self {
        let Some(ledger) = ledger else {
            return self;
        };
        match Recent::recall(ledger) {
            Ok(recent) => self.change(|inner| inner.recent = recent),
            Err(error) => tracing::warn!("the last actions are not known: {error}"),
        }
        Self {
            ledger: Some(ledger.clone()),
            ..self
        }
    }

    /// When the next cycle begins, unless somebody asks for one before.
    pub fn next(&self, at: DateTime<Utc>) {
        self.change(|inner| inner.tally.next = Some(at));
    }

    /// A cycle begins.
    pub fn began(&self, at: DateTime<Utc>) {
        self.change(|inner| {
            inner.tally.under_way = Some(at);
            inner.tally.next = None;
        });
    }

    /// The last good cycle may be so old from now on.
    pub fn expect_within(&self, time: TimeDelta) {
        self.change(|inner| inner.tally.ready_within = Some(time));
    }

    /// A cycle came to an end.
    pub fn ended(&self, cycle: impl Into<Arc<FinishedCycle>>) {
        let cycle = cycle.into();
        let (recent, at) = (self.take_in(&cycle), cycle.ended);
        if let (Some(ledger), Some(recent)) = (&self.ledger, recent)
            && let Err(error) = recent.keep(ledger, at)
        {
            tracing::warn!("the last actions are not kept for the next process: {error}");
        }
        self.change(|inner| {
            let Inner {
                latest,
                tally,
                durations,
                ..
            } = inner;
            tally.count_cycle(cycle.result());
            if cycle.is_good() {
                tally.last_good = Some(cycle.ended);
            }
            for action in cycle.fresh().flat_map(|line| &line.actions) {
                if action.state != ActionState::Planned {
                    let key = (action.kind.as_str(), action.state.as_str());
                    let count = tally.actions.entry(key).or_default();
                    *count = count.saturating_add(1);
                }
            }
            #[allow(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
            let seconds = (cycle.ended - cycle.began).num_milliseconds() as f64 / 1000.0;
            let seconds = seconds.max(0.0);
            durations.observe(seconds);
            tally.last_seconds = Some(seconds);
            if cycle.asked_feeds {
                let up = cycle.report.feeds.iter().filter(|feed| !feed.is_down);
                tally
                    .feeds_good
                    .extend(up.map(|feed| (feed.name, cycle.ended)));
            }
            tally.received_bytes = tally.received_bytes.saturating_add(cycle.received_bytes);
            tally.budgets.clone_from(&cycle.budgets);
            tally.error = None;
            *latest = Some(cycle);
        });
    }

    /// Puts what was done to the last actions; none when there was nothing.
    fn take_in(&self, cycle: &FinishedCycle) -> Option<Recent> {
        let mut changed = None;
        self.change(|inner| {
            if inner.recent.add(cycle.fresh(), cycle.report.checked_at) {
                changed = Some(inner.recent.clone());
            }
        });
        changed
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

    /// The last actions of this process and of those before it, newest first.
    pub fn recent(&self) -> Vec<PastAction> {
        self.read(|inner| inner.recent.list())
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
