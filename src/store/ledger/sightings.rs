//! What was seen: per subject the last value, and since when.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::Fault;
use super::row::{bounded, check, digest, moment, moment_text};

/// What is known of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When the subject was seen for the first time.
    pub first: DateTime<Utc>,
    /// When it was first seen with this value, since when it has not had another.
    pub since: DateTime<Utc>,
    /// When it was seen last.
    pub last: DateTime<Utc>,
    /// Its value then.
    pub value: String,
}

/// What a look at a subject came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When the subject was seen for the first time; now for a new one.
    pub first: DateTime<Utc>,
    /// When it was first seen with this value, since when it has not had another.
    pub since: DateTime<Utc>,
    /// When it was seen last, which is now, or later after the clock was set back.
    pub last: DateTime<Utc>,
    /// Its value now.
    pub value: String,
    /// The value before this one, when it changed with this look.
    pub before: Option<String>,
    /// Whether it was never seen before.
    pub is_new: bool,
}

/// The sighting of a value now, given what was known.
pub(super) fn sighting(known: Option<Seen>, value: &str, now: DateTime<Utc>) -> Sighting {
    let Some(known) = known else {
        return Sighting {
            first: now,
            since: now,
            last: now,
            value: value.to_owned(),
            before: None,
            is_new: true,
        };
    };
    let is_changed = known.value != value;
    Sighting {
        first: known.first,
        since: if is_changed { now } else { known.since },
        last: now.max(known.last),
        value: value.to_owned(),
        before: is_changed.then_some(known.value),
        is_new: false,
    }
}

pub(super) fn see(
    connection: &mut Connection,
    subject: &str,
    value: &str,
    now: DateTime<Utc>,
) -> Result<Sighting, Fault> {
    bounded("what was seen", subject)?;
    bounded("the value that was seen", value)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sighting = sighting(seen(&transaction, subject)?, value, now);
    let columns = (
        subject,
        value,
        moment_text(sighting.first),
        moment_text(sighting.since),
        moment_text(sighting.last),
    );
    transaction.execute(
        "INSERT OR REPLACE INTO sighting (subject, value, first_at, since, last_at, digest) \
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
    transaction.commit()?;
    Ok(sighting)
}

pub(super) fn seen(connection: &Connection, subject: &str) -> Result<Option<Seen>, Fault> {
    connection
        .query_row(
            "SELECT subject, value, first_at, since, last_at, digest FROM sighting \
             WHERE subject = ?1",
            [subject],
            |row| Ok(read(row)),
        )
        .optional()?
        .transpose()
}

/// Every subject that begins so, with what is known of it.
pub(super) fn seen_under(
    connection: &Connection,
    prefix: &str,
) -> Result<Vec<(String, Seen)>, Fault> {
    let mut statement = connection.prepare(
        "SELECT subject, value, first_at, since, last_at, digest FROM sighting \
         WHERE substr(subject, 1, length(?1)) = ?1 ORDER BY subject",
    )?;
    let mut rows = statement.query([prefix])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((row.get(0)?, read(row)?));
    }
    Ok(found)
}

pub(super) fn forget_before(
    connection: &mut Connection,
    moment: DateTime<Utc>,
) -> Result<u64, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let count = transaction.execute(
        "DELETE FROM sighting WHERE last_at < ?1",
        [moment_text(moment)],
    )?;
    transaction.commit()?;
    Ok(count as u64)
}

/// Refuses the table when any of its rows is damaged.
pub(super) fn check_all(connection: &Connection) -> Result<(), Fault> {
    let mut statement = connection
        .prepare("SELECT subject, value, first_at, since, last_at, digest FROM sighting")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        read(row)?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Seen, Fault> {
    let columns: (String, String, String, String, String) = (
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    );
    check("sighting", &columns.0, &row.get::<_, String>(5)?, &columns)?;
    Ok(Seen {
        first: moment(&columns.2)?,
        since: moment(&columns.3)?,
        last: moment(&columns.4)?,
        value: columns.1,
    })
}
