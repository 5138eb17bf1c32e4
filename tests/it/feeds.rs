//! OpenSSL's feeds over real sockets: what is asked, what is believed, what is remembered.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rewheel::feeds::copies::Copies;
use rewheel::feeds::github::GithubFeeds;
use rewheel::feeds::revisions::Revisions;
use rewheel::feeds::watch::FeedSource;
use rewheel::feeds::{Known, Watch, built_in};
use rewheel::fetch::ClientSettings;
use rewheel::model::{FactsOrigin, OpensslVersion, Release, ReleaseKind, Severity};
use rewheel::store::Store;
use tempfile::TempDir;

use crate::support::client;
use crate::support::fake_feeds::{FakeFeeds, HEAD, RELEASES, record, release};
use crate::support::recorded::bytes_served;
use crate::support::reply::Fault;

/// Somebody who watches the fake, and remembers in a folder of their own.
pub struct Watcher {
    folder: TempDir,
    watch: Watch,
}

impl Watcher {
    pub fn of(fake: &FakeFeeds) -> Self {
        Self::with(fake, &["localhost"], None)
    }

    pub fn with(fake: &FakeFeeds, hosts: &[&str], token: Option<&str>) -> Self {
        Self::made(client::settings().0, &fake.url(), hosts, token)
    }

    pub fn at(url: &str) -> Self {
        Self::made(client::settings().0, url, &[], None)
    }

    /// Somebody who gives up on a silent server almost at once.
    pub fn impatient(fake: &FakeFeeds) -> Self {
        let mut settings = client::settings().0;
        settings.read_timeout = std::time::Duration::from_millis(50);
        Self::made(settings, &fake.url(), &["localhost"], None)
    }

    fn made(mut settings: ClientSettings, url: &str, hosts: &[&str], token: Option<&str>) -> Self {
        settings.retry.attempts = 2;
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let api = url.parse().unwrap();
        let token = token.map(Into::into);
        let github = GithubFeeds::new(settings, api, token, hosts, 8 << 20).unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            watch: Watch::new(FeedSource::Network(Box::new(github)), Vec::new()).unwrap(),
        }
    }

    pub fn store(&self) -> Store {
        Store::at(self.folder.path().to_owned())
    }

    pub async fn known(&self, now: DateTime<Utc>) -> Known {
        self.watch.known(&self.store(), now).await
    }
}

/// So many minutes after noon of 1 November 2026.
pub fn at(minutes: i64) -> DateTime<Utc> {
    let noon: DateTime<Utc> = "2026-11-01T12:00:00Z".parse().unwrap();
    noon + TimeDelta::minutes(minutes)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn version(text: &str) -> OpensslVersion {
    text.parse().unwrap()
}

pub fn sources(known: &Known) -> [FactsOrigin; 3] {
    [0, 1, 2].map(|at| known.reports[at].source)
}

fn fact<'a>(known: &'a Known, of: &str) -> &'a Release {
    known
        .facts
        .releases
        .get(&version(of))
        .unwrap_or_else(|| panic!("{of} is not known"))
}

#[tokio::test]
async fn what_the_network_says_is_known_at_once() {
    let fake = FakeFeeds::start();
    fake.publish(release(
        "3.5.10",
        "2026-11-01",
        "OpenSSL 3.5.10 is a security\npatch release. The most severe CVE fixed in this\nrelease is High.",
    ));
    let known = Watcher::of(&fake).known(at(0)).await;
    assert_eq!(
        sources(&known),
        [FactsOrigin::Network; 3],
        "{:#?}",
        known.reports
    );
    assert_eq!(known.facts.as_of, day("2026-11-01"));
    assert_eq!(known.warnings, [""; 0]);
    let new = fact(&known, "3.5.10");
    assert_eq!(
        (new.kind, new.severity),
        (ReleaseKind::Security, Some(Severity::High))
    );
    let archive = known.assets.source_archive(&version("3.5.10")).unwrap();
    assert_eq!(
        archive.archive.sha256.as_deref(),
        Some("a".repeat(64).as_str())
    );
    assert_eq!(
        archive.checksum.unwrap().url,
        "https://github.com/openssl/openssl/releases/download/openssl-3.5.10/openssl-3.5.10.tar.gz.sha256"
    );
    assert!(archive.signature.is_some());
    // Everything else is as it is built in, release by release and record by record.
    let built_in = built_in::load().unwrap();
    let mut facts = known.facts.clone();
    facts.as_of = built_in.as_of;
    facts.releases = rewheel::model::Releases::new(
        facts
            .releases
            .iter()
            .filter(|one| one.version != version("3.5.10"))
            .cloned()
            .collect(),
    );
    assert_eq!(facts, built_in);
}

