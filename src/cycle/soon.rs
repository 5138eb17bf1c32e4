//! Whether the next cycle comes sooner than the schedule says. Pure.
//!
//! A project is in flux while runs of its steps are open, or while something of it was left for a
//! later cycle; all of them are while a release of the last day is known without its advisories.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::fetch::RateLimit;
use crate::model::{OpensslFacts, OpensslVersion, Release, ReleaseKind, Severity};
use crate::report::LineReport;

/// How many days after the day of a release its advisories are waited for: the list tells the day
/// alone, so that this is a day at least, and less than two.
const ADVISORIES_WITHIN: i64 = 1;

/// Why a project is looked at sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flux {
    /// Wheels were not read yet, or a look takes long.
    Unfinished,
    /// Runs have not come to an end.
    OpenRuns,
}

/// What is in flux.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Soon {
    /// Projects, by their packages.
    pub projects: BTreeMap<String, Flux>,
    /// A release of the last day whose advisories are not known.
    pub release: Option<OpensslVersion>,
}

/// What is in flux after a cycle that looked at these lines.
pub fn soon(lines: &[LineReport], facts: &OpensslFacts, now: DateTime<Utc>) -> Soon {
    let mut projects = BTreeMap::new();
    for line in lines {
        let flux = if line.open_runs > 0 {
            Flux::OpenRuns
        } else if line.is_unfinished() {
            Flux::Unfinished
        } else {
            continue;
        };
        let known = projects.entry(line.package.clone()).or_insert(flux);
        *known = flux.max(*known);
    }
    Soon {
        projects,
        release: without_advisories(facts, now).map(|release| release.version.clone()),
    }
}

/// The newest public release of the last day of which no advisory is known that is as severe as the
/// release says; one that says nothing may have some, too.
pub fn without_advisories(facts: &OpensslFacts, now: DateTime<Utc>) -> Option<&Release> {
    let today = now.date_naive();
    let is_new = |release: &&Release| {
        let age = today.signed_duration_since(release.date).num_days();
        (-1..=ADVISORIES_WITHIN).contains(&age)
    };
    facts
        .releases
        .iter()
        .filter(|release| release.is_usable() && release.kind != ReleaseKind::Feature)
        .filter(is_new)
        .filter(|release| !has_advisories(facts, release))
        .max_by_key(|release| (release.date, release.version.clone()))
}

fn has_advisories(facts: &OpensslFacts, release: &Release) -> bool {
    let announced = release.severity.map_or(0, Severity::weight);
    facts
        .advisories
        .iter()
        .filter(|advisory| advisory.severity.weight() >= announced)
        .flat_map(|advisory| &advisory.affected)
        .any(|range| range.named_fix() == Some(&release.version))
}

