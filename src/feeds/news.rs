//! What a release says of itself: the fixed phrases of OpenSSL's NEWS, in the body of its release.
//!
//! Since December 2025 the body is the text of NEWS.md, hours before the advisories are out. Lines
//! may be broken anywhere.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{OpensslVersion, ReleaseKind, Severity};

/// What a release says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// What it calls itself.
    pub kind: Option<ReleaseKind>,
    /// The most severe CVE that it says to fix.
    pub severity: Option<Severity>,
    /// Whether it says that it was withdrawn.
    pub withdrawn: bool,
}

static KIND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:openssl (\S+)|this|it) is an? (security patch|bug[ -]?fix|feature) release\b",
    )
    .ok()
});
static SEVERITY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\bthe most severe cve fixed in this release is (\w+)").ok());
static WITHDRAWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:openssl (\S+)|this (?:release|version))(?: release)? (?:is|was|has been|is being|is hereby) (?:now )?withdrawn\b",
    )
    .ok()
});

/// Reads the name and body of the release of this version.
pub fn read(version: &OpensslVersion, name: &str, body: &str) -> Announcement {
    let text = folded(body);
    let own = version.to_string();
    let names_own = |captures: &regex::Captures<'_>| {
        captures
            .get(1)
            .is_none_or(|named| named.as_str().trim_end_matches(['.', ',', ':']) == own)
    };
    let mut announcement = Announcement {
        withdrawn: folded(name).to_ascii_lowercase().contains("withdrawn")
            || WITHDRAWN
                .as_ref()
                .is_some_and(|regex| regex.captures_iter(&text).any(|found| names_own(&found))),
        ..Announcement::default()
    };
    let found = KIND
        .as_ref()
        .and_then(|regex| regex.captures_iter(&text).find(names_own));
    let Some(found) = found else {
        return announcement;
    };
    let word = found.get(2).map_or("", |word| word.as_str());
    announcement.kind = Some(match word.chars().next() {
        Some('s' | 'S') => ReleaseKind::Security,
        Some('b' | 'B') => ReleaseKind::BugFix,
        _ => ReleaseKind::Feature,
    });
    // What stands before it, or behind the next such phrase, speaks of another release.
    let rest = found
        .get(0)
        .and_then(|whole| text.get(whole.end()..))
        .unwrap_or_default();
    let end = KIND
        .as_ref()
        .and_then(|regex| regex.find(rest))
        .map_or(rest.len(), |next| next.start());
    announcement.severity = SEVERITY
        .as_ref()
        .and_then(|regex| regex.captures(rest.get(..end)?)?.get(1))
        .map(|word| Severity::from_text(word.as_str()));
    announcement
}

/// The text with every run of white space as one blank, and without Markdown's marks of emphasis.
fn folded(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '*' | '_' | '`'))
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn announced(body: &str) -> Announcement {
        read(&"3.5.5".parse().unwrap(), "OpenSSL 3.5.5", body)
    }

    #[rstest]
    #[case::as_written(
        "OpenSSL 3.5.5 is a security patch release. The most severe CVE fixed in this release is High.",
        Some(ReleaseKind::Security),
        Some(Severity::High)
    )]
    #[case::broken_lines(
        "OpenSSL\n3.5.5 is a security\r\n  patch release. The most severe CVE\nfixed in this\n\nrelease is\nMedium.",
        Some(ReleaseKind::Security),
        Some(Severity::Moderate)
    )]
    #[case::emphasis(
        "**OpenSSL 3.5.5** is a *security patch release*. The most severe CVE fixed in this release is _Critical_.",
        Some(ReleaseKind::Security),
        Some(Severity::Critical)
    )]
    #[case::bug_fix("OpenSSL 3.5.5 is a bug fix release.", Some(ReleaseKind::BugFix), None)]
    #[case::feature(
        "OpenSSL 3.5.5 is a feature release adding things",
        Some(ReleaseKind::Feature),
        None
    )]
    #[case::no_word("This is a security patch release.", Some(ReleaseKind::Security), None)]
    #[case::strange_severity(
        "This is a security patch release. The most severe CVE fixed in this release is Dreadful.",
        Some(ReleaseKind::Security),
        Some(Severity::Unknown)
    )]
    #[case::another_release(
        "OpenSSL 3.5.4 is a security patch release. The most severe CVE fixed in this release is Low.",
        None,
        None
    )]
    #[case::its_own_among_others(
        "OpenSSL 3.5.5 is a bug fix release. OpenSSL 3.5.4 is a security patch release. The most severe CVE fixed in this release is Low.",
        Some(ReleaseKind::BugFix),
        None
    )]
    #[case::nothing("", None, None)]
    #[case::other_words("insecurity patch releases are features", None, None)]
    fn reads_kind_and_severity(
        #[case] body: &str,
        #[case] kind: Option<ReleaseKind>,
        #[case] severity: Option<Severity>,
    ) {
        let found = announced(body);
        assert_eq!((found.kind, found.severity), (kind, severity));
        assert!(!found.withdrawn);
    }

    #[rstest]
    #[case("This release has been\nwithdrawn because of a regression.", true)]
    #[case("OpenSSL 3.5.5 is withdrawn.", true)]
    #[case("OpenSSL 3.5.5 was withdrawn", true)]
    #[case("OpenSSL 3.5.4 was withdrawn; this release replaces it.", false)]
    #[case("Support for a withdrawn standard was removed.", false)]
    fn reads_withdrawals_of_itself_only(#[case] body: &str, #[case] withdrawn: bool) {
        assert_eq!(announced(body).withdrawn, withdrawn);
    }

    #[test]
    fn a_name_may_say_it_too() {
        let version = "3.5.5".parse().unwrap();
        assert!(read(&version, "OpenSSL 3.5.5 (WITHDRAWN)", "").withdrawn);
    }
}
