//! What was told, and what fails again and again: each thing is told once, whoever looks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::acts::{self, Act};
use super::deliveries::{self, NewDelivery};
use super::row::{bounded, check, digest, moment, moment_text};
use super::{Fault, Ledger, LedgerError};

/// Under what it stands when something was told for the first time with this ledger.
const BEGAN: &str = "began";

/// How far back acts are looked for that were not told; after that they are old news.
const ACTS_FOR: TimeDelta = TimeDelta::days(7);

/// By how much the clocks may differ by which acts are noted.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(10);

/// How old the note that something still holds may be.
const FRESH: TimeDelta = TimeDelta::days(1);

/// Something that fails again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// How many times in a row.
    pub failures: u32,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether it was told.
    pub is_told: bool,
    /// Why it failed the last time, as a sentence. No secret.
    pub why: String,
}

/// What is known before something is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// What was told, or is kept back, by its key, and when that was last so.
    pub keys: BTreeMap<String, DateTime<Utc>>,
    /// What fails again and again, by its name.
    pub troubles: BTreeMap<String, Trouble>,
    /// Acts that were concluded in the last days.
    pub acts: Vec<Act>,
    /// When something is told for the first time with this ledger: the acts that are older than
    /// that, and no news.
    pub old_acts: Vec<Act>,
}

/// What is told now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Telling {
    /// What counts as told from now on, or still does.
    pub keys: BTreeSet<String>,
    /// What was told and does not hold any more: it is told again when it does.
    pub over: BTreeSet<String>,
    /// What fails now, or fails no more.
    pub troubles: BTreeMap<String, Option<Trouble>>,
    /// What is to be sent.
    pub deliveries: Vec<NewDelivery>,
}

impl Ledger {
    /// Tells: `decide` is given what is known and says what is told now, and all of that is noted
    /// or nothing. What was told last before `forget_before`, if that is given, is forgotten.
    ///
    /// # Errors
    ///
    /// A [`LedgerError`]; nothing is told then.
    pub fn tell(
        &self,
        now: DateTime<Utc>,
        forget_before: Option<DateTime<Utc>>,
        decide: impl FnOnce(&Told) -> Telling + Send + 'static,
    ) -> Result<(), LedgerError> {
        self.change(move |connection| tell(connection, now, forget_before, decide))
    }
}

fn tell(
    connection: &mut Connection,
    now: DateTime<Utc>,
    forget_before: Option<DateTime<Utc>>,
    decide: impl FnOnce(&Told) -> Telling,
) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut told = Told {
        keys: keys(&transaction)?,
        troubles: troubles(&transaction)?,
        ..Told::default()
    };
    told.acts = acts::concluded_since(&transaction, now - ACTS_FOR)?;
    if told.keys.remove(BEGAN).is_none() {
        write_key(&transaction, BEGAN, now)?;
        // By name, and not by their time: a clock that is set back later must not make what it
        // notes then old.
        let before = now - CLOCKS_DIFFER;
        told.acts.retain(|act| act.concluded_at >= Some(before));
        told.old_acts = acts::concluded_before(&transaction, before)?;
    }
    let telling = decide(&told);
    for key in &telling.keys {
        if told.keys.get(key).is_none_or(|at| now - *at >= FRESH) {
            write_key(&transaction, key, now)?;
        }
    }
    for (subject, trouble) in &telling.troubles {
        if told.troubles.get(subject) != trouble.as_ref() {
            write_trouble(&transaction, subject, trouble.as_ref())?;
        }
    }
    for delivery in &telling.deliveries {
        deliveries::insert(&transaction, delivery, now)?;
    }
    for key in &telling.over {
        transaction.execute("DELETE FROM told WHERE key = ?1", [key])?;
    }
    if let Some(before) = forget_before {
        transaction.execute(
            "DELETE FROM told WHERE at < ?1 AND key <> ?2",
            [moment_text(before).as_str(), BEGAN],
        )?;
    }
    transaction.commit()?;
    Ok(())
}

/// Refuses the tables when any of their rows is damaged.
pub(super) fn check_all(connection: &Connection) -> Result<(), Fault> {
    keys(connection)?;
    troubles(connection)?;
    Ok(())
}

fn keys(connection: &Connection) -> Result<BTreeMap<String, DateTime<Utc>>, Fault> {
    let mut statement = connection.prepare("SELECT key, at, digest FROM told")?;
    let mut rows = statement.query([])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let columns: (String, String) = (row.get(0)?, row.get(1)?);
        check("told", &columns.0, &row.get::<_, String>(2)?, &columns)?;
        found.insert(columns.0, moment(&columns.1)?);
    }
    Ok(found)
}

fn write_key(connection: &Connection, key: &str, at: DateTime<Utc>) -> Result<(), Fault> {
    bounded("what is told", key)?;
    let columns = (key, moment_text(at));
    connection.execute(
        "INSERT OR REPLACE INTO told (key, at, digest) VALUES (?1, ?2, ?3)",
        params![columns.0, columns.1, digest(&columns)?],
    )?;
    Ok(())
}

type TroubleColumns = (String, u32, String, bool, String);

fn troubles(connection: &Connection) -> Result<BTreeMap<String, Trouble>, Fault> {
    let mut statement =
        connection.prepare("SELECT subject, failures, since, told, why, digest FROM trouble")?;
    let mut rows = statement.query([])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (subject, trouble) = read_trouble(row)?;
        found.insert(subject, trouble);
    }
    Ok(found)
}

fn read_trouble(row: &Row<'_>) -> Result<(String, Trouble), Fault> {
    let columns: TroubleColumns = (
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    );
    check("trouble", &columns.0, &row.get::<_, String>(5)?, &columns)?;
    let (subject, failures, since, is_told, why) = columns;
    let since = moment(&since)?;
    let trouble = Trouble {
        failures,
        since,
        is_told,
        why,
    };
    Ok((subject, trouble))
}

fn write_trouble(
    connection: &Connection,
    subject: &str,
    trouble: Option<&Trouble>,
) -> Result<(), Fault> {
    let Some(trouble) = trouble else {
        connection.execute("DELETE FROM trouble WHERE subject = ?1", [subject])?;
        return Ok(());
    };
    bounded("what fails", subject)?;
    bounded("why it fails", &trouble.why)?;
    let columns: TroubleColumns = (
        subject.to_owned(),
        trouble.failures,
        moment_text(trouble.since),
        trouble.is_told,
        trouble.why.clone(),
    );
    connection.execute(
        "INSERT OR REPLACE INTO trouble (subject, failures, since, told, why, digest) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            columns.0,
            columns.1,
            columns.2,
            columns.3,
            columns.4,
            digest(&columns)?
        ],
    )?;
    Ok(())
}
