//! One round as options and a configuration ask for it: by hand, and again and again in the daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use crate::config::Configuration;
use crate::cycle::act::{Actor, Mode, Turns};
use crate::cycle::looks::{LookPlan, Looks, Room};
use crate::cycle::soon::pace;
use crate::cycle::{Cycle, LineRequest, Progress, judged};
use crate::feeds::Known;
use crate::fetch::{Client, ClientSettings, Credentials, RateLimit};
use crate::github::{Clock, Github};
use crate::index::{Index, IndexLocation, Surroundings};
use crate::report::{ActionState, CheckReport};
use crate::store::Store;
use crate::store::ledger::Ledger;

use super::arguments::Common;
use super::{acting, feeds, github, limits, output};

/// What a round is made with; connections and what is remembered outlive it.
pub struct Round {
    common: Common,
    configuration: Configuration,
    location: IndexLocation,
    cycle: Cycle,
    looks: Looks,
    turns: Turns,
    hand: Option<Hand>,
    connection: ClientSettings,
    is_dry: bool,
    /// What was known last, when it was asked for, and with how many requests.
    known: Option<(DateTime<Utc>, u64, Known)>,
    /// What people were warned of in the last round.
    warned: BTreeSet<String>,
}

/// What acting needs; only a configuration file gives it.
struct Hand {
    ledger: Ledger,
    github: Github,
}

/// How a round is made.
pub struct Manner {
    /// Whether nothing is written.
    pub is_dry: bool,
    /// How long it waits for one project, where others wait too.
    pub patience: Option<std::time::Duration>,
    /// The bounds of connections, how they wait, and who is told that something came.
    pub connection: ClientSettings,
    /// What time it is.
    pub clock: Clock,
}

impl Manner {
    /// By hand: there is nobody who waits.
    pub fn by_hand(is_dry: bool) -> Self {
        Self {
            is_dry,
            patience: None,
            connection: ClientSettings::default(),
            clock: Arc::new(Utc::now),
        }
    }
}

impl Round {
    /// Opens what the configuration names. What is remembered is chosen by `store`, which is told
    /// the ledger where there is one.
    ///
    /// # Errors
    /// A bad index address, ledger, token or key, or no TLS.
    pub fn new(
        configuration: Configuration,
        common: &Common,
        manner: &Manner,
        store: impl FnOnce(Option<&Ledger>) -> Store,
    ) -> anyhow::Result<Self> {
        let file: Option<&Path> = common.configuration_file();
        let ledger = match file {
            Some(_) => Some(acting::ledger(&configuration, manner.is_dry)?),
            None => None,
        };
        Self::with_ledger(configuration, common, manner, ledger, store)
    }

    /// The same with a ledger that is open already.
    ///
    /// # Errors
    /// As [`Round::new`].
    pub fn with_ledger(
        configuration: Configuration,
        common: &Common,
        manner: &Manner,
        ledger: Option<Ledger>,
        store: impl FnOnce(Option<&Ledger>) -> Store,
    ) -> anyhow::Result<Self> {
        let location = IndexLocation::find(
            common.index_url.as_deref(),
            configuration
                .index_url
                .as_ref()
                .map(ExposeSecret::expose_secret),
            Surroundings::of_process(),
        )?;
        let connection = manner.connection.clone();
        let client = Client::new(connection.clone(), Credentials::from_environment(&variable))?;
        let bounds = &configuration.limits;
        let cycle = Cycle {
            index: Index::new(&client, &location, limits::index(bounds)),
            store: store(ledger.as_ref()),
            watch: feeds::watch(common, &configuration, &connection, &variable)?,
            scan_limits: bounds.scan,
            scanners: Arc::default(),
            wheel_limits: limits::wheel(bounds),
            parallel: limits::parallel(bounds),
            now: (manner.clock)(),
        };
        let room = Room::shared(
            limits::parallel_projects(bounds),
            limits::parallel(bounds),
            configuration.projects.len() > 1,
        );
        let hand = match ledger {
            Some(ledger) => {
                let memory = Arc::new(Store::in_ledger(ledger.clone()));
                let clock = Arc::clone(&manner.clock);
                let own = connection.clone();
                let github = github::client_by(&configuration.github, own, clock, &variable)?
                    .with_memory(memory);
                Some(Hand { ledger, github })
            }
            None => None,
        };
        Ok(Self {
            common: common.clone(),
            looks: Looks::new(cycle.observer(), room),
            turns: Turns::of(manner.patience),
            configuration,
            location,
            cycle,
            hand,
            connection,
            is_dry: manner.is_dry,
            known: None,
            warned: BTreeSet::new(),
        })
    }

