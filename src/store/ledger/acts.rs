//! What was acted on: intents before the write, outcomes after it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Fault;
use super::row::{bounded, check, digest, moment, moment_text};

/// What is about to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// What makes it this act and no other; the same act in a later cycle has the same key.
    pub key: String,
    /// What it belongs to, such as a project and its line.
    pub scope: String,
    /// What kind of act it is, such as `open-issue`.
    pub kind: String,
    /// What is needed to find out later whether it happened. No secret.
    pub detail: Value,
    /// When it was decided.
    pub at: DateTime<Utc>,
}

/// What came of an intent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is done.
    Done {
        /// Where it can be seen.
        url: Option<String>,
        /// What it made, such as an issue's number. No secret.
        detail: Value,
    },
    /// It did not happen.
    Failed {
        /// Why, as a sentence.
        error: String,
    },
    /// It is no longer wanted, or cannot be found out.
    Abandoned,
}

/// An intent and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// What makes it this act and no other.
    pub key: String,
    /// What it belongs to.
    pub scope: String,
    /// What kind of act it is.
    pub kind: String,
    /// What its last intent says.
    pub detail: Value,
    /// When it was intended last.
    pub intended_at: DateTime<Utc>,
    /// How often it was intended, from 1.
    pub attempts: u32,
    /// What came of it; nothing while nobody knows.
    pub outcome: Option<Outcome>,
    /// When the outcome was noted.
    pub concluded_at: Option<DateTime<Utc>>,
}

/// The kind of the acts that opened an issue.
const OPENS: &str = "open-issue";

const COLUMNS: &str =
    "key, scope, kind, detail, intended_at, attempts, outcome, concluded_at, digest";

/// A row as it stands in the table, without its digest.
#[derive(Serialize)]
struct Record {
    key: String,
    scope: String,
    kind: String,
    detail: String,
    intended_at: String,
    attempts: u32,
    outcome: Option<String>,
    concluded_at: Option<String>,
}

pub(super) fn intend(connection: &mut Connection, intent: &Intent) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = record(&transaction, &intent.key)?;
    let record = Record {
        key: intent.key.clone(),
        scope: intent.scope.clone(),
        kind: intent.kind.clone(),
        detail: intent.detail.to_string(),
        intended_at: moment_text(intent.at),
        attempts: before.map_or(0, |record| record.attempts).saturating_add(1),
        outcome: None,
        concluded_at: None,
    };
    write(&transaction, &record)?;
    transaction.commit()?;
    Ok(())
}

pub(super) fn conclude(
    connection: &mut Connection,
    key: &str,
    outcome: &Outcome,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let outcome = serde_json::to_string(outcome)
        .map_err(|error| Fault::Damaged(format!("an outcome has no form as JSON: {error}")))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(mut record) = record(&transaction, key)? else {
        return Err(Fault::NotIntended(key.to_owned()));
    };
    record.outcome = Some(outcome);
    record.concluded_at = Some(moment_text(at));
    write(&transaction, &record)?;
    transaction.commit()?;
    Ok(())
}

pub(super) fn act(connection: &Connection, key: &str) -> Result<Option<Act>, Fault> {
    record(connection, key)?.map(Record::into_act).transpose()
}

pub(super) fn open_acts(connection: &Connection, scope: &str) -> Result<Vec<Act>, Fault> {
    acts(
        connection,
        "WHERE scope = ?1 AND outcome IS NULL ORDER BY intended_at, key",
        scope,
    )
}

pub(super) fn latest_acts(connection: &Connection, count: usize) -> Result<Vec<Act>, Fault> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    acts(
        connection,
        "ORDER BY intended_at DESC, key DESC LIMIT ?1",
        count,
    )
}

/// Forgets acts that were concluded before this moment, but those without an outcome, and those
/// that opened an issue.
pub(super) fn forget_before(
    connection: &mut Connection,
    moment: DateTime<Utc>,
) -> Result<u64, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let count = transaction.execute(
        "DELETE FROM act WHERE outcome IS NOT NULL AND concluded_at < ?1 AND kind <> ?2",
        [moment_text(moment).as_str(), OPENS],
    )?;
    transaction.commit()?;
    Ok(count as u64)
}

/// The acts that were concluded at this moment or later, in the order in which they were.
pub(super) fn concluded_since(
    connection: &Connection,
    moment: DateTime<Utc>,
) -> Result<Vec<Act>, Fault> {
    acts(
        connection,
        "WHERE concluded_at >= ?1 ORDER BY concluded_at, key",
        moment_text(moment),
    )
}

/// The acts that were concluded before that moment.
pub(super) fn concluded_before(
    connection: &Connection,
    moment: DateTime<Utc>,
) -> Result<Vec<Act>, Fault> {
    acts(
        connection,
        "WHERE concluded_at < ?1 ORDER BY concluded_at, key",
        moment_text(moment),
    )
}

/// Refuses the table when any of its rows is damaged.
pub(super) fn check_all(connection: &Connection) -> Result<(), Fault> {
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM act"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        read(row)?.into_act()?;
    }
    Ok(())
}

fn acts(
    connection: &Connection,
    condition: &str,
    parameter: impl rusqlite::ToSql,
) -> Result<Vec<Act>, Fault> {
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM act {condition}"))?;
    let mut rows = statement.query([parameter])?;
    let mut acts = Vec::new();
    while let Some(row) = rows.next()? {
        acts.push(read(row)?.into_act()?);
    }
    Ok(acts)
}

fn record(connection: &Connection, key: &str) -> Result<Option<Record>, Fault> {
    connection
        .query_row(
            &format!("SELECT {COLUMNS} FROM act WHERE key = ?1"),
            [key],
            |row| Ok(read(row)),
        )
        .optional()?
        .transpose()
}

fn read(row: &Row<'_>) -> Result<Record, Fault> {
    let record = Record {
        key: row.get(0)?,
        scope: row.get(1)?,
        kind: row.get(2)?,
        detail: row.get(3)?,
        intended_at: row.get(4)?,
        attempts: row.get(5)?,
        outcome: row.get(6)?,
        concluded_at: row.get(7)?,
    };
    check("act", &record.key, &row.get::<_, String>(8)?, &record)?;
    Ok(record)
}

fn write(connection: &Connection, record: &Record) -> Result<(), Fault> {
    for (what, text) in [
        ("the key of an intent", record.key.as_str()),
        ("the scope of an intent", &record.scope),
        ("the kind of an intent", &record.kind),
        ("the detail of an intent", &record.detail),
        ("an outcome", record.outcome.as_deref().unwrap_or_default()),
    ] {
        bounded(what, text)?;
    }
    connection.execute(
        &format!(
            "INSERT OR REPLACE INTO act ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        ),
        params![
            record.key,
            record.scope,
            record.kind,
            record.detail,
            record.intended_at,
            record.attempts,
            record.outcome,
            record.concluded_at,
            digest(record)?
        ],
    )?;
    Ok(())
}

impl Record {
    fn into_act(self) -> Result<Act, Fault> {
        let damaged = |error| Fault::Damaged(format!("the act {:?}: {error}", self.key));
        Ok(Act {
            detail: serde_json::from_str(&self.detail).map_err(damaged)?,
            outcome: self
                .outcome
                .as_deref()
                .map(serde_json::from_str)
                .transpose()
                .map_err(damaged)?,
            intended_at: moment(&self.intended_at)?,
            attempts: self.attempts,
            concluded_at: self.concluded_at.as_deref().map(moment).transpose()?,
            key: self.key,
            scope: self.scope,
            kind: self.kind,
        })
    }
}
