//! What results are about: an advisory, or another reason for which a wheel is not well.

use serde_json::{Value, json};

use crate::model::Severity;
use crate::model::advisory::advisory_url;
use crate::policy::{ReasonCode, Status};

use super::super::printable::markdown;
use super::message;

/// What a result is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    /// An advisory of OpenSSL whose affected range holds what is linked.
    Advisory {
        /// Its identifier.
        cve: String,
        /// How bad OpenSSL says it is.
        severity: Severity,
    },
    /// Any other reason.
    Reason(ReasonCode),
}

/// A rule's level, and its place between 0 and 10 in GitHub's classes: from 9 critical, from 7 high,
/// from 4 medium, below it low. OpenSSL gives words and no numbers, so each word has the middle of
/// its class; a severity that is unknown counts as high. Source: GitHub's documentation, "SARIF
/// support for code scanning".
type Weight = (&'static str, &'static str);

impl Rule {
    /// The identifier, stable from run to run.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Advisory { cve, .. } => cve,
            Self::Reason(code) => code.as_str(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Advisory { severity, .. } => match severity {
                Severity::Critical => ("error", "9.5"),
                Severity::High | Severity::Unknown => ("error", "8.0"),
                Severity::Moderate => ("warning", "5.5"),
                Severity::Low => ("note", "2.0"),
            },
            Self::Reason(ReasonCode::WithdrawnRelease | ReasonCode::AdvisoriesPending) => {
                ("error", "8.0")
            }
            Self::Reason(ReasonCode::NewerRelease | ReasonCode::SbomDisagrees) => ("note", "2.0"),
            Self::Reason(_) => ("warning", "5.5"),
        }
    }

    /// `error`, `warning` or `note`.
    pub(super) fn level(&self) -> &'static str {
        self.weight().0
    }

    /// The rule's description.
    pub(super) fn descriptor(&self) -> Value {
        let (level, weight) = self.weight();
        let (short, full) = self.sentences();
        let (plain, formatted) = match self {
            Self::Advisory { cve, .. } => advisory_help(cve),
            Self::Reason(_) => (full.clone(), markdown(&full)),
        };
        let mut descriptor = json!({
            "id": message(self.id()),
            "shortDescription": { "text": message(&short) },
            "fullDescription": { "text": message(&full) },
            "defaultConfiguration": { "level": level },
            "help": { "text": message(&plain), "markdown": formatted },
            "properties": {
                "tags": ["security", "openssl", "supply-chain"],
                "precision": "very-high",
                "security-severity": weight,
            },
        });
        if let (Self::Advisory { cve, .. }, Some(members)) = (self, descriptor.as_object_mut()) {
            members.extend(advisory_url(cve).map(|url| ("helpUri".to_owned(), json!(url))));
        }
        descriptor
    }

    fn sentences(&self) -> (String, String) {
        let code = match self {
            Self::Advisory { cve, severity } => {
                return (
                    format!("OpenSSL: {cve} ({severity})"),
                    format!(
                        "The OpenSSL in a published wheel is in the affected range of {cve}, \
                         whose severity is {severity}. Whether the flaw can be used against the \
                         project is for people to judge."
                    ),
                );
            }
            Self::Reason(code) => code,
        };
        let (short, full) = match code {
            ReasonCode::WithdrawnRelease => (
                "OpenSSL: a withdrawn release",
                "The OpenSSL in a published wheel is a release that OpenSSL withdrew: rebuild the \
                 wheel with another one.",
            ),
            ReasonCode::AdvisoriesPending => (
                "OpenSSL: a security release whose advisories are not out yet",
                "A newer release than the one in a published wheel calls itself a security \
                 release, and its advisories are not out yet: rebuild the wheel with it.",
            ),
            ReasonCode::EndOfLife => (
                "OpenSSL: a series without support",
                "The support of the OpenSSL series in a published wheel has ended. Advisories \
                 leave it out, so their silence means \"not analysed\".",
            ),
            ReasonCode::NewerRelease => (
                "OpenSSL: not the newest release of its series",
                "A newer public release of the OpenSSL series in a published wheel exists. No \
                 advisory holds the linked one.",
            ),
            ReasonCode::Unreadable => (
                "A wheel that could not be read",
                "A published wheel, or a part of it, could not be read, so what it carries is not \
                 known.",
            ),
            ReasonCode::NotReadYet => (
                "A wheel that was not read yet",
                "A published wheel was not read yet, so what it carries is not known: its turn \
                 comes in a later run.",
            ),
            ReasonCode::SbomDisagrees => (
                "OpenSSL: an SBOM that names another version",
                "An SBOM in a published wheel names another version of OpenSSL than the wheel's \
                 binaries.",
            ),
            _ => (
                "OpenSSL: a version that cannot be vouched for",
                "A published wheel carries OpenSSL, and it cannot be proved which version that is \
                 or what affects it.",
            ),
        };
        (short.to_owned(), full.to_owned())
    }
}

/// What to do about an advisory, as text and as Markdown.
fn advisory_help(cve: &str) -> (String, String) {
    let what = "Rebuild the wheels with a release of OpenSSL that fixes it, and publish them. Each \
                result names the linked version and the release that fixes it, where there is one.";
    match advisory_url(cve) {
        Some(url) => (
            format!("{what} OpenSSL's advisory: {url}"),
            format!("{what}\n\n[OpenSSL's advisory {cve}]({url})"),
        ),
        None => (what.to_owned(), what.to_owned()),
    }
}

/// Which reasons of a finding with this status are told beside its advisories.
pub(super) const fn is_told(code: ReasonCode, status: Status) -> bool {
    match code {
        ReasonCode::WithdrawnRelease
        | ReasonCode::AdvisoriesPending
        | ReasonCode::VersionNotProvable
        | ReasonCode::DistributionPatched
        | ReasonCode::NewerThanFacts
        | ReasonCode::EndOfLife => true,
        // A newer release is what helps against an advisory, and no matter of its own there.
        ReasonCode::NewerRelease => matches!(status, Status::Outdated),
        _ => false,
    }
}
