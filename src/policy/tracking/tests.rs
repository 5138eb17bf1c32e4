use chrono::NaiveDate;
use rstest::rstest;

use super::*;
use crate::model::{
    Architecture, BinaryFormat, Finding, Library, LifeTimes, Linkage, OpensslFacts, Release,
    ReleaseKind, Releases, WheelScan,
};
use crate::policy::{Acceptance, LineFacts, Reaction, WheelContent, WheelFacts, decide};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn openssl() -> OpensslFacts {
    let releases = [
        ("3.0.5", None),
        ("3.0.6", Some("2022-10-12")),
        ("3.0.7", None),
    ];
    OpensslFacts {
        as_of: day("2022-12-01"),
        releases: Releases::new(
            releases
                .map(|(version, withdrawn)| Release {
                    version: version.parse().unwrap(),
                    date: day("2022-10-01"),
                    kind: ReleaseKind::BugFix,
                    severity: None,
                    withdrawn: withdrawn.map(day),
                    vanished: None,
                    premium_only: false,
                })
                .to_vec(),
        ),
        advisories: Vec::new(),
        life_times: LifeTimes::new(Vec::new()),
    }
}

fn wheel(tag: &str, version: Option<&str>) -> WheelFacts {
    WheelFacts {
        name: format!("demo-1.0-cp310-cp310-{tag}.whl").parse().unwrap(),
        sha256: None,
        content: WheelContent::Scanned(WheelScan {
            findings: vec![Finding {
                path: "demo/_native.so".to_owned(),
                format: BinaryFormat::Elf,
                arch: Architecture::X86_64,
                library: Library::Openssl,
                version: version.map(str::to_owned),
                linkage: Linkage::Static,
                suffix: None,
                distro_patched: false,
                evidence: Vec::new(),
            }],
            ..WheelScan::default()
        }),
    }
}

fn decision(wheels: &[WheelFacts], settings: &Settings) -> Decision {
    let version = "1.0".parse().unwrap();
    let openssl = openssl();
    let facts = LineFacts {
        package: "demo",
        line: "main",
        openssl: &openssl,
        version: Some(&version),
        wheels,
        awaiting: None,
        previous_coverage: &BTreeSet::new(),
        first_upload: None,
        superseded: false,
    };
    decide(&facts, settings, "2022-12-01T00:00:00Z".parse().unwrap())
}

const LINUX: &str = "manylinux_2_28_x86_64";
const WINDOWS: &str = "win_amd64";

fn opened(event: Event) -> Opened {
    Opened {
        events: BTreeSet::from([event]),
        coverage: [LINUX, WINDOWS]
            .iter()
            .flat_map(|tag| wheel(tag, None).name.coverage())
            .collect(),
    }
}

#[test]
fn every_platform_proves_it() {
    let settings = Settings::default();
    let both = [wheel(LINUX, Some("3.0.7")), wheel(WINDOWS, Some("3.0.7"))];
    let opened = opened(Event::BugFix);
    assert_eq!(
        standing(&decision(&both, &settings), &opened, &settings),
        Standing::Settled
    );
    let one = standing(&decision(&both[..1], &settings), &opened, &settings);
    assert!(
        matches!(&one, Standing::Unproven(why) if why[0].contains("windows x86_64")),
        "{one:?}"
    );
    let mut settings = settings;
    settings.dropped_coverage.extend(both[1].name.coverage());
    assert_eq!(
        standing(&decision(&both[..1], &settings), &opened, &settings),
        Standing::Settled
    );
}

#[rstest]
#[case::still_withdrawn(Some("3.0.6"))]
#[case::not_provable(None)]
fn what_is_not_proven_keeps_it_open(#[case] version: Option<&str>) {
    // Nothing is asked for by policy, so only the wheels can close it.
    let settings = Settings {
        reactions: [(Event::Withdrawn, Reaction::Inform)].into(),
        ..Settings::default()
    };
    let wheels = [wheel(LINUX, Some("3.0.7")), wheel(WINDOWS, version)];
    let standing = standing(
        &decision(&wheels, &settings),
        &opened(Event::Withdrawn),
        &settings,
    );
    assert!(
        matches!(&standing, Standing::Unproven(why) if why[0].contains("win_amd64")),
        "{standing:?}"
    );
}

