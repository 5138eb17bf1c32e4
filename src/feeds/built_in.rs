//! The facts that are shipped with rewheel, `data/openssl.json`.

use crate::model::{FactsOrigin, OpensslFacts};

use super::FeedReport;
use super::facts_file::{self, FactsFileError};

/// The text of the built-in facts.
pub const TEXT: &str = include_str!("../../data/openssl.json");

/// Reads the built-in facts.
///
/// # Errors
/// Only when the file that was compiled in is broken, which a test excludes.
pub fn load() -> Result<OpensslFacts, FactsFileError> {
    facts_file::parse(TEXT)
}

/// What is told about feeds whose facts are the built-in ones.
pub fn reports(facts: &OpensslFacts) -> Vec<FeedReport> {
    ["releases", "advisories", "life-times"]
        .into_iter()
        .map(|name| FeedReport {
            name,
            source: FactsOrigin::BuiltIn,
            as_of: facts.as_of,
            error: None,
            is_down: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OpensslVersion, Severity};

    fn facts() -> OpensslFacts {
        load().unwrap()
    }

    fn version(text: &str) -> OpensslVersion {
        text.parse().unwrap()
    }

    #[test]
    fn fit_their_size() {
        assert!(TEXT.len() < 150_000, "{} bytes", TEXT.len());
    }

    #[test]
    fn are_written_as_the_distiller_writes_them() {
        assert_eq!(facts_file::render(&facts()), TEXT);
    }

    #[test]
    fn know_the_newest_release_of_each_series() {
        let facts = facts();
        for (series, newest) in [
            ("1.0.2", "1.0.2u"),
            ("1.1.0", "1.1.0l"),
            ("1.1.1", "1.1.1w"),
            ("3.0", "3.0.22"),
            ("3.4", "3.4.8"),
            ("3.5", "3.5.9"),
            ("4.0", "4.0.3"),
            ("4.1", "4.1.0"),
        ] {
            let found = facts.releases.newest(series.parse().unwrap()).unwrap();
            assert_eq!(found.version, version(newest), "{series}");
        }
    }

    #[test]
    fn know_which_releases_were_withdrawn() {
        let withdrawn: Vec<_> = facts()
            .releases
            .iter()
            .filter(|release| release.withdrawn.is_some())
            .map(|release| release.version.to_string())
            .collect();
        assert_eq!(withdrawn, ["1.1.1r", "3.0.6"]);
    }

    #[test]
    fn hold_every_advisory_once() {
        let facts = facts();
        let mut names: Vec<_> = facts.advisories.iter().map(|one| one.cve.clone()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), facts.advisories.len());
        assert!(names.len() > 290, "{}", names.len());
        let newest = facts
            .advisories
            .iter()
            .find(|advisory| advisory.cve == "CVE-2026-84782")
            .unwrap();
        assert_eq!(newest.severity, Severity::High);
        assert!(newest.range_holding(&version("4.0.2")).is_some());
        assert!(newest.range_holding(&version("4.0.3")).is_none());
    }

    #[test]
    fn know_when_support_ends() {
        let facts = facts();
        for (series, ends) in [
            ("1.0.2", "2019-12-31"),
            ("1.1.1", "2023-09-11"),
            ("3.0", "2026-09-07"),
            ("4.1", "2027-11-30"),
        ] {
            let life_time = facts.life_times.get(series.parse().unwrap()).unwrap();
            assert_eq!(life_time.ends.to_string(), ends, "{series}");
        }
    }
}
