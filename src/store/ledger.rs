//! What is known and what was done, in one file (SQLite) that a process can lose at any moment.
//!
//! These are kept apart:
//!
//! - `sighting`: what was seen. It can be seen again.
//! - `act`: what was intended, before the write, and what came of it, after. An intent without an
//!   outcome says that nobody knows whether the write happened: look before acting again.
//! - `memory`: scans, pages and copies of feeds, for [`Store`](super::Store).
//! - `told`, `trouble`, `delivery`: what people were told, what fails again and again, and what is to
//!   be sent to whom.
//!
//! The file is never the truth: that is the package index and GitHub. Deleting it loses speed and
//! nothing else. But a file that is there is believed, so it is checked when it is opened and each
//! row carries a digest: damage is an error, never "nothing was intended".
//!
//! One thread owns the connection (`worker`); `open` checks and migrates; `look` only reads.

mod acting;
mod acts;
mod deliveries;
mod error;
mod fault;
mod files;
mod forgotten;
mod in_place;
mod look;
mod memory;
mod open;
mod row;
mod sightings;
mod telling;
mod worker;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use rusqlite::Connection;

pub use acting::Acting;
pub use acts::{Act, Intent, Outcome};
pub use deliveries::{Attempt, Deliveries, Delivery, LONGEST_PAUSE, NewDelivery};
pub use error::LedgerError;
pub use forgotten::Forgotten;
pub use sightings::{Seen, Sighting};
pub use telling::{Telling, Told, Trouble};

use fault::Fault;
use files::Files;
use look::Look;
use worker::Worker;

/// How long to wait for another process that uses the same file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateLocation {
    /// In this file, in a folder that exists.
    File(PathBuf),
    /// Nowhere, for runs whose only state is the tracking issue: what is noted is forgotten with
    /// the process.
    None,
}

/// What may be done with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read and write.
    Write,
    /// Read (`--dry-run`): nothing is made, migrated or written. A file that does not exist is an
    /// empty ledger.
    Look,
}

/// The ledger. Clones share one connection, which is closed with the last of them.
#[derive(Clone)]
pub struct Ledger {
    kept: Kept,
    /// The day on which the memory is used, in days of the common era.
    days: Arc<AtomicI32>,
}

#[derive(Clone)]
enum Kept {
    File(Arc<Worker>, Arc<Files>),
    Look(Arc<Look>),
    Nowhere(Arc<Worker>),
}

impl Ledger {
    /// Opens the ledger, and makes and migrates it where that is allowed.
    ///
    /// # Errors
    ///
    /// Everything that [`LedgerError`] knows; the file is left as it was.
    pub fn open(location: &StateLocation, access: Access) -> Result<Self, LedgerError> {
        Self::open_within(location, access, PATIENCE)
    }

    /// As [`Ledger::open`], and waits only so long for another process, then and later.
    ///
    /// # Errors
    ///
    /// As [`Ledger::open`].
    pub fn open_within(
        location: &StateLocation,
        access: Access,
        patience: Duration,
    ) -> Result<Self, LedgerError> {
        let kept = match (location, access) {
            (StateLocation::None, _) => {
                let memory = PathBuf::from("the memory of this process");
                let connection = open::in_memory().map_err(|fault| fault.at(&memory, patience))?;
                Kept::Nowhere(Arc::new(Worker::start(connection, memory, patience)?))
            }
            (StateLocation::File(path), Access::Write) => {
                let files = Files::of(path)?;
                let connection = open::to_write(&files, patience)?;
                let worker = Worker::start(connection, path.clone(), patience)?;
                files
                    .opened
                    .get_or_init(|| in_place::identity_of(&files.real));
                Kept::File(Arc::new(worker), Arc::new(files))
            }
            (StateLocation::File(path), Access::Look) => {
                Kept::Look(Arc::new(Look::at(path, patience)?))
            }
        };
        let days = Arc::new(AtomicI32::new(Utc::now().num_days_from_ce()));
        Ok(Self { kept, days })
    }

