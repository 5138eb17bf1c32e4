//! What copies said when they were read last: one that did not change is not read again, which is most
//! of what a steady cycle would cost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::feeds::archive::{self, Files};
use crate::feeds::copies::{ArchiveCopy, ReleasesCopy};
use crate::feeds::metadata::{self, Metadata};
use crate::feeds::releases::{self, Listing};
use crate::source::Sha256Sum;

/// What the last copies said.
#[derive(Debug, Default)]
pub struct Parsed(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The list of releases, by the digest of its pages.
    listing: Option<(String, Listing)>,
    /// The archive, by its digest.
    records: Option<(String, Records)>,
}

/// What an archive of release-metadata holds.
#[derive(Clone, Debug)]
pub(super) struct Records {
    pub(super) files: Arc<Files>,
    pub(super) metadata: Arc<Metadata>,
}

impl Parsed {
    /// What a copy of the list of releases says; none when it cannot be read.
    pub(super) fn listing(&self, copy: &ReleasesCopy) -> Option<Listing> {
        let mut sum = Sha256Sum::default();
        for page in copy.bodies() {
            sum.add(&(page.len() as u64).to_le_bytes());
            sum.add(page);
        }
        let digest = sum.finish();
        let mut known = self.lock();
        if let Some((_, listing)) = known.listing.as_ref().filter(|(of, _)| *of == digest) {
            return Some(listing.clone());
        }
        let listing = releases::read(copy.bodies()).ok()?;
        known.listing = Some((digest, listing.clone()));
        Some(listing)
    }

    /// What a copy of the archive says, which may unpack to `limit` bytes; none when it cannot be
    /// read.
    pub(super) fn records(&self, copy: &ArchiveCopy, limit: u64) -> Option<Records> {
        let digest = Sha256Sum::of(&copy.archive);
        let mut known = self.lock();
        if let Some((_, records)) = known.records.as_ref().filter(|(of, _)| *of == digest) {
            return Some(records.clone());
        }
        let files = archive::read(&copy.archive, limit).ok()?;
        let metadata = metadata::advisories(&files).ok()?;
        let records = Records {
            files: Arc::new(files),
            metadata: Arc::new(metadata),
        };
        known.records = Some((digest, records.clone()));
        Some(records)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use crate::feeds::copies::PageCopy;

    use super::*;

    fn copy(tag: &str) -> ReleasesCopy {
        let body = serde_json::json!([{
            "tag_name": format!("openssl-{tag}"), "name": null, "body": null, "draft": false,
            "prerelease": false, "created_at": "2026-09-29T11:00:00Z",
            "published_at": "2026-09-29T12:00:00Z", "assets": [],
        }]);
        let body = body.to_string();
        ReleasesCopy {
            fetched: "2026-10-01T00:00:00Z".parse().unwrap(),
            pages: vec![PageCopy {
                url: "https://api.example/releases".to_owned(),
                etag: None,
                next: None,
                body: body.into_bytes(),
            }],
        }
    }

    fn versions(listing: &Listing) -> Vec<String> {
        let releases = listing.releases.iter();
        releases.map(|one| one.version.to_string()).collect()
    }

    #[test]
    fn a_changed_copy_is_read_anew() {
        let parsed = Parsed::default();
        for tag in ["3.5.8", "3.5.8", "3.5.9", "3.5.8"] {
            let listing = parsed.listing(&copy(tag)).unwrap();
            assert_eq!(versions(&listing), [tag]);
        }
    }

    #[test]
    fn what_cannot_be_read_is_none_and_hides_nothing() {
        let parsed = Parsed::default();
        assert!(parsed.listing(&copy("3.5.9")).is_some());
        let mut broken = copy("3.5.9");
        broken.pages[0].body.truncate(9);
        assert!(parsed.listing(&broken).is_none());
        assert!(parsed.listing(&copy("3.5.9")).is_some());
        let archive = ArchiveCopy {
            fetched: broken.fetched,
            etag: None,
            commit: "0".repeat(40),
            archive: b"no archive".to_vec(),
        };
        assert!(parsed.records(&archive, 1 << 20).is_none());
    }
}
