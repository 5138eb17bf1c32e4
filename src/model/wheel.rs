//! File names of wheels.
//!
//! Sources: PEP 427 and the binary distribution format,
//! <https://packaging.python.org/en/latest/specifications/binary-distribution-format/>.

use std::collections::BTreeMap;
use std::str::FromStr;

use pep440_rs::Version;

use super::platform::{CoverageKey, Os, PlatformTag};

/// The optional build tag of a wheel: a number, then text. Of wheels that differ in nothing else
/// the highest one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BuildTag {
    /// The leading number.
    pub number: u64,
    /// What follows it.
    pub suffix: String,
}

/// A wheel's file name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelName {
    /// The file name itself.
    pub file: String,
    /// The distribution's name, normalized as PEP 503 says: `psycopg2-binary`.
    pub package: String,
    /// Its version.
    pub version: Version,
    /// The build tag.
    pub build: Option<BuildTag>,
    /// The Python tags, `cp311`, `py3`.
    pub pythons: Vec<String>,
    /// The ABI tags, `abi3`, `none`.
    pub abis: Vec<String>,
    /// The platform tags.
    pub platforms: Vec<PlatformTag>,
}

/// A file name that is not a wheel's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file:?} is not a wheel's file name: {reason}")]
pub struct ParseWheelNameError {
    file: String,
    reason: &'static str,
}

/// A bound on the tags of one name; the largest published set has 24.
const MAXIMUM_TAGS: usize = 512;

impl WheelName {
    /// All tags of the compressed tag set, `cp311-cp311-win_amd64`, in the order of the name.
    pub fn tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        for python in &self.pythons {
            for abi in &self.abis {
                for platform in &self.platforms {
                    tags.push(format!("{python}-{abi}-{}", platform.text));
                }
            }
        }
        tags
    }

    /// The tag set as it stands in the name, `cp311-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64`.
    pub fn tag_set(&self) -> String {
        let platforms: Vec<&str> = self.platforms.iter().map(|tag| tag.text.as_str()).collect();
        format!(
            "{}-{}-{}",
            self.pythons.join("."),
            self.abis.join("."),
            platforms.join(".")
        )
    }

    /// The operating systems it is for, sorted, each once.
    pub fn operating_systems(&self) -> Vec<Os> {
        let mut found: Vec<Os> = self.coverage().iter().map(|key| key.os).collect();
        found.dedup();
        found
    }

    /// The coverage keys it is for, sorted, each once.
    pub fn coverage(&self) -> Vec<CoverageKey> {
        let mut keys: Vec<CoverageKey> = self
            .platforms
            .iter()
            .flat_map(|tag| tag.covers.iter().copied())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// A distribution's name in its normal form: lower case, runs of `-`, `_` and `.` are one `-`.
///
/// Source: PEP 503.
pub fn normalize_package(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !normal.ends_with('-') {
                normal.push('-');
            }
        } else {
            normal.extend(c.to_lowercase());
        }
    }
    normal
}

/// Whether a text can be a distribution's name.
///
/// Source: PEP 508.
pub fn is_package_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let outer = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    bytes.len() <= 128
        && outer(bytes.first())
        && outer(bytes.last())
        && bytes.iter().copied().all(inner)
}

impl FromStr for WheelName {
    type Err = ParseWheelNameError;