#[tokio::test]
async fn a_steady_round_costs_conditional_requests_only() {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    let first = watcher.known(at(0)).await;
    // Three pages, the branch, the archive and its redirect.
    assert_eq!(fake.statuses(), [200, 200, 200, 200, 200, 302]);
    let second = watcher.known(at(15)).await;
    assert_eq!(bytes_served(&fake.requests()), 0);
    assert_eq!(fake.statuses(), [304; 4]);
    assert_eq!(second, first);
    // Another process, the next day.
    let third = watcher.known(at(24 * 60)).await;
    assert_eq!(fake.statuses(), [304; 4]);
    assert_eq!(third.facts.as_of, day("2026-11-02"));
}

#[tokio::test]
async fn only_the_page_and_the_archive_that_changed_are_sent() {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    watcher.known(at(0)).await;
    fake.statuses();
    fake.edit_releases(|one| {
        if one["tag_name"] == "openssl-3.0.22" {
            one["body"] = "This release has been\nwithdrawn.".into();
        }
    });
    let known = watcher.known(at(15)).await;
    assert_eq!(fake.statuses(), [200, 304, 304, 304]);
    assert_eq!(fact(&known, "3.0.22").withdrawn, Some(day("2026-11-01")));
    // The day it was seen stays.
    let later = watcher.known(at(48 * 60)).await;
    assert_eq!(fact(&later, "3.0.22").withdrawn, Some(day("2026-11-01")));
    fake.statuses();
    fake.commit("README.md", "moved");
    watcher.known(at(49 * 60)).await;
    assert_eq!(fake.statuses(), [200, 200, 302, 304, 304, 304]);
}

#[tokio::test]
async fn every_page_is_read_whatever_its_size() {
    let fake = FakeFeeds::start();
    fake.page_size(30);
    let known = Watcher::of(&fake).known(at(0)).await;
    assert_eq!(sources(&known)[0], FactsOrigin::Network);
    let pages = fake
        .requests()
        .iter()
        .filter(|one| one.path.starts_with(RELEASES))
        .count();
    assert!(pages > 4, "{pages}");
    assert!(!known.assets.of(&version("3.0.1")).is_empty());
}

#[tokio::test]
async fn drafts_do_not_count_and_pre_releases_are_never_targets() {
    let fake = FakeFeeds::start();
    let mut draft = release("3.5.11", "2026-11-01", "");
    draft["draft"] = true.into();
    draft["published_at"] = serde_json::Value::Null;
    let mut flagged = release(
        "3.5.10",
        "2026-11-01",
        "OpenSSL 3.5.10 is a bug fix release.",
    );
    flagged["prerelease"] = true.into();
    fake.publish(draft)
        .publish(flagged)
        .publish(release("4.2.0-beta1", "2026-11-01", ""));
    let known = Watcher::of(&fake).known(at(0)).await;
    assert_eq!(known.facts.releases.get(&version("3.5.11")), None);
    for of in ["3.5.10", "4.2.0-beta1"] {
        assert_eq!(fact(&known, of).kind, ReleaseKind::PreRelease);
        assert!(!fact(&known, of).is_usable(), "{of}");
    }
}

