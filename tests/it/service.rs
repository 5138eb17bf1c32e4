//! The systemd unit lets through every system call that a daemon makes: a cycle over a wheel, a page,
//! a reload, a stop. Without a running systemd that is told by `strace`, and by what
//! `systemd-analyze` says is in the sets that the unit names.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::support::binary::wheel_carrying;
use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};

/// The system calls of each set, sets within it included.
fn sets(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut sets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    for line in text.lines() {
        let word = line.split_whitespace().next().unwrap_or("#");
        if line.starts_with('@') {
            current = word;
        } else if !word.starts_with('#') {
            sets.entry(current).or_default().push(word);
        }
    }
    sets
}

fn calls(of: &str, sets: &BTreeMap<&str, Vec<&str>>) -> BTreeSet<String> {
    let Some(members) = sets.get(of) else {
        return BTreeSet::from([of.to_owned()]);
    };
    members
        .iter()
        .flat_map(|member| calls(member, sets))
        .collect()
}

/// What the unit lets through, in the order of its lines.
fn allowed(text: &str) -> BTreeSet<String> {
    let sets = sets(text);
    let mut allowed = BTreeSet::new();
    let unit = include_str!("../../deploy/systemd/rewheel.service");
    for line in unit.lines() {
        let Some(filter) = line.strip_prefix("SystemCallFilter=") else {
            continue;
        };
        let (names, is_denied) = match filter.strip_prefix('~') {
            Some(names) => (names, true),
            None => (filter, false),
        };
        for call in names.split_whitespace().flat_map(|name| calls(name, &sets)) {
            if is_denied {
                allowed.remove(&call);
            } else {
                allowed.insert(call);
            }
        }
    }
    allowed
}

fn ask(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_unit_lets_every_system_call_through() {
    let listed = Command::new("systemd-analyze")
        .args(["syscall-filter", "--no-pager"])
        .output();
    let traces = Command::new("strace").args(["-f", "true"]).output();
    let (Ok(listed), Ok(true)) = (listed, traces.map(|output| output.status.success())) else {
        let told = "no strace or systemd-analyze: the unit's system calls are not checked\n";
        let _ = std::io::stderr().write_all(told.as_bytes());
        return;
    };
    let allowed = allowed(&String::from_utf8(listed.stdout).unwrap());
    assert!(
        allowed.len() > 200 && !allowed.contains("mount"),
        "{allowed:?}"
    );
    let index = FakeIndex::start_blocking();
    let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
    index.publish(
        "demo",
        FakeFile::new(name, wheel_carrying("OpenSSL 3.5.4 30 Sep 2025")),
    );
    let user = User::new();
    let configuration = user.home().join("rewheel.toml");
    let text = format!(
        "[watch]\nschedule = \"0 0 29 2 *\"\n[server]\nlisten = \"127.0.0.1:0\"\n[index]\nurl = \
         \"{}\"\n[[project]]\npackages = [\"demo\"]\n",
        index.url()
    );
    std::fs::write(&configuration, text).unwrap();
    let trace = user.home().join("trace");
    let own = user.command();
    let mut command = Command::new("strace");
    command
        .args(["-f", "-o"])
        .arg(&trace)
        .arg(own.get_program());
    command.env_clear().current_dir(user.home());
    command.envs(
        own.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let mut child = command
        .args(["daemon", "--offline", "--config"])
        .arg(&configuration)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let mut wait = |text: &str| {
        let line = log.find_map(|line| line.ok().filter(|line| line.contains(text)));
        line.unwrap_or_else(|| panic!("it ended without {text:?}"))
    };
    let listening = wait("listening on http://");
    let (_, address) = listening.split_once("http://").unwrap();
    let address = address.trim_end_matches('/');
    wait("a cycle ended");
    assert!(ask(address, "/").contains("demo"));
    assert!(ask(address, "/metrics").contains("rewheel_wheels"));
    // strace keeps what it traces from ending with it, so the daemon itself is told.
    let daemon = std::fs::read_to_string(&trace).unwrap();
    let daemon = daemon.split_whitespace().next().unwrap().to_owned();
    let signal = |name: &str| {
        let status = Command::new("kill").args([name, &daemon]).status().unwrap();
        assert!(status.success());
    };
    signal("-HUP");
    wait("loaded anew");
    signal("-TERM");
    wait("stopped");
    assert!(child.wait().unwrap().success());
    let trace = std::fs::read_to_string(&trace).unwrap();
    let made: BTreeSet<String> = trace
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .filter_map(|call| call.split_once('('))
        .map(|(call, _)| call.to_owned())
        .filter(|call| call.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .collect();
    assert!(made.len() > 30, "{made:?}");
    // As root SQLite gives its files to the owner of the ledger, and goes on where it may not.
    let refused: Vec<_> = made
        .difference(&allowed)
        .filter(|call| *call != "fchown")
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
}
