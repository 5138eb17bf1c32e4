//! What several reasons at once lead to, and what is planned for them.

use super::*;

/// The facts with one more security release of 4.0, and a low advisory that it fixes.
fn with_release(severity: Severity) -> OpensslFacts {
    let mut facts = openssl();
    let mut releases: Vec<Release> = facts.releases.iter().cloned().collect();
    releases.push(Release {
        version: "4.0.4".parse().unwrap(),
        date: day("2026-11-20"),
        kind: ReleaseKind::Security,
        severity: Some(severity),
        withdrawn: None,
        vanished: None,
        premium_only: false,
    });
    facts.releases = Releases::new(releases);
    facts
        .advisories
        .push(advisory("CVE-2026-0009", Severity::Low, "4.0.0 < 4.0.4"));
    facts
}

fn advisory(cve: &str, severity: Severity, range: &str) -> Advisory {
    Advisory {
        cve: cve.to_owned(),
        severity,
        published: day("2026-10-01"),
        affected: vec![range.parse().unwrap()],
    }
}

fn decide_by(
    openssl: &OpensslFacts,
    today: &str,
    versions: &[&str],
    settings: &Settings,
) -> Decision {
    let version = "1.0".parse().unwrap();
    let wheels: Vec<WheelFacts> = versions
        .iter()
        .zip(["win_amd64", "win32", "win_arm64"])
        .map(|(version, platform)| wheel(platform, &[version]))
        .collect();
    let facts = LineFacts {
        package: "example",
        line: "main",
        openssl,
        version: Some(&version),
        wheels: &wheels,
        awaiting: None,
        previous_coverage: &BTreeSet::new(),
        first_upload: None,
        superseded: false,
    };
    decide(&facts, settings, moment(today))
}

fn steps_for(events: &[Event]) -> Settings {
    let report_only = Settings {
        reactions: BTreeMap::new(),
        ..Settings::default()
    };
    events.iter().fold(report_only, |settings, event| {
        settings.with_reaction(*event, Reaction::Steps)
    })
}

fn planned(decision: &Decision) -> Vec<String> {
    let steps = decision.plan.iter().filter_map(|action| match action {
        PlannedAction::StartSteps { target } => Some(target.to_string()),
        PlannedAction::OpenIssue => None,
    });
    steps.collect()
}

#[test]
fn an_early_low_advisory_does_not_hide_a_more_severe_release() {
    let facts = with_release(Severity::High);
    let decision = decide_by(&facts, "2026-11-20", &["4.0.3"], &Settings::default());
    assert_eq!(decision.severity, Some(Severity::High));
    assert!(decision.events.contains(&Event::AdvisoriesPending));
    let settled = decide_by(
        &with_release(Severity::Low),
        "2026-11-20",
        &["4.0.3"],
        &Settings::default(),
    );
    assert!(!settled.events.contains(&Event::AdvisoriesPending));
    assert_eq!(settled.severity, Some(Severity::Low));
}

#[test]
fn a_pending_security_release_is_no_bug_fix() {
    let mut facts = with_release(Severity::High);
    facts.advisories.clear();
    let decision = decide_by(
        &facts,
        "2026-11-20",
        &["4.0.3"],
        &steps_for(&[Event::BugFix]),
    );
    assert_eq!(planned(&decision), Vec::<String>::new());
    assert!(
        !decision.events.contains(&Event::BugFix),
        "{:?}",
        decision.events
    );
}

#[test]
fn what_is_not_released_yet_is_never_more_than_told() {
    let mut facts = openssl();
    facts.advisories = vec![advisory("CVE-2026-0009", Severity::High, "4.0.0 < 4.0.9")];
    let only_exposed = steps_for(&[Event::Exposed]);
    for linked in ["4.0.3", "4.0.2"] {
        let decision = decide_by(&facts, "2026-10-01", &[linked], &only_exposed);
        assert_eq!(decision.kind, DecisionKind::Inform, "{linked}");
    }
    let bug_fix = decide_by(
        &facts,
        "2026-10-01",
        &["4.0.2"],
        &steps_for(&[Event::BugFix]),
    );
    assert_eq!(planned(&bug_fix), ["4.0.3"]);
}

#[test]
fn steps_are_planned_for_due_targets_only_and_by_severity() {
    let mut facts = openssl();
    facts.advisories.push(advisory(
        "CVE-2026-0009",
        Severity::Critical,
        "4.0.0 < 4.0.3",
    ));
    let security = steps_for(&[Event::Security]);
    let decision = decide_by(&facts, "2026-10-01", &["3.5.8", "4.0.2"], &security);
    assert_eq!(planned(&decision), ["4.0.3", "3.5.9"]);
    let one = decide_by(&openssl(), "2026-10-01", &["3.5.8", "4.0.3"], &security);
    assert_eq!(planned(&one), ["3.5.9"]);
}

