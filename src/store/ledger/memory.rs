//! The memory of [`Store`](super::super::Store): bytes under a kind and a key, each with the day on
//! which it was used last, give or take a week.

use chrono::{NaiveDate, TimeDelta};
use rusqlite::{Connection, OptionalExtension, params};

use crate::source::Sha256Sum;

use super::Fault;

/// A day of use that is no older is left as it is: a steady cycle writes nothing.
const COARSE: TimeDelta = TimeDelta::days(7);

/// An entry, and whether the day of its use is to be noted anew.
pub(super) struct Recalled {
    pub(super) bytes: Vec<u8>,
    pub(super) is_stale: bool,
}

pub(super) fn recall(
    connection: &Connection,
    kind: &str,
    key: &str,
    today: NaiveDate,
) -> Result<Option<Recalled>, Fault> {
    let found: Option<(String, String, Vec<u8>)> = connection
        .query_row(
            "SELECT used_on, digest, bytes FROM memory WHERE kind = ?1 AND key = ?2",
            [kind, key],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    Ok(found.and_then(|(used_on, digest, bytes)| {
        let used_on = used_on.parse::<NaiveDate>().ok();
        (Sha256Sum::of(&bytes) == digest).then_some(Recalled {
            bytes,
            is_stale: used_on.is_none_or(|used_on| (today - used_on).abs() > COARSE),
        })
    }))
}

/// Notes that an entry is used.
pub(super) fn touch(
    connection: &Connection,
    kind: &str,
    key: &str,
    today: NaiveDate,
) -> Result<(), Fault> {
    connection.execute(
        "UPDATE memory SET used_on = ?3 WHERE kind = ?1 AND key = ?2",
        params![kind, key, today.to_string()],
    )?;
    Ok(())
}

pub(super) fn remember(
    connection: &Connection,
    kind: &str,
    key: &str,
    bytes: &[u8],
    today: NaiveDate,
) -> Result<(), Fault> {
    // One statement is a transaction of its own, which takes the write lock at once.
    connection.execute(
        "INSERT OR REPLACE INTO memory (kind, key, used_on, digest, bytes) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![kind, key, today.to_string(), Sha256Sum::of(bytes), bytes],
    )?;
    Ok(())
}

pub(super) fn forget_before(connection: &Connection, day: NaiveDate) -> Result<u64, Fault> {
    let count = connection.execute("DELETE FROM memory WHERE used_on < ?1", [day.to_string()])?;
    Ok(count as u64)
}
