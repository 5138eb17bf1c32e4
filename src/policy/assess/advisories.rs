//! The advisories that hold a linked version, and what fixes them.

use crate::model::{Advisory, AffectedRange, OpensslVersion, Release, ReleaseKind, Severity};
use crate::policy::fix::{first_fix, why_unfixed};
use crate::policy::reason::ReasonCode;
use crate::policy::status::Status;

use super::{AdvisoryMatch, Assessment, Judge, raise, worse};

impl Judge<'_> {
    pub(super) fn advisories(&self, assessment: &mut Assessment) {
        let mut fixed: Vec<(&Release, &Advisory)> = Vec::new();
        let mut unfixed: Vec<(&AffectedRange, &Advisory)> = Vec::new();
        for advisory in &self.facts.advisories {
            if self.left_out.contains(&advisory.cve.as_str()) {
                continue;
            }
            let Some(range) = advisory.range_holding(&self.linked) else {
                continue;
            };
            let fix = first_fix(self.facts, self.series(), range);
            match fix {
                Some(release) => {
                    fixed.push((release, advisory));
                    let known = assessment.fixable_severity;
                    assessment.fixable_severity = worse(known, advisory.severity);
                }
                None => unfixed.push((range, advisory)),
            }
            assessment.advisories.push(AdvisoryMatch {
                cve: advisory.cve.clone(),
                severity: advisory.severity,
                fixed_in: fix.map(|release| release.version.clone()),
            });
            assessment.severity = worse(assessment.severity, advisory.severity);
        }
        assessment.advisories.sort_by(|a, b| {
            (b.severity.weight(), b.severity, &b.cve).cmp(&(
                a.severity.weight(),
                a.severity,
                &a.cve,
            ))
        });
        if let Some(first) = fixed.iter().map(|(release, _)| release.date).min() {
            let newest = fixed.iter().map(|(release, _)| &release.version).max();
            raise(
                assessment,
                Status::Vulnerable,
                Some(first),
                ReasonCode::InAffectedRange,
                format!(
                    "{} is in the affected range of {}; {} fixes {}",
                    self.linked,
                    advisories(fixed.len()),
                    newest.map_or_else(String::new, ToString::to_string),
                    if fixed.len() == 1 { "it" } else { "them all" },
                ),
            );
        }
        self.unfixed(assessment, &unfixed);
    }

    fn unfixed(&self, assessment: &mut Assessment, unfixed: &[(&AffectedRange, &Advisory)]) {
        for code in [
            ReasonCode::PremiumOnly,
            ReasonCode::NoFixInSeries,
            ReasonCode::FixPending,
        ] {
            let mut named: Vec<&OpensslVersion> = Vec::new();
            let mut count: usize = 0;
            for (range, _) in unfixed {
                if why_unfixed(self.facts, self.series(), range, self.today) == code {
                    count = count.saturating_add(1);
                    named.extend(range.named_fix());
                }
            }
            if count == 0 {
                continue;
            }
            let newest = named.into_iter().max().map(ToString::to_string);
            let what = format!(
                "{} is in the affected range of {}",
                self.linked,
                advisories(count)
            );
            let message = match (code, newest) {
                (ReasonCode::PremiumOnly, Some(fix)) => {
                    format!("{what}; the fix, {fix}, is for holders of a support contract only")
                }
                (ReasonCode::FixPending, Some(fix)) if self.is_withdrawn(&fix) => {
                    format!("{what}; the fix, {fix}, was withdrawn and has no successor yet")
                }
                (ReasonCode::FixPending, Some(fix)) => {
                    format!("{what}; the fix, {fix}, is not released yet")
                }
                (ReasonCode::FixPending, None) => format!("{what}; the fix is not released yet"),
                _ => format!(
                    "{what}; no public release of {} fixes it, and its support has ended",
                    self.series()
                ),
            };
            raise(assessment, Status::Exposed, None, code, message);
        }
    }

    fn is_withdrawn(&self, version: &str) -> bool {
        version
            .parse()
            .ok()
            .and_then(|version| self.facts.releases.get(&version))
            .is_some_and(|release| release.withdrawn.is_some())
    }

    /// A newer release that calls itself a security release, and of which no known advisory is as
    /// severe as it says: low advisories come out weeks before the release that fixes them.
    pub(super) fn pending(&self, assessment: &mut Assessment) {
        let pending = || {
            self.facts
                .releases
                .usable(self.series())
                .filter(|release| release.version > self.linked)
                .filter(|release| release.kind == ReleaseKind::Security)
                .filter(|release| !self.has_advisories(release))
        };
        let announced = |release: &Release| release.severity.unwrap_or(Severity::Unknown);
        let worst = pending().max_by_key(|release| announced(release).weight());
        let (Some(first), Some(release)) = (pending().next(), worst) else {
            return;
        };
        let severity = announced(release);
        assessment.severity = worse(assessment.severity, severity);
        assessment.fixable_severity = worse(assessment.fixable_severity, severity);
        raise(
            assessment,
            Status::Vulnerable,
            Some(first.date),
            ReasonCode::AdvisoriesPending,
            format!(
                "{} of {} calls itself a security release{}",
                release.version,
                release.date,
                release.severity.map_or_else(
                    || "; its advisories are not out yet".to_owned(),
                    |severity| format!(
                        " (most severe: {severity}); the advisory of that severity is not out yet"
                    )
                ),
            ),
        );
    }

    fn has_advisories(&self, release: &Release) -> bool {
        let before = self
            .facts
            .releases
            .of_series(self.series())
            .rfind(|earlier| earlier.version.is_final() && earlier.version < release.version);
        let announced = release.severity.map_or(0, Severity::weight);
        self.facts
            .advisories
            .iter()
            .filter(|advisory| advisory.severity.weight() >= announced)
            .flat_map(|advisory| &advisory.affected)
            .filter(|range| range.introduced.series() == self.series())
            .any(|range| {
                // A record may be wrong about where a range begins (CVE-2023-2650) and right about
                // the fix.
                range.named_fix() == Some(&release.version)
                    || before.is_some_and(|before| {
                        range.holds(&before.version) && range.is_past(&release.version)
                    })
            })
    }
}

/// "1 advisory", "12 advisories".
fn advisories(count: usize) -> String {
    if count == 1 {
        "1 advisory".to_owned()
    } else {
        format!("{count} advisories")
    }
}
