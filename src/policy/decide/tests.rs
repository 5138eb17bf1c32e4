use chrono::{NaiveDate, TimeZone};
use rstest::rstest;

use super::*;
use crate::model::{
    Advisory, Architecture, BinaryFormat, Finding, Library, LifeTime, LifeTimes, Linkage, Problem,
    ProblemCode, Release, ReleaseKind, Releases, WheelScan,
};
use crate::model::{CoverageKey, OpensslFacts};
use crate::policy::{Acceptance, Follow, Status, WheelContent, WheelFacts};

mod following;
mod reactions;
mod unfinished;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn moment(text: &str) -> DateTime<Utc> {
    Utc.from_utc_datetime(&day(text).and_hms_opt(12, 0, 0).unwrap())
}

/// 3.5 with a security release, 3.6 whose support ended, 4.0 with a bug-fix release, 4.1 that just
/// began.
fn openssl() -> OpensslFacts {
    let releases = [
        ("3.5.0", "2025-04-08", ReleaseKind::Feature),
        ("3.6.0", "2025-10-01", ReleaseKind::Feature),
        ("4.0.0", "2026-04-14", ReleaseKind::Feature),
        ("3.5.8", "2026-08-25", ReleaseKind::Security),
        ("3.5.9", "2026-09-29", ReleaseKind::Security),
        ("3.6.5", "2026-09-29", ReleaseKind::Security),
        ("4.0.2", "2026-08-25", ReleaseKind::Security),
        ("4.0.3", "2026-09-29", ReleaseKind::BugFix),
        ("4.1.0", "2026-10-23", ReleaseKind::Feature),
    ];
    OpensslFacts {
        as_of: day("2026-12-01"),
        releases: Releases::new(
            releases
                .map(|(version, date, kind)| Release {
                    version: version.parse().unwrap(),
                    date: day(date),
                    kind,
                    severity: None,
                    withdrawn: None,
                    vanished: None,
                    premium_only: false,
                })
                .to_vec(),
        ),
        advisories: vec![Advisory {
            cve: "CVE-2026-0001".to_owned(),
            severity: Severity::Moderate,
            published: day("2026-09-29"),
            affected: ["3.5.0 < 3.5.9", "3.6.0 < 3.6.5"]
                .map(|range| range.parse().unwrap())
                .to_vec(),
        }],
        life_times: LifeTimes::new(
            [
                ("3.5", "2030-04-08", true),
                ("3.6", "2026-11-01", false),
                ("4.0", "2027-05-14", false),
                ("4.1", "2027-11-30", false),
            ]
            .map(|(series, ends, lts)| LifeTime {
                series: series.parse().unwrap(),
                ends: day(ends),
                lts,
            })
            .to_vec(),
        ),
    }
}

fn finding(version: Option<&str>, linkage: Linkage) -> Finding {
    Finding {
        path: "example/_native.so".to_owned(),
        format: BinaryFormat::Elf,
        arch: Architecture::X86_64,
        library: Library::Openssl,
        version: version.map(str::to_owned),
        linkage,
        suffix: None,
        distro_patched: false,
        evidence: Vec::new(),
    }
}

fn wheel(platform: &str, versions: &[&str]) -> WheelFacts {
    WheelFacts {
        name: format!("example-1.0-cp311-abi3-{platform}.whl")
            .parse()
            .unwrap(),
        sha256: None,
        content: WheelContent::Scanned(WheelScan {
            findings: versions
                .iter()
                .map(|version| finding(Some(version), Linkage::Static))
                .collect(),
            ..WheelScan::default()
        }),
    }
}

fn decide_on(today: &str, wheels: &[WheelFacts], settings: &Settings) -> Decision {
    decide_with(today, wheels, settings, &BTreeSet::new())
}

fn decide_with(
    today: &str,
    wheels: &[WheelFacts],
    settings: &Settings,
    previous_coverage: &BTreeSet<CoverageKey>,
) -> Decision {
    let version = "1.0".parse().unwrap();
    let openssl = openssl().cut(day(today));
    let facts = LineFacts {
        package: "example",
        line: "main",
        openssl: &openssl,
        version: Some(&version),
        wheels,
        awaiting: None,
        previous_coverage,
        first_upload: Some(moment("2026-11-01")),
        superseded: false,
    };
    decide(&facts, settings, moment(today))
}

fn codes(decision: &Decision) -> Vec<&'static str> {
    decision
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect()
}

