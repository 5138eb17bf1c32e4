//! One round: observe the index and the wheels, then decide, then act.
//!
//! - `published`: which versions and wheels of a project are looked at; `sight`: what has been seen
//!   of one; `reading`: one wheel; `look`: one look at a project, `looks`: all of them, which may
//!   outlast a cycle; `room`: how many at once; `bytes`: how much a cycle receives;
//! - `judge`: from what was seen to decisions; [`act`], [`steps`]: what is done about them;
//! - [`soon`]: whether the next cycle comes sooner (pure); [`notice`]: what is told once for many
//!   projects.

pub mod act;
pub mod bytes;
mod judge;
mod look;
pub mod looks;
pub mod notice;
mod published;
mod reading;
mod room;
mod sight;
pub mod soon;
pub mod steps;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::feeds::{Known, Watch};
use crate::index::Index;
use crate::model::Wanted;
use crate::policy::Settings;
use crate::report::CheckReport;
use crate::scan;
use crate::source::WheelLimits;
use crate::store::Store;

use looks::{LookPlan, Looks, Room};

/// Who wants to know how far a round has come.
pub trait Progress: Send + Sync {
    /// That many more wheels are to be looked at; so many of them are to be read, the others are
    /// remembered.
    fn found(&self, wheels: u64, unread: u64);
    /// That many more bytes have been received.
    fn received(&self, bytes: u64);
    /// One more wheel has been looked at.
    fn done(&self);
}

/// Nobody wants to know.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn found(&self, _wheels: u64, _unread: u64) {}
    fn received(&self, _bytes: u64) {}
    fn done(&self) {}
}

/// What is asked of one project.
#[derive(Clone, Debug)]
pub struct LineRequest {
    /// The project's name.
    pub package: String,
    /// The line's name: `main`, or the specifier that selects its versions.
    pub line: String,
    /// The versions that are looked at.
    pub wanted: Wanted,
    /// Whether all of them are looked at, or only the newest that has wheels.
    pub every_version: bool,
    /// How they are judged.
    pub settings: Settings,
}

/// What looks at projects.
#[derive(Clone, Debug)]
pub struct Observer {
    index: Index,
    store: Store,
    scan_limits: scan::Limits,
    scanners: Arc<scan::Scanners>,
    wheel_limits: WheelLimits,
}

/// Everything a round needs beside what is asked.
#[derive(Debug)]
pub struct Cycle {
    /// The index.
    pub index: Index,
    /// What is remembered.
    pub store: Store,
    /// What is known of OpenSSL, and who is asked for it.
    pub watch: Watch,
    /// Bounds on what scanning one wheel may cost.
    pub scan_limits: scan::Limits,
    /// What wheels are scanned with.
    pub scanners: Arc<scan::Scanners>,
    /// Bounds on what fetching one wheel may cost.
    pub wheel_limits: WheelLimits,
    /// How many wheels, and how many pages, are read at once; at least one.
    pub parallel: usize,
    /// The moment for which everything is judged.
    pub now: DateTime<Utc>,
}

impl Cycle {
    /// What looks at projects; it shares everything with the cycle.
    pub fn observer(&self) -> Observer {
        Observer {
            index: self.index.clone(),
            store: self.store.clone(),
            scan_limits: self.scan_limits,
            scanners: Arc::clone(&self.scanners),
            wheel_limits: self.wheel_limits,
        }
    }

    /// Looks at every line and decides; nothing is written but what is remembered. What cannot be
    /// had is told in the report: this never fails. OpenSSL's feeds are asked while the index is,
    /// so that a slow one holds up nothing but the decision.
    pub async fn check(
        &self,
        requests: &[LineRequest],
        progress: Arc<dyn Progress>,
    ) -> (CheckReport, Known) {
        let mut looks = Looks::new(self.observer(), Room::of_wheels(self.parallel));
        let plan = LookPlan::whole(self.now);
        let (known, ()) = tokio::join!(
            self.watch.known(&self.store, self.now),
            looks.look(requests, &plan, &progress)
        );
        (judged(requests, &looks, &known, self.now), known)
    }
}

/// What is decided of these lines by what was seen of them; nothing was done about it yet.
pub fn judged(
    requests: &[LineRequest],
    looks: &Looks,
    known: &Known,
    now: DateTime<Utc>,
) -> CheckReport {
    let lines = requests
        .iter()
        .flat_map(|request| judge::judge(request, looks.line(request), known, now));
    CheckReport {
        checked_at: now,
        dry_run: true,
        feeds: known.reports.clone(),
        lines: lines.collect(),
    }
}
