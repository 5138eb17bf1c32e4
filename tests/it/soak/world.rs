//! The world of a soak: an index, OpenSSL's feeds and GitHub, all of which go wrong at random, and
//! the daemon's engine in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rewheel::model::{Advisory, Severity};

use super::part::{MARK, Told};
use super::random::Random;
use crate::support::binary::wheel_carrying_as;
use crate::support::command::User;
use crate::support::fake_feeds::{self, FakeFeeds, HEAD, RELEASES};
use crate::support::fake_github::{Artifact, FakeGithub, Fault, Job, Lag, Listed, Matcher, When};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::fake_receiver::{Answer, FakeReceiver};
use crate::support::life::{self, STEPS};
use crate::support::reply;
use crate::support::stage::{OLD, PLATFORMS, REPOSITORY};

/// The packages that are only reported on; none of them is ever built anew.
pub const SILENT: [&str; 3] = ["left", "alone", "here"];

/// When each of them is looked at; the one that is acted on is three times an hour.
const SCHEDULES: [&str; 3] = ["7 * * * *", "*/20 * * * *", "0,5 */2 * * *"];

/// Where messages go, and what signs them.
pub const OPS: &str = "/ops";
pub const SECRET: &str = "a-secret-of-thirty-two-letters-00";

/// When the soak begins, on a day that the built-in facts do not know.
const BEGINNING: &str = "2026-11-01T00:00:00Z";

/// How long what is over is remembered, so that forgetting happens many times.
const KEPT: &str = "seen-for = \"40d\"\nmemory-for = \"20d\"";

pub struct World {
    pub index: FakeIndex,
    pub feeds: FakeFeeds,
    pub github: FakeGithub,
    pub receiver: FakeReceiver,
    pub user: User,
    pub random: Random,
    /// What time it is.
    pub now: DateTime<Utc>,
    /// By how much the daemon's clock is wrong.
    pub skew: TimeDelta,
    /// The number of the newest release of 3.5.
    pub newest: u64,
    daemon: Daemon,
}

struct Daemon {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl World {
    pub fn of(seed: u64) -> Self {
        let now: DateTime<Utc> = BEGINNING.parse().unwrap();
        let (index, feeds, user) = (FakeIndex::start_blocking(), FakeFeeds::start(), User::new());
        let github = life::world(FakeGithub::start_at(now));
        let receiver = FakeReceiver::start();
        let silent = SILENT.iter().zip(SCHEDULES).map(|(package, schedule)| {
            format!("[[project]]\npackage = \"{package}\"\nschedule = \"{schedule}\"\n")
        });
        let text = format!(
            "[watch]\nschedule = \"*/20 * * * *\"\n{KEPT}\n[server]\nlisten = \"none\"\n[openssl]\napi = \"{}\"\narchive-hosts \
             = [\"localhost\"]\n[index]\nurl = \"{}\"\n[github]\napi = \"{}\"\nwrite-interval = \
             \"0s\"\narchive-hosts = [\"localhost\"]\n[notify]\nping-url-env = \
             \"PING_URL\"\n[[notify.webhook]]\nname = \"ops\"\nurl-env = \
             \"OPS_URL\"\nsecret-env = \"OPS_SECRET\"\n[[project]]\npackage = \"demo\"\nrepository = \
             \"{REPOSITORY}\"\n{STEPS}\n{}",
            feeds.url(),
            index.url(),
            github.url(),
            silent.collect::<String>(),
        );
        let file = user.home().join("rewheel.toml");
        std::fs::write(&file, text).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "soak::part::the_part_of_the_daemon"])
            .args(["--ignored", "--nocapture"])
            .env("REWHEEL_TEST_CONFIG", &file)
            .env("GITHUB_TOKEN", "t")
            .env("OPS_URL", receiver.url() + OPS)
            .env("OPS_SECRET", SECRET)
            .env("PING_URL", receiver.url() + "/ping")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let daemon = Daemon {
            to: child.stdin.take().unwrap(),
            from: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        let world = Self {
            index,
            feeds,
            github,
            receiver,
            user,
            random: Random::of(seed),
            now,
            skew: TimeDelta::zero(),
            newest: 9,
            daemon,
        };
        for package in SILENT {
            world.publish(package, "1.0", OLD);
        }
        world.publish("demo", "1.0", OLD);
        world
    }

