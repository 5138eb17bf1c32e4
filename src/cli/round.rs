//! One round as options and a configuration ask for it: by hand, and again and again in the daemon.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use crate::config::Configuration;
use crate::cycle::act::{Actor, Mode};
use crate::cycle::{Cycle, LineRequest, Progress};
use crate::feeds::Known;
use crate::fetch::{Client, ClientSettings, Credentials};
use crate::github::Github;
use crate::index::{Index, IndexLocation, Surroundings};
use crate::report::{ActionState, CheckReport};
use crate::store::Store;
use crate::store::ledger::Ledger;

use super::arguments::Common;
use super::{acting, feeds, github, limits};

/// What a round is made with; connections and what is remembered outlive it.
pub struct Round {
    common: Common,
    configuration: Configuration,
    location: IndexLocation,
    cycle: Cycle,
    hand: Option<Hand>,
    is_dry: bool,
}

/// What acting needs; only a configuration file gives it.
struct Hand {
    ledger: Ledger,
    github: Github,
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
        is_dry: bool,
        store: impl FnOnce(Option<&Ledger>) -> Store,
    ) -> anyhow::Result<Self> {
        let file: Option<&Path> = common.configuration_file();
        let ledger = match file {
            Some(_) => Some(acting::ledger(&configuration, is_dry)?),
            None => None,
        };
        Self::with_ledger(configuration, common, is_dry, ledger, store)
    }

    /// The same with a ledger that is open already.
    ///
    /// # Errors
    /// As [`Round::new`].
    pub fn with_ledger(
        configuration: Configuration,
        common: &Common,
        is_dry: bool,
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
        let client = Client::new(
            ClientSettings::default(),
            Credentials::from_environment(&variable),
        )?;
        let bounds = &configuration.limits;
        let cycle = Cycle {
            index: Index::new(&client, &location, limits::index(bounds)),
            store: store(ledger.as_ref()),
            watch: feeds::watch(common, &configuration, &variable)?,
            scan_limits: bounds.scan,
            scanners: Arc::default(),
            wheel_limits: limits::wheel(bounds),
            parallel: limits::parallel(bounds),
            now: Utc::now(),
        };
        let hand = match ledger {
            Some(ledger) => {
                let memory = Arc::new(Store::in_ledger(ledger.clone()));
                let connection = ClientSettings::default();
                let github = github::client(&configuration.github, connection, &variable)?
                    .with_memory(memory);
                Some(Hand { ledger, github })
            }
            None => None,
        };
        Ok(Self {
            common: common.clone(),
            configuration,
            location,
            cycle,
            hand,
            is_dry,
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

    /// Looks at every line, decides, and acts where a configuration allows it. `looked` is called
    /// between looking and acting. Once `stop` is cancelled no further line is acted on.
    ///
    /// # Errors
    /// The ledger cannot be read or written.
    pub async fn run(
        &mut self,
        asked: &[LineRequest],
        now: DateTime<Utc>,
        progress: Arc<dyn Progress>,
        looked: impl FnOnce(),
        stop: &CancellationToken,
    ) -> anyhow::Result<(CheckReport, Known)> {
        self.cycle.now = now;
        let (mut report, known) = self.cycle.check(asked, progress).await;
        looked();
        feeds::warn(&self.common, &self.configuration, &known, now.date_naive());
        if let Some(hand) = &self.hand {
            report.dry_run = self.is_dry;
            self.act(hand, &mut report, &known, stop).await?;
        }
        Ok((report, known))
    }

    async fn act(
        &self,
        hand: &Hand,
        report: &mut CheckReport,
        known: &Known,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let Hand { ledger, github } = hand;
        let configuration = &self.configuration;
        let digests = acting::digests(&self.common, configuration, report, known, &variable).await;
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
            now: self.cycle.now,
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
}

/// A variable of the environment.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
