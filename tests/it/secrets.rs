//! No secret comes out again, wherever it was put in: not in what a command writes, not in a log,
//! the ledger, the cache, an issue, or what is printed while debugging.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use rewheel::config;
use rewheel::github::{Github, GithubSettings, Identity};
use rewheel::index::{Index, IndexLimits};
use rstest::rstest;

use crate::support::binary::{VULNERABLE, wheel_carrying};
use crate::support::client::{client, location};
use crate::support::command::User;
use crate::support::fake_feeds::FakeFeeds;
use crate::support::fake_github::{APP_KEY, Access, FakeGithub, Fault, Matcher, Token, When};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::life::{self, STEPS};
use crate::support::stage::REPOSITORY;

const GITHUB: &str = "q7Zk2mWvYgithubtokenBt4P9xLr4Tc";
const FEEDS: &str = "hV3nJ8sDRfeedstokenGc6mQ2wKz7y";
const INDEX: &str = "Xr5uN1bEPindexpasswordJf8sTa9vHd";
const PROXY: &str = "wL6gC4pMSproxypasswordVe2kRn3jBo";

/// How many characters of a secret are too many.
const PART: usize = 8;

/// How rewheel logs in to GitHub.
#[derive(Clone, Copy, Debug)]
enum Login {
    Variable,
    File,
    App,
}

impl Login {
    const fn section(self) -> &'static str {
        match self {
            Self::Variable => "token-env = \"DEMO_TOKEN\"",
            Self::File => "token-file = \"token\"",
            Self::App => "app = { id = 7, key-file = \"key.pem\" }",
        }
    }
}

/// Somebody with a secret in every place that can hold one.
struct House {
    login: Login,
    user: User,
    github: FakeGithub,
    index: FakeIndex,
    feeds: FakeFeeds,
    /// What every run wrote.
    written: Vec<(String, Vec<u8>)>,
}

impl House {
    fn new(login: Login) -> Self {
        let github = life::world(FakeGithub::start_at(Utc::now()));
        github.token(GITHUB, Token::person("rewheel").everywhere(Access::all()));
        github.app(7, "demo-app", &[REPOSITORY], Access::all());
        let index = FakeIndex::start_blocking();
        let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
        index.publish("demo", FakeFile::new(name, wheel_carrying(VULNERABLE)));
        index.requires(&format!(
            "Basic {}",
            BASE64_STANDARD.encode(format!("me:{INDEX}"))
        ));
        let house = Self {
            login,
            user: User::new(),
            github,
            index,
            feeds: FakeFeeds::start(),
            written: Vec::new(),
        };
        let file = |name: &str, text: &str| {
            std::fs::write(house.user.home().join(name), text).unwrap();
        };
        file("token", &format!("{GITHUB}\n"));
        file("key.pem", APP_KEY);
        file("rewheel.toml", &house.configuration(INDEX));
        file("refused.toml", &house.configuration(&format!("{INDEX}x")));
        // What is wrong stands in the lines with the secrets.
        let wrong = format!(
            "[index]\nurll = \"http://me:{INDEX}@localhost:9/\"\n[github]\ntoken = \"{GITHUB}\"\n"
        );
        file("wrong.toml", &wrong);
        house
    }

    fn configuration(&self, password: &str) -> String {
        let index = self
            .index
            .url()
            .replace("http://", &format!("http://me:{password}@"));
        format!(
            "[watch]\nmax-fact-age = \"3650d\"\n[index]\nurl = \"{index}\"\n[openssl]\napi = \
             \"{}\"\narchive-hosts = [\"localhost\"]\ntoken-env = \"FEEDS_TOKEN\"\n[github]\napi = \
             \"{}\"\nwrite-interval = \"0s\"\n{}\n[[project]]\npackage = \"demo\"\nrepository = \
             \"{REPOSITORY}\"\n{STEPS}",
            self.feeds.url(),
            self.github.url(),
            self.login.section(),
        )
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let proxy = format!("http://me:{PROXY}@127.0.0.1:9");
        let mut command = self.user.command();
        command
            .args(arguments)
            .env("DEMO_TOKEN", GITHUB)
            .env("FEEDS_TOKEN", FEEDS)
            .env("HTTP_PROXY", &proxy)
            .env("HTTPS_PROXY", &proxy)
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("REWHEEL_LOG", "trace")
            .env("RUST_LOG", "trace");
        command
    }

