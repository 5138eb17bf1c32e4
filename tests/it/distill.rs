//! The command that distils OpenSSL's records into the built-in facts.

use std::path::Path;
use std::process::Command;

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
