//! The real command tells people: by hand and as a daemon, across its end and its being killed.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::Utc;
use rstest::rstest;

use crate::support::binary::wheel_carrying;
use crate::support::command::User;
use crate::support::fake_github::FakeGithub;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::fake_receiver::{Answer, FakeReceiver, Heard};
use crate::support::life::{self, STEPS};
use crate::support::reply::Fault;
use crate::support::stage::{OLD, PLATFORMS, REPOSITORY};

/// What stands in the address, and is nobody's business.
const PATH: &str = "/services/T0SECRET/B0SECRET";
const SECRET: &str = "a-secret-of-thirty-two-letters-00";
const TOKEN: &str = "s3cret-of-the-server";

/// A project, its repository, and somebody who is told.
struct World {
    index: FakeIndex,
    github: FakeGithub,
    receiver: FakeReceiver,
    user: User,
}

impl World {
    fn new(events: &str) -> Self {
        let world = Self {
            index: FakeIndex::start_blocking(),
            github: life::world(FakeGithub::start_at(Utc::now())),
            receiver: FakeReceiver::start(),
            user: User::new(),
        };
        for platform in PLATFORMS {
            let name = format!("demo-1.0-cp39-abi3-{platform}.whl");
            world
                .index
                .publish("demo", FakeFile::new(&name, wheel_carrying(OLD)));
        }
        let text = format!(
            "[watch]\nschedule = \"0 0 29 2 *\"\nmax-fact-age = \"3650d\"\n[server]\nlisten = \
             \"127.0.0.1:0\"\ntoken-env = \"STATUS_TOKEN\"\n[index]\nurl = \"{}\"\n[github]\napi = \
             \"{}\"\nwrite-interval = \"0s\"\n[notify]\nfailures = 2\nping-url-env = \
             \"PING_URL\"\n[[notify.webhook]]\nname = \"ops\"\nurl-env = \"OPS_URL\"\nsecret-env = \
             \"OPS_SECRET\"\n{events}\n[[project]]\npackage = \"demo\"\nrepository = \
             \"{REPOSITORY}\"\n{STEPS}\n",
            world.index.url(),
            world.github.url()
        );
        std::fs::write(world.user.home().join("rewheel.toml"), text).unwrap();
        world
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.user.command();
        let url = self.receiver.url();
        command
            .args(arguments)
            .args(["--offline", "--config", "rewheel.toml"])
            .env("GITHUB_TOKEN", "t")
            .env("STATUS_TOKEN", TOKEN)
            .env("OPS_URL", format!("{url}{PATH}"))
            .env("OPS_SECRET", SECRET)
            .env("PING_URL", format!("{url}/ping/P0SECRET"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// A cycle by hand; what it wrote to its outputs.
    fn cycle(&self) -> String {
        let output = self.command(&["check-now", "-vv"]).output().unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 1 | 3 | 4)),
            "{output:?}"
        );
        format!(
            "{}{}",
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap()
        )
    }

    /// What was told, as `type: packages`, each delivery verified.
    fn told(&self) -> Vec<String> {
        told(&self.receiver.heard())
    }
}

fn is_message(heard: &Heard) -> bool {
    heard.path == PATH
}

fn is_ping(heard: &Heard) -> bool {
    heard.path == "/ping/P0SECRET" && heard.method == "GET"
}

fn told(heard: &[Heard]) -> Vec<String> {
    let messages = heard.iter().filter(|one| is_message(one));
    messages
        .map(|one| {
            let document = one.verified(SECRET.as_bytes());
            let items = document["data"]["items"].as_array().unwrap();
            let names: Vec<&str> = items
                .iter()
                .filter_map(|item| item["package"].as_str().or(item["feed"].as_str()))
                .collect();
            format!(
                "{}: {}",
                document["type"].as_str().unwrap(),
                names.join(" ")
            )
        })
        .collect()
}

fn ids(heard: &[Heard]) -> Vec<String> {
    let messages = heard.iter().filter(|one| is_message(one));
    messages
        .map(|one| one.header("webhook-id").to_owned())
        .collect()
}

