//! `rewheel check-now --format sarif`: valid by the schema of SARIF 2.1.0, and what GitHub's code
//! scanning asks of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jsonschema::{Draft, Validator};
use rewheel::cycle::Silent;
use rewheel::policy::Acceptance;
use rewheel::report::{CheckReport, sarif};
use serde_json::Value;

use crate::support::binary::{
    ENDED, Machine, SEVERE, VULNERABLE, elf, openssl_texts, pe, universal, wheel_carrying,
    wheel_of, wheel_using_system, wheel_without, wheel_without_version,
};
use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::{binary, hostile, round};

fn validator() -> Validator {
    // One pattern of the schema has a bracket that nothing opens: strict readers want it escaped.
    let schema = include_str!("../fixtures/sarif-2.1.0.schema.json");
    let schema = schema.replace("{2}]?$", r"{2}\\]?$");
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .build(&serde_json::from_str(&schema).unwrap())
        .unwrap()
}

/// Asserts what the schema and GitHub ask of a log. Source of the latter: GitHub's documentation,
/// "SARIF support for code scanning".
#[track_caller]
fn holds(text: &str) -> Value {
    assert!(text.is_ascii());
    let log: Value = serde_json::from_str(text).unwrap();
    let problems: Vec<String> = validator()
        .iter_errors(&log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}\n{log:#}");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), rules.len(), "{rules:#?}");
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            let text = rule[text]["text"].as_str().unwrap();
            assert!((1..=1024).contains(&text.len()), "{rule:#}");
        }
        assert!(rule["help"]["markdown"].is_string(), "{rule:#}");
        let severity = rule["properties"]["security-severity"].as_str().unwrap();
        let severity: f64 = severity.parse().unwrap();
        assert!(severity > 0.0 && severity <= 10.0, "{rule:#}");
    }
    let mut prints = BTreeSet::new();
    for result in results(&log) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let locations = result["locations"].as_array().unwrap();
        assert!((1..=1000).contains(&locations.len()), "{result:#}");
        for location in locations {
            let place = &location["physicalLocation"];
            assert_eq!(place["region"]["startLine"], 1);
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            // Wherever the repository is: it stays there, below the wheel.
            let base = url::Url::parse("https://repository.example/base/").unwrap();
            let full = base.join(uri).unwrap();
            let wheel = full.path().strip_prefix("/base/").unwrap();
            assert!(wheel.split('/').next().unwrap().ends_with(".whl"), "{uri}");
            assert_eq!((full.host_str(), full.query()), (base.host_str(), None));
        }
        let print = result["partialFingerprints"]["primaryLocationLineHash"].as_str();
        assert!(prints.insert(print.unwrap()), "{result:#}");
    }
    log
}

fn results(log: &Value) -> &[Value] {
    log["runs"][0]["results"].as_array().unwrap()
}

/// The rules of the results, each with the number of its places.
fn told(log: &Value) -> Vec<(String, usize)> {
    let of = |result: &Value| {
        let places = result["locations"].as_array().unwrap().len();
        (result["ruleId"].as_str().unwrap().to_owned(), places)
    };
    results(log).iter().map(of).collect()
}

fn publish(index: &FakeIndex) {
    let windows = wheel_of(&pe(Machine::X86_64, &[], &openssl_texts(SEVERE)));
    for (name, bytes) in [
        (
            "2.0-cp39-abi3-manylinux_2_28_x86_64",
            wheel_carrying(VULNERABLE),
        ),
        (
            "2.0-cp39-abi3-manylinux_2_28_aarch64",
            wheel_carrying(VULNERABLE),
        ),
        ("2.0-cp39-abi3-win_amd64", windows),
        ("2.0-cp39-abi3-macosx_11_0_arm64", wheel_using_system()),
        ("2.0-py3-none-any", wheel_without()),
    ] {
        index.publish("demo", FakeFile::new(&format!("demo-{name}.whl"), bytes));
    }
}

#[tokio::test]
async fn an_advisory_is_told_once_for_all_wheels_that_carry_a_version() {
    let index = FakeIndex::start().await;
    publish(&index);
    let report = round::check(&index, "demo", false).await;
    let text = sarif::check(&report).unwrap();
    let log = holds(&text);
    let told = told(&log);
    let named: Vec<(&str, usize)> = told
        .iter()
        .map(|(rule, places)| (rule.as_str(), *places))
        .collect();
    assert_eq!(
        named,
        [
            ("CVE-2025-15467", 2),
            ("CVE-2026-63076", 2),
            ("CVE-2026-84782", 2),
            ("CVE-2026-84782", 1),
            ("CVE-2026-84784", 2),
            ("CVE-2026-84784", 1),
            ("advisories-pending", 2),
        ]
    );
    let result = &results(&log)[2];
    assert_eq!(
        result["message"]["text"],
        "demo (main), 2 wheels with OpenSSL 3.5.4: it is in the affected range of CVE-2026-84782 \
         (high); OpenSSL 3.5.9 fixes it"
    );
    assert_eq!(result["level"], "error");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "demo-2.0-cp39-abi3-manylinux_2_28_aarch64.whl/demo/_tls.abi3.so"
    );
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][2];
    assert_eq!(rule["properties"]["security-severity"], "8.0");
    assert_eq!(
        rule["helpUri"],
        "https://openssl-library.org/news/vulnerabilities/#CVE-2026-84782"
    );
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    assert_eq!(invocation["exitCode"], 1);
    // Another run over the same wheels is the same text.
    let again = round::check(&index, "demo", false).await;
    assert_eq!(text, sarif::check(&again).unwrap());
}