#[rstest]
#[case::current(&["4.0.3"], "2026-10-01", DecisionKind::None, &[], false)]
#[case::security(&["3.5.8"], "2026-10-01", DecisionKind::Track, &[Event::Security], true)]
#[case::bug_fix(&["4.0.2"], "2026-10-01", DecisionKind::Track, &[Event::BugFix], true)]
#[case::end_of_life(&["3.6.5"], "2026-11-02", DecisionKind::Track, &[Event::EndOfLife, Event::NewSeries], true)]
#[case::new_series(&["4.0.3"], "2026-10-23", DecisionKind::Inform, &[Event::NewSeries], false)]
#[case::settled_series(&["4.0.3"], "2026-12-01", DecisionKind::None, &[], false)]
#[case::several_libraries(&["4.0.3", "3.5.8"], "2026-10-01", DecisionKind::Track, &[Event::Security], true)]
fn one_wheel(
    #[case] versions: &[&str],
    #[case] today: &str,
    #[case] kind: DecisionKind,
    #[case] events: &[Event],
    #[case] due: bool,
) {
    let decision = decide_on(today, &[wheel("win_amd64", versions)], &Settings::default());
    assert_eq!(
        (decision.kind, decision.events.as_slice(), decision.is_due),
        (kind, events, due),
        "{:#?}",
        decision.reasons
    );
}

