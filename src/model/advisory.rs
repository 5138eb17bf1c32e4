//! Advisories: one CVE with its severity and the ranges of versions it affects.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::openssl_version::{OpensslVersion, ParseVersionError};

/// How bad OpenSSL says an advisory is.
///
/// Source: <https://openssl-library.org/policies/general/security-policy/>. The order of the
/// variants is the order in which they are shown; [`Severity::weight`] is what decisions use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Low.
    Low,
    /// Moderate; texts before 2015 say "Medium".
    Moderate,
    /// OpenSSL gave none (2002–2014). It counts as high.
    Unknown,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// The weight in decisions, 1 to 4: an unknown severity weighs as much as a high one.
    pub const fn weight(self) -> u8 {
        match self {
            Self::Low => 1,
            Self::Moderate => 2,
            Self::High | Self::Unknown => 3,
            Self::Critical => 4,
        }
    }

    /// The word as OpenSSL's records and texts write it, in any case; `Medium` is moderate.
    /// Whatever else stands there is [`Severity::Unknown`].
    pub fn from_text(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "low" => Self::Low,
            "moderate" | "medium" => Self::Moderate,
            "high" => Self::High,
            "critical" => Self::Critical,
            _ => Self::Unknown,
        }
    }

    /// The word in reports and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::Unknown => "unknown",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where an affected range ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeEnd {
    /// Before this version, which is the fix (`lessThan` in a CVE record).
    Before(OpensslVersion),
    /// With this version, the last affected one (`lessThanOrEqual`).
    Through(OpensslVersion),
}

/// One range of affected versions of one series; as text `3.0.0 < 3.0.7` or `3.0.0 <= 3.0.7`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AffectedRange {
    /// The first affected version.
    pub introduced: OpensslVersion,
    /// Where it ends.
    pub end: RangeEnd,
}

impl AffectedRange {
    /// Whether the range holds the version.
    pub fn holds(&self, version: &OpensslVersion) -> bool {
        *version >= self.introduced && !self.is_past(version)
    }

    /// Whether the version lies behind the range's end, where the fix is.
    pub fn is_past(&self, version: &OpensslVersion) -> bool {
        match &self.end {
            RangeEnd::Before(fix) => version >= fix,
            RangeEnd::Through(last) => version > last,
        }
    }

    /// The version that the record names as the fix, whether or not it was ever published.
    pub const fn named_fix(&self) -> Option<&OpensslVersion> {
        match &self.end {
            RangeEnd::Before(fix) => Some(fix),
            RangeEnd::Through(_) => None,
        }
    }
}

/// A text that is not an affected range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseRangeError {
    /// There is no ` < ` or ` <= ` in it.
    #[error("{0:?} is not an affected range, such as \"3.0.0 < 3.0.7\"")]
    Shape(String),
    /// One of its ends is not a version.
    #[error(transparent)]
    Version(#[from] ParseVersionError),
}

impl FromStr for AffectedRange {
    type Err = ParseRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((introduced, last)) = text.split_once(" <= ") {
            return Ok(Self {
                introduced: introduced.parse()?,
                end: RangeEnd::Through(last.parse()?),
            });
        }
        let (introduced, fix) = text
            .split_once(" < ")
            .ok_or_else(|| ParseRangeError::Shape(text.chars().take(64).collect()))?;
        Ok(Self {
            introduced: introduced.parse()?,
            end: RangeEnd::Before(fix.parse()?),
        })
    }
}

impl fmt::Display for AffectedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            RangeEnd::Before(fix) => write!(f, "{} < {fix}", self.introduced),
            RangeEnd::Through(last) => write!(f, "{} <= {last}", self.introduced),
        }
    }
}

