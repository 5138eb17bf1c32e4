//! The real daemon: its cycles, its signals, its configuration taken anew, its server.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use chrono::Utc;
use serde_json::Value;

use crate::support::binary::wheel_carrying;
use crate::support::command::User;
use crate::support::fake_github::{FakeGithub, Matcher, When};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::life::{self, STEPS};
use crate::support::stage::{OLD, PLATFORMS, REPOSITORY};

/// What may ask for a cycle.
pub const TOKEN: &str = "s3cret-of-the-server";

/// A daemon in its world, whose schedule never comes in a test.
pub struct Watched {
    pub index: FakeIndex,
    pub github: FakeGithub,
    pub user: User,
}

/// A running daemon.
pub struct Running {
    pub child: Child,
    log: BufReader<std::process::ChildStderr>,
    address: String,
    pub said: Vec<Value>,
}

impl Watched {
    pub fn new() -> Self {
        let watched = Self {
            index: FakeIndex::start_blocking(),
            github: life::world(FakeGithub::start_at(Utc::now())),
            user: User::new(),
        };
        watched.publish("demo");
        watched.configure("0 0 29 2 *", &watched.project("demo", STEPS));
        watched
    }

    pub fn publish(&self, package: &str) {
        for platform in PLATFORMS {
            let name = format!("{package}-1.0-cp39-abi3-{platform}.whl");
            self.index
                .publish(package, FakeFile::new(&name, wheel_carrying(OLD)));
        }
    }

    pub fn project(&self, package: &str, more: &str) -> String {
        format!("[[project]]\npackage = \"{package}\"\nrepository = \"{REPOSITORY}\"\n{more}\n")
    }

    pub fn configure(&self, schedule: &str, projects: &str) {
        let text = format!(
            "[watch]\nschedule = \"{schedule}\"\nmax-fact-age = \"3650d\"\n[server]\nlisten = \
             \"127.0.0.1:0\"\ntoken-env = \"STATUS_TOKEN\"\n[index]\nurl = \"{}\"\n[github]\napi = \
             \"{}\"\nwrite-interval = \"0s\"\n{projects}",
            self.index.url(),
            self.github.url()
        );
        std::fs::write(self.user.home().join("rewheel.toml"), text).unwrap();
    }

    pub fn command(&self) -> Command {
        let mut command = self.user.command();
        command
            .args(["daemon", "--offline", "--log-format", "json", "--config"])
            .arg(self.user.home().join("rewheel.toml"))
            .env("GITHUB_TOKEN", "t")
            .env("STATUS_TOKEN", TOKEN)
            .stderr(Stdio::piped());
        command
    }

    /// Starts it and waits for the end of its first cycle.
    pub fn start(&self) -> Running {
        Self::started(self.command())
    }

    /// The same by another command.
    pub fn started(mut command: Command) -> Running {
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut running = Running {
            child,
            log,
            address: String::new(),
            said: Vec::new(),
        };
        let line = running.wait_for("listening on http://");
        let (_, address) = line.split_once("http://").unwrap();
        running.address = address.trim_end_matches('/').to_owned();
        running.wait_for("a cycle ended");
        running
    }
}

