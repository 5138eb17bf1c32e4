//! The command that distils OpenSSL's records into the built-in facts.

use std::path::Path;
use std::process::Command;

use chrono::Utc;
use rewheel::feeds::{built_in, facts_file};

use crate::support::command::User;
use crate::support::fake_feeds::{FakeFeeds, release};

/// Runs the example on the fixture, from the same build as the tests.
fn distil(output: &Path) -> std::process::Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO"))
        .current_dir(root)
        .args([
            "run",
            "--quiet",
            "--locked",
            "--example",
            "distill_facts",
            "--",
        ])
        .arg(root.join("tests/fixtures/openssl-records"))
        .arg("--output")
        .arg(output)
        .output()
        .unwrap()
}

#[test]
fn the_same_records_give_the_same_facts_and_a_broken_one_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("facts.json");
    let ran = distil(&output);
    let told = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{told}");
    assert!(
        told.contains("warning: CVE-2026-0002.json: it is not a CVE record"),
        "{told}"
    );
    let text = std::fs::read_to_string(&output).unwrap();
    insta::assert_snapshot!(text, @r#"
    {"schema": "rewheel/openssl-facts/v1",
    "as_of": "2025-09-30",
    "series": [
    {"series":"0.9.8","ends":"2015-12-31","lts":false},
    {"series":"1.0.0","ends":"2015-12-31","lts":false},
    {"series":"1.0.1","ends":"2016-12-31","lts":false},
    {"series":"1.0.2","ends":"2019-12-31","lts":true},
    {"series":"1.1.0","ends":"2019-09-11","lts":false},
    {"series":"1.1.1","ends":"2023-09-11","lts":true},
    {"series":"3.5","ends":"2030-04-08","lts":true},
    {"series":"4.1","ends":"2027-11-30","lts":false}
    ],
    "releases": [
    {"version":"1.0.2b","date":"2015-06-11","kind":"security","severity":"moderate"},
    {"version":"3.0.6","date":"2022-10-11","kind":"security","severity":"low","withdrawn":"2022-10-12"},
    {"version":"3.5.4","date":"2025-09-30","kind":"security","severity":"moderate"}
    ],
    "advisories": [
    {"cve":"CVE-2026-0001","severity":"moderate","published":"2015-06-11","affected":["3.5.0 < 3.5.4","1.0.2 < 1.0.2b"]}
    ]}
    "#);
    distil(&output);
    assert_eq!(std::fs::read_to_string(&output).unwrap(), text);
}

/// Runs the example that brings the facts up to a mirror, from the same build as the tests.
fn refresh(mirror: &Path, output: &Path) -> (bool, String) {
    let ran = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "--quiet", "--locked", "--example", "refresh_facts"])
        .arg("--")
        .arg(mirror)
        .arg("--output")
        .arg(output)
        .output()
        .unwrap();
    (ran.status.success(), String::from_utf8(ran.stderr).unwrap())
}

#[test]
fn a_mirror_refreshes_the_facts_by_what_is_new_and_by_nothing_else() {
    let (fake, user) = (FakeFeeds::start(), User::new());
    let output = user.home().join("facts.json");
    let mirror = user.home().join("mirror");
    let pull = || {
        let api = fake.url();
        let variables = [
            ("REWHEEL_OPENSSL__API", api.as_str()),
            ("REWHEEL_OPENSSL__ARCHIVE_HOSTS", "localhost"),
        ];
        let ran = user.run_with(&["openssl", "pull", "mirror"], &variables);
        ran.exits(0);
    };
    pull();
    let (ended_well, told) = refresh(&mirror, &output);
    assert!(
        ended_well && told.starts_with("nothing is new since"),
        "{told}"
    );
    assert!(!output.exists());

    let body = "OpenSSL 4.1.1 is a security patch release. The most severe CVE fixed in this release is High.";
    fake.publish(release("4.1.1", "2026-11-01", body));
    pull();
    let (ended_well, told) = refresh(&mirror, &output);
    assert!(ended_well, "{told}");
    let text = std::fs::read_to_string(&output).unwrap();
    let new: Vec<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(','))
        .filter(|line| !built_in::TEXT.contains(line))
        .collect();
    let today = Utc::now().date_naive();
    assert_eq!(
        new,
        [
            format!("\"as_of\": \"{today}\"").as_str(),
            "{\"version\":\"4.1.1\",\"date\":\"2026-11-01\",\"kind\":\"security\",\"severity\":\"high\"}",
        ]
    );
    assert_eq!(facts_file::parse(&text).unwrap().as_of, today);

    std::fs::remove_file(&output).unwrap();
    std::fs::remove_file(mirror.join("mirror.json")).unwrap();
    let (ended_well, told) = refresh(&mirror, &output);
    assert!(!ended_well && told.contains("is not believed"), "{told}");
    assert!(!output.exists());
}
