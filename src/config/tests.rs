use std::ffi::OsString;

use chrono::TimeDelta;
use insta::assert_snapshot;
use rstest::rstest;
use secrecy::ExposeSecret;

use crate::model::{Library, Severity};
use crate::policy::{Event, Follow, Reaction, Settings};

use super::*;

const DOCUMENT: &str = include_str!("../../docs/configuration.md");

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<Configuration, ConfigError> {
    let source = SourceText {
        name: "rewheel.toml".to_owned(),
        text: text.to_owned(),
    };
    read(Some(&source), of(variables))
}

fn of(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    let owned = |(name, value): &(&str, &str)| (name.into(), value.into());
    variables.iter().map(owned).collect()
}

fn good(text: &str) -> Configuration {
    read_with(text, &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn wrong(text: &str) -> String {
    read_with(text, &[]).unwrap_err().to_string()
}

/// The rows of the document: key, default (TOML, empty for none), variable.
fn documented() -> Vec<(String, String, String)> {
    DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|line| {
            let (key, rest) = line.split_once("` | ").unwrap();
            let (default, rest) = rest.split_once(" | ").unwrap();
            let variable = rest.rsplit('`').nth(1).unwrap();
            let default = default
                .strip_prefix('`')
                .map_or("", |text| &text[..text.len() - 1]);
            (key.to_owned(), default.to_owned(), variable.to_owned())
        })
        .collect()
}

#[test]
fn the_documented_keys_are_the_known_keys() {
    let documented: Vec<String> = documented().into_iter().map(|(key, ..)| key).collect();
    assert_eq!(documented, keys());
}

#[test]
fn the_documented_variables_set_their_keys() {
    for (key, _, variable) in documented() {
        assert_eq!(environment::variable(&key, std::iter::repeat(0)), variable);
        // A value that fits nothing: the problem is about the value, not about the name.
        let project = "[[project]]\npackage = \"a\"\n";
        let name = if key.ends_with(".inputs") {
            format!("{variable}__NAME")
        } else {
            variable
        };
        if let Err(error) = read_with(project, &[(&name, "\u{0}")]) {
            let error = error.to_string();
            assert!(!error.contains("no key is set"), "{error}");
        }
    }
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    let mut text = String::new();
    for (key, default, _) in documented() {
        let is_setting = !key.contains(".step.") && !key.contains(".accept.");
        if !default.is_empty() && is_setting {
            let key = key.replacen("project.", "defaults.", 1);
            text.push_str(&format!("{key} = {default}\n"));
        }
    }
    let documented = good(&text);
    let none = good("");
    assert_eq!(documented.watch, none.watch);
    let all: Vec<Event> = documented.defaults.reactions.keys().copied().collect();
    for event in all {
        assert_eq!(
            documented.defaults.reaction(event),
            none.defaults.reaction(event),
            "{event}"
        );
    }
    let reactions = none.defaults.reactions.clone();
    assert_eq!(
        Settings {
            reactions,
            ..documented.defaults
        },
        Settings::default()
    );
    assert_eq!(documented.limits.scan, none.limits.scan);
}

#[test]
fn the_example_acts_on_nothing() {
    let configuration = good(include_str!("../../config.toml"));
    let [project] = configuration.projects.as_slice() else {
        panic!("{:?}", configuration.projects);
    };
    assert_eq!(project.package, "cryptography");
    for settings in [&project.settings, &configuration.defaults] {
        assert!(
            settings
                .reactions
                .values()
                .all(|one| *one == Reaction::Inform)
        );
        assert_eq!(settings.reactions.len(), 6);
    }
}

#[test]
fn the_commented_values_of_the_example_are_valid_too() {
    let text: String = include_str!("../../config.toml")
        .lines()
        .filter(|line| !line.starts_with("# directory"))
        .map(|line| match line.strip_prefix("# ") {
            Some(value) if value.contains(" = ") || value.starts_with("[[") => value,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(good(&text).projects[0].settings.accepted.len(), 1);
}

const WHOLE: &str = r#"
[watch]
max-fact-age = "12h"
[openssl]
withdrawn = ["3.5.1"]
[index]
url = "https://me:s3cret@index.example/simple/"
[limits]
wheel-bytes = 1_000
nesting = 0
[defaults]
follow = "lts"
policy.security = ["issue", "steps"]
policy.steps-severity = "high"
[[defaults.step]]
name = "wheels"
dispatch = { workflow = "wheels.yml", inputs = { v = "{{ openssl.version }}" } }
[[project]]
package = "Some.Package"
repository = "owner/name"
lines = ["main", "~= 46.0"]
follow = "3.5"
policy.bug-fix = []
[[project.accept]]
library = "openssl"
version = "1.0.2*"
reason = "on purpose"
until = 2027-06-30
[[project]]
packages = ["a", "b"]
"#;

#[test]
fn a_whole_one_is_read() {
    let configuration = good(WHOLE);
    assert_eq!(configuration.watch.maximum_fact_age, TimeDelta::hours(12));
    assert_eq!(configuration.withdrawn[0].to_string(), "3.5.1");
    assert_eq!(configuration.limits.wheel_bytes, Some(1000));
    assert_eq!(configuration.limits.scan.nesting, 0);
    let url = configuration.index_url.as_ref().unwrap();
    assert_eq!(
        url.expose_secret(),
        "https://me:s3cret@index.example/simple/"
    );
    assert!(!format!("{configuration:?}").contains("s3cret"));

    let [one, a, b] = configuration.projects.as_slice() else {
        panic!("{:?}", configuration.projects);
    };
    assert_eq!(one.package, "some-package");
    assert_eq!(one.repository.as_deref(), Some("owner/name"));
    let names: Vec<String> = one.lines.iter().map(Line::name).collect();
    assert_eq!(names, ["main", "~=46.0"]);
    assert_eq!(one.settings.follow, Follow::Named("3.5".parse().unwrap()));
    assert_eq!(one.settings.maximum_fact_age, TimeDelta::hours(12));
    assert_eq!(one.settings.reaction(Event::Security), Reaction::Steps);
    assert_eq!(one.settings.reaction(Event::BugFix), Reaction::Inform);
    assert_eq!(one.settings.reaction(Event::Exposed), Reaction::Issue);
    assert_eq!(one.settings.steps_severity, Severity::High);
    assert_eq!(one.settings.accepted[0].library, Some(Library::Openssl));
    assert_eq!(one.settings.accepted[0].until, "2027-06-30".parse().ok());

    // A set of packages is only reported on, whatever the defaults say.
    assert_eq!((a.package.as_str(), b.package.as_str()), ("a", "b"));
    assert_eq!(a.settings.follow, Follow::Lts);
    assert_eq!(a.settings.reaction(Event::Security), Reaction::Inform);
    assert_eq!(a.lines, [Line::default()]);
}

#[test]
fn variables_go_before_the_file() {
    let configuration = read_with(
        WHOLE,
        &[
            ("REWHEEL_WATCH__MAX_FACT_AGE", "10d"),
            ("REWHEEL_WATCH__END_OF_LIFE_NOTICE", "1w"),
            ("REWHEEL_LIMITS__RESUMES", "9"),
            ("REWHEEL_DEFAULTS__POLICY__EXPOSED", ""),
            ("REWHEEL_PROJECT__0__POLICY__SECURITY", "issue"),
            ("REWHEEL_PROJECT__1__PACKAGES", "c, d"),
            ("REWHEEL_PROJECT__1__LINES", "main;>=1,<2"),
            ("REWHEEL_PROJECT__2__PACKAGE", "e"),
            ("REWHEEL_PROJECT__2__STEP__0__NAME", "go"),
            ("REWHEEL_PROJECT__2__STEP__0__DISPATCH__WORKFLOW", "w.yml"),
            ("REWHEEL_PROJECT__2__STEP__0__DISPATCH__INPUTS__A_B", "c"),
            ("REWHEEL_CONFIG", "elsewhere.toml"),
            ("REWHEEL_SOMETHING", "else"),
        ],
    )
    .unwrap();
    assert_eq!(configuration.watch.maximum_fact_age, TimeDelta::days(10));
    assert_eq!(configuration.watch.end_of_life_notice, TimeDelta::days(7));
    assert_eq!(configuration.limits.resumes, Some(9));
    let names: Vec<&str> = configuration
        .projects
        .iter()
        .map(|project| project.package.as_str())
        .collect();
    assert_eq!(names, ["some-package", "c", "d", "e"]);
    let first = &configuration.projects[0].settings;
    assert_eq!(first.reaction(Event::Security), Reaction::Issue);
    assert_eq!(first.reaction(Event::Exposed), Reaction::Inform);
    assert_eq!(configuration.projects[1].lines[1].name(), ">=1, <2");
}

#[test]
fn variables_count_without_a_file() {
    let variables = of(&[
        ("REWHEEL_DEFAULTS__FOLLOW", "latest"),
        ("REWHEEL_INDEX__URL", "https://index.example/simple/"),
    ]);
    let configuration = read(None, variables).unwrap();
    assert_eq!(configuration.defaults.follow, Follow::Latest);
    assert!(configuration.index_url.is_some());
}

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
    let error = read(None, of(&[("REWHEEL_PROJECT__0__PACKAGE", "a")])).unwrap_err();
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
    assert_snapshot!(wrong("schedule = \"* * * * *\""), @r#"
    rewheel.toml:1:1: unknown key `schedule`; it belongs in `watch`
      |
    1 | schedule = "* * * * *"
      | ^^^^^^^^
    "#);
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
    "[[project]]\npackages = [\"a\", \"a\"]",
    "2:18: the line `main` of a is there already"
)]
#[case(
    "[[project]]\npackage = \"a\"\npolicy.security = [\"issue\", \"steps\"]",
    "3:29: `security` asks for steps, and the project has no [[project.step]]"
)]
#[case(
    "[[project]]\npackage = \"a\"\npolicy.security = [\"steps\"]\nstep = [{ name = \"a\", run.workflow = \"w\" }]",
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
    "`url`: it does not begin with \"sqlite:\""
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
    "[[project.step]]\nrun.workflow = \"w\"",
    "3:1: this step has no `name`"
)]
#[case("[[project.step]]\nname = \"a\"", "3:1: a step has exactly one of")]
#[case(
    "[[project.step]]\nname = \"a\"\nrun.workflow = \"w\"\nfile = {}",
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
    "[[project.step]]\nname = \"bump\"\nrun.workflow = \"w\"\nneeds = [\"bmup\"]",
    "6:10: unknown step `bmup`; did you mean `bump`?"
)]
#[case(
    "[[project.step]]\nname = \"a\"\nrun.workflow = \"w\"\nneeds = [\"b\"]\n\
     [[project.step]]\nname = \"b\"\nrun.workflow = \"w\"\nneeds = [\"a\"]",
    "6:9: these steps wait for each other: a, b"
)]
#[case(
    "[[project.step]]\nname = \"a\"\nrun.workflow = \"w\"\n[[project.step]]\nname = \"a\"\nrun.workflow = \"w\"",
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
