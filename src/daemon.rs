//! Cycles on a schedule, for months: when the next one begins, how it is stopped, and who is told.
//!
//! - `pulse`: how far a cycle has come, and systemd's watchdog, which is fed by it;
//! - `signals`: what the system asks of the process;
//! - [`board`]: what is known, for whoever looks; [`server`] shows it over HTTP.
//!
//! How a cycle is made is for the [`Engine`]; nothing here knows a configuration.

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

use crate::schedule::{self, Schedule};

use board::{Board, FinishedCycle};
pub use pulse::Pulse;
pub use signals::{Signal, signals};

/// The longest sleep: after it the clock on the wall is looked at again, which may have jumped or
/// gone on while the machine slept.
const NAP: Duration = Duration::from_secs(15);

/// How long a cycle that is acting may go on after the process was told to stop: it finishes the
/// write under way.
const GRACE: Duration = Duration::from_secs(8);

/// What time it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// When cycles begin.
#[derive(Clone, Debug)]
pub struct Timing {
    /// The schedule.
    pub schedule: Schedule,
    /// How much later than the schedule says a cycle may begin.
    pub jitter: TimeDelta,
    /// What makes this process's share of the jitter its own.
    pub key: String,
}

impl Timing {
    /// When the next cycle begins after this moment.
    pub fn next_after(&self, moment: DateTime<Utc>) -> DateTime<Utc> {
        let tick = self.schedule.next_after(moment);
        tick + schedule::jitter(&self.key, self.jitter)
    }
}

/// A cycle that could not be made; the sentence says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CycleError(pub String);

/// Makes cycles.
pub trait Engine {
    /// Makes one cycle; it says through the pulse how far it is, and begins nothing more once
    /// `stop` is cancelled.
    ///
    /// # Errors
    /// Nothing could be looked at, or what was seen cannot be kept.
    fn cycle(
        &mut self,
        now: DateTime<Utc>,
        pulse: Arc<Pulse>,
        stop: CancellationToken,
    ) -> impl Future<Output = Result<FinishedCycle, CycleError>>;

    /// Takes the configuration anew. A bad one changes nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    fn reload(&mut self) -> Result<Timing, CycleError>;
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
enum Next {
    Cycle,
    Reload,
    Stop,
}

/// Makes cycles until it is told to stop: one at once, then by the schedule. What is missed while
/// the machine sleeps or a cycle takes long is made up for by one cycle; two never overlap.
pub async fn run(
    engine: &mut impl Engine,
    mut timing: Timing,
    board: &Board,
    mut calls: Calls,
    clock: &Clock,
) {
    let pulse = Arc::new(Pulse::new());
    pulse.ready();
    let mut due = clock();
    loop {
        match wait(due, &mut calls, clock, &pulse).await {
            Next::Stop => break,
            Next::Reload => {
                if let Some(new) = reload(engine, &pulse) {
                    timing = new;
                    due = timing.next_after(clock());
                }
            }
            Next::Cycle => {
                let began = clock();
                let after = cycle(engine, board, &mut calls, clock, &pulse).await;
                // Counted from its beginning: a tick that fell into the cycle is made up for.
                due = timing.next_after(began.min(clock()));
                match after {
                    Some(Next::Stop) => break,
                    Some(Next::Reload) => {
                        if let Some(new) = reload(engine, &pulse) {
                            timing = new;
                            due = timing.next_after(clock());
                        }
                    }
                    Some(Next::Cycle) | None => {}
                }
            }
        }
    }
    pulse.stopping();
}

/// Waits for what comes next; the watchdog is fed meanwhile.
async fn wait(due: DateTime<Utc>, calls: &mut Calls, clock: &Clock, pulse: &Pulse) -> Next {
    let asleep_since = clock();
    loop {
        pulse.feed();
        let now = clock();
        // A clock that was set back must not make the next cycle wait for the old time.
        if now >= due || now < asleep_since - TimeDelta::minutes(1) {
            return Next::Cycle;
        }
        let left = (due - now).to_std().unwrap_or_default();
        let nap = left.min(NAP).min(pulse.feeding());
        tokio::select! {
            signal = calls.signals.recv() => return of(signal),
            () = calls.wake.notified() => return Next::Cycle,
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

/// Makes one cycle, and says what was asked for meanwhile.
async fn cycle(
    engine: &mut impl Engine,
    board: &Board,
    calls: &mut Calls,
    clock: &Clock,
    pulse: &Arc<Pulse>,
) -> Option<Next> {
    let began = clock();
    board.began(began);
    pulse.begin();
    tracing::debug!("a cycle begins");
    let stop = CancellationToken::new();
    let mut asked = None;
    let work = engine.cycle(began, Arc::clone(pulse), stop.clone());
    let mut work = std::pin::pin!(work);
    let outcome = loop {
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
                            return asked;
                        }
                    }
                }
                next => asked = Some(next),
            },
            () = tokio::time::sleep(pulse.feeding()) => pulse.feed_by_progress(),
        }
    };
    match outcome {
        Ok(finished) => {
            let status = finished.report.exit_status();
            let seconds = (finished.ended - finished.began).num_seconds();
            let (lines, bytes) = (finished.report.lines.len(), finished.received_bytes);
            board.ended(finished);
            tracing::info!(lines, bytes, seconds, "a cycle ended: {status:?}");
        }
        Err(error) => {
            tracing::error!("a cycle could not be made: {error}");
            board.failed(error.to_string());
        }
    }
    asked
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
