use rstest::rstest;

use super::*;
use crate::model::{
    Advisory, Architecture, BinaryFormat, LifeTime, LifeTimes, Release, ReleaseKind, Releases,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn version(text: &str) -> OpensslVersion {
    text.parse().unwrap()
}

fn release(version_text: &str, date: &str, kind: ReleaseKind) -> Release {
    Release {
        version: version(version_text),
        date: day(date),
        kind,
        severity: None,
        withdrawn: None,
        vanished: None,
        premium_only: false,
    }
}

fn advisory(cve: &str, severity: Severity, published: &str, ranges: &[&str]) -> Advisory {
    Advisory {
        cve: cve.to_owned(),
        severity,
        published: day(published),
        affected: ranges.iter().map(|range| range.parse().unwrap()).collect(),
    }
}

/// Two live series (3.5, 4.0), one that ended (3.0) with a fix for contract holders, the letter
/// series 1.1.1 with a withdrawn release, and a low advisory whose release does not exist yet.
fn facts() -> OpensslFacts {
    use ReleaseKind::{BugFix, Feature, PreRelease, Security};
    OpensslFacts {
        as_of: day("2026-10-23"),
        releases: Releases::new(vec![
            release("1.1.1q", "2022-07-05", BugFix),
            Release {
                withdrawn: Some(day("2022-10-12")),
                ..release("1.1.1r", "2022-10-11", BugFix)
            },
            release("1.1.1s", "2022-11-01", BugFix),
            release("1.1.1w", "2023-09-11", Security),
            release("3.0.21", "2026-06-09", Security),
            release("3.0.22", "2026-08-25", BugFix),
            Release {
                premium_only: true,
                ..release("3.0.23", "2026-09-29", Security)
            },
            release("3.5.6", "2026-04-07", Security),
            release("3.5.7", "2026-06-09", Security),
            release("3.5.8", "2026-08-25", BugFix),
            release("4.0.0-beta1", "2026-03-24", PreRelease),
            release("4.0.0", "2026-04-14", Feature),
            Release {
                severity: Some(Severity::High),
                ..release("4.0.1", "2026-10-20", Security)
            },
        ]),
        advisories: vec![
            advisory(
                "CVE-2026-0003",
                Severity::High,
                "2026-09-29",
                &["1.1.1 < 1.1.1zj", "3.0.0 < 3.0.23"],
            ),
            advisory(
                "CVE-2026-0002",
                Severity::Low,
                "2026-09-01",
                &["3.5.8 < 3.5.9"],
            ),
            advisory(
                "CVE-2026-0001",
                Severity::Unknown,
                "2026-06-09",
                &["3.0.0 < 3.0.21", "3.5.0 < 3.5.7"],
            ),
            advisory(
                "CVE-2023-0001",
                Severity::Low,
                "2023-09-11",
                &["1.1.1 < 1.1.1w"],
            ),
        ],
        life_times: LifeTimes::new(
            [
                ("1.1.1", "2023-09-11", true),
                ("3.0", "2026-09-07", true),
                ("3.5", "2030-04-08", true),
                ("4.0", "2027-05-14", false),
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

fn finding(library: Library, version: Option<&str>, linkage: Linkage) -> Finding {
    Finding {
        path: "example/_native.so".to_owned(),
        format: BinaryFormat::Elf,
        arch: Architecture::X86_64,
        library,
        version: version.map(str::to_owned),
        linkage,
        suffix: None,
        distro_patched: false,
        evidence: Vec::new(),
    }
}

fn linked(version: &str) -> Finding {
    finding(Library::Openssl, Some(version), Linkage::Static)
}

fn codes(assessment: &Assessment) -> Vec<&'static str> {
    assessment
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect()
}

#[rstest]
#[case::newest("3.5.8", "2026-08-26", Status::Current, &["newest-release"])]
#[case::low_advisory_before_its_release("3.5.8", "2026-09-01", Status::Exposed, &["fix-pending"])]
#[case::outdated("3.5.7", "2026-10-23", Status::Outdated, &["newer-release"])]
#[case::vulnerable("3.5.6", "2026-10-23", Status::Vulnerable, &["in-affected-range", "newer-release"])]
#[case::vulnerable_and_premium("3.0.20", "2026-10-23", Status::Vulnerable,
    &["in-affected-range", "premium-only", "end-of-life", "newer-release"])]
#[case::premium_only("3.0.22", "2026-10-23", Status::Exposed, &["premium-only", "end-of-life"])]
#[case::last_day_of_support("3.0.22", "2026-09-07", Status::Current, &["newest-release"])]
#[case::ended("3.0.22", "2026-09-08", Status::EndOfLife, &["end-of-life"])]
#[case::letters_beyond_z("1.1.1zi", "2026-10-23", Status::Exposed, &["premium-only", "end-of-life"])]
#[case::last_public_letter("1.1.1w", "2026-10-23", Status::Exposed, &["premium-only", "end-of-life"])]
#[case::withdrawn("1.1.1r", "2022-10-12", Status::Withdrawn, &["withdrawn-release"])]
#[case::not_withdrawn_yet("1.1.1r", "2022-10-11", Status::Current, &["newest-release"])]
#[case::advisories_pending("4.0.0", "2026-10-23", Status::Vulnerable, &["advisories-pending", "newer-release"])]
#[case::pre_release("4.0.0-beta1", "2026-03-30", Status::Unknown, &["pre-release-linked"])]
#[case::pre_release_behind("4.0.0-beta1", "2026-04-15", Status::Outdated, &["newer-release", "pre-release-linked"])]
#[case::snapshot_of_a_dead_series("1.1.1-dev", "2023-09-12", Status::EndOfLife,
    &["end-of-life", "newer-release", "pre-release-linked"])]
