//! The rows of the table of deliveries, each with its digest.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Delivery, DeliveryOutcome};
use crate::store::ledger::Fault;
use crate::store::ledger::row::{bounded, check, digest, moment, moment_text};

pub(super) const COLUMNS: &str = "id, receiver, message, made_at, due_at, attempts, tried_at, error, outcome, \
                       concluded_at, digest";

/// A row as it stands in the table, without its digest.
#[derive(Serialize)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) receiver: String,
    pub(super) message: String,
    pub(super) made_at: String,
    pub(super) due_at: String,
    pub(super) attempts: u32,
    pub(super) tried_at: Option<String>,
    pub(super) error: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) concluded_at: Option<String>,
}

pub(super) fn record(connection: &Connection, id: &str) -> Result<Option<Record>, Fault> {
    connection
        .query_row(
            &format!("SELECT {COLUMNS} FROM delivery WHERE id = ?1"),
            [id],
            |row| Ok(read(row)),
        )
        .optional()?
        .transpose()
}

pub(super) fn read(row: &Row<'_>) -> Result<Record, Fault> {
    let record = Record {
        id: row.get(0)?,
        receiver: row.get(1)?,
        message: row.get(2)?,
        made_at: row.get(3)?,
        due_at: row.get(4)?,
        attempts: row.get(5)?,
        tried_at: row.get(6)?,
        error: row.get(7)?,
        outcome: row.get(8)?,
        concluded_at: row.get(9)?,
    };
    check("delivery", &record.id, &row.get::<_, String>(10)?, &record)?;
    Ok(record)
}

pub(super) fn write(connection: &Connection, record: &Record) -> Result<(), Fault> {
    for (what, text) in [
        ("the id of a delivery", record.id.as_str()),
        ("a receiver", &record.receiver),
        ("a message", &record.message),
        ("an error", record.error.as_deref().unwrap_or_default()),
    ] {
        bounded(what, text)?;
    }
    connection.execute(
        &format!(
            "INSERT OR REPLACE INTO delivery ({COLUMNS}) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
        ),
        params![
            record.id,
            record.receiver,
            record.message,
            record.made_at,
            record.due_at,
            record.attempts,
            record.tried_at,
            record.error,
            record.outcome,
            record.concluded_at,
            digest(record)?
        ],
    )?;
    Ok(())
}

impl Record {
    pub(super) fn conclude(
        &mut self,
        outcome: &DeliveryOutcome,
        error: Option<String>,
        at: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let text = serde_json::to_string(outcome)
            .map_err(|error| Fault::Damaged(format!("an outcome has no form as JSON: {error}")))?;
        self.outcome = Some(text);
        self.error = error;
        self.concluded_at = Some(moment_text(at));
        Ok(())
    }

    pub(super) fn outcome(&self) -> Result<Option<DeliveryOutcome>, Fault> {
        let read = self.outcome.as_deref().map(serde_json::from_str);
        read.transpose().map_err(|error| self.damaged(error))
    }

    pub(super) fn damaged(&self, error: serde_json::Error) -> Fault {
        Fault::Damaged(format!("the delivery {:?}: {error}", self.id))
    }

    pub(super) fn into_delivery(self) -> Result<Delivery, Fault> {
        let message = serde_json::from_str(&self.message).map_err(|error| self.damaged(error))?;
        Ok(Delivery {
            message,
            made: moment(&self.made_at)?,
            attempts: self.attempts,
            id: self.id,
            receiver: self.receiver,
        })
    }
}
