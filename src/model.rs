//! The words of the domain: versions, releases, advisories, series, wheels, findings.
//!
//! Everything here is a value: no input, no output, no clock.

pub mod advisory;
pub mod asset;
pub mod facts;
pub mod finding;
pub mod openssl_version;
pub mod platform;
pub mod published;
pub mod release;
pub mod repository;
pub mod series;
pub mod step;
pub mod wheel;

pub use advisory::{Advisory, AffectedRange, RangeEnd, Severity};
pub use asset::{Asset, ReleaseAssets, SourceArchive};
pub use facts::{FactsOrigin, OpensslFacts};
pub use finding::{
    Architecture, BinaryFormat, Evidence, EvidenceKind, Finding, Library, Linkage, Problem,
    ProblemCode, SbomEntry, WheelScan,
};
pub use openssl_version::{OpensslVersion, Series, Stage};
pub use platform::{CoverageKey, Libc, Os, PlatformTag};
pub use published::{PublishedFile, PublishedVersion, Wanted};
pub use release::{Release, ReleaseKind, Releases};
pub use repository::{ParseRepositoryError, RepositoryName};
pub use series::{LifeTime, LifeTimes, Support};
pub use step::{Start, Step, StepKind};
pub use wheel::{BuildTag, WheelName};
