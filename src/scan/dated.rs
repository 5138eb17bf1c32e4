//! The dated version text: `OpenSSL 3.1.1 30 May 2023`, and its kin.
//!
//! Source: `OPENSSL_VERSION_TEXT` in OpenSSL's `opensslv.h`, and what distributions make of it.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// A dated version text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dated {
    /// The version without suffix.
    pub version: String,
    /// What a builder added.
    pub suffix: Option<String>,
    /// The text as it stands there.
    pub text: String,
    /// Whether it is one of the lines by which the library's own modules name themselves,
    /// `MD4 part of OpenSSL 1.0.2k  26 Jan 2017`.
    pub module: bool,
    /// Whether it has the form of Red Hat's builds, `1.1.1k  FIPS 25 Mar 2021`.
    pub red_hat: bool,
}

// The part between version and date is what a compiler leaves of a text that it copies as two
// overlapping stores of 16 bytes: `OpenSSL 3.6.5 29` and `6.5 29 Sep 2026`.
static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u)^OpenSSL ",
        r"(?P<version>[0-9]\.[0-9]{1,2}\.[0-9]{1,3}[a-z]{0,2}(?:-(?:dev|(?:pre|alpha|beta)[0-9]{0,2}))?)",
        r"(?:[-+](?P<suffix>[A-Za-z][A-Za-z0-9.+-]{0,23}))?",
        r"(?: {1,2}(?P<fips>FIPS))? {1,2}",
        r"(?:[0-9a-z.]{1,14} {1,2})?",
        r"(?:[0-9]{1,2} [A-Za-z]{3} [0-9]{4}|xx XXX xxxx)",
    ))
    .ok()
});

/// How far a text may reach, in bytes.
pub(super) const LONGEST: usize = 96;

/// Reads the dated text that begins with `bytes`.
pub(super) fn read(bytes: &[u8], module: bool) -> Option<Dated> {
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    let found = FORM.as_ref()?.captures(bytes)?;
    let group = |name| {
        let bytes = found.name(name)?.as_bytes();
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    let version = group("version")?;
    let fips = group("fips");
    let joined = bytes.get(8_usize.saturating_add(version.len())).copied();
    let suffix = group("suffix").map(|suffix| match joined {
        Some(b'+') => format!("+{suffix}"),
        _ => suffix,
    });
    Some(Dated {
        version,
        red_hat: fips.is_some(),
        suffix: suffix.or(fips),
        text: String::from_utf8_lossy(found.get(0)?.as_bytes()).into_owned(),
        module,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("OpenSSL 3.1.1 30 May 2023", "3.1.1", None)]
    #[case("OpenSSL 1.1.1x  30 Jan 2024", "1.1.1x", None)]
    #[case("OpenSSL 1.0.2zg  7 Feb 2023", "1.0.2zg", None)]
    #[case("OpenSSL 1.1.1k  FIPS 25 Mar 2021", "1.1.1k", Some("FIPS"))]
    #[case("OpenSSL 1.0.2k-fips  26 Jan 2017", "1.0.2k", Some("fips"))]
    #[case("OpenSSL 3.0.13+quic 30 Jan 2024", "3.0.13", Some("+quic"))]
    #[case("OpenSSL 1.1.1-dev  xx XXX xxxx", "1.1.1-dev", None)]
    #[case("OpenSSL 1.1.1-pre9 (beta) 21 Aug 2018", "", None)]
    #[case("OpenSSL 3.0.0-beta2 29 Jul 2021", "3.0.0-beta2", None)]
    #[case("OpenSSL 3.0.0 7 sep 2021", "3.0.0", None)]
    #[case("OpenSSL 3.6.5 296.5 29 Sep 2026", "3.6.5", None)]
    #[case("OpenSSL 3.0.13 3.13 30 Jan 2024", "3.0.13", None)]
    #[case("OpenSSL 3.5.0 or newer", "", None)]
    #[case("OpenSSL 3.0.x providers", "", None)]
    #[case("OpenSSL 1.1.1 API detected", "", None)]
    #[case("OpenSSL/0.9.8x',", "", None)]
    #[case("OpenSSL 3's legacy provider", "", None)]
    #[case("OpenSSL 1.1.1 (compatible; BoringSSL)", "", None)]
    fn forms(#[case] text: &str, #[case] version: &str, #[case] suffix: Option<&str>) {
        let found = read(format!("{text}\0more").as_bytes(), false);
        let Some(found) = found else {
            assert_eq!(version, "", "{text} was not read");
            return;
        };
        assert_eq!(found.version, version);
        assert_eq!(found.suffix.as_deref(), suffix);
        assert_eq!(found.text, text);
    }
}