    /// Publishes a version for all platforms, and takes those before it off the index.
    pub fn publish(&self, package: &str, version: &str, carries: &str) {
        for platform in PLATFORMS {
            let name = format!("{package}-{version}-cp39-abi3-{platform}.whl");
            let wheel = wheel_carrying_as(carries, &name);
            let uploaded = self.now.to_rfc3339();
            let file = FakeFile::new(&name, wheel).uploaded(&uploaded);
            self.index.publish(package, file);
        }
        let kept = format!("{package}-{version}-");
        self.index
            .keep_files(package, |file| file.name.starts_with(&kept));
    }

    /// The version that the newest release of 3.5 has.
    pub fn version(&self) -> String {
        format!("3.5.{}", self.newest)
    }

    /// What a binary says that carries it.
    pub fn banner(&self) -> String {
        format!(
            "OpenSSL {} {}",
            self.version(),
            self.now.format("%-d %b %Y")
        )
    }

    /// OpenSSL publishes the next security release of 3.5; its advisories come later.
    pub fn release(&mut self) {
        self.newest += 1;
        let version = self.version();
        let body = format!(
            "OpenSSL {version} is a\nsecurity patch release. The most severe\nCVE fixed in this \
             release is High."
        );
        let day = self.now.format("%Y-%m-%d").to_string();
        self.feeds
            .publish(fake_feeds::release(&version, &day, &body));
    }

    /// The advisory of the newest release comes out.
    pub fn advise(&self) {
        let advisory = Advisory {
            cve: format!("CVE-2027-{:05}", 10_000 + self.newest),
            severity: Severity::High,
            published: self.now.date_naive(),
            affected: vec![format!("3.5.0 < {}", self.version()).parse().unwrap()],
        };
        let path = format!("secjson/{}.json", advisory.cve);
        self.feeds.commit(&path, &fake_feeds::record(&advisory));
    }

    /// The run that builds the newest release ends well, with wheels that carry it.
    pub fn build(&self) {
        let version = self.version();
        let runs = self.github.runs(REPOSITORY);
        let run = runs
            .iter()
            .find(|run| run.inputs["openssl"] == version && !run.is_completed());
        let run = run.unwrap_or_else(|| panic!("no run builds {version}: {runs:#?}"));
        let name = "demo-9.9-cp39-abi3-win_amd64.whl";
        let wheel = wheel_carrying_as(&self.banner(), name);
        let jobs = vec![Job::new("windows", "success")];
        let artifact = Artifact::new("wheels", &[(name, &wheel)]);
        self.github
            .finish_run(run.id, "success", jobs, vec![artifact]);
    }

