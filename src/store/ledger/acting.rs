//! The right to act.

use std::fs::File;

use super::LedgerError;
use super::files::Files;

/// The right to act on what a ledger is about: one process has it at a time, until this is dropped
/// or the process ends, however it ends.
#[derive(Debug)]
#[must_use = "the right to act is given back when this is dropped"]
pub struct Acting {
    /// Its lock goes with it.
    _lock: Option<File>,
}

impl Acting {
    pub(super) fn try_take(files: &Files) -> Result<Option<Self>, LedgerError> {
        let lock = files.acting_lock()?;
        Ok(lock.map(|lock| Self { _lock: Some(lock) }))
    }

    /// Where nothing is kept there is nothing to share with another process.
    pub(super) const fn of_nothing_kept() -> Self {
        Self { _lock: None }
    }
}
