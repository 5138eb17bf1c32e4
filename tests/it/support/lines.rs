//! Lines of projects made up from what their wheels carry, decided as in a cycle.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rewheel::daemon::board::FinishedCycle;
use rewheel::feeds::built_in;
use rewheel::model::{
    Architecture, BinaryFormat, Evidence, EvidenceKind, Finding, Library, Linkage, OpensslFacts,
    WheelScan,
};
use rewheel::policy::{LineFacts, Settings, WheelContent, WheelFacts, decide};
use rewheel::report::issue::{RunView, StepView};
use rewheel::report::{
    Action, ActionKind, ActionState, CheckReport, LineReport, TrackedIssue, Tracking,
};

/// The moment at which everything is looked at.
pub fn moment() -> DateTime<Utc> {
    "2026-10-23T12:00:00Z".parse().unwrap()
}

/// What is known of OpenSSL then.
pub fn facts() -> OpensslFacts {
    built_in::load().unwrap().cut(moment().date_naive())
}

/// Platform tags, as many as a large project has.
pub const PLATFORMS: [&str; 5] = [
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
];

/// Pythons of the wheels of one platform.
const PYTHONS: [&str; 4] = ["cp311", "cp312", "cp313", "cp314"];

/// A line with wheels for every platform and Python; those of each platform carry what is named
/// there, or nothing.
pub fn line(package: &str, linked: [Option<&str>; 5], facts: &OpensslFacts) -> LineReport {
    let version: pep440_rs::Version = "1.2.3".parse().unwrap();
    let wheels: Vec<WheelFacts> = PLATFORMS
        .iter()
        .zip(linked)
        .flat_map(|(platform, linked)| {
            PYTHONS.map(|python| WheelFacts {
                name: format!("demo-1.2.3-{python}-{python}-{platform}.whl")
                    .parse()
                    .unwrap(),
                sha256: None,
                content: WheelContent::Scanned(WheelScan {
                    findings: linked.map(finding).into_iter().collect(),
                    ..WheelScan::default()
                }),
            })
        })
        .collect();
    let uploaded = moment() - TimeDelta::days(40);
    let decision = decide(
        &LineFacts {
            package,
            line: "main",
            openssl: facts,
            version: Some(&version),
            wheels: &wheels,
            awaiting: None,
            previous_coverage: &BTreeSet::new(),
            first_upload: Some(uploaded),
            superseded: false,
        },
        &Settings::default(),
        moment(),
    );
    let published = |(version, day): (&str, &str)| {
        let day: NaiveDate = day.parse().unwrap();
        (version.parse().unwrap(), day)
    };
    LineReport {
        package: package.to_owned(),
        line: "main".to_owned(),
        version: Some(version),
        uploaded: Some(uploaded),
        decision,
        actions: Vec::new(),
        published: [("1.2.3", "2026-09-13"), ("1.2.2", "2026-07-01")]
            .map(published)
            .to_vec(),
        tracking: Tracking::default(),
    }
}

fn finding(linked: &str) -> Finding {
    Finding {
        path: "demo/_native.so".to_owned(),
        format: BinaryFormat::Elf,
        arch: Architecture::X86_64,
        library: Library::Openssl,
        version: Some(linked.to_owned()),
        linkage: Linkage::Static,
        suffix: None,
        distro_patched: false,
        evidence: vec![Evidence {
            kind: EvidenceKind::VersionText,
            text: format!("OpenSSL {linked}"),
            offset: Some(7),
        }],
    }
}

/// An issue that is open, and a step of it that runs.
pub fn tracked(line: &mut LineReport, title: &str, url: &str) {
    line.tracking = Tracking {
        issue: Some(TrackedIssue {
            number: 17,
            title: title.to_owned(),
            url: url.to_owned(),
            is_open: true,
        }),
        steps: vec![StepView {
            name: "wheels".to_owned(),
            target: "3.5.9".to_owned(),
            platforms: vec!["linux".to_owned()],
            is_proven: false,
            sentence: "its run is under way".to_owned(),
            runs: vec![RunView {
                id: 987,
                url: format!("{url}/runs/987"),
                attempt: 2,
                state: "in_progress".to_owned(),
            }],
            failed_jobs: Vec::new(),
        }],
    };
    let opened = Action::new(
        ActionKind::OpenIssue,
        format!("{}/main/issue", line.package),
        ActionState::Done,
    );
    line.actions.push(opened.at(url));
}

/// A cycle that ended with these lines.
pub fn cycle(lines: Vec<LineReport>, facts: &OpensslFacts) -> FinishedCycle {
    let feeds = built_in::reports(facts)
        .into_iter()
        .map(|feed| rewheel::feeds::FeedReport {
            error: None,
            is_down: false,
            ..feed
        })
        .collect();
    FinishedCycle {
        report: CheckReport {
            checked_at: moment() - TimeDelta::minutes(4),
            dry_run: false,
            feeds,
            lines,
        },
        releases: facts.releases.clone(),
        began: moment() - TimeDelta::minutes(4),
        ended: moment() - TimeDelta::minutes(3),
        received_bytes: 7,
    }
}

/// So many projects of twenty wheels, of all kinds.
pub fn many(count: usize, facts: &OpensslFacts) -> Vec<LineReport> {
    let kinds = [
        [Some("3.5.8"); 5],
        [
            Some("3.5.8"),
            Some("3.5.8"),
            Some("3.5.7"),
            Some("3.0.17"),
            Some("1.1.1w"),
        ],
        [None; 5],
        [Some("3.0.6"), None, None, None, Some("3.5.8")],
    ];
    (0..count)
        .map(|at| line(&format!("package-{at:03}"), kinds[at % kinds.len()], facts))
        .collect()
}
