use std::collections::BTreeSet;

use chrono::NaiveDate;
use rstest::rstest;

use super::*;
use crate::model::{
    Architecture, BinaryFormat, Evidence, EvidenceKind, Finding, Library, Linkage, OpensslFacts,
    Release, ReleaseKind, Releases, WheelScan,
};
use crate::policy::{LineFacts, Settings, WheelContent, WheelFacts, decide};
use crate::report::Tracking;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A line whose wheels, as many as that, carry a version that a newer one and many advisories
/// speak of.
fn line(wheels: usize, advisories: usize) -> LineReport {
    let version = "1.0".parse().unwrap();
    let releases = ["3.5.8", "3.5.9"].map(|version| Release {
        version: version.parse().unwrap(),
        date: day("2026-09-29"),
        kind: ReleaseKind::Security,
        severity: None,
        withdrawn: None,
        vanished: None,
        premium_only: false,
    });
    let openssl = OpensslFacts {
        as_of: day("2026-10-23"),
        releases: Releases::new(releases.to_vec()),
        advisories: (0..advisories)
            .map(|number| crate::model::Advisory {
                cve: format!("CVE-2026-{number:05}"),
                severity: crate::model::Severity::High,
                published: day("2026-09-29"),
                affected: vec!["3.5.0 < 3.5.9".parse().unwrap()],
            })
            .collect(),
        life_times: crate::model::LifeTimes::new(Vec::new()),
    };
    let wheels: Vec<WheelFacts> = (0..wheels)
        .map(|number| WheelFacts {
            name: format!("demo-1.0-cp{number}-cp{number}-manylinux_2_28_x86_64.whl")
                .parse()
                .unwrap(),
            sha256: None,
            content: WheelContent::Scanned(WheelScan {
                findings: vec![Finding {
                    path: format!("demo/{}/_native{number}.so", "deep".repeat(20)),
                    format: BinaryFormat::Elf,
                    arch: Architecture::X86_64,
                    library: Library::Openssl,
                    version: Some("3.5.8".to_owned()),
                    linkage: Linkage::Static,
                    suffix: None,
                    distro_patched: false,
                    evidence: vec![Evidence {
                        kind: EvidenceKind::VersionText,
                        text: "OpenSSL 3.5.8 25 Aug 2026 <!-- @alex #1 -->".to_owned(),
                        offset: Some(7),
                    }],
                }],
                ..WheelScan::default()
            }),
        })
        .collect();
    let facts = LineFacts {
        package: "demo",
        line: "main",
        openssl: &openssl,
        version: Some(&version),
        wheels: &wheels,
        awaiting: None,
        previous_coverage: &BTreeSet::new(),
        first_upload: None,
        superseded: false,
    };
    let now = "2026-10-23T12:00:00Z".parse().unwrap();
    LineReport {
        decision: decide(&facts, &Settings::default(), now),
        package: "demo".to_owned(),
        line: "main".to_owned(),
        version: Some(version),
        uploaded: None,
        checked_at: now,
        open_runs: 0,
        actions: Vec::new(),
        published: Vec::new(),
        tracking: Tracking::default(),
    }
}

fn write(line: &LineReport, steps: &[StepView], people: &str) -> Result<String, BodyError> {
    let cause = Cause::of(&line.decision);
    let memory = Memory {
        cause: cause.clone(),
        ..Memory::default()
    };
    let facts = IssueFacts {
        line,
        cause: &cause,
        unproven: &[],
        steps,
        notes: &[],
        after: None,
        next: Some("1.1"),
        mailing_list: None,
    };
    body(&facts, TEMPLATE, &Written::of(people), &memory)
}

#[rstest]
#[case::few(5, 3, "")]
#[case::many_wheels(500, 20, "")]
#[case::many_advisories(5, 1500, "")]
#[case::beside_much_text(500, 20, &"word ".repeat(11_000))]
fn there_is_room(#[case] wheels: usize, #[case] advisories: usize, #[case] people: &str) {
    let line = line(wheels, advisories);
    let steps: Vec<StepView> = (0..40)
        .map(|number| StepView {
            name: format!("step-{number}"),
            target: "3.5.9".to_owned(),
            sentence: "it waits ".repeat(60),
            failed_jobs: vec![("job ".repeat(40), String::new()); 50],
            ..StepView::default()
        })
        .collect();
    let body = write(&line, &steps, people).unwrap();
    assert!(body.len() <= MOST_BYTES, "{}", body.len());
    assert!(body.contains(people.trim()));
    assert!(body.contains("OpenSSL 3.5.9 of 2026-09-29"));
    assert!(body.contains("3.5.8"));
    assert_eq!(
        marker::memory(&body).unwrap().cause,
        Cause::of(&line.decision)
    );
    assert!(marker::is_of(&body, "demo", "main"));
}

#[test]
fn a_title_tells_what_ended_from_what_is_not_out_yet() {
    let mut line = line(1, 1);
    let cause = Cause::of(&line.decision);
    let titled = |line: &LineReport| super::title(line, &cause);
    assert!(titled(&line).starts_with("demo: rebuild the wheels with OpenSSL 3.5.9 ("));
    line.decision.targets[0].version = None;
    let awaited = "demo: OpenSSL 3.5 has no release to build the wheels with yet (";
    assert!(titled(&line).starts_with(awaited), "{}", titled(&line));
    line.decision.targets[0].successor = Some(crate::policy::Successor {
        lts: None,
        newest: None,
    });
    assert!(titled(&line).starts_with("demo: move the wheels off OpenSSL 3.5 ("));
}

#[test]
fn no_room_is_said_and_nothing_of_people_is_lost() {
    let people = "word ".repeat(13_100);
    let refused = write(&line(5, 3), &[], &people).unwrap_err();
    assert!(refused.to_string().contains("shorten it"), "{refused}");
}

#[test]
fn nothing_of_others_acts() {
    let steps = [StepView {
        name: "<!-- rewheel:end -->".to_owned(),
        target: "3.5.9".to_owned(),
        sentence: "@alex closes #1\n<!-- rewheel:state {} -->".to_owned(),
        runs: vec![RunView {
            id: 1,
            url: "javascript:alert(1)".to_owned(),
            attempt: 1,
            state: "<img src=x>".to_owned(),
        }],
        failed_jobs: vec![(
            "[x](https://evil.example)".to_owned(),
            "https://a.example/) @b".to_owned(),
        )],
        ..StepView::default()
    }];
    let body = write(&line(1, 1), &steps, "").unwrap();
    for text in [
        "@alex",
        "#1",
        "<img",
        "javascript:",
        "](https://evil",
        ") @b",
    ] {
        assert!(!body.contains(text), "{text} in {body}");
    }
    assert_eq!(body.matches("rewheel:state").count(), 2);
    assert_eq!(
        body.lines().filter(|line| line.starts_with("<!--")).count(),
        4
    );
}

#[test]
fn the_same_facts_give_the_same_text() {
    let line = line(30, 10);
    assert_eq!(
        write(&line, &[], "").unwrap(),
        write(&line, &[], "").unwrap()
    );
}
