//! The constants that functions such as `OpenSSL_version_num` return, out of their machine code.
//!
//! Source: `OPENSSL_VERSION_NUMBER` in `opensslv.h`; Intel's and Arm's instruction set manuals.

mod aarch64;
mod x86;

use crate::model::Architecture;

/// How many bytes of a function are looked at: enough for a frame, signed return addresses and
/// two moves.
pub(super) const CODE_BYTES: u64 = 40;

/// A function that tells the library's version and does nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum VersionFunction {
    /// `OpenSSL_version_num`, from 1.1.0 on; BoringSSL, AWS-LC, LibreSSL and Tongsuo have it too.
    OpensslVersionNum,
    /// `SSLeay`, the same up to 1.0.2; BoringSSL, AWS-LC and LibreSSL have both.
    Ssleay,
    /// `OPENSSL_version_major`, from 3.0 on.
    Major,
    /// `OPENSSL_version_minor`, from 3.0 on.
    Minor,
    /// `OPENSSL_version_patch`, from 3.0 on.
    Patch,
    /// `BABASSL_version_num`, Tongsuo's own number.
    BabasslVersionNum,
}

impl VersionFunction {
    /// All of them, those that tell a whole version first.
    pub(super) const ALL: [Self; 6] = [
        Self::OpensslVersionNum,
        Self::Ssleay,
        Self::BabasslVersionNum,
        Self::Major,
        Self::Minor,
        Self::Patch,
    ];

    /// The function's name in C.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OpensslVersionNum => "OpenSSL_version_num",
            Self::Ssleay => "SSLeay",
            Self::Major => "OPENSSL_version_major",
            Self::Minor => "OPENSSL_version_minor",
            Self::Patch => "OPENSSL_version_patch",
            Self::BabasslVersionNum => "BABASSL_version_num",
        }
    }

    /// The function of this name, if it is one of them.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name().as_bytes() == name)
    }

    /// Whether the number that it returns is a whole version.
    pub(super) const fn is_whole(self) -> bool {
        !matches!(self, Self::Major | Self::Minor | Self::Patch)
    }
}

/// What a function's first instructions come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It returns this constant and does nothing else.
    Constant(u32),
    /// It only jumps; so many bytes from its own start on.
    Jump(i64),
    /// Anything else.
    Other,
}

/// What the function does whose code begins with `code`.
pub(super) fn outcome(code: &[u8], arch: Architecture) -> Outcome {
    match arch {
        Architecture::X86_64 => x86::outcome(code, true),
        Architecture::I686 => x86::outcome(code, false),
        Architecture::Aarch64 => aarch64::outcome(code),
        _ => Outcome::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for function in VersionFunction::ALL {
            assert_eq!(
                VersionFunction::named(function.name().as_bytes()),
                Some(function)
            );
        }
        assert_eq!(VersionFunction::named(b"SSLeay_version"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            code in proptest::collection::vec(any::<u8>(), 0..64),
            words in proptest::collection::vec(any::<u32>(), 0..12),
        ) {
            let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            for bytes in [&code, &words] {
                for arch in [Architecture::X86_64, Architecture::I686, Architecture::Aarch64] {
                    let _ = outcome(bytes, arch);
                }
                prop_assert_eq!(outcome(bytes, Architecture::S390x), Outcome::Other);
            }
        }
    }
}
