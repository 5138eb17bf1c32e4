//! What is wrong, and how it is said.

use insta::assert_snapshot;
use rstest::rstest;

use super::*;

#[rstest]
#[case(
    "REWHEEL_WATCH__MAX_FACT_AEG",
    "1d",
    "did you mean `REWHEEL_WATCH__MAX_FACT_AGE`?"
)]
#[case(
    "REWHEEL_DEFAULTS__FOLOW",
    "lts",
    "did you mean `REWHEEL_DEFAULTS__FOLLOW`?"
)]
#[case(
    "REWHEEL_PROJECT__0__PAKAGE",
    "a",
    "did you mean `REWHEEL_PROJECT__0__PACKAGE`?"
)]
#[case("REWHEEL_PROJECT__3__PACKAGE", "a", "there are 0 sections `project`")]
#[case("REWHEEL_NONSENSE__KEY", "1", "no key is set by this variable")]
#[case(
    "REWHEEL_WATCH__MAX_FACT_AGE__X",
    "1",
    "no key is set by this variable"
)]
#[case("REWHEEL_PROJECT__0", "a", "no key is set by this variable")]
#[case(
    "REWHEEL_WATCH__MAX_FACT_AGE",
    "old",
    "`max-fact-age`: \"old\" is no duration"
)]
#[case(
    "REWHEEL_LIMITS__NESTING",
    "deep",
    "`nesting` is to be a whole number from 0 to 16"
)]
#[case(
    "REWHEEL_LIMITS__NESTING",
    "-1",
    "`nesting` is to be a whole number from 0 to 16"
)]
#[case(
    "REWHEEL_INDEX__URL",
    "me:s3cret@index.example",
    "`url`: it is no http or https address"
)]
#[case("REWHEEL_GITHUB__TOKEN_ENV", "ghp_s3cret", "it is a token itself")]
fn wrong_variables_are_named(#[case] name: &str, #[case] value: &str, #[case] expected: &str) {
    let error = read_with("", &[(name, value)]).unwrap_err();
    let shown = error.to_string();
    assert!(shown.starts_with(&format!("{name}: ")), "{shown}");
    assert!(shown.contains(expected), "{shown}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[test]
fn projects_need_a_file() {
    let error = read(
        None,
        of(&[("REWHEEL_PROJECT__0__PACKAGE", "a")]),
        WithoutLedger::Refuse,
    )
    .unwrap_err();
    assert_snapshot!(error, @"REWHEEL_PROJECT__0__PACKAGE: it sets a key of a project, and no configuration is named");
}

#[test]
fn problems_look_like_those_of_the_parser() {
    assert_snapshot!(wrong("[watch]\nshedule = \"* * * * *\"\n"), @r#"
    rewheel.toml:2:1: unknown key `shedule`; did you mean `schedule`?
      |
    2 | shedule = "* * * * *"
      | ^^^^^^^
    "#);
    assert_snapshot!(wrong("[watch]\nschedule = \"* * * * *\"\nschedule = 1\n"), @r#"
    rewheel.toml:3:1: duplicate key
      |
    3 | schedule = 1
      | ^^^^^^^^
    "#);
    assert_snapshot!(wrong("[watch\n"), @r#"
    rewheel.toml:1:7: unclosed table, expected `]`
      |
    1 | [watch
      |       ^
    "#);
    assert_snapshot!(wrong("[limits]\nnesting = 17\n\n[watch]\n\tmax-fact-age = 3\n"), @r#"
    rewheel.toml:2:11: `nesting` is to be a whole number from 0 to 16
      |
    2 | nesting = 17
      |           ^^

    rewheel.toml:5:17: `max-fact-age` is to be a text, such as "3d"; this is a number
      |
    5 |  max-fact-age = 3
      |                 ^
    "#);
}

#[test]
fn keys_elsewhere_are_shown_their_place() {
    assert_snapshot!(wrong("jitter = \"30s\""), @r#"
    rewheel.toml:1:1: unknown key `jitter`; it belongs in `watch`
      |
    1 | jitter = "30s"
      | ^^^^^^
    "#);
    assert!(wrong("url = \"x\"").contains("it belongs in `state` or `index`"));
    assert_snapshot!(wrong("[project]\npackage = \"a\""), @r#"
    rewheel.toml:1:1: `project` is to be sections in double brackets; this is a section
      |
    1 | [project]
      | ^^^^^^^^^
    "#);
    assert_snapshot!(wrong("[[project]]\npackage = \"a\"\npolicy.securty = []\n"), @r#"
    rewheel.toml:3:8: unknown key `securty`; did you mean `security`?
      |
    3 | policy.securty = []
      |        ^^^^^^^
    "#);
}

#[test]
fn secrets_are_not_shown() {
    for text in [
        "[index]\nurl = \"ftp://me:s3cret@index.example/\"",
        "[index]\nurl = \"https://me:s3cret@index.example/\" x",
        "[index]\nurl = \"https://me:s3cret@index.example/",
        "[index]\nurll = \"https://me:s3cret@index.example/\"",
        "[github]\napi = \"https://me:s3cret@api.example/\"",
        "[github]\ntoken = \"s3cret\"",
        "[github]\ntoken-env = \"ghp_s3cret\"",
        "[github]\napp = { id = 1, key = \"s3cret\" }",
        "github = { password = \"s3cret\" }",
    ] {
        let error = read_with(text, &[]).unwrap_err();
        let shown = format!("{error}{error:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    assert_snapshot!(wrong("[github]\ntoken = \"s3cret\""), @r#"
    rewheel.toml:2:1: unknown key `token`; did you mean `token-env`?
      |
    2 | token = "******"
      | ^^^^^
    "#);
}

#[rstest]
#[case(
    "[[project]]\nlines = [\"main\"]",
    "1:1: this project names no `package`"
)]
#[case(
    "[[project]]\npackage = \"a\"\npackages = [\"b\"]",
    "3:12: `package` and `packages`"
)]
#[case("[[project]]\npackages = []", "2:12: `packages` names no package")]
#[case(
    "[[project]]\npackage = \"a b\"",
    "2:11: `package`: \"a b\" is no package's name"
)]
#[case(
    "[[project]]\npackage = \"a\"\nlines = []",
    "3:9: `lines` names no line"
)]
#[case(
    "[[project]]\npackage = \"a\"\nlines = [\"46\"]",
    "3:10: `lines`: \"46\" is no line"
)]
#[case(
    "[[project]]\npackage = \"a\"\nlines = [\"~=1.0\", \"~= 1.0\"]",
    "3:19: the line `~=1.0` of a is there already"
)]
#[case(
    "[[project]]\npackage = \"a-b\"\n[[project]]\npackage = \"A_b\"",
    "4:11: the line `main` of a-b is there already"
)]
#[case(
    "[[project]]\npackage = \"a\"\nlines = [\"~=1.0\"]\n[[project]]\npackage = \"a\"\nschedule = \"@yearly\"",
    "5:11: a has another `schedule` or `timezone` above: the lines of a package are looked at together, so give them the same"
)]
#[case(
    "[[project]]\npackages = [\"a\", \"a\"]",
    "2:18: the line `main` of a is there already"
)]
#[case(
    "[[project]]\npackage = \"a\"\npolicy.security = [\"issue\", \"steps\"]",
    "3:29: `security` asks for steps, and the project has no [[project.step]]"
)]
#[case(
    "[[project]]\npackage = \"a\"\npolicy.security = [\"steps\"]\nstep = [{ name = \"a\", run.workflow = \"w.yml\" }]",
    "3:19: steps stand in the issue"
)]
#[case(
    "[[project]]\npackage = \"a\"\npolicy.security = [\"isue\"]",
    "did you mean `issue`?"
)]
#[case(
    "[[project]]\npackage = \"a\"\npolicy.steps-severity = \"hihg\"",
    "did you mean `high`?"
)]
#[case(
    "[[project]]\npackage = \"a\"\nfollow = \"latests\"",
    "did you mean `latest`?"
)]
#[case(
    "[[project]]\npackages = [\"a\"]\npolicy.security = [\"issue\"]",
    "3:20: `packages` is for"
)]
#[case(
    "[[project]]\npackages = [\"a\"]\nissue.labels = [\"x\"]",
    "`packages` is for reports only"
)]
#[case(
    "[openssl]\napi = \"https://a.example\"\ndirectory = \"x\"",
    "3:13: `directory` stands"
)]
#[case(
    "[github]\ntoken-env = \"A\"\ntoken-file = \"b\"",
    "3:14: `token-file` and `token-env`"
)]
#[case("[github]\napp = { id = 3 }", "2:7: `app` lacks `key-file`")]
#[case(
    "[state]\nurl = \"redis://x\"",
    "`url`: it is neither \"sqlite:\" and a path nor \"none\""
)]
#[case("watch = 3", "1:9: `watch` is to be a section; this is a number")]
#[case(
    "[project]\npackage = \"a\"",
    "`project` is to be sections in double brackets"
)]
fn contradictions_have_their_place(#[case] text: &str, #[case] expected: &str) {
    let shown = wrong(text);
    assert!(shown.contains(expected), "{shown}");
}

