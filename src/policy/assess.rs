//! The status of one finding: what is linked, held against what is known of OpenSSL.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::model::{
    Finding, Library, Linkage, OpensslFacts, OpensslVersion, Release, Series, Severity, Support,
};

use super::newer::ranges;
use super::reason::{Reason, ReasonCode};
use super::status::Status;

/// An advisory whose affected range holds the linked version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvisoryMatch {
    /// The identifier.
    pub cve: String,
    /// How bad OpenSSL says it is.
    pub severity: Severity,
    /// The first public, not withdrawn release of the linked series that fixes it.
    pub fixed_in: Option<OpensslVersion>,
}

/// The status of one finding with everything it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The worst of what applies.
    pub status: Status,
    /// The advisories that hold the linked version, worst first.
    pub advisories: Vec<AdvisoryMatch>,
    /// The worst severity, pending advisories included.
    pub severity: Option<Severity>,
    /// The worst severity of what a release that exists fixes, pending advisories included; it is
    /// what steps are weighed by.
    pub fixable_severity: Option<Severity>,
    /// Since when something could have been done: the day of the first release that fixes one of
    /// the advisories; else of the withdrawal, of the next release, of the end of support.
    pub due_since: Option<NaiveDate>,
    /// Every reason, worst first.
    pub reasons: Vec<Reason>,
}

impl Assessment {
    fn plain(status: Status, code: ReasonCode, message: impl Into<String>) -> Self {
        Self {
            status,
            advisories: Vec::new(),
            severity: None,
            fixable_severity: None,
            due_since: None,
            reasons: vec![Reason::new(code, message)],
        }
    }

    /// Whether one of the reasons has this code.
    pub fn has(&self, code: ReasonCode) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }

    /// Whether the finding asks for something to be done: everything worse than `current` except
    /// `unknown`, and except being exposed to advisories whose fix is not released yet only.
    pub fn is_due(&self) -> bool {
        match self.status {
            Status::Withdrawn | Status::Vulnerable | Status::EndOfLife | Status::Outdated => true,
            Status::Exposed => !self.is_only_fix_pending(),
            Status::Unknown | Status::None | Status::External | Status::Current => false,
        }
    }

    /// Whether nothing but releases that do not exist yet could help.
    pub fn is_only_fix_pending(&self) -> bool {
        self.status == Status::Exposed
            && self.has(ReasonCode::FixPending)
            && !self.is_exposed_for_good()
            && !self.has(ReasonCode::EndOfLife)
            && !self.has(ReasonCode::NewerRelease)
    }

    /// Whether an advisory holds it whose fix will not come to its series in public.
    pub fn is_exposed_for_good(&self) -> bool {
        self.has(ReasonCode::PremiumOnly) || self.has(ReasonCode::NoFixInSeries)
    }
}

/// Judges one finding by what is known of OpenSSL on that UTC day.
pub fn assess(finding: &Finding, facts: &OpensslFacts, today: NaiveDate) -> Assessment {
    assess_without(finding, facts, today, &[])
}

/// Judges one finding as if these advisories, named by their CVE, were not there.
pub(super) fn assess_without(
    finding: &Finding,
    facts: &OpensslFacts,
    today: NaiveDate,
    left_out: &[&str],
) -> Assessment {
    if finding.linkage == Linkage::External {
        return Assessment::plain(
            Status::External,
            ReasonCode::SystemLibrary,
            "it uses the system's library; the wheel carries none to rebuild",
        );
    }
    if finding.library != Library::Openssl {
        return Assessment::plain(
            Status::None,
            ReasonCode::OtherLibrary,
            format!(
                "it carries {}, which OpenSSL's advisories do not speak of",
                finding.library
            ),
        );
    }
    let Some(linked) = finding.openssl_version() else {
        return Assessment::plain(
            Status::Unknown,
            ReasonCode::VersionNotProvable,
            "OpenSSL's code is in it, and nothing in the binary proves which version",
        );
    };
    if finding.distro_patched {
        return Assessment::plain(
            Status::Unknown,
            ReasonCode::DistributionPatched,
            format!(
                "{linked} was built by a distribution with patches of its own; upstream's affected \
                 ranges and life times say nothing about it"
            ),
        );
    }
    Judge {
        left_out,
        linked,
        facts,
        today,
    }
    .assess()
}

struct Judge<'a> {
    left_out: &'a [&'a str],
    linked: OpensslVersion,
    facts: &'a OpensslFacts,
    today: NaiveDate,
}

