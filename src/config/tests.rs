use std::ffi::OsString;

use chrono::TimeDelta;
use rstest::rstest;
use secrecy::ExposeSecret;

use crate::model::{Library, Os, Severity, Start, StepKind};
use crate::policy::{Event, Follow, Reaction, Settings};

use super::*;

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
    let read = read(None, of(&[("REWHEEL_LIMITS__WHEEL_BYTES", text)]));
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
    let configuration = read(None, variables).unwrap();
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

const ACTING: &str = r#"
[watch]
new-issues-per-cycle = 3
[state]
url = "sqlite:state/ledger.db"
[github]
api = "https://github.example/api/v3"
app = { id = 12, key-file = "app.pem" }
write-interval = "0s"
archive-hosts = ["Artifacts.Example", "*.blobs.example"]
[[project]]
package = "cryptography"
repository = "pyca/cryptography"
policy.security = ["issue", "steps"]
issue.labels = ["security"]
issue.authors = ["github-actions[bot]"]
issue.mailing-list = "list@lists.example"
[[project.step]]
name = "bump"
repository = "pyca/infra"
file = { path = "a/openssl-version.sh", ref = "main", contains = "openssl-{{ openssl.version }}" }
[[project.step]]
name = "openssl-macos"
needs = ["bump"]
series = "3.5"
run = { workflow = "build.yml", ref = "main" }
[[project.step]]
name = "wheels"
needs = ["openssl-macos"]
platforms = ["macos", "any"]
dispatch = { workflow = "wheels.yml", ref = "main", inputs = { version = "{{ project.next }}" } }
attempts = 1
reruns = 0
[[project.step]]
name = "tell"
dispatch = { event = "openssl" }
"#;

#[test]
fn how_to_act_is_read() {
    let source = SourceText {
        name: "rewheel.toml".to_owned(),
        text: ACTING.to_owned(),
    };
    let path = Path::new("/etc/rewheel/rewheel.toml");
    let configuration = read(Some((&source, path)), []).unwrap();
    assert_eq!(configuration.watch.new_issues_per_cycle, 3);
    let ledger = PathBuf::from("/etc/rewheel/state/ledger.db");
    assert_eq!(configuration.state.location, StateUrl::Sqlite(ledger));
    let github = &configuration.github;
    let api = github.api.as_ref().map(url::Url::as_str);
    assert_eq!(api, Some("https://github.example/api/v3"));
    let key_file = PathBuf::from("/etc/rewheel/app.pem");
    assert_eq!(github.credential, Credential::App { id: 12, key_file });
    assert_eq!(github.write_interval, TimeDelta::zero());
    assert_eq!(
        github.archive_hosts,
        ["artifacts.example", "*.blobs.example"]
    );

    let project = &configuration.projects[0];
    assert!(project.wants_issue() && project.wants_steps());
    assert_eq!(project.issue.labels, ["security"]);
    assert_eq!(project.issue.authors, ["github-actions[bot]"]);
    let list = project.issue.mailing_list.as_deref();
    assert_eq!(list, Some("list@lists.example"));
    let [bump, macos, wheels, tell] = project.steps.as_slice() else {
        panic!("{:?}", project.steps);
    };
    assert_eq!(bump.repository, "pyca/infra".parse().ok());
    assert_eq!(
        bump.kind,
        StepKind::File {
            path: "a/openssl-version.sh".to_owned(),
            reference: Some("main".to_owned()),
            contains: "openssl-{{ openssl.version }}".to_owned(),
        }
    );
    assert_eq!((bump.attempts, bump.reruns), (3, 2));
    assert_eq!(macos.needs, ["bump"]);
    assert_eq!(macos.series, "3.5".parse().ok());
    assert_eq!(macos.repository, None);
    assert_eq!(wheels.platforms, [Os::Macos, Os::Any]);
    assert_eq!((wheels.attempts, wheels.reruns), (1, 0));
    let StepKind::Dispatch { start, inputs, .. } = &wheels.kind else {
        panic!("{wheels:?}");
    };
    assert_eq!(*start, Start::Workflow("wheels.yml".to_owned()));
    assert_eq!(inputs["version"], "{{ project.next }}");
    assert_eq!(
        tell.kind,
        StepKind::Dispatch {
            start: Start::Event("openssl".to_owned()),
            reference: None,
            inputs: std::collections::BTreeMap::new(),
        }
    );
}

