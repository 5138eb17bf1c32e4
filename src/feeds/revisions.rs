//! What a record said, and when it was first seen to say so: records are edited later.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::Advisory;

/// A bound on the revisions of one advisory that are kept; the oldest and the newest ones are.
const KEPT: usize = 50;

/// One state of an advisory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// When it was first seen.
    pub seen: DateTime<Utc>,
    /// What the record said.
    pub advisory: Advisory,
}

/// All states in which advisories were seen, oldest first, by their CVE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revisions(BTreeMap<String, Vec<Revision>>);

impl Revisions {
    /// Takes in what the records say now, and returns the CVEs whose record was edited since it
    /// was last seen.
    pub fn note(&mut self, advisories: &[Advisory], now: DateTime<Utc>) -> Vec<String> {
        let mut edited = Vec::new();
        for advisory in advisories {
            let seen = self.0.entry(advisory.cve.clone()).or_default();
            if seen.last().is_some_and(|last| last.advisory == *advisory) {
                continue;
            }
            if !seen.is_empty() {
                edited.push(advisory.cve.clone());
            }
            if seen.len() >= KEPT {
                seen.remove(1);
            }
            seen.push(Revision {
                seen: now,
                advisory: advisory.clone(),
            });
        }
        edited
    }

    /// The states of one advisory, oldest first.
    pub fn of(&self, cve: &str) -> &[Revision] {
        self.0.get(cve).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Severity;

    use super::*;

    fn advisory(severity: Severity) -> Advisory {
        Advisory {
            cve: "CVE-2026-11111".into(),
            severity,
            published: "2026-06-09".parse().unwrap(),
            affected: vec!["3.0.0 < 3.0.21".parse().unwrap()],
        }
    }

    #[test]
    fn an_edited_record_is_kept_in_both_states() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut revisions = Revisions::default();
        assert_eq!(revisions.note(&[advisory(Severity::Low)], at(1)), [""; 0]);
        assert_eq!(revisions.note(&[advisory(Severity::Low)], at(2)), [""; 0]);
        assert_eq!(
            revisions.note(&[advisory(Severity::High)], at(3)),
            ["CVE-2026-11111"]
        );
        let seen: Vec<_> = revisions
            .of("CVE-2026-11111")
            .iter()
            .map(|one| (one.seen.timestamp(), one.advisory.severity))
            .collect();
        assert_eq!(seen, [(1, Severity::Low), (3, Severity::High)]);
        assert_eq!(revisions.of("CVE-2026-22222"), []);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut revisions = Revisions::default();
        for second in 0..200 {
            let severity = if second % 2 == 0 {
                Severity::Low
            } else {
                Severity::High
            };
            revisions.note(
                &[advisory(severity)],
                DateTime::from_timestamp(second, 0).unwrap(),
            );
        }
        let seen = revisions.of("CVE-2026-11111");
        assert_eq!(seen.len(), KEPT);
        assert_eq!(seen[0].seen.timestamp(), 0);
        assert_eq!(seen[KEPT - 1].seen.timestamp(), 199);
    }
}
