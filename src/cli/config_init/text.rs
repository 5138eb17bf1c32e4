//! The configuration that `config init` writes: short, with comments that say what may be changed.

/// What the configuration is to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The package.
    pub(super) package: String,
    /// The repository with its tracking issue; without one it is reported on only.
    pub(super) repository: Option<String>,
    /// The workflow that builds its wheels; without one only the issue is kept.
    pub(super) workflow: Option<String>,
    /// Which series is followed; the linked one when nothing is said.
    pub(super) follow: Option<String>,
}

const HEAD: &str = r#"# What rewheel watches, and what it does about it. A key that is left out has its default:
# `rewheel config schema --format markdown` lists every key.

[watch]
# schedule = "*/15 * * * *"      # when the daemon looks: cron, in the time zone below
# timezone = "UTC"

[state]
# url = "sqlite:rewheel.db"      # beside this file; "none" for a job that keeps no files

"#;

const GITHUB: &str = r#"[github]
token-env = "GITHUB_TOKEN"       # the variable with the token; or token-file = "…", or
                                 # app = { id = 1, key-file = "…" }

"#;

const REPORT_POLICY: &str = r#"
[project.policy]                 # [] reports; with a repository ["issue"] keeps an issue there
security = []
bug-fix = []
end-of-life = []
exposed = []
withdrawn = []
"#;

const ISSUE_POLICY: &str = r#"
[project.policy]                 # [] reports, ["issue"] keeps the tracking issue
security = ["issue"]
bug-fix = ["issue"]
end-of-life = ["issue"]
exposed = ["issue"]
withdrawn = ["issue"]
# new-series = ["issue"]

[project.issue]
labels = ["openssl"]
# assignees = ["octocat"]
"#;

const STEPS_POLICY: &str = r#"
[project.policy]                 # [] reports, ["issue"] keeps the tracking issue,
security = ["issue", "steps"]    # ["issue", "steps"] starts the steps below too
withdrawn = ["issue", "steps"]
bug-fix = ["issue", "steps"]
end-of-life = ["issue"]
exposed = ["issue"]
# new-series = ["issue"]
steps-severity = "low"           # the lowest severity that starts steps

[project.issue]
labels = ["openssl"]
# assignees = ["octocat"]

[[project.step]]
name = "wheels"
platforms = ["linux", "macos", "windows"]   # whose wheels it makes
attempts = 3                     # how many times it may be started for one OpenSSL
"#;

const INPUTS: &str = r#"# ref = "main"                   # the branch; by default the default one

[project.step.dispatch.inputs]   # by their names there; remove what it does not take
openssl-version = "{{ openssl.version }}"
openssl-sha256 = "{{ openssl.sha256 }}"
# correlation = "{{ rewheel.correlation }}"   # in its `run-name`: the run is found again
"#;

/// The configuration.
pub(super) fn text(wanted: &Wanted) -> String {
    let mut text = HEAD.to_owned();
    if wanted.repository.is_some() {
        text.push_str(GITHUB);
    }
    text.push_str("[[project]]\n");
    text.push_str(&entry("package", &wanted.package));
    match &wanted.repository {
        Some(repository) => text.push_str(&entry("repository", repository)),
        None => text.push_str(
            "# repository = \"owner/name\"      # for a tracking issue; without it: only reports\n",
        ),
    }
    text.push_str(
        "# lines = [\"main\", \"~=2.0\"]      # the newest release, and older ones that are maintained\n",
    );
    match &wanted.follow {
        Some(follow) => text.push_str(&entry("follow", follow)),
        None => text.push_str(
            "# follow = \"series\"              # or \"latest\", \"lts\", or a series such as \"3.5\"\n",
        ),
    }
    match (&wanted.repository, &wanted.workflow) {
        (Some(_), Some(workflow)) => {
            text.push_str(STEPS_POLICY);
            text.push_str("\n[project.step.dispatch]\n");
            text.push_str(&entry("workflow", workflow));
            text.push_str(INPUTS);
        }
        (Some(_), None) => text.push_str(ISSUE_POLICY),
        (None, _) => text.push_str(REPORT_POLICY),
    }
    text
}

/// A key with a text, quoted.
fn entry(key: &str, value: &str) -> String {
    format!("{key} = {}\n", toml::Value::from(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// No text leaves its quotes: what is not meant to be a value is refused, and adds nothing.
        #[test]
        fn what_is_given_stays_a_value(
            package in any::<String>(),
            repository in prop::option::of(any::<String>()),
            workflow in prop::option::of("[\"'\\\\\n\r#=\\[\\]{}a-z.]{0,12}"),
        ) {
            let wanted = Wanted { package, repository, workflow, follow: None };
            let written: toml::Table = toml::from_str(&text(&wanted)).unwrap();
            let project = &written["project"][0];
            prop_assert_eq!(project["package"].as_str(), Some(wanted.package.as_str()));
            prop_assert_eq!(
                project.get("repository").and_then(toml::Value::as_str),
                wanted.repository.as_deref()
            );
            if let (Some(_), Some(workflow)) = (&wanted.repository, &wanted.workflow) {
                let step = &project["step"][0]["dispatch"]["workflow"];
                prop_assert_eq!(step.as_str(), Some(workflow.as_str()));
            }
            let sections = written.keys().filter(|name| *name != "github").count();
            prop_assert_eq!(sections, 3);
            prop_assert_eq!(written["project"].as_array().map(Vec::len), Some(1));
        }
    }
}
