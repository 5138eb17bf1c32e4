//! A local mirror of OpenSSL's facts, for networks without a way out.
//!
//! `mirror.json` names the other files with their SHA-256. A mirror is made anew by writing new
//! files beside the old ones and then putting another `mirror.json` in the place of the old one, so
//! that a reader sees all of one mirror or all of the other.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::source::Sha256Sum;

use super::error::FeedError;

/// The file that names the others.
pub const MANIFEST: &str = "mirror.json";

/// The form of [`Manifest`].
pub const SCHEMA: &str = "rewheel/openssl-mirror/v1";

/// A bound on `mirror.json`, in bytes.
const MANIFEST_BYTES: u64 = 1 << 20;
/// A bound on the pages of the list of releases.
const MOST_PAGES: usize = 40;

/// What `mirror.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form: [`SCHEMA`].
    pub schema: String,
    /// When it was pulled.
    pub pulled_at: DateTime<Utc>,
    /// Which API it was pulled from.
    pub api: String,
    /// The commit of release-metadata.
    pub commit: String,
    /// The pages of the list of releases, in order.
    pub releases: Vec<Member>,
    /// The archive of release-metadata.
    pub release_metadata: Member,
}

/// A file of a mirror.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// A mirror's contents, as they came from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// When it was pulled.
    pub pulled_at: DateTime<Utc>,
    /// The pages of the list of releases, in order.
    pub releases: Vec<Vec<u8>>,
    /// The archive of release-metadata.
    pub release_metadata: Vec<u8>,
}

/// Reads a mirror; `limit` bounds all of it, in bytes.
///
/// # Errors
/// There is none, it is damaged, or it is too large.
pub fn read(folder: &Path, limit: u64) -> Result<Mirror, FeedError> {
    // Another mirror may have come into this one's place between two files.
    match read_once(folder, limit) {
        Ok(mirror) => Ok(mirror),
        Err(_) => read_once(folder, limit),
    }
    .map_err(|reason| FeedError::Mirror {
        path: folder.to_owned(),
        reason,
    })
}

fn read_once(folder: &Path, limit: u64) -> Result<Mirror, String> {
    let manifest = manifest(folder)?;
    if manifest.releases.len() > MOST_PAGES {
        return Err(format!(
            "its list of releases has more than {MOST_PAGES} pages"
        ));
    }
    let mut left = limit;
    let mut member = |member: &Member| {
        let bytes = member_of(folder, member, left)?;
        left = left.saturating_sub(bytes.len() as u64);
        Ok::<_, String>(bytes)
    };
    Ok(Mirror {
        pulled_at: manifest.pulled_at,
        releases: manifest
            .releases
            .iter()
            .map(&mut member)
            .collect::<Result<_, _>>()?,
        release_metadata: member(&manifest.release_metadata)?,
    })
}

/// Reads `mirror.json`.
///
/// # Errors
/// A reason for people.
pub fn manifest(folder: &Path) -> Result<Manifest, String> {
    let bytes = regular_file(folder, MANIFEST, MANIFEST_BYTES)?;
    let manifest: Manifest = serde_json::from_slice(&bytes)
        .map_err(|error| format!("{MANIFEST} cannot be read: {error}"))?;
    if manifest.schema != SCHEMA {
        return Err(format!(
            "{MANIFEST} is of the form {:?}; this rewheel reads {SCHEMA:?}",
            manifest.schema
        ));
    }
    Ok(manifest)
}

fn member_of(folder: &Path, member: &Member, limit: u64) -> Result<Vec<u8>, String> {
    let name = &member.file;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if name.starts_with('.') || name.is_empty() || !name.chars().all(plain) {
        return Err(format!(
            "{MANIFEST} names {name:?}, which is no plain file name"
        ));
    }
    let bytes = regular_file(folder, name, limit)?;
    if Sha256Sum::of(&bytes) != member.sha256 {
        return Err(format!("{name} has another SHA-256 than {MANIFEST} says"));
    }
    Ok(bytes)
}

fn regular_file(folder: &Path, name: &str, limit: u64) -> Result<Vec<u8>, String> {
    let path = folder.join(name);
    let told = |error: std::io::Error| format!("{name}: {error}");
    // Before it is opened: opening a pipe waits until somebody writes to it. A link may lead out.
    if !std::fs::symlink_metadata(&path).map_err(told)?.is_file() {
        return Err(format!("{name} is not a regular file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(&path).map_err(told)?;
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(told)?;
    if bytes.len() as u64 > limit {
        return Err(format!(
            "{name} exceeds the limit of {limit} bytes (feed-bytes)"
        ));
    }
    Ok(bytes)
}
