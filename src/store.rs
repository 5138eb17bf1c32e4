//! What is remembered between runs: scans of wheels, pages with what makes them conditional, and
//! the last good copies of OpenSSL's feeds; in a folder, or in the [`ledger`], which also knows
//! what was seen and what was acted on.
//!
//! Everything a [`Store`] remembers can be lost without harm: what is missing, damaged or from
//! another revision is read or fetched again. So nothing of it fails; a place that cannot be
//! written to is warned about once.

mod answers;
mod copies;
mod entries;
mod folder;
pub mod ledger;
mod pages;
mod scans;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use etcetera::{BaseStrategy, choose_base_strategy};

use entries::{Entries, InLedger};
use folder::Folder;
use ledger::Ledger;

/// A bound on one entry; no entry of ours comes near it.
const MAXIMUM_BYTES: u64 = 128 << 20;

/// The memory between runs; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Store {
    entries: Option<Arc<dyn Entries>>,
    read_only: bool,
    warned: Arc<AtomicBool>,
}

impl Store {
    /// Remembers nothing (`--no-cache`).
    pub fn none() -> Self {
        Self::default()
    }

    /// Remembers in this folder, which is made when it is first needed.
    pub fn at(folder: PathBuf) -> Self {
        Self {
            entries: Some(Arc::new(Folder::new(folder))),
            ..Self::none()
        }
    }

    /// Remembers in this ledger; one that is only looked at is only read, and one that is kept
    /// nowhere remembers nothing.
    pub fn in_ledger(ledger: Ledger) -> Self {
        if !ledger.is_kept() {
            return Self::none();
        }
        Self {
            read_only: !ledger.is_written(),
            entries: Some(Arc::new(InLedger(ledger))),
            ..Self::none()
        }
    }

    /// Uses what is remembered, and writes nothing (`--dry-run`).
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Remembers in `REWHEEL_CACHE_DIR`, else in the user's cache folder.
    pub fn of_user(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        if let Some(folder) = variable("REWHEEL_CACHE_DIR").filter(|value| !value.is_empty()) {
            return Self::at(folder.into());
        }
        match choose_base_strategy() {
            Ok(folders) => Self::at(folders.cache_dir().join("rewheel")),
            Err(_) => {
                let store = Self::none();
                store.warn("there is no home folder");
                store
            }
        }
    }

    fn read(&self, kind: &str, key: &str) -> Option<Vec<u8>> {
        match self.entries.as_ref()?.read(kind, key) {
            Ok(entry) => entry,
            Err(reason) => {
                self.warn(&reason);
                None
            }
        }
    }

    fn write(&self, kind: &str, key: &str, parts: &[&[u8]]) {
        let bytes: u64 = parts.iter().map(|part| part.len() as u64).sum();
        if let Some(entries) = &self.entries
            && !self.read_only
            && bytes <= MAXIMUM_BYTES
            && let Err(reason) = entries.write(kind, key, parts)
        {
            self.warn(&reason);
        }
    }

    fn warn(&self, reason: &str) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!("nothing is remembered for the next run: {reason}");
        }
    }
}