#[test]
fn by_hand_each_thing_is_told_once() {
    let world = World::new("");
    world.cycle();
    assert_eq!(
        world.told(),
        ["release: demo"],
        "the first cycle only reports"
    );
    world.cycle();
    let mut all = world.told();
    all.sort();
    assert_eq!(
        all,
        ["issue-opened: demo", "release: demo", "run-started: demo"]
    );
    world.cycle();
    assert_eq!(world.told().len(), 3);
    let heard = world.receiver.heard();
    let opened = heard
        .iter()
        .find(|one| is_message(one) && one.json()["type"] == "issue-opened");
    let url = opened.unwrap().json()["data"]["items"][0]["url"].clone();
    assert!(url.as_str().unwrap().contains("/issues/"), "{url}");
    assert_eq!(heard.iter().filter(|one| is_ping(one)).count(), 3);
}

#[test]
fn a_dry_run_tells_nobody() {
    let world = World::new("");
    let output = world.command(&["check-now", "--dry-run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(world.receiver.heard().is_empty());
}

/// The process is killed when the receiver has the message: between the intent and the result.
#[test]
fn killed_in_between_it_is_told_again_under_the_same_id() {
    let world = World::new("");
    let process = Arc::new(Mutex::new(0));
    // Until its id is known nothing may be answered.
    let mut known = process.lock().unwrap();
    world.receiver.answers([Answer::Kill(Arc::clone(&process))]);
    let mut child = world
        .command(&["check-now"])
        .env_remove("PING_URL")
        .spawn()
        .unwrap();
    *known = child.id();
    drop(known);
    let status = child.wait().unwrap();
    assert_eq!(status.code(), None, "{status}");
    world.cycle();
    world.cycle();
    let heard = world.receiver.heard();
    let ids = ids(&heard);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids.iter().filter(|id| **id == ids[0]).count(), 2);
    let mut told = told(&heard);
    told.sort();
    told.dedup();
    assert_eq!(
        told,
        ["issue-opened: demo", "release: demo", "run-started: demo"]
    );
}

#[test]
fn two_processes_at_once_tell_once() {
    let world = World::new("events = [\"release\", \"security\", \"issue-opened\"]");
    let children: Vec<Child> = (0..4)
        .map(|_| world.command(&["check-now", "-q"]).spawn().unwrap())
        .collect();
    for child in children {
        child.wait_with_output().unwrap();
    }
    world.cycle();
    let mut ids = ids(&world.receiver.heard());
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert_eq!(all, 3, "{:?}", world.told());
}

#[rstest]
#[case(Answer::Status(500, Vec::new()))]
#[case(Answer::Status(302, vec![("location", "https://elsewhere.example/T0SECRET".to_owned())]))]
fn no_secret_is_in_any_output_or_file(#[case] answer: Answer) {
    let world = World::new("");
    world.receiver.answers(vec![answer; 20]);
    let mut all = world.cycle();
    assert!(all.contains("ops was not told"), "{all}");
    assert!(all.contains("the ping was not heard"), "{all}");
    let mut running = Running::start(&world);
    running.cycle();
    all.push_str(&running.ask("GET", "/metrics", "").1);
    all.push_str(&running.ask("GET", "/api/v1/status", "").1);
    all.push_str(&running.ask("GET", "/", "").1);
    all.push_str(&running.stop());
    for entry in std::fs::read_dir(world.user.home()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("rewheel.db") {
            all.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    let check = world.command(&["config", "check", "-vv"]).output().unwrap();
    all.push_str(&String::from_utf8_lossy(&check.stdout));
    for secret in ["T0SECRET", "P0SECRET", SECRET, "it said"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

/// A running daemon.
struct Running {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
    address: String,
    said: String,
}

impl Running {
    fn start(world: &World) -> Self {
        let mut child = world.command(&["daemon", "-vv"]).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut running = Self {
            child,
            log,
            address: String::new(),
            said: String::new(),
        };
        let line = running.wait_for("listening on http://");
        let (_, address) = line.split_once("http://").unwrap();
        running.address = address.trim().trim_end_matches('/').to_owned();
        running.wait_for("a cycle ended");
        running
    }

    #[track_caller]
    fn wait_for(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let count = self.log.read_line(&mut line).unwrap();
            assert_ne!(count, 0, "it ended without {text:?}: {}", self.said);
            self.said.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Reads the log until it has said this so many times.
    #[track_caller]
    fn wait_for_all(&mut self, text: &str, count: usize) {
        while self.said.matches(text).count() < count {
            self.wait_for(text);
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    fn ask(&self, method: &str, path: &str, more: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n\
             {more}\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head.split(' ').nth(1).unwrap().parse().unwrap(),
            body.to_owned(),
        )
    }

    fn cycle(&mut self) {
        let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
        assert_eq!(self.ask("POST", "/api/v1/check", &bearer).0, 202);
        self.wait_for("a cycle ended");
    }

    fn stop(mut self) -> String {
        self.signal("-TERM");
        self.wait_for("stopped");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        // In a file nobody wants colours, nor what is left of them.
        assert!(
            !self.said.contains(['\u{1b}']) && !self.said.contains("\\u{1b}"),
            "{}",
            self.said
        );
        std::mem::take(&mut self.said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_daemon_tells_once_across_its_end_and_its_being_killed() {
    let world = World::new("");
    let mut running = Running::start(&world);
    running.cycle();
    // Before that the outcome may not be noted, and then it comes again.
    running.wait_for_all("ops was told", 3);
    running.stop();
    let mut running = Running::start(&world);
    running.cycle();
    running.signal("-KILL");
    running.child.wait().unwrap();
    let mut running = Running::start(&world);
    running.cycle();
    running.cycle();
    let mut ids = ids(&world.receiver.heard());
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((all, ids.len()), (3, 3), "{:?}", world.told());
    running.stop();
}

#[test]
fn what_a_daemon_could_not_deliver_its_successor_delivers() {
    let world = World::new("");
    world.receiver.answers([Answer::Never, Answer::Never]);
    let running = Running::start(&world);
    world.receiver.wait_for(1, is_message);
    running.stop();
    world.receiver.answers([]);
    let running = Running::start(&world);
    let heard = world.receiver.wait_for(2, is_message);
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
    running.stop();
}

#[test]
fn a_slow_receiver_holds_back_no_cycle() {
    let world = World::new("");
    world.receiver.answers(vec![Answer::Never; 50]);
    let mut running = Running::start(&world);
    for _ in 0..5 {
        running.cycle();
    }
    // It has ended five cycles while the first message was under way, which takes 20 seconds.
    assert!(!running.said.contains("ops was"), "{}", running.said);
    running.stop();
}

#[test]
fn a_project_that_fails_is_told_once_and_once_when_it_is_well_again() {
    let world = World::new("events = [\"project-failed\", \"project-recovered\"]");
    // One for each of three cycles.
    for _ in 0..3 {
        world
            .index
            .once("/simple/demo/", Fault::Status(404, Vec::new()));
    }
    let mut running = Running::start(&world);
    running.cycle();
    running.cycle();
    let heard = world.receiver.wait_for(1, is_message);
    let document = heard[0].verified(SECRET.as_bytes());
    assert_eq!(document["type"], "project-failed");
    let text = document["data"]["items"][0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("it failed 2 times in a row, since "),
        "{text}"
    );
    assert!(
        world.receiver.heard().iter().all(|one| !is_ping(one)),
        "no cycle was good"
    );
    let (_, metrics) = running.ask("GET", "/metrics", "");
    for figure in [
        "rewheel_notifications_waiting{receiver=\"ops\"} 0",
        "rewheel_notifications_given_up{receiver=\"ops\"} 0",
        "rewheel_notification_failures_total{receiver=\"ops\"} 0",
    ] {
        assert!(metrics.contains(figure), "{figure} is not in {metrics}");
    }
    running.cycle();
    let heard = world.receiver.wait_for(2, is_message);
    assert_eq!(
        told(&heard),
        ["project-failed: demo", "project-recovered: demo"]
    );
    world.receiver.wait_for(1, is_ping);
    running.cycle();
    let (_, status) = running.ask("GET", "/api/v1/status", "");
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["notifications"]["receivers"][0]["name"], "ops");
    assert_eq!(status["notifications"]["receivers"][0]["waiting"], 0);
    assert_eq!(world.told().len(), 2);
    running.stop();
}
