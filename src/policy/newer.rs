//! Why each release that is newer than a linked one is not, or is not yet, what the wheels are to
//! carry.
//!
//! Usable releases of the linked series itself are named by the finding's own reason,
//! [`ReasonCode::NewerRelease`]; everything else is told here, for the line as a whole.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::model::{OpensslFacts, OpensslVersion, Release, ReleaseKind, Releases, Series};

use super::reason::{Reason, ReasonCode};
use super::settings::{Follow, Settings};
use super::target::{Targets, first_release};
use super::wheel::{FindingVerdict, WheelVerdict};

/// A reason for each kind of newer release, naming all of that kind.
pub(super) fn explain(
    wheels: &[WheelVerdict],
    openssl: &OpensslFacts,
    targets: &Targets,
    settings: &Settings,
    today: NaiveDate,
) -> Vec<Reason> {
    let mut by_code: BTreeMap<&'static str, (ReasonCode, BTreeSet<OpensslVersion>)> =
        BTreeMap::new();
    let mut seen = BTreeSet::new();
    for finding in wheels.iter().flat_map(|wheel| &wheel.findings) {
        let Some(linked) = finding.linked() else {
            continue;
        };
        if !seen.insert((linked.clone(), is_compared(finding))) {
            continue;
        }
        let newer = openssl.releases.iter();
        for release in newer.filter(|release| release.version > linked) {
            let way = Way {
                openssl,
                settings,
                today,
                linked: linked.series(),
                followed: targets.followed.get(&linked.series()).copied(),
                is_compared: is_compared(finding),
            };
            if let Some(code) = way.code(release) {
                let (_, versions) = by_code
                    .entry(code.as_str())
                    .or_insert_with(|| (code, BTreeSet::new()));
                versions.insert(release.version.clone());
            }
        }
    }
    let mut reasons: Vec<Reason> = by_code
        .into_values()
        .map(|(code, versions)| {
            let named = ranges(&openssl.releases, |release| {
                versions.contains(&release.version)
            });
            Reason::new(code, format!("{named}: {}", because(code)))
        })
        .collect();
    reasons.sort_by_key(|reason| reason.code as usize);
    reasons
}

/// Whether the finding names the usable releases of its own series itself.
fn is_compared(finding: &FindingVerdict) -> bool {
    !finding.assessment.has(ReasonCode::DistributionPatched)
}

/// The way from a linked series to a release.
struct Way<'a> {
    openssl: &'a OpensslFacts,
    settings: &'a Settings,
    today: NaiveDate,
    linked: Series,
    followed: Option<Series>,
    is_compared: bool,
}

impl Way<'_> {
    /// Why the release is not what is to be built with; none where the finding tells it.
    fn code(&self, release: &Release) -> Option<ReasonCode> {
        let series = release.version.series();
        Some(if release.withdrawn.is_some() {
            ReasonCode::NewerWithdrawn
        } else if !release.version.is_final() || release.kind == ReleaseKind::PreRelease {
            ReasonCode::NewerPreRelease
        } else if release.premium_only {
            ReasonCode::NewerPremiumOnly
        } else if series == self.linked && self.is_compared {
            return None;
        } else if series == self.linked {
            ReasonCode::NewerNotComparable
        } else if Some(series) == self.followed {
            ReasonCode::NewerInFollowedSeries
        } else if self
            .openssl
            .life_times
            .support(series, self.today)
            .has_ended()
        {
            ReasonCode::NewerInEndedSeries
        } else if self.is_settling(series) {
            ReasonCode::NewerInSettlingSeries
        } else {
            ReasonCode::NewerInOtherSeries
        })
    }

    /// Whether the series will be followed once it is old enough.
    fn is_settling(&self, series: Series) -> bool {
        let life_time = self.openssl.life_times.get(series);
        let fits = match self.settings.follow {
            Follow::Series | Follow::Named(_) => false,
            Follow::Latest => true,
            Follow::Lts => life_time.is_some_and(|life_time| life_time.lts),
        };
        let young = |release: &Release| {
            self.today.signed_duration_since(release.date) < self.settings.series_settle
        };
        fits && first_release(self.openssl, series).is_some_and(young)
    }
}

const fn because(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::NewerWithdrawn => "withdrawn, so it fixes nothing and is no target",
        ReasonCode::NewerPreRelease => "no final release, so it is no target",
        ReasonCode::NewerPremiumOnly => {
            "for holders of a support contract only, so it is no target"
        }
        ReasonCode::NewerNotComparable => {
            "newer than what a distribution patched, which cannot be compared with it"
        }
        ReasonCode::NewerInFollowedSeries => "of the series that is followed; see its target",
        ReasonCode::NewerInEndedSeries => "of a series whose support has ended",
        ReasonCode::NewerInSettlingSeries => {
            "of a new series, which is followed once series-settle has passed"
        }
        _ => "of a series that is not followed",
    }
}

/// The releases that fit, runs of them shortened: `3.0.0 to 3.0.5, 3.0.7, 3.5.1 to 3.5.9`. A run
/// leaves nothing out and stays in one series.
pub fn ranges(releases: &Releases, fits: impl Fn(&Release) -> bool) -> String {
    let mut runs: Vec<(&OpensslVersion, &OpensslVersion)> = Vec::new();
    let mut follows = false;
    for release in releases.iter() {
        if !fits(release) {
            follows = false;
            continue;
        }
        let version = &release.version;
        match runs.last_mut() {
            Some((_, last)) if follows && last.series() == version.series() => *last = version,
            _ => runs.push((version, version)),
        }
        follows = true;
    }
    let runs: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first} to {last}")
            }
        })
        .collect();
    runs.join(", ")
}

#[cfg(test)]
mod tests;
