//! OpenSSL's word as it is believed now: every feed in the order of belief, as one set of facts.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::fetch::RateLimit;
use crate::model::{
    FactsOrigin, LifeTime, OpensslFacts, OpensslVersion, Release, ReleaseAssets, Releases,
};

use super::belief::{Heard, choose};
use super::copies::{Copies, FeedMemory, Notes};
use super::error::{Failure, FeedError};
use super::facts_file::FactsFileError;
use super::github::GithubFeeds;
use super::merge::{self, Said};
use super::metadata::{self, Metadata};
use super::network::{self, HeardAll, Parsed};
use super::releases::{self, Listing};
use super::{FeedReport, alarm, archive, built_in, directory};

/// What is known of OpenSSL, and from whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The facts.
    pub facts: OpensslFacts,
    /// The files of the releases.
    pub assets: ReleaseAssets,
    /// What is told about each feed.
    pub reports: Vec<FeedReport>,
    /// What could not be read; sentences.
    pub warnings: Vec<String>,
}

/// Who is asked beside the built-in facts.
#[derive(Debug)]
pub enum FeedSource {
    /// Nobody.
    BuiltIn,
    /// A local mirror, and a bound on its bytes.
    Directory(PathBuf, u64),
    /// The network.
    Network(Box<GithubFeeds>),
    /// Nobody: this is known, and does not change.
    Fixed(Box<Known>),
}

/// Watches OpenSSL.
#[derive(Debug)]
pub struct Watch {
    source: FeedSource,
    parsed: Parsed,
    built_in: OpensslFacts,
    withdrawn: Vec<OpensslVersion>,
}

impl Watch {
    /// Asks this source; the releases of `withdrawn` count as withdrawn beside those that are
    /// known to be.
    ///
    /// # Errors
    /// Only when the built-in facts are broken, which a test excludes.
    pub fn new(source: FeedSource, withdrawn: Vec<OpensslVersion>) -> Result<Self, FactsFileError> {
        Ok(Self {
            source,
            parsed: Parsed::default(),
            built_in: built_in::load()?,
            withdrawn,
        })
    }

    /// What is known now. This never fails: what cannot be had is told in the reports, and what
    /// was last believed stands in its place.
    pub async fn known(&self, memory: &dyn FeedMemory, now: DateTime<Utc>) -> Known {
        let mut known = match &self.source {
            FeedSource::Fixed(known) => (**known).clone(),
            FeedSource::BuiltIn => Known {
                reports: built_in::reports(&self.built_in),
                facts: self.built_in.clone(),
                assets: ReleaseAssets::default(),
                warnings: Vec::new(),
            },
            FeedSource::Directory(folder, limit) => {
                let mirror = directory::read(folder, *limit);
                self.believe(mirrored(mirror, *limit, &self.built_in, now))
            }
            FeedSource::Network(github) => {
                let server = github.server();
                let copies = Copies::new(memory, &server);
                self.believe(
                    network::hear(github, &copies, &self.parsed, &self.built_in, now).await,
                )
            }
        };
        known.facts.releases = with_withdrawn(&known.facts.releases, &self.withdrawn);
        known
    }

    /// How many requests were sent over the network, and what is left of its rate limit.
    pub fn traffic(&self) -> (u64, Option<RateLimit>) {
        match &self.source {
            FeedSource::Network(github) => (github.requests(), github.rate_limit()),
            FeedSource::BuiltIn | FeedSource::Directory(..) | FeedSource::Fixed(_) => (0, None),
        }
    }

    /// What time it was where the feeds come from when that last answered.
    pub fn server_time(&self) -> Option<DateTime<Utc>> {
        match &self.source {
            FeedSource::Network(github) => github.server_time(),
            FeedSource::BuiltIn | FeedSource::Directory(..) | FeedSource::Fixed(_) => None,
        }
    }

