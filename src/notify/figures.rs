//! How telling goes, for the metrics and the status document.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::ledger::Deliveries;

/// How telling goes; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Figures(Arc<RwLock<State>>);

/// How telling goes, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// The receivers, in the order of the configuration.
    pub receivers: Vec<ReceiverState>,
    /// The pings; none where none is configured.
    pub ping: Option<PingState>,
}

/// How telling one receiver goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReceiverState {
    /// Its name.
    pub name: String,
    /// How many messages wait.
    pub waiting: u64,
    /// How many it took, of those that the ledger still knows.
    pub delivered: u64,
    /// How many were given up, of those that the ledger still knows.
    pub given_up: u64,
    /// How many attempts failed since the process began.
    pub failed_attempts: u64,
    /// When it took the last one.
    pub last_delivered: Option<DateTime<Utc>>,
    /// Why the last attempt failed of one that waits or was given up.
    pub error: Option<String>,
}

/// How the pings go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PingState {
    /// When the last one was heard.
    pub last: Option<DateTime<Utc>>,
    /// How many were not, since the process began.
    pub failed: u64,
    /// Why the last one was not; none when it was.
    pub error: Option<String>,
}

impl From<State> for Figures {
    fn from(state: State) -> Figures {
        Figures(Arc::new(RwLock::new(state)))
    }
}

impl Figures {
    /// How it goes now.
    pub fn state(&self) -> State {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    /// These receivers there are from now on.
    pub(super) fn name(&self, receivers: &[&str], has_ping: bool) {
        self.change(|state| {
            let known = |name: &str| state.receivers.iter().find(|one| one.name == name).cloned();
            let named = |name: &&str| ReceiverState {
                name: (*name).to_owned(),
                ..known(name).unwrap_or_default()
            };
            let receivers = receivers.iter().map(named).collect();
            state.receivers = receivers;
            let ping = state.ping.take().unwrap_or_default();
            state.ping = has_ping.then_some(ping);
        });
    }

    /// What the ledger says.
    pub(super) fn count(&self, deliveries: &BTreeMap<String, Deliveries>) {
        self.change(|state| {
            for receiver in &mut state.receivers {
                let Some(known) = deliveries.get(&receiver.name) else {
                    continue;
                };
                receiver.waiting = known.waiting;
                receiver.delivered = known.delivered;
                receiver.given_up = known.given_up;
                receiver.last_delivered = known.last_delivered;
                receiver.error.clone_from(&known.error);
            }
        });
    }

    /// An attempt failed.
    pub(super) fn failed(&self, name: &str) {
        self.change(|state| {
            for receiver in state.receivers.iter_mut().filter(|one| one.name == name) {
                receiver.failed_attempts = receiver.failed_attempts.saturating_add(1);
            }
        });
    }

    /// What a ping came to.
    pub(super) fn pinged(&self, outcome: Result<DateTime<Utc>, String>) {
        self.change(|state| {
            let Some(ping) = &mut state.ping else {
                return;
            };
            match outcome {
                Ok(at) => {
                    ping.last = Some(at);
                    ping.error = None;
                }
                Err(error) => {
                    ping.failed = ping.failed.saturating_add(1);
                    ping.error = Some(error);
                }
            }
        });
    }

    // A thread that panicked while it held the lock left whole values.
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}
