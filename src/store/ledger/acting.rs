//! The right to act, and that to send.

use std::fs::File;

use super::LedgerError;
use super::files::Files;

/// The right to act on what a ledger is about, or to send what waits in it: one process has it at a time, until this is dropped
/// or the process ends, however it ends.
#[derive(Debug)]
#[must_use = "the right to act is given back when this is dropped"]
pub struct Acting {
    /// Its lock goes with it.
    _lock: Option<File>,
}

impl Acting {
    /// Takes the lock of this name beside the ledger.
    pub(super) fn try_take(files: &Files, name: &str) -> Result<Option<Self>, LedgerError> {
        let lock = files.lock(name)?;
        Ok(lock.map(|lock| Self { _lock: Some(lock) }))
    }

    /// Where nothing is kept there is nothing to share with another process.
    pub(super) const fn of_nothing_kept() -> Self {
        Self { _lock: None }
    }
}