#[test]
fn platforms_on_different_series_have_a_target_each() {
    let wheels = [
        wheel("win_amd64", &["3.5.8"]),
        wheel("manylinux_2_28_x86_64", &["4.0.2"]),
    ];
    let decision = decide_on("2026-10-01", &wheels, &Settings::default());
    let targets: Vec<_> = decision
        .targets
        .iter()
        .map(|target| target.version.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(targets, ["3.5.9", "4.0.3"]);
    assert_eq!(
        decision.events,
        [Event::Security, Event::BugFix, Event::PlatformsDisagree]
    );
    let disagree = decision
        .reasons
        .iter()
        .find(|reason| reason.code == ReasonCode::PlatformsDisagree)
        .unwrap();
    assert_eq!(
        disagree.message,
        "3.5.8 on windows x86_64; 4.0.2 on linux x86_64"
    );
}

#[test]
fn the_same_several_versions_everywhere_do_not_disagree() {
    let wheels = [
        wheel("win_amd64", &["3.5.9", "4.0.3"]),
        wheel("win32", &["4.0.3", "3.5.9"]),
    ];
    let decision = decide_on("2026-10-01", &wheels, &Settings::default());
    assert_eq!(decision.kind, DecisionKind::None);
}

#[test]
fn steps_start_from_their_severity_on() {
    let steps = Settings::default().with_reaction(Event::Security, Reaction::Steps);
    let wheels = [wheel("win_amd64", &["3.5.8"])];
    let decision = decide_on("2026-10-01", &wheels, &steps);
    assert_eq!(decision.kind, DecisionKind::Rebuild);
    assert_eq!(
        decision.plan,
        [
            PlannedAction::OpenIssue,
            PlannedAction::StartSteps {
                target: "3.5.9".parse().unwrap()
            }
        ]
    );
    let picky = Settings {
        steps_severity: Severity::High,
        ..steps
    };
    let on = |settings| decide_on("2026-10-01", &wheels, settings);
    assert_eq!(on(&picky).kind, DecisionKind::Track);
    let told = picky
        .clone()
        .with_reaction(Event::Security, Reaction::Inform);
    assert_eq!(on(&told).kind, DecisionKind::Inform);
    assert!(on(&told).is_due);
}

#[test]
fn an_accepted_finding_asks_for_nothing_until_its_day() {
    let settings = Settings {
        accepted: vec![Acceptance {
            version: Some("3.5*".to_owned()),
            reason: "on purpose".to_owned(),
            until: Some(day("2026-10-01")),
            ..Acceptance::default()
        }],
        ..Settings::default()
    };
    let wheels = [wheel("win_amd64", &["3.5.8"])];
    let accepted = decide_on("2026-10-01", &wheels, &settings);
    assert_eq!(
        (accepted.kind, accepted.is_due),
        (DecisionKind::None, false)
    );
    assert_eq!(accepted.wheels[0].status, Status::Vulnerable);
    assert_eq!(
        accepted.wheels[0].findings[0].accepted.as_deref(),
        Some("on purpose")
    );
    assert!(decide_on("2026-10-02", &wheels, &settings).is_due);
}

#[test]
fn an_accepted_advisory_leaves_no_room_for_another() {
    let accept = |cve: &str| Settings {
        accepted: vec![Acceptance {
            cve: Some(cve.to_owned()),
            reason: "not reachable".to_owned(),
            ..Acceptance::default()
        }],
        ..Settings::default()
    };
    let wheels = [wheel("win_amd64", &["3.5.8"])];
    assert!(!decide_on("2026-10-01", &wheels, &accept("CVE-2026-0001")).is_due);
    assert!(decide_on("2026-10-01", &wheels, &accept("CVE-2026-0002")).is_due);
}

#[test]
fn what_cannot_be_read_is_told_and_never_none() {
    let unreadable = WheelFacts {
        content: WheelContent::Unreadable("its SHA-256 is not the promised one".to_owned()),
        ..wheel("win32", &[])
    };
    let mut broken = wheel("win_arm64", &[]);
    broken.content = WheelContent::Scanned(WheelScan {
        problems: vec![Problem {
            code: ProblemCode::MemberCorrupt,
            message: "a.pyd cannot be unpacked".to_owned(),
            path: Some("a.pyd".to_owned()),
        }],
        ..WheelScan::default()
    });
    let decision = decide_on("2026-10-01", &[unreadable, broken], &Settings::default());
    assert_eq!(decision.kind, DecisionKind::Inform);
    assert_eq!(decision.events, [Event::Unreadable]);
    assert!(decision.is_unclear && !decision.is_due);
    assert!(
        decision
            .wheels
            .iter()
            .all(|one| one.status == Status::Unknown)
    );
}

#[test]
fn a_version_that_is_not_provable_is_told() {
    let mut unproved = wheel("win32", &[]);
    unproved.content = WheelContent::Scanned(WheelScan {
        findings: vec![finding(None, Linkage::Static)],
        ..WheelScan::default()
    });
    let decision = decide_on("2026-10-01", &[unproved], &Settings::default());
    assert_eq!(decision.kind, DecisionKind::Inform);
    assert!(decision.is_unclear);
}

#[test]
fn wheels_without_openssl_need_no_fresh_facts() {
    let none = wheel("any", &[]);
    let decision = decide_on("2026-12-31", &[none], &Settings::default());
    assert_eq!(
        (decision.kind, decision.is_unclear),
        (DecisionKind::None, false)
    );
}

#[test]
fn old_facts_make_current_doubtful_and_leave_due_due() {
    let current = decide_on(
        "2026-12-05",
        &[wheel("win32", &["4.0.3"])],
        &Settings::default(),
    );
    assert!(current.is_unclear && !current.is_due);
    assert!(codes(&current).contains(&"facts-too-old"));
    let due = decide_on(
        "2026-12-05",
        &[wheel("win32", &["3.5.8"])],
        &Settings::default(),
    );
    assert!(due.is_due);
    let fresh = decide_on(
        "2026-12-04",
        &[wheel("win32", &["4.0.3"])],
        &Settings::default(),
    );
    assert!(!fresh.is_unclear);
}

#[rstest]
#[case::arriving("2026-11-01", "platforms-arriving", false)]
#[case::gone("2026-11-02", "coverage-shrank", true)]
fn platforms_that_are_missing(#[case] today: &str, #[case] code: &str, #[case] told: bool) {
    let previous: BTreeSet<CoverageKey> = wheel("win_arm64.win_amd64", &[])
        .name
        .coverage()
        .into_iter()
        .collect();
    let wheels = [wheel("win_amd64", &["4.1.0"])];
    let decision = decide_with(today, &wheels, &Settings::default(), &previous);
    assert!(codes(&decision).contains(&code), "{:?}", decision.reasons);
    assert_eq!(decision.events.contains(&Event::CoverageShrank), told);
}

#[test]
fn a_platform_that_was_dropped_on_purpose_is_not_missed() {
    let previous: BTreeSet<CoverageKey> = wheel("win_arm64.win_amd64", &[])
        .name
        .coverage()
        .into_iter()
        .collect();
    let settings = Settings {
        dropped_coverage: BTreeSet::from(["windows aarch64".parse().unwrap()]),
        ..Settings::default()
    };
    let wheels = [wheel("win_amd64", &["4.1.0"])];
    let decision = decide_with("2026-11-20", &wheels, &settings, &previous);
    assert!(!decision.events.contains(&Event::CoverageShrank));
    assert!(codes(&decision).contains(&"coverage-dropped"));
    let other = decide_with(
        "2026-11-20",
        &[wheel("win_arm64", &["4.1.0"])],
        &settings,
        &previous,
    );
    assert!(other.events.contains(&Event::CoverageShrank));
}

#[test]
fn the_end_of_support_is_told_ahead() {
    let decision = decide_on(
        "2026-10-01",
        &[wheel("win32", &["3.6.5"])],
        &Settings::default(),
    );
    assert_eq!(decision.kind, DecisionKind::None);
    assert!(codes(&decision).contains(&"end-of-life-soon"));
}
