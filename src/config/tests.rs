use std::ffi::OsString;

use chrono::TimeDelta;
use rstest::rstest;
use secrecy::ExposeSecret;

use crate::model::{Library, Severity};
use crate::policy::{Event, Follow, Reaction, Settings};

use super::*;

mod acting;
mod hours;
mod notify;
mod problems;

const DOCUMENT: &str = include_str!("../../docs/configuration.md");

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<Configuration, ConfigError> {
    let source = SourceText {
        name: "rewheel.toml".to_owned(),
        text: text.to_owned(),
    };
    read(
        Some((&source, std::path::Path::new("rewheel.toml"))),
        of(variables),
        WithoutLedger::Refuse,
    )
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
        let of_many = [".step.", ".accept.", ".webhook.", ".mail."];
        let is_setting = !of_many.iter().any(|section| key.contains(section));
        if !default.is_empty() && is_setting {
            let key = key.replacen("project.", "defaults.", 1);
            text.push_str(&format!("{key} = {default}\n"));
        }
    }
    let documented = good(&text);
    let none = good("");
    assert_eq!(documented.watch, none.watch);
    let all: Vec<Event> = documented.defaults.reactions.keys().copied().collect();
    let policy = keys()
        .into_iter()
        .filter(|key| key.starts_with("project.policy."));
    // Every event, and `steps-severity`.
    assert_eq!(all.len() + 1, policy.count());
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
    assert_eq!(none.github.api, None);
    assert_eq!(
        documented.github,
        Github {
            api: documented.github.api.clone(),
            ..none.github
        }
    );
    assert_eq!(documented.state, none.state);
    let project = "[[project]]\npackage = \"a\"\nrepository = \"owner/a\"\n";
    let issue = |text: &str| good(&format!("{text}{project}")).projects[0].issue.clone();
    assert_eq!(issue(&text), issue(""));
    let step = "[[project.step]]\nname = \"s\"\ndispatch.workflow = \"w.yml\"\n";
    let defaults: String = self::documented()
        .into_iter()
        .filter(|(key, default, _)| {
            key.starts_with("project.step.") && default.parse::<u32>().is_ok()
        })
        .map(|(key, default, _)| format!("{} = {default}\n", key.replace("project.step.", "")))
        .collect();
    assert_eq!(defaults.lines().count(), 2);
    let steps = |text: &str| {
        good(&format!("{project}{step}{text}")).projects[0]
            .steps
            .clone()
    };
    assert_eq!(steps(&defaults), steps(""));
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
        // The mirror stands instead of the API, and the template would have to be there.
        .filter(|line| !line.starts_with("# directory") && !line.starts_with("# template"))
        .map(|line| match line.strip_prefix("# ") {
            Some(value) if value.contains(" = ") || value.starts_with('[') => value,
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
    assert_eq!(configuration.openssl.withdrawn[0].to_string(), "3.5.1");
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
    assert_eq!(one.repository, "owner/name".parse().ok());
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
            ("REWHEEL_PROJECT__2__REPOSITORY", "owner/e"),
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

#[rstest]
#[case("500000000", Some(500_000_000))]
#[case(" 500_000_000 ", Some(500_000_000))]
#[case("0x10", Some(16))]
#[case("_5", None)]
#[case("5_", None)]
#[case("5__0", None)]
#[case("5 # five", None)]
#[case("5.0", None)]
#[case("", None)]
fn numbers_of_the_environment_are_written_as_in_the_file(
    #[case] text: &str,
    #[case] number: Option<u64>,
) {
    let read = read(
        None,
        of(&[("REWHEEL_LIMITS__WHEEL_BYTES", text)]),
        WithoutLedger::Refuse,
    );
    assert_eq!(read.ok().and_then(|found| found.limits.wheel_bytes), number);
}

#[test]
fn platforms_can_be_dropped_by_a_project_or_by_all() {
    let text = "[defaults]\ndropped-coverage = [\"windows i686\"]\n\
                [[project]]\npackage = \"a\"\n\
                [[project]]\npackage = \"b\"\ndropped-coverage = [\"linux musl x86_64\"]\n";
    let configuration = read_with(text, &[]).unwrap();
    let dropped = |at: usize| -> Vec<String> {
        let settings = &configuration.projects[at].settings;
        let keys = settings.dropped_coverage.iter();
        keys.map(ToString::to_string).collect()
    };
    assert_eq!(dropped(0), ["windows i686"]);
    assert_eq!(dropped(1), ["linux musl x86_64"]);
    let wrong = "[[project]]\npackage = \"a\"\ndropped-coverage = [\"macos\"]\n";
    let told = read_with(wrong, &[]).unwrap_err().to_string();
    assert!(told.contains("\"macos\" is no platform"), "{told}");
}

#[test]
fn variables_count_without_a_file() {
    let variables = of(&[
        ("REWHEEL_DEFAULTS__FOLLOW", "latest"),
        ("REWHEEL_INDEX__URL", "https://index.example/simple/"),
    ]);
    let configuration = read(None, variables, WithoutLedger::Refuse).unwrap();
    assert_eq!(configuration.defaults.follow, Follow::Latest);
    assert!(configuration.index_url.is_some());
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = |length: usize| "#".repeat(length);
    std::fs::write(file.path(), text(1 << 20)).unwrap();
    assert!(load(Some(file.path()), []).is_ok());
    std::fs::write(file.path(), text((1 << 20) + 1)).unwrap();
    let error = load(Some(file.path()), []).unwrap_err().to_string();
    assert!(
        error.ends_with("cannot be read: it is larger than 1 MiB"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_and_a_device_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero")] {
        let error = load(Some(path), []).unwrap_err().to_string();
        assert!(
            error.ends_with("cannot be read: it is not a regular file"),
            "{error}"
        );
    }
}
