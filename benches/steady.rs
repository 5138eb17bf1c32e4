//! What rounds cost: requests and bytes of the first and of a steady one, wall and processor time
//! of a steady one with 1 and with 500 projects, against servers on loopback.
//!
//! ```text
//! cargo bench --bench steady
//! ```
//!
//! It measures the real command with bash's `time`, so it needs bash.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    unused_imports
)]

#[path = "../tests/it/support"]
mod support {
    pub mod binary;
    pub mod command;
    pub mod fake_feeds;
    pub mod fake_index;
    pub mod recorded;
    pub mod reply;
    pub mod server;
    pub mod wheel;
}

use support::binary::wheel_carrying;
use support::command::User;
use support::fake_feeds::FakeFeeds;
use support::fake_index::{FakeFile, FakeIndex};
use support::recorded::{Recorded, bytes_served};

const ROUNDS: usize = 10;

fn main() {
    for projects in [1, 500] {
        measure(projects);
    }
}

fn measure(projects: usize) {
    let (index, feeds, user) = (FakeIndex::start_blocking(), FakeFeeds::start(), User::new());
    let mut names = Vec::new();
    for at in 0..projects {
        let name = format!("demo{at}");
        let file = format!("{name}-1.0-cp39-abi3-manylinux_2_28_x86_64.whl");
        index.publish(
            &name,
            FakeFile::new(&file, wheel_carrying("OpenSSL 3.5.4 30 Sep 2025")),
        );
        names.push(format!("{name:?}"));
    }
    let text = format!(
        "[openssl]\napi = {:?}\narchive-hosts = [\"localhost\"]\n[[project]]\npackages = [{}]\n",
        feeds.url(),
        names.join(", ")
    );
    let configuration = user.home().join("rewheel.toml");
    std::fs::write(&configuration, text).unwrap();
    let round = || {
        let script = "TIMEFORMAT='%R %U %S'; time \"$@\" >/dev/null 2>&1";
        let plain = user.command();
        let mut command = std::process::Command::new("bash");
        command.env_clear().current_dir(user.home());
        command.envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command.args([
            "-c",
            script,
            "bash",
            env!("CARGO_BIN_EXE_rewheel"),
            "check-now",
            "--config",
        ]);
        command
            .arg(&configuration)
            .args(["--format", "json", "--index-url", &index.url()]);
        let output = command.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let times: Vec<f64> = told
            .split_whitespace()
            .map(|one| one.parse().unwrap())
            .collect();
        (times[0], times[1] + times[2])
    };
    let first = round();
    tell(
        projects,
        "first",
        &index.requests(),
        &feeds.requests(),
        &[first],
    );
    index.forget_requests();
    feeds.statuses();
    let steady = [(); ROUNDS].map(|()| round());
    tell(
        projects,
        "steady",
        &index.requests(),
        &feeds.requests(),
        &steady,
    );
}

fn tell(projects: usize, what: &str, index: &[Recorded], feeds: &[Recorded], times: &[(f64, f64)]) {
    let rounds = times.len();
    let median = |of: fn(&(f64, f64)) -> f64| {
        let mut all: Vec<f64> = times.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[rounds / 2] * 1000.0
    };
    println!(
        "{projects} projects, {what} round: index {} requests, {} bytes; feeds {} requests, {} bytes; wall {:.0} ms, CPU {:.0} ms",
        index.len() / rounds,
        bytes_served(index) / rounds as u64,
        feeds.len() / rounds,
        bytes_served(feeds) / rounds as u64,
        median(|one| one.0),
        median(|one| one.1),
    );
}
