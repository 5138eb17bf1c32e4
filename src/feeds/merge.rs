//! Several sources as one set of facts.
//!
//! What a feed says stands before what is built in, release by release and advisory by advisory;
//! what it leaves out stays known. Only a withdrawal counts whoever told it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::model::{
    Advisory, LifeTime, LifeTimes, OpensslFacts, OpensslVersion, Release, ReleaseKind, Releases,
};

use super::missing::MissingReleases;
use super::releases::Listing;

/// What the feeds say, where they are believed.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The list of releases.
    pub listing: Option<&'a Listing>,
    /// The releases that are gone from it.
    pub missing: &'a MissingReleases,
    /// The day on which a release was first seen to say that it was withdrawn.
    pub withdrawn: &'a BTreeMap<OpensslVersion, NaiveDate>,
    /// The advisories.
    pub advisories: Option<&'a [Advisory]>,
    /// The fixes that the texts of advisories call premium support only.
    pub premium_only: &'a BTreeSet<OpensslVersion>,
    /// The life times.
    pub life_times: Option<&'a [LifeTime]>,
}

/// The facts, complete up to that day.
pub fn facts(built_in: &OpensslFacts, said: &Said<'_>, as_of: NaiveDate) -> OpensslFacts {
    let advisories = advisories(built_in, said.advisories);
    let mut releases = releases(built_in, said);
    // Of two facts about one release the first stands: who is listed is public.
    releases.extend(
        said.premium_only
            .iter()
            .filter_map(|version| premium(version, &advisories)),
    );
    let said_life_times = said.life_times.unwrap_or_default().iter();
    OpensslFacts {
        as_of,
        releases: Releases::new(releases),
        life_times: LifeTimes::new(
            said_life_times
                .chain(built_in.life_times.iter())
                .cloned()
                .collect(),
        ),
        advisories,
    }
}

fn releases(built_in: &OpensslFacts, said: &Said<'_>) -> Vec<Release> {
    let listed = said
        .listing
        .into_iter()
        .flat_map(|listing| &listing.releases)
        .map(|one| {
            let withdrawn = one.announcement.withdrawn.then(|| {
                let seen = said.withdrawn.get(&one.version).copied();
                seen.unwrap_or_else(|| one.published.date_naive())
            });
            one.fact(built_in.releases.get(&one.version), withdrawn)
        });
    let gone = said.missing.values().map(|missing| missing.release.clone());
    let known = built_in.releases.iter().cloned();
    let vanished: BTreeMap<&OpensslVersion, NaiveDate> = said
        .missing
        .values()
        .filter_map(|missing| Some((&missing.release.version, missing.vanished()?)))
        .collect();
    listed
        .chain(known)
        .chain(gone)
        .map(|release| Release {
            // Of a withdrawn release it is known why it is gone.
            vanished: vanished
                .get(&release.version)
                .copied()
                .filter(|_| release.withdrawn.is_none()),
            ..release
        })
        .collect()
}

fn advisories(built_in: &OpensslFacts, said: Option<&[Advisory]>) -> Vec<Advisory> {
    let said = said.unwrap_or_default();
    let names: BTreeSet<&str> = said.iter().map(|one| one.cve.as_str()).collect();
    let kept = built_in
        .advisories
        .iter()
        .filter(|one| !names.contains(one.cve.as_str()));
    let mut all: Vec<Advisory> = said.iter().chain(kept).cloned().collect();
    all.sort_by(|a, b| (b.published, &b.cve).cmp(&(a.published, &a.cve)));
    all
}

/// A release for holders of a support contract, of the day of the oldest advisory that names it.
fn premium(version: &OpensslVersion, advisories: &[Advisory]) -> Option<Release> {
    let named = || {
        advisories.iter().filter(|advisory| {
            advisory
                .affected
                .iter()
                .any(|range| range.named_fix() == Some(version))
        })
    };
    Some(Release {
        version: version.clone(),
        date: named().map(|advisory| advisory.published).min()?,
        kind: ReleaseKind::Security,
        severity: named()
            .map(|advisory| advisory.severity)
            .max_by_key(|severity| severity.weight()),
        withdrawn: None,
        vanished: None,
        premium_only: true,
    })
}

#[cfg(test)]
mod tests;
