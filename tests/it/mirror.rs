//! `rewheel openssl pull`, and what a mirror is good for.

use std::path::Path;

use rewheel::feeds::directory;
use rewheel::source::Sha256Sum;
use rstest::rstest;
use serde_json::Value;

use crate::support::binary::wheel_carrying;
use crate::support::command::{Ran, User};
use crate::support::fake_feeds::{FakeFeeds, RELEASES, release};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::reply::Fault;

const LIMIT: u64 = 8 << 20;
const SECURITY: &str =
    "OpenSSL 4.1.1 is a security patch release. The most severe CVE fixed in this release is High.";

fn pull(user: &User, fake: &FakeFeeds, folder: &str) -> Ran {
    let url = fake.url();
    user.run_with(
        &["openssl", "pull", folder],
        &[
            ("REWHEEL_OPENSSL__API", &url),
            ("REWHEEL_OPENSSL__ARCHIVE_HOSTS", "localhost"),
        ],
    )
}

fn index() -> FakeIndex {
    let index = FakeIndex::start_blocking();
    let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
    index.publish(
        "demo",
        FakeFile::new(name, wheel_carrying("OpenSSL 4.1.0 23 Oct 2026")),
    );
    index
}

/// Checks by a mirror.
fn check(user: &User, index: &FakeIndex, directory: &str) -> Value {
    let url = index.url();
    let arguments = ["check-now", "demo", "--index-url", &url, "--format", "json"];
    let ran = user.run_with(&arguments, &[("REWHEEL_OPENSSL__DIRECTORY", directory)]);
    assert!(ran.code == 1 || ran.code == 3, "{ran:#?}");
    ran.json()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_mirror_says_what_the_network_said() {
    let fake = FakeFeeds::start();
    fake.publish(release("4.1.1", "2026-11-01", SECURITY));
    let user = User::new();
    let ran = pull(&user, &fake, "mirror");
    ran.exits(0).says("releases, 297 advisories, life times of");
    assert_eq!(ran.stderr, "");
    drop(fake);
    let document = check(&user, &index(), "mirror");
    for feed in document["feeds"].as_array().unwrap() {
        assert_eq!(feed["source"], "directory", "{feed}");
        assert_eq!(feed["error"], Value::Null);
    }
    let wheel = &document["projects"][0]["wheels"][0];
    assert_eq!(wheel["status"], "vulnerable", "{wheel}");
    assert!(wheel.to_string().contains("advisories-pending"), "{wheel}");
}

#[test]
fn a_relative_mirror_of_a_file_is_beside_that_file() {
    let fake = FakeFeeds::start();
    let user = User::new();
    std::fs::create_dir(user.home().join("etc")).unwrap();
    pull(&user, &fake, "etc/mirror").exits(0);
    let text = "[openssl]\ndirectory = \"mirror\"\n[[project]]\npackage = \"demo\"\n";
    std::fs::write(user.home().join("etc/rewheel.toml"), text).unwrap();
    let url = index_of_nothing();
    let arguments = [
        "check-now",
        "--config",
        "etc/rewheel.toml",
        "--index-url",
        &url.url(),
        "--format",
        "json",
    ];
    let document = user.run(&arguments).json();
    assert_eq!(document["feeds"][0]["source"], "directory");
}

fn index_of_nothing() -> FakeIndex {
    let index = FakeIndex::start_blocking();
    index.add_project("demo");
    index
}

#[test]
fn a_new_mirror_replaces_the_old_one_and_what_a_broken_pull_left() {
    let fake = FakeFeeds::start();
    let user = User::new();
    pull(&user, &fake, "mirror").exits(0);
    let folder = user.home().join("mirror");
    let before = names(&folder);
    std::fs::write(folder.join(".pull-abc"), b"begun").unwrap();
    std::fs::write(folder.join("releases-1-0123456789abcdef.json"), b"old").unwrap();
    fake.publish(release("4.1.1", "2026-11-01", SECURITY));
    pull(&user, &fake, "mirror").exits(0);
    let after = names(&folder);
    assert_eq!(before.len(), after.len(), "{after:?}");
    assert_ne!(before, after);
    assert!(directory::read(&folder, LIMIT).is_ok());
}

#[rstest]
#[case::down(|fake: &FakeFeeds| { fake.always(RELEASES, Fault::Status(404, vec![])); }, "answered 404")]
#[case::half_gone(|fake: &FakeFeeds| { fake.keep_releases(|tag| tag.starts_with("openssl-4")); }, "are gone from it")]
#[case::no_archive(|fake: &FakeFeeds| { fake.archive(b"nothing".to_vec()); }, "it is no archive")]
fn a_pull_that_fails_leaves_the_old_mirror_whole(
    #[case] spoil: fn(&FakeFeeds),
    #[case] sentence: &str,
) {
    let fake = FakeFeeds::start();
    let user = User::new();
    pull(&user, &fake, "mirror").exits(0);
    let folder = user.home().join("mirror");
    let (before, old) = (names(&folder), directory::read(&folder, LIMIT).unwrap());
    spoil(&fake);
    let ran = pull(&user, &fake, "mirror");
    ran.exits(3)
        .complains("nothing was pulled: ")
        .complains(sentence);
    assert_eq!(names(&folder), before);
    assert_eq!(directory::read(&folder, LIMIT).unwrap(), old);
}

#[test]
fn other_peoples_folders_are_left_alone() {
    let fake = FakeFeeds::start();
    let user = User::new();
    std::fs::create_dir(user.home().join("mine")).unwrap();
    std::fs::write(user.home().join("mine/letter.txt"), b"dear").unwrap();
    for (folder, why) in [
        ("mine", "it holds other files and no mirror"),
        ("mine/letter.txt", "it is no folder"),
    ] {
        pull(&user, &fake, folder).exits(2).complains(why);
    }
    assert_eq!(names(&user.home().join("mine")), ["letter.txt"]);
    assert_eq!(
        fake.statuses(),
        [0; 0],
        "it is seen before anything is asked"
    );
}

#[test]
fn pulling_offline_is_a_contradiction() {
    let user = User::new();
    user.run(&["openssl", "pull", "mirror", "--offline"])
        .exits(2)
        .complains("leave one of the two out");
    assert!(!user.home().join("mirror").exists());
}

type Damage = fn(&Path);

#[rstest]
#[case::none(|folder: &Path| std::fs::remove_dir_all(folder).unwrap(), "mirror.json")]
#[case::no_manifest(|folder: &Path| std::fs::remove_file(folder.join("mirror.json")).unwrap(), "mirror.json")]
#[case::html(|folder: &Path| std::fs::write(folder.join("mirror.json"), b"<html>").unwrap(), "mirror.json cannot be read")]
#[case::a_changed_file(
    |folder: &Path| {
        let name = names(folder).into_iter().find(|name| name.starts_with("releases-1")).unwrap();
        std::fs::write(folder.join(name), b"[]").unwrap();
    },
    "has another SHA-256 than mirror.json says"
)]
#[case::a_missing_file(
    |folder: &Path| {
        let name = names(folder).into_iter().find(|name| name.ends_with(".tar.gz")).unwrap();
        std::fs::remove_file(folder.join(name)).unwrap();
    },
    "release-metadata-"
)]
#[case::a_way_out(
    |folder: &Path| {
        let text = std::fs::read_to_string(folder.join("mirror.json")).unwrap();
        std::fs::write(folder.join("mirror.json"), text.replace("\"releases-1", "\"../releases-1")).unwrap();
    },
    "which is no plain file name"
)]
#[case::a_day_to_come(
    |folder: &Path| {
        let path = folder.join("mirror.json");
        let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        manifest["pulled_at"] = "2999-01-01T00:00:00Z".into();
        std::fs::write(path, manifest.to_string()).unwrap();
    },
    "pulled on 2999-01-01, which is still to come"
)]
#[cfg_attr(unix, case::a_link(
    |folder: &Path| {
        let name = names(folder).into_iter().find(|name| name.ends_with(".tar.gz")).unwrap();
        std::fs::rename(folder.join(&name), folder.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", folder.join(name)).unwrap();
    },
    "is not a regular file"
))]
fn a_damaged_mirror_leaves_the_built_in_facts(#[case] damage: Damage, #[case] sentence: &str) {
    let fake = FakeFeeds::start();
    let user = User::new();
    pull(&user, &fake, "mirror").exits(0);
    damage(&user.home().join("mirror"));
    let document = check(&user, &index(), "mirror");
    for feed in document["feeds"].as_array().unwrap() {
        assert_eq!(feed["source"], "built-in");
        let error = feed["error"].as_str().unwrap();
        assert!(error.contains(sentence), "{error}");
    }
}

