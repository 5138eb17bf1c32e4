//! The published wheels of a project through time, and the decisions on them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use pep440_rs::Version;
use rewheel::feeds::built_in;
use rewheel::model::{
    Architecture, BinaryFormat, CoverageKey, Finding, Library, Linkage, OpensslFacts,
    OpensslVersion, WheelScan,
};
use rewheel::policy::{
    Decision, DecisionKind, LineFacts, Settings, WheelContent, WheelFacts, decide,
};
use serde::Deserialize;

/// OpenSSL's history.
pub static OPENSSL: LazyLock<OpensslFacts> = LazyLock::new(|| built_in::load().unwrap());

/// Half a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick {
    pub day: NaiveDate,
    /// Whether the project's uploads of the day are out.
    pub evening: bool,
}

impl Tick {
    pub const fn morning(day: NaiveDate) -> Self {
        Self {
            day,
            evening: false,
        }
    }

    /// The first moment that is not seen any more.
    fn moment(self) -> DateTime<Utc> {
        let midnight = self.day.and_time(NaiveTime::MIN).and_utc();
        if self.evening {
            midnight + Days::new(1)
        } else {
            midnight
        }
    }

    /// The ticks from one to another, both with them.
    pub fn between(first: Self, last: Self) -> impl Iterator<Item = Self> {
        first
            .day
            .iter_days()
            .flat_map(|day| [false, true].map(|evening| Self { day, evening }))
            .skip_while(move |tick| *tick < first)
            .take_while(move |tick| *tick <= last)
    }

    /// All ticks that are replayed.
    pub fn all() -> impl Iterator<Item = Self> {
        let first = NaiveDate::from_ymd_opt(2021, 1, 1).unwrap();
        let last = Self {
            day: OPENSSL.as_of,
            evening: true,
        };
        Self::between(Self::morning(first), last)
    }
}

/// The history of a project, as `examples/distill_linked.rs` writes it.
#[derive(Deserialize)]
pub struct Project {
    package: String,
    versions: Vec<Published>,
}

/// One version.
#[derive(Deserialize)]
pub struct Published {
    pub version: Version,
    pub uploaded: DateTime<Utc>,
    wheels: Vec<Wheel>,
}

#[derive(Deserialize)]
struct Wheel {
    file: String,
    sha256: String,
    linked: Vec<OpensslVersion>,
}

/// What was decided at one tick.
pub struct Replay {
    pub tick: Tick,
    version: Version,
    pub linked: Vec<OpensslVersion>,
    pub decision: Decision,
}

impl Replay {
    /// Whether the project is asked to act, and to carry that release.
    pub fn asks_for(&self, version: &OpensslVersion) -> bool {
        let mut targets = self.decision.targets.iter();
        self.decision.kind >= DecisionKind::Track
            && self.linked.iter().all(|linked| linked < version)
            && targets.any(|target| target.version.as_ref() == Some(version))
    }
}

impl Project {
    /// The history of cryptography.
    pub fn read() -> Self {
        serde_json::from_str(include_str!("../../fixtures/linked-history.json")).unwrap()
    }

    /// The same project, that many days later with everything: nothing it does is quick.
    pub fn delayed(mut self, days: u64) -> Self {
        for version in self.versions.iter_mut().skip(1) {
            version.uploaded = version.uploaded + Days::new(days);
        }
        self
    }

    /// The newest version at a tick. When a file was yanked is not known, so yanked versions
    /// count until they have a successor.
    pub fn newest(&self, tick: Tick) -> &Published {
        let out = |one: &&Published| one.uploaded < tick.moment();
        let versions = self.versions.iter().filter(out);
        versions.max_by_key(|one| one.version.clone()).unwrap()
    }

    /// What the wheels carried at a tick.
    pub fn linked(&self, tick: Tick) -> BTreeSet<OpensslVersion> {
        let wheels = self.newest(tick).wheels.iter();
        wheels.flat_map(|wheel| wheel.linked.clone()).collect()
    }

    /// The decisions of all ticks.
    pub fn replay(&self, settings: &Settings) -> Vec<Replay> {
        let mut known = OPENSSL.cut(NaiveDate::MIN);
        let mut replays: Vec<Replay> = Vec::new();
        for tick in Tick::all() {
            if known.as_of != tick.day {
                known = facts_of(tick.day);
            }
            let newest = self.newest(tick);
            // An evening without an upload has the facts of its morning.
            let decision = match replays.last() {
                Some(morning) if tick.evening && morning.version == newest.version => {
                    morning.decision.clone()
                }
                _ => self.decide(newest, &known, settings, tick),
            };
            replays.push(Replay {
                tick,
                version: newest.version.clone(),
                linked: self.linked(tick).into_iter().collect(),
                decision,
            });
        }
        replays
    }

    fn decide(
        &self,
        newest: &Published,
        openssl: &OpensslFacts,
        settings: &Settings,
        tick: Tick,
    ) -> Decision {
        let wheels: Vec<WheelFacts> = newest.wheels.iter().map(Wheel::facts).collect();
        let before = self
            .versions
            .iter()
            .filter(|one| one.version < newest.version)
            .max_by_key(|one| one.version.clone());
        let previous_coverage: BTreeSet<CoverageKey> = before
            .into_iter()
            .flat_map(|one| &one.wheels)
            .flat_map(|wheel| wheel.facts().name.coverage())
            .collect();
        let facts = LineFacts {
            package: &self.package,
            line: "main",
            openssl,
            version: Some(&newest.version),
            wheels: &wheels,
            awaiting: None,
            previous_coverage: &previous_coverage,
            first_upload: Some(newest.uploaded),
            superseded: false,
        };
        decide(&facts, settings, noon(tick.day))
    }
}

impl Wheel {
    fn facts(&self) -> WheelFacts {
        WheelFacts {
            name: self.file.parse().unwrap(),
            sha256: Some(self.sha256.clone()),
            content: WheelContent::Scanned(WheelScan {
                findings: self.linked.iter().map(finding).collect(),
                ..WheelScan::default()
            }),
        }
    }
}

/// What was public at the end of a day.
fn facts_of(day: NaiveDate) -> OpensslFacts {
    OpensslFacts {
        as_of: day,
        ..OPENSSL.cut(day)
    }
}

fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(12, 0, 0).unwrap().and_utc()
}

fn finding(version: &OpensslVersion) -> Finding {
    Finding {
        path: "cryptography/hazmat/bindings/_rust.abi3.so".to_owned(),
        format: BinaryFormat::Elf,
        arch: Architecture::X86_64,
        library: Library::Openssl,
        version: Some(version.to_string()),
        linkage: Linkage::Static,
        suffix: None,
        distro_patched: false,
        evidence: Vec::new(),
    }
}

/// The decision for one wheel that carries that version, on that day.
pub fn decide_for(version: &OpensslVersion, day: NaiveDate) -> Decision {
    let wheel = Wheel {
        file: "example-1.0-cp311-abi3-win_amd64.whl".to_owned(),
        sha256: String::new(),
        linked: vec![version.clone()],
    };
    let openssl = facts_of(day);
    let own = "1.0".parse().unwrap();
    let facts = LineFacts {
        package: "example",
        line: "main",
        openssl: &openssl,
        version: Some(&own),
        wheels: &[wheel.facts()],
        awaiting: None,
        previous_coverage: &BTreeSet::new(),
        first_upload: None,
        superseded: false,
    };
    decide(&facts, &Settings::default(), noon(day))
}
