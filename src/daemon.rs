//! Cycles on a schedule, for months: when the next one begins, how it is stopped, and who is told.
//!
//! - [`agenda`]: which projects are looked at when (pure);
//! - `pulse`: how far a cycle has come, and systemd's watchdog, which is fed by it;
//! - `signals`: what the system asks of the process;
//! - [`board`]: what is known, for whoever looks; [`server`] shows it over HTTP.
//!
//! How a cycle is made is for the [`Engine`]; nothing here knows a configuration.

pub mod agenda;
pub mod board;
mod pulse;
pub mod server;
mod signals;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use agenda::{Agenda, Due, Timing};
use board::{Board, FinishedCycle};
pub use pulse::Pulse;
pub use signals::{Listening, Signal, signals};

/// The longest sleep: after it the clock on the wall is looked at again, which may have jumped or
/// gone on while the machine slept.
const NAP: Duration = Duration::from_secs(15);

/// How long a cycle that is acting may go on after the process was told to stop: it finishes the
/// write under way.
const GRACE: Duration = Duration::from_secs(7);

/// What time it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A cycle that could not be made; the sentence says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CycleError(pub String);

/// Makes cycles.
pub trait Engine {
    /// Makes one cycle over what is due; it says through the pulse how far it is, and begins
    /// nothing more once `stop` is cancelled.
    ///
    /// # Errors
    /// Nothing could be looked at, or what was seen cannot be kept.
    fn cycle(
        &mut self,
        due: &Due,
        now: DateTime<Utc>,
        pulse: Arc<Pulse>,
        stop: CancellationToken,
    ) -> impl Future<Output = Result<FinishedCycle, CycleError>>;

    /// What a cycle came to was handed on to all who are to know it.
    fn handed_on(&mut self, cycle: &Arc<FinishedCycle>);

    /// Takes the configuration anew. A bad one changes nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    fn reload(&mut self) -> Result<Timing, CycleError>;

    /// Whether the configuration's file has changed since it was looked at last, and is to be taken
    /// anew by itself.
    fn is_changed(&mut self) -> bool;
}

/// What the daemon is told from outside.
#[derive(Debug)]
pub struct Calls {
    /// What the system asks for.
    pub signals: mpsc::Receiver<Signal>,
    /// Somebody asks for a cycle now.
    pub wake: Arc<Notify>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// What is due.
    Cycle,
    /// Everything, due or not.
    Everything,
    Reload,
    Stop,
}

/// Makes cycles until it is told to stop: one over everything at once, then by the schedules. What
/// is missed while the machine sleeps or a cycle takes long is made up for by one cycle; two never
/// overlap.
pub async fn run(
    engine: &mut impl Engine,
    timing: Timing,
    board: &Board,
    mut calls: Calls,
    clock: &Clock,
    pulse: Arc<Pulse>,
) {
    pulse.ready();
    let mut agenda = Agenda::new(timing, clock());
    let mut number = 0_u64;
    loop {
        if let Some(due) = agenda.next() {
            board.next(due);
        }
        let mut next = wait(engine, &agenda, &mut calls, clock, &pulse).await;
        if matches!(next, Next::Cycle | Next::Everything) {
            let began = clock();
            let due = match next {
                Next::Everything => agenda.everything(),
                _ => agenda.due(began),
            };
            number = number.saturating_add(1);
            let span = tracing::info_span!("cycle", number);
            let cycle = cycle(engine, &due, board, &mut calls, clock, &pulse).instrument(span);
            let (finished, asked) = cycle.await;
            let now = clock();
            let is_set_back = now < began - TimeDelta::minutes(1);
            let began = began.min(now);
            match finished {
                Some(cycle) => agenda.ended(&due, began, &cycle.soon, cycle.pace),
                None => agenda.failed(&due, began),
            }
            if is_set_back {
                agenda.set_back(now);
            }
            match asked {
                Some(asked) => next = asked,
                None => continue,
            }
        }
        match next {
            Next::Stop => break,
            Next::Reload => {
                if let Some(timing) = reload(engine, &pulse) {
                    let now = clock();
                    board.expect_within(agenda::ready_within(&timing, now));
                    agenda = Agenda::new(timing, now);
                }
            }
            Next::Cycle | Next::Everything => {}
        }
    }
    pulse.stopping();
}