#[test]
fn a_followed_series_is_due_whenever_it_is_not_the_linked_one() {
    let settings = Settings {
        follow: Follow::Latest,
        ..steps_for(&[Event::NewSeries])
    };
    let young = decide_by(&openssl(), "2026-10-23", &["4.0.3"], &settings);
    assert_eq!(planned(&young), Vec::<String>::new());
    let settled = decide_by(&openssl(), "2026-12-01", &["4.0.3"], &settings);
    assert_eq!(planned(&settled), ["4.1.0"]);
    assert_eq!(settled.kind, DecisionKind::Rebuild);
}

#[test]
fn accepting_an_advisory_accepts_nothing_else() {
    let accept = Settings {
        accepted: vec![Acceptance {
            cve: Some("CVE-2026-0009".to_owned()),
            reason: "not reachable".to_owned(),
            ..Acceptance::default()
        }],
        ..Settings::default()
    };
    let low = decide_by(
        &with_release(Severity::Low),
        "2026-11-20",
        &["4.0.3"],
        &accept,
    );
    assert!(!low.is_due);
    let pending = decide_by(
        &with_release(Severity::Critical),
        "2026-11-20",
        &["4.0.3"],
        &accept,
    );
    assert!(pending.is_due);
    assert_eq!(pending.severity, Some(Severity::Critical));
    let mut facts = with_release(Severity::Low);
    facts
        .advisories
        .push(advisory("CVE-2026-0009", Severity::Low, "3.6.0 < 3.6.9"));
    let ended = decide_by(&facts, "2026-11-20", &["3.6.5"], &accept);
    assert!(ended.is_due);
    assert!(
        ended.wheels[0].findings[0]
            .assessment
            .has(ReasonCode::AcceptedAdvisory)
    );
}

#[test]
fn a_release_that_is_gone_from_the_list_is_told_and_never_more() {
    let mut facts = openssl();
    let releases = facts.releases.iter().map(|release| Release {
        vanished: (release.version.to_string() == "4.0.3").then(|| day("2026-10-02")),
        ..release.clone()
    });
    facts.releases = Releases::new(releases.collect());
    let facts = facts.cut(day("2026-10-03"));
    let all = steps_for(&[Event::ReleaseVanished, Event::Withdrawn]);
    let carried = decide_by(&facts, "2026-10-03", &["4.0.3"], &all);
    assert_eq!(
        (carried.kind, carried.events.as_slice(), carried.is_due),
        (DecisionKind::Inform, &[Event::ReleaseVanished][..], false)
    );
    assert_eq!(carried.wheels[0].status, Status::Current);
    let before = decide_by(
        &facts.cut(day("2026-10-01")),
        "2026-10-01",
        &["4.0.3"],
        &all,
    );
    assert_eq!(before.kind, DecisionKind::None);
    let elsewhere = decide_by(&facts, "2026-10-03", &["3.5.9"], &all);
    assert!(!elsewhere.events.contains(&Event::ReleaseVanished));
}

#[test]
fn steps_are_weighed_by_what_the_target_fixes() {
    let mut facts = with_release(Severity::Low);
    facts
        .advisories
        .push(advisory("CVE-2026-0010", Severity::High, "4.0.0 < 4.0.9"));
    let settings = Settings {
        steps_severity: Severity::High,
        ..steps_for(&[Event::Security])
    };
    let decision = decide_by(&facts, "2026-11-20", &["4.0.3"], &settings);
    assert_eq!(decision.severity, Some(Severity::High));
    assert_eq!(
        (decision.kind, planned(&decision)),
        (DecisionKind::Track, Vec::new())
    );
}

#[test]
fn the_first_release_of_a_series_is_no_bug_fix_to_its_beta() {
    let bug_fix = steps_for(&[Event::BugFix]);
    let decision = decide_by(&openssl(), "2026-10-23", &["4.1.0-beta1"], &bug_fix);
    assert_eq!(
        (decision.kind, decision.events.as_slice()),
        (DecisionKind::Inform, &[Event::NewSeries][..])
    );
}

#[test]
fn a_series_without_a_known_life_time_is_new_too() {
    let mut facts = openssl();
    let known = facts.life_times.iter();
    let left: Vec<LifeTime> = known
        .filter(|one| one.series.to_string() != "4.1")
        .cloned()
        .collect();
    facts.life_times = LifeTimes::new(left);
    let decision = decide_by(&facts, "2026-10-23", &["4.0.3"], &Settings::default());
    assert_eq!(decision.events, [Event::NewSeries]);
}
