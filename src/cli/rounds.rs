//! The daemon's rounds by a configuration, which can be taken anew.

mod file;
mod timing;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::config::{self, Configuration};
use crate::cycle::looks::LookPlan;
use crate::cycle::soon::{pace, soon};
use crate::cycle::{LineRequest, Progress, notice};
use crate::daemon::agenda::{Due, Timing};
use crate::daemon::board::FinishedCycle;
use crate::daemon::{Clock, CycleError, Engine, Pulse};
use crate::feeds::Known;
use crate::fetch::{ClientSettings, Heard};
use crate::model::OpensslFacts;
use crate::notify::{EndedCycle, Figures, Teller};
use crate::report::{CheckReport, LineReport, Notice};
use crate::store::Store;
use crate::store::ledger::Ledger;

use super::arguments::Common;
use super::round::{Manner, Round};
use super::{limits, requests, telling};

use file::WatchedFile;
use timing::timing;

/// Makes rounds by the configuration.
pub struct Rounds {
    common: Common,
    clock: Clock,
    connection: ClientSettings,
    figures: Figures,
    teller: Option<Teller>,
    file: WatchedFile,
    asked: Vec<LineRequest>,
    round: Round,
    /// What the last cycle came to, with the lines of all projects.
    last: Option<Arc<FinishedCycle>>,
    /// The facts by which all projects were judged that were due.
    facts: Option<OpensslFacts>,
    /// When what is not needed any more was forgotten last.
    pruned: Option<DateTime<Utc>>,
}

impl Rounds {
    /// Opens what the configuration in this file names, and says when cycles begin. Connections have
    /// these bounds and wait as they say; what comes over them keeps the pulse going. How telling
    /// people goes is in the figures.
    ///
    /// # Errors
    /// A bad configuration, a ledger that cannot be opened, no TLS.
    pub fn open(
        file: &Path,
        common: &Common,
        clock: Clock,
        connection: ClientSettings,
        pulse: &Arc<Pulse>,
        figures: &Figures,
    ) -> anyhow::Result<(Self, Timing)> {
        let beating = Arc::clone(pulse);
        let connection = ClientSettings {
            heard: Heard::new(move || beating.beat()),
            ..connection
        };
        let watched = WatchedFile::now(file);
        let configuration = config::load(Some(file), std::env::vars_os())?;
        let timing = timing(&configuration, file)?;
        let asked = requests::of_all(&configuration)?;
        let manner = manner(&configuration, &connection, &clock);
        let round = Round::new(configuration, common, &manner, store)?;
        let rounds = Self {
            common: common.clone(),
            file: watched,
            asked,
            teller: teller(&round, common, &clock, figures)?,
            figures: figures.clone(),
            round,
            clock,
            connection,
            last: None,
            facts: None,
            pruned: None,
        };
        Ok((rounds, timing))
    }

    /// The configuration that is in force.
    pub const fn configuration(&self) -> &Configuration {
        self.round.configuration()
    }