    /// Runs a command, and keeps what it wrote.
    fn run(&mut self, arguments: &[&str]) -> String {
        let command = self.command(arguments);
        self.ran(command, &arguments.join(" "))
    }

    fn ran(&mut self, mut command: std::process::Command, what: &str) -> String {
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        self.written
            .push((format!("{what}: output"), output.stdout));
        self.written
            .push((format!("{what}: errors"), output.stderr));
        text
    }

    /// Every login that a server got: tokens, JSON Web Tokens, and those of RFC 7617.
    fn sent(&self) -> BTreeSet<String> {
        let github = self.github.requests();
        let github = github
            .iter()
            .map(|one| one.header("authorization").to_owned());
        let others = [self.index.requests(), self.feeds.requests()].concat();
        let others = others
            .iter()
            .map(|one| one.header("authorization").to_owned());
        github
            .chain(others)
            .filter_map(|login| Some(login.split_once(' ')?.1.to_owned()))
            .collect()
    }

    /// Everything that can be read afterwards, by its name.
    fn everything(&self) -> Vec<(String, Vec<u8>)> {
        let mut all = self.written.clone();
        let own = [
            "rewheel.toml",
            "refused.toml",
            "wrong.toml",
            "token",
            "key.pem",
        ];
        for path in files_below(self.user.home()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !own.contains(&name.as_str()) {
                all.push((path.display().to_string(), std::fs::read(path).unwrap()));
            }
        }
        for issue in self.github.issues(REPOSITORY) {
            all.push(("an issue".to_owned(), format!("{issue:?}").into_bytes()));
        }
        for run in self.github.runs(REPOSITORY) {
            all.push(("a run".to_owned(), format!("{run:?}").into_bytes()));
        }
        all
    }

