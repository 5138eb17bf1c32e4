//! What holds of every decision, whatever is linked, on every day, with OpenSSL's real history.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, Days, NaiveDate, Utc};
use proptest::prelude::*;

use rewheel::feeds::built_in;
use rewheel::model::{
    Advisory, Architecture, BinaryFormat, Finding, Library, Linkage, OpensslFacts, OpensslVersion,
    Series, Severity, WheelScan,
};
use rewheel::policy::{
    Acceptance, Assessment, Decision, DecisionKind, Event, Follow, LineFacts, PlannedAction,
    Reaction, ReasonCode, Settings, Status, WheelContent, WheelFacts, assess, decide,
};

static FACTS: LazyLock<OpensslFacts> = LazyLock::new(|| built_in::load().unwrap());

fn day(after: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2016, 1, 1).unwrap() + Days::new(after)
}

fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(12, 0, 0).unwrap().and_utc()
}

/// Days from 2016 to 2027.
fn days() -> impl Strategy<Value = NaiveDate> {
    (0_u64..4_200).prop_map(day)
}

/// Versions that exist, and some that do not.
fn versions() -> impl Strategy<Value = String> {
    let known: Vec<String> = FACTS
        .releases
        .iter()
        .map(|release| release.version.to_string())
        .collect();
    prop_oneof![
        8 => prop::sample::select(known),
        1 => (0_u16..6, 0_u16..8, 0_u16..30).prop_map(|(a, b, c)| format!("{a}.{b}.{c}")),
        1 => prop::sample::select(vec!["1.1.1zk".to_owned(), "4.1.0-beta1".into(), "1.0.2k".into(), "3.6.0-dev".into()]),
    ]
}

prop_compose! {
    fn findings()(
        version in prop::option::weighted(0.9, versions()),
        library in prop_oneof![9 => Just(Library::Openssl), 1 => Just(Library::Boringssl)],
        linkage in prop_oneof![6 => Just(Linkage::Static), 3 => Just(Linkage::Vendored), 1 => Just(Linkage::External)],
        distro_patched in prop::bool::weighted(0.1),
    ) -> Finding {
        Finding {
            path: "example/_native.so".to_owned(),
            format: BinaryFormat::Elf,
            arch: Architecture::X86_64,
            library,
            version: version.filter(|_| linkage != Linkage::External),
            linkage,
            suffix: None,
            distro_patched,
            evidence: Vec::new(),
        }
    }
}

