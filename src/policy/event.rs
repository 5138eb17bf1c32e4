//! Events: why something is due, or is to be told.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happened to a line. The order of the variants is the order in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A wheel carries a withdrawn release.
    Withdrawn,
    /// A wheel is in an affected range, and a public release fixes it.
    Security,
    /// A wheel is in an affected range, and no public release of its series fixes it.
    Exposed,
    /// A wheel carries a series whose support has ended.
    EndOfLife,
    /// A newer release of a linked series without security fixes exists.
    BugFix,
    /// A new series began.
    NewSeries,
    /// A release calls itself a security release; its advisories are not out yet.
    AdvisoriesPending,
    /// An SBOM names another version than the binaries.
    SbomDisagrees,
    /// Wheels of one version carry different OpenSSL versions.
    PlatformsDisagree,
    /// A platform is no longer covered.
    CoverageShrank,
    /// A wheel could not be read.
    Unreadable,
    /// A release that matters to the wheels is gone from the list in which it was seen.
    ReleaseVanished,
}

impl Event {
    /// The word in reports and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Security => "security",
            Self::Exposed => "exposed",
            Self::EndOfLife => "end-of-life",
            Self::BugFix => "bug-fix",
            Self::NewSeries => "new-series",
            Self::AdvisoriesPending => "advisories-pending",
            Self::SbomDisagrees => "sbom-disagrees",
            Self::PlatformsDisagree => "platforms-disagree",
            Self::CoverageShrank => "coverage-shrank",
            Self::Unreadable => "unreadable",
            Self::ReleaseVanished => "release-vanished",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
