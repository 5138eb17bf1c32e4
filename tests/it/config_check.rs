//! `rewheel config check`: what it says of a configuration by itself, and what GitHub says of it.

use std::path::PathBuf;

use chrono::Utc;
use insta::assert_snapshot;

use crate::support::command::{Ran, User};
use crate::support::fake_github::{
    APP_KEY, Access, FakeGithub, Fault, Input, Level, Matcher, Token, Workflow,
};

const PROJECT: &str = r#"
[[project]]
package = "demo"
repository = "owner/demo"
issue.labels = ["openssl"]
policy.security = ["issue", "steps"]

[[project.step]]
name = "bump"
repository = "owner/infra"
file = { path = "openssl.txt", ref = "main", contains = "openssl-{{ openssl.version }}" }

[[project.step]]
name = "wheels"
needs = ["bump"]
platforms = ["linux"]
dispatch = { workflow = "wheels.yml", ref = "main", inputs = { version = "{{ openssl.version }}" } }
"#;

/// Somebody with a configuration, and the GitHub that it speaks of.
struct House {
    user: User,
    fake: FakeGithub,
}

impl House {
    /// Everything is there, and the token may do all of it.
    fn new() -> Self {
        Self::with(FakeGithub::start())
    }

    fn with(fake: FakeGithub) -> Self {
        fake.repository("owner/demo");
        fake.repository("owner/infra");
        fake.commit("owner/infra", "main", "openssl.txt", b"openssl-3.5.3\n");
        let wheels = Workflow::new("wheels.yml").dispatched([Input::required("version")]);
        fake.workflow("owner/demo", wheels);
        fake.token("t0ken", Token::person("rewheel").everywhere(Access::all()));
        Self {
            user: User::new(),
            fake,
        }
    }