    /// What is remembered and recalled from now on counts as used at this moment; before the first
    /// call, at that of opening.
    pub fn used_at(&self, moment: DateTime<Utc>) {
        self.days
            .store(moment.num_days_from_ce(), Ordering::Relaxed);
    }

    /// Whether anything is kept for the next process.
    pub const fn is_kept(&self) -> bool {
        !matches!(self.kept, Kept::Nowhere(_))
    }

    /// Whether notes are taken at all: not when it was opened to [`Access::Look`].
    pub const fn is_written(&self) -> bool {
        !matches!(self.kept, Kept::Look(_))
    }

    /// Notes that a subject has this value now, and tells what was known of it. Where nothing may
    /// be written the answer is the same and nothing is noted.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`]; nothing is noted then.
    pub fn see(
        &self,
        subject: &str,
        value: &str,
        now: DateTime<Utc>,
    ) -> Result<Sighting, LedgerError> {
        let (subject, value) = (subject.to_owned(), value.to_owned());
        if self.is_written() {
            self.change(move |connection| sightings::see(connection, &subject, &value, now))
        } else {
            self.read(move |connection| {
                let known = sightings::seen(connection, &subject)?;
                Ok(sightings::sighting(known, &value, now))
            })
        }
    }

    /// As [`Ledger::see`], for what is seen in every cycle: where nothing changed it is noted once a
    /// day that it was seen.
    ///
    /// # Errors
    ///
    /// As [`Ledger::see`].
    pub fn see_daily(
        &self,
        subject: &str,
        value: &str,
        now: DateTime<Utc>,
    ) -> Result<Sighting, LedgerError> {
        let known = self.seen(subject)?;
        let is_noted = known.as_ref().is_some_and(|known| {
            known.value == value && (now - known.last).abs() < TimeDelta::days(1)
        });
        if is_noted {
            return Ok(sightings::sighting(known, value, now));
        }
        self.see(subject, value, now)
    }

    /// What was seen of a subject last.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`].
    pub fn seen(&self, subject: &str) -> Result<Option<Seen>, LedgerError> {
        let subject = subject.to_owned();
        self.read(move |connection| sightings::seen(connection, &subject))
    }

    /// What was seen last of every subject that begins so.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`].
    pub fn seen_under(&self, prefix: &str) -> Result<Vec<(String, Seen)>, LedgerError> {
        let prefix = prefix.to_owned();
        self.read(move |connection| sightings::seen_under(connection, &prefix))
    }

    /// Forgets every subject that was seen last before this moment, and says how many.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`]; nothing is forgotten then.
    pub fn forget_seen_before(&self, moment: DateTime<Utc>) -> Result<u64, LedgerError> {
        self.change(move |connection| sightings::forget_before(connection, moment))
    }

    /// Forgets what is not needed any more: what was seen last, and acts that were concluded,
    /// before `seen_before`; what was used last, of what can be read again, before `used_before`.
    ///
    /// Acts without an outcome stay, and so does each line's act that opened its issue: by the one
    /// it is found out whether something happened, by the other an issue is known as ours although
    /// its marker is gone.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`]; then some of it may be forgotten.
    pub fn forget(
        &self,
        seen_before: DateTime<Utc>,
        used_before: DateTime<Utc>,
    ) -> Result<Forgotten, LedgerError> {
        Ok(Forgotten {
            sightings: self.forget_seen_before(seen_before)?,
            acts: self.change(move |connection| acts::forget_before(connection, seen_before))?,
            entries: self.change(move |connection| {
                memory::forget_before(connection, used_before.date_naive())
            })?,
        })
    }

    /// Notes an intent; it outlives the process and the machine's power once this returns. A key
    /// that is known already is open again, with one attempt more.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`]; do not act then.
    pub fn intend(&self, intent: &Intent) -> Result<(), LedgerError> {
        let intent = intent.clone();
        self.change(move |connection| acts::intend(connection, &intent))
    }

    /// Notes what came of an intent. A later outcome replaces an earlier one.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NotIntended`] for a key without intent, or another [`LedgerError`].
    pub fn conclude(
        &self,
        key: &str,
        outcome: &Outcome,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let (key, outcome) = (key.to_owned(), outcome.clone());
        self.change(move |connection| acts::conclude(connection, &key, &outcome, at))
    }

