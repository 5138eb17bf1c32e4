//! What is remembered between runs: scans of wheels, pages with what makes them conditional, and
//! the last good copies of OpenSSL's feeds.
//!
//! Everything here can be lost without harm: what is missing, damaged or from another revision is
//! read or fetched again. So nothing here fails; a folder that cannot be written to is warned
//! about once.

mod copies;
mod folder;
mod pages;
mod scans;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use etcetera::{BaseStrategy, choose_base_strategy};

use folder::Folder;

/// The memory between runs.
#[derive(Debug)]
pub struct Store {
    folder: Option<Folder>,
    read_only: bool,
    warned: AtomicBool,
}

impl Store {
    /// Remembers nothing (`--no-cache`).
    pub const fn none() -> Self {
        Self {
            folder: None,
            read_only: false,
            warned: AtomicBool::new(false),
        }
    }

    /// Remembers in this folder, which is made when it is first needed.
    pub const fn at(folder: PathBuf) -> Self {
        Self {
            folder: Some(Folder::new(folder)),
            read_only: false,
            warned: AtomicBool::new(false),
        }
    }

    /// Uses what is remembered, and writes nothing (`--dry-run`).
    #[must_use]
    pub const fn read_only(mut self) -> Self {
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
        self.folder.as_ref()?.read(kind, key)
    }

    fn write(&self, kind: &str, key: &str, parts: &[&[u8]]) {
        if let Some(folder) = &self.folder
            && !self.read_only
            && let Err(error) = folder.write(kind, key, parts)
        {
            self.warn(&error);
        }
    }

    fn warn(&self, reason: &str) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!("nothing is remembered for the next run: {reason}");
        }
    }
}
