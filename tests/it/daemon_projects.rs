//! The real daemon with several projects: none holds up another, a first scan goes on where it
//! stopped, many packages make one notice, and a changed file is taken by itself.
#![cfg(unix)]

use chrono::Utc;
use rewheel::model::{Advisory, Severity};
use serde_json::Value;

use crate::daemon::{Running, TOKEN, Watched};
use crate::support::binary::{wheel_carrying, wheel_carrying_as};
use crate::support::fake_feeds::{FakeFeeds, record, release};
use crate::support::fake_github::{Matcher, When};
use crate::support::fake_index::FakeFile;
use crate::support::stage::{NEW, OLD, PLATFORMS, REPOSITORY};

/// Writes the configuration, with more in some of its sections.
fn configure(watched: &Watched, watch: &str, limits: &str, projects: &str) {
    let text = format!(
        "[watch]\nschedule = \"0 0 29 2 *\"\nmax-fact-age = \"3650d\"\n{watch}\n[server]\nlisten = \
         \"127.0.0.1:0\"\ntoken-env = \"STATUS_TOKEN\"\n[index]\nurl = \"{}\"\n[github]\napi = \
         \"{}\"\nwrite-interval = \"0s\"\n[limits]\n{limits}\n{projects}",
        watched.index.url(),
        watched.github.url()
    );
    std::fs::write(watched.user.home().join("rewheel.toml"), text).unwrap();
}

/// The project of the document with this package.
fn project(document: &Value, package: &str) -> Value {
    let projects = document["projects"].as_array().unwrap();
    let found = projects.iter().find(|one| one["package"] == package);
    found
        .unwrap_or_else(|| panic!("{package} in {document}"))
        .clone()
}

fn codes(reasons: &Value) -> Vec<&str> {
    let reasons = reasons.as_array().unwrap().iter();
    reasons.map(|one| one["code"].as_str().unwrap()).collect()
}

fn notices(said: &[Value]) -> Vec<String> {
    let messages = said.iter().filter_map(|one| one["message"].as_str());
    let notices = messages.filter(|message| message.contains("to rebuild"));
    notices.map(str::to_owned).collect()
}

/// Waits for cycles that come by themselves until the document is as it is to be.
fn until(running: &mut Running, is_so: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..40 {
        let document = running.document();
        if is_so(&document) {
            return document;
        }
        running.wait_for("a cycle ended");
    }
    panic!("{}", running.document());
}

#[test]
fn a_slow_project_holds_up_nobody_and_joins_when_it_is_seen() {
    let watched = Watched::new();
    watched.publish("slow");
    let projects = format!(
        "[[project]]\npackage = \"slow\"\n{}",
        watched.project("demo", "")
    );
    configure(
        &watched,
        "hot-interval = \"1s\"",
        "project-seconds = 1",
        &projects,
    );
    let held = watched.index.hold("/simple/slow/");
    let mut running = watched.start();
    let document = running.document();
    assert_eq!(
        codes(&project(&document, "slow")["reasons"]),
        ["look-too-slow"]
    );
    assert_eq!(project(&document, "demo")["events"][0], "security");
    running.cycle();
    assert_eq!(watched.github.open_issues(REPOSITORY).len(), 1);
    let slow = project(&running.document(), "slow");
    assert_eq!(slow["events"].as_array().unwrap().len(), 0, "{slow}");
    held.let_go();
    until(&mut running, |document| {
        project(document, "slow")["events"][0] == "security"
    });
    let pages = watched.index.requests();
    let pages = pages.iter().filter(|one| one.path == "/simple/slow/");
    assert!(pages.count() <= 2, "it was not looked at twice at once");
    running.stop();
}

#[test]
fn a_repository_that_does_not_answer_holds_up_no_other() {
    let watched = Watched::new();
    watched.publish("aside");
    let other = "pyca/aside";
    watched.github.repository(other);
    let projects = format!(
        "[[project]]\npackage = \"aside\"\nrepository = \"{other}\"\n{}",
        watched.project("demo", "")
    );
    configure(
        &watched,
        "hot-interval = \"none\"",
        "project-seconds = 1",
        &projects,
    );
    let mut running = watched.start();
    let path = format!("/repos/{other}");
    let hold = watched
        .github
        .hold(Matcher::new("GET", &path), When::Before);
    running.cycle();
    assert_eq!(watched.github.open_issues(REPOSITORY).len(), 1);
    let aside = project(&running.document(), "aside");
    let action = &aside["actions"][0];
    assert_eq!(action["state"], "skipped", "{aside}");
    let why = action["error"].as_str().unwrap();
    assert!(why.contains("project-seconds (1)"), "{why}");
    hold.release();
    running.cycle();
    assert_eq!(watched.github.open_issues(other).len(), 1);
    running.stop();
}