    /// What was intended under a key, and what came of it.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`]: that nothing was intended is never guessed.
    pub fn act(&self, key: &str) -> Result<Option<Act>, LedgerError> {
        let key = key.to_owned();
        self.read(move |connection| acts::act(connection, &key))
    }

    /// The intents of a scope that have no outcome, in the order in which they were intended.
    ///
    /// # Errors
    ///
    /// As [`Ledger::act`].
    pub fn open_acts(&self, scope: &str) -> Result<Vec<Act>, LedgerError> {
        let scope = scope.to_owned();
        self.read(move |connection| acts::open_acts(connection, &scope))
    }

    /// The acts that were intended last, the newest first.
    ///
    /// # Errors
    ///
    /// As [`Ledger::act`].
    pub fn latest_acts(&self, count: usize) -> Result<Vec<Act>, LedgerError> {
        self.read(move |connection| acts::latest_acts(connection, count))
    }

    /// The right to act, which one process has at a time: `None` while another one has it. It is
    /// held until it is dropped, and lost with the process.
    ///
    /// # Errors
    ///
    /// [`LedgerError::OnlyLooking`], or that the lock file cannot be used.
    pub fn acting(&self) -> Result<Option<Acting>, LedgerError> {
        match &self.kept {
            Kept::File(_, files) => Acting::try_take(files, ".acting-lock"),
            Kept::Look(look) => Err(look.refusal()),
            Kept::Nowhere(_) => Ok(Some(Acting::of_nothing_kept())),
        }
    }

    /// The right to send what waits, which one process has at a time: `None` while another one has
    /// it. It is held until it is dropped, and lost with the process.
    ///
    /// # Errors
    ///
    /// As [`Ledger::acting`].
    pub fn sending(&self) -> Result<Option<Acting>, LedgerError> {
        match &self.kept {
            Kept::File(_, files) => Acting::try_take(files, ".sending-lock"),
            Kept::Look(look) => Err(look.refusal()),
            Kept::Nowhere(_) => Ok(Some(Acting::of_nothing_kept())),
        }
    }

    /// One entry of the memory, when it is there and whole.
    pub(super) fn recall(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        let (kind, key, today) = (kind.to_owned(), key.to_owned(), self.today());
        let is_written = self.is_written();
        self.read(move |connection| {
            let recalled = memory::recall(connection, &kind, &key, today)?;
            if is_written && recalled.as_ref().is_some_and(|one| one.is_stale) {
                memory::touch(connection, &kind, &key, today)?;
            }
            Ok(recalled.map(|one| one.bytes))
        })
    }

    pub(super) fn remember(
        &self,
        kind: &str,
        key: &str,
        bytes: Vec<u8>,
    ) -> Result<(), LedgerError> {
        let (kind, key, today) = (kind.to_owned(), key.to_owned(), self.today());
        self.change(move |connection| memory::remember(connection, &kind, &key, &bytes, today))
    }

    fn today(&self) -> NaiveDate {
        let days = self.days.load(Ordering::Relaxed);
        NaiveDate::from_num_days_from_ce_opt(days).unwrap_or_default()
    }

    fn read<T: Send + 'static>(
        &self,
        job: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, LedgerError> {
        match &self.kept {
            Kept::File(worker, _) | Kept::Nowhere(worker) => {
                worker.run(move |connection| job(connection))
            }
            Kept::Look(look) => look.run(job),
        }
    }

    fn change<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, LedgerError> {
        match &self.kept {
            Kept::File(worker, _) | Kept::Nowhere(worker) => worker.run(job),
            Kept::Look(look) => Err(look.refusal()),
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = match &self.kept {
            Kept::File(..) => "in a file",
            Kept::Look(_) => "in a file that is only looked at",
            Kept::Nowhere(_) => "nowhere",
        };
        formatter
            .debug_struct("Ledger")
            .field("kept", &kept)
            .finish()
    }
}
