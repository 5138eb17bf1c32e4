//! Findings: which library was found in which binary of a wheel, and on what evidence.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::openssl_version::OpensslVersion;

/// The libraries that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Library {
    /// OpenSSL itself.
    Openssl,
    /// OpenBSD's fork.
    Libressl,
    /// Google's fork, without releases or versions.
    Boringssl,
    /// Amazon's fork of BoringSSL.
    AwsLc,
    /// Ant Group's fork, BabaSSL before.
    Tongsuo,
}

/// How a binary comes by a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linkage {
    /// The library's code is inside the binary.
    Static,
    /// A shared library that is shipped in the wheel.
    Vendored,
    /// The system's shared library is needed.
    External,
}

/// The object file formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BinaryFormat {
    /// Linux and other Unix systems.
    Elf,
    /// macOS; each slice of a universal file by itself.
    MachO,
    /// Windows.
    Pe,
}

/// Processor architectures, under the kernel's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// 64-bit x86, `amd64` on Windows.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM, `arm64` on macOS and Windows.
    Aarch64,
    /// 32-bit x86, `win32` on Windows.
    I686,
    /// 32-bit ARM.
    Armv7l,
    /// 64-bit POWER, little endian.
    Ppc64le,
    /// 64-bit IBM Z.
    S390x,
    /// 64-bit RISC-V.
    Riscv64,
    /// 64-bit LoongArch.
    Loongarch64,
    /// None of these.
    Other,
}

/// What kind of thing a piece of evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// The constant that `OpenSSL_version_num` returns, or `SSLeay`, `OPENSSL_version_major` and
    /// its kin, `BABASSL_version_num`.
    VersionConstant,
    /// A dated version text, `OpenSSL 3.1.1 30 May 2023`.
    VersionText,
    /// A version resource of a PE file.
    VersionResource,
    /// An ELF version definition, `OPENSSL_3.0.0`.
    VersionDefinition,
    /// A bare version of the provider tables.
    ProviderVersion,
    /// The version of the libcrypto that stands beside this libssl.
    Sibling,
    /// A text that only the library's own code holds, such as `OPENSSLDIR: `.
    Marker,
    /// A source path of the library's own code.
    SourcePath,
    /// A symbol of the library that the binary defines.
    DefinedSymbol,
    /// A symbol of the library that the binary needs from elsewhere.
    UndefinedSymbol,
    /// A shared library that the binary names as needed.
    Import,
    /// The file's own name as a shared library (SONAME, install name, DLL name).
    LibraryName,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// What kind of thing it is.
    pub kind: EvidenceKind,
    /// What stands there, made printable and shortened to 160 characters.
    pub text: String,
    /// Where it stands in the inflated binary, in bytes from its start (of the whole file, for a
    /// slice too); none for what has no place of its own.
    pub offset: Option<u64>,
}

/// One library found in one binary of a wheel (in one slice of it, for a universal file).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The member's path; `outer!inner` in a nested archive.
    pub path: String,
    /// The binary's format.
    pub format: BinaryFormat,
    /// The architecture of the binary or slice.
    pub arch: Architecture,
    /// The library.
    pub library: Library,
    /// Its version without suffix, `3.1.1`; none when it cannot be proved.
    pub version: Option<String>,
    /// How the binary comes by it.
    pub linkage: Linkage,
    /// What a builder added to the version: `FIPS`, `fips`, `+quic`.
    pub suffix: Option<String>,
    /// Whether a distribution built it with patches of its own, so that upstream's ranges say
    /// nothing about it.
    pub distro_patched: bool,
    /// On what evidence.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// The version as OpenSSL's, for findings of OpenSSL whose version is proved.
    pub fn openssl_version(&self) -> Option<OpensslVersion> {
        (self.library == Library::Openssl)
            .then(|| self.version.as_deref()?.parse().ok())
            .flatten()
    }
}

/// What an SBOM inside the wheel says about a library.
///
/// Source: PEP 770, `*.dist-info/sboms/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SbomEntry {
    /// The SBOM's path.
    pub path: String,
    /// The library it names.
    pub library: Library,
    /// The version it names.
    pub version: String,
    /// Whether a binary of the wheel was found to carry exactly that.
    pub agrees: bool,
}

/// What can be wrong with a wheel or one of its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The file is not a zip archive, or its end is missing.
    NotAnArchive,
    /// The archive's directory is damaged or lies.
    ArchiveCorrupt,
    /// Two members claim the same bytes.
    OverlappingMembers,
    /// Two members have the same name; both are read.
    DuplicateMember,
    /// A member's name could leave the folder it is unpacked to.
    UnsafePath,
    /// A member cannot be unpacked: damaged data, wrong size or wrong CRC-32.
    MemberCorrupt,
    /// A member is packed by a method that is not supported, or is encrypted.
    UnsupportedMember,
    /// A limit was reached; the message names it.
    LimitReached,
    /// An object file's headers or tables are damaged.
    MalformedBinary,
    /// Pieces of evidence contradict each other.
    ConflictingEvidence,
    /// An SBOM names another version than the binaries.
    SbomDisagrees,
    /// An SBOM cannot be read.
    MalformedSbom,
    /// The file's SHA-256 is not the one that was promised.
    HashMismatch,
    /// The file could not be read to its end.
    Unreadable,
}

impl ProblemCode {
    /// Whether the problem may hide a library, so that "none found" proves nothing.
    pub const fn hides_content(self) -> bool {
        match self {
            Self::NotAnArchive
            | Self::ArchiveCorrupt
            | Self::OverlappingMembers
            | Self::MemberCorrupt
            | Self::UnsupportedMember
            | Self::LimitReached
            | Self::MalformedBinary
            | Self::HashMismatch
            | Self::Unreadable => true,
            Self::DuplicateMember
            | Self::UnsafePath
            | Self::ConflictingEvidence
            | Self::SbomDisagrees
            | Self::MalformedSbom => false,
        }
    }
}

/// One thing that is wrong with a wheel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What is wrong.
    pub code: ProblemCode,
    /// The sentence for people; where a limit was reached it is named.
    pub message: String,
    /// The member it is about; none for the whole wheel.
    pub path: Option<String>,
}

/// What was found in one wheel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WheelScan {
    /// The findings, ordered by path, architecture and library.
    pub findings: Vec<Finding>,
    /// What SBOMs inside the wheel say.
    pub sbom: Vec<SbomEntry>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl WheelScan {
    /// Whether everything that could hold a library was read.
    pub fn is_complete(&self) -> bool {
        !self
            .problems
            .iter()
            .any(|problem| problem.code.hides_content())
    }
}

macro_rules! display_as {
    ($($name:ident { $($variant:ident => $text:literal),+ $(,)? })+) => { $(
        impl $name {
            /// The word in reports and documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    )+ };
}

display_as! {
    Library {
        Openssl => "openssl", Libressl => "libressl", Boringssl => "boringssl",
        AwsLc => "aws-lc", Tongsuo => "tongsuo",
    }
    Linkage { Static => "static", Vendored => "vendored", External => "external" }
    BinaryFormat { Elf => "elf", MachO => "mach-o", Pe => "pe" }
    Architecture {
        X86_64 => "x86_64", Aarch64 => "aarch64", I686 => "i686", Armv7l => "armv7l",
        Ppc64le => "ppc64le", S390x => "s390x", Riscv64 => "riscv64",
        Loongarch64 => "loongarch64", Other => "other",
    }
}
