use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::config::{Interest, Occasion};
use crate::feeds::FeedReport;
use crate::model::{
    Advisory, Architecture, BinaryFormat, FactsOrigin, Finding, Library, LifeTimes, Linkage,
    OpensslFacts, Release, ReleaseKind, Releases, Severity, WheelScan,
};
use crate::policy::{LineFacts, Reason, ReasonCode, Settings, WheelContent, WheelFacts, decide};
use crate::report::{CheckReport, LineReport, Tracking};
use crate::store::ledger::{Telling, Told};

use super::happening::Happening;
use super::look::EndedCycle;
use super::message::Addressee;
use super::tell::{kind_and_line, tell};

mod failing;
mod messages;
mod news;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The moment at which the first cycle begins.
fn start() -> DateTime<Utc> {
    "2026-10-23T12:00:00Z".parse().unwrap()
}

/// Two series, each with a newest release that fixes an advisory.
fn openssl() -> OpensslFacts {
    let release = |version: &str| Release {
        version: version.parse().unwrap(),
        date: day("2026-09-29"),
        kind: ReleaseKind::Security,
        severity: None,
        withdrawn: None,
        vanished: None,
        premium_only: false,
    };
    let advisory = |cve: &str, severity, affected: &str| Advisory {
        cve: cve.to_owned(),
        severity,
        published: day("2026-09-29"),
        affected: vec![affected.parse().unwrap()],
    };
    OpensslFacts {
        as_of: day("2026-10-23"),
        releases: Releases::new(["3.0.15", "3.0.16", "3.5.8", "3.5.9"].map(release).to_vec()),
        advisories: vec![
            advisory("CVE-2026-1001", Severity::Moderate, "3.0.0 < 3.0.16"),
            advisory("CVE-2026-1002", Severity::High, "3.5.0 < 3.5.9"),
        ],
        life_times: LifeTimes::new(Vec::new()),
    }
}

/// A line whose wheels carry these versions.
fn line(package: &str, carried: &[&str]) -> LineReport {
    line_by(&openssl(), package, carried)
}

fn line_by(openssl: &OpensslFacts, package: &str, carried: &[&str]) -> LineReport {
    let version = "1.0".parse().unwrap();
    let wheels: Vec<WheelFacts> = (0..)
        .zip(carried)
        .map(|(number, carried)| wheel(package, number, carried))
        .collect();
    let facts = LineFacts {
        package,
        line: "main",
        openssl,
        version: Some(&version),
        wheels: &wheels,
        awaiting: None,
        previous_coverage: &BTreeSet::new(),
        first_upload: None,
        superseded: false,
    };
    LineReport {
        decision: decide(&facts, &Settings::default(), start()),
        package: package.to_owned(),
        line: "main".to_owned(),
        version: Some(version),
        uploaded: None,
        checked_at: start(),
        open_runs: 0,
        actions: Vec::new(),
        published: Vec::new(),
        tracking: Tracking::default(),
    }
}

fn wheel(package: &str, number: usize, carried: &str) -> WheelFacts {
    WheelFacts {
        name: format!("{package}-1.0-cp{number}-cp{number}-manylinux_2_28_x86_64.whl")
            .parse()
            .unwrap(),
        sha256: None,
        content: WheelContent::Scanned(WheelScan {
            findings: vec![Finding {
                path: "demo/_native.so".to_owned(),
                format: BinaryFormat::Elf,
                arch: Architecture::X86_64,
                library: Library::Openssl,
                version: Some(carried.to_owned()),
                linkage: Linkage::Static,
                suffix: None,
                distro_patched: false,
                evidence: Vec::new(),
            }],
            ..WheelScan::default()
        }),
    }
}

/// A line of which nothing could be found out.
fn blind(package: &str) -> LineReport {
    let why = "the index did not answer in time <!channel>".to_owned();
    LineReport::failed(
        package,
        "main",
        start(),
        Reason::new(ReasonCode::IndexUnavailable, why),
    )
}

fn feed(error: Option<&str>, is_down: bool) -> FeedReport {
    FeedReport {
        name: "releases",
        source: FactsOrigin::Network,
        as_of: day("2026-10-23"),
        error: error.map(str::to_owned),
        is_down,
    }
}

fn report(feeds: Vec<FeedReport>, lines: Vec<LineReport>) -> CheckReport {
    CheckReport {
        checked_at: start(),
        dry_run: false,
        feeds,
        lines,
    }
}

/// What a ledger would do, without one.
#[derive(Default)]
struct Memory {
    told: Told,
    cycles: i32,
}

impl Memory {
    /// When the next cycle begins: one every quarter of an hour.
    fn now(&self) -> DateTime<Utc> {
        start() + TimeDelta::minutes(15) * self.cycles
    }

    fn cycle(&mut self, report: &CheckReport) -> Vec<Happening> {
        self.cycle_of(&EndedCycle::of(report))
    }

    fn cycle_of(&mut self, cycle: &EndedCycle<'_>) -> Vec<Happening> {
        let now = self.now();
        let seen = EndedCycle {
            began: now,
            ..*cycle
        }
        .seen();
        let (new, telling) = tell(&self.told, &seen, 3);
        self.apply(telling);
        self.cycles += 1;
        new
    }

    fn apply(&mut self, telling: Telling) {
        let now = self.now();
        let keys = telling.keys.into_iter();
        self.told.keys.extend(keys.map(|key| (key, now)));
        self.told.keys.retain(|key, _| !telling.over.contains(key));
        for (subject, trouble) in telling.troubles {
            match trouble {
                Some(trouble) => self.told.troubles.insert(subject, trouble),
                None => self.told.troubles.remove(&subject),
            };
        }
    }
}

/// "release 3.5.9: demo", sorted.
fn words(new: &[Happening]) -> Vec<String> {
    let mut grouped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in new {
        let of = one
            .openssl
            .as_ref()
            .map_or_else(String::new, |of| format!(" {}", of.key()));
        let name = one.item.package.as_ref().or(one.item.feed.as_ref());
        let names = grouped.entry(format!("{}{of}", one.occasion)).or_default();
        names.push(name.unwrap().clone());
    }
    grouped
        .into_iter()
        .map(|(what, names)| format!("{what}: {}", names.join(" ")))
        .collect()
}

fn everything(name: &str) -> Addressee {
    Addressee {
        name: name.to_owned(),
        interest: Interest {
            occasions: Occasion::ALL.into(),
            packages: None,
        },
    }
}
