//! Where entries are: the seam between what is remembered and the place that holds it.

use std::fmt::Debug;

use super::ledger::Ledger;

/// A place for entries, each under a kind and a SHA-256. Errors are reasons for people.
pub(super) trait Entries: Debug + Send + Sync {
    /// An entry; one that is missing or damaged is none.
    fn read(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, String>;

    /// Writes an entry, which is `parts` one after the other, so that readers see all of it or
    /// nothing.
    fn write(&self, kind: &str, key: &str, parts: &[&[u8]]) -> Result<(), String>;
}

/// The tables of a ledger.
#[derive(Debug)]
pub(super) struct InLedger(pub(super) Ledger);

impl Entries for InLedger {
    fn read(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.0.recall(kind, key).map_err(|error| error.to_string())
    }

    fn write(&self, kind: &str, key: &str, parts: &[&[u8]]) -> Result<(), String> {
        self.0
            .remember(kind, key, parts.concat())
            .map_err(|error| error.to_string())
    }
}