#[tokio::test]
async fn a_spent_rate_limit_parks_every_process_until_the_reset() {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    watcher.known(at(0)).await;
    fake.statuses();
    let reset = at(40);
    fake.rate_limit(0, reset.timestamp());
    let known = watcher.known(at(15)).await;
    assert!(!fake.statuses().is_empty());
    assert_eq!(sources(&known), [FactsOrigin::Cache; 3]);
    for report in &known.reports {
        let error = report.error.as_deref().unwrap();
        assert!(
            error.contains("no more requests until 2026-11-01T12:40:00Z"),
            "{error}"
        );
        assert!(!report.is_down);
    }
    // Another process asks nothing before that moment, though the server would answer.
    fake.unlimited();
    let known = watcher.known(at(39)).await;
    assert_eq!(fake.statuses(), [0; 0]);
    assert_eq!(sources(&known), [FactsOrigin::Cache; 3]);
    let known = watcher.known(at(41)).await;
    assert_eq!(fake.statuses(), [304; 4]);
    assert_eq!(sources(&known), [FactsOrigin::Network; 3]);
}

#[tokio::test]
async fn the_last_allowed_answer_still_counts() {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    watcher.known(at(0)).await;
    fake.statuses();
    // Three pages and one look at the branch.
    fake.rate_limit(4, at(40).timestamp());
    let known = watcher.known(at(15)).await;
    assert_eq!(sources(&known), [FactsOrigin::Network; 3]);
    fake.statuses();
    watcher.known(at(20)).await;
    assert_eq!(fake.statuses(), [0; 0]);
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    for path in [RELEASES, HEAD] {
        fake.once(
            path,
            Fault::Status(403, vec![("retry-after", "600".into())]),
        );
    }
    let known = watcher.known(at(0)).await;
    assert_eq!(sources(&known), [FactsOrigin::BuiltIn; 3]);
    fake.statuses();
    watcher.known(at(9)).await;
    assert_eq!(fake.statuses(), [0; 0]);
    let known = watcher.known(at(11)).await;
    assert_eq!(sources(&known), [FactsOrigin::Network; 3]);
}

#[tokio::test]
async fn a_token_goes_to_the_api_and_nowhere_else() {
    let fake = FakeFeeds::start();
    Watcher::with(&fake, &["localhost"], Some("t0ken"))
        .known(at(0))
        .await;
    let requests = fake.requests();
    assert_eq!(requests.len(), 6);
    for request in requests {
        let is_api = request.path.starts_with("/repos/");
        let expected = if is_api { "Bearer t0ken" } else { "" };
        assert_eq!(
            request.header("authorization"),
            expected,
            "{}",
            request.path
        );
    }
}

#[tokio::test]
async fn a_broken_record_hides_no_other() {
    let fake = FakeFeeds::start();
    let mut advisory = built_in::load().unwrap().advisories[0].clone();
    advisory.cve = "CVE-2026-99999".into();
    fake.commit("secjson/CVE-2026-99999.json", &record(&advisory));
    fake.commit("secjson/CVE-2026-88888.json", "{\"containers\": {}}");
    let known = Watcher::of(&fake).known(at(0)).await;
    assert_eq!(sources(&known), [FactsOrigin::Network; 3]);
    assert!(
        known
            .facts
            .advisories
            .iter()
            .any(|one| one.cve == "CVE-2026-99999")
    );
    let [warning] = known.warnings.as_slice() else {
        panic!("{:?}", known.warnings);
    };
    assert!(
        warning.starts_with("CVE-2026-88888.json: it is not a CVE record"),
        "{warning}"
    );
}

