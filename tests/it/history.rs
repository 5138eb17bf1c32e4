//! Days of OpenSSL's history, decided with the facts that were public then.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use rewheel::feeds::built_in;
use rewheel::model::{
    Architecture, BinaryFormat, Finding, Library, Linkage, OpensslFacts, WheelScan,
};
use rewheel::policy::{
    Decision, DecisionKind, Event, LineFacts, Settings, Status, WheelContent, WheelFacts, decide,
};
use rstest::rstest;

fn facts_on(day: &str) -> OpensslFacts {
    let day: NaiveDate = day.parse().unwrap();
    OpensslFacts {
        // What was public that day is known to its end.
        as_of: day,
        ..built_in::load().unwrap().cut(day)
    }
}

fn wheel(platform: &str, version: &str) -> WheelFacts {
    WheelFacts {
        name: format!("example-1.0-cp311-abi3-{platform}.whl")
            .parse()
            .unwrap(),
        sha256: None,
        content: WheelContent::Scanned(WheelScan {
            findings: vec![Finding {
                path: "example/_native.so".to_owned(),
                format: BinaryFormat::Elf,
                arch: Architecture::X86_64,
                library: Library::Openssl,
                version: Some(version.to_owned()),
                linkage: Linkage::Static,
                suffix: None,
                distro_patched: false,
                evidence: Vec::new(),
            }],
            ..WheelScan::default()
        }),
    }
}

fn decide_on(day: &str, wheels: &[WheelFacts]) -> Decision {
    let openssl = facts_on(day);
    let version = "1.0".parse().unwrap();
    let now: DateTime<Utc> = format!("{day}T20:00:00Z").parse().unwrap();
    let facts = LineFacts {
        package: "example",
        line: "main",
        openssl: &openssl,
        version: Some(&version),
        wheels,
        awaiting: None,
        previous_coverage: &BTreeSet::new(),
        first_upload: Some(now),
        superseded: false,
    };
    decide(&facts, &Settings::default(), now)
}

