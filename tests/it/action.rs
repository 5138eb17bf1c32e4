//! The action: its steps as a runner runs them, with the real command, against a GitHub, an index
//! and OpenSSL's feeds over loopback.

use std::time::Duration;

use chrono::Utc;
use rstest::rstest;

use crate::support::binary::{VULNERABLE, wheel_carrying};
use crate::support::fake_feeds::FakeFeeds;
use crate::support::fake_github::{Access, FakeGithub, Fault, Input, Matcher, Token, Workflow};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::fake_receiver::FakeReceiver;
use crate::support::reply;
use crate::support::runner::{Job, yaml};

const OWN: &str = "example/demo";
const TOKEN: &str = "ghs_token_of_the_job";

/// The world of a repository that publishes `demo`.
struct World {
    github: FakeGithub,
    index: FakeIndex,
    feeds: FakeFeeds,
}

impl World {
    fn new() -> Self {
        // The real command goes by the clock.
        let github = FakeGithub::start_at(Utc::now());
        github.repository(OWN);
        let read = Token::workflow().everywhere(Access::read());
        github.token(TOKEN, read.on(OWN, Access::all()));
        let index = FakeIndex::start_blocking();
        for platform in ["manylinux_2_28_x86_64", "win_amd64"] {
            let name = format!("demo-1.0-cp39-abi3-{platform}.whl");
            index.publish("demo", FakeFile::new(&name, wheel_carrying(VULNERABLE)));
        }
        Self {
            github,
            index,
            feeds: FakeFeeds::start(),
        }
    }

    /// A scheduled job that looks at `demo`.
    fn job(&self) -> Job {
        self.github.settle();
        let mut job = Job::scheduled(OWN, &self.github.url(), TOKEN);
        job.set("REWHEEL_OPENSSL__API", &self.feeds.url())
            .set("REWHEEL_OPENSSL__ARCHIVE_HOSTS", "localhost")
            .set("REWHEEL_GITHUB__WRITE_INTERVAL", "0s")
            .with("index-url", &self.index.url());
        job
    }

    /// The same with a configuration instead of a package.
    fn configured(&self, text: &str) -> Job {
        let mut job = self.job();
        let feeds = format!(
            "[openssl]\napi = \"{}\"\narchive-hosts = [\"localhost\"]\n",
            self.feeds.url()
        );
        job.check_out("rewheel.toml", &format!("{feeds}{text}"))
            .with("config", "rewheel.toml");
        job
    }
}

#[test]
fn a_schedule_keeps_one_tracking_issue() {
    let world = World::new();
    let mut job = world.job();
    job.with("package", "demo").with("repository", OWN);
    let first = job.run();
    first
        .succeeds()
        .says("compiled from the action's own sources");
    let issues = world.github.open_issues(OWN);
    assert_eq!(issues.len(), 1, "{first:#?}");
    assert_eq!(issues[0].author, "github-actions[bot]");
    let address = format!("https://github.com/{OWN}/issues/{}", issues[0].number);
    for (name, value) in [
        ("decision", "track"),
        ("linked", "3.5.4"),
        ("due", "true"),
        ("issue-url", address.as_str()),
    ] {
        assert_eq!(first.outputs[name], value, "{first:#?}");
    }
    assert!(first.outputs["target"].starts_with("3.5."), "{first:#?}");
    assert!(["high", "critical"].contains(&first.outputs["severity"].as_str()));
    let report = std::fs::read_to_string(&first.outputs["report"]).unwrap();
    assert!(report.contains("\"rewheel/check/v1\""));
    assert!(first.summary.contains("| demo | 1&#46;0 | 3&#46;5&#46;4 |"));
    assert_eq!(
        first.commands(),
        ["notice", "group", "endgroup", "warning"],
        "{}",
        first.log
    );
    // Nothing but the issue remembers it.
    world.github.settle().forget_requests();
    let second = job.run();
    second.succeeds();
    assert_eq!(world.github.writes().len(), 0);
    assert_eq!(world.github.open_issues(OWN).len(), 1);
    assert_eq!(second.outputs["issue-url"], address, "{second:#?}");
    assert_eq!(second.outputs["due"], "true");
}

