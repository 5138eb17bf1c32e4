//! Telling: what is new goes into the ledger, and from there to whom it is for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use tokio::sync::Notify as Bell;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Notify, Secret};
use crate::fetch::{Client, ClientSettings, Credentials, FetchError};
use crate::store::ledger::{Attempt, Delivery, LONGEST_PAUSE, Ledger, LedgerError};

use super::backoff::Patience;
use super::error::NotifyError;
use super::figures::Figures;
use super::look::EndedCycle;
use super::message::{Addressee, deliveries};
use super::ping::ping;
use super::receiver::Receiver;
use super::secret::Variable;
use super::tell::{summary, tell};

/// What time it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How long what was told is remembered after it holds no more.
const REMEMBERED: TimeDelta = TimeDelta::days(400);

/// How long a delivery is remembered after it was concluded.
const DELIVERIES_FOR: TimeDelta = TimeDelta::days(30);

/// The longest sleep between two looks at what is due: another process may have added to it.
const NAP: Duration = Duration::from_secs(60);

/// How soon to look again while another process, or this one by its old configuration, sends.
const OTHER_SENDS: Duration = Duration::from_secs(5);

/// How many messages one receiver is sent at once, before the others have their turn.
const AT_ONCE: usize = 20;

/// Tells people; it ends with its last clone.
#[derive(Clone)]
pub struct Teller {
    shared: Arc<Shared>,
    worker: Arc<Worker>,
}

struct Shared {
    ledger: Ledger,
    client: Client,
    receivers: Vec<Receiver>,
    failures: u32,
    patience: Patience,
    ping: Option<Secret>,
    variable: Variable,
    clock: Clock,
    figures: Figures,
    bell: Bell,
    /// Receivers that want to be left alone, and until when.
    held: Mutex<BTreeMap<String, DateTime<Utc>>>,
}

/// Tasks that end when nobody needs them any more. A message that is on its way is not dropped: it
/// might have arrived, and would be sent again.
#[derive(Default)]
struct Worker {
    sender: Mutex<Option<JoinHandle<()>>>,
    pinger: Mutex<Option<JoinHandle<()>>>,
    over: CancellationToken,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.over.cancel();
        let mut pinger = self.pinger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = pinger.take() {
            task.abort();
        }
    }
}

impl Teller {
    /// Tells what these settings say, by what this ledger knows.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(
        settings: &Notify,
        ledger: Ledger,
        variable: Variable,
        clock: Clock,
        figures: Figures,
    ) -> Result<Self, FetchError> {
        let connection = ClientSettings {
            // The whole is bounded by less.
            read_timeout: super::webhook::PATIENCE * 2,
            ..ClientSettings::default()
        };
        figures.name(&settings.receivers(), settings.ping.is_some());
        Ok(Self {
            shared: Arc::new(Shared {
                ledger,
                client: Client::new(connection, Credentials::none())?,
                receivers: Receiver::all(settings),
                failures: settings.failures,
                patience: Patience::of(settings),
                ping: settings.ping.clone(),
                variable,
                clock,
                figures,
                bell: Bell::new(),
                held: Mutex::default(),
            }),
            worker: Arc::default(),
        })
    }

    /// Sends what waits from now on, until the teller is dropped. What is on its way then is still
    /// sent, and nothing after it.
    pub fn start(&self) {
        if self.shared.receivers.is_empty() {
            return;
        }
        let mut sender = self
            .worker
            .sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if sender.is_none() {
            let (shared, over) = (Arc::clone(&self.shared), self.worker.over.clone());
            *sender = Some(tokio::spawn(async move { shared.send_on(&over).await }));
        }
    }

    /// Ends the sending, and waits so long for what is on its way.
    pub async fn stop(&self, within: Duration) {
        self.worker.over.cancel();
        let sender = {
            let mut sender = self
                .worker
                .sender
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            sender.take()
        };
        if let Some(sender) = sender
            && tokio::time::timeout(within, sender).await.is_err()
        {
            tracing::warn!("a message is on its way; the next process sends it again");
        }
    }

    /// A cycle came to an end: what is new of it is noted in the ledger, and sent in the background
    /// once [`Teller::start`] was called; after a good one the ping goes out. It waits for nobody.
    pub fn after(&self, cycle: &EndedCycle<'_>) {
        self.note(cycle);
        self.shared.bell.notify_one();
        if cycle.is_good && self.shared.ping.is_some() {
            let shared = Arc::clone(&self.shared);
            let task = tokio::spawn(async move { shared.ping().await });
            let mut pinger = self
                .worker
                .pinger
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(before) = pinger.replace(task) {
                // What it would say is said by the new one.
                before.abort();
            }
        }
    }

    /// The same for a process that ends now: what is new is noted and sent, as far as it goes within
    /// that time; the next process goes on.
    pub async fn after_all(&self, cycle: &EndedCycle<'_>, within: Duration) {
        self.note(cycle);
        let shared = &self.shared;
        let sending = async {
            let pinging = async {
                if cycle.is_good {
                    shared.ping().await;
                }
            };
            tokio::join!(shared.send_now(&self.worker.over), pinging)
        };
        if tokio::time::timeout(within, sending).await.is_err() {
            tracing::warn!("not everybody was told within {} seconds", within.as_secs());
        }
    }

    fn note(&self, cycle: &EndedCycle<'_>) {
        if self.shared.receivers.is_empty() {
            return;
        }
        if let Err(error) = self.shared.note(cycle) {
            tracing::error!("what is new cannot be told: {error}");
        }
    }
}

