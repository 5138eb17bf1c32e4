//! Why a ledger cannot be used, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A ledger that cannot be opened, read or written. What it holds is left as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A later rewheel has migrated it.
    #[error(
        "the ledger {} was made by a newer rewheel: its schema is version {found}, and this one \
         knows versions up to {known}. Use the newer rewheel, or name another file in [state] url",
        path.display()
    )]
    NewerSchema {
        /// The ledger.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// It would have to be migrated, which a run that only looks does not.
    #[error(
        "the ledger {} was made by an earlier rewheel (its schema is version {found}, now {known}) \
         and is brought up to date by the next run without --dry-run",
        path.display()
    )]
    OlderSchema {
        /// The ledger.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The version that it should have.
        known: i64,
    },
    /// It was removed or replaced while it was open.
    #[error(
        "the ledger {} was removed or replaced while it was in use: what would be noted in it would \
         be lost. Put it back, or restart rewheel, which begins anew with what stands there",
        path.display()
    )]
    Gone {
        /// The ledger.
        path: PathBuf,
    },
    /// It is no database, or a damaged one.
    #[error(
        "the ledger {} is damaged ({reason}), so nothing that it says is believed and nothing was \
         changed. Move it away, with the files beside it that begin with its name; a new one is \
         filled again from GitHub and the package index",
        path.display()
    )]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// What is wrong, in words.
        reason: String,
    },
    /// It is a database, but of another program.
    #[error(
        "{} is the database of another program (application id {application_id}), and nothing of \
         it was changed. Name another file in [state] url",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What the other program calls itself (`PRAGMA application_id`), 0 for nothing.
        application_id: i64,
    },
    /// Nothing more fits on the disk, or into what this user may have of it.
    #[error(
        "the ledger {} cannot grow: {reason}. What it held is kept; make room and try again",
        path.display()
    )]
    DiskFull {
        /// The ledger.
        path: PathBuf,
        /// What is known of the cause.
        reason: &'static str,
    },
    /// The file or its folder may not be written to.
    #[error(
        "the ledger {} cannot be written: {reason}. Let this user write to it and to its folder, \
         or name another file in [state] url",
        path.display()
    )]
    ReadOnly {
        /// The ledger.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Another process holds it.
    #[error(
        "the ledger {} was in use by another process for {} seconds. Try again, or look for a \
         rewheel that hangs",
        path.display(),
        waited.as_secs_f32()
    )]
    Locked {
        /// The ledger.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// There is something else in its place.
    #[error(
        "the ledger {} is {found}, not a file. Name a file in [state] url",
        path.display()
    )]
    NotAFile {
        /// The place.
        path: PathBuf,
        /// What is there, with its article.
        found: &'static str,
    },
    /// Its folder is missing.
    #[error(
        "the ledger {} has no folder to be in: {} {problem}. Make the folder, or name another file \
         in [state] url",
        path.display(),
        folder.display()
    )]
    NoFolder {
        /// The ledger.
        path: PathBuf,
        /// Where the folder should be.
        folder: PathBuf,
        /// What is there instead.
        problem: &'static str,
    },
    /// The system refuses, for another reason.
    #[error("the ledger {} cannot be used: {source}", path.display())]
    Io {
        /// The ledger or the lock file beside it.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// SQLite refuses, for another reason.
    #[error("the ledger {} cannot be used: {source}", path.display())]
    Database {
        /// The ledger.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// Something was to be noted in a ledger that was opened to be looked at.
    #[error("nothing is noted in the ledger {}: it is only looked at", path.display())]
    OnlyLooking {
        /// The ledger.
        path: PathBuf,
    },
    /// An outcome for what was never intended.
    #[error("the ledger {} knows no intent with the key {key:?}", path.display())]
    NotIntended {
        /// The ledger.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A text that is longer than anything that belongs here.
    #[error(
        "the ledger {} takes texts of at most {most} bytes, and {what} has {bytes}",
        path.display()
    )]
    TooLong {
        /// The ledger.
        path: PathBuf,
        /// Which text.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// The thread that owns the connection has ended, after a panic.
    #[error("the ledger {} was closed after an error of the program", path.display())]
    Stopped {
        /// The ledger.
        path: PathBuf,
    },
}

impl LedgerError {
    /// Whether it may pass by itself, so that the next cycle can try again.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::DiskFull { .. })
    }
}