    /// Asserts that nothing of any secret is anywhere.
    #[track_caller]
    fn keeps_its_secrets(&self) {
        let mut secrets: Vec<String> = [GITHUB, FEEDS, INDEX, PROXY].map(str::to_owned).to_vec();
        secrets.extend(self.github.minted());
        secrets.extend(self.sent());
        let key = APP_KEY.lines().filter(|line| !line.starts_with('-'));
        secrets.extend(key.map(str::to_owned));
        let needles: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| needles(secret)).collect();
        let mut found = Vec::new();
        for (name, bytes) in self.everything() {
            for needle in &needles {
                if let Some(at) = memchr::memmem::find(&bytes, needle) {
                    let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + 40)];
                    found.push(format!("{name}: …{}…", String::from_utf8_lossy(around)));
                }
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// What must not be found of a secret: its beginning, its end, and the middle of its BASE64, of
/// which there are three by what stands before it.
fn needles(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut all = vec![
        bytes[..PART.min(bytes.len())].to_vec(),
        bytes[bytes.len().saturating_sub(PART)..].to_vec(),
    ];
    for skipped in 0..3 {
        if let Some(middle) = bytes.get(skipped..skipped + 9) {
            all.push(BASE64_STANDARD.encode(middle).into_bytes());
        }
    }
    all
}

/// What goes wrong at GitHub, at a read and at a write.
fn faults() -> Vec<(Matcher, Fault)> {
    let read = || Matcher::reads().times(2);
    vec![
        (read(), Fault::Unauthorized),
        (read(), Fault::Forbidden),
        (read(), Fault::NotFound),
        (read(), Fault::Malformed),
        (
            read(),
            Fault::Redirect("http://localhost:9/elsewhere".to_owned()),
        ),
        (Matcher::writes(), Fault::Cut(When::Before)),
        (
            Matcher::writes(),
            Fault::Invalid("is not what GitHub wants"),
        ),
        (Matcher::writes(), Fault::Unauthorized),
    ]
}

#[rstest]
#[case::variable(Login::Variable)]
#[case::file(Login::File)]
#[case::app(Login::App)]
fn no_secret_is_anywhere(#[case] login: Login) {
    let mut house = House::new(login);
    let formats = ["text", "json", "markdown"];
    let check = ["check-now", "-vvv", "--config", "rewheel.toml", "--format"];
    house.run(&[&check[..], &["text"]].concat());
    house.run(&["config", "check", "rewheel.toml", "-vvv"]);
    let online = house.run(&["config", "check", "rewheel.toml", "--online", "-vvv"]);
    assert!(online.contains("GitHub says"), "{online}");
    house.run(&["config", "check", "wrong.toml"]);
    house.run(&["check-now", "-vvv", "--config", "refused.toml"]);
    for ((matcher, fault), format) in faults().into_iter().zip(formats.iter().cycle()) {
        house.github.fault(matcher.clone(), fault.clone());
        house.run(&[&check[..], &[format]].concat());
        house.github.unbroken().fault(matcher, fault);
        house.run(&["config", "check", "rewheel.toml", "--online", "-vvv"]);
        house.github.unbroken();
    }
    // It ends as if nothing had been: what was written was written with these secrets.
    house
        .github
        .advance(std::time::Duration::from_secs(2 * 3600));
    let logged = &house.written[1].1;
    assert!(memchr::memmem::find(logged, b"trace").is_some());
    assert_eq!(
        house.github.minted().is_empty(),
        !matches!(login, Login::App)
    );
    let done = house.run(&[&check[..], &["json"]].concat());
    assert!(done.contains("rewheel/check/v1"), "{done}");
    assert_eq!(house.github.open_issues(REPOSITORY).len(), 1);
    assert!(house.feeds.requests().iter().any(|one| one.has_login()));
    // A ledger with its write-ahead log, of a process that was killed.
    house.github.close_issue(
        REPOSITORY,
        house.github.open_issues(REPOSITORY)[0].number,
        "stale[bot]",
    );
    let mut hold = house.github.hold(Matcher::writes(), When::Before);
    let mut killed = house
        .command(&[&check[..], &["text"]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    hold.wait();
    killed.kill().unwrap();
    killed.wait().unwrap();
    hold.forget();
    house.github.settle();
    assert!(house.user.home().join("rewheel.db-wal").exists());
    house.keeps_its_secrets();
}

#[test]
fn no_secret_is_in_what_is_said_of_a_proxy_that_is_down() {
    let mut house = House::new(Login::Variable);
    let mut command = house.command(&["config", "check", "rewheel.toml", "--online", "-vvv"]);
    command.env_remove("NO_PROXY");
    let said = house.ran(command, "through the proxy");
    assert!(said.contains("cannot be reached"), "{said}");
    house.keeps_its_secrets();
}

#[test]
fn what_is_printed_while_debugging_holds_no_secret() {
    let mut house = House::new(Login::Variable);
    let path = house.user.home().join("rewheel.toml");
    let configuration = config::load(Some(&path), []).unwrap();
    let token = Identity::Token(GITHUB.to_owned().into());
    let settings = GithubSettings::new(house.github.url().parse().unwrap(), token);
    let address = house
        .index
        .url()
        .replace("http://", &format!("http://me:{INDEX}@"));
    let place = location(&address);
    let index = Index::new(&client(), &place, IndexLimits::default());
    let printed = format!(
        "{configuration:#?}{settings:#?}{place:#?}{index:#?}{:#?}",
        Github::new(settings.clone()).unwrap()
    );
    assert!(printed.contains("GithubSettings") && printed.contains("demo"));
    house
        .written
        .push(("printed".to_owned(), printed.into_bytes()));
    house.keeps_its_secrets();
}

#[test]
fn a_secret_would_be_found() {
    for (place, holds) in [
        (format!("token {GITHUB}."), true),
        (format!("…{}", &GITHUB[GITHUB.len() - PART..]), true),
        (BASE64_STANDARD.encode(format!("me:{GITHUB}")), true),
        (BASE64_STANDARD.encode(format!("you:{GITHUB}")), true),
        (BASE64_STANDARD.encode(format!("other:{GITHUB}")), true),
        (BASE64_STANDARD.encode("me:nothing"), false),
    ] {
        let found = needles(GITHUB)
            .iter()
            .any(|needle| memchr::memmem::find(place.as_bytes(), needle).is_some());
        assert_eq!(found, holds, "{place}");
    }
}
