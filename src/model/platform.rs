//! Platform tags of wheels, and the coverage keys they stand for.
//!
//! Sources: PEP 425 (tags), PEP 600 (manylinux), PEP 656 (musllinux), PEP 730 and 738 (iOS and
//! Android), <https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/>.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::finding::Architecture;

/// The operating systems that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Os {
    /// Linux, with whatever C library.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
    /// Every platform: the tag `any`.
    Any,
    /// Another one: iOS, Android, Emscripten, the BSDs.
    Other,
}

impl Os {
    /// The word in reports and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Macos => "macos",
            Self::Windows => "windows",
            Self::Any => "any",
            Self::Other => "other",
        }
    }
}

/// The C library of a Linux platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Libc {
    /// GNU's, the tags `manylinux*` and `linux_*`.
    Glibc,
    /// musl, the tags `musllinux_*`.
    Musl,
}

/// What a project covers with a wheel: operating system, C library and architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CoverageKey {
    /// The operating system.
    pub os: Os,
    /// The C library; none outside Linux.
    pub libc: Option<Libc>,
    /// The architecture; none for `any`.
    pub architecture: Option<Architecture>,
}

/// One platform tag, `manylinux_2_28_x86_64`, with the coverage keys it stands for: two for a
/// universal2 tag, one otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformTag {
    /// The tag as it stands in the file name.
    pub text: String,
    /// What it covers.
    pub covers: Vec<CoverageKey>,
}

impl PlatformTag {
    /// Reads a tag. Tags that nobody has defined cover [`Os::Other`].
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            covers: coverage(&text.to_ascii_lowercase()),
        }
    }
}

fn coverage(tag: &str) -> Vec<CoverageKey> {
    let one = |os, libc, architecture| {
        vec![CoverageKey {
            os,
            libc,
            architecture,
        }]
    };
    let linux = |libc, architecture| one(Os::Linux, Some(libc), Some(architecture));
    if tag == "any" {
        return one(Os::Any, None, None);
    }
    match tag {
        "win32" => return one(Os::Windows, None, Some(Architecture::I686)),
        "win_amd64" => return one(Os::Windows, None, Some(Architecture::X86_64)),
        "win_arm64" => return one(Os::Windows, None, Some(Architecture::Aarch64)),
        "win_arm32" => return one(Os::Windows, None, Some(Architecture::Armv7l)),
        _ => {}
    }
    for legacy in ["manylinux1_", "manylinux2010_", "manylinux2014_", "linux_"] {
        if let Some(machine) = tag.strip_prefix(legacy) {
            return linux(Libc::Glibc, architecture(machine));
        }
    }
    for (prefix, libc) in [("manylinux_", Libc::Glibc), ("musllinux_", Libc::Musl)] {
        if let Some(machine) = tag.strip_prefix(prefix).and_then(after_two_numbers) {
            return linux(libc, architecture(machine));
        }
    }
    if let Some(machine) = tag.strip_prefix("macosx_").and_then(after_two_numbers) {
        let architectures: &[Architecture] = match machine {
            "universal2" => &[Architecture::Aarch64, Architecture::X86_64],
            "intel" | "fat3" => &[Architecture::I686, Architecture::X86_64],
            "fat64" | "universal" => &[Architecture::X86_64],
            other => return one(Os::Macos, None, Some(architecture(other))),
        };
        return architectures
            .iter()
            .map(|&architecture| CoverageKey {
                os: Os::Macos,
                libc: None,
                architecture: Some(architecture),
            })
            .collect();
    }
    let machine = MACHINES
        .iter()
        .find(|(name, _)| tag.ends_with(&format!("_{name}")));
    one(
        Os::Other,
        None,
        Some(machine.map_or(Architecture::Other, |(_, found)| *found)),
    )
}

/// The rest of a tag behind `MAJOR_MINOR_`.
fn after_two_numbers(text: &str) -> Option<&str> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (major, rest) = text.split_once('_')?;
    let (minor, machine) = rest.split_once('_')?;
    (number(major) && number(minor) && !machine.is_empty()).then_some(machine)
}