    /// The configuration that it was made by.
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The ledger, where there is one.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.hand.as_ref().map(|hand| &hand.ledger)
    }

    /// Whether a project was ever looked at.
    pub fn knows(&self, package: &str) -> bool {
        self.looks.knows(package)
    }

    /// Looks at every line, decides, and acts where a configuration allows it. `looked` is called
    /// between looking and acting.
    ///
    /// # Errors
    /// The ledger cannot be read or written.
    pub async fn run(
        &mut self,
        asked: &[LineRequest],
        now: DateTime<Utc>,
        progress: Arc<dyn Progress>,
        looked: impl FnOnce(),
    ) -> anyhow::Result<CheckReport> {
        let plan = LookPlan {
            // By hand everything is read, unless it is written down that it is not.
            bytes: self.configuration.limits.bytes_per_cycle,
            ..LookPlan::whole(now)
        };
        let known = self.look(asked, &plan, &progress).await;
        let mut report = self.judge(asked, &known, now);
        looked();
        self.act(&mut report, &known, now, &CancellationToken::new())
            .await?;
        Ok(report)
    }

    /// Looks at the projects of these lines, and asks what is known of OpenSSL.
    pub async fn look(
        &mut self,
        asked: &[LineRequest],
        plan: &LookPlan,
        progress: &Arc<dyn Progress>,
    ) -> Known {
        self.cycle.now = plan.now;
        let (cycle, before) = (&self.cycle, self.known.take());
        let known = async {
            let (sent, left) = cycle.watch.traffic();
            // Cycles that follow each other closely do not spend what is left of the rate limit.
            if let Some((asked, requests, known)) = before
                && (TimeDelta::zero()..pace(left, requests, plan.now)).contains(&(plan.now - asked))
            {
                return (asked, requests, known);
            }
            let known = cycle.watch.known(&cycle.store, plan.now).await;
            (plan.now, cycle.watch.traffic().0 - sent, known)
        };
        let (known, ()) = tokio::join!(known, self.looks.look(asked, plan, progress));
        let facts = known.2.clone();
        self.known = Some(known);
        facts
    }

    /// Looks at the projects of these lines in the same cycle, too.
    pub async fn look_on(
        &mut self,
        asked: &[LineRequest],
        plan: &LookPlan,
        progress: &Arc<dyn Progress>,
    ) {
        self.looks.look_on(asked, plan, progress).await;
    }

    /// Whether the feeds were asked in the cycle of that moment; else what they had said shortly
    /// before was taken again.
    pub fn asked_feeds(&self, now: DateTime<Utc>) -> bool {
        self.known.as_ref().is_some_and(|(asked, ..)| *asked == now)
    }

    /// What is decided of these lines by what was seen of them.
    pub fn judge(&self, asked: &[LineRequest], known: &Known, now: DateTime<Utc>) -> CheckReport {
        judged(asked, &self.looks, known, now)
    }

    /// Acts on what was decided, where a configuration allows it. Once `stop` is cancelled no
    /// further line is acted on.
    ///
    /// # Errors
    /// The ledger cannot be read or written.
    pub async fn act(
        &mut self,
        report: &mut CheckReport,
        known: &Known,
        now: DateTime<Utc>,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        self.warn(known, now);
        let Some(Hand { ledger, github }) = &self.hand else {
            return Ok(());
        };
        report.dry_run = self.is_dry;
        let (common, configuration) = (&self.common, &self.configuration);
        let by = &self.connection;
        let digests = acting::digests(common, configuration, report, known, by, &variable).await;
        let actor = Actor {
            github,
            ledger,
            projects: &configuration.projects,
            new_issues: configuration.watch.new_issues_per_cycle,
            mode: if self.is_dry { Mode::Plan } else { Mode::Act },
            scanners: &self.cycle.scanners,
            scan_limits: self.cycle.scan_limits,
            wheel_limits: &self.cycle.wheel_limits,
            digests: &digests,
            now,
            turns: &self.turns,
            stop,
        };
        actor.tell_once(report)?;
        match acting::hindrance(configuration, &self.location, github) {
            None => actor.act(report).await,
            Some(_) if self.is_dry => actor.plan_unseen(report),
            Some(why) => actor.leave(report, ActionState::Failed, &why),
        }
        Ok(())
    }

    /// Warns people of what they were not warned of in the round before.
    fn warn(&mut self, known: &Known, now: DateTime<Utc>) {
        let today = now.date_naive();
        let told = feeds::warnings(&self.common, &self.configuration, known, today);
        for warning in told.iter().filter(|one| !self.warned.contains(*one)) {
            output::warn(&self.common, warning);
        }
        self.warned = told.into_iter().collect();
    }

    /// What is left of the rate limits, by whose they are.
    pub fn budgets(&self) -> BTreeMap<&'static str, RateLimit> {
        let github = self.hand.as_ref().and_then(|hand| hand.github.rate_limit());
        [
            ("openssl", self.cycle.watch.traffic().1),
            ("github", github),
        ]
        .into_iter()
        .filter_map(|(api, left)| Some((api, left?)))
        .collect()
    }

    /// How many requests were sent to OpenSSL's feeds and to GitHub.
    pub fn requests(&self) -> [u64; 2] {
        let github = self.hand.as_ref().map_or(0, |hand| hand.github.requests());
        [self.cycle.watch.traffic().0, github]
    }

    /// Whether this moment is about that at which a server answered: by a clock that is wrong
    /// nothing must be forgotten.
    pub fn is_clock_right(&self, now: DateTime<Utc>) -> bool {
        let github = self.hand.as_ref().map(|hand| &hand.github);
        let told = [
            github.and_then(Github::server_time),
            self.cycle.watch.server_time(),
            self.cycle.index.client().server_time(),
        ];
        let mut told = told.into_iter().flatten();
        told.any(|told| (now - told).abs() < TimeDelta::days(1))
    }

    /// Until when GitHub is left alone.
    pub fn parked_until(&self) -> Option<DateTime<Utc>> {
        self.hand.as_ref()?.github.parked_until()
    }
}

/// A variable of the environment.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
