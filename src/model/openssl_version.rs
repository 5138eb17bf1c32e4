//! OpenSSL's version numbers, in both of its schemes, with one total order.
//!
//! Since 3.0 a version is `MAJOR.MINOR.PATCH`; before, patches were letters: `1.1.1w`, and beyond
//! `z` two letters, `1.1.1za`. Letters order by length first, then by alphabet.
//! Source: <https://openssl-library.org/policies/releasestrat/>.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One OpenSSL version: `3.5.4`, `1.1.1w`, `4.1.0-beta2`, `1.1.1-dev`.
///
/// The order is total: `1.1.1-pre9 < 1.1.1 < 1.1.1a < 1.1.1w < 1.1.1za < 3.0.0-alpha1 < 3.0.0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OpensslVersion {
    major: u16,
    minor: u16,
    patch: u16,
    letters: String,
    stage: Stage,
}

/// How far a version is on its way to being final. The order of the variants is the order in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// A snapshot of the tree before any release of that number: `3.6.0-dev`.
    Development,
    /// `-alphaN`.
    Alpha(u16),
    /// `-betaN`.
    Beta(u16),
    /// `-preN`, the name of pre-releases up to 1.1.1.
    Pre(u16),
    /// A final release.
    Final,
}

/// A series: the versions that are maintained together, `3.5`, or `1.1.1` in the letter scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Series {
    major: u16,
    minor: u16,
    /// The third number where letters are the patches (before 3.0), else none.
    patch: Option<u16>,
}

/// A text that is not an OpenSSL version (or series).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an OpenSSL {what}, such as {example}")]
pub struct ParseVersionError {
    text: String,
    what: &'static str,
    example: &'static str,
}

/// The longest run of patch letters accepted; the longest ever used is two.
const MAXIMUM_LETTERS: usize = 4;

impl OpensslVersion {
    /// A final version of the number scheme, `MAJOR.MINOR.PATCH`.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
            letters: String::new(),
            stage: Stage::Final,
        }
    }

    /// The first number.
    pub const fn major(&self) -> u16 {
        self.major
    }

    /// The second number.
    pub const fn minor(&self) -> u16 {
        self.minor
    }

    /// The third number; in the letter scheme it belongs to the series.
    pub const fn patch(&self) -> u16 {
        self.patch
    }

    /// The patch letters of the letter scheme; empty for its first release and since 3.0.
    pub fn letters(&self) -> &str {
        &self.letters
    }

    /// How far the version is on its way to being final.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether it is neither a pre-release nor a development snapshot.
    pub fn is_final(&self) -> bool {
        self.stage == Stage::Final
    }

    /// Whether it is the first final version of its series: `3.5.0`, `1.1.1`.
    pub fn is_first_of_series(&self) -> bool {
        self.is_final() && self.letters.is_empty() && (self.major < 3 || self.patch == 0)
    }

    /// The series it belongs to.
    pub const fn series(&self) -> Series {
        Series {
            major: self.major,
            minor: self.minor,
            patch: if self.major < 3 {
                Some(self.patch)
            } else {
                None
            },
        }
    }

    /// Parses a release's tag: `openssl-3.5.4`, `OpenSSL_1_1_1w`, `OpenSSL_1_1_1-pre9`.
    ///
    /// # Errors
    /// Tags of other shapes are not versions, `3.4-PRE-CLANG-FORMAT-WEBKIT` for one.
    pub fn from_tag(tag: &str) -> Result<Self, ParseVersionError> {
        let error = || ParseVersionError {
            text: tag.to_owned(),
            what: "release tag",
            example: "openssl-3.5.4 or OpenSSL_1_1_1w",
        };
        let version: Self = if let Some(text) = tag.strip_prefix("openssl-") {
            text.parse().map_err(|_| error())?
        } else if let Some(text) = tag.strip_prefix("OpenSSL_") {
            text.replace('_', ".").parse().map_err(|_| error())?
        } else {
            return Err(error());
        };
        if version.tag() == tag {
            Ok(version)
        } else {
            Err(error())
        }
    }

    /// The canonical tag of this version in the openssl/openssl repository.
    pub fn tag(&self) -> String {
        if self.major < 3 {
            format!("OpenSSL_{}", self.to_string().replace('.', "_"))
        } else {
            format!("openssl-{self}")
        }
    }

    /// Decodes `OPENSSL_VERSION_NUMBER`, the constant that `OpenSSL_version_num()` returns.
    ///
    /// From 3.0 it is `0xMNN00PPSL`; before, `0xMNNFFPPSL` with the letter as a number and the
    /// status nibble `S` 0 for development, 1 to 14 for betas, 15 for final. Letters beyond `z`
    /// count on: 27 is `za`. Source: OpenSSL_version(3).
    ///
    /// Returns none for what cannot be such a constant.
    pub fn from_version_number(number: u32) -> Option<Self> {
        let major = u16::try_from(number >> 28).ok()?;
        let minor = u16::try_from((number >> 20) & 0xff).ok()?;
        let fix = u16::try_from((number >> 12) & 0xff).ok()?;
        let patch = u16::try_from((number >> 4) & 0xff).ok()?;
        let status = number & 0xf;
        match major {
            0 | 1 => {
                let letters = match patch {
                    0 => String::new(),
                    1..=26 => letter(patch).to_string(),
                    27..=52 => format!("z{}", letter(patch.saturating_sub(26))),
                    _ => return None,
                };
                let stage = match status {
                    0 => Stage::Development,
                    15 => Stage::Final,
                    beta => Stage::Pre(u16::try_from(beta).ok()?),
                };
                Some(Self {
                    major,
                    minor,
                    patch: fix,
                    letters,
                    stage,
                })
            }
            3..=9 if fix == 0 => Some(Self {
                // The status nibble only tells release (0) from everything before it (0 as well
                // in most builds), so the stage cannot be read from it.
                major,
                minor,
                patch,
                letters: String::new(),
                stage: Stage::Final,
            }),
            _ => None,
        }
    }
}