impl Running {
    /// Reads the log to the next message that holds this text.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        self.wait_for_either([text, text])
    }

    /// Reads the log to the next message that holds one of these texts.
    #[track_caller]
    pub fn wait_for_either(&mut self, texts: [&str; 2]) -> String {
        loop {
            let mut line = String::new();
            let count = self.log.read_line(&mut line).unwrap();
            assert_ne!(count, 0, "it ended without {texts:?}: {:#?}", self.said);
            let Ok(event) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            let message = event["message"].as_str().unwrap_or_default().to_owned();
            self.said.push(event);
            if texts.iter().any(|text| message.contains(text)) {
                return message;
            }
        }
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Asks its server, and gives the status and the body.
    pub fn ask(&self, method: &str, path: &str, more: &str) -> (u16, String) {
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
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    /// The document of its status.
    pub fn document(&self) -> Value {
        let (status, body) = self.ask("GET", "/api/v1/status", "");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Asks for a cycle.
    pub fn ask_for_cycle(&self) {
        let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
        assert_eq!(self.ask("POST", "/api/v1/check", &bearer).0, 202);
    }

    /// Asks for a cycle and waits for its end.
    pub fn cycle(&mut self) {
        self.ask_for_cycle();
        self.wait_for("a cycle ended");
    }

    pub fn stop(mut self) -> Vec<Value> {
        self.signal("-TERM");
        self.wait_for("stopped");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
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
fn it_acts_once_shows_what_it_knows_and_stops_when_told() {
    let watched = Watched::new();
    let mut running = watched.start();
    assert_eq!(running.ask("GET", "/healthz", "").0, 200);
    assert!(
        watched.github.issues(REPOSITORY).is_empty(),
        "the first cycle only reports"
    );
    running.cycle();
    running.cycle();
    assert_eq!(watched.github.open_issues(REPOSITORY).len(), 1);
    assert_eq!(watched.github.runs(REPOSITORY).len(), 1);
    let (status, body) = running.ask("GET", "/api/v1/status", "");
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["schema"], "rewheel/check/v1");
    assert_eq!(document["projects"][0]["package"], "demo");
    let (status, metrics) = running.ask("GET", "/metrics", "");
    assert_eq!(status, 200);
    assert!(
        metrics.contains("rewheel_wheels{status=\"vulnerable\",severity=\""),
        "{metrics}"
    );
    let (status, page) = running.ask("GET", "/", "");
    assert_eq!(status, 200);
    assert!(page.contains("demo"), "{page}");
    let page = page.replace("&#x2f;", "/");
    let issue = &watched.github.open_issues(REPOSITORY)[0];
    for text in [
        format!("#{} ", issue.number),
        format!("/actions/runs/{}", watched.github.runs(REPOSITORY)[0].id),
        "because of security".to_owned(),
        "Next cycle".to_owned(),
    ] {
        assert!(page.contains(&text), "{text}: {page}");
    }
    let said = format!("{:?}", running.stop());
    assert!(!said.contains(TOKEN), "{said}");
}

#[test]
fn what_it_knows_survives_it() {
    let watched = Watched::new();
    let mut running = watched.start();
    running.cycle();
    running.stop();
    watched.index.forget_requests();
    let mut running = watched.start();
    let (_, page) = running.ask("GET", "/", "");
    assert!(page.contains("open the tracking issue</a>"), "{page}");
    running.cycle();
    running.stop();
    assert!(watched.index.file_requests().is_empty());
    assert_eq!(watched.github.open_issues(REPOSITORY).len(), 1);
    assert_eq!(watched.github.runs(REPOSITORY).len(), 1);
}

#[test]
fn a_bad_configuration_is_refused_and_a_good_one_is_taken() {
    let watched = Watched::new();
    let mut running = watched.start();
    watched.configure("every day", &watched.project("demo", ""));
    running.signal("-HUP");
    let refused = running.wait_for("is refused");
    assert!(refused.contains("schedule"), "{refused}");
    running.cycle();
    watched.publish("other");
    let both = watched.project("demo", "") + &watched.project("other", "");
    watched.configure("0 0 29 2 *", &both);
    running.signal("-HUP");
    running.wait_for("loaded anew");
    running.cycle();
    let (_, body) = running.ask("GET", "/api/v1/status", "");
    let document: Value = serde_json::from_str(&body).unwrap();
    let packages: Vec<_> = document["projects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|project| project["package"].as_str().unwrap())
        .collect();
    assert_eq!(packages, ["demo", "other"]);
    running.stop();
}

#[test]
fn the_index_may_be_down_and_the_daemon_goes_on() {
    let watched = Watched::new();
    let both = watched.project("demo", "") + &watched.project("missing", "");
    watched.configure("0 0 29 2 *", &both);
    let running = watched.start();
    let (_, body) = running.ask("GET", "/api/v1/status", "");
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["projects"][0]["events"][0], "security");
    assert_eq!(
        document["projects"][1]["reasons"][0]["code"],
        "unknown-package"
    );
    running.stop();
}

#[test]
fn whether_it_lives_can_be_asked_by_the_command() {
    let watched = Watched::new();
    let running = watched.start();
    let address = running.address.clone();
    let ask = |listen: &str| {
        let variable = [("REWHEEL_SERVER__LISTEN", listen)];
        let arguments = ["daemon", "--health", "--config", "rewheel.toml"];
        watched.user.run_with(&arguments, &variable)
    };
    ask(&address).exits(0);
    ask("none").exits(2).complains("cannot be asked");
    running.stop();
    ask(&address)
        .exits(1)
        .complains("does not answer as a daemon");
    // Somebody else who listens there is no daemon.
    let other = FakeIndex::start_blocking();
    let origin = other.origin();
    ask(origin.trim_start_matches("http://"))
        .exits(1)
        .complains("it says");
}

#[test]
fn who_interrupts_it_stops_it_in_order() {
    let watched = Watched::new();
    let mut running = watched.start();
    running.signal("-INT");
    running.wait_for("stopped");
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

/// The step under way is finished, unless somebody does not want to wait for it.
#[test]
fn who_asks_a_second_time_does_not_wait() {
    let watched = Watched::new();
    let mut running = watched.start();
    let mut hold = watched.github.hold(Matcher::writes(), When::Before);
    running.ask_for_cycle();
    hold.wait();
    running.signal("-TERM");
    running.wait_for("the system asks for: Stop");
    running.signal("-TERM");
    running.wait_for("it was asked for a second time");
    assert_eq!(running.child.wait().unwrap().code(), Some(130));
}

/// What systemd hears. It always listens: who speaks would wait else.
fn systemd(place: &Path) -> Receiver<String> {
    let socket = UnixDatagram::bind(place).unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = socket.recv(&mut bytes) {
            let said = String::from_utf8_lossy(&bytes[..count]).into_owned();
            if sender.send(said).is_err() {
                return;
            }
        }
    });
    receiver
}

#[track_caller]
fn heard(systemd: &Receiver<String>, text: &str) {
    while !systemd
        .recv_timeout(Duration::from_secs(60))
        .unwrap()
        .contains(text)
    {}
}

/// The watchdog is fed while it waits, and in a cycle only while something comes of it.
#[test]
fn systemd_hears_how_it_is() {
    let watched = Watched::new();
    let place = watched.user.home().join("notify");
    let systemd = systemd(&place);
    let mut command = watched.command();
    command
        .env("NOTIFY_SOCKET", &place)
        .env("WATCHDOG_USEC", "60000");
    let mut running = Watched::started(command);
    heard(&systemd, "READY=1");
    for _ in 0..3 {
        heard(&systemd, "WATCHDOG=1");
    }
    let held = watched.index.hold("/simple/demo/");
    let before = watched.index.requests().len();
    running.ask_for_cycle();
    while watched.index.requests().len() == before {
        std::thread::yield_now();
    }
    // What was said before, and then nothing for as long as the watchdog is fed 25 times.
    let is_quiet = (0..1000).any(|_| systemd.recv_timeout(Duration::from_millis(500)).is_err());
    assert!(is_quiet, "a cycle that hangs feeds the watchdog");
    held.let_go();
    running.wait_for("a cycle ended");
    heard(&systemd, "WATCHDOG=1");
    running.signal("-TERM");
    heard(&systemd, "STOPPING=1");
    running.wait_for("stopped");
}

#[test]
fn what_keeps_it_from_beginning_is_told() {
    let user = User::new();
    user.run(&["daemon"])
        .exits(2)
        .complains("the daemon needs a configuration");
    let watched = Watched::new();
    let running = watched.start();
    let taken = running.address.clone();
    let text = format!(
        "[server]\nlisten = \"{taken}\"\n[[project]]\npackage = \"demo\"\n[project.policy]\nsecurity = []\nbug-fix = []\nend-of-life = []\nexposed = []\nwithdrawn = []\n"
    );
    std::fs::write(user.home().join("taken.toml"), text).unwrap();
    user.run(&["daemon", "--config", "taken.toml"])
        .exits(2)
        .complains("cannot be listened on; set [server] listen");
    running.stop();
}