    /// The ledger, where there is one.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.round.ledger()
    }

    /// Ends the telling, and waits so long for a message that is on its way.
    pub async fn stop_telling(&self, within: Duration) {
        if let Some(teller) = &self.teller {
            teller.stop(within).await;
        }
    }

    /// Forgets once a day what is not needed any more, so that the ledger stays small; not by a
    /// clock that is wrong, which would forget everything.
    fn prune(&mut self, now: DateTime<Utc>) {
        let day = TimeDelta::days(1);
        let age = self.pruned.map(|pruned| (now - pruned).abs());
        if age.is_some_and(|age| age < day) || !self.round.is_clock_right(now) {
            return;
        }
        let Some(ledger) = self.round.ledger() else {
            return;
        };
        let watch = &self.configuration().watch;
        match ledger.forget(now - watch.seen_for, now - watch.memory_for) {
            Ok(forgotten) => {
                self.pruned = Some(now);
                if !forgotten.is_nothing() {
                    tracing::debug!("what is not needed any more is forgotten: {forgotten}");
                }
            }
            Err(error) => tracing::warn!("what is not needed any more is kept: {error}"),
        }
    }

    fn load(&self) -> anyhow::Result<(Round, Vec<LineRequest>, Timing)> {
        let path = self.file.path();
        let configuration = config::load(Some(path), std::env::vars_os())?;
        let timing = timing(&configuration, path)?;
        let own = self.round.configuration();
        let mut kept = Vec::new();
        if configuration.state != own.state {
            kept.push("[state]");
        }
        if configuration.server != own.server {
            kept.push("[server]");
        }
        if !kept.is_empty() {
            bail!(
                "{} cannot change while it runs; restart it to use the new one",
                kept.join(" and ")
            );
        }
        let asked = requests::of_all(&configuration)?;
        let ledger = self.round.ledger().cloned();
        let manner = manner(&configuration, &self.connection, &self.clock);
        let round = Round::with_ledger(configuration, &self.common, &manner, ledger, store)?;
        Ok((round, asked, timing))
    }

    /// The lines of these packages; those that are acted on come first.
    fn looks(&self, is_asked: impl Fn(&String) -> bool) -> Vec<LineRequest> {
        let projects = self.configuration().projects.iter();
        let acting: BTreeSet<&str> = projects
            .filter(|project| project.repository.is_some())
            .map(|project| project.package.as_str())
            .collect();
        let asked = self.asked.iter();
        let mut looks: Vec<LineRequest> = asked
            .filter(|one| is_asked(&one.package))
            .cloned()
            .collect();
        looks.sort_by_key(|one| !acting.contains(one.package.as_str()));
        looks
    }

    /// The packages that are judged in a cycle: those of the projects that are due, and all that
    /// were seen when OpenSSL's facts have changed.
    fn judged(&self, due: &Due, known: &Known) -> BTreeSet<String> {
        let is_news = self.facts.as_ref() != Some(&known.facts);
        let packages = self.asked.iter().map(|one| &one.package);
        packages
            .filter(|package| {
                due.packages.contains(*package) || (is_news && self.round.knows(package))
            })
            .cloned()
            .collect()
    }

    /// Takes the lines of a cycle in, and gives those of all projects, in the order of the
    /// configuration.
    fn merged(&self, report: CheckReport) -> CheckReport {
        let mut fresh: BTreeMap<String, Vec<LineReport>> = BTreeMap::new();
        for line in report.lines {
            fresh.entry(line.package.clone()).or_default().push(line);
        }
        let mut before: BTreeMap<&str, Vec<&LineReport>> = BTreeMap::new();
        let last = self.last.iter().flat_map(|last| &last.report.lines);
        for line in last {
            before.entry(&line.package).or_default().push(line);
        }
        let mut lines = Vec::new();
        for project in &self.configuration().projects {
            let package = project.package.as_str();
            let known = before.remove(package).unwrap_or_default();
            // A package may be named by several projects; its lines are together.
            if let Some(fresh) = fresh.remove(package) {
                told::changes(&known, &fresh);
                lines.extend(fresh);
            } else {
                lines.extend(known.into_iter().cloned());
            }
        }
        CheckReport { lines, ..report }
    }

    /// What is to be told once for all packages that are only reported on.
    fn notices(&self, report: &CheckReport, now: DateTime<Utc>) -> Vec<Notice> {
        let Some(ledger) = self.round.ledger() else {
            return Vec::new();
        };
        let projects = self.configuration().projects.iter();
        let silent: BTreeSet<&str> = projects
            .filter(|project| project.repository.is_none())
            .map(|project| project.package.as_str())
            .collect();
        let lines: Vec<&LineReport> = report
            .lines
            .iter()
            .filter(|line| silent.contains(line.package.as_str()))
            .collect();
        let are_facts_known = !report.feeds.iter().any(|feed| feed.is_down);
        notice::untold(ledger, &lines, are_facts_known, now).unwrap_or_else(|error| {
            tracing::error!("what was told before is not known, so nothing is told: {error}");
            Vec::new()
        })
    }

    /// The earliest moment for the next cycle that comes sooner, after one with these requests.
    fn pace(&self, before: [u64; 2], now: DateTime<Utc>) -> TimeDelta {
        let budgets = self.round.budgets();
        let after = self.round.requests();
        let of = |api: &str, at: usize| {
            let sent = after.get(at).zip(before.get(at));
            let sent = sent.map_or(0, |(after, before)| after.saturating_sub(*before));
            pace(budgets.get(api).copied(), sent, now)
        };
        let parked = self.round.parked_until();
        let parked = parked.map_or(TimeDelta::zero(), |until| until - now);
        of("openssl", 0).max(of("github", 1)).max(parked)
    }
}