/// The `n`-th letter, `1` is `a`; the caller keeps `n` in 1 to 26.
fn letter(n: u16) -> char {
    u8::try_from(n)
        .ok()
        .and_then(|n| b'a'.checked_add(n.saturating_sub(1)))
        .map_or('?', char::from)
}

impl FromStr for OpensslVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseVersionError {
            text: text.chars().take(64).collect(),
            what: "version",
            example: "3.5.4 or 1.1.1w",
        })
    }
}

fn parse(text: &str) -> Option<OpensslVersion> {
    let (numbers, stage) = match text.split_once('-') {
        None => (text, Stage::Final),
        Some((numbers, "dev")) => (numbers, Stage::Development),
        Some((numbers, label)) => (numbers, pre_release(label)?),
    };
    let letters_at = numbers
        .find(|c: char| c.is_ascii_lowercase())
        .unwrap_or(numbers.len());
    let (digits, letters) = numbers.split_at_checked(letters_at)?;
    if letters.len() > MAXIMUM_LETTERS || !letters.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let mut parts = digits.split('.');
    let major = number(parts.next()?)?;
    let minor = number(parts.next()?)?;
    let patch = number(parts.next()?)?;
    if parts.next().is_some() || (major >= 3 && !letters.is_empty()) {
        return None;
    }
    Some(OpensslVersion {
        major,
        minor,
        patch,
        letters: letters.to_owned(),
        stage,
    })
}

fn pre_release(label: &str) -> Option<Stage> {
    for (name, make) in [
        ("alpha", Stage::Alpha as fn(u16) -> Stage),
        ("beta", Stage::Beta),
        ("pre", Stage::Pre),
    ] {
        if let Some(count) = label.strip_prefix(name) {
            return number(count).map(make);
        }
    }
    None
}

/// A decimal number without sign, blank or superfluous zero.
fn number(text: &str) -> Option<u16> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

impl fmt::Display for OpensslVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}{}",
            self.major, self.minor, self.patch, self.letters
        )?;
        match self.stage {
            Stage::Final => Ok(()),
            Stage::Development => f.write_str("-dev"),
            Stage::Alpha(count) => write!(f, "-alpha{count}"),
            Stage::Beta(count) => write!(f, "-beta{count}"),
            Stage::Pre(count) => write!(f, "-pre{count}"),
        }
    }
}

impl Ord for OpensslVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| self.letters.len().cmp(&other.letters.len()))
            .then_with(|| self.letters.cmp(&other.letters))
            .then_with(|| self.stage.cmp(&other.stage))
    }
}