#[test]
fn what_variables_say_begins_where_the_program_does() {
    let variables = [
        ("REWHEEL_STATE__URL", "sqlite:ledger.db"),
        ("REWHEEL_GITHUB__TOKEN_FILE", "token"),
        ("REWHEEL_PROJECT__0__ISSUE__ASSIGNEES", "a, b"),
    ];
    let text = "[[project]]\npackage = \"a\"\n";
    let source = SourceText {
        name: "rewheel.toml".to_owned(),
        text: text.to_owned(),
    };
    let path = Path::new("/etc/rewheel/rewheel.toml");
    let configuration = read(Some((&source, path)), of(&variables)).unwrap();
    let ledger = PathBuf::from("ledger.db");
    assert_eq!(configuration.state.location, StateUrl::Sqlite(ledger));
    let token = PathBuf::from("token");
    assert_eq!(
        configuration.github.credential,
        Credential::TokenFile(token)
    );
    assert_eq!(configuration.projects[0].issue.assignees, ["a", "b"]);
    // Without a repository nothing can be opened, whatever the policy wants.
    assert!(configuration.projects[0].wants_issue());
    assert_eq!(configuration.projects[0].repository, None);
    let none = read_with("state.url = \"none\"", &[]).unwrap();
    assert_eq!(none.state.location, StateUrl::None);
}

/// A configuration with a template, in a folder of its own; what `prepare` puts there is read.
fn with_template(name: &str, prepare: impl FnOnce(&Path)) -> Result<Option<Template>, ConfigError> {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("configuration");
    std::fs::create_dir(&folder).unwrap();
    prepare(&folder);
    let path = folder.join("rewheel.toml");
    let text = format!(
        "[[project]]\npackage = \"a\"\nrepository = \"a/b\"\nissue.template = \"{name}\"\n"
    );
    std::fs::write(&path, text).unwrap();
    let configuration = load(Some(&path), [])?;
    Ok(configuration.projects[0].issue.template.clone())
}

#[test]
fn a_template_is_read_with_the_configuration() {
    let text = "# {{ project.package }}\n";
    let found = with_template("issue.md", |folder| {
        std::fs::write(folder.join("issue.md"), text).unwrap();
    });
    let template = found.unwrap().unwrap();
    assert_eq!(template.text, text);
    assert!(template.path.ends_with("configuration/issue.md"));
}

#[rstest]
#[case("issue.md", b"{% for %}", "is no template: line 1: ")]
#[case("issue.md", b"\xff", "cannot be read: it is not text in UTF-8")]
#[case(
    "../issue.md",
    b"x",
    "cannot be read: it is outside of the configuration's folder"
)]
#[case(".", b"x", "cannot be read: it is not a regular file")]
#[case("other.md", b"x", "cannot be read: ")]
fn a_template_that_cannot_be_used_is_said(
    #[case] name: &str,
    #[case] bytes: &[u8],
    #[case] expected: &str,
) {
    let found = with_template(name, |folder| {
        for folder in [folder, folder.parent().unwrap()] {
            std::fs::write(folder.join("issue.md"), bytes).unwrap();
        }
    });
    let shown = found.unwrap_err().to_string();
    assert!(shown.contains("rewheel.toml:4:18: `template`: "), "{shown}");
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn a_template_of_more_than_256_kibibytes_is_refused() {
    let read = |length: usize| {
        with_template("issue.md", |folder| {
            std::fs::write(folder.join("issue.md"), "#".repeat(length)).unwrap();
        })
    };
    assert!(read(256 << 10).is_ok());
    let shown = read((256 << 10) + 1).unwrap_err().to_string();
    assert!(shown.contains("it is larger than 256 KiB"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_template_does_not_lead_out_of_the_folder() {
    let linked = |name: &'static str, to: &'static str| {
        with_template(name, move |folder| {
            std::fs::write(folder.parent().unwrap().join("secret"), "x").unwrap();
            std::fs::write(folder.join("real.md"), "inside").unwrap();
            std::os::unix::fs::symlink(to, folder.join("link")).unwrap();
            let pipe = folder.join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.unwrap().success());
        })
    };
    let inside = linked("link", "real.md").unwrap().unwrap();
    assert_eq!(inside.text, "inside");
    for (name, to, expected) in [
        ("link", "../secret", "outside of the configuration's folder"),
        ("link/secret", "..", "outside of the configuration's folder"),
        ("link", "pipe", "not a regular file"),
        ("pipe", "real.md", "not a regular file"),
    ] {
        let shown = linked(name, to).unwrap_err().to_string();
        assert!(shown.contains(expected), "{shown}");
    }
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
