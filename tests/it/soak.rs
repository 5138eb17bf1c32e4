//! Months of cycles, with time compressed and with faults at random: nothing is done twice, no
//! release is missed, and nothing grows.
//!
//! `REWHEEL_SOAK_CYCLES` says how many cycles (500 unless it is set), `REWHEEL_SOAK_SEED` which.

mod part;
pub mod random;
mod told;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use part::Told;
use told::Messages;
use world::{SILENT, World};

use crate::support::stage::REPOSITORY;

/// The cycles from one release to the next.
const EPISODE: u64 = 125;

/// The calm cycles that are enough to make up for whatever went wrong: what is in doubt is looked
/// for for a quarter of an hour, and a claim lasts an hour.
const CALM: u64 = 16;

fn number(name: &str, otherwise: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.map_or(otherwise, |text| text.parse().unwrap())
}

/// What was measured after each cycle.
#[derive(Default)]
struct Measured {
    memory: Vec<u64>,
    descriptors: Vec<usize>,
    threads: Vec<u64>,
    ledger: Vec<u64>,
    failed: u64,
    done: u64,
    results: BTreeMap<String, u64>,
    notices: BTreeMap<String, BTreeSet<String>>,
}

impl Measured {
    fn take(&mut self, told: Told, ledger: u64) {
        assert_eq!(told.error, None);
        self.memory.push(told.memory);
        self.descriptors.push(told.descriptors);
        self.threads.push(told.threads);
        self.ledger.push(ledger);
        self.failed += told.failed.len() as u64;
        self.done += told.done.len() as u64;
        *self.results.entry(told.result).or_default() += 1;
        for (key, packages) in told.notices {
            let known = self.notices.entry(key.clone()).or_default();
            for package in packages {
                assert!(
                    known.insert(package.clone()),
                    "{key} is told to {package} twice"
                );
            }
        }
    }
}

struct Soak {
    world: World,
    measured: Measured,
    messages: Messages,
}

impl Soak {
    fn cycles(&mut self, count: u64, is_calm: bool) -> Vec<Told> {
        let mut last = Vec::new();
        let mut made = 0;
        while made < count {
            if !is_calm && self.world.random.happens(70) {
                self.world.trouble();
            }
            let told = self.world.cycle();
            // A moment at which nothing is due has no cycle.
            made += u64::from(told.result != "none");
            last = told.failed.clone();
            let ledger = self.world.ledger_bytes();
            self.measured.take(told, ledger);
        }
        vec![Told {
            failed: last,
            ..Told::default()
        }]
    }

    /// Calm cycles, the last of which has nothing left to do.
    fn settle(&mut self) {
        self.world.calm();
        let last = self.cycles(CALM, true);
        assert_eq!(last[0].failed, Vec::<String>::new());
        self.messages.take(self.world.receiver.take());
        self.messages.nothing_is_wrong();
    }

    /// What GitHub holds after a release, when all is calm: one issue that names it, one run.
    fn is_tracked(&self) {
        let (github, version) = (&self.world.github, self.world.version());
        let open = github.open_issues(REPOSITORY);
        assert_eq!(open.len(), 1, "{version}: {open:#?}");
        let body = open[0].body.clone().unwrap_or_default();
        assert!(body.contains(&version), "{version} is missed: {body}");
        let runs = github.runs(REPOSITORY);
        let own = runs.iter().filter(|run| run.inputs["openssl"] == version);
        assert_eq!(own.count(), 1, "{version}: {runs:#?}");
        self.nothing_is_double();
    }

    /// What it holds when the wheels are published: no open issue, and one word of farewell.
    fn is_closed(&self) {
        let github = &self.world.github;
        let open = github.open_issues(REPOSITORY);
        assert!(open.is_empty(), "{}: {open:#?}", self.world.version());
        let newest = github.issues(REPOSITORY).pop().unwrap();
        let comments = github.comments(REPOSITORY, newest.number);
        let farewells = comments
            .iter()
            .filter(|one| one.body.contains("Closed: all"));
        assert_eq!(farewells.count(), 1, "{comments:#?}");
        self.nothing_is_double();
    }