/// The job's token is for the server that gave it: OpenSSL's releases are asked for with it where they
/// are on that server, and without one elsewhere.
#[test]
fn openssl_is_asked_with_the_token_of_the_job_on_its_own_server_only() {
    for is_own in [true, false] {
        let world = World::new();
        let mut job = world.job();
        if is_own {
            job.set("GITHUB_API_URL", &world.feeds.url());
        }
        let done = job.with("package", "demo").run();
        done.succeeds();
        assert_eq!(done.outputs["due"], "true");
        let asked = world.feeds.requests();
        assert!(!asked.is_empty());
        for request in asked {
            let token = request.header("authorization");
            let is_api = request.path.starts_with("/repos/");
            assert_eq!(token.contains(TOKEN), is_own && is_api);
        }
    }
}

#[test]
fn a_series_that_openssl_never_had_opens_nothing() {
    let world = World::new();
    let mut job = world.job();
    job.with("package", "demo").with("repository", OWN);
    let done = job.with("follow", "9.9").run();
    done.succeeds();
    done.says(
        "::warning title=rewheel::demo: `follow` names 9.9, a series that OpenSSL is not known",
    );
    assert_eq!(world.github.writes().len(), 0, "{done:#?}");
    assert_eq!(done.outputs["decision"], "inform");
    assert_eq!(done.outputs["target"], "");
    // A wheel is vulnerable, whatever is to be followed.
    assert_eq!(done.outputs["due"], "true");
}

#[rstest]
#[case("due", false)]
#[case("vulnerable", false)]
#[case("high", false)]
#[case("never", true)]
fn it_fails_when_it_is_told_to(#[case] fail_on: &str, #[case] succeeds: bool) {
    let world = World::new();
    let mut job = world.job();
    let done = job.with("package", "demo").with("fail-on", fail_on).run();
    assert_eq!(done.succeeded, succeeds, "{done:#?}");
    assert_eq!(done.outputs["due"], "true");
    assert_eq!(world.github.writes().len(), 0);
}

#[test]
fn a_workflow_is_started_with_version_and_hash() {
    let world = World::new();
    // With the inputs of the example that it is to start.
    let example = include_str!("../../deploy/github/wheels.yml");
    let inputs = yaml(example)["on"]["workflow_dispatch"]["inputs"].clone();
    let inputs = inputs.as_object().unwrap().iter().map(|(name, input)| {
        if input["required"] == "true" {
            Input::required(name)
        } else {
            Input::optional(name)
        }
    });
    let workflow = Workflow::new("wheels.yml").dispatched(inputs);
    world.github.workflow(OWN, workflow);
    let api = world.feeds.url();
    world.feeds.edit_releases(|release| {
        let text = release["assets"].to_string();
        release["assets"] =
            serde_json::from_str(&text.replace("https://github.com", &api)).unwrap();
    });
    let mut job = world.job();
    job.with("package", "demo")
        .with("repository", OWN)
        .with("workflow", "wheels.yml");
    for _ in 0..2 {
        let left = job.run();
        left.succeeds();
        assert_eq!(left.outputs["decision"], "rebuild");
        assert!(world.github.runs(OWN).is_empty(), "without a hash");
        let why = "the input `openssl-sha256` cannot be rendered: `openssl.sha256` is not known";
        left.says(&format!("::warning title=rewheel::{why}"));
        assert!(
            left.summary.contains("dispatch&#58;") || left.summary.contains("dispatch: skipped")
        );
        let report = std::fs::read_to_string(&left.outputs["report"]).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let actions = report["projects"][0]["actions"].as_array().unwrap();
        let action = actions.iter().find(|one| one["kind"] == "dispatch");
        let action = action.unwrap();
        assert_eq!(action["state"], "skipped");
        assert!(action["error"].as_str().unwrap().contains(why), "{action}");
        world.github.settle();
    }
    let target = job.run().outputs["target"].clone();
    let path = format!(
        "/openssl/openssl/releases/download/openssl-{target}/openssl-{target}.tar.gz.sha256"
    );
    let body = format!("{}  openssl-{target}.tar.gz\n", "a".repeat(64)).into_bytes();
    let content_type = "text/plain";
    world
        .feeds
        .always(&path, reply::Fault::Page { content_type, body });
    world.github.settle();
    job.run().succeeds();
    let runs = world.github.runs(OWN);
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].inputs["openssl-version"], target);
    assert_eq!(runs[0].inputs["openssl-sha256"], "a".repeat(64));
    world.github.settle();
    job.run().succeeds();
    assert_eq!(world.github.runs(OWN).len(), 1);
}