impl PartialOrd for OpensslVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl TryFrom<String> for OpensslVersion {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<OpensslVersion> for String {
    fn from(version: OpensslVersion) -> Self {
        version.to_string()
    }
}

impl FromStr for Series {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Option<Vec<u16>> = text.splitn(4, '.').map(number).collect();
        match numbers.as_deref() {
            Some(&[major, minor]) if major >= 3 => Ok(Self {
                major,
                minor,
                patch: None,
            }),
            Some(&[major, minor, patch]) if major < 3 => Ok(Self {
                major,
                minor,
                patch: Some(patch),
            }),
            _ => Err(ParseVersionError {
                text: text.chars().take(64).collect(),
                what: "series",
                example: "3.5 or 1.1.1",
            }),
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

impl TryFrom<String> for Series {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Series> for String {
    fn from(series: Series) -> Self {
        series.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn version(text: &str) -> OpensslVersion {
        text.parse().unwrap()
    }

    #[test]
    fn orders_as_openssl_does() {
        let ascending = [
            "0.9.8zh",
            "1.0.2",
            "1.0.2u",
            "1.1.0l",
            "1.1.1-dev",
            "1.1.1-pre9",
            "1.1.1",
            "1.1.1a",
            "1.1.1w",
            "1.1.1z",
            "1.1.1za",
            "1.1.1zb",
            "3.0.0-dev",
            "3.0.0-alpha1",
            "3.0.0-alpha17",
            "3.0.0-beta1",
            "3.0.0",
            "3.0.2",
            "3.0.10",
            "3.5.0",
            "4.0.3",
            "4.1.0-beta2",
            "4.1.0",
        ];
        for pair in ascending.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
    }

    #[rstest]
    #[case("openssl-3.5.4", "3.5.4")]
    #[case("openssl-4.1.0-beta2", "4.1.0-beta2")]
    #[case("OpenSSL_1_1_1w", "1.1.1w")]
    #[case("OpenSSL_1_1_1-pre9", "1.1.1-pre9")]
    #[case("OpenSSL_1_0_2", "1.0.2")]
    fn reads_and_writes_tags(#[case] tag: &str, #[case] text: &str) {
        assert_eq!(OpensslVersion::from_tag(tag).unwrap(), version(text));
        assert_eq!(version(text).tag(), tag);
    }

    #[rstest]
    #[case("3.4-PRE-CLANG-FORMAT-WEBKIT")]
    #[case("openssl-1.1.1w")]
    #[case("OpenSSL_3_0_0")]
    #[case("OpenSSL_1.1_1w")]
    #[case("openssl-3.0")]
    #[case("master-pre-reformat")]
    #[case("")]
    fn refuses_other_tags(#[case] tag: &str) {
        assert!(OpensslVersion::from_tag(tag).is_err());
    }

    #[rstest]
    #[case("")]
    #[case("3")]
    #[case("3.0")]
    #[case("3.0.1a")]
    #[case("3.0.01")]
    #[case("3.0.+1")]
    #[case("1.1.1W")]
    #[case("1.1.1abcde")]
    #[case("3.0.0-rc1")]
    #[case("3.0.0-beta")]
    #[case("99999.0.0")]
    #[case("1.1.1é")]
    fn refuses_other_texts(#[case] text: &str) {
        assert!(text.parse::<OpensslVersion>().is_err());
    }

    #[rstest]
    #[case(0x1000_205f, Some("1.0.2e"))]
    #[case(0x1010_117f, Some("1.1.1w"))]
    #[case(0x1010_100f, Some("1.1.1"))]
    #[case(0x1010_1000, Some("1.1.1-dev"))]
    #[case(0x1010_1009, Some("1.1.1-pre9"))]
    #[case(0x1010_11bf, Some("1.1.1za"))]
    #[case(0x3050_0040, Some("3.5.4"))]
    #[case(0x4000_0030, Some("4.0.3"))]
    #[case(0x2000_0000, None)]
    #[case(0xf000_0000, None)]
    #[case(0x3050_1040, None)]
    fn decodes_the_version_number(#[case] number: u32, #[case] expected: Option<&str>) {
        assert_eq!(
            OpensslVersion::from_version_number(number),
            expected.map(version)
        );
    }

    #[rstest]
    #[case("3.5.4", "3.5")]
    #[case("1.1.1w", "1.1.1")]
    #[case("4.1.0-beta1", "4.1")]
    fn belongs_to_a_series(#[case] text: &str, #[case] series: &str) {
        assert_eq!(version(text).series().to_string(), series);
        assert_eq!(series.parse::<Series>().unwrap(), version(text).series());
    }

    #[rstest]
    #[case("3")]
    #[case("3.5.4")]
    #[case("1.1")]
    #[case("1.1.1w")]
    fn refuses_other_series(#[case] text: &str) {
        assert!(text.parse::<Series>().is_err());
    }

    prop_compose! {
        fn any_version()(
            major in 0u16..6, minor in 0u16..4, patch in 0u16..4,
            letters in "[a-z]{0,2}", stage in prop_oneof![
                Just(Stage::Final), Just(Stage::Development),
                (0u16..3).prop_map(Stage::Alpha), (0u16..3).prop_map(Stage::Beta), (0u16..3).prop_map(Stage::Pre),
            ],
        ) -> OpensslVersion {
            let letters = if major < 3 { letters } else { String::new() };
            OpensslVersion { major, minor, patch, letters, stage }
        }
    }

    proptest! {
        #[test]
        fn text_goes_there_and_back(one in any_version()) {
            prop_assert_eq!(version(&one.to_string()), one.clone());
            prop_assert_eq!(OpensslVersion::from_tag(&one.tag()).unwrap(), one);
        }

        #[test]
        fn the_order_is_total(a in any_version(), b in any_version(), c in any_version()) {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }

        #[test]
        fn versions_of_a_series_stand_together(a in any_version(), b in any_version()) {
            if a.series() < b.series() {
                prop_assert!(a < b);
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<OpensslVersion>();
            let _ = OpensslVersion::from_tag(&text);
        }
    }
}
