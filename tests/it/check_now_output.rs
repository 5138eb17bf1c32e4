//! `rewheel check-now`: what is written where, and that texts from outside do no harm.

use std::process::Stdio;

use rstest::rstest;

use crate::support::binary::{
    Machine, VULNERABLE, elf, openssl_texts, wheel_carrying, wheel_without,
};
use crate::support::command::{Ran, User};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::reply::Fault;
use crate::support::wheel;

const LINUX: &str = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";

fn index() -> FakeIndex {
    let index = FakeIndex::start_blocking();
    index.publish("demo", FakeFile::new(LINUX, wheel_carrying(VULNERABLE)));
    index
}

fn warnings(ran: &Ran) -> usize {
    ran.stderr
        .matches("judged by the built-in OpenSSL facts of")
        .count()
}

#[rstest]
#[case::one(&["demo"], "no OpenSSL feed was asked")]
#[case::several(&["demo", "other"], "no OpenSSL feed was asked")]
#[case::offline(&["demo", "--offline"], "as --offline asks")]
#[case::as_json(&["demo", "--format", "json"], "no OpenSSL feed was asked")]
fn the_age_of_the_facts_is_told_once(#[case] arguments: &[&str], #[case] why: &str) {
    let index = index();
    let other = LINUX.replace("demo", "other");
    index.publish("other", FakeFile::new(&other, wheel_carrying(VULNERABLE)));
    let ran = User::new().check(&index, arguments);
    ran.exits(1).complains(" days old, ").complains(why);
    assert_eq!(warnings(&ran), 1, "{ran:#?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:#?}");
    ran.omits("warning");
}

#[test]
fn quiet_is_quiet() {
    let index = index();
    let user = User::new();
    let told = user.check(&index, &["demo"]);
    for argument in ["--quiet", "-q"] {
        let ran = user.check(&index, &["demo", argument]);
        ran.exits(1);
        assert_eq!(ran.stderr, "");
        assert_eq!(ran.stdout, told.stdout);
    }
}

#[test]
fn colours_are_for_terminals_unless_they_are_asked_for() {
    const ESCAPE: char = '\u{1b}';
    let index = index();
    let user = User::new();
    let plain = user.check(&index, &["demo"]);
    plain.exits(1).is_plain();
    let coloured = user.check(&index, &["demo", "--color", "always"]);
    coloured.exits(1).complains("\u{1b}[33mwarning:");
    assert!(coloured.stdout.contains("\u{1b}[31m") || coloured.stdout.contains("\u{1b}[38;5;9m"));
    let without: String = console::strip_ansi_codes(&coloured.stdout).into_owned();
    assert_eq!(without.replace(' ', ""), plain.stdout.replace(' ', ""));
    for arguments in [["demo", "--color", "never"], ["demo", "--color", "auto"]] {
        user.check(&index, &arguments).is_plain();
    }
    for format in ["json", "markdown"] {
        let ran = user.check(&index, &["demo", "--color", "always", "--format", format]);
        assert!(!ran.stdout.contains(ESCAPE), "{ran:#?}");
    }
}

#[test]
fn no_color_is_honoured() {
    let index = index();
    let url = index.url();
    let arguments = ["check-now", "demo", "--index-url", &url];
    let ran = User::new().run_with(&arguments, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]);
    ran.exits(1).is_plain();
}

#[test]
fn more_is_told_when_asked() {
    let index = index();
    let user = User::new();
    let brief = user.check(&index, &["demo"]);
    brief.says("more (-v shows all)");
    let all = user.check(&index, &["demo", "-v"]);
    all.exits(1).omits("shows all").is_plain();
    assert!(all.stdout.lines().count() > brief.stdout.lines().count());
    let deeds = user.check(&index, &["demo", "-vv", "--no-cache"]);
    deeds.exits(1).is_plain();
    assert_eq!(deeds.stdout, all.stdout);
}

