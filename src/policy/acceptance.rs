//! Findings that a project accepts on purpose.

use chrono::NaiveDate;

use crate::model::{Finding, Library, OpensslFacts};

use super::assess::{Assessment, assess, assess_without};
use super::reason::{Reason, ReasonCode};
use super::status::Status;

/// A finding that is accepted: shown with its reason, asking for nothing. What is not named fits
/// everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// The library.
    pub library: Option<Library>,
    /// The version, exactly, or as a beginning that ends in `*`: `1.0.2*`.
    pub version: Option<String>,
    /// The member's path, exactly, or as a beginning that ends in `*`.
    pub path: Option<String>,
    /// The advisory; the finding is accepted only when every advisory that holds it is.
    pub cve: Option<String>,
    /// Why.
    pub reason: String,
    /// The last UTC day on which it holds.
    pub until: Option<NaiveDate>,
}

impl Acceptance {
    fn fits(&self, finding: &Finding, today: NaiveDate) -> bool {
        self.until.is_none_or(|until| today <= until)
            && self
                .library
                .is_none_or(|library| library == finding.library)
            && fits(
                self.version.as_deref(),
                finding.version.as_deref().unwrap_or(""),
            )
            && fits(self.path.as_deref(), &finding.path)
    }
}

fn fits(pattern: Option<&str>, text: &str) -> bool {
    pattern.is_none_or(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => text == pattern,
    })
}

/// The assessment of a finding, and the reason for which the finding is accepted, if it is.
///
/// Accepting an advisory accepts the finding only where nothing else is wrong with it but that a
/// newer release exists; else the finding is judged without that advisory.
pub(super) fn assess_with(
    acceptances: &[Acceptance],
    finding: &Finding,
    facts: &OpensslFacts,
    today: NaiveDate,
) -> (Assessment, Option<String>) {
    let full = assess(finding, facts, today);
    let fitting = || acceptances.iter().filter(|one| one.fits(finding, today));
    if let Some(whole) = fitting().find(|one| one.cve.is_none()) {
        return (full, Some(whole.reason.clone()));
    }
    let named: Vec<(&str, &str)> = full
        .advisories
        .iter()
        .filter_map(|advisory| {
            let by_name = fitting().find(|one| one.cve.as_deref() == Some(&advisory.cve))?;
            Some((advisory.cve.as_str(), by_name.reason.as_str()))
        })
        .collect();
    if named.is_empty() {
        return (full, None);
    }
    let left_out: Vec<&str> = named.iter().map(|(cve, _)| *cve).collect();
    let mut rest = assess_without(finding, facts, today, &left_out);
    if matches!(rest.status, Status::Current | Status::Outdated) {
        let mut reasons: Vec<&str> = named.iter().map(|(_, reason)| *reason).collect();
        reasons.dedup();
        let reason = reasons.join("; ");
        return (full, Some(reason));
    }
    for (cve, reason) in named {
        rest.reasons.push(Reason::new(
            ReasonCode::AcceptedAdvisory,
            format!("{cve} is accepted: {reason}"),
        ));
    }
    (rest, None)
}