#[case::older_than_all("0.9.8zh", "2026-10-23", Status::EndOfLife, &["end-of-life"])]
#[case::newer_than_facts("3.5.9", "2026-10-23", Status::Unknown, &["newer-than-facts"])]
#[case::series_newer_than_facts("4.2.0", "2027-04-20", Status::Unknown, &["newer-than-facts"])]
fn statuses(
    #[case] version: &str,
    #[case] today: &str,
    #[case] status: Status,
    #[case] expected: &[&str],
) {
    let assessment = assess(&linked(version), &facts().cut(day(today)), day(today));
    assert_eq!(
        (assessment.status, codes(&assessment).as_slice()),
        (status, expected),
        "{:#?}",
        assessment.reasons
    );
}

#[rstest]
#[case(
    finding(Library::Openssl, None, Linkage::External),
    Status::External,
    "system-library"
)]
#[case(
    finding(Library::Openssl, None, Linkage::Static),
    Status::Unknown,
    "version-not-provable"
)]
#[case(
    finding(Library::Boringssl, None, Linkage::Static),
    Status::None,
    "other-library"
)]
#[case(
    finding(Library::Tongsuo, Some("8.3.2"), Linkage::Static),
    Status::None,
    "other-library"
)]
#[case(Finding { distro_patched: true, ..linked("1.1.1k") }, Status::Unknown, "distribution-patched")]
fn statuses_without_a_version_of_upstream(
    #[case] finding: Finding,
    #[case] status: Status,
    #[case] code: &str,
) {
    let assessment = assess(&finding, &facts(), day("2026-10-23"));
    assert_eq!(
        (assessment.status, codes(&assessment)),
        (status, vec![code])
    );
    assert!(assessment.advisories.is_empty());
}

#[test]
fn advisories_come_worst_first_with_their_first_public_fix() {
    let today = day("2026-10-23");
    let assessment = assess(&linked("3.0.20"), &facts(), today);
    let shown: Vec<_> = assessment
        .advisories
        .iter()
        .map(|one| {
            let fix = one.fixed_in.as_ref().map(ToString::to_string);
            format!("{} {} {fix:?}", one.cve, one.severity)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "CVE-2026-0003 high None",
            "CVE-2026-0001 unknown Some(\"3.0.21\")"
        ]
    );
    assert_eq!(assessment.due_since, Some(day("2026-06-09")));
    assert_eq!(assessment.severity, Some(Severity::High));
}

#[test]
fn a_pending_security_release_gives_its_own_severity_and_no_advisory() {
    let assessment = assess(&linked("4.0.0"), &facts(), day("2026-10-23"));
    assert!(assessment.advisories.is_empty());
    assert_eq!(assessment.severity, Some(Severity::High));
    assert_eq!(assessment.due_since, Some(day("2026-10-20")));
}

#[test]
fn a_withdrawn_fix_is_no_fix() {
    let mut facts = facts();
    facts.advisories = vec![advisory(
        "CVE-2022-3358",
        Severity::Low,
        "2022-10-11",
        &["1.1.1 < 1.1.1r"],
    )];
    let on = |today: &str| assess(&linked("1.1.1q"), &facts.cut(day(today)), day(today));
    assert_eq!(on("2022-10-11").status, Status::Vulnerable);
    let exposed = on("2022-10-12");
    assert_eq!(exposed.status, Status::Exposed);
    assert_eq!(
        exposed.reasons[0].message,
        "1.1.1q is in the affected range of 1 advisory; the fix, 1.1.1r, was withdrawn and has no successor yet"
    );
    assert!(!exposed.is_due());
    let fixed = on("2022-11-01");
    assert_eq!(fixed.status, Status::Vulnerable);
    assert_eq!(fixed.advisories[0].fixed_in, Some(version("1.1.1s")));
}

#[rstest]
#[case("3.5.8", "2026-09-01", false)]
#[case("3.0.22", "2026-10-23", true)]
#[case("3.5.7", "2026-10-23", true)]
#[case("3.5.8", "2026-08-26", false)]
#[case("3.0.22", "2026-09-08", true)]
fn what_is_due(#[case] version: &str, #[case] today: &str, #[case] due: bool) {
    let today = day(today);
    assert_eq!(
        assess(&linked(version), &facts().cut(today), today).is_due(),
        due
    );
}

#[test]
fn sentences_name_versions_and_days() {
    let assessment = assess(&linked("3.0.20"), &facts(), day("2026-10-23"));
    let sentences: Vec<_> = assessment
        .reasons
        .iter()
        .map(|reason| reason.message.as_str())
        .collect();
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    3.0.20 is in the affected range of 1 advisory; 3.0.21 fixes it
    3.0.20 is in the affected range of 1 advisory; the fix, 3.0.23, is for holders of a support contract only
    the support of 3.0 ended on 2026-09-07; advisories leave it out, so their silence means "not analysed"
    3.0.21 to 3.0.22 are newer; 3.0.22 of 2026-08-25 is the newest public release of 3.0
    "#);
}