    fn from_str(file: &str) -> Result<Self, Self::Err> {
        let error = |reason| ParseWheelNameError {
            file: file.chars().take(200).collect(),
            reason,
        };
        let stem = file
            .strip_suffix(".whl")
            .ok_or_else(|| error("it does not end in .whl"))?;
        let clean =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+' | b'!');
        if file.len() > 1024 || !stem.bytes().all(clean) {
            return Err(error("it holds characters that no wheel's name may hold"));
        }
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, python, abi, platform) = match *parts.as_slice() {
            [name, version, python, abi, platform] => (name, version, None, python, abi, platform),
            [name, version, build, python, abi, platform] => {
                (name, version, Some(build), python, abi, platform)
            }
            _ => {
                return Err(error(
                    "it needs name, version and three tags, joined by '-'",
                ));
            }
        };
        if !is_package_name(name) {
            return Err(error("its name is not a distribution's"));
        }
        let split = |tags: &str| -> Vec<String> { tags.split('.').map(str::to_owned).collect() };
        let wheel = Self {
            file: file.to_owned(),
            package: normalize_package(name),
            version: version
                .replace('_', "+")
                .parse()
                .map_err(|_| error("its version is not one of PEP 440"))?,
            build: build
                .map(|tag| {
                    build_tag(tag).ok_or_else(|| error("its build tag starts with no number"))
                })
                .transpose()?,
            pythons: split(python),
            abis: split(abi),
            platforms: platform.split('.').map(PlatformTag::new).collect(),
        };
        let empty = |tags: &[String]| tags.iter().any(String::is_empty);
        if empty(&wheel.pythons)
            || empty(&wheel.abis)
            || wheel.platforms.iter().any(|tag| tag.text.is_empty())
        {
            return Err(error("one of its tags is empty"));
        }
        let count = wheel
            .pythons
            .len()
            .saturating_mul(wheel.abis.len())
            .saturating_mul(wheel.platforms.len());
        if count > MAXIMUM_TAGS {
            return Err(error("it has too many tags"));
        }
        Ok(wheel)
    }
}

fn build_tag(text: &str) -> Option<BuildTag> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    Some(BuildTag {
        number: number.parse().ok()?,
        suffix: suffix.to_owned(),
    })
}

/// Of wheels that differ only in the build tag the highest one; the others are left out. The order
/// of what stays is kept. Of several with the same build tag, of which nothing tells which one is
/// installed, all stay: what is in one of them says nothing of the others.
///
/// Source: PEP 427, "File name convention".
pub fn highest_builds<T>(wheels: Vec<T>, name: impl Fn(&T) -> &WheelName) -> Vec<T> {
    let kinds: Vec<Kind> = wheels.iter().map(|wheel| kind(name(wheel))).collect();
    let mut highest: BTreeMap<&Kind, &Option<BuildTag>> = BTreeMap::new();
    for (wheel, kind) in wheels.iter().zip(&kinds) {
        let build = &name(wheel).build;
        let known = highest.entry(kind).or_insert(build);
        *known = build.max(known);
    }
    let stays: Vec<bool> = wheels
        .iter()
        .zip(&kinds)
        .map(|(wheel, kind)| highest.get(kind).copied() == Some(&name(wheel).build))
        .collect();
    wheels
        .into_iter()
        .zip(stays)
        .filter_map(|(wheel, stays)| stays.then_some(wheel))
        .collect()
}

/// What wheels have in common that differ only in the build tag: package, version, tags.
type Kind = (String, Version, Vec<String>);