impl Judge<'_> {
    fn series(&self) -> Series {
        self.linked.series()
    }

    fn assess(&self) -> Assessment {
        let mut assessment = Assessment {
            status: Status::Current,
            advisories: Vec::new(),
            severity: None,
            fixable_severity: None,
            due_since: None,
            reasons: Vec::new(),
        };
        self.withdrawn(&mut assessment);
        self.advisories(&mut assessment);
        self.pending(&mut assessment);
        self.newer_than_facts(&mut assessment);
        self.end_of_life(&mut assessment);
        self.outdated(&mut assessment);
        self.pre_release(&mut assessment);
        if assessment.reasons.is_empty() {
            assessment.reasons.push(Reason::new(
                ReasonCode::NewestRelease,
                format!(
                    "{} is the newest public release of {}",
                    self.linked,
                    self.series()
                ),
            ));
        }
        assessment
    }

    fn withdrawn(&self, assessment: &mut Assessment) {
        let release = self.facts.releases.get(&self.linked);
        if let Some(day) = release.and_then(|release| release.withdrawn) {
            raise(
                assessment,
                Status::Withdrawn,
                Some(day),
                ReasonCode::WithdrawnRelease,
                format!("OpenSSL {} was withdrawn on {day}", self.linked),
            );
        }
    }

    fn newer_than_facts(&self, assessment: &mut Assessment) {
        // Past its support a series goes on with releases for contract holders, listed or not; that
        // it ended says more than that its versions are not known.
        let ended = self
            .facts
            .life_times
            .support(self.series(), self.today)
            .has_ended();
        let newest = self.facts.releases.of_series(self.series()).next_back();
        let behind = !ended && newest.is_none_or(|release| self.linked > release.version);
        if behind {
            raise(
                assessment,
                Status::Unknown,
                None,
                ReasonCode::NewerThanFacts,
                format!(
                    "{} is newer than every release of {} known on {}; newer facts are needed to \
                     judge it",
                    self.linked,
                    self.series(),
                    self.facts.as_of
                ),
            );
        }
    }

    fn end_of_life(&self, assessment: &mut Assessment) {
        let series = self.series();
        if let Support::Ended(day) = self.facts.life_times.support(series, self.today) {
            let since = day.map_or_else(|| "long ago".to_owned(), |day| format!("on {day}"));
            raise(
                assessment,
                Status::EndOfLife,
                day,
                ReasonCode::EndOfLife,
                format!(
                    "the support of {series} ended {since}; advisories leave it out, so their \
                     silence means \"not analysed\""
                ),
            );
        }
    }

    fn outdated(&self, assessment: &mut Assessment) {
        let newer = || {
            self.facts
                .releases
                .usable(self.series())
                .filter(|release| release.version > self.linked)
        };
        if let (Some(next), Some(newest)) = (newer().next(), newer().next_back()) {
            raise(
                assessment,
                Status::Outdated,
                Some(next.date),
                ReasonCode::NewerRelease,
                format!(
                    "{}{} of {} is the newest public release of {}",
                    if next == newest {
                        String::new()
                    } else {
                        let is_newer = |release: &Release| {
                            release.version.series() == self.series()
                                && release.version > self.linked
                                && release.is_usable()
                        };
                        format!("{} are newer; ", ranges(&self.facts.releases, is_newer))
                    },
                    newest.version,
                    newest.date,
                    self.series()
                ),
            );
        }
    }

    fn pre_release(&self, assessment: &mut Assessment) {
        if self.linked.is_final() {
            return;
        }
        let message = format!(
            "{} is not a final release; affected ranges speak of final releases",
            self.linked
        );
        // Where nothing newer is to be had, nothing proves that it is well.
        if assessment.status == Status::Current {
            assessment.status = Status::Unknown;
        }
        assessment
            .reasons
            .push(Reason::new(ReasonCode::PreReleaseLinked, message));
    }
}

/// Adds a reason; the worst status stands, and its day is the one since when it is due.
fn raise(
    assessment: &mut Assessment,
    status: Status,
    since: Option<NaiveDate>,
    code: ReasonCode,
    message: String,
) {
    if status > assessment.status {
        assessment.status = status;
        assessment.due_since = since;
    } else if status == assessment.status {
        assessment.due_since = match (assessment.due_since, since) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    assessment.reasons.push(Reason::new(code, message));
}

/// The worse of two severities.
fn worse(known: Option<Severity>, other: Severity) -> Option<Severity> {
    known
        .into_iter()
        .chain([other])
        .max_by_key(|severity| (severity.weight(), *severity))
}

mod advisories;
#[cfg(test)]
mod tests;
