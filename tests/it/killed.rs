//! The real command, killed at any moment and started again: afterwards there is one issue, one run
//! of each step, and the right text.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::Utc;
use rewheel::feeds::built_in;
use rewheel::model::Release;
#[cfg(target_os = "linux")]
use rstest::rstest;
use tempfile::TempDir;

use crate::support::binary::wheel_carrying;
use crate::support::command::User;
use crate::support::fake_github::{FakeGithub, Hold, Matcher, Stored, When};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::life::{self, Part, STEPS};
use crate::support::stage::{OLD, PLATFORMS, REPOSITORY};

/// More cycles than any recovery takes.
const CYCLES: usize = 4;

/// What becomes of the request during which the command is killed.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It is never stored.
    Lost,
    /// It is stored after the command was started again.
    Late,
    /// It was stored before the command was killed.
    Stored,
}

/// A watcher at the beginning of a part of an issue's life, to which it can go back.
struct Life {
    part: Part,
    index: FakeIndex,
    github: FakeGithub,
    user: User,
    stored: Stored,
    ledger: TempDir,
}

impl Life {
    fn before(part: Part) -> Self {
        let github = life::world(FakeGithub::start_at(Utc::now()));
        let mut life = Self {
            part,
            index: FakeIndex::start_blocking(),
            stored: github.stored(),
            github,
            user: User::new(),
            ledger: tempfile::tempdir().unwrap(),
        };
        let text = format!(
            "[watch]\nmax-fact-age = \"3650d\"\n[index]\nurl = \"{}\"\n[github]\napi = \"{}\"\n\
             write-interval = \"0s\"\n[[project]]\npackage = \"demo\"\nrepository = \
             \"{REPOSITORY}\"\n{STEPS}",
            life.index.url(),
            life.github.url()
        );
        std::fs::write(life.user.home().join("rewheel.toml"), text).unwrap();
        life.publish("1.0", PLATFORMS, [OLD, OLD]);
        // The first cycle only reports.
        life.cycle();
        if part != Part::Opens {
            life.cycle();
            assert_eq!(life.github.runs(REPOSITORY).len(), 1);
        }
        match part {
            Part::Opens => {}
            Part::Changes => life.publish("1.1", PLATFORMS, [OLD, "OpenSSL 4.0.2 25 Aug 2026"]),
            Part::RunsAgain => life::fail_run(&life.github),
            Part::Closes => {
                let new = newest("3.5");
                let text = format!("OpenSSL {} {}", new.version, new.date.format("%-d %b %Y"));
                life.publish("1.2", PLATFORMS, [&text, &text]);
            }
        }
        life.stored = life.github.stored();
        for file in life.ledger_files() {
            let kept = life.ledger.path().join(file.file_name().unwrap());
            std::fs::copy(file, kept).unwrap();
        }
        life
    }

    fn publish(&self, version: &str, platforms: [&str; 2], carried: [&str; 2]) {
        for (platform, openssl) in platforms.into_iter().zip(carried) {
            let name = format!("demo-{version}-cp39-abi3-{platform}.whl");
            let file = FakeFile::new(&name, wheel_carrying(openssl));
            self.index.publish("demo", file);
        }
    }

    fn ledger_files(&self) -> Vec<PathBuf> {
        files(self.user.home())
            .into_iter()
            .filter(|path| path.to_string_lossy().contains("rewheel.db"))
            .collect()
    }

    /// Goes back to the beginning of the part.
    fn begin_again(&self) {
        self.github.settle().restore(&self.stored);
        for file in self.ledger_files() {
            std::fs::remove_file(file).unwrap();
        }
        for file in files(self.ledger.path()) {
            let own = self.user.home().join(file.file_name().unwrap());
            std::fs::copy(file, own).unwrap();
        }
    }