fn wheels() -> impl Strategy<Value = Vec<WheelFacts>> {
    let content = prop_oneof![
        9 => prop::collection::vec(findings(), 0..3).prop_map(|findings| {
            WheelContent::Scanned(WheelScan { findings, ..WheelScan::default() })
        }),
        1 => Just(WheelContent::Unreadable("it is broken".to_owned())),
    ];
    prop::collection::vec(content, 0..4).prop_map(|contents| {
        let platforms = [
            "win32",
            "win_amd64",
            "macosx_11_0_arm64",
            "manylinux_2_28_x86_64",
        ];
        let with_platforms = contents.into_iter().zip(platforms);
        with_platforms
            .map(|(content, platform)| WheelFacts {
                name: format!("example-1.0-cp311-abi3-{platform}.whl")
                    .parse()
                    .unwrap(),
                sha256: None,
                content,
            })
            .collect()
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let follow = prop_oneof![
        Just(Follow::Series),
        Just(Follow::Latest),
        Just(Follow::Lts),
        Just(Follow::Named("3.5".parse::<Series>().unwrap())),
    ];
    let accepted = prop::option::weighted(0.2, Just("3.*".to_owned()));
    (follow, accepted, any::<bool>()).prop_map(|(follow, accepted, steps)| {
        let events = [Event::Security, Event::BugFix, Event::NewSeries];
        let reaction = if steps {
            Reaction::Steps
        } else {
            Reaction::Issue
        };
        let settings = Settings {
            follow,
            accepted: accepted
                .into_iter()
                .map(|version| Acceptance {
                    version: Some(version),
                    reason: "on purpose".to_owned(),
                    ..Acceptance::default()
                })
                .collect(),
            ..Settings::default()
        };
        events.into_iter().fold(settings, |settings, event| {
            settings.with_reaction(event, reaction)
        })
    })
}

fn decide_on(
    openssl: &OpensslFacts,
    wheels: &[WheelFacts],
    settings: &Settings,
    today: NaiveDate,
) -> Decision {
    let version = "1.0".parse().unwrap();
    let facts = LineFacts {
        package: "example",
        line: "main",
        openssl,
        version: (!wheels.is_empty()).then_some(&version),
        wheels,
        awaiting: None,
        previous_coverage: &BTreeSet::new(),
        first_upload: None,
        superseded: false,
    };
    decide(&facts, settings, noon(today))
}

/// Whether one of the sentences names the version, by itself or in a run: `3.5.1 to 3.5.4`.
fn is_named(version: &OpensslVersion, sentences: &[&str]) -> bool {
    sentences.iter().any(|sentence| {
        let words: Vec<&str> = sentence
            .split(' ')
            .map(|word| word.trim_end_matches([',', ':', ';']))
            .collect();
        let read = |word: &str| word.parse::<OpensslVersion>().ok();
        words
            .iter()
            .any(|word| read(word).as_ref() == Some(version))
            || words.windows(3).any(|three| {
                three[1] == "to"
                    && read(three[0]).is_some_and(|first| first <= *version)
                    && read(three[2]).is_some_and(|last| *version <= last)
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_wheel_and_every_newer_release_has_a_reason(
        wheels in wheels(), settings in settings(), today in days(),
    ) {
        let facts = FACTS.cut(today);
        let decision = decide_on(&facts, &wheels, &settings, today);
        prop_assert!(!wheels.is_empty() || !decision.reasons.is_empty());
        let of_line: Vec<&str> = decision.reasons.iter().map(|one| one.message.as_str()).collect();
        for wheel in &decision.wheels {
            let of_findings = wheel.findings.iter().map(|one| one.assessment.reasons.len());
            prop_assert!(wheel.reasons.len() + of_findings.sum::<usize>() > 0);
            for finding in &wheel.findings {
                prop_assert!(!finding.assessment.reasons.is_empty());
                let Some(linked) = finding.linked() else { continue };
                let own = finding.assessment.reasons.iter().map(|one| one.message.as_str());
                let sentences: Vec<&str> = own.chain(of_line.iter().copied()).collect();
                for release in facts.releases.iter().filter(|one| one.version > linked) {
                    prop_assert!(
                        is_named(&release.version, &sentences),
                        "{} linked, {} is not named: {sentences:#?}", linked, release.version
                    );
                }
            }
        }
    }

    #[test]
    fn targets_are_usable_and_alive_and_the_plan_keeps_to_them(
        wheels in wheels(), settings in settings(), today in days(),
    ) {
        let facts = FACTS.cut(today);
        let decision = decide_on(&facts, &wheels, &settings, today);
        let mut built = BTreeSet::new();
        for target in &decision.targets {
            let ended = facts.life_times.support(target.series, today).has_ended();
            prop_assert!(target.version.is_none() || !ended);
            for version in target.version.iter().chain(&target.minimum) {
                let release = facts.releases.get(version).unwrap();
                prop_assert!(release.is_usable() && release.date <= today);
            }
            built.extend(target.version.clone());
        }
        let mut started = 0;
        for action in &decision.plan {
            if let PlannedAction::StartSteps { target } = action {
                started += 1;
                prop_assert!(built.contains(target));
            }
        }
        prop_assert_eq!(decision.kind == DecisionKind::Rebuild, started > 0);
        let opens = decision.plan.contains(&PlannedAction::OpenIssue);
        prop_assert_eq!(decision.kind >= DecisionKind::Track, opens);
    }

    #[test]
    fn one_more_advisory_makes_no_status_better(
        version in versions(), today in days(),
        severity in prop::sample::select(vec![Severity::Low, Severity::Unknown, Severity::Critical]),
        introduced in versions(), end in versions(),
    ) {
        let facts = FACTS.cut(today);
        let finding = Finding { version: Some(version), ..plain() };
        let before = assess(&finding, &facts, today);
        // Its advisory is what a release that calls itself a security release waits for.
        prop_assume!(!before.has(ReasonCode::AdvisoriesPending));
        let mut more = facts.clone();
        more.advisories.push(Advisory {
            cve: "CVE-2030-0001".to_owned(),
            severity,
            published: today,
            affected: vec![format!("{introduced} < {end}").parse().unwrap()],
        });
        let after = assess(&finding, &more, today);
        prop_assert!(after.status >= before.status);
        let weight = |one: &Assessment| one.severity.map_or(0, Severity::weight);
        prop_assert!(weight(&after) >= weight(&before));
    }

    #[test]
    fn time_alone_makes_no_status_better(version in versions(), today in days(), later in 1_u64..2_000) {
        let facts = FACTS.cut(today);
        let finding = Finding { version: Some(version), ..plain() };
        let now = assess(&finding, &facts, today);
        let then = assess(&finding, &facts, today + Days::new(later));
        // That a series has ended is more than not to know what is linked.
        let unknown = now.status == Status::Unknown && then.status == Status::EndOfLife;
        prop_assert!(then.status >= now.status || unknown);
    }

    #[test]
    fn the_newest_release_is_neither_vulnerable_nor_outdated_nor_withdrawn(
        series in prop::sample::select(vec!["1.1.1", "3.0", "3.1", "3.2", "3.4", "3.5", "4.0"]),
        today in days(),
    ) {
        let facts = FACTS.cut(today);
        if let Some(newest) = facts.releases.newest(series.parse().unwrap()) {
            let finding = Finding { version: Some(newest.version.to_string()), ..plain() };
            let status = assess(&finding, &facts, today).status;
            prop_assert!(
                matches!(status, Status::Current | Status::Exposed | Status::EndOfLife),
                "{} {}", newest.version, status
            );
        }
    }

    #[test]
    fn what_is_accepted_asks_for_nothing(wheels in wheels(), today in days()) {
        let settings = Settings {
            accepted: vec![Acceptance { reason: "on purpose".to_owned(), ..Acceptance::default() }],
            ..Settings::default()
        };
        let decision = decide_on(&FACTS.cut(today), &wheels, &settings, today);
        prop_assert!(!decision.is_due);
        prop_assert!(decision.kind <= DecisionKind::Inform);
        prop_assert_eq!(decision.plan, vec![]);
    }
}

fn plain() -> Finding {
    Finding {
        path: "example/_native.so".to_owned(),
        format: BinaryFormat::Elf,
        arch: Architecture::X86_64,
        library: Library::Openssl,
        version: None,
        linkage: Linkage::Static,
        suffix: None,
        distro_patched: false,
        evidence: Vec::new(),
    }
}