#[test]
fn a_first_scan_goes_on_by_itself_and_makes_one_notice() {
    let watched = Watched::new();
    let packages = ["first", "second", "third"];
    let mut sizes = Vec::new();
    for package in packages {
        for platform in PLATFORMS {
            let name = format!("{package}-1.0-cp39-abi3-{platform}.whl");
            let wheel = wheel_carrying_as(OLD, &name);
            sizes.push(wheel.len() as u64);
            watched.index.publish(package, FakeFile::new(&name, wheel));
        }
    }
    let projects = "[[project]]\npackages = [\"first\", \"second\", \"third\"]\n";
    // One wheel in each cycle.
    configure(
        &watched,
        "hot-interval = \"1s\"",
        "bytes-per-cycle = 1",
        projects,
    );
    let mut running = watched.start();
    let unread = |document: &Value| {
        let projects = document["projects"].as_array().unwrap().iter();
        let wheels = projects.flat_map(|one| one["wheels"].as_array().unwrap().iter());
        let reasons = wheels.flat_map(|one| codes(&one["reasons"]));
        reasons.filter(|code| *code == "not-read-yet").count()
    };
    let document = until(&mut running, |document| unread(document) == 0);
    let requests = watched.index.file_requests();
    assert_eq!(requests.len(), 6, "nothing is read twice: {document}");
    running.cycle();
    let said = running.stop();
    let most = sizes.iter().max().unwrap();
    let ends = said.iter().filter(|one| one["bytes"].is_u64());
    let received: Vec<u64> = ends.map(|one| one["bytes"].as_u64().unwrap()).collect();
    assert!(received.iter().all(|bytes| bytes <= most), "{received:?}");
    assert_eq!(received.iter().sum::<u64>(), sizes.iter().sum::<u64>());
    let told = notices(&said);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("3 packages"), "{told:?}");
    assert!(told[0].ends_with("first, second, third"), "{told:?}");
    // What was told stays told, and a package that joins is told alone.
    watched.publish("fourth");
    let projects = projects.replace("\"third\"]", "\"third\", \"fourth\"]");
    configure(&watched, "", "", &projects);
    let running = watched.start();
    let told = notices(&running.stop());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("1 package ") && told[0].ends_with("fourth"),
        "{told:?}"
    );
}

/// While a release has no advisories, facts are asked for again and again; the index is asked once
/// they are news.
#[test]
fn a_release_without_advisories_is_watched_until_they_are_out() {
    let watched = Watched::new();
    let feeds = FakeFeeds::start();
    let name = "demo-1.0-cp39-abi3-win_amd64.whl";
    watched.index.publish(
        "silent",
        FakeFile::new(&name.replace("demo", "silent"), wheel_carrying(NEW)),
    );
    let text = format!(
        "[watch]\nschedule = \"0 0 29 2 *\"\nhot-interval = \"1s\"\n[server]\nlisten = \
         \"127.0.0.1:0\"\ntoken-env = \"STATUS_TOKEN\"\n[openssl]\napi = \"{}\"\narchive-hosts = \
         [\"localhost\"]\n[index]\nurl = \"{}\"\n[[project]]\npackages = [\"silent\"]\n",
        feeds.url(),
        watched.index.url()
    );
    std::fs::write(watched.user.home().join("rewheel.toml"), text).unwrap();
    let mut command = watched.user.command();
    command
        .args(["daemon", "--log-format", "json", "--config", "rewheel.toml"])
        .env("STATUS_TOKEN", TOKEN)
        .stderr(std::process::Stdio::piped());
    let mut running = Watched::started(command);
    let today = Utc::now().date_naive();
    let body = "OpenSSL 3.5.10 is a\nsecurity patch release. The most severe\nCVE fixed in this \
                release is High.";
    feeds.publish(release("3.5.10", &today.to_string(), body));
    running.cycle();
    let asked = watched.index.requests().len();
    let pending = project(&running.document(), "silent");
    assert!(
        pending.to_string().contains("advisories-pending"),
        "{pending}"
    );
    let advisory = Advisory {
        cve: "CVE-2026-99999".to_owned(),
        severity: Severity::High,
        published: today,
        affected: vec!["3.5.0 < 3.5.10".parse().unwrap()],
    };
    feeds.commit("secjson/CVE-2026-99999.json", &record(&advisory));
    let known = until(&mut running, |document| {
        project(document, "silent")
            .to_string()
            .contains("CVE-2026-99999")
    });
    assert!(
        !project(&known, "silent")
            .to_string()
            .contains("advisories-pending")
    );
    assert_eq!(
        watched.index.requests().len(),
        asked + 1,
        "what is published is looked at once, before it is judged anew"
    );
    running.stop();
}

#[test]
fn a_changed_file_is_taken_by_itself_and_a_bad_one_is_refused() {
    let watched = Watched::new();
    let asks = "reload-on-change = true";
    configure(&watched, asks, "", &watched.project("demo", ""));
    // The file is looked at whenever the watchdog is fed.
    let mut command = watched.command();
    command.env("WATCHDOG_USEC", "600000");
    let mut running = Watched::started(command);
    configure(
        &watched,
        "reload-on-change = 1",
        "",
        &watched.project("demo", ""),
    );
    let refused = running.wait_for("is refused");
    assert!(refused.contains("reload-on-change"), "{refused}");
    watched.publish("other");
    let both = watched.project("demo", "") + &watched.project("other", "");
    configure(&watched, asks, "", &both);
    running.wait_for("loaded anew");
    running.wait_for("a cycle ended");
    project(&running.document(), "other");
    running.stop();
}

#[test]
fn what_happened_stands_with_its_cycle_and_project() {
    let watched = Watched::new();
    let mut running = watched.start();
    running.cycle();
    let said = running.stop();
    let done = said.iter().find(|one| {
        let message = one["message"].as_str().unwrap_or_default();
        message.starts_with("done: open the tracking issue")
    });
    let done = done.unwrap_or_else(|| panic!("{said:#?}"));
    let spans = done["spans"].as_array().unwrap();
    assert_eq!(spans[0]["name"], "cycle");
    assert_eq!(spans[0]["number"], 2);
    assert_eq!(spans[1]["package"], "demo");
    assert_eq!(done["level"], "INFO");
}