#[test]
fn a_pull_request_is_told_and_cannot_send_a_token_anywhere() {
    let world = World::new();
    let elsewhere = FakeGithub::start_at(Utc::now());
    let mut job = world.configured(&format!(
        "[github]\napi = \"{}\"\ntoken-file = \"event.json\"\n[state]\nurl = \"sqlite:owned.db\"\n\
         [[project]]\npackage = \"demo\"\nrepository = \"{OWN}\"\n",
        elsewhere.url()
    ));
    job.check_out("event.json", TOKEN)
        .set("GITHUB_EVENT_NAME", "pull_request")
        .set("GITHUB_REF", "refs/pull/1/merge")
        .set("SECRET", TOKEN);
    let done = job.run();
    done.succeeds().says("A dry run without a token");
    assert_eq!(done.outputs["due"], "true");
    assert!(elsewhere.requests().is_empty());
    assert!(world.github.requests().is_empty());
    assert!(!job.path("workspace/owned.db").exists());
}

#[test]
fn other_repositories_are_reported_on_only() {
    let world = World::new();
    for name in ["example/other", "example/third"] {
        world.github.repository(name);
        let workflow = Workflow::new("wheels.yml").dispatched([]);
        world.github.workflow(name, workflow);
    }
    // It could: the token is a person's, and reaches everything.
    let everything = Token::person("somebody").everywhere(Access::all());
    world.github.token("ghp_somebody", everything);
    for package in ["second", "third"] {
        let name = format!("{package}-1.0-cp39-abi3-win_amd64.whl");
        let file = FakeFile::new(&name, wheel_carrying(VULNERABLE));
        world.index.publish(package, file);
    }
    let mut job = world.configured(
        "[github]\napi = \"http://127.0.0.1:9\"\n\
         [[project]]\npackage = \"demo\"\nrepository = \"Example/Demo\"\n\
         [[project]]\npackage = \"second\"\nrepository = \"example/other\"\n\
         [[project]]\npackage = \"third\"\nrepository = \"example/demo\"\n\
         policy.security = [\"issue\", \"steps\"]\n\
         [[project.step]]\nname = \"wheels\"\nrepository = \"example/third\"\n\
         dispatch = { workflow = \"wheels.yml\" }\n",
    );
    let done = job.with("github-token", "ghp_somebody").run();
    done.succeeds();
    done.says("::notice title=rewheel::second is reported on only: it would act in example/other");
    done.says("::notice title=rewheel::third is reported on only: it would act in example/third");
    assert_eq!(world.github.open_issues(OWN).len(), 1, "{done:#?}");
    assert_eq!(world.github.open_issues(OWN)[0].author, "somebody");
    for name in ["example/other", "example/third"] {
        assert!(world.github.issues(name).is_empty());
        assert!(world.github.runs(name).is_empty());
    }
}

/// A daemon's configuration serves the job, too.
#[test]
fn people_are_left_aside_and_the_ping_goes_out() {
    let world = World::new();
    let receiver = FakeReceiver::start();
    let mut job = world.configured(&format!(
        "[notify]\nping-url-env = \"PING_URL\"\n\
         [[notify.webhook]]\nname = \"ops\"\nurl-env = \"OPS_URL\"\nsecret-env = \"OPS_SECRET\"\n\
         [notify.mail]\nserver = \"127.0.0.1\"\nfrom = \"a@example.org\"\nto = [\"b@example.org\"]\n\
         [[project]]\npackage = \"demo\"\nrepository = \"{OWN}\"\n"
    ));
    job.set("PING_URL", &format!("{}/ping/P0SECRET", receiver.url()))
        .set("OPS_URL", &format!("{}/ops", receiver.url()))
        .set("OPS_SECRET", "a secret of more than 24 bytes");
    let done = job.run();
    done.succeeds();
    done.says("::warning title=rewheel::[notify] is left aside, but for a ping");
    done.says("(ops, mail)");
    let told = done.log.matches("is left aside").count();
    // In the log and as an annotation.
    assert_eq!(told, 2, "{}", done.log);
    assert!(!done.log.contains("P0SECRET"), "{}", done.log);
    let heard = || -> Vec<(String, String)> {
        let heard = receiver.heard().into_iter();
        heard.map(|one| (one.method, one.path)).collect()
    };
    let ping = ("GET".to_owned(), "/ping/P0SECRET".to_owned());
    assert_eq!(heard(), std::slice::from_ref(&ping));
    assert_eq!(world.github.open_issues(OWN).len(), 1);
    // A dry run tells nobody.
    world.github.settle();
    job.with("dry-run", "true").run().succeeds();
    assert_eq!(heard(), [ping]);
}

