//! OpenSSL's history since 2021, decided tick by tick with what was public then, for the wheels that
//! cryptography had published by then.
//!
//! What is expected is worked out here from release days and linked versions alone, and shares no
//! code with the policy. A day has two ticks: in the morning OpenSSL's releases of that day are out
//! and the project's uploads of that day are not yet; in the evening both are.

mod oracle;
mod project;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::NaiveDate;
use rewheel::policy::{DecisionKind, Event, Follow, PlannedAction, Reaction, ReasonCode, Settings};

use oracle::Expected;
use project::{Project, Replay, Tick};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The decisions of all ticks for a project that keeps the defaults.
static TRACKED: LazyLock<Vec<Replay>> =
    LazyLock::new(|| Project::read().replay(&Settings::default()));

/// The decisions of all ticks for a project that builds by itself.
static REBUILT: LazyLock<Vec<Replay>> = LazyLock::new(|| Project::read().replay(&with_steps()));

/// Security and bug-fix releases start the steps.
fn with_steps() -> Settings {
    Settings::default()
        .with_reaction(Event::Security, Reaction::Steps)
        .with_reaction(Event::BugFix, Reaction::Steps)
}

/// Whether each release that applied is asked for from the morning of its day to the last tick at
/// which it was to be carried, without a gap.
fn assert_asked_for(project: &Project, ticks: &[Replay], kind: DecisionKind, count: usize) {
    let applied = oracle::applied(project);
    assert_eq!(applied.len(), count);
    for release in &applied {
        let asked: Vec<&Replay> = ticks
            .iter()
            .filter(|one| one.asks_for(&release.version))
            .collect();
        let asked_at: Vec<Tick> = asked.iter().map(|one| one.tick).collect();
        assert_eq!(asked_at, release.ticks(), "{}", release.version);
        assert_eq!(asked_at[0], Tick::morning(release.published));
        for one in asked {
            let decided = one.decision.kind;
            assert_eq!(decided, kind, "{} {:?}", release.version, one.tick);
        }
    }
}

#[test]
fn every_release_that_applied_gives_one_decision_from_its_day_until_it_was_carried() {
    let project = Project::read();
    assert_asked_for(&project, &TRACKED, DecisionKind::Track, 28);
    assert_asked_for(&project, &REBUILT, DecisionKind::Rebuild, 28);
}

/// cryptography was never late by more than a day; here is a project that always is.
#[test]
fn a_slow_project_is_asked_just_as_steadily() {
    let project = Project::read().delayed(40);
    let ticks = project.replay(&Settings::default());
    assert_asked_for(&project, &ticks, DecisionKind::Track, 28);
    assert_nothing_else(&project, &ticks);
}

/// Whether what is due is exactly what was expected; returns on how many ticks nothing was due and
/// an advisory was out whose fix was not.
fn assert_nothing_else(project: &Project, ticks: &[Replay]) -> usize {
    let mut pending = 0;
    for one in ticks {
        let expected = Expected::at(project, one.tick);
        let decision = &one.decision;
        let told = (one.tick, &decision.events, &decision.reasons);
        let acts = decision.kind >= DecisionKind::Track;
        assert_eq!(acts, expected.is_due(), "{told:?}");
        assert_eq!(decision.is_due, expected.is_due(), "{told:?}");
        for event in [
            Event::Security,
            Event::BugFix,
            Event::Withdrawn,
            Event::EndOfLife,
        ] {
            let is_expected = expected.events.contains(&event);
            let is_told = decision.events.contains(&event);
            assert_eq!(is_told, is_expected, "{event} {told:?}");
        }
        let mut findings = decision.wheels.iter().flat_map(|wheel| &wheel.findings);
        if findings.any(|finding| finding.assessment.has(ReasonCode::FixPending)) {
            assert!(decision.events.contains(&Event::Exposed));
            if !expected.is_due() {
                pending += 1;
                assert_eq!(decision.kind, DecisionKind::Inform, "{told:?}");
            }
        }
    }
    pending
}

#[test]
fn nothing_else_ever_starts_anything_advisories_before_their_release_least_of_all() {
    let pending = assert_nothing_else(&Project::read(), &REBUILT);
    assert!(pending > 100, "{pending}");
}

