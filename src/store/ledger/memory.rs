//! The memory of [`Store`](super::super::Store): bytes under a kind and a key.

use rusqlite::{Connection, OptionalExtension, params};

use crate::source::Sha256Sum;

use super::Fault;

pub(super) fn recall(
    connection: &Connection,
    kind: &str,
    key: &str,
) -> Result<Option<Vec<u8>>, Fault> {
    let found: Option<(String, Vec<u8>)> = connection
        .query_row(
            "SELECT digest, bytes FROM memory WHERE kind = ?1 AND key = ?2",
            [kind, key],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(found.and_then(|(digest, bytes)| (Sha256Sum::of(&bytes) == digest).then_some(bytes)))
}

pub(super) fn remember(
    connection: &Connection,
    kind: &str,
    key: &str,
    bytes: &[u8],
) -> Result<(), Fault> {
    // One statement is a transaction of its own, which takes the write lock at once.
    connection.execute(
        "INSERT OR REPLACE INTO memory (kind, key, digest, bytes) VALUES (?1, ?2, ?3, ?4)",
        params![kind, key, Sha256Sum::of(bytes), bytes],
    )?;
    Ok(())
}
