//! What is to be sent to whom: attempts before they are made, outcomes after them.

mod record;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::row::{moment, moment_text};
use super::{Fault, Ledger, LedgerError};

use record::{COLUMNS, Record, read, record, write};

/// How many messages may wait for one receiver; a further one is given up at once.
const MOST_WAITING: i64 = 500;

/// The longest pause between two attempts. What is due later than that was noted by a clock that
/// has been set back since, and is due at once.
pub const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(6);

/// A message that is to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// What makes it this message to this receiver, whatever the number of attempts.
    pub id: String,
    /// The receiver's name.
    pub receiver: String,
    /// What it is told. No secret.
    pub message: Value,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryOutcome {
    /// The receiver took it.
    Delivered,
    /// It is not tried any more.
    GivenUp,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The receiver took it.
    Delivered,
    /// It did not, and is tried again from that moment on.
    Again {
        /// Why, as a sentence. No secret.
        error: String,
        /// From when on.
        due: DateTime<Utc>,
    },
    /// It did not, and is not tried any more.
    GivenUp {
        /// Why, as a sentence. No secret.
        error: String,
    },
}

/// A delivery that is being tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// What makes it this message to this receiver.
    pub id: String,
    /// The receiver's name.
    pub receiver: String,
    /// What it is told.
    pub message: Value,
    /// When there was something to tell.
    pub made: DateTime<Utc>,
    /// Which attempt this is, from 1.
    pub attempts: u32,
}

/// The deliveries to one receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// How many wait.
    pub waiting: u64,
    /// How many were delivered, of those that are not forgotten.
    pub delivered: u64,
    /// How many were given up, of those that are not forgotten.
    pub given_up: u64,
    /// Why the last attempt of one that waits or was given up failed.
    pub error: Option<String>,
    /// When the last one was delivered.
    pub last_delivered: Option<DateTime<Utc>>,
    /// When the next one is due.
    pub next_due: Option<DateTime<Utc>>,
}

impl Ledger {
    /// The oldest delivery to a receiver that is due, with the note that it is tried now; the note
    /// outlives the process once this returns.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`]; do not send then.
    pub fn attempt(
        &self,
        receiver: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Delivery>, LedgerError> {
        let receiver = receiver.to_owned();
        self.change(move |connection| attempt(connection, &receiver, now))
    }

    /// Notes what an attempt came to.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`].
    pub fn attempted(
        &self,
        id: &str,
        attempt: &Attempt,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let (id, attempt) = (id.to_owned(), attempt.clone());
        self.change(move |connection| attempted(connection, &id, &attempt, at))
    }

    /// The deliveries by their receivers.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`].
    pub fn deliveries(&self) -> Result<BTreeMap<String, Deliveries>, LedgerError> {
        self.read(deliveries)
    }

    /// Gives up what waits for receivers that are not among these.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`]; nothing is given up then.
    pub fn give_up_others(
        &self,
        receivers: &[&str],
        now: DateTime<Utc>,
    ) -> Result<u64, LedgerError> {
        let receivers: Vec<String> = receivers.iter().map(|&one| one.to_owned()).collect();
        self.change(move |connection| give_up_others(connection, &receivers, now))
    }

    /// Forgets deliveries that were concluded before this moment.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`]; nothing is forgotten then.
    pub fn forget_deliveries_before(&self, moment: DateTime<Utc>) -> Result<u64, LedgerError> {
        self.change(move |connection| {
            let count = connection.execute(
                "DELETE FROM delivery WHERE outcome IS NOT NULL AND concluded_at < ?1",
                [moment_text(moment)],
            )?;
            Ok(count as u64)
        })
    }
}

/// Puts a delivery into the table, where it is not in it yet.
pub(super) fn insert(
    connection: &Connection,
    new: &NewDelivery,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    if record(connection, &new.id)?.is_some() {
        return Ok(());
    }
    let waiting: i64 = connection.query_row(
        "SELECT count(*) FROM delivery WHERE receiver = ?1 AND outcome IS NULL",
        [&new.receiver],
        |row| row.get(0),
    )?;
    let mut record = Record {
        id: new.id.clone(),
        receiver: new.receiver.clone(),
        message: new.message.to_string(),
        made_at: moment_text(now),
        due_at: moment_text(now),
        attempts: 0,
        tried_at: None,
        error: None,
        outcome: None,
        concluded_at: None,
    };
    if waiting >= MOST_WAITING {
        let error = format!("{MOST_WAITING} others wait for this receiver already");
        record.conclude(&DeliveryOutcome::GivenUp, Some(error), now)?;
    }
    write(connection, &record)
}

fn attempt(
    connection: &mut Connection,
    receiver: &str,
    now: DateTime<Utc>,
) -> Result<Option<Delivery>, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (now, never) = (moment_text(now), moment_text(now + LONGEST_PAUSE));
    let found = transaction
        .query_row(
            &format!(
                "SELECT {COLUMNS} FROM delivery WHERE receiver = ?1 AND outcome IS NULL AND \
                 (due_at <= ?2 OR due_at > ?3) ORDER BY due_at, made_at, id LIMIT 1"
            ),
            [receiver, &now, &never],
            |row| Ok(read(row)),
        )
        .optional()?
        .transpose()?;
    let Some(mut record) = found else {
        return Ok(None);
    };
    record.attempts = record.attempts.saturating_add(1);
    record.tried_at = Some(now);
    write(&transaction, &record)?;
    transaction.commit()?;
    record.into_delivery().map(Some)
}

