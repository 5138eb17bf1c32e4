//! Releases: one OpenSSL version with its day and kind.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::advisory::Severity;
use super::openssl_version::{OpensslVersion, Series};

/// What OpenSSL calls a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseKind {
    /// "a security patch release".
    Security,
    /// "a bug fix release".
    BugFix,
    /// "a feature release": the first of its series.
    Feature,
    /// An alpha, beta or `pre`.
    PreRelease,
}

impl ReleaseKind {
    /// The word in reports and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::BugFix => "bug-fix",
            Self::Feature => "feature",
            Self::PreRelease => "pre-release",
        }
    }
}

/// One release of OpenSSL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its version.
    pub version: OpensslVersion,
    /// The UTC day of its publication.
    pub date: NaiveDate,
    /// What OpenSSL calls it.
    pub kind: ReleaseKind,
    /// The most severe CVE that it says to fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The day it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<NaiveDate>,
    /// The day since which it is gone from the list in which it was seen; whether that means that
    /// it was withdrawn is for a person to say, so it stays usable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vanished: Option<NaiveDate>,
    /// Whether only holders of a support contract can have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub premium_only: bool,
}

impl Release {
    /// Whether everybody can build with it: final, public and not withdrawn. Only such a release
    /// fixes anything or can be a target.
    pub fn is_usable(&self) -> bool {
        self.version.is_final() && !self.premium_only && self.withdrawn.is_none()
    }
}

/// All known releases, in the order of their versions, one per version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Releases(Vec<Release>);

impl Releases {
    /// Sorts the releases; of two with the same version the first stands.
    pub fn new(mut releases: Vec<Release>) -> Self {
        releases.sort_by(|a, b| a.version.cmp(&b.version));
        releases.dedup_by(|later, first| later.version == first.version);
        Self(releases)
    }

    /// All of them, oldest version first.
    pub fn iter(&self) -> std::slice::Iter<'_, Release> {
        self.0.iter()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The release of exactly this version.
    pub fn get(&self, version: &OpensslVersion) -> Option<&Release> {
        let at = self
            .0
            .binary_search_by(|release| release.version.cmp(version))
            .ok()?;
        self.0.get(at)
    }

    /// The releases of one series, oldest first.
    pub fn of_series(&self, series: Series) -> impl DoubleEndedIterator<Item = &Release> {
        self.0
            .iter()
            .filter(move |release| release.version.series() == series)
    }

    /// The usable releases of one series, oldest first; see [`Release::is_usable`].
    pub fn usable(&self, series: Series) -> impl DoubleEndedIterator<Item = &Release> {
        self.of_series(series).filter(|release| release.is_usable())
    }

    /// The newest usable release of a series.
    pub fn newest(&self, series: Series) -> Option<&Release> {
        self.usable(series).next_back()
    }
}