#[rstest]
#[case(
    "[[project.accept]]\nlibrary = \"openssl\"",
    "3:1: what is accepted needs a `reason`"
)]
#[case(
    "[[project.accept]]\nreason = \"x\"",
    "3:1: this would accept every finding"
)]
#[case(
    "[[project.accept]]\nreason = \"x\"\ncve = \"CVE-2026-12345\"\nuntil = \"soon\"",
    "6:9: `until`: \"soon\" is no day"
)]
#[case(
    "[[project.step]]\nrun.workflow = \"w.yml\"",
    "3:1: this step has no `name`"
)]
#[case("[[project.step]]\nname = \"a\"", "3:1: a step has exactly one of")]
#[case(
    "[[project.step]]\nname = \"a\"\nrun.workflow = \"w.yml\"\nfile = {}",
    "3:1: a step has exactly one of"
)]
#[case(
    "[[project.step]]\nname = \"a\"\nfile = { path = \"p\" }",
    "`file` lacks `contains`"
)]
#[case(
    "[[project.step]]\nname = \"a\"\ndispatch = {}",
    "exactly one of `workflow` and `event`"
)]
#[case(
    "[[project.step]]\nname = \"bump\"\nrun.workflow = \"w.yml\"\nneeds = [\"bmup\"]",
    "6:10: unknown step `bmup`; did you mean `bump`?"
)]
#[case(
    "[[project.step]]\nname = \"a\"\nrun.workflow = \"w.yml\"\nneeds = [\"b\"]\n\
     [[project.step]]\nname = \"b\"\nrun.workflow = \"w.yml\"\nneeds = [\"a\"]",
    "6:9: these steps wait for each other: a, b"
)]
#[case(
    "[[project.step]]\nname = \"a\"\nrun.workflow = \"w.yml\"\n[[project.step]]\nname = \"a\"\nrun.workflow = \"w.yml\"",
    "7:8: there are two steps `a`"
)]
fn steps_and_acceptances_hold_together(#[case] text: &str, #[case] expected: &str) {
    let shown = wrong(&format!("[[project]]\npackage = \"a\"\n{text}"));
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn a_long_line_is_shown_around_its_place() {
    let text = format!("a = \"{}\"; b = 1", "x".repeat(2_000));
    let shown = wrong(&text);
    assert!(shown.lines().all(|line| line.len() < 200), "{shown}");
}

#[test]
fn a_file_that_is_missing_is_a_sentence() {
    let error = load(Some(Path::new("/nowhere/rewheel.toml")), []).unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.starts_with("the configuration /nowhere/rewheel.toml cannot be read: "),
        "{shown}"
    );
}