impl Engine for Rounds {
    async fn cycle(
        &mut self,
        due: &Due,
        now: DateTime<Utc>,
        pulse: Arc<Pulse>,
        stop: CancellationToken,
    ) -> Result<FinishedCycle, CycleError> {
        if let Some(ledger) = self.round.ledger() {
            ledger
                .is_in_place()
                .map_err(|error| CycleError(error.to_string()))?;
            ledger.used_at(now);
        }
        let sent = self.round.requests();
        let limits = &self.configuration().limits;
        let plan = LookPlan {
            now,
            patience: Some(limits::project_time(limits)),
            bytes: Some(limits::bytes_per_cycle(limits)),
            interval: self.configuration().index_interval,
        };
        let looks = self.looks(|package| due.packages.contains(package));
        let progress: Arc<dyn Progress> = Arc::<Pulse>::clone(&pulse);
        let known = self.round.look(&looks, &plan, &progress).await;
        let looked = self.judged(due, &known);
        let rest =
            self.looks(|package| looked.contains(package) && !due.packages.contains(package));
        if !rest.is_empty() {
            tracing::debug!("OpenSSL's facts have changed: the other projects are looked at, too");
            // What was published since must not be acted on as if it were not.
            self.round.look_on(&rest, &plan, &progress).await;
        }
        let asked = self.asked.iter();
        let judged: Vec<LineRequest> = asked
            .filter(|one| looked.contains(&one.package))
            .cloned()
            .collect();
        let mut report = self.round.judge(&judged, &known, now);
        pulse.acts();
        let acted = self.round.act(&mut report, &known, now, &stop).await;
        acted.map_err(sentence)?;
        if self.facts.as_ref() != Some(&known.facts) {
            self.facts = Some(known.facts.clone());
        }
        let soon = soon(&report.lines, &known.facts, now);
        let report = self.merged(report);
        let notices = self.notices(&report, now);
        self.prune(now);
        Ok(FinishedCycle {
            notices,
            looked,
            asked_feeds: self.round.asked_feeds(now),
            releases: known.facts.releases,
            began: now,
            ended: (self.clock)(),
            received_bytes: pulse.take_received_bytes(),
            budgets: self.round.budgets(),
            pace: self.pace(sent, now),
            soon,
            report,
        })
    }

    fn handed_on(&mut self, cycle: &Arc<FinishedCycle>) {
        self.last = Some(Arc::clone(cycle));
        for notice in &cycle.notices {
            tracing::info!("{}", notice.sentence());
        }
        let Some(ledger) = self.round.ledger() else {
            return;
        };
        if let Err(error) = notice::tell(ledger, &cycle.notices, cycle.began) {
            tracing::error!("what was told is not remembered, and will be told again: {error}");
        }
        if let Some(teller) = &self.teller {
            teller.after(&EndedCycle {
                report: &cycle.report,
                looked: Some(&cycle.looked),
                asked_feeds: cycle.asked_feeds,
                is_whole: !cycle.report.lines.iter().any(LineReport::is_unfinished),
                is_good: cycle.is_good(),
                may_forget: self.round.is_clock_right(cycle.began),
                began: cycle.began,
            });
        }
    }

    fn reload(&mut self) -> Result<Timing, CycleError> {
        self.file = WatchedFile::now(self.file.path());
        let (round, asked, timing) = self.load().map_err(sentence)?;
        self.teller = teller(&round, &self.common, &self.clock, &self.figures).map_err(sentence)?;
        self.round = round;
        self.asked = asked;
        self.facts = None;
        Ok(timing)
    }

    fn is_changed(&mut self) -> bool {
        self.configuration().watch.reload_on_change && self.file.is_changed()
    }
}

fn sentence(error: anyhow::Error) -> CycleError {
    CycleError(format!("{error:#}"))
}

/// Who tells people, who begins with what waits from before.
fn teller(
    round: &Round,
    common: &Common,
    clock: &Clock,
    figures: &Figures,
) -> anyhow::Result<Option<Teller>> {
    let (configuration, ledger) = (round.configuration(), round.ledger());
    let teller = telling::teller(configuration, common, ledger, clock, figures)?;
    if let Some(teller) = &teller {
        teller.start();
    }
    Ok(teller)
}

/// What is remembered is in the ledger.
fn store(ledger: Option<&Ledger>) -> Store {
    ledger.map_or_else(Store::none, |ledger| Store::in_ledger(ledger.clone()))
}

fn manner(configuration: &Configuration, connection: &ClientSettings, clock: &Clock) -> Manner {
    Manner {
        is_dry: false,
        patience: Some(limits::project_time(&configuration.limits)),
        connection: connection.clone(),
        clock: Arc::clone(clock),
    }
}
