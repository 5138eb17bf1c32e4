//! The documents of `rewheel check-now`: held against their description, and as they are read.

use rewheel::report::{Appearance, json, markdown, text};
use serde_json::{Value, json};

use crate::support::binary::{
    ENDED, Machine, SEVERE, VULNERABLE, openssl_texts, pe, wheel_carrying, wheel_of,
    wheel_using_system, wheel_without,
};
use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::round;
use crate::support::shape::differences;

const STATUS: &str = r#""withdrawn" | "vulnerable" | "exposed" | "unknown" | "end-of-life" | "outdated" | "current" | "external" | "none""#;
const SEVERITY: &str = r#""low" | "moderate" | "high" | "critical" | "unknown""#;
const PLATFORM: &str = r#""linux" | "macos" | "windows" | "any""#;

/// `rewheel/check/v1`.
fn description() -> Value {
    let reasons = json!([{ "code": "string", "message": "string" }]);
    json!({
        "schema": "\"rewheel/check/v1\"",
        "checked_at": "moment",
        "dry_run": "boolean",
        "feeds": [{
            "name": "string",
            "source": r#""network" | "cache" | "built-in" | "directory""#,
            "as_of": "day | moment",
            "error": "string | null",
        }],
        "projects": [{
            "package": "string",
            "line": "string",
            "version": "string | null",
            "decision": r#""none" | "inform" | "track" | "rebuild""#,
            "severity": format!("{SEVERITY} | null"),
            "due": "boolean",
            "events": ["string"],
            "targets": [{
                "series": "string",
                "version": "string | null",
                "published": "day | null",
                "minimum": "string | null",
                "due": "boolean",
                "successor?": { "lts": "string | null", "newest": "string | null" },
            }],
            "wheels": [{
                "file": "string",
                "sha256": "sha256",
                "platforms": [PLATFORM],
                "status": STATUS,
                "findings": [{
                    "path": "string",
                    "arch": "string",
                    "library": r#""openssl" | "libressl" | "boringssl" | "aws-lc" | "tongsuo""#,
                    "linked": "string | null",
                    "linkage": r#""static" | "vendored" | "external""#,
                    "status": STATUS,
                    "accepted": "string | null",
                    "advisories": [{
                        "cve": "string",
                        "severity": SEVERITY,
                        "fixed_in": "string | null",
                    }],
                    "reasons": reasons,
                }],
                "reasons": reasons,
            }],
            "reasons": reasons,
            "actions": [{
                "kind": "string",
                "key": "string",
                "state": r#""planned" | "done" | "failed" | "skipped""#,
                "url": "string | null",
                "error": "string | null",
            }],
            "issue?": { "number": "number", "title": "string", "url": "string", "open": "boolean" },
        }],
    })
}

fn publish(index: &FakeIndex) {
    let windows = wheel_of(&pe(Machine::X86_64, &[], &openssl_texts(SEVERE)));
    for (name, bytes) in [
        (
            "2.0-cp39-abi3-manylinux_2_28_x86_64",
            wheel_carrying(VULNERABLE),
        ),
        ("2.0-cp39-abi3-win_amd64", windows),
        ("2.0-cp39-abi3-macosx_11_0_arm64", wheel_using_system()),
        ("2.0-py3-none-any", wheel_without()),
        ("1.0-cp39-abi3-manylinux_2_28_x86_64", wheel_carrying(ENDED)),
    ] {
        index.publish("demo", FakeFile::new(&format!("demo-{name}.whl"), bytes));
    }
}

const APPEARANCE: Appearance = Appearance {
    colours: false,
    width: None,
    verbose: false,
};

#[test]
fn the_document_is_as_described() {
    let index = FakeIndex::start_blocking();
    publish(&index);
    index.add_project("empty");
    let bad = FakeFile::new("bad-1.0-py3-none-any.whl", b"no archive".to_vec());
    index.publish("bad", bad);
    let user = User::new();
    for (arguments, code) in [
        (vec!["demo"], 1),
        (vec!["demo", "--all-versions"], 1),
        (vec!["empty"], 0),
        (vec!["bad"], 3),
        (vec!["unknown", "demo"], 2),
    ] {
        let all = [arguments, vec!["--format", "json"]].concat();
        let ran = user.check(&index, &all);
        ran.exits(code);
        let found = differences(&ran.json(), &description());
        assert!(found.is_empty(), "{all:?}: {found:#?}\n{}", ran.stdout);
    }
}

