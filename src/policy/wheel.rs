//! The verdict on one wheel: the worst of its findings, with every reason.

use chrono::NaiveDate;

use crate::model::{
    Finding, Library, Linkage, OpensslFacts, OpensslVersion, Problem, ProblemCode, WheelName,
    WheelScan,
};

use super::acceptance;
use super::assess::Assessment;
use super::reason::{Reason, ReasonCode};
use super::settings::Settings;
use super::status::Status;

/// What is known of one published wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelFacts {
    /// Its name.
    pub name: WheelName,
    /// The SHA-256 that the index promises, in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// What is in it.
    pub content: WheelContent,
}

/// What is in a wheel, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WheelContent {
    /// It was read.
    Scanned(WheelScan),
    /// It could not be read, or not be believed; the sentence says why.
    Unreadable(String),
    /// It was not read yet, and will be in a later cycle; the sentence says why.
    Unread(String),
}

/// The verdict on one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingVerdict {
    /// The finding.
    pub finding: Finding,
    /// Its status.
    pub assessment: Assessment,
    /// The reason for which it was accepted on purpose.
    pub accepted: Option<String>,
}

impl FindingVerdict {
    /// The linked OpenSSL, where it is in the wheel and its version is proved.
    pub fn linked(&self) -> Option<OpensslVersion> {
        (self.finding.linkage != Linkage::External)
            .then(|| self.finding.openssl_version())
            .flatten()
    }

    /// Whether something is to be done about it.
    pub fn is_due(&self) -> bool {
        self.accepted.is_none() && self.assessment.is_due()
    }
}

/// The verdict on one wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelVerdict {
    /// The wheel's name.
    pub name: WheelName,
    /// The SHA-256 that the index promises.
    pub sha256: Option<String>,
    /// The worst status of its findings.
    pub status: Status,
    /// Its findings.
    pub findings: Vec<FindingVerdict>,
    /// What is to be said of the wheel as a whole.
    pub reasons: Vec<Reason>,
}

impl WheelVerdict {
    /// Whether something is to be done about one of its findings.
    pub fn is_due(&self) -> bool {
        self.findings.iter().any(FindingVerdict::is_due)
    }

    /// Whether something about it could not be told.
    pub fn is_unclear(&self) -> bool {
        !self.is_read()
            || self
                .findings
                .iter()
                .any(|one| one.accepted.is_none() && one.assessment.status == Status::Unknown)
    }

    /// Whether nothing of it was left unread.
    pub fn is_read(&self) -> bool {
        !self.has(ReasonCode::Unreadable) && !self.has(ReasonCode::NotReadYet)
    }

    /// Whether one of the wheel's own reasons has this code.
    pub fn has(&self, code: ReasonCode) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }

    /// The OpenSSL versions it carries, sorted, each once.
    pub fn linked(&self) -> Vec<OpensslVersion> {
        let mut linked: Vec<OpensslVersion> = self
            .findings
            .iter()
            .filter_map(FindingVerdict::linked)
            .collect();
        linked.sort();
        linked.dedup();
        linked
    }

    /// Whether OpenSSL's code is in it.
    pub fn carries_openssl(&self) -> bool {
        self.findings.iter().any(|one| {
            one.finding.library == Library::Openssl && one.finding.linkage != Linkage::External
        })
    }
}

/// Judges one wheel on that UTC day.
pub fn judge(
    wheel: &WheelFacts,
    openssl: &OpensslFacts,
    settings: &Settings,
    today: NaiveDate,
) -> WheelVerdict {
    let mut verdict = WheelVerdict {
        name: wheel.name.clone(),
        sha256: wheel.sha256.clone(),
        status: Status::None,
        findings: Vec::new(),
        reasons: Vec::new(),
    };
    let scan = match &wheel.content {
        WheelContent::Scanned(scan) => scan,
        WheelContent::Unreadable(message) => {
            verdict.status = Status::Unknown;
            verdict
                .reasons
                .push(Reason::new(ReasonCode::Unreadable, message));
            return verdict;
        }
        WheelContent::Unread(message) => {
            verdict.status = Status::Unknown;
            verdict
                .reasons
                .push(Reason::new(ReasonCode::NotReadYet, message));
            return verdict;
        }
    };
    for finding in &scan.findings {
        let (assessment, accepted) =
            acceptance::assess_with(&settings.accepted, finding, openssl, today);
        verdict.status = verdict.status.max(assessment.status);
        verdict.findings.push(FindingVerdict {
            finding: finding.clone(),
            assessment,
            accepted,
        });
    }
    for problem in &scan.problems {
        let code = match problem.code {
            code if code.hides_content() => ReasonCode::Unreadable,
            ProblemCode::SbomDisagrees => ReasonCode::SbomDisagrees,
            ProblemCode::ConflictingEvidence => ReasonCode::ConflictingEvidence,
            _ => continue,
        };
        verdict.reasons.push(Reason::new(code, sentence(problem)));
    }
    if !scan.is_complete() {
        verdict.status = verdict.status.max(Status::Unknown);
    } else if scan.findings.is_empty() {
        verdict.reasons.push(Reason::new(
            ReasonCode::NoLibrary,
            "no OpenSSL and no fork of it is in it, and none is asked of the system",
        ));
    }
    verdict
}

/// A problem's sentence, with the member it is about.
fn sentence(problem: &Problem) -> String {
    match &problem.path {
        Some(path) if !problem.message.contains(path.as_str()) => {
            format!("{path}: {}", problem.message)
        }
        _ => problem.message.clone(),
    }
}