#[test]
fn a_server_that_had_enough_is_left_alone_by_the_next_pull_too() {
    let fake = FakeFeeds::start();
    let user = User::new();
    fake.rate_limit(1, chrono::Utc::now().timestamp() + 600);
    pull(&user, &fake, "mirror")
        .exits(3)
        .complains("allows no more requests until");
    fake.statuses();
    pull(&user, &fake, "mirror")
        .exits(3)
        .complains("allows no more requests until");
    assert_eq!(fake.statuses(), [0; 0]);
}

#[test]
fn a_mirror_that_lost_most_of_its_list_is_no_more_believed_than_a_server() {
    let fake = FakeFeeds::start();
    let user = User::new();
    pull(&user, &fake, "mirror").exits(0);
    let folder = user.home().join("mirror");
    let page = serde_json::to_vec(&[release("4.1.1", "2026-11-01", SECURITY)]).unwrap();
    std::fs::write(folder.join("releases-short.json"), &page).unwrap();
    let path = folder.join("mirror.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["releases"] =
        serde_json::json!([{ "file": "releases-short.json", "sha256": Sha256Sum::of(&page) }]);
    std::fs::write(path, manifest.to_string()).unwrap();
    let document = check(&user, &index(), "mirror");
    let feeds = &document["feeds"];
    assert_eq!(feeds[0]["source"], "built-in");
    let error = feeds[0]["error"].as_str().unwrap();
    assert!(
        error.contains("that were known are gone from it"),
        "{error}"
    );
    assert_eq!(feeds[1]["source"], "directory");
    assert_eq!(feeds[2]["source"], "directory");
}
