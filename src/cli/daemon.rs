//! `rewheel daemon`: cycles on a schedule, and a server that shows what is known.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Configuration, Server};
use crate::cycle::LineRequest;
use crate::daemon::board::{Board, FinishedCycle};
use crate::daemon::server::{ServerSettings, serve};
use crate::daemon::{self, Calls, Clock, CycleError, Engine, Pulse, Timing};
use crate::notify::{EndedCycle, Figures, Teller};
use crate::schedule::Schedule;
use crate::store::Store;
use crate::store::ledger::Ledger;

use super::arguments::{Common, Daemon};
use super::round::Round;
use super::{output, requests, telling};

/// Runs until the process is told to stop.
///
/// # Errors
/// What keeps it from beginning: no or a bad configuration, a ledger that cannot be opened, an
/// address that cannot be listened on.
pub async fn run(_command: &Daemon, common: &Common) -> anyhow::Result<u8> {
    let Some(file) = common.configuration_file() else {
        bail!("the daemon needs a configuration: name it with --config FILE or REWHEEL_CONFIG");
    };
    let configuration = config::load(Some(file), std::env::vars_os())?;
    let timing = timing(&configuration, file)?;
    let server = configuration.server.clone();
    let ready_within = ready_within(&timing);
    let clock: Clock = Arc::new(Utc::now);
    let asked = requests::of_all(&configuration)?;
    let round = Round::new(configuration, common, false, store)?;
    let figures = Figures::default();
    let mut engine = Rounds {
        common: common.clone(),
        file: file.to_owned(),
        asked,
        teller: teller(&round, common, &clock, &figures)?,
        round,
        clock: Arc::clone(&clock),
        figures: figures.clone(),
    };
    let signals = daemon::signals().context("the system's signals cannot be listened to")?;
    let board = Board::new(clock());
    board.show(figures);
    let wake = Arc::new(Notify::new());
    let stop = CancellationToken::new();
    let shown = match server.listen {
        Some(address) => {
            let listener = TcpListener::bind(address).await.with_context(|| {
                format!(
                    "{address} cannot be listened on; set [server] listen to another address, or \
                     to \"none\""
                )
            })?;
            let address = listener.local_addr().unwrap_or(address);
            tracing::info!("listening on http://{address}/");
            let settings = ServerSettings {
                token: token(&server, common),
                ready_within,
                hosts: server.hosts.clone(),
            };
            let served = serve(
                listener,
                settings,
                board.clone(),
                Arc::clone(&wake),
                Arc::clone(&clock),
                stop.clone(),
            );
            Some(tokio::spawn(served))
        }
        None => None,
    };
    let calls = Calls { signals, wake };
    daemon::run(&mut engine, timing, &board, calls, &clock).await;
    stop.cancel();
    if let Some(shown) = shown {
        // Whoever still reads a page does not keep the process.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), shown).await;
    }
    tracing::info!("stopped");
    Ok(0)
}

/// The token that may ask for a cycle.
fn token(server: &Server, common: &Common) -> Option<SecretString> {
    let name = server.token_env.as_deref()?;
    let token = std::env::var(name)
        .ok()
        .filter(|token| !token.trim().is_empty());
    if token.is_none() {
        let sentence = format!(
            "`server.token-env` names the variable {name}, which is not set: nobody can ask for a \
             cycle"
        );
        output::warn(common, &sentence);
    }
    token.map(|token| SecretString::from(token.trim().to_owned()))
}

/// When cycles begin, as the configuration says.
fn timing(configuration: &Configuration, file: &Path) -> anyhow::Result<Timing> {
    let watch = &configuration.watch;
    Ok(Timing {
        schedule: Schedule::parse(&watch.schedule, &watch.timezone)?,
        jitter: watch.jitter,
        key: file.display().to_string(),
    })
}

/// How old the last good cycle may be: one may be missed.
fn ready_within(timing: &Timing) -> chrono::TimeDelta {
    let first = timing.schedule.next_after(Utc::now());
    let second = timing.schedule.next_after(first);
    (second - first) * 2 + timing.jitter + chrono::TimeDelta::minutes(15)
}

/// What is remembered is in the ledger.
fn store(ledger: Option<&Ledger>) -> Store {
    ledger.map_or_else(Store::none, |ledger| Store::in_ledger(ledger.clone()))
}

/// Makes rounds by the configuration, which can be taken anew.
struct Rounds {
    common: Common,
    file: PathBuf,
    asked: Vec<LineRequest>,
    round: Round,
    teller: Option<Teller>,
    clock: Clock,
    figures: Figures,
}

impl Rounds {
    /// Forgets what was seen long ago and is not seen any more, so that the ledger stays small.
    fn prune(&self, now: DateTime<Utc>) {
        let Some(ledger) = self.round.ledger() else {
            return;
        };
        let before = now - self.round.configuration().watch.seen_for;
        match ledger.forget_seen_before(before) {
            Ok(0) => {}
            Ok(count) => {
                tracing::debug!("{count} subjects were forgotten, last seen before {before}")
            }
            Err(error) => tracing::warn!("what was seen long ago is kept: {error}"),
        }
    }

    fn load(&self) -> anyhow::Result<(Round, Vec<LineRequest>, Timing)> {
        let configuration = config::load(Some(&self.file), std::env::vars_os())?;
        let timing = timing(&configuration, &self.file)?;
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
        let round = Round::with_ledger(configuration, &self.common, false, ledger, store)?;
        Ok((round, asked, timing))
    }
}

impl Engine for Rounds {
    async fn cycle(
        &mut self,
        now: DateTime<Utc>,
        pulse: Arc<Pulse>,
        stop: CancellationToken,
    ) -> Result<FinishedCycle, CycleError> {
        let acting = Arc::clone(&pulse);
        let looked = move || acting.acts();
        let run = self
            .round
            .run(&self.asked, now, Arc::<Pulse>::clone(&pulse), looked, &stop);
        let (report, known) = run.await.map_err(sentence)?;
        self.prune(now);
        if let Some(teller) = &self.teller {
            teller.after(&EndedCycle::of(&report));
        }
        Ok(FinishedCycle {
            report,
            releases: known.facts.releases,
            began: now,
            ended: Utc::now(),
            received_bytes: pulse.received_bytes(),
        })
    }

    fn reload(&mut self) -> Result<Timing, CycleError> {
        let (round, asked, timing) = self.load().map_err(sentence)?;
        let teller = teller(&round, &self.common, &self.clock, &self.figures);
        self.teller = teller.map_err(sentence)?;
        self.round = round;
        self.asked = asked;
        Ok(timing)
    }
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

fn sentence(error: anyhow::Error) -> CycleError {
    CycleError(format!("{error:#}"))
}
