//! The names under which the libraries are shipped and needed.

/// Which half of the library a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Half {
    Crypto,
    Ssl,
}

/// The last part of a path of either kind.
pub(super) fn base_name(path: &str) -> &str {
    let is_separator = |byte| matches!(byte, b'/' | b'\\' | b'!');
    let separator = path.bytes().rposition(is_separator);
    separator
        .and_then(|at| path.get(at.saturating_add(1)..))
        .unwrap_or(path)
}

/// Which half a shared library is by its name: `libcrypto.so.3`, `libssl-885acfdc.so.1.1`,
/// `libcrypto.1.1.dylib`, `libssl-3-x64.dll`, `libeay32.dll`. What is only called alike, such as
/// `libk5crypto` or the `libssl3.so` of NSS, is none.
pub(super) fn half(path: &str) -> Option<Half> {
    let name = base_name(path);
    let stems = [
        ("libcrypto", Half::Crypto),
        ("libssl", Half::Ssl),
        ("msys-crypto", Half::Crypto),
        ("msys-ssl", Half::Ssl),
        ("cygcrypto", Half::Crypto),
        ("cygssl", Half::Ssl),
        ("libeay32", Half::Crypto),
        ("ssleay32", Half::Ssl),
    ];
    stems.into_iter().find_map(|(stem, half)| {
        let (start, rest) = name.split_at_checked(stem.len())?;
        if !start.eq_ignore_ascii_case(stem) {
            return None;
        }
        let rest = rest.to_ascii_lowercase();
        let is_rest = is_shared_library(&rest) && rest_is_versions(&rest);
        is_rest.then_some(half)
    })
}

fn is_shared_library(rest: &str) -> bool {
    [".dll", ".dylib", ".so"]
        .iter()
        .any(|ending| rest.ends_with(ending))
        || rest.contains(".so.")
}

/// Whether what follows the stem are only versions, hashes, architectures and endings.
fn rest_is_versions(rest: &str) -> bool {
    let mut parts = rest.split(['-', '.', '_']);
    // A stem goes on with a separator.
    parts.next() == Some("")
        && parts.all(|part| {
            let is_word = matches!(
                part,
                "so" | "dylib" | "dll" | "x64" | "x86" | "arm64" | "arm" | "64" | "ia64"
            );
            let is_hash = part.len() >= 8 && part.chars().all(|c| c.is_ascii_hexdigit());
            let is_version = part.starts_with(|c: char| c.is_ascii_digit())
                && part.len() <= 5
                && part.chars().all(|c| c.is_ascii_alphanumeric());
            is_word || is_hash || is_version
        })
}

/// Whether a shared library of this name is LibreSSL's: the numbers of its libraries began at 30
/// when it left OpenSSL, whose own end at 4. `libcrypto.so.46`, `libssl-57a7cbb3.so.48.2.1`, and
/// `/usr/lib/libssl.46.dylib`, which macOS ships.
pub(super) fn is_libressl(path: &str) -> bool {
    if half(path).is_none() {
        return false;
    }
    let number = base_name(path)
        .split(['-', '.', '_'])
        .skip(1)
        .filter(|part| part.len() <= 3)
        .find_map(|part| part.parse::<u32>().ok());
    // `libssl-64.dll` is somebody's 64-bit OpenSSL.
    number.is_some_and(|number| (30..200).contains(&number) && number != 64)
}

/// A name without its folder and without the hashes that auditwheel, delocate and delvewheel put
/// into the names of what they copy: two names that have the same mean the same file.
pub(super) fn plain(name: &str) -> String {
    let name = base_name(name).to_ascii_lowercase();
    let parts = name.split('-').filter_map(|part| {
        let (word, rest) = part.split_at(part.find('.').unwrap_or(part.len()));
        let is_hash = word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit());
        match (is_hash, rest.is_empty()) {
            (true, true) => None,
            (true, false) => Some(rest.to_owned()),
            (false, _) => Some(format!("-{part}")),
        }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a.libs/libcrypto-57a7cbb3.so.3", Some(Half::Crypto))]
    #[case("libcrypto-13880bfc.so.1.0.2k", Some(Half::Crypto))]
    #[case("libssl.so", Some(Half::Ssl))]
    #[case("@loader_path/.dylibs/libssl.3.dylib", Some(Half::Ssl))]
    #[case(
        "libcrypto-3-x64-87c7f6c0ecc1f68f9e3428b4442990e8.dll",
        Some(Half::Crypto)
    )]
    #[case("libssl-1_1-x64.dll", Some(Half::Ssl))]
    #[case("LIBEAY32.dll", Some(Half::Crypto))]
    #[case("libk5crypto-abc.so.3", None)]
    #[case("libssl3.so", None)]
    #[case("libcrypto_utils.so", None)]
    #[case("libcrypto.a", None)]
    #[case("libngtcp2_crypto_ossl.0.3.1.dylib", None)]
    fn halves(#[case] name: &str, #[case] expected: Option<Half>) {
        assert_eq!(half(name), expected);
    }

    #[test]
    fn hashes_do_not_count() {
        let same_library = |needed: &str, shipped: &str| plain(needed) == plain(shipped);
        assert!(same_library("libssl.so.3", "x.libs/libssl-885acfdc.so.3"));
        assert!(same_library(
            "libssl-3-x64.dll",
            "LIBSSL-3-x64-87c7f6c0ecc1f68f9e3428b4442990e8.dll"
        ));
        assert!(!same_library("libssl.so.3", "libssl-885acfdc.so.1.1"));
        assert!(!same_library("libssl.so.3", "libcrypto.so.3"));
    }

    #[rstest]
    #[case("libcrypto.so.46", true)]
    #[case("a.libs/libssl-57a7cbb3.so.48.2.1", true)]
    #[case("libcrypto-12345678.so.46", true)]
    #[case("libcrypto.50.dylib", true)]
    #[case("/usr/lib/libssl.46.dylib", true)]
    #[case("/usr/lib/libssl.0.9.8.dylib", false)]
    #[case("libcrypto-46.dll", true)]
    #[case("libcrypto.so.3", false)]
    #[case("libcrypto-13880bfc.so.1.0.2k", false)]
    #[case("libcrypto.so.10", false)]
    #[case("libcrypto-64.dll", false)]
    #[case("libtls.so.46", false)]
    fn libressl_counts_from_30(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_libressl(name), expected);
    }
}