/// One wheel linked to `version` on that day: its status, the decision, the events, the target.
#[rstest]
// 3.0.6 and 1.1.1r came out on 11 October 2022 and were withdrawn the day after; 3.0.7 and 1.1.1s
// followed on 1 November.
#[case("2022-09-28", "3.0.5", Status::Current, DecisionKind::None, &[], "3.0.5")]
#[case("2022-10-10", "3.0.5", Status::Exposed, DecisionKind::Inform, &[Event::Exposed], "3.0.5")]
#[case("2022-10-11", "3.0.5", Status::Vulnerable, DecisionKind::Track, &[Event::Security], "3.0.6")]
#[case("2022-10-11", "3.0.6", Status::Current, DecisionKind::None, &[], "3.0.6")]
#[case("2022-10-11", "1.1.1q", Status::Outdated, DecisionKind::Track, &[Event::BugFix], "1.1.1r")]
#[case("2022-10-12", "3.0.5", Status::Exposed, DecisionKind::Inform, &[Event::Exposed], "3.0.5")]
#[case("2022-10-12", "3.0.6", Status::Withdrawn, DecisionKind::Track, &[Event::Withdrawn], "3.0.5")]
#[case("2022-10-12", "1.1.1r", Status::Withdrawn, DecisionKind::Track, &[Event::Withdrawn], "1.1.1q")]
#[case("2022-10-13", "3.0.5", Status::Exposed, DecisionKind::Inform, &[Event::Exposed], "3.0.5")]
#[case("2022-10-13", "1.1.1q", Status::Current, DecisionKind::None, &[], "1.1.1q")]
#[case("2022-11-01", "3.0.5", Status::Vulnerable, DecisionKind::Track, &[Event::Security], "3.0.7")]
#[case("2022-11-01", "3.0.6", Status::Withdrawn, DecisionKind::Track, &[Event::Withdrawn, Event::Security], "3.0.7")]
// Five series were released on 9 June 2026.
#[case("2026-06-08", "4.0.0", Status::Current, DecisionKind::None, &[], "4.0.0")]
#[case("2026-06-09", "4.0.0", Status::Vulnerable, DecisionKind::Track, &[Event::Security], "4.0.1")]
#[case("2026-06-09", "3.5.6", Status::Vulnerable, DecisionKind::Track, &[Event::Security], "3.5.7")]
#[case("2026-06-09", "3.0.20", Status::Vulnerable, DecisionKind::Track, &[Event::Security], "3.0.21")]
#[case("2026-06-09", "4.0.1", Status::Current, DecisionKind::None, &[], "4.0.1")]
// 7 September 2026 was the last day of support of 3.0.
#[case("2026-09-07", "3.0.22", Status::Current, DecisionKind::None, &[], "3.0.22")]
#[case("2026-09-08", "3.0.22", Status::EndOfLife, DecisionKind::Track, &[Event::EndOfLife], "minimum 3.0.22")]
#[case("2026-09-29", "3.0.22", Status::Exposed, DecisionKind::Track, &[Event::Exposed, Event::EndOfLife], "minimum 3.0.22")]
// 4.1.0 began its series on 23 October 2026, the day after the support of 3.4 ended.
#[case("2026-10-22", "4.0.3", Status::Current, DecisionKind::None, &[], "4.0.3")]
#[case("2026-10-23", "4.0.3", Status::Current, DecisionKind::Inform, &[Event::NewSeries], "4.0.3")]
#[case("2026-10-23", "3.4.8", Status::EndOfLife, DecisionKind::Track, &[Event::EndOfLife, Event::NewSeries], "minimum 3.4.8")]
fn one_wheel(
    #[case] day: &str,
    #[case] version: &str,
    #[case] status: Status,
    #[case] kind: DecisionKind,
    #[case] events: &[Event],
    #[case] target: &str,
) {
    let decision = decide_on(day, &[wheel("win_amd64", version)]);
    let wheel = &decision.wheels[0];
    assert_eq!(
        (wheel.status, decision.kind, decision.events.as_slice()),
        (status, kind, events),
        "{:#?}\n{:#?}",
        wheel.findings[0].assessment,
        decision.reasons
    );
    let [found] = decision.targets.as_slice() else {
        panic!("{:?}", decision.targets);
    };
    let found = match (&found.version, &found.minimum) {
        (Some(version), _) => version.to_string(),
        (None, Some(minimum)) => format!("minimum {minimum}"),
        (None, None) => "none".to_owned(),
    };
    assert_eq!(found, target);
}

#[test]
fn five_series_of_one_day_give_five_targets() {
    let wheels = [
        wheel("win_amd64", "4.0.0"),
        wheel("win32", "3.6.2"),
        wheel("win_arm64", "3.5.6"),
        wheel("macosx_11_0_arm64", "3.4.5"),
        wheel("manylinux_2_28_x86_64", "3.0.20"),
    ];
    let decision = decide_on("2026-06-09", &wheels);
    let targets: Vec<String> = decision
        .targets
        .iter()
        .map(|target| target.version.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(targets, ["3.0.21", "3.4.6", "3.5.7", "3.6.3", "4.0.1"]);
    assert!(
        decision
            .wheels
            .iter()
            .all(|wheel| wheel.status == Status::Vulnerable)
    );
    assert_eq!(decision.events, [Event::Security, Event::PlatformsDisagree]);
}

#[test]
fn no_release_of_the_past_waits_for_advisories() {
    let facts = built_in::load().unwrap();
    for release in facts.releases.iter() {
        let decision = decide_on(
            "2026-10-23",
            &[wheel("win_amd64", &release.version.to_string())],
        );
        assert!(
            !decision.events.contains(&Event::AdvisoriesPending),
            "{}",
            release.version
        );
    }
}