impl Shared {
    fn note(&self, cycle: &EndedCycle<'_>) -> Result<(), LedgerError> {
        let (seen, failures) = (cycle.seen(), self.failures);
        let addressees: Vec<Addressee> = self.receivers.iter().map(Receiver::addressee).collect();
        let now = (self.clock)();
        let forget_before = cycle.may_forget.then(|| now - REMEMBERED);
        self.ledger.tell(cycle.began, forget_before, move |told| {
            let (new, mut telling) = tell(told, &seen, failures);
            if !new.is_empty() {
                tracing::debug!("new to tell: {}", summary(&new));
            }
            telling.deliveries = deliveries(&new, &addressees, seen.at);
            telling
        })?;
        if cycle.may_forget {
            self.ledger.forget_deliveries_before(now - DELIVERIES_FOR)?;
        }
        Ok(())
    }

    /// Sends what is due, again and again, until it is told that it is over.
    async fn send_on(&self, over: &CancellationToken) {
        while !over.is_cancelled() {
            let pause = self.send_now(over).await;
            tokio::select! {
                () = over.cancelled() => {}
                () = self.bell.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Sends what is due, and says when to look again. While another process sends, this one does
    /// not.
    async fn send_now(&self, over: &CancellationToken) -> Duration {
        let lock = match self.ledger.sending() {
            Ok(Some(lock)) => lock,
            Ok(None) => return OTHER_SENDS,
            Err(error) => {
                tracing::error!("nothing can be sent: {error}");
                return NAP;
            }
        };
        let names: Vec<&str> = self.receivers.iter().map(Receiver::name).collect();
        match self.ledger.give_up_others(&names, (self.clock)()) {
            Ok(0) => {}
            Ok(count) => tracing::warn!(
                "{count} messages are given up: the configuration no longer names their receivers"
            ),
            Err(error) => tracing::error!("what waits is not known: {error}"),
        }
        let passes = self
            .receivers
            .iter()
            .map(|receiver| self.pass(receiver, over));
        let is_more = join_all(passes).await.into_iter().any(|is_more| is_more);
        drop(lock);
        let deliveries = match self.ledger.deliveries() {
            Ok(deliveries) => deliveries,
            Err(error) => {
                tracing::error!("how telling goes is not known: {error}");
                return NAP;
            }
        };
        self.figures.count(&deliveries);
        if is_more {
            return Duration::ZERO;
        }
        let next = deliveries.values().filter_map(|one| one.next_due).min();
        let left = next.and_then(|next| (next - (self.clock)()).to_std().ok());
        // What is due already and was not sent has a receiver that just failed: it waits as well.
        left.map_or(NAP, |left| left.clamp(Duration::from_secs(1), NAP))
    }

    /// Sends to one receiver what is due, until it fails; says whether there may be more.
    async fn pass(&self, receiver: &Receiver, over: &CancellationToken) -> bool {
        for _ in 0..AT_ONCE {
            if over.is_cancelled() || self.is_held(receiver) {
                return false;
            }
            let delivery = match self.ledger.attempt(receiver.name(), (self.clock)()) {
                Ok(Some(delivery)) => delivery,
                Ok(None) => return false,
                Err(error) => {
                    tracing::error!("{} is not told: {error}", receiver.name());
                    return false;
                }
            };
            let now = (self.clock)();
            let sent = receiver
                .send(&self.client, &self.variable, &delivery, now)
                .await;
            let is_sent = sent.is_ok();
            self.conclude(receiver, &delivery, sent);
            if !is_sent {
                return false;
            }
        }
        true
    }

    fn conclude(&self, receiver: &Receiver, delivery: &Delivery, sent: Result<(), NotifyError>) {
        let now = (self.clock)();
        let (name, id) = (receiver.name(), delivery.id.as_str());
        let hold = sent.as_ref().err().and_then(NotifyError::retry_after);
        let hold = hold.and_then(|hold| TimeDelta::from_std(hold).ok());
        if let Some(hold) = hold {
            // It is busy whatever it is told: the other messages wait as well.
            let until = now + hold.min(LONGEST_PAUSE);
            self.held().insert(name.to_owned(), until);
        }
        let attempt = match &sent {
            Ok(()) => Attempt::Delivered,
            Err(error) => self.patience.after(delivery, error, now),
        };
        match &attempt {
            Attempt::Delivered => tracing::info!("{name} was told ({id})"),
            Attempt::Again { error, due } => {
                self.figures.failed(name);
                let again = due.format("%Y-%m-%d %H:%M:%S UTC");
                let count = delivery.attempts;
                tracing::warn!(
                    "{name} was not told ({id}, attempt {count}): {error}; again at {again}"
                );
            }
            Attempt::GivenUp { error } => {
                self.figures.failed(name);
                let count = delivery.attempts;
                tracing::error!("{name} is not told any more ({id}, attempt {count}): {error}");
            }
        }
        if let Err(error) = self.ledger.attempted(id, &attempt, now) {
            tracing::error!("whether {name} was told is not noted, it is told again: {error}");
        }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, DateTime<Utc>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_held(&self, receiver: &Receiver) -> bool {
        let now = (self.clock)();
        let until = self.held().get(receiver.name()).copied();
        // What is further away than any pause is long was noted by a clock that has been set back.
        until.is_some_and(|until| now < until && until - now <= LONGEST_PAUSE)
    }

    async fn ping(&self) {
        let Some(secret) = &self.ping else {
            return;
        };
        let outcome = ping(&self.client, secret, &self.variable).await;
        if let Err(error) = &outcome {
            tracing::warn!("the ping was not heard: {error}");
        }
        let outcome = outcome.map(|()| (self.clock)());
        self.figures
            .pinged(outcome.map_err(|error| error.to_string()));
    }
}