/// The fingerprints of all results.
fn fingerprints(report: &CheckReport) -> BTreeSet<String> {
    let log = holds(&sarif::check(report).unwrap());
    let print = |result: &Value| result["partialFingerprints"].to_string();
    results(&log).iter().map(print).collect()
}

#[tokio::test]
async fn fingerprints_stay_while_the_same_is_wrong() {
    let index = FakeIndex::start().await;
    publish(&index);
    let before = fingerprints(&round::check(&index, "demo", false).await);
    // A new version with other wheels, and the same OpenSSL in the most of them.
    let file = |name: &str, bytes| FakeFile::new(name, bytes).uploaded("2026-10-20T00:00:00Z");
    let wheel = wheel_carrying(VULNERABLE);
    index.publish(
        "demo",
        file("demo-3.0-cp311-abi3-musllinux_1_2_x86_64.whl", wheel),
    );
    let after = fingerprints(&round::check(&index, "demo", false).await);
    assert_eq!(after.len(), 5);
    assert!(after.is_subset(&before), "{after:#?} {before:#?}");
}

#[tokio::test]
async fn what_is_accepted_is_not_told() {
    let index = FakeIndex::start().await;
    publish(&index);
    let check = async |accepted: Acceptance| {
        let mut request = round::request("demo", false);
        request.settings.accepted = vec![accepted];
        let cycle = round::of(&index.url());
        let report = cycle.check(&[request], Arc::new(Silent)).await.0;
        told(&holds(&sarif::check(&report).unwrap()))
    };
    let of = |version: Option<&str>, cve: Option<&str>| Acceptance {
        version: version.map(str::to_owned),
        cve: cve.map(str::to_owned),
        reason: "on purpose".to_owned(),
        ..Acceptance::default()
    };
    let rest = check(of(Some("3.5.*"), None)).await;
    assert_eq!(
        rest,
        [
            ("CVE-2026-84782".to_owned(), 1),
            ("CVE-2026-84784".to_owned(), 1)
        ]
    );
    let rest = check(of(None, Some("CVE-2026-84782"))).await;
    assert!(
        rest.iter().all(|(rule, _)| rule != "CVE-2026-84782"),
        "{rest:?}"
    );
    assert!(
        rest.iter().any(|(rule, _)| rule == "CVE-2026-84784"),
        "{rest:?}"
    );
    assert!(check(of(Some("*"), None)).await.is_empty());
}

#[tokio::test]
async fn every_way_of_not_being_well_is_told() {
    let index = FakeIndex::start().await;
    let universal = universal(&[
        (
            Machine::X86_64,
            binary::mach_o(Machine::X86_64, &[], &openssl_texts(ENDED)),
        ),
        (
            Machine::Aarch64,
            binary::mach_o(Machine::Aarch64, &[], &openssl_texts(ENDED)),
        ),
    ]);
    for (name, bytes) in [
        ("cp39-abi3-macosx_11_0_universal2", wheel_of(&universal)),
        ("cp39-abi3-manylinux_2_28_x86_64", wheel_without_version()),
        (
            "cp39-abi3-manylinux_2_28_aarch64",
            wheel_carrying("OpenSSL 3.5.9 29 Sep 2026"),
        ),
        (
            "cp39-abi3-manylinux_2_28_i686",
            wheel_carrying("OpenSSL 3.0.6 11 Oct 2022"),
        ),
        (
            "cp39-abi3-manylinux_2_28_s390x",
            wheel_carrying("OpenSSL 1.1.1k  FIPS 25 Mar 2021"),
        ),
        ("cp39-abi3-win_amd64", b"no archive".to_vec()),
    ] {
        index.publish(
            "demo",
            FakeFile::new(&format!("demo-1.0-{name}.whl"), bytes),
        );
    }
    let report = round::check(&index, "demo", false).await;
    let log = holds(&sarif::check(&report).unwrap());
    let told = told(&log);
    for (rule, places) in [
        // One place for each architecture.
        ("end-of-life", 2),
        ("version-not-provable", 1),
        ("withdrawn-release", 1),
        ("distribution-patched", 1),
        ("unreadable", 1),
    ] {
        assert!(
            told.contains(&(rule.to_owned(), places)),
            "{rule} {told:#?}"
        );
    }
    // What is well has no result.
    let text = log["runs"][0]["results"].to_string();
    assert!(
        !text.contains("3.5.9 29") && !text.contains("aarch64.whl"),
        "{text}"
    );
}