    fn configure(&self, text: &str) -> PathBuf {
        let path = self.user.home().join("rewheel.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn check(&self, text: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let path = self.configure(text);
        let (path, url) = (path.to_str().unwrap(), self.fake.url());
        let fixed = [("REWHEEL_GITHUB__API", url.as_str()), ("NO_PROXY", "*")];
        let ran = self.user.run_with(
            &[&["config", "check", path], arguments].concat(),
            &[&fixed[..], variables].concat(),
        );
        // Whatever it says, it has changed nothing, and told no secret.
        assert!(
            self.fake
                .writes()
                .iter()
                .all(|write| write.path.starts_with("/app/"))
        );
        for text in [&ran.stdout, &ran.stderr] {
            assert!(
                !text.contains("t0ken") && !text.contains("PRIVATE"),
                "{text}"
            );
        }
        ran.is_plain();
        ran
    }

    fn online(&self, text: &str) -> Ran {
        self.check(text, &["--online"], &[("GITHUB_TOKEN", "t0ken")])
    }
}

/// What GitHub says, without the lines before it.
fn told(ran: &Ran) -> &str {
    let (_, told) = ran.stdout.split_once("GitHub says\n").unwrap();
    told
}

#[test]
fn what_a_configuration_says_is_told() {
    let house = House::new();
    let more = "\n[[project]]\npackages = [\"a\"]\n[[project]]\npackage = \"c\"\n";
    let ran = house.check(&format!("{PROJECT}{more}"), &[], &[]);
    ran.exits(0);
    let (_, text) = ran.stdout.split_once("rewheel.db\n").unwrap();
    assert_snapshot!(text, @r#"
    demo
      lines: main
      repository: owner/demo
      opens the issue for: withdrawn, exposed, end-of-life, bug-fix
      opens the issue and starts the steps for: security
      severity that starts steps: low or higher
      steps:
        1. bump: looks for `openssl-{{ openssl.version }}` in openssl.txt of owner/infra on main
        2. wheels, after bump: starts wheels.yml on main with version = `{{ openssl.version }}`

    a
      lines: main
      repository: none
      acts: never, it is reported on only

    c
      lines: main
      repository: none
      acts: never: its policy asks for the issue, and no `repository` is named
    "#);
    ran.says("with no token: GITHUB_TOKEN is not set, so nothing can be written");
    assert_eq!(house.fake.requests().len(), 0);
}

#[test]
fn a_configuration_must_be_named_and_valid() {
    let user = User::new();
    user.run(&["config", "check"])
        .exits(2)
        .complains("no configuration is named: rewheel config check FILE");
    let house = House::new();
    house
        .check("[watch]\nshedule = \"x\"\n", &["--online"], &[])
        .exits(2)
        .complains("rewheel.toml:2:1: unknown key `shedule`; did you mean `schedule`?");
    assert_eq!(house.fake.requests().len(), 0);
    let path = house.configure(PROJECT);
    user.run_with(
        &["config", "check"],
        &[("REWHEEL_CONFIG", path.to_str().unwrap())],
    )
    .exits(0)
    .says("starts wheels.yml");
}

#[test]
fn a_token_does_not_tell_what_it_may_do() {
    let house = House::new();
    let ran = house.online(PROJECT);
    ran.exits(3);
    assert_snapshot!(told(&ran), @r#"
    of demo:
      good: it acts as rewheel
      good: owner/demo can be read; its number is 1001
      could not tell: the tracking issue needs "issues: write" in owner/demo, and GitHub does not tell whether this token has it: see to it where the token was made, or in the job's `permissions`
      good: the label `openssl` is not there yet and would be created
      good: step `bump`: openssl.txt in owner/infra on main holds such a text today
      good: step `wheels`: wheels.yml of owner/demo takes what it is given
      could not tell: step `wheels`: starting it needs "actions: write" in owner/demo, and GitHub does not tell whether this token has it: see to it where the token was made, or in the job's `permissions`
    "#);
}

#[test]
fn an_app_tells_what_it_may_do() {
    let house = House::with(FakeGithub::start_at(Utc::now()));
    let repositories = ["owner/demo", "owner/infra"];
    house
        .fake
        .app(7, "rewheel-app", &repositories, Access::all());
    std::fs::write(house.user.home().join("app.pem"), APP_KEY).unwrap();
    let text = format!("[github]\napp = {{ id = 7, key-file = \"app.pem\" }}\n{PROJECT}");
    let ran = house.check(&text, &["--online"], &[]);
    ran.exits(0).says("good: it acts as rewheel-app[bot]");
    ran.says("good: \"issues: write\" is granted in owner/demo");
    ran.says("good: step `wheels`: \"actions: write\" is granted in owner/demo");

    house.fake.edit_app(7, |app| {
        app.access.issues = Level::Read;
        app.access.actions = Level::Read;
    });
    let ran = house.check(&text, &["--online"], &[]);
    ran.exits(2);
    ran.says(
        "wrong: the tracking issue needs \"issues: write\" in owner/demo, and the App has \
         \"issues: read\" there: grant it",
    );
    ran.says("wrong: step `wheels`: starting it needs \"actions: write\" in owner/demo");

    house.fake.edit_app(7, |app| app.repositories.truncate(1));
    let ran = house.check(&text, &["--online"], &[]);
    ran.exits(2);
    ran.says("wrong: step `bump`: the GitHub App 7 is not installed for owner/infra");
}

#[test]
fn what_cannot_work_says_what_to_change() {
    let house = House::new();
    let fake = &house.fake;
    fake.commit("owner/infra", "main", "openssl.txt", b"libressl-4.0.0\n");
    let changed = Workflow::new("other.yml").dispatched([Input::required("openssl")]);
    fake.workflow("owner/demo", changed);
    fake.workflow("owner/demo", Workflow::new("push.yml"));
    fake.workflow(
        "owner/demo",
        Workflow {
            state: "disabled_manually".to_owned(),
            ..Workflow::new("off.yml").dispatched([])
        },
    );
    let steps = r#"
[[project.step]]
name = "missing file"
file = { path = "nowhere.txt", contains = "{{ openssl.version }}" }
[[project.step]]
name = "missing branch"
file = { path = "nowhere.txt", ref = "next", contains = "{{ openssl.version }}" }
[[project.step]]
name = "missing workflow"
run = { workflow = "nothing.yml" }
[[project.step]]
name = "other inputs"
dispatch = { workflow = "other.yml", inputs = { opensll = "x" } }
[[project.step]]
name = "no trigger"
dispatch = { workflow = "push.yml" }
[[project.step]]
name = "off"
dispatch = { workflow = "off.yml" }
[[project.step]]
name = "event"
dispatch = { event = "openssl" }
[[project.step]]
name = "missing repository"
repository = "owner/nothing"
run = { workflow = "nothing.yml" }
"#;
    let ran = house.online(&format!("{PROJECT}{steps}"));
    ran.exits(2);
    let told: String = told(&ran)
        .lines()
        .filter(|line| line.contains("step `"))
        .filter(|line| !line.contains("GitHub does not tell"))
        .flat_map(|line| [line.trim(), "\n"])
        .collect();
    assert_snapshot!(told, @r#"
    could not tell: step `bump`: openssl.txt in owner/infra on main holds nothing like `openssl-{{ openssl.version }}` today: see that `contains` is what it will hold
    good: step `wheels`: wheels.yml of owner/demo takes what it is given
    wrong: step `missing file`: there is no file nowhere.txt in owner/demo: correct `path`, or add the file
    wrong: step `missing branch`: there is no branch or tag next in owner/demo, or it may not be read: correct `ref`, or grant "contents: read"
    wrong: step `missing workflow`: there is no workflow nothing.yml in owner/demo, or it may not be seen: correct `workflow`, or grant "actions: read"
    wrong: step `other inputs`: other.yml has no input `opensll`; did you mean `openssl`?
    wrong: step `other inputs`: other.yml requires the input `openssl`: add it to `inputs` of the step
    wrong: step `no trigger`: push.yml cannot be started: add `workflow_dispatch:` below `on:` in it, on the default branch too
    wrong: step `off`: off.yml cannot be started, somebody switched it off: switch it on under Actions in the repository
    wrong: step `event`: no workflow of owner/demo listens to the event `openssl`: add `repository_dispatch:` with `types: [openssl]` below `on:` in one of them, on the default branch
    wrong: step `missing repository`: GitHub answered 404 to GET /repos/owner/nothing: there is no such thing, or it may not be seen; GitHub says 404 for a missing permission too, so check the name, and that the token or App may access the repository with "metadata: read"
    "#);
}

#[test]
fn an_event_needs_a_workflow_that_listens() {
    let house = House::new();
    let event = "[[project.step]]\nname = \"event\"\ndispatch = { event = \"openssl-release\" }\n";
    let text = format!("{PROJECT}{event}");
    let listening = Workflow::new("listening.yml").on_event(&["openssl-releases"]);
    house.fake.workflow("owner/demo", listening);
    house.online(&text).exits(2).says(
        "wrong: step `event`: no workflow listens to the event `openssl-release`: add it to \
         `types` of `repository_dispatch`; did you mean `openssl-releases`?",
    );
    house
        .fake
        .workflow("owner/demo", Workflow::new("any.yml").on_event(&[]));
    let ran = house.online(&text);
    ran.exits(3).omits("wrong:").says(
        "good: step `event`: .github/workflows/any.yml of owner/demo listens to the event \
         `openssl-release`",
    );
    ran.says("could not tell: step `event`: sending it needs \"contents: write\" in owner/demo");
}

#[test]
fn a_repository_that_cannot_be_acted_on_is_wrong() {
    for (edit, expected) in [
        (
            0,
            "wrong: owner/demo is archived, so nothing can be written there",
        ),
        (
            1,
            "wrong: issues are switched off in owner/demo: switch them on",
        ),
        (
            2,
            "wrong: owner/demo is called owner/new now: write its new name",
        ),
    ] {
        let house = House::new();
        match edit {
            0 => house
                .fake
                .edit_repository("owner/demo", |it| it.archived = true),
            1 => house
                .fake
                .edit_repository("owner/demo", |it| it.has_issues = false),
            _ => house.fake.rename("owner/demo", "owner/new"),
        };
        house.online(PROJECT).exits(2).says(expected);
    }
}

#[test]
fn a_token_that_is_refused_or_missing_is_wrong() {
    let house = House::new();
    let ran = house.check(PROJECT, &["--online"], &[("GITHUB_TOKEN", "other")]);
    ran.exits(2)
        .says("wrong: GitHub answered 401 to GET /repos/owner/demo");
    let ran = house.check(PROJECT, &["--online"], &[]);
    ran.exits(2)
        .says("wrong: there is no token, so nothing can be written: set");
    let weak = Token::person("guest").everywhere(Access::read());
    house.fake.token("weak", weak);
    let ran = house.check(PROJECT, &["--online"], &[("GITHUB_TOKEN", "weak")]);
    ran.exits(2)
        .says("wrong: GitHub would drop the labels and assignees");
    ran.says("wrong: step `wheels`: starting it needs \"actions: write\" in owner/demo, and whose token it is may not write there");
}

#[test]
fn what_github_does_not_answer_is_not_told() {
    let house = House::new();
    house.fake.fault(
        Matcher::new("GET", "/repos/owner/demo").always(),
        Fault::Malformed,
    );
    let ran = house.online(PROJECT);
    ran.exits(3)
        .says("could not tell: the answer to GET /repos/owner/demo cannot be read");
}

#[test]
fn a_project_that_acts_on_nothing_asks_nothing() {
    let house = House::new();
    let ran = house.online("[[project]]\npackages = [\"a\", \"b\"]\n");
    ran.exits(0)
        .says("good: nothing to ask: it acts on nothing");
    assert_eq!(house.fake.requests().len(), 0);
}
