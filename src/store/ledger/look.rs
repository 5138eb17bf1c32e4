//! Reading a ledger without leaving a trace.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags};
use url::Url;

use super::files::Files;
use super::{Fault, LedgerError, open};

/// How often a file that changes while it is read is read again.
const ATTEMPTS: usize = 5;

/// A ledger that is opened anew for every question, and never written.
pub(super) struct Look {
    given: PathBuf,
    patience: Duration,
}

impl Look {
    /// Looks at the ledger once, and refuses it as a writer would.
    pub(super) fn at(path: &Path, patience: Duration) -> Result<Self, LedgerError> {
        check(path, patience)?;
        let look = Self {
            given: path.to_owned(),
            patience,
        };
        look.run(|_| Ok(()))?;
        Ok(look)
    }

    pub(super) fn refusal(&self) -> LedgerError {
        LedgerError::OnlyLooking {
            path: self.given.clone(),
        }
    }

    pub(super) fn run<T>(
        &self,
        job: impl Fn(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        visit(&self.given, self.patience, |connection| match connection {
            Some(connection) if open::is_filled(connection)? => job(connection),
            _ => job(&open::in_memory()?),
        })
    }
}

/// Refuses a ledger that cannot be believed; one that does not exist can.
pub(super) fn check(path: &Path, patience: Duration) -> Result<(), LedgerError> {
    visit(path, patience, |connection| match connection {
        Some(connection) => open::check(connection).map(|_| ()),
        None => Ok(()),
    })
}

/// Reads a ledger, if there is one; again, when somebody has written meanwhile.
fn visit<T>(
    path: &Path,
    patience: Duration,
    job: impl Fn(Option<&Connection>) -> Result<T, Fault>,
) -> Result<T, LedgerError> {
    for _ in 0..ATTEMPTS {
        let files = Files::of(path)?;
        let before = State::of(&files);
        let result = connect(&files, &before, patience)
            .and_then(|connection| job(connection.as_ref()))
            .map_err(|fault| fault.at(path, patience));
        // Nothing locks the file against a writer that comes meanwhile.
        if !before.is_at_rest() || State::of(&Files::of(path)?) == before {
            return result;
        }
    }
    Err(LedgerError::Locked {
        path: path.to_owned(),
        waited: patience,
    })
}

/// What tells that somebody writes: size and time of the file and of its write-ahead log.
#[derive(PartialEq, Eq)]
struct State {
    file: Option<(u64, SystemTime)>,
    log: Option<(u64, SystemTime)>,
}

impl State {
    fn of(files: &Files) -> Self {
        let look = |path: &Path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        Self {
            file: look(&files.real),
            log: look(&files.beside("-wal")),
        }
    }

    /// Whether all of the ledger is in the file.
    fn is_at_rest(&self) -> bool {
        self.log.is_none_or(|(bytes, _)| bytes == 0)
    }
}

fn connect(files: &Files, state: &State, patience: Duration) -> Result<Option<Connection>, Fault> {
    if !files.exists {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let address = Url::from_file_path(&files.real)
        .ok()
        .filter(|_| state.is_at_rest());
    let connection = if let Some(mut address) = address {
        // "Immutable" makes no files beside the database, and reads no log.
        address.set_query(Some("immutable=1"));
        Connection::open_with_flags(address.as_str(), flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        Connection::open_with_flags(&files.real, flags)?
    };
    connection.busy_timeout(patience)?;
    open::careful(&connection)?;
    Ok(Some(connection))
}
