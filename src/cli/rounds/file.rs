//! The configuration's file, watched for changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::source::Sha256Sum;

/// A bound on what is looked at, beyond that of a configuration.
const MAXIMUM_BYTES: u64 = 2 << 20;

/// A file, and how it was when it was looked at last.
#[derive(Debug)]
pub(super) struct WatchedFile {
    path: PathBuf,
    stamp: Option<Stamp>,
    digest: Option<String>,
    /// How it was at the last look, when that was another stamp.
    candidate: Option<Stamp>,
}

/// When it was written, and how many bytes it has.
type Stamp = (SystemTime, u64);

impl WatchedFile {
    /// The file as it is now.
    pub(super) fn now(path: &Path) -> Self {
        // The stamp first: what is written in between is seen the next time.
        let stamp = stamp(path);
        Self {
            digest: stamp.and_then(|_| digest(path)),
            stamp,
            candidate: None,
            path: path.to_owned(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it says something else than when it was taken last, and has stayed so since the last
    /// look: one that is half written is not taken. One that is gone, as it is for a moment while
    /// it is replaced, has not changed yet.
    pub(super) fn is_changed(&mut self) -> bool {
        let stamp = stamp(&self.path);
        if stamp.is_none() || stamp == self.stamp {
            self.candidate = None;
            return false;
        }
        if stamp != self.candidate {
            self.candidate = stamp;
            return false;
        }
        let Some(digest) = digest(&self.path) else {
            return false;
        };
        self.stamp = stamp;
        self.digest.replace(digest) != self.digest
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    let is_readable = metadata.is_file() && metadata.len() <= MAXIMUM_BYTES;
    is_readable.then_some((metadata.modified().ok()?, metadata.len()))
}

fn digest(path: &Path) -> Option<String> {
    Some(Sha256Sum::of(&fs::read(path).ok()?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Writes it, with another time than it had.
    fn write(path: &Path, text: &str, age: u64) {
        fs::write(path, text).unwrap();
        let file = fs::File::options().write(true).open(path).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(age);
        file.set_modified(time).unwrap();
    }

    #[test]
    fn only_another_text_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rewheel.toml");
        write(&path, "a", 1);
        let mut file = WatchedFile::now(&path);
        assert!(!file.is_changed());
        write(&path, "a", 2);
        assert!(!file.is_changed() && !file.is_changed(), "it was touched");
        write(&path, "b", 3);
        assert!(!file.is_changed(), "it may be half written");
        write(&path, "bc", 4);
        assert!(!file.is_changed(), "it was");
        assert!(file.is_changed());
        assert!(!file.is_changed(), "a change is told once");
        fs::remove_file(&path).unwrap();
        assert!(!file.is_changed(), "it is being replaced");
        write(&path, "c", 5);
        assert!(!file.is_changed() && file.is_changed());
    }
}