#[test]
fn every_newer_release_is_explained_when_asked() {
    let index = index();
    let user = User::new();
    let code = "[newer-in-other-series]";
    user.check(&index, &["demo"]).exits(1).omits(code);
    let asked = user.check(&index, &["demo", "-v"]);
    asked
        .exits(1)
        .says("4.0.0 to 4.0.3")
        .says(code)
        .says("3.5.5 to 3.5.9 are newer")
        .says("[newer-pre-release]");
    let document = user.check(&index, &["demo", "--format", "json"]).json();
    let reasons = document["projects"][0]["reasons"].as_array().unwrap();
    let codes: Vec<&str> = reasons
        .iter()
        .map(|reason| reason["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"newer-in-other-series"), "{codes:?}");
}

#[test]
fn the_index_is_found_in_the_environment() {
    let index = index();
    for name in ["UV_DEFAULT_INDEX", "PIP_INDEX_URL"] {
        let ran = User::new().run_with(&["check-now", "demo"], &[(name, &index.url())]);
        ran.exits(1).says("demo 1.0 of 2026-10-01, 1 wheel\n");
    }
}

#[test]
fn help_shows_examples_and_exit_codes() {
    let user = User::new();
    user.run(&["--help"])
        .exits(0)
        .says("check-now")
        .says("inspect")
        .says("Exit codes:");
    for command in ["check-now", "inspect"] {
        let ran = user.run(&[command, "--help"]);
        ran.exits(0)
            .is_plain()
            .says("Examples:\n  rewheel ")
            .says("Exit codes: 0");
        assert_eq!(ran.stderr, "");
    }
    user.run(&["--version"])
        .exits(0)
        .says(&format!("rewheel {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let index = index();
    let user = User::new();
    let url = index.url();
    for arguments in [
        vec!["check-now", "demo", "--quiet", "--index-url", &url],
        vec![
            "check-now",
            "demo",
            "--quiet",
            "--format",
            "json",
            "--index-url",
            &url,
        ],
    ] {
        let mut command = user.command();
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert_eq!(output.status.code(), Some(1));
    }
}

/// Colours, a bell, a line break, a mark that turns the direction of writing, a link, a mention, an
/// issue reference, an image, HTML and a table's border.
const HOSTILE: &str = "\u{1b}[31m\u{7}\n::error::\u{202e}\u{9b}[x](https://evil.example)@pyca #1 ![i](j)<b>|`<!-- rewheel:v1 -->";

#[rstest]
#[case("text")]
#[case("json")]
#[case("markdown")]
fn hostile_texts_of_an_index_do_no_harm(#[case] format: &str) {
    let index = FakeIndex::start_blocking();
    let binary = elf(Machine::X86_64, None, &[], &openssl_texts(VULNERABLE));
    let member = format!("demo/{HOSTILE}.so");
    let broken = b"\x7fELF\x02\x01\x01".to_vec();
    let broken_name = format!("demo/{HOSTILE}-broken.so");
    let bytes = wheel::build(&[(&member, &binary), (&broken_name, &broken)]);
    index.publish("demo", FakeFile::new(LINUX, bytes));
    // Names that are no wheels of the package, and addresses that cannot be read.
    for (name, url) in [
        (format!("demo-1.0-cp39-abi3-{HOSTILE}.whl"), "a.whl"),
        (format!("demo-2.0{HOSTILE}.tar.gz"), "b.tar.gz"),
        (LINUX.replace("x86_64", "i686"), "http://[\u{1b}[31m/c.whl"),
    ] {
        index.publish("demo", FakeFile::new(&name, wheel_without()).at(url));
    }
    let yanked = LINUX.replace("x86_64", "aarch64");
    index.publish(
        "demo",
        FakeFile::new(&yanked, wheel_without()).yanked(HOSTILE),
    );
    for arguments in [vec![], vec!["-v"], vec!["--all-versions"]] {
        let all = [vec!["demo", "--format", format], arguments].concat();
        let ran = User::new().check(&index, &all);
        ran.exits(1).is_plain().says("3.5.4");
        // What is left out is told line by line, in one form.
        ran.complains("warning: demo: the index entry ");
        let other = |line: &&str| !line.starts_with("warning: ") && !line.starts_with("info: ");
        assert_eq!(ran.stderr.lines().find(other), None);
        assert!(!ran.stdout.contains("\n::"), "{ran:#?}");
        if format == "markdown" {
            for acting in ["](https://evil", "@pyca", " #1", "<b>", "<!--", "![i]"] {
                ran.omits(acting);
            }
        }
        if format == "json" {
            assert!(ran.stdout.is_ascii());
        }
    }
}

#[test]
fn hostile_answers_and_arguments_do_no_harm() {
    let index = FakeIndex::start_blocking();
    let page = Fault::Page {
        content_type: "application/vnd.pypi.simple.v1+json",
        body: format!("{{\"meta\": {{\"api-version\": \"9\\u001b[31m\u{202e}\"}}, {HOSTILE:?}")
            .into_bytes(),
    };
    index.always("/simple/demo/", page);
    let user = User::new();
    for format in ["text", "json", "markdown"] {
        user.check(&index, &["demo", "--format", format])
            .exits(3)
            .is_plain();
        user.check(&index, &[HOSTILE, "--format", format])
            .exits(2)
            .is_plain();
    }
    index.always(
        "/simple/demo/",
        Fault::Redirect("ftp://evil.example/@pyca%1b[31m".into()),
    );
    let ran = user.check(&index, &["demo"]);
    ran.exits(3).is_plain();
}