#[tokio::test]
async fn a_fix_is_public_only_if_it_is_on_the_list() {
    let fake = FakeFeeds::start();
    let mut advisory = built_in::load().unwrap().advisories[0].clone();
    advisory.cve = "CVE-2026-99999".into();
    advisory.affected = vec![
        "3.0.0 < 3.0.24".parse().unwrap(),
        "3.5.0 < 3.5.10".parse().unwrap(),
    ];
    fake.commit("secjson/CVE-2026-99999.json", &record(&advisory));
    let text = "Of CVE-2026-99999: OpenSSL 3.0 users should upgrade to OpenSSL 3.0.24 (premium support\n\
                customers only). OpenSSL 3.0 users should upgrade to OpenSSL 3.0.23 (premium support customers only).";
    fake.commit("secadv/20261101.txt", text);
    fake.publish(release(
        "3.0.23",
        "2026-10-30",
        "OpenSSL 3.0.23 is a security patch release.",
    ));
    let known = Watcher::of(&fake).known(at(0)).await;
    assert!(fact(&known, "3.0.24").premium_only);
    assert!(
        fact(&known, "3.0.23").is_usable(),
        "who is on the list is public"
    );
    assert_eq!(known.facts.releases.get(&version("3.5.10")), None);
}

#[tokio::test]
async fn revisions_are_kept_with_the_moment_they_were_seen() {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    watcher.known(at(0)).await;
    let mut advisory = built_in::load().unwrap().advisories[0].clone();
    advisory.severity = Severity::Critical;
    fake.commit(
        &format!("secjson/{}.json", advisory.cve),
        &record(&advisory),
    );
    let known = watcher.known(at(30)).await;
    assert_eq!(
        known
            .facts
            .advisories
            .iter()
            .find(|one| one.cve == advisory.cve),
        Some(&advisory)
    );
    let store = watcher.store();
    let server = format!("{}/", fake.url());
    let revisions: Revisions = Copies::new(&store, &server).document("revisions");
    let seen: Vec<_> = revisions
        .of(&advisory.cve)
        .iter()
        .map(|one| one.seen)
        .collect();
    assert_eq!(seen, [at(0), at(30)]);
    assert_eq!(revisions.of(&advisory.cve)[1].advisory, advisory);
}

#[tokio::test]
async fn a_release_that_is_gone_is_told_after_two_questions_an_hour_apart() {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    watcher.known(at(0)).await;
    fake.keep_releases(|tag| tag != "openssl-3.5.9");
    let asked = |fake: &FakeFeeds| {
        let asked = fake
            .requests()
            .iter()
            .filter(|one| one.path.contains("/tags/openssl-3.5.9"))
            .count();
        fake.statuses();
        asked
    };
    for (minutes, questions, vanished) in [
        (10, 1, None),
        (30, 0, None),
        (69, 0, None),
        (71, 1, Some(day("2026-11-01"))),
        (90, 0, Some(day("2026-11-01"))),
    ] {
        let known = watcher.known(at(minutes)).await;
        assert_eq!(asked(&fake), questions, "after {minutes} minutes");
        let release = fact(&known, "3.5.9");
        assert_eq!(release.vanished, vanished, "after {minutes} minutes");
        assert!(release.is_usable(), "that is for a person to say");
        assert_eq!(sources(&known)[0], FactsOrigin::Network);
    }
    // It comes back, and nothing is said of it any more.
    fake.publish(release("3.5.9", "2026-09-29", ""));
    let known = watcher.known(at(100)).await;
    assert_eq!(fact(&known, "3.5.9").vanished, None);
}

#[tokio::test]
async fn a_release_that_answers_to_its_tag_is_not_gone() {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    watcher.known(at(0)).await;
    let tag = "/repos/openssl/openssl/releases/tags/openssl-3.5.9";
    fake.keep_releases(|tag| tag != "openssl-3.5.9");
    let there = Fault::Page {
        content_type: "application/json",
        body: b"{}".to_vec(),
    };
    fake.always(tag, there);
    for minutes in [10, 80, 150] {
        let known = watcher.known(at(minutes)).await;
        assert_eq!(fact(&known, "3.5.9").vanished, None);
    }
    // Nor does anybody count as gone because nobody answers.
    fake.always(tag, Fault::Status(500, vec![]));
    for minutes in [220, 290, 360] {
        let known = watcher.known(at(minutes)).await;
        assert_eq!(fact(&known, "3.5.9").vanished, None);
    }
}
