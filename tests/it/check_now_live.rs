//! `rewheel check-now` with OpenSSL's feeds: what the report says of them, and the exit codes.

use std::sync::Arc;

use chrono::Utc;
use rewheel::cycle::{Cycle, Silent};
use rewheel::feeds::github::GithubFeeds;
use rewheel::feeds::watch::FeedSource;
use rewheel::feeds::{Watch, built_in};
use rewheel::model::{OpensslVersion, Release};
use rewheel::policy::{DecisionKind, Event, Reaction, ReasonCode, Status};
use rewheel::store::Store;
use rstest::rstest;
use serde_json::Value;

use crate::support::binary::{VULNERABLE, wheel_carrying, wheel_without};
use crate::support::client;
use crate::support::command::{Ran, User};
use crate::support::fake_feeds::{FakeFeeds, HEAD, RELEASES, release};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::reply::Fault;
use crate::support::round;

/// The newest release of the series that is supported longest.
fn newest() -> Release {
    let facts = built_in::load().unwrap();
    let released = facts
        .life_times
        .iter()
        .filter_map(|one| Some((one.ends, facts.releases.newest(one.series)?)));
    released.max_by_key(|(ends, _)| *ends).unwrap().1.clone()
}

/// A wheel that carries it.
fn current() -> Vec<u8> {
    let newest = newest();
    let text = format!(
        "OpenSSL {} {}",
        newest.version,
        newest.date.format("%-d %b %Y")
    );
    wheel_carrying(&text)
}

fn index(wheel: Vec<u8>) -> FakeIndex {
    let index = FakeIndex::start_blocking();
    let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
    index.publish("demo", FakeFile::new(name, wheel));
    index
}

fn check_with(
    user: &User,
    index: &FakeIndex,
    feeds: &FakeFeeds,
    arguments: &[&str],
    more: &[(&str, &str)],
) -> Ran {
    let (url, api) = (index.url(), feeds.url());
    let all = [
        &["check-now", "demo", "--index-url", url.as_str()],
        arguments,
    ]
    .concat();
    let variables = [
        ("REWHEEL_OPENSSL__API", api.as_str()),
        ("REWHEEL_OPENSSL__ARCHIVE_HOSTS", "localhost"),
    ];
    user.run_with(&all, &[&variables, more].concat())
}

fn check(user: &User, index: &FakeIndex, feeds: &FakeFeeds, arguments: &[&str]) -> Ran {
    check_with(user, index, feeds, arguments, &[])
}

fn out_of_order(feeds: &FakeFeeds) {
    for path in [RELEASES, HEAD] {
        feeds.always(path, Fault::Status(404, vec![]));
    }
}

fn feed_field<'a>(document: &'a Value, field: &str) -> Vec<&'a Value> {
    let feeds = document["feeds"].as_array().unwrap();
    feeds.iter().map(|feed| &feed[field]).collect()
}