#[tokio::test]
async fn hostile_names_act_nowhere() {
    let index = FakeIndex::start().await;
    let texts = openssl_texts(VULNERABLE);
    let binary = elf(Machine::X86_64, None, &[], &texts);
    let names = [
        "../../.github/workflows/x.so",
        "/etc/[click](https://evil.example)/{0}.so",
        "https://evil.example/a.so",
        "a\u{202e}\u{1b}[31m b#c?d%2e%2e.so",
    ];
    let members: Vec<_> = names
        .iter()
        .map(|name| hostile::Member::stored(name, &binary))
        .collect();
    let wheel = hostile::archive(&members, b"");
    index.publish(
        "demo",
        FakeFile::new("demo-1.0-cp39-abi3-linux_x86_64.whl", wheel),
    );
    let broken = hostile::Member {
        crc: 0,
        ..hostile::Member::stored(names[1], &binary)
    };
    let broken = hostile::archive(&[broken], b"");
    index.publish(
        "demo",
        FakeFile::new("demo-1.0-cp39-abi3-win_amd64.whl", broken),
    );
    let report = round::check(&index, "demo", false).await;
    let text = sarif::check(&report).unwrap();
    // The addresses are held to their wheel there.
    let log = holds(&text);
    assert!(!text.contains("[click]"), "{text}");
    let told = told(&log);
    assert!(told.contains(&("unreadable".to_owned(), 1)), "{told:?}");
    assert!(
        told.contains(&("CVE-2026-84782".to_owned(), names.len())),
        "{told:?}"
    );
}

#[test]
fn the_command_writes_it_and_its_exit_codes_stay() {
    let index = FakeIndex::start_blocking();
    publish(&index);
    index.add_project("empty");
    index.publish(
        "bad",
        FakeFile::new("bad-1.0-py3-none-any.whl", b"no archive".to_vec()),
    );
    // What is due goes before what could not be read, in the exit code.
    let name = "mixed-1.0-cp39-abi3-win_amd64.whl";
    index.publish("mixed", FakeFile::new(name, wheel_carrying(VULNERABLE)));
    index.publish(
        "mixed",
        FakeFile::new("mixed-1.0-py3-none-any.whl", b"no archive".to_vec()),
    );
    let user = User::new();
    let url = index.url();
    let asked = ["check-now", "--offline", "--index-url", url.as_str()];
    let fresh = [("REWHEEL_WATCH__MAX_FACT_AGE", "36500d")];
    for (package, code, successful) in [
        ("demo", 1, true),
        ("mixed", 1, false),
        ("empty", 0, true),
        ("bad", 3, false),
        ("unknown", 2, false),
    ] {
        let all = [&asked[..], &[package, "--format", "sarif"]].concat();
        let ran = user.run_with(&all, &fresh);
        ran.exits(code);
        let log = holds(&ran.stdout);
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], successful, "{package}");
        assert_eq!(invocation["exitCode"], code, "{package}");
        let notes = invocation["toolExecutionNotifications"].to_string();
        assert_eq!(notes.contains("\"error\""), !successful, "{notes}");
        assert_eq!(
            notes.contains("mixed, main: mixed-1.0-py3-none-any.whl: it was not read"),
            package == "mixed",
            "{notes}"
        );
        assert_eq!(
            notes.contains("unknown, main: "),
            package == "unknown",
            "{notes}"
        );
    }
    // Facts that are too old close what newer ones would not.
    let old = user.run_with(
        &[&asked[..], &["demo", "--format", "sarif"]].concat(),
        &[("REWHEEL_WATCH__MAX_FACT_AGE", "1m")],
    );
    let log = holds(&old.exits(1).stdout);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
}

#[test]
fn a_wheel_that_was_not_read_yet_is_told() {
    let index = FakeIndex::start_blocking();
    for platform in ["manylinux_2_28_x86_64", "win_amd64"] {
        let name = format!("demo-1.0-cp39-abi3-{platform}.whl");
        let wheel = binary::wheel_carrying_as("OpenSSL 3.5.9 29 Sep 2026", platform);
        index.publish("demo", FakeFile::new(&name, wheel));
    }
    let user = User::new();
    let text = format!(
        "[index]\nurl = \"{}\"\n[limits]\nbytes-per-cycle = 1\n[[project]]\npackage = \"demo\"\n",
        index.url()
    );
    std::fs::write(user.home().join("rewheel.toml"), text).unwrap();
    let ran = user.run(&[
        "check-now",
        "--config",
        "rewheel.toml",
        "--offline",
        "--dry-run",
        "--format",
        "sarif",
    ]);
    let log = holds(&ran.stdout);
    let unread = results(&log)
        .iter()
        .find(|result| result["ruleId"] == "not-read-yet")
        .unwrap();
    assert_eq!(unread["level"], "warning");
    assert_eq!(unread["locations"].as_array().unwrap().len(), 1);
    let text = unread["message"]["text"].as_str().unwrap();
    assert!(text.contains("bytes-per-cycle"), "{text}");
    // Each is a matter of its own: what is read leaves the others.
    assert!(text.contains(".whl"), "{text}");
}
