//! How to act: who, where, which steps, and the template of the issue.

use rstest::rstest;

use crate::model::{Os, Start, StepKind};

use super::*;

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
    let configuration = read(Some((&source, path)), [], WithoutLedger::Refuse).unwrap();
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
    let configuration = read(Some((&source, path)), of(&variables), WithoutLedger::Refuse).unwrap();
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

#[rstest]
#[case(
    "[github]\napp = { id = 3, key-file = \"k\" }\nlogin = \"a\"",
    "3:9: `login` is for tokens"
)]
#[case("[github]\nlogin = \"@octocat\"", "write the name without the `@`")]
#[case(
    "[github]\narchive-hosts = [\"*.net\"]",
    "2:18: `archive-hosts`: \"*.net\" stands for half of the internet"
)]
#[case("[github]\nwrite-interval = \"1\"", "\"1\" is no duration")]
#[case(
    "[[project]]\npackage = \"a\"\nrepository = \"pyca\"",
    "3:14: `repository`: \"pyca\" is no repository, such as \"owner/name\""
)]
#[case(
    "[[project]]\npackage = \"a\"\nissue.labels = [\"openssl\", \"@all\"]",
    "3:28: `labels`: \"@all\" holds an `@`"
)]
#[case(
    "[[project]]\npackage = \"a\"\nissue.assignees = [\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\"]",
    "3:19: GitHub assigns an issue to 10 people at most"
)]
#[case(
    "[[project]]\npackage = \"a\"\nissue.mailing-list = \"a@b.example?bcc=c\"",
    "is no address of a mailing list"
)]
#[case(
    "[[project]]\npackage = \"a\"\nissue.template = \"missing.md\"",
    "3:18: `template`: missing.md cannot be read: "
)]
#[case(
    "[[project]]\npackage = \"a\"\n[[project.step]]\nname = \"wheels\"\nrun.workflow = \"w.yml\"",
    "4:8: the step `wheels` has no `repository`, and neither has its project"
)]
#[case(
    "[[project]]\npackage = \"a\"\npolicy.security = [\"issue\", \"steps\"]\n\
     [[project.step]]\nname = \"w\"\nrepository = \"a/b\"\nrun.workflow = \"w.yml\"",
    "3:29: `security` asks for steps, and the project has no `repository`"
)]
fn what_acting_needs_has_its_place(#[case] text: &str, #[case] expected: &str) {
    let shown = wrong(text);
    assert!(shown.contains(expected), "{shown}");
}

#[rstest]
#[case(
    "dispatch = { workflow = \"w.yml\", inputs = { v = \"{{ openssl.verison }}\" } }",
    "6:49: `v`: it names an unknown value `openssl.verison`; did you mean `openssl.version`?"
)]
#[case(
    "dispatch = { workflow = \"w.yml\", ref = \"{{ openssl.version\" }",
    "`ref`: it is no template: line 1: "
)]
#[case(
    "dispatch = { workflow = \"Build wheels\" }",
    "`workflow`: \"Build wheels\" is no workflow: write the name of its file"
)]
#[case(
    "dispatch = { event = \"e\", ref = \"main\" }",
    "6:33: `ref` is for a `workflow`"
)]
#[case(
    "file = { path = \"p\", contains = \"{% if false %}x{% endif %}\" }",
    "`contains`: it is empty"
)]
#[case(
    "file = { path = \"../p\", contains = \"x\" }",
    "`path`: \"../p\" is no file in a repository"
)]
#[case(
    "file = { path = \"p\", ref = \"{{ project.line }}\", contains = \"x\" }",
    "`ref`: it is no template"
)]
#[case(
    "run.workflow = \"w.yml\"\nattempts = 2",
    "7:12: `attempts` is for a step that is started"
)]
#[case(
    "dispatch.workflow = \"w.yml\"\nattempts = 11",
    "`attempts` is to be a whole number from 1 to 10"
)]
#[case(
    "dispatch.workflow = \"w.yml\"\nreruns = 11",
    "`reruns` is to be a whole number from 0 to 10"
)]
fn what_a_step_says_has_its_place(#[case] text: &str, #[case] expected: &str) {
    let shown = wrong(&format!(
        "[[project]]\npackage = \"a\"\nrepository = \"owner/a\"\n[[project.step]]\nname = \"s\"\n{text}"
    ));
    assert!(shown.contains(expected), "{shown}");
}

#[rstest]
#[case(
    "workflow = \"w.yml\"",
    25,
    "a workflow takes 25 inputs at most, and these are 26"
)]
#[case(
    "event = \"e\"",
    10,
    "an event carries 10 inputs at most, and these are 11"
)]
fn inputs_are_counted(#[case] start: &str, #[case] most: usize, #[case] expected: &str) {
    let text = |count: usize| {
        let inputs: Vec<String> = (0..count).map(|at| format!("i{at} = \"x\"")).collect();
        format!(
            "[[project]]\npackage = \"a\"\nrepository = \"owner/a\"\n[[project.step]]\nname = \"s\"\n\
             dispatch = {{ {start}, inputs = {{ {} }} }}",
            inputs.join(", ")
        )
    };
    assert_eq!(good(&text(most)).projects[0].steps.len(), 1);
    let shown = wrong(&text(most + 1));
    assert!(shown.contains(expected), "{shown}");
}