#[test]
fn the_token_of_an_app_is_asked_whose_it_is() {
    let world = World::new();
    let app = Token::bot("my-app[bot]").on(OWN, Access::all());
    world.github.token("ghs_app", app);
    let mut job = world.job();
    job.with("package", "demo")
        .with("repository", OWN)
        .with("github-token", "ghs_app");
    let done = job.run();
    assert!(!done.succeeded, "{done:#?}");
    done.says("set `login` to that name");
    for _ in 0..2 {
        world.github.settle();
        job.with("login", "my-app[bot]").run().succeeds();
        let issues = world.github.open_issues(OWN);
        assert_eq!(issues.len(), 1);
        assert_eq!(issues[0].author, "my-app[bot]");
    }
}

#[test]
fn what_github_refuses_fails_the_step_and_says_nothing_of_its_own() {
    let world = World::new();
    let refused = Fault::Forbidden;
    world
        .github
        .fault(Matcher::new("POST", "/repos/*/*/issues").always(), refused);
    let mut job = world.job();
    let done = job.with("package", "demo").with("repository", OWN).run();
    assert!(!done.succeeded);
    done.says("::error title=rewheel::An action on GitHub failed.");
    assert!(!format!("{done:?}").contains(TOKEN));
}

#[test]
fn a_repository_that_falls_asleep_is_warned_of() {
    for (days, warned) in [(49, false), (52, true)] {
        let now = Utc::now();
        let past = now - Duration::from_secs(days * 86_400 + 3_600);
        let world = World {
            github: FakeGithub::start_at(past),
            ..World::new()
        };
        world.github.repository(OWN);
        let access = Token::workflow().on(OWN, Access::all());
        world.github.token(TOKEN, access);
        let commit = world.github.commit(OWN, "main", "README.md", b"text");
        let mut job = world.job();
        let done = job
            .set("GITHUB_SHA", &commit)
            .with("package", "demo")
            .with("repository", OWN)
            .with("dry-run", "true")
            .run();
        let says = done
            .log
            .contains("days old. In public repositories GitHub stops");
        assert_eq!(says, warned, "{done:#?}");
        assert_eq!(world.github.writes().len(), 0);
    }
}

#[test]
fn a_package_that_is_not_there_is_told_in_the_summary() {
    let world = World::new();
    let mut job = world.job();
    let done = job.with("package", "dmeo").with("repository", OWN).run();
    assert!(!done.succeeded, "{done:#?}");
    done.says("::error title=rewheel::There is no such package.");
    assert!(done.summary.contains("### dmeo"), "{done:#?}");
    assert_eq!(world.github.writes().len(), 0);
    let mut job = world.job();
    let done = job.with("package", "demo").with("version", "7.0").run();
    assert!(!done.succeeded, "{done:#?}");
    done.says("::error title=rewheel::There is no such version of the package.");
    assert!(
        done.summary.contains("demo has no version that is"),
        "{done:#?}"
    );
}

#[rstest]
#[case("package", "demo\"; touch owned; \"")]
#[case("package", "$(touch owned)")]
#[case("package", "`touch owned`")]
#[case("package", "demo\nGITHUB_TOKEN=x")]
#[case("package", "--config=/dev/null")]
#[case("repository", "$(touch owned)/x")]
#[case("repository", "example/demo\n::set-env name=x::y")]
#[case("follow", "lts\"]\n[github]\napi=\"http://127.0.0.1")]
#[case("workflow", "w.yml && touch owned")]
#[case("platforms", "linux; touch owned")]
#[case("version", "1.0'; touch owned")]
#[case("index-url", "http://127.0.0.1/\" touch owned")]
#[case("index-url", "file:///etc")]
#[case("dry-run", "true; touch owned")]
#[case("fail-on", "never; touch owned")]
#[case("login", "$(touch owned)")]
#[case("github-token", "t\nx: y")]
#[case("openssl-token", "t\r\nx: y")]
#[case("config", "../event.json")]
fn hostile_inputs_do_nothing(#[case] input: &str, #[case] value: &str) {
    let world = World::new();
    let mut job = world.job();
    if input != "config" {
        job.with("package", "demo").with("repository", OWN);
    }
    if input == "platforms" {
        job.with("workflow", "wheels.yml");
    }
    let done = job.with(input, value).run();
    assert!(!done.succeeded, "{done:#?}");
    assert!(
        done.commands()
            .iter()
            .all(|one| ["notice", "error"].contains(one))
    );
    for folder in ["workspace", "temp", "home"] {
        assert!(!job.path(folder).join("owned").exists());
    }
    assert!(world.github.requests().is_empty());
}