#[test]
fn the_document_tells_what_was_found() {
    let index = FakeIndex::start_blocking();
    publish(&index);
    let ran = User::new().check(&index, &["demo", "--format", "json"]);
    ran.exits(1);
    let document = ran.json();
    assert_eq!(document["dry_run"], true);
    let feeds = document["feeds"].as_array().unwrap();
    assert!(feeds.iter().all(|feed| feed["source"] == "built-in"));
    let [project] = document["projects"].as_array().unwrap().as_slice() else {
        panic!("{document:#}");
    };
    for (name, value) in [
        ("package", json!("demo")),
        ("line", json!("main")),
        ("version", json!("2.0")),
        ("decision", json!("track")),
        ("severity", json!("high")),
        ("actions", json!([])),
    ] {
        assert_eq!(project[name], value, "{name}");
    }
    let events = project["events"].as_array().unwrap();
    assert!(events.contains(&json!("security")), "{events:?}");
    let wheels: Vec<Value> = project["wheels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wheel| {
            let finding = &wheel["findings"][0];
            json!([
                wheel["platforms"],
                wheel["status"],
                finding["linked"],
                finding["linkage"],
                finding["arch"]
            ])
        })
        .collect();
    for expected in [
        json!([["linux"], "vulnerable", "3.5.4", "static", "x86_64"]),
        json!([["windows"], "vulnerable", "4.0.2", "static", "x86_64"]),
        json!([["macos"], "external", null, "external", "x86_64"]),
        json!([["any"], "none", null, null, null]),
    ] {
        assert!(wheels.contains(&expected), "{expected} in {wheels:#?}");
    }
    assert_eq!(wheels.len(), 4);
    let advisories = document.to_string();
    assert!(advisories.contains(r#""cve":"CVE-2026-84782","fixed_in":"4.0.3""#));
    assert!(advisories.contains(r#""cve":"CVE-2026-84782","fixed_in":"3.5.9""#));
}

#[tokio::test]
async fn a_check_as_people_read_it() {
    let index = FakeIndex::start().await;
    publish(&index);
    let report = round::check(&index, "demo", false).await;
    insta::assert_snapshot!(text::check(&report, APPEARANCE), @r"
    demo 2.0 of 2026-10-01, 4 wheels

     platform        wheel                            OpenSSL   linkage   status      advisories                 days since fix
     linux x86_64    cp39-abi3-manylinux_2_28_x86_64  3.5.4     static    vulnerable  2 high, 1 moderate, 1 low  269
     macos aarch64   cp39-abi3-macosx_11_0_arm64      system's  external  external    -                          -
     windows x86_64  cp39-abi3-win_amd64              4.0.2     static    vulnerable  1 high, 1 low              24
     any             py3-none-any                     -         -         none        -                          -

     advisory        severity  linked → fixed in
     CVE-2026-84782  high      3.5.4 → 3.5.9, 4.0.2 → 4.0.3
     CVE-2025-15467  high      3.5.4 → 3.5.5
     CVE-2026-63076  moderate  3.5.4 → 3.5.8
     CVE-2026-84784  low       3.5.4 → 3.5.9, 4.0.2 → 4.0.3

    decision: track: a tracking issue is due (severity high; security, new-series, advisories-pending, platforms-disagree)
      target   3.5: OpenSSL 3.5.9 of 2026-09-29
      target   4.0: OpenSSL 4.0.3 of 2026-09-29
      because  1 wheel: 3.5.4 is in the affected range of 4 advisories; 3.5.9 fixes them all [in-affected-range]
               1 wheel: 4.0.2 is in the affected range of 2 advisories; 4.0.3 fixes them all [in-affected-range]
               1 wheel: 3.5.7 of 2026-06-09 calls itself a security release; its advisories are not out yet [advisories-pending]
               1 wheel: 3.5.5 to 3.5.9 are newer; 3.5.9 of 2026-09-29 is the newest public release of 3.5 [newer-release]
               1 wheel: 4.0.3 of 2026-09-29 is the newest public release of 4.0 [newer-release]
               3.5.4 on linux x86_64; 4.0.2 on windows x86_64 [platforms-disagree]
               the series 4.1 began with 4.1.0 on 2026-10-23; the newest series of the wheels is 4.0 [new-series]

    judged by  releases, advisories and life times: built-in facts of 2026-10-23
    ");
}

#[tokio::test]
async fn a_check_as_markdown() {
    let index = FakeIndex::start().await;
    publish(&index);
    let report = round::check(&index, "demo", false).await;
    insta::assert_snapshot!(markdown::check(&report), @r"
    ## demo 2.0 of 2026-10-01

    **Decision: track: a tracking issue is due (severity high; security, new-series, advisories-pending, platforms-disagree)**

    - target 3.5: OpenSSL 3.5.9 of 2026-09-29
    - target 4.0: OpenSSL 4.0.3 of 2026-09-29
    - 1 wheel: 3.5.4 is in the affected range of 4 advisories; 3.5.9 fixes them all \[in-affected-range\]
    - 1 wheel: 4.0.2 is in the affected range of 2 advisories; 4.0.3 fixes them all \[in-affected-range\]
    - 1 wheel: 3.5.7 of 2026-06-09 calls itself a security release; its advisories are not out yet \[advisories-pending\]
    - 1 wheel: 3.5.5 to 3.5.9 are newer; 3.5.9 of 2026-09-29 is the newest public release of 3.5 \[newer-release\]
    - 1 wheel: 4.0.3 of 2026-09-29 is the newest public release of 4.0 \[newer-release\]
    - 3.5.4 on linux x86\_64; 4.0.2 on windows x86\_64 \[platforms-disagree\]
    - the series 4.1 began with 4.1.0 on 2026-10-23; the newest series of the wheels is 4.0 \[new-series\]

    | platform | wheel | OpenSSL | linkage | status | advisories | days since fix |
    | --- | --- | --- | --- | --- | --- | --- |
    | linux x86\_64 | cp39-abi3-manylinux\_2\_28\_x86\_64 | 3.5.4 | static | vulnerable | 2 high, 1 moderate, 1 low | 269 |
    | macos aarch64 | cp39-abi3-macosx\_11\_0\_arm64 | system's | external | external |  |  |
    | windows x86\_64 | cp39-abi3-win\_amd64 | 4.0.2 | static | vulnerable | 1 high, 1 low | 24 |
    | any | py3-none-any | - | - | none |  |  |

    | advisory | severity | linked → fixed in |
    | --- | --- | --- |
    | [CVE-2026-84782](https://openssl-library.org/news/vulnerabilities/#CVE-2026-84782) | high | 3.5.4 → 3.5.9, 4.0.2 → 4.0.3 |
    | [CVE-2025-15467](https://openssl-library.org/news/vulnerabilities/#CVE-2025-15467) | high | 3.5.4 → 3.5.5 |
    | [CVE-2026-63076](https://openssl-library.org/news/vulnerabilities/#CVE-2026-63076) | moderate | 3.5.4 → 3.5.8 |
    | [CVE-2026-84784](https://openssl-library.org/news/vulnerabilities/#CVE-2026-84784) | low | 3.5.4 → 3.5.9, 4.0.2 → 4.0.3 |

    ### Judged by

    - OpenSSL releases: built-in facts of 2026-10-23
    - OpenSSL advisories: built-in facts of 2026-10-23
    - OpenSSL life-times: built-in facts of 2026-10-23
    ");
}

#[tokio::test]
async fn all_versions_as_people_read_them() {
    let index = FakeIndex::start().await;
    publish(&index);
    let report = round::check(&index, "demo", true).await;
    insta::assert_snapshot!(text::check(&report, APPEARANCE), @r"
    demo, 2 versions, 5 wheels

     version  of          platform  wheels  OpenSSL   status      worst severity
     2.0      2026-10-01  any       1       -         none        -
     2.0      2026-10-01  linux     1       3.5.4     vulnerable  high
     2.0      2026-10-01  macos     1       system's  external    -
     2.0      2026-10-01  windows   1       4.0.2     vulnerable  high
     1.0      2026-10-01  linux     1       1.1.1w    exposed     high

    decision for 2.0: track: a tracking issue is due (severity high; security, new-series, advisories-pending, platforms-disagree)
      1 wheel: 3.5.4 is in the affected range of 4 advisories; 3.5.9 fixes them all [in-affected-range]
      1 wheel: 4.0.2 is in the affected range of 2 advisories; 4.0.3 fixes them all [in-affected-range]
      1 wheel: 3.5.7 of 2026-06-09 calls itself a security release; its advisories are not out yet [advisories-pending]
      1 wheel: 3.5.5 to 3.5.9 are newer; 3.5.9 of 2026-09-29 is the newest public release of 3.5 [newer-release]
      1 wheel: 4.0.3 of 2026-09-29 is the newest public release of 4.0 [newer-release]
      3.5.4 on linux x86_64; 4.0.2 on windows x86_64 [platforms-disagree]
      the series 4.1 began with 4.1.0 on 2026-10-23; the newest series of the wheels is 4.0 [new-series]

    judged by  releases, advisories and life times: built-in facts of 2026-10-23
    ");
}

#[tokio::test]
async fn all_versions_as_markdown() {
    let index = FakeIndex::start().await;
    publish(&index);
    let report = round::check(&index, "demo", true).await;
    insta::assert_snapshot!(markdown::check(&report), @r"
    ## demo

    **Decision: track: a tracking issue is due (severity high; security, new-series, advisories-pending, platforms-disagree)**

    | version | of | platform | wheels | OpenSSL | status | worst severity |
    | --- | --- | --- | --- | --- | --- | --- |
    | 2.0 | 2026-10-01 | any | 1 |  | none |  |
    | 2.0 | 2026-10-01 | linux | 1 | 3.5.4 | vulnerable | high |
    | 2.0 | 2026-10-01 | macos | 1 | system's | external |  |
    | 2.0 | 2026-10-01 | windows | 1 | 4.0.2 | vulnerable | high |
    | 1.0 | 2026-10-01 | linux | 1 | 1.1.1w | exposed | high |

    ### Judged by

    - OpenSSL releases: built-in facts of 2026-10-23
    - OpenSSL advisories: built-in facts of 2026-10-23
    - OpenSSL life-times: built-in facts of 2026-10-23
    ");
}

#[tokio::test]
async fn a_check_as_json() {
    let index = FakeIndex::start().await;
    let name = "demo-1.0-cp39-abi3-win_amd64.whl";
    let wheel = wheel_of(&pe(Machine::X86_64, &["libssl-3-x64.dll"], b""));
    let file = FakeFile::new(name, wheel);
    let sha256 = file.sha256.clone().unwrap();
    index.publish("demo", file);
    let report = round::check(&index, "demo", false).await;
    // How the wheel was packed is not what is looked at here.
    let document = json::check(&report).unwrap().replace(&sha256, "[sha256]");
    insta::assert_snapshot!(document, @r#"
    {
      "schema": "rewheel/check/v1",
      "checked_at": "2026-10-23T12:00:00Z",
      "dry_run": true,
      "feeds": [
        {
          "name": "releases",
          "source": "built-in",
          "as_of": "2026-10-23",
          "error": null
        },
        {
          "name": "advisories",
          "source": "built-in",
          "as_of": "2026-10-23",
          "error": null
        },
        {
          "name": "life-times",
          "source": "built-in",
          "as_of": "2026-10-23",
          "error": null
        }
      ],
      "projects": [
        {
          "package": "demo",
          "line": "main",
          "version": "1.0",
          "checked_at": "2026-10-23T12:00:00Z",
          "decision": "none",
          "severity": null,
          "due": false,
          "events": [],
          "targets": [],
          "wheels": [
            {
              "file": "demo-1.0-cp39-abi3-win_amd64.whl",
              "sha256": "[sha256]",
              "platforms": [
                "windows"
              ],
              "status": "external",
              "findings": [
                {
                  "path": "demo/_tls.abi3.so",
                  "arch": "x86_64",
                  "library": "openssl",
                  "linked": null,
                  "linkage": "external",
                  "status": "external",
                  "accepted": null,
                  "since": null,
                  "advisories": [],
                  "reasons": [
                    {
                      "code": "system-library",
                      "message": "it uses the system's library; the wheel carries none to rebuild"
                    }
                  ]
                }
              ],
              "reasons": []
            }
          ],
          "reasons": [],
          "actions": [],
          "issue": null
        }
      ]
    }
    "#);
}