/// How long to wait at least between two cycles of that many requests, so that what is left of a
/// rate limit lasts until there is more. Half of it is left to others.
pub fn pace(left: Option<RateLimit>, requests: u64, now: DateTime<Utc>) -> TimeDelta {
    let Some(left) = left else {
        return TimeDelta::zero();
    };
    let reset = i64::try_from(left.reset).ok();
    let until = reset
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .map_or(TimeDelta::zero(), |reset| reset - now)
        .clamp(TimeDelta::zero(), TimeDelta::hours(24));
    let cycles = left.remaining / 2 / requests.max(1);
    match i32::try_from(cycles) {
        Ok(0) => until,
        Ok(cycles) => until / cycles,
        Err(_) => TimeDelta::zero(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::feeds::built_in;
    use crate::model::Releases;
    use crate::policy::{Reason, ReasonCode};

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-10-23T12:00:00Z".parse().unwrap()
    }

    fn facts(day: &str, kind: ReleaseKind, severity: Option<Severity>) -> OpensslFacts {
        let mut facts = built_in::load().unwrap().cut("2026-10-01".parse().unwrap());
        let release = Release {
            version: "3.5.20".parse().unwrap(),
            date: day.parse().unwrap(),
            kind,
            severity,
            withdrawn: None,
            vanished: None,
            premium_only: false,
        };
        let all = facts.releases.iter().cloned().chain([release]);
        facts.releases = Releases::new(all.collect());
        facts
    }

    #[rstest]
    #[case::today("2026-10-23", ReleaseKind::Security, true)]
    #[case::late_yesterday("2026-10-22", ReleaseKind::Security, true)]
    #[case::in_another_zone("2026-10-24", ReleaseKind::Security, true)]
    #[case::two_days_ago("2026-10-21", ReleaseKind::Security, false)]
    #[case::may_still_fix_something("2026-10-23", ReleaseKind::BugFix, true)]
    #[case::begins_a_series("2026-10-23", ReleaseKind::Feature, false)]
    #[case::no_final_one("2026-10-23", ReleaseKind::PreRelease, false)]
    fn a_release_of_the_last_day_is_waited_with(
        #[case] day: &str,
        #[case] kind: ReleaseKind,
        #[case] waits: bool,
    ) {
        let facts = facts(day, kind, None);
        let found = soon(&[], &facts, now()).release;
        assert_eq!(found.is_some(), waits, "{found:?}");
    }

    #[rstest]
    #[case(None, Severity::Low, false)]
    #[case(Some(Severity::High), Severity::Low, true)]
    #[case(Some(Severity::High), Severity::High, false)]
    fn until_advisories_as_severe_as_it_says_are_known(
        #[case] says: Option<Severity>,
        #[case] known: Severity,
        #[case] waits: bool,
    ) {
        let mut facts = facts("2026-10-23", ReleaseKind::Security, says);
        let mut advisory = facts.advisories[0].clone();
        advisory.severity = known;
        advisory.affected = vec!["3.5.0 < 3.5.20".parse().unwrap()];
        facts.advisories.push(advisory);
        assert_eq!(soon(&[], &facts, now()).release.is_some(), waits);
    }

    #[test]
    fn open_runs_and_what_is_unfinished_concern_their_own_project() {
        let facts = built_in::load().unwrap().cut("2026-10-01".parse().unwrap());
        let line = |package: &str, code: ReasonCode, open_runs: usize| {
            let reason = Reason::new(code, "");
            let line = LineReport::failed(package, "main", now(), reason);
            LineReport { open_runs, ..line }
        };
        let lines = [
            line("a", ReasonCode::NoWheels, 0),
            line("b", ReasonCode::NoWheels, 2),
            line("c", ReasonCode::LookTooSlow, 0),
            line("c", ReasonCode::LookTooSlow, 1),
        ];
        let soon = soon(&lines, &facts, now());
        let expected = [("b", Flux::OpenRuns), ("c", Flux::OpenRuns)];
        let expected = expected.map(|(package, flux)| (package.to_owned(), flux));
        assert_eq!(soon.projects, BTreeMap::from(expected));
        assert_eq!(soon.release, None);
    }

    #[rstest]
    #[case::nothing_said(None, 4, 0)]
    #[case::plenty(Some((5_000, 3_600)), 4, 5)]
    #[case::without_a_token(Some((60, 3_600)), 4, 514)]
    #[case::nearly_spent(Some((7, 900)), 4, 900)]
    #[case::spent(Some((0, 900)), 4, 900)]
    #[case::past(Some((0, -5)), 4, 0)]
    #[case::a_reset_that_never_comes(Some((0, 1_000_000_000)), 1, 24 * 3_600)]
    fn a_rate_limit_lasts(
        #[case] left: Option<(u64, i64)>,
        #[case] requests: u64,
        #[case] seconds: i64,
    ) {
        let left = left.map(|(remaining, reset)| RateLimit {
            remaining,
            reset: u64::try_from(now().timestamp() + reset).unwrap(),
        });
        assert_eq!(pace(left, requests, now()).num_seconds(), seconds);
    }
}