#[test]
fn what_was_accepted_proves_nothing() {
    let settings = Settings {
        accepted: vec![Acceptance {
            library: None,
            version: Some("3.0.5".to_owned()),
            path: None,
            cve: None,
            reason: "on purpose".to_owned(),
            until: None,
        }],
        ..Settings::default()
    };
    let wheels = [wheel(LINUX, Some("3.0.5")), wheel(WINDOWS, Some("3.0.5"))];
    let decision = decision(&wheels, &settings);
    assert!(decision.tracked.is_empty(), "{decision:?}");
    let standing = standing(&decision, &opened(Event::BugFix), &settings);
    assert!(matches!(standing, Standing::Unproven(_)), "{standing:?}");
}

fn cause(target: &str) -> Cause {
    Cause {
        events: BTreeSet::from([Event::BugFix]),
        targets: BTreeSet::from([target.to_owned()]),
    }
}

fn issue(number: u64, state: FoundState, target: &str) -> FoundIssue {
    FoundIssue {
        number,
        state,
        cause: Some(cause(target)),
        was_settled: state == FoundState::ClosedByProof,
    }
}

#[rstest]
#[case::none(&[], IssueStep::Create { after: None })]
#[case::open(&[issue(3, FoundState::Open, "3.0.7")], IssueStep::Keep(3))]
#[case::person(&[issue(3, FoundState::ClosedByPerson, "3.0.7")], IssueStep::LeaveClosed(3))]
#[case::person_before(
    &[issue(3, FoundState::ClosedByPerson, "3.0.6")],
    IssueStep::Create { after: Some(3) }
)]
#[case::bot(&[issue(3, FoundState::ClosedByBot, "3.0.6")], IssueStep::Reopen(3))]
#[case::proof(
    &[issue(3, FoundState::ClosedByProof, "3.0.7")],
    IssueStep::Create { after: Some(3) }
)]
#[case::duplicate_of_a_closed_one(
    &[issue(3, FoundState::ClosedByPerson, "3.0.7"), issue(4, FoundState::ClosedAsDuplicate, "3.0.7")],
    IssueStep::LeaveClosed(3)
)]
#[case::newest_counts(
    &[issue(3, FoundState::ClosedByBot, "3.0.7"), issue(5, FoundState::ClosedByPerson, "3.0.7")],
    IssueStep::LeaveClosed(5)
)]
fn of_an_issue_that_is_wanted(#[case] found: &[FoundIssue], #[case] step: IssueStep) {
    let plan = plan(found, &Standing::Wanted, &cause("3.0.7"));
    assert_eq!(plan.step, step);
    assert_eq!(plan.duplicates, Vec::<u64>::new());
}

#[test]
fn of_several_open_ones_the_lowest_number_stands() {
    let found = [9, 4, 7].map(|number| issue(number, FoundState::Open, "3.0.7"));
    let plan = plan(&found, &Standing::Wanted, &cause("3.0.7"));
    assert_eq!(plan.step, IssueStep::Keep(4));
    assert_eq!(plan.duplicates, [7, 9]);
}

#[rstest]
#[case(Standing::Settled, false, IssueStep::Close(3))]
#[case(Standing::Settled, true, IssueStep::LeaveOpen(3))]
#[case(Standing::Unproven(Vec::new()), false, IssueStep::Keep(3))]
fn of_an_issue_that_is_not_wanted(
    #[case] standing: Standing,
    #[case] was_settled: bool,
    #[case] step: IssueStep,
) {
    let open = FoundIssue {
        was_settled,
        ..issue(3, FoundState::Open, "3.0.7")
    };
    assert_eq!(plan(&[open], &standing, &cause("3.0.7")).step, step);
    assert_eq!(
        plan(&[], &standing, &cause("3.0.7")).step,
        IssueStep::Nothing
    );
}