#[test]
fn live_facts_prove_that_all_is_well() {
    let (index, feeds) = (index(current()), FakeFeeds::start());
    let ran = check(&User::new(), &index, &feeds, &[]);
    ran.exits(0).is_plain();
    let today = Utc::now().date_naive();
    ran.says(&format!(
        "judged by  releases, advisories and life times: live facts of {today}\n"
    ));
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_release_of_today_is_due_before_its_advisories_are_out() {
    let (index, feeds) = (index(current()), FakeFeeds::start());
    let today = Utc::now().date_naive().to_string();
    let newest = newest().version;
    let next = OpensslVersion::new(newest.major(), newest.minor(), newest.patch() + 1).to_string();
    let body = format!(
        "OpenSSL {next} is a security patch release. The most severe CVE fixed in this release is High."
    );
    feeds.publish(release(&next, &today, &body));
    let ran = check(&User::new(), &index, &feeds, &[]);
    ran.exits(1)
        .says("[advisories-pending]")
        .says("severity high");
}

#[rstest]
#[case::current(current(), 3)]
#[case::due(wheel_carrying(VULNERABLE), 1)]
#[case::without_openssl(wheel_without(), 0)]
fn feeds_that_are_down_leave_it_untold(#[case] wheel: Vec<u8>, #[case] code: i32) {
    let (index, feeds) = (index(wheel), FakeFeeds::start());
    let user = User::new();
    // With a good copy of today: that nothing came out since cannot be told.
    check(&user, &index, &feeds, &[]);
    out_of_order(&feeds);
    let ran = check(&user, &index, &feeds, &[]);
    ran.exits(code)
        .says("releases, advisories and life times: last good copy of ")
        .says("answered 404 (there is no such page)");
    let document = check(&user, &index, &feeds, &["--format", "json"]).json();
    assert_eq!(feed_field(&document, "source"), ["cache"; 3]);
    // Without any copy.
    let ran = check(&User::new(), &index, &feeds, &["--format", "json"]);
    ran.exits(code)
        .complains("judged by the built-in OpenSSL facts of ");
    assert_eq!(feed_field(&ran.json(), "source"), ["built-in"; 3]);
}

#[rstest]
#[case::young_enough("3650d", 0)]
#[case::too_old("1s", 3)]
fn facts_are_vouched_for_until_they_are_too_old(#[case] age: &str, #[case] code: i32) {
    let (index, feeds) = (index(current()), FakeFeeds::start());
    feeds.rate_limit(0, Utc::now().timestamp() + 600);
    let user = User::new();
    // Parked: nobody is down, and the built-in facts are as old as they are.
    let ran = check_with(
        &user,
        &index,
        &feeds,
        &[],
        &[("REWHEEL_WATCH__MAX_FACT_AGE", age)],
    );
    ran.exits(code).says("allows no more requests until ");
    let asked = feeds.requests().len();
    check(&user, &index, &feeds, &[]);
    assert_eq!(feeds.requests().len(), asked, "the next run asks nothing");
}

#[test]
fn offline_asks_nobody() {
    let (index, feeds) = (index(current()), FakeFeeds::start());
    let ran = check(
        &User::new(),
        &index,
        &feeds,
        &["--offline", "--format", "json"],
    );
    assert_eq!(feed_field(&ran.json(), "source"), ["built-in"; 3]);
    assert_eq!(feeds.statuses(), [0; 0]);
}

#[test]
fn a_steady_round_is_conditional_and_a_dry_run_remembers_nothing() {
    let (index, feeds) = (index(current()), FakeFeeds::start());
    let user = User::new();
    check(&user, &index, &feeds, &["--dry-run"]).exits(0);
    assert!(!user.home().join("cache").exists());
    check(&user, &index, &feeds, &[]).exits(0);
    feeds.statuses();
    index.forget_requests();
    check(&user, &index, &feeds, &[]).exits(0);
    assert_eq!(feeds.statuses(), [304; 4]);
    let asked: Vec<u16> = index.requests().iter().map(|one| one.status).collect();
    assert_eq!(asked, [304]);
}

#[test]
fn no_token_but_the_one_that_is_named_is_sent() {
    let (index, feeds) = (index(current()), FakeFeeds::start());
    let user = User::new();
    // What stands in a netrc file is for other programs; the tracking issue's token too.
    let netrc = "machine 127.0.0.1 login me password s3cret\n";
    std::fs::write(user.home().join(".netrc"), netrc).unwrap();
    let github = [("GITHUB_TOKEN", "g1thub"), ("NAMED", "n4med")];
    check_with(&user, &index, &feeds, &[], &github).exits(0);
    assert!(feeds.requests().iter().all(|one| !one.has_login()));
    feeds.statuses();
    let named = [&github[..], &[("REWHEEL_OPENSSL__TOKEN_ENV", "NAMED")]].concat();
    let ran = check_with(&user, &index, &feeds, &["-vvv"], &named);
    ran.exits(0);
    assert!(
        feeds
            .requests()
            .iter()
            .all(|one| one.header("authorization") == "Bearer n4med")
    );
    for text in [&ran.stdout, &ran.stderr] {
        assert!(
            !text.contains("n4med") && !text.contains("s3cret"),
            "{text}"
        );
    }
    let unset = [("REWHEEL_OPENSSL__TOKEN_ENV", "NAMED")];
    check_with(&user, &index, &feeds, &[], &unset)
        .exits(0)
        .complains("names the variable NAMED, which is not set");
}

#[test]
fn hostile_texts_of_a_feed_do_no_harm() {
    let (index, feeds) = (index(current()), FakeFeeds::start());
    let hostile = "\u{1b}[31m\n::error::\u{202e}<b>@me";
    feeds.edit_releases(|one| one["body"] = hostile.into());
    let mut odd = release("4.1.1", "2026-11-01", "");
    odd["tag_name"] = hostile.into();
    feeds.publish(odd);
    feeds.commit("secjson/CVE-2026-88888.json", hostile);
    for format in ["text", "markdown", "json"] {
        check(&User::new(), &index, &feeds, &["--format", format])
            .exits(0)
            .is_plain();
    }
}

#[test]
fn a_release_that_is_gone_from_the_list_is_asked_for_once_an_hour_at_most() {
    let (index, feeds) = (index(current()), FakeFeeds::start());
    let user = User::new();
    check(&user, &index, &feeds, &[]).exits(0);
    let tag = newest().version.tag();
    feeds.keep_releases(|known| known != tag);
    for _ in 0..2 {
        check(&user, &index, &feeds, &[])
            .exits(0)
            .omits("[release-vanished]");
    }
    let asked = feeds.requests();
    let asked = asked.iter().filter(|one| one.path.ends_with(&tag)).count();
    assert_eq!(asked, 1);
}

/// From the list over the second question to the report, whatever the project's policy says.
#[tokio::test]
async fn a_release_that_vanished_is_told_and_decided_by_nobody() {
    let (index, feeds) = (FakeIndex::start().await, FakeFeeds::start());
    let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
    index.publish("demo", FakeFile::new(name, current()));
    let folder = tempfile::tempdir().unwrap();
    let mut request = round::request("demo", false);
    let settings = request.settings.clone();
    request.settings = settings.with_reaction(Event::ReleaseVanished, Reaction::Steps);
    let at = async |minutes: i64| {
        let hosts = vec!["localhost".to_owned()];
        let api = feeds.url().parse().unwrap();
        let github = GithubFeeds::new(client::settings().0, api, None, hosts, 8 << 20).unwrap();
        let cycle = Cycle {
            store: Store::at(folder.path().to_owned()),
            watch: Watch::new(FeedSource::Network(Box::new(github)), Vec::new()).unwrap(),
            now: crate::feeds::at(minutes),
            ..round::of(&index.url())
        };
        let asked = std::slice::from_ref(&request);
        let (report, _) = cycle.check(asked, Arc::new(Silent)).await;
        assert_eq!(report.exit_status().code(), 0, "{report:#?}");
        let decision = &report.lines[0].decision;
        let is_told = decision
            .reasons
            .iter()
            .any(|reason| reason.code == ReasonCode::ReleaseVanished);
        assert_eq!(is_told, decision.events.contains(&Event::ReleaseVanished));
        assert_eq!(decision.wheels[0].status, Status::Current);
        assert_eq!(decision.plan, []);
        (decision.kind, is_told)
    };
    let (before, is_told) = at(0).await;
    assert!(!is_told);
    let tag = newest().version.tag();
    feeds.keep_releases(|known| known != tag);
    assert_eq!(at(10).await, (before, false));
    assert_eq!(at(69).await, (before, false));
    assert_eq!(at(70).await, (DecisionKind::Inform, true));
    // It comes back, and nothing is said of it any more.
    feeds.publish(release(&newest().version.to_string(), "2026-09-29", ""));
    assert_eq!(at(80).await, (before, false));
}

/// `rewheel openssl` has its facts from where `check-now` has them.
#[test]
fn openssls_word_is_live_too() {
    let feeds = FakeFeeds::start();
    let newest = newest().version;
    let next = OpensslVersion::new(newest.major(), newest.minor(), newest.patch() + 1).to_string();
    let body = format!("OpenSSL {next} is a bug fix release.");
    feeds.publish(release(&next, &Utc::now().date_naive().to_string(), &body));
    let api = feeds.url();
    let variables = [
        ("REWHEEL_OPENSSL__API", api.as_str()),
        ("REWHEEL_OPENSSL__ARCHIVE_HOSTS", "localhost"),
    ];
    let user = User::new();
    user.run_with(&["openssl", &next], &variables)
        .exits(0)
        .says("live facts of ")
        .says(&next);
    user.run(&["openssl", &next, "--offline"]).exits(2);
    // Nobody is told that there is no such thing because nobody answered.
    out_of_order(&feeds);
    for unknown in ["4.9.9", "CVE-2999-1234"] {
        User::new()
            .run_with(&["openssl", unknown], &variables)
            .exits(3)
            .complains("newer facts could not be had: ");
    }
    feeds.unbroken();
    feeds.commit("secjson/CVE-2026-99999.json", "{}");
    user.run_with(&["openssl", &next], &variables)
        .exits(0)
        .complains("warning: CVE-2026-99999.json: it is not a CVE record");
    user.run_with(&["openssl", "pull", "mirror"], &variables)
        .exits(0);
}
