//! The client against a GitHub that keeps state and checks every request against GitHub's own
//! description: each call, with each identity, and each fault before and after a write is stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rewheel::github::{
    Conclusion, Github, GithubSettings, Identity, IssueEdit, IssueState, NewIssue, RunFilter,
    RunStatus, StateReason,
};
use rewheel::model::RepositoryName;
use rewheel::scan::Source;
use rstest::rstest;

use crate::github_client_server::{Subject, subject_with};
use crate::support::fake_github::{
    Access, Artifact, FakeGithub, Fault, Input, Job, Matcher, Token, Workflow,
};

const REPOSITORY: &str = "pyca/demo";

fn name() -> RepositoryName {
    REPOSITORY.parse().unwrap()
}

fn fake() -> FakeGithub {
    let fake = FakeGithub::start();
    fake.repository(REPOSITORY);
    fake.token("t", Token::person("rewheel").everywhere(Access::all()));
    let wheels = Workflow::new("wheels.yml").dispatched([Input::required("version")]);
    fake.workflow(REPOSITORY, wheels);
    fake.workflow(REPOSITORY, Workflow::new("told.yml").on_event(&["openssl"]));
    fake.commit(REPOSITORY, "main", "ci/openssl-version.sh", b"3.5.5\n");
    fake
}

fn subject(fake: &FakeGithub, identity: Identity) -> Subject {
    subject_with(&fake.url(), identity, |settings: &mut GithubSettings| {
        settings.archive_hosts = vec!["localhost".to_owned()];
        settings.answer_bytes = 1 << 20;
    })
}

/// One that gives up on a server that stays silent on purpose, and on no other.
fn subject_against(fake: &FakeGithub, fault: &Fault) -> Subject {
    subject_with(&fake.url(), token(), |settings| {
        settings.answer_bytes = 1 << 20;
        if matches!(fault, Fault::Silent(_)) {
            settings.client.read_timeout = Duration::from_secs(1);
        }
    })
}

fn token() -> Identity {
    Identity::Token("t".to_owned().into())
}

fn new_issue() -> NewIssue {
    NewIssue {
        title: "Rebuild".to_owned(),
        body: "text".to_owned(),
        labels: vec!["security".to_owned()],
        assignees: Vec::new(),
    }
}

/// Every call but those about runs.
async fn tour(github: &Github, me: &str) {
    let r = name();
    assert_eq!(github.me(&r).await.unwrap().login, me);
    assert!(github.repository(&r).await.unwrap().has_issues);
    assert!(!github.has_label(&r, "security").await.unwrap());
    for _ in 0..2 {
        github
            .create_label(&r, "security", "b60205", "")
            .await
            .unwrap();
    }
    assert!(github.has_label(&r, "security").await.unwrap());
    let issue = github.create_issue(&r, &new_issue()).await.unwrap();
    assert_eq!(issue.author.as_deref(), Some(me));
    assert_eq!(issue.labels, ["security"]);
    let closed = IssueEdit::default().close(StateReason::NotPlanned);
    let closed = github.edit_issue(&r, issue.number, &closed).await.unwrap();
    assert_eq!(closed.state, IssueState::Closed);
    assert_eq!(closed.state_reason, Some(StateReason::NotPlanned));
    let reopened = IssueEdit {
        title: Some("Rebuild again".to_owned()),
        ..IssueEdit::default().reopen()
    };
    github
        .edit_issue(&r, issue.number, &reopened)
        .await
        .unwrap();
    let comment = github
        .create_comment(&r, issue.number, "one")
        .await
        .unwrap();
    github.edit_comment(&r, comment.id, "two").await.unwrap();
    let comments = github.comments(&r, issue.number).await.unwrap();
    assert_eq!((comments.len(), comments[0].body.as_str()), (1, "two"));
    let found = github.issues_by(&r, me).await.unwrap();
    assert_eq!((found.len(), found[0].title.as_str()), (1, "Rebuild again"));
    assert_eq!(
        github.issue(&r, issue.number).await.unwrap().state,
        IssueState::Open
    );
    let file = github
        .file(&r, "ci/openssl-version.sh", Some("main"))
        .await
        .unwrap();
    assert_eq!(file.as_deref(), Some(&b"3.5.5\n"[..]));
    assert_eq!(github.file(&r, "none", None).await.unwrap(), None);
    assert_eq!(github.commit(&r, "main").await.unwrap().unwrap().len(), 40);
    let workflow = github.workflow(&r, "wheels.yml").await.unwrap().unwrap();
    assert!(workflow.path.ends_with("wheels.yml"));
}

