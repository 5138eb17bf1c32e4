//! Findings that a project accepts on purpose.

use chrono::NaiveDate;

use crate::model::{Finding, Library};

use super::assess::Assessment;

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

/// The reason for which a finding is accepted, if it is.
pub fn accepted(
    acceptances: &[Acceptance],
    finding: &Finding,
    assessment: &Assessment,
    today: NaiveDate,
) -> Option<String> {
    let fitting = || acceptances.iter().filter(|one| one.fits(finding, today));
    if let Some(whole) = fitting().find(|one| one.cve.is_none()) {
        return Some(whole.reason.clone());
    }
    let mut reasons = Vec::new();
    for advisory in &assessment.advisories {
        let by_name = fitting().find(|one| one.cve.as_deref() == Some(advisory.cve.as_str()))?;
        reasons.push(by_name.reason.clone());
    }
    reasons.dedup();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
