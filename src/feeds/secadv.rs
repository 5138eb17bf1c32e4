//! The texts of advisories, `secadv/YYYYMMDD.txt` of openssl/release-metadata: the only place that
//! says which fixes are for holders of a support contract, and which series were not analysed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{OpensslVersion, Series};

/// What a text says beside the records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The CVEs it speaks of.
    pub advisories: BTreeSet<String>,
    /// The fixes that it calls premium support only.
    pub premium_only: BTreeSet<OpensslVersion>,
    /// The series that it says were not analysed.
    pub not_analysed: BTreeSet<Series>,
}

static CVE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bCVE-\d{4}-\d{4,10}\b").ok());
static PREMIUM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\bupgrade to (?:openssl )?(\S+) \(premium support customers only\)").ok()
});
static NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b\d+\.\d+(?:\.\d+)?\b").ok());

/// Reads one text. Lines may be broken anywhere.
pub fn read(text: &str) -> Notice {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut notice = Notice::default();
    if let Some(regex) = CVE.as_ref() {
        notice.advisories = regex
            .find_iter(&text)
            .map(|found| found.as_str().to_owned())
            .collect();
    }
    if let Some(regex) = PREMIUM.as_ref() {
        notice.premium_only = regex
            .captures_iter(&text)
            .filter_map(|found| found.get(1)?.as_str().parse().ok())
            .collect();
    }
    for sentence in text.split(". ") {
        if !sentence.contains("not been analysed") {
            continue;
        }
        if let Some(regex) = NUMBER.as_ref() {
            let named = regex.find_iter(sentence);
            notice
                .not_analysed
                .extend(named.filter_map(|found| found.as_str().parse::<Series>().ok()));
        }
    }
    notice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<T: ToString>(found: &BTreeSet<T>) -> Vec<String> {
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn premium_fixes_are_told_across_lines() {
        let notice = read(
            "Some flaw (CVE-2026-11111)\n\nOpenSSL 3.0 users should upgrade to OpenSSL 3.0.9.\n\
             OpenSSL 1.0.2 users should upgrade to OpenSSL 1.0.2zh (premium support\ncustomers only).\n\
             OpenSSL 1.1.1 users should upgrade to 1.1.1zb (premium support customers only).",
        );
        assert_eq!(shown(&notice.advisories), ["CVE-2026-11111"]);
        assert_eq!(shown(&notice.premium_only), ["1.0.2zh", "1.1.1zb"]);
        assert!(notice.not_analysed.is_empty());
    }

    #[test]
    fn series_that_were_not_analysed_are_told() {
        let notice = read(
            "CVE-2026-11111 CVE-2026-22222\nOnly currently supported releases have been analysed. \
             OpenSSL 3.1, 3.2 and 3.3\nare out of support and have not been analysed.\n\
             OpenSSL 3.4 is affected. The impact of these issues on OpenSSL 1.1.0 has not been analysed.",
        );
        assert_eq!(shown(&notice.advisories).len(), 2);
        assert_eq!(shown(&notice.not_analysed), ["1.1.0", "3.1", "3.2", "3.3"]);
    }
}