const MACHINES: [(&str, Architecture); 14] = [
    ("x86_64", Architecture::X86_64),
    ("amd64", Architecture::X86_64),
    ("aarch64", Architecture::Aarch64),
    ("arm64", Architecture::Aarch64),
    ("arm64_v8a", Architecture::Aarch64),
    ("i686", Architecture::I686),
    ("i386", Architecture::I686),
    ("x86", Architecture::I686),
    ("armv7l", Architecture::Armv7l),
    ("armeabi_v7a", Architecture::Armv7l),
    ("ppc64le", Architecture::Ppc64le),
    ("s390x", Architecture::S390x),
    ("riscv64", Architecture::Riscv64),
    ("loongarch64", Architecture::Loongarch64),
];

fn architecture(machine: &str) -> Architecture {
    MACHINES
        .iter()
        .find(|(name, _)| *name == machine)
        .map_or(Architecture::Other, |(_, found)| *found)
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no coverage key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no platform: an operating system and an architecture, such as \"macos x86_64\", \
     \"windows i686\" or \"linux musl aarch64\""
)]
pub struct ParseCoverageKeyError(String);

/// Reads what is shown of a key: `linux x86_64`, `linux musl aarch64`, `macos aarch64`.
impl FromStr for CoverageKey {
    type Err = ParseCoverageKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseCoverageKeyError(text.chars().take(64).collect());
        let words: Vec<&str> = text.split_whitespace().collect();
        let (os, libc, machine) = match words.as_slice() {
            ["linux", "musl", machine] => (Os::Linux, Some(Libc::Musl), machine),
            ["linux", machine] => (Os::Linux, Some(Libc::Glibc), machine),
            ["macos", machine] => (Os::Macos, None, machine),
            ["windows", machine] => (Os::Windows, None, machine),
            _ => return Err(error()),
        };
        match architecture(machine) {
            Architecture::Other => Err(error()),
            known => Ok(Self {
                os,
                libc,
                architecture: Some(known),
            }),
        }
    }
}

impl fmt::Display for CoverageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.os.as_str())?;
        if self.libc == Some(Libc::Musl) {
            f.write_str(" musl")?;
        }
        self.architecture
            .map_or(Ok(()), |architecture| write!(f, " {architecture}"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("any", "any")]
    #[case("win32", "windows i686")]
    #[case("win_amd64", "windows x86_64")]
    #[case("win_arm64", "windows aarch64")]
    #[case("linux_x86_64", "linux x86_64")]
    #[case("linux_armv7l", "linux armv7l")]
    #[case("manylinux1_i686", "linux i686")]
    #[case("manylinux2010_x86_64", "linux x86_64")]
    #[case("manylinux2014_ppc64le", "linux ppc64le")]
    #[case("manylinux_2_28_aarch64", "linux aarch64")]
    #[case("manylinux_2_39_riscv64", "linux riscv64")]
    #[case("manylinux_2_38_loongarch64", "linux loongarch64")]
    #[case("musllinux_1_2_s390x", "linux musl s390x")]
    #[case("macosx_11_0_arm64", "macos aarch64")]
    #[case("macosx_10_9_x86_64", "macos x86_64")]
    #[case("macosx_10_9_universal2", "macos aarch64, macos x86_64")]
    #[case("macosx_10_6_intel", "macos i686, macos x86_64")]
    #[case("ios_13_0_arm64_iphoneos", "other other")]
    #[case("android_24_arm64_v8a", "other aarch64")]
    #[case("manylinux_x_y_x86_64", "other x86_64")]
    #[case("plan9", "other other")]
    fn tags_cover(#[case] tag: &str, #[case] expected: &str) {
        let covers: Vec<_> = PlatformTag::new(tag)
            .covers
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(covers.join(", "), expected);
    }

    #[rstest]
    #[case("manylinux_2_28_aarch64")]
    #[case("musllinux_1_2_x86_64")]
    #[case("win32")]
    #[case("macosx_11_0_arm64")]
    fn keys_go_there_and_back(#[case] tag: &str) {
        let key = PlatformTag::new(tag).covers[0];
        assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[rstest]
    #[case("macos")]
    #[case("linux glibc x86_64")]
    #[case("windows z80")]
    #[case("")]
    fn other_texts_name_no_key(#[case] text: &str) {
        assert!(text.parse::<CoverageKey>().is_err());
    }
}