impl TryFrom<String> for AffectedRange {
    type Error = ParseRangeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AffectedRange> for String {
    fn from(range: AffectedRange) -> Self {
        range.to_string()
    }
}

/// One CVE of OpenSSL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// The identifier, `CVE-2026-84782`.
    pub cve: String,
    /// How bad OpenSSL says it is.
    pub severity: Severity,
    /// The UTC day it was made public.
    pub published: NaiveDate,
    /// The affected ranges; series past their support are left out by OpenSSL, which says nothing
    /// about them.
    pub affected: Vec<AffectedRange>,
}

impl Advisory {
    /// The range that holds the version, if any does.
    pub fn range_holding(&self, version: &OpensslVersion) -> Option<&AffectedRange> {
        self.affected.iter().find(|range| range.holds(version))
    }
}

/// The address of an advisory's page.
///
/// Returns none for what is not a CVE identifier, so that nothing strange gets into an address.
pub fn advisory_url(cve: &str) -> Option<String> {
    let (year, count) = cve.strip_prefix("CVE-")?.split_once('-')?;
    let digits =
        |text: &str| (4..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    (digits(year) && digits(count))
        .then(|| format!("https://openssl-library.org/news/vulnerabilities/#{cve}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn range(introduced: &str, end: RangeEnd) -> AffectedRange {
        AffectedRange {
            introduced: introduced.parse().unwrap(),
            end,
        }
    }

    #[rstest]
    #[case("3.0.0", true)]
    #[case("3.0.6", true)]
    #[case("3.0.7", false)]
    #[case("3.0.0-beta1", false)]
    #[case("3.1.0", false)]
    fn a_range_ends_before_the_fix(#[case] version: &str, #[case] held: bool) {
        let range = range("3.0.0", RangeEnd::Before("3.0.7".parse().unwrap()));
        assert_eq!(range.holds(&version.parse().unwrap()), held);
    }

    #[rstest]
    #[case("3.0.7", true)]
    #[case("3.0.8", false)]
    fn a_range_may_include_its_end(#[case] version: &str, #[case] held: bool) {
        let range = range("3.0.0", RangeEnd::Through("3.0.7".parse().unwrap()));
        assert_eq!(range.holds(&version.parse().unwrap()), held);
        assert_eq!(range.named_fix(), None);
    }

    #[rstest]
    #[case("3.0.0 < 3.0.7")]
    #[case("3.0.0 <= 3.0.7")]
    #[case("1.0.2 < 1.0.2zs")]
    fn ranges_go_there_and_back(#[case] text: &str) {
        assert_eq!(text.parse::<AffectedRange>().unwrap().to_string(), text);
    }

    #[rstest]
    #[case("3.0.0")]
    #[case("3.0.0 < ")]
    #[case("3.0.0 > 3.0.7")]
    fn refuses_other_ranges(#[case] text: &str) {
        assert!(text.parse::<AffectedRange>().is_err());
    }

    #[test]
    fn an_empty_range_holds_nothing() {
        let range = range("3.1.1", RangeEnd::Before("3.1.1".parse().unwrap()));
        assert!(!range.holds(&"3.1.1".parse().unwrap()));
    }

    #[rstest]
    #[case("High", Severity::High)]
    #[case("MODERATE", Severity::Moderate)]
    #[case("Medium", Severity::Moderate)]
    #[case(" low", Severity::Low)]
    #[case("unknown", Severity::Unknown)]
    #[case("", Severity::Unknown)]
    fn reads_severities(#[case] text: &str, #[case] severity: Severity) {
        assert_eq!(Severity::from_text(text), severity);
    }

    #[test]
    fn an_unknown_severity_weighs_as_a_high_one() {
        assert_eq!(Severity::Unknown.weight(), Severity::High.weight());
        assert!(Severity::Critical.weight() > Severity::High.weight());
    }

    #[rstest]
    #[case("CVE-2026-84782", true)]
    #[case("CVE-2026-84782)[x](y", false)]
    #[case("CVE-26-1", false)]
    fn only_identifiers_get_an_address(#[case] cve: &str, #[case] has: bool) {
        assert_eq!(advisory_url(cve).is_some(), has);
    }
}