fn attempted(
    connection: &mut Connection,
    id: &str,
    attempt: &Attempt,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(mut record) = record(&transaction, id)? else {
        return Err(Fault::NotIntended(id.to_owned()));
    };
    match attempt {
        Attempt::Delivered => record.conclude(&DeliveryOutcome::Delivered, None, at)?,
        Attempt::GivenUp { error } => {
            record.conclude(&DeliveryOutcome::GivenUp, Some(error.clone()), at)?;
        }
        Attempt::Again { error, due } => {
            record.error = Some(error.clone());
            record.due_at = moment_text(*due);
        }
    }
    write(&transaction, &record)?;
    transaction.commit()?;
    Ok(())
}

fn give_up_others(
    connection: &mut Connection,
    receivers: &[String],
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut count = 0_u64;
    for mut record in open(&transaction)? {
        if !receivers.contains(&record.receiver) {
            let error = "the configuration names this receiver no longer".to_owned();
            record.conclude(&DeliveryOutcome::GivenUp, Some(error), now)?;
            write(&transaction, &record)?;
            count = count.saturating_add(1);
        }
    }
    transaction.commit()?;
    Ok(count)
}

fn deliveries(connection: &Connection) -> Result<BTreeMap<String, Deliveries>, Fault> {
    // The newest last: its error stays.
    let mut statement = connection.prepare(&format!(
        "SELECT {COLUMNS} FROM delivery ORDER BY made_at, id"
    ))?;
    let mut rows = statement.query([])?;
    let mut all: BTreeMap<String, Deliveries> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let record = read(row)?;
        let known = all.entry(record.receiver.clone()).or_default();
        let at = record.concluded_at.as_deref().map(moment).transpose()?;
        match record.outcome()? {
            None => {
                known.waiting = known.waiting.saturating_add(1);
                let due = moment(&record.due_at)?;
                known.next_due = Some(known.next_due.map_or(due, |next| next.min(due)));
                known.error = record.error.or(known.error.take());
            }
            Some(DeliveryOutcome::Delivered) => {
                known.delivered = known.delivered.saturating_add(1);
                known.last_delivered = known.last_delivered.max(at);
            }
            Some(DeliveryOutcome::GivenUp) => {
                known.given_up = known.given_up.saturating_add(1);
                known.error = record.error.or(known.error.take());
            }
        }
    }
    Ok(all)
}

fn open(connection: &Connection) -> Result<Vec<Record>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM delivery WHERE outcome IS NULL");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Refuses the table when any of its rows is damaged.
pub(super) fn check_all(connection: &Connection) -> Result<(), Fault> {
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM delivery"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let record = read(row)?;
        record.outcome()?;
        record.into_delivery()?;
    }
    Ok(())
}
