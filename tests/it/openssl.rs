//! `rewheel openssl`: what is known of OpenSSL, as people and scripts get it.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::command::User;
use crate::support::shape::differences;

/// Runs the command without asking any feed.
fn run(arguments: &[&str]) -> crate::support::command::Ran {
    let all = [&["openssl", "--offline"], arguments].concat();
    User::new().run(&all)
}

fn named() -> Value {
    json!({ "version": "string", "published": "day", "kind": "string", "severity?": "string" })
}

fn series() -> Value {
    json!({
        "series": "string", "lts": "boolean",
        "stage": "\"announced\" | \"supported\" | \"ended\" | \"unknown\"",
        "ends?": "day", "days_left?": "number", "began?": "day", "newest?": named(),
    })
}

fn document(name: &str, answer: &Value) -> Value {
    json!({
        "schema": "\"rewheel/openssl/v1\"", "checked_at": "moment",
        "feeds": [{ "name": "string", "source": "\"built-in\"", "as_of": "day", "error?": "string" }],
        name: answer,
    })
}

#[test]
fn all_series_are_shown_with_their_newest_release() {
    let ran = run(&[]);
    ran.exits(0).is_plain().says("series");
    assert!(ran.row("3.5 LTS").contains(&"until 2030-04-08"));
    assert!(ran.row("1.1.1 LTS").contains(&"1.1.1w"));
    ran.says("built-in facts of ");
    let widest = ran.stdout.lines().map(str::len).max().unwrap();
    assert!(widest <= 80, "{widest} {}", ran.stdout);
    let shown = run(&["--format", "json"]).json();
    let description = document("series", &json!([series()]));
    assert_eq!(differences(&shown, &description), [""; 0]);
    let names = shown["series"].as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|one| one["series"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"4.1") && names.contains(&"1.0.2"),
        "{names:?}"
    );
}

#[test]
fn a_version_is_told_with_what_affects_and_what_fixes_it() {
    let ran = run(&["3.5.4"]);
    ran.exits(0)
        .is_plain()
        .says("OpenSSL 3.5.4 of 2025-09-30 (security, moderate)")
        .says("[in-affected-range]");
    assert_eq!(
        ran.row("CVE-2025-15467"),
        [
            "CVE-2025-15467",
            "high",
            "2026-01-27",
            "3.5.5",
            "2026-01-27"
        ]
    );
    let shown = run(&["3.5.4", "--format", "json"]).json();
    let description = document(
        "release",
        &json!({
            "version": "\"3.5.4\"", "published": "day", "kind": "\"security\"",
            "severity": "\"moderate\"", "withdrawn": "null", "vanished": "null",
            "premium_only": "boolean", "pre_release": "boolean", "status": "\"vulnerable\"",
            "reasons": [{ "code": "string", "message": "string" }],
            "affected_by": [{ "cve": "string", "severity": "string", "published": "day",
                              "fixed_in?": "string", "fixed_in_published?": "day" }],
            "fixes": [{ "cve": "string", "severity": "string" }],
            "newer": [named()], "series": series(),
        }),
    );
    assert_eq!(differences(&shown, &description), [""; 0]);
    assert!(shown["release"]["affected_by"].as_array().unwrap().len() >= 57);
}

#[test]
fn a_cve_is_told_with_the_versions_and_the_series_that_it_leaves_out() {
    let ran = run(&["CVE-2025-15467"]);
    ran.exits(0)
        .is_plain()
        .says("severity high")
        .says("not analysed");
    assert_eq!(
        ran.row("3.5.0 < 3.5.5"),
        ["3.5", "3.5.0 < 3.5.5", "3.5.5", "2026-01-27"]
    );
    assert!(!ran.stdout.contains("unaffected"));
    let shown = run(&["CVE-2025-15467", "--format", "json"]).json();
    let description = document(
        "advisory",
        &json!({
            "cve": "\"CVE-2025-15467\"", "severity": "\"high\"", "published": "day", "url": "string",
            "affected": [{ "series": "string", "range": "string", "fixed_in?": "string",
                           "fixed_in_published?": "day", "unfixed?": "string" }],
            "left_out": [{ "series": "string",
                           "why": "\"not-analysed\" | \"no-range\" | \"began-later\"" }],
        }),
    );
    assert_eq!(differences(&shown, &description), [""; 0]);
    assert!(!shown["advisory"]["left_out"].as_array().unwrap().is_empty());
}

#[rstest]
#[case("cve-2025-15467", "CVE-2025-15467, severity high")]
#[case("2025-15467", "CVE-2025-15467, severity high")]
#[case("openssl-3.5.4", "OpenSSL 3.5.4 of")]
#[case("OpenSSL_1_1_1w", "OpenSSL 1.1.1w of")]
#[case("v3.0.6", "withdrawn on 2022-10-12")]
#[case("3.0.23", "for holders of a support contract")]
#[case("4.1.0-beta1", "not a final release")]
#[case("1.0.2l", "not among the known releases")]
fn what_is_meant_is_understood(#[case] what: &str, #[case] says: &str) {
    run(&[what]).exits(0).says(says);
}

#[rstest]
#[case("3.5.99", "did you mean 3.5.9?")]
#[case("9.9.9", "is no release that is known on")]
#[case(
    "3.5",
    "3.5 is a series; ask for one of its releases, the newest is 3.5."
)]
#[case("CVE-2025-15476", "did you mean CVE-2025-15467?")]
#[case("newest", "is neither a version of OpenSSL, such as 3.5.4, nor a CVE")]
#[case("", "is neither a version of OpenSSL")]
#[case("CVE-\u{202e}\u{1b}[31m", "no advisory of OpenSSL's known on")]
fn what_is_not_known_is_refused_with_the_nearest_right_name(
    #[case] what: &str,
    #[case] complaint: &str,
) {
    run(&[what]).exits(2).complains(complaint).is_plain();
}

#[test]
fn markdown_colours_and_help() {
    run(&["3.5.4", "--format", "markdown"])
        .exits(0)
        .says("| advisory | severity | public since | fixed in | of |")
        .says("### Known from");
    let coloured = run(&["--color", "always"]);
    assert!(coloured.exits(0).stdout.contains('\u{1b}'));
    run(&["--help"])
        .exits(0)
        .says("rewheel openssl CVE-2025-15467")
        .says("[VERSION|CVE]");
    run(&["3.5.4", "3.5.5"])
        .exits(2)
        .complains("unexpected argument");
}

#[test]
fn a_release_that_the_configuration_withdraws_fixes_nothing() {
    let user = User::new();
    let withdrawn = [("REWHEEL_OPENSSL__WITHDRAWN", "3.5.5")];
    let ran = user.run_with(&["openssl", "--offline", "3.5.4"], &withdrawn);
    assert_eq!(ran.exits(0).row("CVE-2025-15467")[3], "3.5.6");
}
