//! Three hundred projects of twenty wheels each: what the first cycles and a steady one cost.
//!
//! ```text
//! cargo test --test it -- --ignored --nocapture many::
//! ```
//!
//! `REWHEEL_MANY_PROJECTS` says how many projects (300 unless it is set); 12 are tried in CI.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::daemon::{Running, Watched};
use crate::support::binary::wheel_carrying_as;
use crate::support::fake_index::FakeFile;
use crate::support::stage::OLD;

const WHEELS: usize = 20;

/// How many steady cycles are measured.
const STEADY: u32 = 5;

struct Cost {
    time: Duration,
    requests: usize,
}

/// A number of `/proc/PID/status`, in KiB.
fn kibibytes(running: &Running, name: &str) -> u64 {
    let path = format!("/proc/{}/status", running.child.id());
    let status = std::fs::read_to_string(path).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The processor time of the process so far.
fn processor(running: &Running) -> Duration {
    let path = format!("/proc/{}/stat", running.child.id());
    let stat = std::fs::read_to_string(path).unwrap();
    let (_, rest) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<u64> = rest
        .split(' ')
        .skip(11)
        .take(2)
        .map(|one| one.parse().unwrap())
        .collect();
    // In hundredths of a second, on every Linux there is.
    Duration::from_millis((fields[0] + fields[1]) * 10)
}

fn unread(document: &Value) -> usize {
    let projects = document["projects"].as_array().unwrap().iter();
    let wheels = projects.flat_map(|one| one["wheels"].as_array().unwrap());
    let reasons = wheels.flat_map(|one| one["reasons"].as_array().unwrap());
    reasons.filter(|one| one["code"] == "not-read-yet").count()
}

/// Measures so many projects, of which one cycle reads a quarter.
fn measure(projects: usize) {
    let watched = Watched::new();
    let mut names = Vec::new();
    let mut bytes = 0;
    for project in 0..projects {
        let package = format!("many{project}");
        for wheel in 0..WHEELS {
            let name = format!(
                "{package}-1.0-cp3{}-abi3-manylinux_2_28_x86_64.whl",
                wheel + 10
            );
            let content = wheel_carrying_as(OLD, &name);
            bytes += content.len();
            watched
                .index
                .publish(&package, FakeFile::new(&name, content));
        }
        names.push(format!("{package:?}"));
    }
    let text = format!(
        "[watch]\nschedule = \"0 0 29 2 *\"\nhot-interval = \"1s\"\nmax-fact-age = \"3650d\"\n[server]\n\
         listen = \"127.0.0.1:0\"\ntoken-env = \"STATUS_TOKEN\"\n[index]\nurl = \"{}\"\n[limits]\n\
         bytes-per-cycle = {}\n[[project]]\npackages = [{}]\n",
        watched.index.url(),
        bytes / 4,
        names.join(", ")
    );
    std::fs::write(watched.user.home().join("rewheel.toml"), text).unwrap();
    watched.index.forget_requests();
    let began = Instant::now();
    let mut running = watched.start();
    let mut cycles = 1;
    while unread(&running.document()) > 0 {
        running.wait_for("a cycle ended");
        cycles += 1;
    }
    let requests = watched.index.requests();
    let files = watched.index.file_requests().len();
    let first = Cost {
        time: began.elapsed(),
        requests: requests.len(),
    };
    assert!(cycles >= 4, "it was bounded: {cycles}");
    // What was read in one cycle is not read in another.
    let mut paths: Vec<&str> = requests
        .iter()
        .filter(|one| one.path.starts_with("/files/"))
        .map(|one| one.path.as_str())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), projects * WHEELS);
    let (peak, first_processor) = (kibibytes(&running, "VmHWM:"), processor(&running));
    let said = running.stop();
    let notices = said
        .iter()
        .filter(|one| {
            one["message"]
                .as_str()
                .is_some_and(|text| text.contains("to rebuild"))
        })
        .count();
    assert_eq!(notices, 1, "one notice for all");
    // Begun anew, it has nothing in flux, and all that it knows is in the ledger.
    watched.index.forget_requests();
    let began = Instant::now();
    let mut running = watched.start();
    let again = began.elapsed();
    let before = processor(&running);
    let began = Instant::now();
    for _ in 0..STEADY {
        running.cycle();
    }
    let cycles_after = usize::try_from(STEADY).unwrap() + 1;
    let steady = Cost {
        time: began.elapsed() / STEADY,
        requests: watched.index.requests().len() / cycles_after,
    };
    assert_eq!(
        watched.index.file_requests().len(),
        0,
        "a steady cycle reads no wheel"
    );
    assert_eq!(steady.requests, projects);
    let steady_processor = (processor(&running) - before) / STEADY;
    let resident = kibibytes(&running, "VmRSS:");
    let shown = running.ask("GET", "/api/v1/status", "").1.len();
    running.stop();
    let ledger: u64 = ["rewheel.db", "rewheel.db-wal"]
        .iter()
        .map(|name| std::fs::metadata(watched.user.home().join(name)).map_or(0, |one| one.len()))
        .sum();
    eprintln!(
        "{projects} projects of {WHEELS} wheels, {bytes} bytes: first {cycles} cycles {:.1?}, processor \
         {first_processor:.1?}, {} requests ({files} of files); begun \
         anew in {again:.1?}; a steady cycle {:.0?}, processor \
         {steady_processor:.0?}, {} requests; document {shown} bytes; memory at most {peak} KiB, then {resident} KiB; ledger \
         {ledger} bytes; {notices} notice",
        first.time, first.requests, steady.time, steady.requests
    );
}

#[test]
fn a_dozen_projects_cost_what_they_must() {
    measure(12);
}

#[test]
#[ignore = "takes minutes; CONTRIBUTING.md says how it is run"]
fn three_hundred_projects() {
    let set = std::env::var("REWHEEL_MANY_PROJECTS").ok();
    measure(set.map_or(300, |text| text.parse().unwrap()));
}
