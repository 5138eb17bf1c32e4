//! Reasons: why a status, why a decision.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why something is as it is. The codes are stable: scripts may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonCode {
    /// The linked release was withdrawn.
    WithdrawnRelease,
    /// The linked version is in the affected range of advisories that a public release fixes.
    InAffectedRange,
    /// A newer release calls itself a security release; its advisories are not out yet.
    AdvisoriesPending,
    /// The release that fixes an advisory does not exist yet, or was withdrawn and not replaced.
    FixPending,
    /// The release that fixes an advisory is for holders of a support contract only.
    PremiumOnly,
    /// The series ended before a release fixed the advisory.
    NoFixInSeries,
    /// OpenSSL's code is there, its version is not provable.
    VersionNotProvable,
    /// A distribution built it with patches of its own.
    DistributionPatched,
    /// The linked version is newer than every release of its series that is known.
    NewerThanFacts,
    /// The support of the series has ended; advisories leave it out.
    EndOfLife,
    /// The support of the series ends soon.
    EndOfLifeSoon,
    /// A newer public release of the series exists.
    NewerRelease,
    /// The linked version is a pre-release or a development snapshot.
    PreReleaseLinked,
    /// The newest public release is linked.
    NewestRelease,
    /// The system's OpenSSL is used.
    SystemLibrary,
    /// The library is a fork, which OpenSSL's advisories do not speak of.
    OtherLibrary,
    /// No library was found in the wheel.
    NoLibrary,
    /// The wheel is not of the series that the project follows.
    NotInFollowedSeries,
    /// The wheel, or a part of it, could not be read.
    Unreadable,
    /// The wheel was not read yet: its turn comes in a later cycle.
    NotReadYet,
    /// An SBOM inside the wheel names another version than its binaries.
    SbomDisagrees,
    /// Pieces of evidence in one binary contradict each other.
    ConflictingEvidence,
    /// Wheels of one version carry different OpenSSL versions.
    PlatformsDisagree,
    /// A platform that the previous version covered is no longer covered.
    CoverageShrank,
    /// A platform that the previous version covered has no wheel yet.
    PlatformsArriving,
    /// A platform that the previous version covered was dropped on purpose.
    CoverageDropped,
    /// An advisory that holds the linked version was accepted on purpose.
    AcceptedAdvisory,
    /// The series that the project follows is none that OpenSSL is known to have.
    UnknownSeries,
    /// A series newer than the linked ones exists.
    NewSeries,
    /// A release was seen in the list of releases and is gone from it.
    ReleaseVanished,
    /// A newer release is of the series that is followed: it is, or leads to, the target.
    NewerInFollowedSeries,
    /// A newer release is of a series that has not settled yet.
    NewerInSettlingSeries,
    /// A newer release is of a series that is not followed.
    NewerInOtherSeries,
    /// A newer release is of a series whose support has ended.
    NewerInEndedSeries,
    /// A newer release is an alpha or a beta.
    NewerPreRelease,
    /// A newer release is for holders of a support contract only.
    NewerPremiumOnly,
    /// A newer release was withdrawn.
    NewerWithdrawn,
    /// A newer release cannot be compared with what a distribution patched.
    NewerNotComparable,
    /// The newest version of the project has no wheels yet; the one before is judged.
    NoWheelsYet,
    /// The project publishes no wheels that count.
    NoWheels,
    /// The facts are too old to call anything current.
    FactsTooOld,
    /// A newer version of the project has taken this one's place; nothing is due for this one.
    Superseded,
    /// The index knows no such project.
    UnknownPackage,
    /// No version of the project is one of those asked for.
    NoSuchVersion,
    /// The index could not be asked, or its answer not be read.
    IndexUnavailable,
    /// The look at the project takes longer than a cycle waits for it.
    LookTooSlow,
}

impl ReasonCode {
    /// The code in reports and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WithdrawnRelease => "withdrawn-release",
            Self::InAffectedRange => "in-affected-range",
            Self::AdvisoriesPending => "advisories-pending",
            Self::FixPending => "fix-pending",
            Self::PremiumOnly => "premium-only",
            Self::NoFixInSeries => "no-fix-in-series",
            Self::VersionNotProvable => "version-not-provable",
            Self::DistributionPatched => "distribution-patched",
            Self::NewerThanFacts => "newer-than-facts",
            Self::EndOfLife => "end-of-life",
            Self::EndOfLifeSoon => "end-of-life-soon",
            Self::NewerRelease => "newer-release",
            Self::PreReleaseLinked => "pre-release-linked",
            Self::NewestRelease => "newest-release",
            Self::SystemLibrary => "system-library",
            Self::OtherLibrary => "other-library",
            Self::NoLibrary => "no-library",
            Self::NotInFollowedSeries => "not-in-followed-series",
            Self::Unreadable => "unreadable",
            Self::NotReadYet => "not-read-yet",
            Self::SbomDisagrees => "sbom-disagrees",
            Self::ConflictingEvidence => "conflicting-evidence",
            Self::PlatformsDisagree => "platforms-disagree",
            Self::CoverageShrank => "coverage-shrank",
            Self::PlatformsArriving => "platforms-arriving",
            Self::CoverageDropped => "coverage-dropped",
            Self::AcceptedAdvisory => "accepted-advisory",
            Self::UnknownSeries => "unknown-series",
            Self::NewSeries => "new-series",
            Self::ReleaseVanished => "release-vanished",
            Self::NewerInFollowedSeries => "newer-in-followed-series",
            Self::NewerInSettlingSeries => "newer-in-settling-series",
            Self::NewerInOtherSeries => "newer-in-other-series",
            Self::NewerInEndedSeries => "newer-in-ended-series",
            Self::NewerPreRelease => "newer-pre-release",
            Self::NewerPremiumOnly => "newer-premium-only",
            Self::NewerWithdrawn => "newer-withdrawn",
            Self::NewerNotComparable => "newer-not-comparable",
            Self::NoWheelsYet => "no-wheels-yet",
            Self::NoWheels => "no-wheels",
            Self::FactsTooOld => "facts-too-old",
            Self::Superseded => "superseded",
            Self::UnknownPackage => "unknown-package",
            Self::NoSuchVersion => "no-such-version",
            Self::IndexUnavailable => "index-unavailable",
            Self::LookTooSlow => "look-too-slow",
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One reason: a code for scripts, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// The code.
    pub code: ReasonCode,
    /// The sentence.
    pub message: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: ReasonCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