#[test]
fn the_withdrawn_release_is_told_from_its_withdrawal_until_another_was_carried() {
    let withdrawn: Vec<&Replay> = TRACKED
        .iter()
        .filter(|one| one.decision.events.contains(&Event::Withdrawn))
        .collect();
    let (first, last) = (withdrawn.first().unwrap(), withdrawn.last().unwrap());
    assert_eq!(first.tick, Tick::morning(day("2022-10-12")));
    assert_eq!(last.tick, Tick::morning(day("2022-11-01")));
    assert_eq!(
        withdrawn.len(),
        Tick::between(first.tick, last.tick).count()
    );
    for one in withdrawn {
        assert_eq!(one.decision.kind, DecisionKind::Track);
        assert_eq!(one.linked, ["3.0.6".parse().unwrap()]);
    }
}

#[test]
fn a_new_series_starts_nothing_before_it_has_settled() {
    let project = Project::read();
    let follows = Settings {
        follow: Follow::Latest,
        ..with_steps()
    }
    .with_reaction(Event::NewSeries, Reaction::Steps);
    let ticks = project.replay(&follows);
    let mut began = BTreeSet::new();
    let mut followed = BTreeSet::new();
    for one in &ticks {
        let today = one.tick.day;
        for (series, first) in oracle::series_begun(today) {
            let age = (today - first).num_days();
            let is_newer = one.linked.iter().all(|linked| linked.series() < series);
            if age == 0 && is_newer {
                began.insert(series);
                assert!(
                    one.decision.events.contains(&Event::NewSeries),
                    "{series} {today}"
                );
            }
            let starts = one.decision.plan.iter().any(|action| {
                matches!(action, PlannedAction::StartSteps { target } if target.series() == series)
            });
            if starts && is_newer {
                followed.insert(series);
                assert!(
                    age >= 30,
                    "{series} is started for on {today}, {age} days old"
                );
            }
        }
    }
    let names = |all: &BTreeSet<rewheel::model::Series>| -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        names(&began),
        [
            "3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "4.0", "4.1"
        ]
    );
    // 3.1 and 4.0 were carried before they were that old.
    assert_eq!(names(&followed), ["3.0", "3.2", "3.3", "3.4", "3.5", "3.6"]);
    // With the default a series is told of on its first day, and that is all.
    for one in &*TRACKED {
        let first_day = oracle::series_begun(one.tick.day).any(|(_, first)| first == one.tick.day);
        if first_day && !Expected::at(&project, one.tick).is_due() {
            assert_eq!(one.decision.kind, DecisionKind::Inform, "{:?}", one.tick);
        }
    }
}

#[test]
fn a_project_on_any_series_hears_of_each_release_on_its_day() {
    let mut releases = 0;
    for (before, release) in oracle::successions(day("2021-01-01")) {
        releases += 1;
        let eve = project::decide_for(&before.version, release.date.pred_opt().unwrap());
        let due = project::decide_for(&before.version, release.date);
        let done = project::decide_for(&release.version, release.date);
        assert!(eve.targets[0].version.as_ref() != Some(&release.version));
        assert!(eve.kind < DecisionKind::Track, "{}", release.version);
        assert_eq!(due.kind, DecisionKind::Track, "{}", release.version);
        assert_eq!(due.targets[0].version.as_ref(), Some(&release.version));
        let event = oracle::event_of(release);
        let other = if event == Event::Security {
            Event::BugFix
        } else {
            Event::Security
        };
        assert!(
            due.events.contains(&event),
            "{} {:?}",
            release.version,
            due.events
        );
        assert!(
            !due.events.contains(&other),
            "{} {:?}",
            release.version,
            due.events
        );
        assert!(done.kind < DecisionKind::Track, "{}", release.version);
    }
    assert!(releases > 80, "{releases}");
}

/// The table of the documentation: how long each release took to reach the wheels.
#[test]
fn the_documented_days_are_those_of_the_history() {
    let documented: Vec<String> = include_str!("../../docs/policy.md")
        .lines()
        .skip_while(|line| !line.starts_with("| OpenSSL | of | "))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(ToOwned::to_owned)
        .collect();
    let project = Project::read();
    let found: Vec<String> = oracle::applied(&project)
        .iter()
        .map(|release| release.row(&project))
        .collect();
    assert_eq!(documented.join("\n"), found.join("\n"));
}
