//! The feeds as the network tells them now, beside what is remembered of them.

mod list;
mod parsed;
mod records;

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};

use crate::model::{LifeTime, OpensslFacts};

use super::alarm;
use super::belief::Heard;
use super::copies::{ArchiveCopy, Copies, Notes, Refused, ReleasesCopy};
use super::error::FeedError;
use super::github::{GithubFeeds, Head};
use super::metadata::Metadata;
use super::releases::{self, Listing};

pub use parsed::Parsed;

/// How long all requests of one feed may take together.
const FEED_TIME: Duration = Duration::from_secs(40);

/// What was heard of each feed.
#[derive(Debug)]
pub struct HeardAll {
    /// The list of releases.
    pub releases: Heard<Listing>,
    /// The advisories.
    pub advisories: Heard<Metadata>,
    /// The life times.
    pub life_times: Heard<Vec<LifeTime>>,
    /// What was noticed on the way.
    pub notes: Notes,
    /// What could not be read; sentences.
    pub warnings: Vec<String>,
}

/// Asks for the list of releases; none when it is as it was.
///
/// # Errors
/// It cannot be had, or is not believed.
pub async fn releases(
    github: &GithubFeeds,
    kept: Option<&(ReleasesCopy, Listing)>,
    built_in: &OpensslFacts,
    now: DateTime<Utc>,
) -> Result<Option<(ReleasesCopy, Listing)>, FeedError> {
    let known = kept.map_or(&[][..], |(copy, _)| &copy.pages);
    let pages = github.releases(known, now).await?;
    if kept.is_some_and(|(copy, _)| copy.pages == pages) {
        return Ok(None);
    }
    let place = || {
        let first = pages.first().map_or("", |page| page.url.as_str());
        format!("the list of releases at {first}")
    };
    let listing = releases::read(pages.iter().map(|page| page.body.as_slice()))
        .and_then(|listing| {
            alarm::releases(&listing, kept.map(|(_, before)| before), built_in)?;
            Ok(listing)
        })
        .map_err(|reason| FeedError::shape(place(), reason))?;
    let copy = ReleasesCopy {
        fetched: now,
        pages,
    };
    Ok(Some((copy, listing)))
}

/// What asking for the archive of release-metadata gave.
#[derive(Debug)]
pub enum Moved {
    /// The branch has not moved.
    No,
    /// It has, to this archive.
    To(ArchiveCopy),
    /// It is where it was when its archive was not believed.
    Refused(Refused),
}

/// Asks for the archive of release-metadata.
///
/// # Errors
/// It cannot be had.
pub async fn archive(
    github: &GithubFeeds,
    kept: Option<&ArchiveCopy>,
    refused: Option<&Refused>,
    now: DateTime<Utc>,
) -> Result<Moved, FeedError> {
    let etag = kept.and_then(|copy| copy.etag.as_deref());
    let (commit, etag) = match github.head(etag, now).await? {
        Head::Unchanged => return Ok(Moved::No),
        Head::At { commit, .. } if kept.is_some_and(|copy| copy.commit == commit) => {
            return Ok(Moved::No);
        }
        Head::At { commit, etag } => (commit, etag),
    };
    let is_refused = |refused: &&Refused| refused.commit == commit && refused.by == VERSION;
    if let Some(refused) = refused.filter(is_refused) {
        return Ok(Moved::Refused(refused.clone()));
    }
    Ok(Moved::To(ArchiveCopy {
        fetched: now,
        etag,
        archive: github.archive(&commit, now).await?,
        commit,
    }))
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn archive_at(commit: &str) -> String {
    format!("openssl/release-metadata at {commit}")
}

/// Ends what takes too long.
async fn within<T>(
    what: &str,
    asked: impl Future<Output = Result<T, FeedError>>,
) -> Result<T, FeedError> {
    tokio::time::timeout(FEED_TIME, asked)
        .await
        .unwrap_or_else(|_| {
            Err(FeedError::TooSlow {
                place: what.to_owned(),
                seconds: FEED_TIME.as_secs(),
            })
        })
}

/// Asks for everything, and remembers what is believed. `parsed` knows what copies said that did not
/// change since the last time.
pub async fn hear(
    github: &GithubFeeds,
    copies: &Copies<'_>,
    parsed: &Parsed,
    built_in: &OpensslFacts,
    now: DateTime<Utc>,
) -> HeardAll {
    let mut notes = copies.notes();
    github.park(notes.parked_at(now));
    // A copy that cannot be read is none: all of it is asked for again.
    let list = copies.releases().and_then(|copy| {
        let listing = parsed.listing(&copy)?;
        Some((copy, listing))
    });
    let kept = records::Kept::recall(copies, parsed, github.limit());
    let kept_archive = kept.as_ref().map(|kept| &kept.copy);
    let (listed, moved) = tokio::join!(
        within(
            "the list of releases",
            releases(github, list.as_ref(), built_in, now)
        ),
        within(
            "openssl/release-metadata",
            archive(github, kept_archive, notes.refused.as_ref(), now)
        ),
    );
    let releases = list::take(github, copies, &mut notes, list, listed, now).await;
    let mut round = records::Round {
        copies,
        built_in,
        now,
        limit: github.limit(),
        warnings: Vec::new(),
    };
    let (advisories, life_times) = round.take(&mut notes, kept, moved);
    notes.park(github.parked_until(), now);
    copies.remember_notes(&notes);
    HeardAll {
        releases,
        advisories,
        life_times,
        notes,
        warnings: round.warnings,
    }
}

fn latest(fetched: DateTime<Utc>, confirmed: Option<DateTime<Utc>>) -> NaiveDate {
    confirmed
        .map_or(fetched, |confirmed| confirmed.max(fetched))
        .date_naive()
}
