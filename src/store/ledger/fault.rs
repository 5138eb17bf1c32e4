//! What goes wrong inside, before it is known which file it was about.

use std::path::Path;
use std::time::Duration;

use rusqlite::ffi::{
    SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMMAP, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE,
    SQLITE_IOERR_WRITE,
};
use rusqlite::{Error, ErrorCode};

use super::LedgerError;

/// What goes wrong inside the ledger.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(Error),
    Damaged(String),
    Foreign(i64),
    Newer {
        found: i64,
        known: i64,
    },
    Older {
        found: i64,
        known: i64,
    },
    ReadOnly,
    NotIntended(String),
    TooLong {
        what: &'static str,
        bytes: usize,
        most: usize,
    },
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    /// The error for people, about the ledger at this path.
    pub(super) fn at(self, path: &Path, waited: Duration) -> LedgerError {
        let path = path.to_owned();
        match self {
            Self::Sqlite(source) => of_sqlite(source, path, waited),
            Self::Damaged(reason) => LedgerError::Damaged { path, reason },
            Self::Foreign(application_id) => LedgerError::Foreign {
                path,
                application_id,
            },
            Self::Newer { found, known } => LedgerError::NewerSchema { path, found, known },
            Self::Older { found, known } => LedgerError::OlderSchema { path, found, known },
            Self::ReadOnly => LedgerError::ReadOnly {
                path,
                reason: "the file is read-only".to_owned(),
            },
            Self::NotIntended(key) => LedgerError::NotIntended { path, key },
            Self::TooLong { what, bytes, most } => LedgerError::TooLong {
                path,
                what,
                bytes,
                most,
            },
        }
    }
}

/// The result codes are those of <https://sqlite.org/rescode.html>.
fn of_sqlite(source: Error, path: std::path::PathBuf, waited: Duration) -> LedgerError {
    // A statement that does not fit the tables, a value of a type that they do not have, or text
    // that is no UTF-8: the file is not as it was written.
    let is_strange = matches!(
        source,
        Error::SqlInputError { .. }
            | Error::FromSqlConversionFailure(..)
            | Error::InvalidColumnType(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..)
    );
    match source.sqlite_error_code() {
        _ if is_strange => LedgerError::Damaged {
            path,
            reason: source.to_string(),
        },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => LedgerError::Damaged {
            path,
            reason: source.to_string(),
        },
        Some(ErrorCode::DiskFull) => LedgerError::DiskFull {
            path,
            reason: "the disk is full",
        },
        // SQLite tells only one cause from the others: that the disk is full.
        Some(ErrorCode::SystemIoFailure) if is_failed_write(&source) => LedgerError::DiskFull {
            path,
            reason: "the system refused a write (a quota, a limit on the size of files, or a disk \
                     that fails)",
        },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => LedgerError::ReadOnly {
            path,
            reason: source.to_string(),
        },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            LedgerError::Locked { path, waited }
        }
        _ => LedgerError::Database { path, source },
    }
}

fn is_failed_write(error: &Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        [
            SQLITE_IOERR_WRITE,
            SQLITE_IOERR_SHMSIZE,
            SQLITE_IOERR_SHMMAP,
            SQLITE_IOERR_FSYNC,
            SQLITE_IOERR_TRUNCATE,
        ]
        .contains(&error.extended_code)
    })
}
