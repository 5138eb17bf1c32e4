//! The file of a ledger and the lock files beside it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::LedgerError;
use super::in_place::Identity;

/// How often a lock that another process holds is asked for.
const PAUSE: Duration = Duration::from_millis(5);

/// Where a ledger and its lock files are.
#[derive(Debug)]
pub(super) struct Files {
    /// As the user named it.
    pub(super) given: PathBuf,
    /// Without links, so that two names of one file meet at one lock.
    pub(super) real: PathBuf,
    pub(super) exists: bool,
    /// Which file it was that was opened.
    pub(super) opened: OnceLock<Option<Identity>>,
}

impl Files {
    /// Looks at the place, and opens nothing: to open a pipe is to wait for whoever writes to it.
    pub(super) fn of(path: &Path) -> Result<Self, LedgerError> {
        let given = path.to_owned();
        let not_a_file = |found| LedgerError::NotAFile {
            path: given.clone(),
            found,
        };
        let refused = |error| refusal(&given, error);
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let real = fs::canonicalize(path).map_err(refused)?;
                Ok(Self {
                    given,
                    real,
                    exists: true,
                    opened: OnceLock::new(),
                })
            }
            Ok(metadata) if metadata.is_dir() => Err(not_a_file("a folder")),
            Ok(_) => Err(not_a_file("a pipe or a device")),
            Err(_) if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) => {
                Err(not_a_file("a link that leads to no file"))
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                let Some(name) = path.file_name() else {
                    return Err(not_a_file("no name of a file"));
                };
                let real = folder_of(path)?.join(name);
                Ok(Self {
                    given,
                    real,
                    exists: false,
                    opened: OnceLock::new(),
                })
            }
            Err(error) => Err(refused(error)),
        }
    }

    /// Makes the file if there is none, for this user alone. An existing one is not opened: to
    /// close it would drop the locks that SQLite holds on it in this process.
    pub(super) fn create(&self) -> Result<(), LedgerError> {
        match private().write(true).create_new(true).open(&self.real) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(refusal(&self.given, error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The lock for opening and migrating. SQLite's own does not do: two processes that switch a
    /// new file to its write-ahead log at once collide.
    pub(super) fn open_lock(&self, patience: Duration) -> Result<File, LedgerError> {
        let path = self.beside(".open-lock");
        let file = self.lock_file(&path)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(refusal(&path, error)),
                Err(TryLockError::WouldBlock) if start.elapsed() >= patience => {
                    return Err(LedgerError::Locked {
                        path: self.given.clone(),
                        waited: patience,
                    });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE.min(patience)),
            }
        }
    }

    /// The lock of this name, when no other process has it.
    pub(super) fn lock(&self, name: &str) -> Result<Option<File>, LedgerError> {
        let path = self.beside(name);
        let file = self.lock_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(refusal(&path, error)),
        }
    }

    /// The file beside the ledger whose name is the ledger's with this ending.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = OsString::from(&self.real);
        name.push(ending);
        name.into()
    }

    /// Lock files stay: one that is deleted while it is held would be made again and held twice.
    fn lock_file(&self, path: &Path) -> Result<File, LedgerError> {
        private()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| refusal(&self.given, error))
    }
}

/// The folder that the file would be in, without links.
fn folder_of(path: &Path) -> Result<PathBuf, LedgerError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let problem = match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => {
            return fs::canonicalize(folder).map_err(|error| refusal(path, error));
        }
        Ok(_) => "is not a folder",
        Err(error) if error.kind() == ErrorKind::NotADirectory => "is below a file",
        Err(error) if error.kind() == ErrorKind::NotFound => "does not exist",
        Err(error) => return Err(refusal(path, error)),
    };
    Err(LedgerError::NoFolder {
        path: path.to_owned(),
        folder: folder.to_owned(),
        problem,
    })
}

fn refusal(path: &Path, source: io::Error) -> LedgerError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => LedgerError::ReadOnly {
            path,
            reason: source.to_string(),
        },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => LedgerError::DiskFull {
            path,
            reason: "the disk is full, or what this user may have of it",
        },
        _ => LedgerError::Io { path, source },
    }
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}
