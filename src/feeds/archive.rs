//! The archive of openssl/release-metadata, read in memory.
//!
//! It comes from outside: only regular files count, only those with the names that are wanted, and
//! all of it is bounded. Nothing is ever written to a disk.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

/// A bound on the entries of the archive; the repository has about 700.
const ENTRIES: usize = 20_000;
/// A bound on one file, in bytes; the largest has about 40,000.
const FILE_BYTES: u64 = 4 << 20;

/// A bound on the warnings about one archive.
const MOST_WARNINGS: usize = 20;

/// The wanted files of the archive, by their path inside the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Their contents.
    pub by_path: BTreeMap<String, Vec<u8>>,
    /// What was left out, and why; sentences.
    pub warnings: Vec<String>,
}

/// Reads the `.tar.gz`, whose first folder is named after the repository and the commit. `limit`
/// bounds what is unpacked, in bytes.
///
/// # Errors
/// A reason for people: it is no such archive, it is cut, or it breaks a bound.
pub fn read(bytes: &[u8], limit: u64) -> Result<Files, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err("it is no archive (.tar.gz)".to_owned());
    }
    let broken = |error: std::io::Error| format!("the archive is damaged: {error}");
    let mut unpacked = Bounded {
        inner: MultiGzDecoder::new(bytes),
        left: limit,
    };
    let mut files = Files::default();
    {
        let mut archive = Archive::new(&mut unpacked);
        for (count, entry) in archive.entries().map_err(broken)?.enumerate() {
            let mut entry = entry.map_err(|error| said(&error, limit))?;
            if count >= ENTRIES {
                return Err(format!("the archive has more than {ENTRIES} entries"));
            }
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let shown: String = path.chars().take(100).collect();
            let out = |why: &str| format!("{shown:?} of the archive: {why}");
            match entry.header().entry_type() {
                EntryType::Directory | EntryType::XGlobalHeader => continue,
                _ if leads_out(&path) => {
                    warn(
                        &mut files,
                        out("left out, its path leads out of the archive"),
                    );
                    continue;
                }
                EntryType::Regular => {}
                _ => {
                    warn(&mut files, out("left out, it is no regular file"));
                    continue;
                }
            }
            let Some(wanted) = wanted(&path) else {
                continue;
            };
            if entry.size() > FILE_BYTES {
                warn(&mut files, out("left out, it is larger than 4 MiB"));
                continue;
            }
            let mut content = Vec::new();
            entry
                .read_to_end(&mut content)
                .map_err(|error| said(&error, limit))?;
            if files.by_path.insert(wanted.to_owned(), content).is_some() {
                warn(
                    &mut files,
                    out("there are several of that name; the last one counts"),
                );
            }
        }
    }
    // The check sum of the compressed stream stands behind the archive's last block.
    std::io::copy(&mut unpacked, &mut std::io::sink()).map_err(|error| said(&error, limit))?;
    if files.by_path.is_empty() {
        return Err("the archive holds none of the expected files".to_owned());
    }
    Ok(files)
}

/// Adds a warning, unless there are so many that nobody would read it.
fn warn(files: &mut Files, warning: String) {
    if files.warnings.len() < MOST_WARNINGS {
        files.warnings.push(warning);
    }
}

fn leads_out(path: &str) -> bool {
    path.starts_with('/') || path.split(['/', '\\']).any(|part| part == "..")
}

/// The path inside the repository of a file that is wanted: `data.json`, `secjson/CVE-….json`,
/// `secadv/….txt`. A path that leads elsewhere is none.
fn wanted(path: &str) -> Option<&str> {
    let (_, inner) = path.split_once('/')?;
    let plain = |name: &str, end: &str| {
        name.strip_suffix(end).is_some_and(|stem| {
            !stem.is_empty()
                && stem.len() <= 64
                && stem
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    };
    let is_wanted = match inner.split_once('/') {
        None => inner == "data.json",
        Some(("secjson", name)) => name.starts_with("CVE-") && plain(name, ".json"),
        Some(("secadv", name)) => plain(name, ".txt"),
        Some(_) => false,
    };
    is_wanted.then_some(inner)
}

fn said(error: &std::io::Error, limit: u64) -> String {
    if error.get_ref().is_some_and(|inner| inner.is::<TooLarge>())
        || error.to_string().contains(TOO_LARGE)
    {
        format!("the archive unpacks to more than the limit feed-bytes ({limit})")
    } else {
        format!("the archive is damaged: {error}")
    }
}

const TOO_LARGE: &str = "more bytes than allowed";

#[derive(Debug, thiserror::Error)]
#[error("{TOO_LARGE}")]
struct TooLarge;

/// A reader that fails when it would give more bytes than allowed.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => {
                self.left = left;
                Ok(count)
            }
            None => Err(std::io::Error::other(TooLarge)),
        }
    }
}

#[cfg(test)]
mod tests;