fn kind(wheel: &WheelName) -> Kind {
    let mut tags = wheel.tags();
    tags.sort_unstable();
    (wheel.package.clone(), wheel.version.clone(), tags)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn wheel(file: &str) -> WheelName {
        file.parse().unwrap()
    }

    #[test]
    fn takes_a_name_apart() {
        let name = wheel(
            "Psycopg2_Binary-2.9.13-1abc-cp311.cp312-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        );
        assert_eq!(name.package, "psycopg2-binary");
        assert_eq!(name.version.to_string(), "2.9.13");
        assert_eq!(
            name.build,
            Some(BuildTag {
                number: 1,
                suffix: "abc".into()
            })
        );
        assert_eq!(
            name.tags(),
            [
                "cp311-cp311-manylinux_2_17_x86_64",
                "cp311-cp311-manylinux2014_x86_64",
                "cp312-cp311-manylinux_2_17_x86_64",
                "cp312-cp311-manylinux2014_x86_64",
            ]
        );
        assert_eq!(name.operating_systems(), [Os::Linux]);
        assert_eq!(name.coverage().len(), 1);
    }

    #[test]
    fn a_universal_wheel_covers_two_architectures() {
        let name = wheel(
            "utls-2026.10.3-cp37-abi3-macosx_10_15_x86_64.macosx_11_0_arm64.macosx_10_15_universal2.whl",
        );
        assert_eq!(name.coverage().len(), 2);
        assert_eq!(name.operating_systems(), [Os::Macos]);
    }

    #[rstest]
    #[case("local-1.0_ubuntu.1-py3-none-any.whl", "1.0+ubuntu.1")]
    #[case("x-1.0.dev3-py2.py3-none-any.whl", "1.0.dev3")]
    #[case("x-1!2.0-py3-none-any.whl", "1!2.0")]
    fn reads_versions(#[case] file: &str, #[case] version: &str) {
        assert_eq!(wheel(file).version.to_string(), version);
    }

    #[rstest]
    #[case("cryptography-46.0.3.tar.gz")]
    #[case("cryptography-46.0.3-py3-none.whl")]
    #[case("cryptography-latest-py3-none-any.whl")]
    #[case("x-1.0-b1-py3-none-any.whl")]
    #[case("x-1.0-py3-none-.whl")]
    #[case("x-1.0-py3--any.whl")]
    #[case("../x-1.0-py3-none-any.whl")]
    #[case("x-1.0-py3-none-a\u{202e}ny.whl")]
    #[case("x-1.0-1-2-py3-none-any.whl")]
    #[case(".whl")]
    fn refuses_other_names(#[case] file: &str) {
        let error = file.parse::<WheelName>().unwrap_err().to_string();
        assert!(error.contains("is not a wheel's file name"), "{error}");
    }

    #[test]
    fn a_tag_set_has_a_bound() {
        let tags = vec!["py3"; 100].join(".");
        assert!(format!("x-1.0-{tags}-{tags}-any.whl").len() < 1024);
        assert!(
            format!("x-1.0-{tags}-{tags}-any.whl")
                .parse::<WheelName>()
                .is_err()
        );
    }

    #[test]
    fn the_highest_build_counts() {
        let wheels = [
            "x-1.0-2-py3-none-any.whl",
            "x-1.0-py3-none-any.whl",
            "x-1.0-10-py3-none-any.whl",
            "x-1.0-py3-none-win_amd64.whl",
        ]
        .map(wheel);
        let left: Vec<_> = highest_builds(wheels.to_vec(), |one| one)
            .into_iter()
            .map(|one| one.file)
            .collect();
        assert_eq!(
            left,
            ["x-1.0-10-py3-none-any.whl", "x-1.0-py3-none-win_amd64.whl"]
        );
    }

    /// Which of them an installer takes nobody knows.
    #[rstest]
    #[case("x-1.0-py3-none-any.whl", "x-1.0.0-py3-none-any.whl")]
    #[case("x-1.0-1-py3-none-any.whl", "x-1.0-01-py3-none-any.whl")]
    #[case("x_y-1.0-py3-none-any.whl", "X.Y-1.0-py3-none-any.whl")]
    #[case("x-1.0-py2.py3-none-any.whl", "x-1.0-py3.py2-none-any.whl")]
    fn wheels_that_differ_in_nothing_both_count(#[case] one: &str, #[case] other: &str) {
        for wheels in [[one, other], [other, one]] {
            let left = highest_builds(wheels.map(wheel).to_vec(), |one| one);
            assert_eq!(left.len(), 2, "{wheels:?}");
        }
    }

    #[rstest]
    #[case("Foo.Bar__baz", "foo-bar-baz")]
    #[case("M2Crypto", "m2crypto")]
    fn names_are_normalized(#[case] name: &str, #[case] normal: &str) {
        assert_eq!(normalize_package(name), normal);
    }

    #[rstest]
    #[case("cryptography", true)]
    #[case("zope.interface", true)]
    #[case("-x", false)]
    #[case("a/b", false)]
    #[case("", false)]
    fn knows_package_names(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_package_name(name), expected);
    }

    proptest! {
        #[test]
        fn any_name_is_read_without_panic(name in "\\PC{0,60}") {
            let _ = format!("{name}.whl").parse::<WheelName>();
        }

        #[test]
        fn a_good_name_gives_its_tags(
            python in prop::sample::subsequence(vec!["cp311", "cp312", "pp310"], 1..=3),
            platform in prop::sample::subsequence(vec!["win_amd64", "manylinux_2_28_x86_64", "musllinux_1_2_aarch64", "any"], 1..=4),
        ) {
            let name = wheel(&format!("a_b-1.2.3-{}-abi3-{}.whl", python.join("."), platform.join(".")));
            prop_assert_eq!(name.tags().len(), python.len() * platform.len());
            prop_assert_eq!(name.tag_set(), format!("{}-abi3-{}", python.join("."), platform.join(".")));
        }
    }
}