#[rstest]
#[case::github(false)]
#[case::an_enterprise_server(true)]
#[tokio::test]
async fn runs_are_started_followed_and_run_again(#[case] enterprise: bool) {
    let fake = if enterprise {
        fake().enterprise()
    } else {
        fake()
    };
    let (github, r) = (subject(&fake, token()).github, name());
    tour(&github, "rewheel").await;
    let inputs = BTreeMap::from([("version".to_owned(), "3.5.5".to_owned())]);
    let told = github
        .dispatch_workflow(&r, "wheels.yml", "main", &inputs)
        .await
        .unwrap();
    assert_eq!(told.is_none(), enterprise);
    let filter = RunFilter {
        event: Some("workflow_dispatch".to_owned()),
        branch: Some("main".to_owned()),
        created_since: Some(fake.now() - Duration::from_secs(3600)),
        ..RunFilter::default()
    };
    let runs = github
        .runs(&r, Some("wheels.yml"), &filter, 5)
        .await
        .unwrap();
    assert_eq!((runs.len(), runs[0].actor.as_deref()), (1, Some("rewheel")));
    let id = runs[0].id;
    assert!(told.is_none_or(|told| told.run == id));

    let jobs = vec![Job::new("linux", "success"), Job::new("windows", "failure")];
    let archive = Artifact::new("wheels", &[("a.whl", &[7; 3000])]);
    fake.finish_run(id, "failure", jobs, vec![archive.clone()]);
    let run = github.run(&r, id).await.unwrap().unwrap();
    assert_eq!(
        (run.status, run.conclusion),
        (RunStatus::Completed, Some(Conclusion::Failure))
    );
    let jobs = github.jobs(&r, id).await.unwrap();
    let failed: Vec<&str> = jobs
        .iter()
        .filter(|job| job.conclusion == Some(Conclusion::Failure))
        .map(|job| job.name.as_str())
        .collect();
    assert_eq!(failed, ["windows"]);
    let artifact = github.artifacts(&r, id).await.unwrap().remove(0);
    let download = github.artifact(&r, artifact.id, 1 << 20).await.unwrap();
    assert_eq!(download.archive.len(), archive.archive.len() as u64);
    assert_eq!(download.is(artifact.digest.as_deref()), Some(true));
    github.rerun_failed_jobs(&r, id).await.unwrap();
    assert_eq!(github.run(&r, id).await.unwrap().unwrap().run_attempt, 2);
    github.dispatch_event(&r, "openssl", &inputs).await.unwrap();
    assert_eq!(
        github
            .runs(&r, None, &RunFilter::default(), 9)
            .await
            .unwrap()
            .len(),
        2
    );
    assert!(github.server_time().is_some_and(|time| time <= fake.now()));
    assert_eq!(fake.most_writes_at_once(), 1);
}

/// The fake's clock is a month behind ours, so the first claim of the App is refused.
#[tokio::test]
async fn an_app_does_it_all() {
    let fake = fake();
    fake.app(4711, "rewheel-bot", &[REPOSITORY], Access::all());
    let key_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/github/app-key.pem");
    let subject = subject(&fake, Identity::App { id: 4711, key_file });
    tour(&subject.github, "rewheel-bot[bot]").await;
}

/// What is known to have done nothing has done nothing, and whatever is stored may be.
#[tokio::test]
async fn no_fault_hides_a_write_that_took_effect() {
    let mut cases = 0;
    for fault in Fault::every_kind() {
        let fake = fake();
        fake.fault(Matcher::writes(), fault.clone());
        let github = subject_against(&fake, &fault).github;
        let failure = github
            .create_issue(&name(), &new_issue())
            .await
            .unwrap_err();
        assert_eq!(fake.writes().len(), 1, "{fault:?}: sent once");
        let is_stored = !fake.issues(REPOSITORY).is_empty();
        assert_eq!(is_stored, fault.stores(), "{fault:?}");
        assert!(!is_stored || failure.is_ambiguous(), "{fault:?}: {failure}");
        cases += 1;
    }
    assert!(cases >= 20, "{cases} faults");
}

#[tokio::test]
async fn a_read_gets_over_every_fault_that_passes() {
    for fault in Fault::every_kind() {
        let fake = fake();
        let number = fake.open_issue(REPOSITORY, "rewheel", "a", "b");
        fake.fault(Matcher::reads(), fault.clone());
        let subject = subject_against(&fake, &fault);
        let read = subject.github.issue(&name(), number).await;
        let passes = matches!(
            fault,
            Fault::Status(..)
                | Fault::Html(_)
                | Fault::Cut(_)
                | Fault::Silent(_)
                | Fault::CutInBody
        );
        match read {
            Ok(issue) => assert!(passes && issue.number == number, "{fault:?}"),
            Err(failure) => {
                assert!(!passes, "{fault:?}: {failure}");
                assert!(
                    !failure.is_transient() && !failure.is_ambiguous(),
                    "{failure}"
                );
                assert_eq!(fake.requests().len(), 1, "{fault:?}");
            }
        }
    }
}