    fn told(mut command: Command) -> Command {
        command
            .args(["check-now", "--offline", "--config", "rewheel.toml"])
            .env("GITHUB_TOKEN", "t")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// One cycle to its end.
    fn cycle(&self) {
        let status = Self::told(self.user.command()).status().unwrap();
        assert!(matches!(status.code(), Some(0 | 1 | 3 | 4)), "{status}");
    }

    /// Cycles, the first at once and the others hours apart, until nothing is written any more.
    fn recover(&self) -> Vec<String> {
        self.github.settle().unbroken();
        for _ in 0..CYCLES {
            self.cycle();
            self.github
                .advance(std::time::Duration::from_secs(2 * 3600));
            self.github.forget_requests();
            self.cycle();
            if self.github.writes().is_empty() {
                break;
            }
        }
        let joined = newest("4.0").version.to_string();
        life::wrong(&self.github, self.part, &joined)
    }

    /// How many writes an unharmed cycle sends.
    fn writes(&self) -> usize {
        self.github.forget_requests();
        self.cycle();
        let count = self.github.writes().len();
        assert_eq!(self.recover(), Vec::<String>::new());
        count
    }

    /// Kills the command while GitHub holds the write with this number. What is wrong afterwards.
    fn killed_at(&self, nth: usize, fate: Fate) -> Vec<String> {
        self.begin_again();
        let when = match fate {
            Fate::Lost | Fate::Late => When::Before,
            Fate::Stored => When::After,
        };
        let mut hold: Hold = self.github.hold(Matcher::writes().nth(nth), when);
        let mut child = Self::told(self.user.command()).spawn().unwrap();
        hold.wait();
        child.kill().unwrap();
        child.wait().unwrap();
        match fate {
            Fate::Lost => hold.forget(),
            Fate::Stored => hold.release(),
            Fate::Late => {
                self.cycle();
                hold.release();
            }
        }
        self.recover()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect()
}

/// The newest release of a series that the command knows of.
fn newest(series: &str) -> Release {
    let facts = built_in::load().unwrap();
    facts
        .releases
        .newest(series.parse().unwrap())
        .unwrap()
        .clone()
}

/// Kills the command at each write of a part, with each fate. How many cases that were.
fn killed_at_every_write(part: Part) -> usize {
    let life = Life::before(part);
    let mut failures = Vec::new();
    let mut count = 0;
    for nth in 1..=life.writes() {
        for fate in [Fate::Lost, Fate::Late, Fate::Stored] {
            count += 1;
            let wrong = life.killed_at(nth, fate);
            if !wrong.is_empty() {
                failures.push(format!("write {nth}, {fate:?}: {wrong:?}"));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count} cases:\n{}",
        failures.len(),
        failures.join("\n")
    );
    count
}

/// Kills the command at system calls by which the ledger writes, each `step`th of the thread that
/// writes, until a cycle ends unharmed.
/// How many cases that were; none where system calls cannot be watched.
#[cfg(target_os = "linux")]
fn killed_at_writes_of_the_ledger(part: Part, calls: &str, step: usize) -> Option<usize> {
    let watches = Command::new("strace")
        .args(["-f", "-qqq", "-e", "trace=none", "true"])
        .status();
    if !watches.is_ok_and(|status| status.success()) {
        eprintln!("strace cannot be used here: nothing is killed while the ledger is written");
        return None;
    }
    let life = Life::before(part);
    let mut failures = Vec::new();
    let mut count = 0;
    for nth in (1..).step_by(step) {
        let traced = format!("trace={calls}");
        let injected = format!("inject={calls}:signal=SIGKILL:when={nth}");
        let [ledger, log] =
            ["rewheel.db", "rewheel.db-wal"].map(|name| life.user.home().join(name));
        let wrapper = [
            "strace",
            "-f",
            "-qqq",
            "-o",
            "/dev/null",
            "-P",
            ledger.to_str().unwrap(),
            "-P",
            log.to_str().unwrap(),
            "-e",
            &traced,
            "-e",
            &injected,
        ];
        life.begin_again();
        let command = life.user.command_under(&wrapper);
        let status = Life::told(command).status().unwrap();
        if status.code().is_some_and(|code| code < 128) {
            break;
        }
        count += 1;
        let wrong = life.recover();
        if !wrong.is_empty() {
            failures.push(format!("{calls} {nth}: {wrong:?}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count} cases:\n{}",
        failures.len(),
        failures.join("\n")
    );
    Some(count)
}

#[cfg(target_os = "linux")]
#[rstest]
#[case::opens(Part::Opens, "fsync,fdatasync", 1, 15)]
#[case::changes(Part::Changes, "fsync,fdatasync", 1, 15)]
#[case::runs_again(Part::RunsAgain, "fsync,fdatasync", 1, 8)]
#[case::closes(Part::Closes, "fsync,fdatasync", 1, 8)]
#[case::half_written(Part::RunsAgain, "pwrite64", 7, 8)]
fn killed_while_the_ledger_is_written(
    #[case] part: Part,
    #[case] calls: &str,
    #[case] step: usize,
    #[case] least: usize,
) {
    let count = killed_at_writes_of_the_ledger(part, calls, step);
    assert!(count.is_none_or(|count| count >= least), "{count:?}");
}

#[test]
fn killed_while_the_issue_is_opened_and_the_workflow_started() {
    assert!(killed_at_every_write(Part::Opens) >= 15);
}

#[test]
fn killed_while_a_target_joins() {
    assert!(killed_at_every_write(Part::Changes) >= 12);
}

#[test]
fn killed_while_a_run_is_run_again() {
    assert!(killed_at_every_write(Part::RunsAgain) >= 3);
}

#[test]
fn killed_while_the_issue_is_closed() {
    assert!(killed_at_every_write(Part::Closes) >= 6);
}