/// Waits for what comes next; the watchdog is fed meanwhile.
async fn wait(
    engine: &mut impl Engine,
    agenda: &Agenda,
    calls: &mut Calls,
    clock: &Clock,
    pulse: &Pulse,
) -> Next {
    let asleep_since = clock();
    loop {
        pulse.feed();
        let now = clock();
        // A clock that was set back must not make the next cycle wait for the old time.
        if now < asleep_since - TimeDelta::minutes(1) {
            return Next::Everything;
        }
        let due = agenda.next();
        if due.is_some_and(|due| now >= due) {
            return Next::Cycle;
        }
        if engine.is_changed() {
            tracing::info!("the configuration's file has changed");
            return Next::Reload;
        }
        let left = due.and_then(|due| (due - now).to_std().ok());
        let nap = left.unwrap_or(NAP).min(NAP).min(pulse.feeding());
        tokio::select! {
            signal = calls.signals.recv() => return of(signal),
            () = calls.wake.notified() => return Next::Everything,
            () = tokio::time::sleep(nap) => {}
        }
    }
}

fn of(signal: Option<Signal>) -> Next {
    match signal {
        Some(Signal::Reload) => Next::Reload,
        Some(Signal::Stop) | None => Next::Stop,
    }
}

/// Makes one cycle, and says what it came to and what was asked for meanwhile.
async fn cycle(
    engine: &mut impl Engine,
    due: &Due,
    board: &Board,
    calls: &mut Calls,
    clock: &Clock,
    pulse: &Arc<Pulse>,
) -> (Option<Arc<FinishedCycle>>, Option<Next>) {
    let began = clock();
    board.began(began);
    pulse.begin();
    tracing::debug!(projects = due.packages.len(), "a cycle begins");
    let stop = CancellationToken::new();
    let mut asked = None;
    let outcome = {
        let work = engine.cycle(due, began, Arc::clone(pulse), stop.clone());
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                signal = calls.signals.recv() => match of(signal) {
                    Next::Stop => {
                        asked = Some(Next::Stop);
                        stop.cancel();
                        let outcome = match pulse.is_acting() {
                            true => tokio::time::timeout(GRACE, &mut work).await.ok(),
                            false => None,
                        };
                        match outcome {
                            Some(outcome) => break outcome,
                            None => {
                                tracing::info!("the cycle is cut short; the next one goes on");
                                return (None, asked);
                            }
                        }
                    }
                    next => asked = Some(next),
                },
                () = tokio::time::sleep(pulse.feeding()) => pulse.feed_by_progress(),
            }
        }
    };
    match outcome {
        Ok(finished) => {
            let finished = Arc::new(finished);
            board.ended(Arc::clone(&finished));
            engine.handed_on(&finished);
            say_end(&finished);
            (Some(finished), asked)
        }
        Err(error) => {
            tracing::error!("a cycle could not be made: {error}");
            board.failed(error.to_string());
            (None, asked)
        }
    }
}

fn say_end(finished: &FinishedCycle) {
    let status = finished.report.exit_status();
    let seconds = (finished.ended - finished.began).num_seconds();
    let lines = finished.fresh().count();
    let bytes = finished.received_bytes;
    tracing::info!(lines, bytes, seconds, "a cycle ended: {status:?}");
    for (package, flux) in &finished.soon.projects {
        tracing::debug!("{package} is looked at sooner: {flux:?}");
    }
    if let Some(release) = &finished.soon.release {
        tracing::debug!("the advisories of OpenSSL {release} are not known: facts come sooner");
    }
}

/// The configuration anew; a bad one is refused, and the old one stays.
fn reload(engine: &mut impl Engine, pulse: &Pulse) -> Option<Timing> {
    pulse.reloading();
    let loaded = engine.reload();
    pulse.ready();
    match loaded {
        Ok(timing) => {
            tracing::info!("the configuration was loaded anew");
            Some(timing)
        }
        Err(error) => {
            tracing::error!("the new configuration is refused, the old one stays: {error}");
            None
        }
    }
}

#[cfg(test)]
mod tests;