    /// Something goes wrong in the next cycle, and perhaps more than one thing.
    pub fn trouble(&mut self) {
        let random = &mut self.random;
        if random.happens(30) {
            let path = match random.below(3) {
                0 => "/simple/demo/".to_owned(),
                _ => format!("/simple/{}/", random.of_these(&SILENT)),
            };
            let fault = match random.below(4) {
                0 => reply::Fault::Status(503, Vec::new()),
                1 => reply::Fault::CutAfter(7),
                2 => reply::Fault::Status(404, Vec::new()),
                _ => reply::Fault::Page {
                    content_type: "text/html",
                    body: b"<html>be right back</html>".to_vec(),
                },
            };
            // More than there are attempts.
            for _ in 0..=random.below(6) {
                self.index.once(&path, fault.clone());
            }
        }
        if random.happens(30) {
            let path = *random.of_these(&[RELEASES, HEAD]);
            let fault = match random.below(3) {
                0 => reply::Fault::Status(502, Vec::new()),
                1 => reply::Fault::CutAfter(100),
                _ => reply::Fault::Status(429, vec![("retry-after", "30".to_owned())]),
            };
            for _ in 0..=random.below(3) {
                self.feeds.once(path, fault.clone());
            }
        }
        if random.happens(50) {
            let when = *random.of_these(&[When::Before, When::After]);
            let fault = match random.below(10) {
                0..=2 => Fault::Cut(when),
                3 => Fault::Status(when, 500),
                4 => Fault::Html(when),
                5 => Fault::CutInBody,
                6 => Fault::Malformed,
                7 => Fault::RateLimited(Duration::from_secs(300)),
                8 => Fault::SecondaryLimit(403, Some(60)),
                _ => Fault::Forbidden,
            };
            let matcher = match random.below(3) {
                0 => Matcher::writes(),
                1 => Matcher::reads(),
                _ => Matcher::any(),
            };
            let nth = usize::try_from(1 + random.below(12)).unwrap();
            self.github.fault(matcher.nth(nth), fault);
        }
        if random.happens(10) {
            let listed = *random.of_these(&[Listed::Issues, Listed::Comments, Listed::Runs]);
            let minutes = random.below(20);
            self.github
                .lag(listed, Lag::For(Duration::from_secs(minutes * 60)));
        }
        if random.happens(30) {
            let refused = Answer::Status(503, Vec::new());
            let count = usize::try_from(1 + random.below(4)).unwrap();
            self.receiver.answers(vec![refused; count]);
        }
        if random.happens(5) {
            let days = i64::try_from(random.below(7)).unwrap() - 3;
            self.skew = TimeDelta::days(days);
        }
    }

    /// Nothing goes wrong any more.
    pub fn calm(&mut self) {
        self.index.unbroken();
        self.feeds.unbroken();
        self.receiver.answers([]);
        self.github.settle().unbroken();
        self.skew = TimeDelta::zero();
    }

    /// Time goes on, and the daemon makes a cycle.
    pub fn cycle(&mut self) -> Told {
        let seconds = 600 + self.random.below(600);
        self.now += TimeDelta::seconds(i64::try_from(seconds).unwrap());
        let behind = (self.now - self.github.now()).to_std().unwrap_or_default();
        self.github.advance(behind);
        let moment = (self.now + self.skew).to_rfc3339();
        writeln!(self.daemon.to, "{moment}").unwrap();
        let told = loop {
            let mut line = String::new();
            let count = self.daemon.from.read_line(&mut line).unwrap();
            assert_ne!(count, 0, "the daemon's process ended");
            // Before the first answer stands what the test harness says.
            if let Some((_, text)) = line.split_once(MARK) {
                break serde_json::from_str(text).unwrap();
            }
        };
        // What the fakes note would grow for ever.
        self.index.forget_requests();
        self.feeds.forget_requests();
        self.github.settle().forget_requests();
        told
    }

    /// The bytes of the ledger, with its write-ahead log.
    pub fn ledger_bytes(&self) -> u64 {
        let bytes = |name: &str| {
            let path = self.user.home().join(name);
            std::fs::metadata(path).map_or(0, |metadata| metadata.len())
        };
        bytes("rewheel.db") + bytes("rewheel.db-wal")
    }

    /// Old issues and runs go, as GitHub's own runs do, so that the fake stays small.
    pub fn tidy(&self) {
        self.github.edit_repository(REPOSITORY, |repository| {
            let issues = repository.issues.len().saturating_sub(5);
            repository.issues.drain(..issues);
            let runs = repository.runs.len().saturating_sub(5);
            repository.runs.drain(..runs);
        });
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It ends with its input; this is for a test that failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