    /// No two comments have the same mark.
    fn nothing_is_double(&self) {
        let github = &self.world.github;
        for issue in github.issues(REPOSITORY) {
            let mut marks = BTreeSet::new();
            for comment in github.comments(REPOSITORY, issue.number) {
                let mark = comment.body.lines().next().unwrap_or_default().to_owned();
                assert!(
                    marks.insert(mark.clone()),
                    "{mark} twice in #{}",
                    issue.number
                );
            }
        }
    }

    /// From a release to the wheels that carry it.
    fn episode(&mut self, number: u64, cycles: u64) {
        let noisy = cycles.saturating_sub(3 * CALM) / 4;
        self.cycles(noisy, false);
        self.world.release();
        self.cycles(noisy, false);
        self.world.advise();
        self.settle();
        self.is_tracked();
        self.world.build();
        self.cycles(noisy, false);
        let (version, banner) = (format!("1.{number}"), self.world.banner());
        self.world.publish("demo", &version, &banner);
        self.cycles(noisy, false);
        self.settle();
        self.is_closed();
        self.settle();
        self.world.tidy();
    }
}

#[test]
fn months_of_cycles_miss_nothing_do_nothing_twice_and_leave_nothing_behind() {
    let cycles = number("REWHEEL_SOAK_CYCLES", 500);
    let mut soak = Soak {
        world: World::of(number("REWHEEL_SOAK_SEED", 1)),
        measured: Measured::default(),
        messages: Messages::default(),
    };
    let (began, began_at) = (soak.world.now, Instant::now());
    // The first cycle of a project only reports.
    soak.cycles(1, true);
    let episodes = (cycles / EPISODE).max(1);
    for number in 1..=episodes {
        soak.episode(number, EPISODE);
    }
    let Soak {
        world,
        measured,
        messages,
    } = soak;
    messages.all_is_told(&world, episodes);
    for key in measured.notices.keys() {
        let told = &measured.notices[key];
        assert_eq!(
            told.len(),
            SILENT.len(),
            "{key} is not told to all: {told:?}"
        );
    }
    let releases: BTreeSet<String> = (10..=world.newest)
        .map(|one| format!("3.5.{one}"))
        .collect();
    let told: BTreeSet<String> = measured.notices.keys().cloned().collect();
    assert!(told.is_superset(&releases), "{releases:?} in {told:?}");
    let count = measured.memory.len();
    let none = measured.results.get("none").copied().unwrap_or_default();
    assert!(count as u64 - none >= episodes * (EPISODE - 4), "{count}");
    let (early, late) = (count / 5, count * 4 / 5);
    let most = |all: &[u64]| all.iter().copied().max().unwrap_or_default();
    let memory = (
        most(&measured.memory[early..count / 2]),
        most(&measured.memory[late..]),
    );
    let ledger = (
        most(&measured.ledger[early..count / 2]),
        most(&measured.ledger[late..]),
    );
    let open = |all: &[usize]| all.iter().copied().max().unwrap_or_default();
    let descriptors = (
        open(&measured.descriptors[early..count / 2]),
        open(&measured.descriptors[late..]),
    );
    eprintln!(
        "{count} moments over {} days in {:.0?} ({:.0} ms each): {:?}; {messages}; {} acts done, {} failed; memory {} \
         KiB after a fifth, {} at the end; descriptors {} and {}; threads {}; ledger {} and {} bytes; \
         {} notices",
        (world.now - began).num_days(),
        began_at.elapsed(),
        began_at.elapsed().as_secs_f64() * 1000.0 / count as f64,
        measured.results,
        measured.done,
        measured.failed,
        memory.0,
        memory.1,
        descriptors.0,
        descriptors.1,
        most(&measured.threads),
        ledger.0,
        ledger.1,
        measured.notices.len(),
    );
    assert!(measured.failed > 0, "nothing went wrong at all");
    // Few of them, as a project with open runs is looked at as often as the facts.
    let rare = (cycles >= 5_000).then_some("facts");
    for result in ["good", "incomplete"].into_iter().chain(rare) {
        assert!(
            measured.results.contains_key(result),
            "no cycle was {result}"
        );
    }
    assert!(
        memory.1 < memory.0 + memory.0 / 5,
        "memory grows: {memory:?}"
    );
    assert!(
        descriptors.1 <= descriptors.0 + 8,
        "descriptors: {descriptors:?}"
    );
    assert!(
        ledger.1 < ledger.0 + ledger.0 / 2,
        "the ledger grows: {ledger:?}"
    );
}
