//! What is remembered of the feeds: the last good copies, and what was noticed on the way.
//!
//! A copy is a line of JSON and then the parts as they came, so that a later rewheel reads them
//! with what it knows. Everything can be lost without harm: what is missing or damaged is asked
//! for again.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fetch::is_parked;
use crate::model::OpensslVersion;
use crate::source::Sha256Sum;

use super::missing::MissingReleases;

const SCHEMA: &str = "rewheel/feeds/v1";

/// Something that remembers copies between runs. It never fails.
pub trait FeedMemory: Send + Sync {
    /// What was last remembered under a name.
    fn recall_copy(&self, name: &str) -> Option<Vec<u8>>;

    /// Remembers it under a name, in the place of what was there.
    fn remember_copy(&self, name: &str, bytes: &[u8]);
}

/// A page of the list of releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCopy {
    /// Its address.
    pub url: String,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// The address of the next page.
    pub next: Option<String>,
    /// The page.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// The list of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasesCopy {
    /// When it was fetched.
    pub fetched: DateTime<Utc>,
    /// Its pages, in order.
    pub pages: Vec<PageCopy>,
}

impl ReleasesCopy {
    /// The pages as they came.
    pub fn bodies(&self) -> impl Iterator<Item = &[u8]> {
        self.pages.iter().map(|page| page.body.as_slice())
    }
}

/// The archive of release-metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveCopy {
    /// When it was fetched.
    pub fetched: DateTime<Utc>,
    /// The `ETag` of the look at the branch.
    pub etag: Option<String>,
    /// The commit.
    pub commit: String,
    /// The `.tar.gz`.
    pub archive: Vec<u8>,
}

/// The text of the last `data.json` that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeTimesCopy {
    /// When it was fetched.
    pub fetched: DateTime<Utc>,
    /// The text.
    pub text: Vec<u8>,
}

/// An archive that was not believed: it is not fetched again until the branch moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Its commit.
    pub commit: String,
    /// The version of rewheel that did not believe it.
    pub by: String,
    /// Why, a sentence.
    pub reason: String,
    /// Whether its life times were believed all the same.
    pub life_times_believed: bool,
}

/// What was noticed on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// Until when the server wants not to be asked.
    pub parked_until: Option<DateTime<Utc>>,
    /// When it said so.
    pub parked_since: Option<DateTime<Utc>>,
    /// When the server last said that the list of releases is as remembered.
    pub releases_confirmed: Option<DateTime<Utc>>,
    /// When the server last said that the advisories are as remembered.
    pub advisories_confirmed: Option<DateTime<Utc>>,
    /// When the server last said that the life times are as remembered.
    pub life_times_confirmed: Option<DateTime<Utc>>,
    /// Releases that are gone from the list.
    pub missing: MissingReleases,
    /// The day on which a release was first seen to say that it was withdrawn.
    pub withdrawn: BTreeMap<OpensslVersion, NaiveDate>,
    /// The archive that was not believed.
    pub refused: Option<Refused>,
}

impl Notes {
    /// Until when the server is left alone at this moment; none where it is not.
    pub fn parked_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let until = self.parked_until;
        until.filter(|until| is_parked(*until, self.parked_since, now))
    }

    /// Notes until when the server wants to be left alone.
    pub fn park(&mut self, until: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        if self.parked_until != until {
            self.parked_since = until.map(|_| now);
        }
        self.parked_until = until;
    }
}

#[derive(Serialize, Deserialize)]
struct Head<T> {
    schema: String,
    lengths: Vec<usize>,
    sha256: String,
    head: T,
}

#[derive(Serialize, Deserialize)]
struct ArchiveHead {
    fetched: DateTime<Utc>,
    etag: Option<String>,
    commit: String,
}

/// The copies of one server's feeds, each under a name of its own.
#[derive(Clone, Copy)]
pub struct Copies<'a> {
    memory: &'a dyn FeedMemory,
    server: &'a str,
}