    fn believe(&self, heard: HeardAll) -> Known {
        let day = self.built_in.as_of;
        let releases = choose("releases", heard.releases, day);
        let advisories = choose("advisories", heard.advisories, day);
        let life_times = choose("life-times", heard.life_times, day);
        // Facts are as old as the oldest of those that a release or an advisory could be missing from.
        let as_of = releases.report.as_of.min(advisories.report.as_of);
        let mut warnings = heard.warnings;
        let listing: Option<Listing> = releases.said;
        let metadata: Option<Metadata> = advisories.said;
        warnings.extend(listing.iter().flat_map(|listing| listing.warnings.clone()));
        warnings.extend(
            metadata
                .iter()
                .flat_map(|metadata| metadata.warnings.clone()),
        );
        let said = Said {
            listing: listing.as_ref(),
            missing: &heard.notes.missing,
            withdrawn: &heard.notes.withdrawn,
            advisories: metadata
                .as_ref()
                .map(|metadata| metadata.advisories.as_slice()),
            premium_only: &metadata
                .as_ref()
                .map(|metadata| metadata.premium_only.clone())
                .unwrap_or_default(),
            life_times: life_times.said.as_deref(),
        };
        let facts = merge::facts(&self.built_in, &said, as_of);
        let assets = listing.into_iter().flat_map(|listing| listing.releases);
        Known {
            facts,
            assets: ReleaseAssets::new(assets.map(|one| (one.version, one.assets))),
            reports: vec![releases.report, advisories.report, life_times.report],
            warnings,
        }
    }
}

/// What a mirror says of each feed.
fn mirrored(
    mirror: Result<directory::Mirror, FeedError>,
    limit: u64,
    built_in: &OpensslFacts,
    now: DateTime<Utc>,
) -> HeardAll {
    let pulled = mirror
        .as_ref()
        .map(|mirror| mirror.pulled_at.date_naive())
        .unwrap_or_default();
    let mirror = mirror.map_err(Failure::from).and_then(|mirror| {
        // Facts of a day to come would never grow old.
        if mirror.pulled_at.date_naive() > now.date_naive() {
            let reason = format!(
                "it says that it was pulled on {}, which is still to come",
                mirror.pulled_at.date_naive()
            );
            return Err(refused(directory::MANIFEST, reason));
        }
        Ok(mirror)
    });
    let files = mirror.as_ref().map_err(Clone::clone).and_then(|mirror| {
        archive::read(&mirror.release_metadata, limit)
            .map_err(|reason| refused("the archive", reason))
    });
    let listing = mirror.and_then(|mirror| {
        let pages = mirror.releases.iter().map(Vec::as_slice);
        releases::read(pages)
            .and_then(|listing| {
                alarm::releases(&listing, None, built_in)?;
                Ok(listing)
            })
            .map_err(|reason| refused("the list of releases", reason))
    });
    let mut warnings = Vec::new();
    let advisories = files.as_ref().map_err(Clone::clone).and_then(|files| {
        metadata::advisories(files)
            .and_then(|found| {
                alarm::advisories(&found.advisories, None, built_in)?;
                Ok(found)
            })
            .map_err(|reason| refused("the archive", reason))
    });
    let life_times = files.and_then(|files| {
        let text = files.by_path.get("data.json").map(Vec::as_slice);
        let (life_times, unreadable) = metadata::life_times(text)
            .and_then(|read| {
                alarm::life_times(&read.0, None, built_in, now.date_naive())?;
                Ok(read)
            })
            .map_err(|reason| refused("the archive", reason))?;
        warnings.extend(unreadable);
        Ok::<Vec<LifeTime>, Failure>(life_times)
    });
    HeardAll {
        releases: from_directory(listing, pulled),
        advisories: from_directory(advisories, pulled),
        life_times: from_directory(life_times, pulled),
        notes: Notes::default(),
        warnings,
    }
}

fn refused(part: &str, reason: String) -> Failure {
    FeedError::shape(format!("{part} of the mirror"), reason).into()
}

fn from_directory<T>(now: Result<T, Failure>, as_of: chrono::NaiveDate) -> Heard<T> {
    Heard {
        now,
        from: FactsOrigin::Directory,
        as_of,
        copy: None,
    }
}

/// The releases, with these withdrawn since their own day.
fn with_withdrawn(releases: &Releases, withdrawn: &[OpensslVersion]) -> Releases {
    let releases = releases.iter().map(|release| {
        let is_named = withdrawn.contains(&release.version);
        Release {
            withdrawn: release
                .withdrawn
                .or_else(|| is_named.then_some(release.date)),
            vanished: release.vanished.filter(|_| !is_named),
            ..release.clone()
        }
    });
    Releases::new(releases.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_release_counts_as_withdrawn() {
        let version: OpensslVersion = "3.5.4".parse().unwrap();
        let facts = built_in::load().unwrap();
        assert!(facts.releases.get(&version).unwrap().is_usable());
        let releases = with_withdrawn(&facts.releases, std::slice::from_ref(&version));
        assert!(!releases.get(&version).unwrap().is_usable());
    }
}
