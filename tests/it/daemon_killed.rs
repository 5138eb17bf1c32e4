//! The real daemon, killed at random moments again and again, and on a disk that is full: afterwards
//! there is one issue, one run of each step, and a ledger that can be believed.
//!
//! `REWHEEL_KILLS` says how often it is killed (20 times unless it is set), `REWHEEL_SOAK_SEED` when.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::Value;

use crate::daemon::{Running, Watched};
use crate::soak::random::Random;
use crate::support::life::{self, Part};
use crate::support::stage::REPOSITORY;

/// How often it is killed until it may come to an end.
const KILLS_EACH: u64 = 10;

/// How long a request is waited for: the daemon has nothing to ask for any more, and dies idle.
const IDLE: Duration = Duration::from_millis(1500);

fn number(name: &str, otherwise: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.map_or(otherwise, |text| text.parse().unwrap())
}

/// Cycles come all the time.
fn configure(watched: &Watched) {
    watched.configure("* * * * * *", &watched.project("demo", life::STEPS));
}

/// Starts it and kills it when it has asked for so many things, or has nothing to ask for.
fn killed_after(watched: &Watched, requests: usize, spins: u64) {
    watched.index.forget_requests();
    watched.github.settle().forget_requests();
    let mut command = watched.command();
    command.stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    let asked = || watched.index.requests().len() + watched.github.requests().len();
    while asked() < requests && began.elapsed() < IDLE {
        std::thread::yield_now();
    }
    // Not at the very moment of a request.
    for _ in 0..spins {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Lets it come to an end, in calm, and says what is wrong then.
fn recovered(watched: &Watched) -> Vec<String> {
    watched.configure("0 0 29 2 *", &watched.project("demo", life::STEPS));
    for _ in 0..4 {
        let mut running = watched.start();
        // What is in doubt is looked for, and a claim ends.
        watched.github.advance(Duration::from_secs(2 * 3600));
        running.cycle();
        watched.github.settle().forget_requests();
        running.cycle();
        running.stop();
        if watched.github.settle().writes().is_empty() {
            break;
        }
    }
    life::wrong(&watched.github, Part::Opens, "")
}

#[test]
fn killed_at_random_moments_it_does_nothing_twice() {
    let kills = number("REWHEEL_KILLS", 20);
    let mut random = Random::of(number("REWHEEL_SOAK_SEED", 7));
    let mut failures = Vec::new();
    let mut done = 0;
    while done < kills {
        let watched = Watched::new();
        configure(&watched);
        for _ in 0..KILLS_EACH.min(kills - done) {
            done += 1;
            let requests = usize::try_from(1 + random.below(40)).unwrap();
            killed_after(&watched, requests, random.below(2_000_000));
        }
        let wrong = recovered(&watched);
        if !wrong.is_empty() {
            failures.push(format!("after {done} kills: {wrong:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    eprintln!("killed {done} times");
}

/// Whether a disk can be mounted here, which takes name spaces that not everybody may have.
fn mounts() -> bool {
    let allowed = Command::new("unshare").args(["-rm", "true"]).status();
    allowed.is_ok_and(|status| status.success())
}

/// A daemon whose ledger is on a disk of its own, of one megabyte.
fn on_a_small_disk(watched: &Watched, disk: &std::path::Path) -> Running {
    let script = "mount -t tmpfs -o size=1m none \"$1\" || exit 9; shift; exec \"$@\"";
    let wrapper = [
        "unshare",
        "-rm",
        "sh",
        "-c",
        script,
        "sh",
        disk.to_str().unwrap(),
    ];
    let mut command = watched.user.command_under(&wrapper);
    let plain = watched.command();
    command.args(plain.get_args());
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.env(
        "REWHEEL_STATE__URL",
        format!("sqlite:{}/rewheel.db", disk.display()),
    );
    command.stderr(Stdio::piped());
    Watched::started(command)
}

#[test]
fn on_a_full_disk_nothing_is_done_and_it_goes_on_when_there_is_room() {
    if !mounts() {
        eprintln!("no disk can be mounted here: the daemon is not tried on a full one");
        return;
    }
    let watched = Watched::new();
    let disk = watched.user.home().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mut running = on_a_small_disk(&watched, &disk);
    // The disk as the daemon sees it.
    let inside = PathBuf::from(format!(
        "/proc/{}/root{}/filler",
        running.child.id(),
        disk.display()
    ));
    let filled = std::fs::write(&inside, vec![0_u8; 2 << 20]);
    assert!(filled.is_err(), "there is room for more than a disk has");
    watched.github.forget_requests();
    running.ask_for_cycle();
    let said = running.wait_for_either(["could not be made", "a cycle ended"]);
    let failed = running.document();
    let actions: Vec<&Value> = failed["projects"][0]["actions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["state"] == "done")
        .collect();
    assert!(actions.is_empty(), "{said}: {failed}");
    assert!(watched.github.issues(REPOSITORY).is_empty(), "{said}");
    let is_told = running
        .said
        .iter()
        .any(|one| one.to_string().contains("the disk is full"));
    assert!(is_told, "{:#?}", running.said);
    assert_eq!(running.ask("GET", "/healthz", "").0, 200);
    std::fs::remove_file(&inside).unwrap();
    for _ in 0..3 {
        watched.github.advance(Duration::from_secs(3600));
        running.cycle();
    }
    running.stop();
    let wrong = life::wrong(&watched.github, Part::Opens, "");
    let quiet: Vec<&String> = wrong
        .iter()
        .filter(|one| !one.starts_with("still writes"))
        .collect();
    assert!(quiet.is_empty(), "{quiet:?}");
    assert!(watched.github.now() > Utc::now());
}
