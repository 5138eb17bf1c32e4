//! One file per thing, written so that readers see all of it or nothing.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::source::is_sha256;

use super::MAXIMUM_BYTES;
use super::entries::Entries;

/// A folder of entries, each under a kind and a SHA-256.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where an entry is. Keys that are no SHA-256 have no place, so none leads out of the folder.
    fn place(&self, kind: &str, key: &str) -> Option<(PathBuf, PathBuf)> {
        if !is_sha256(key) {
            return None;
        }
        let (shard, rest) = key.split_at_checked(2)?;
        let folder = self.root.join(kind).join(shard);
        let file = folder.join(rest);
        Some((folder, file))
    }

    fn entry(&self, kind: &str, key: &str) -> Option<Vec<u8>> {
        let (_, path) = self.place(kind, key)?;
        // Before it is opened: opening a pipe waits until somebody writes to it.
        if !std::fs::metadata(&path).ok()?.is_file() {
            return None;
        }
        let file = File::open(path).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.len() > MAXIMUM_BYTES {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(MAXIMUM_BYTES).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

impl Entries for Folder {
    fn read(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.entry(kind, key))
    }

    fn write(&self, kind: &str, key: &str, parts: &[&[u8]]) -> Result<(), String> {
        let Some((folder, path)) = self.place(kind, key) else {
            return Ok(());
        };
        write_whole(&folder, &path, parts)
            .map_err(|error| format!("{} cannot be written to: {error}", self.root.display()))
    }
}

fn write_whole(folder: &Path, path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.flush()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::source::Sha256Sum;

    use super::*;

    #[test]
    fn an_entry_comes_back() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().to_owned());
        let key = Sha256Sum::of(b"entry");
        folder.write("kind", &key, &[b"a", b"b"]).unwrap();
        assert_eq!(folder.read("kind", &key), Ok(Some(b"ab".to_vec())));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_the_place_of_an_entry_is_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().to_owned());
        let key = Sha256Sum::of(b"entry");
        let (shard, pipe) = folder.place("kind", &key).unwrap();
        std::fs::create_dir_all(shard).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert_eq!(folder.read("kind", &key), Ok(None));
    }
}
