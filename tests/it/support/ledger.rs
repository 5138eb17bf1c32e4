//! Ledgers in folders of their own, what is noted in them, and other processes that use them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use rewheel::source::Sha256Sum;
use rewheel::store::ledger::{Access, Intent, Ledger, LedgerError, StateLocation};
use serde_json::json;

/// The name of the test that takes the part of another process.
const OTHER_PROCESS: &str = "ledger_processes::the_part_of_another_process";

pub fn open(path: &Path) -> Result<Ledger, LedgerError> {
    Ledger::open(&StateLocation::File(path.to_owned()), Access::Write)
}

pub fn look(path: &Path) -> Result<Ledger, LedgerError> {
    Ledger::open(&StateLocation::File(path.to_owned()), Access::Look)
}

/// A moment, in seconds from a day of which nothing else is known.
pub fn moment(seconds: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + i64::from(seconds), 123_456_789).unwrap()
}

pub fn intent(key: &str, scope: &str, seconds: u32) -> Intent {
    Intent {
        key: key.to_owned(),
        scope: scope.to_owned(),
        kind: "open-issue".to_owned(),
        detail: json!({ "title": "rebuild with OpenSSL 3.5.8" }),
        at: moment(seconds),
    }
}

/// Every file of a folder with its bytes, in the order of the names.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Every file of a folder with the SHA-256 of its bytes, but for the lock of those who open.
pub fn state(folder: &Path) -> Vec<(PathBuf, String)> {
    files(folder)
        .into_iter()
        .filter(|(path, _)| !path.to_string_lossy().ends_with(".open-lock"))
        .map(|(path, bytes)| (path, Sha256Sum::of(&bytes)))
        .collect()
}

/// Another process, which does one of the parts in `ledger_processes` with the ledger at this path.
/// `wrapper` is a command that runs it; empty for none.
pub fn other_process(wrapper: &[&str], part: &str, path: &Path) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    };
    command
        .args(["--exact", OTHER_PROCESS, "--ignored", "--nocapture"])
        .env("REWHEEL_TEST_PART", part)
        .env("REWHEEL_TEST_LEDGER", path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