impl<'a> Copies<'a> {
    /// The copies of the feeds that the server at this address serves.
    pub const fn new(memory: &'a dyn FeedMemory, server: &'a str) -> Self {
        Self { memory, server }
    }

    /// The list of releases.
    pub fn releases(&self) -> Option<ReleasesCopy> {
        let (head, parts): ((DateTime<Utc>, Vec<PageCopy>), _) = self.recall("releases")?;
        let pages = head.1.into_iter().zip(parts);
        Some(ReleasesCopy {
            fetched: head.0,
            pages: pages
                .map(|(page, body)| PageCopy { body, ..page })
                .collect(),
        })
    }

    /// Remembers the list of releases.
    pub fn remember_releases(&self, copy: &ReleasesCopy) {
        let parts: Vec<&[u8]> = copy.bodies().collect();
        self.remember("releases", &(copy.fetched, &copy.pages), &parts);
    }

    /// The archive of release-metadata.
    pub fn archive(&self) -> Option<ArchiveCopy> {
        let (head, parts): (ArchiveHead, _) = self.recall("archive")?;
        Some(ArchiveCopy {
            fetched: head.fetched,
            etag: head.etag,
            commit: head.commit,
            archive: parts.into_iter().next()?,
        })
    }

    /// Remembers the archive of release-metadata.
    pub fn remember_archive(&self, copy: &ArchiveCopy) {
        let head = ArchiveHead {
            fetched: copy.fetched,
            etag: copy.etag.clone(),
            commit: copy.commit.clone(),
        };
        self.remember("archive", &head, &[&copy.archive]);
    }

    /// The life times.
    pub fn life_times(&self) -> Option<LifeTimesCopy> {
        let (fetched, parts): (DateTime<Utc>, _) = self.recall("life-times")?;
        let text = parts.into_iter().next()?;
        Some(LifeTimesCopy { fetched, text })
    }

    /// Remembers the life times.
    pub fn remember_life_times(&self, copy: &LifeTimesCopy) {
        self.remember("life-times", &copy.fetched, &[&copy.text]);
    }

    /// What was noticed on the way.
    pub fn notes(&self) -> Notes {
        self.document("notes")
    }

    /// Remembers what was noticed on the way.
    pub fn remember_notes(&self, notes: &Notes) {
        self.remember("notes", notes, &[]);
    }

    /// A document that stands for itself; its default when there is none.
    pub fn document<T: DeserializeOwned + Default>(&self, name: &str) -> T {
        self.recall(name).map(|(head, _)| head).unwrap_or_default()
    }

    /// Remembers a document.
    pub fn remember_document<T: Serialize>(&self, name: &str, document: &T) {
        self.remember(name, document, &[]);
    }

    fn name(&self, name: &str) -> String {
        format!("{name} of {}", self.server)
    }

    fn recall<T: DeserializeOwned>(&self, name: &str) -> Option<(T, Vec<Vec<u8>>)> {
        let bytes = self.memory.recall_copy(&self.name(name))?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head<T> = serde_json::from_slice(bytes.get(..end)?).ok()?;
        let mut rest = bytes.get(end.checked_add(1)?..)?;
        if head.schema != SCHEMA || head.sha256 != Sha256Sum::of(rest) {
            return None;
        }
        let mut parts = Vec::new();
        for length in head.lengths {
            let (part, behind) = rest.split_at_checked(length)?;
            parts.push(part.to_vec());
            rest = behind;
        }
        Some((head.head, parts))
    }

    fn remember<T: Serialize>(&self, name: &str, head: &T, parts: &[&[u8]]) {
        let body = parts.concat();
        let head = Head {
            schema: SCHEMA.to_owned(),
            lengths: parts.iter().map(|part| part.len()).collect(),
            sha256: Sha256Sum::of(&body),
            head,
        };
        if let Ok(mut bytes) = serde_json::to_vec(&head) {
            bytes.push(b'\n');
            bytes.extend_from_slice(&body);
            self.memory.remember_copy(&self.name(name), &bytes);
        }
    }
}

#[cfg(test)]
mod tests;
