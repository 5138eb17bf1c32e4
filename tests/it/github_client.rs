//! The client for GitHub: what it asks, pages, what it remembers, redirects, how it writes.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use rewheel::github::{
    Conclusion, Github, GithubError, GithubSettings, IssueEdit, IssueState, NewIssue, RunFilter,
    RunStatus, StateReason,
};
use rewheel::scan::Source;
use rstest::rstest;
use serde_json::{Value, json};

use crate::github_client_server::{
    START, Scripted, TOKEN, issue, json_reply, message, repository, settings_for, subject,
    subject_with, token,
};
use crate::support::reply::Reply;

#[rstest]
#[case("", "")]
#[case("/", "")]
#[case("/api/v3", "/api/v3")]
#[case("/api/v3/", "/api/v3")]
#[tokio::test]
async fn asks_below_the_apis_address(#[case] root: &str, #[case] below: &str) {
    let server = Scripted::start();
    let path = format!("{below}/repos/pyca/demo");
    let known = json!({"id": 9, "full_name": "pyca/demo", "default_branch": "main",
        "has_issues": true, "archived": false, "permissions": {"push": true, "pull": true}});
    server.reply(&format!("GET {path}"), json_reply(200, &known));
    let subject = subject_with(&format!("{}{root}", server.origin()), token(), |_| {});
    let found = subject.github.repository(&repository()).await.unwrap();
    assert_eq!((found.id, found.default_branch.as_str()), (9, "main"));
    assert!(found.permissions.unwrap().push && !found.permissions.unwrap().admin);

    let got = &server.got()[0];
    assert_eq!(got.line, format!("GET {path}"));
    assert_eq!(got.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(got.header("x-github-api-version"), "2022-11-28");
    assert_eq!(got.header("accept"), "application/vnd.github+json");
    assert!(got.header("user-agent").starts_with("rewheel/"));
}

#[tokio::test]
async fn issues_come_from_all_pages_without_pull_requests() {
    let server = Scripted::start();
    let mut pull = issue(2, "bot");
    pull["pull_request"] = json!({"url": "https://x.example"});
    let mut ghost = issue(1, "x");
    ghost["user"] = Value::Null;
    ghost["state"] = json!("closed");
    ghost["state_reason"] = json!("duplicate");
    let second = format!(
        "<{}/repositories/9/issues?page=2>; rel=\"next\"",
        server.origin()
    );
    let first_line = "GET /repos/pyca/demo/issues?creator=rewheel%5Bbot%5D&state=all&sort=created&direction=desc&per_page=100";
    server
        .reply(
            first_line,
            json_reply(200, &json!([issue(3, "rewheel[bot]"), pull])).header("link", second),
        )
        .reply(
            "GET /repositories/9/issues",
            json_reply(200, &json!([ghost])),
        );
    let issues = subject(&server)
        .github
        .issues_by(&repository(), "rewheel[bot]")
        .await
        .unwrap();
    let numbers: Vec<u64> = issues.iter().map(|issue| issue.number).collect();
    assert_eq!(numbers, [3, 1]);
    assert_eq!(issues[0].author.as_deref(), Some("rewheel[bot]"));
    assert_eq!(issues[0].labels, ["security", "old"]);
    assert_eq!(issues[0].assignees, ["alice"]);
    assert_eq!(
        (issues[0].body.as_str(), &issues[0].state_reason),
        ("", &None)
    );
    assert_eq!(
        (&issues[1].author, &issues[1].state),
        (&None, &IssueState::Closed)
    );
    assert_eq!(issues[1].state_reason, Some(StateReason::Duplicate));
    assert_eq!(server.lines().len(), 2);
}

#[rstest]
#[case::endless("", "more than 3 pages", 3)]
#[case::circle("circle", "in a circle", 1)]
#[case::elsewhere("http://127.0.0.2:9", "on another server", 1)]
#[tokio::test]
async fn pages_that_lead_nowhere_end(#[case] to: &str, #[case] reason: &str, #[case] asked: usize) {
    let server = Scripted::start();
    let path = "/repos/pyca/demo/issues/7/comments";
    for page in 1..10 {
        let next = match to {
            "circle" => format!("<{}{path}?per_page=100>; rel=next", server.origin()),
            "" => format!("<{}{path}?page={}>; rel=next", server.origin(), page + 1),
            other => format!("<{other}{path}?page=2>; rel=next"),
        };
        server.reply(
            &format!("GET {path}"),
            json_reply(200, &json!([])).header("link", next),
        );
    }
    let subject = subject_with(&server.origin(), token(), |settings| {
        settings.most_pages = 3
    });
    let failure = subject.github.comments(&repository(), 7).await.unwrap_err();
    assert!(failure.to_string().contains(reason), "{failure}");
    assert_eq!(server.lines().len(), asked);
}

#[tokio::test]
async fn all_pages_together_have_a_bound() {
    let server = Scripted::start();
    let path = "/repos/pyca/demo/issues/7/comments";
    let comment = json!({"id": 1, "user": {"login": "a"}, "body": "x".repeat(900),
        "created_at": "2026-11-22T10:00:00Z", "html_url": "https://x.example"});
    for page in 1..10 {
        let next = format!("<{}{path}?page={}>; rel=next", server.origin(), page + 1);
        server.reply(
            &format!("GET {path}"),
            json_reply(200, &json!([comment])).header("link", next),
        );
    }
    let subject = subject_with(&server.origin(), token(), |settings| {
        settings.answer_bytes = 1100
    });
    let failure = subject.github.comments(&repository(), 7).await.unwrap_err();
    assert!(
        matches!(failure, GithubError::TooLarge { limit: 4400, .. }),
        "{failure}"
    );
    assert_eq!(server.lines().len(), 5);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again_and_keeps_its_next_page() {
    let server = Scripted::start();
    let path = "GET /repos/pyca/demo/issues/7/comments";
    let comment = |id: u64| {
        json!({"id": id, "user": null, "body": null, "created_at": "2026-11-22T10:00:00Z",
            "html_url": "https://x.example"})
    };
    let next = format!(
        "<{}/repos/pyca/demo/issues/7/comments?page=2>; rel=next",
        server.origin()
    );
    server
        .reply(
            &format!("{path}?per_page=100"),
            json_reply(200, &json!([comment(1)]))
                .header("etag", "W/\"one\"")
                .header("link", next),
        )
        .reply(&format!("{path}?per_page=100"), Reply::new(304))
        .reply(
            &format!("{path}?page=2"),
            json_reply(200, &json!([comment(2)])).header("etag", "\"two\""),
        )
        .reply(&format!("{path}?page=2"), Reply::new(304));
    let subject = subject(&server);
    for _ in 0..2 {
        let comments = subject.github.comments(&repository(), 7).await.unwrap();
        let ids: Vec<u64> = comments.iter().map(|comment| comment.id).collect();
        assert_eq!(ids, [1, 2]);
    }
    let asked: Vec<String> = server
        .got()
        .iter()
        .map(|got| got.header("if-none-match").to_owned())
        .collect();
    assert_eq!(asked, ["", "", "W/\"one\"", "\"two\""]);
}

/// Half an answer that says it is all would be confirmed for ever.
#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_asked_about_again() {
    let server = Scripted::start();
    let known = json!({"id": 9, "full_name": "pyca/demo", "default_branch": "main"});
    let half = known.to_string().into_bytes()[..20].to_vec();
    let reply = |body: Vec<u8>| {
        Reply::new(200)
            .header("content-type", "application/json")
            .header("etag", "\"one\"")
            .body(body)
    };
    server
        .reply("GET /repos/pyca/demo", reply(half))
        .reply(
            "GET /repos/pyca/demo",
            reply(known.to_string().into_bytes()),
        )
        .reply("GET /repos/pyca/demo", Reply::new(304));
    let github = subject(&server).github;
    assert!(github.repository(&repository()).await.is_err());
    for _ in 0..2 {
        assert_eq!(github.repository(&repository()).await.unwrap().id, 9);
    }
    let got = server.got();
    let asked: Vec<&str> = got.iter().map(|got| got.header("if-none-match")).collect();
    assert_eq!(asked, ["", "", "\"one\""]);
}

#[tokio::test]
async fn a_renamed_repository_is_read_and_not_written() {
    let server = Scripted::start();
    let to = format!("{}/repositories/9", server.origin());
    let known = json!({"id": 9, "full_name": "pyca/new", "default_branch": "main"});
    server
        .reply(
            "GET /repos/pyca/demo",
            Reply::new(301).header("location", to.clone()),
        )
        .reply("GET /repositories/9", json_reply(200, &known))
        .reply(
            "POST /repos/pyca/demo/issues",
            Reply::new(307).header("location", format!("{to}/issues")),
        );
    let github = subject(&server).github;
    let found = github.repository(&repository()).await.unwrap();
    assert_eq!(found.full_name.to_string(), "pyca/new");
    assert_eq!(
        server.got()[1].header("authorization"),
        format!("Bearer {TOKEN}")
    );

    let failure = github
        .create_issue(&repository(), &NewIssue::default())
        .await
        .unwrap_err();
    assert!(
        matches!(failure, GithubError::Moved { status: 307, .. }),
        "{failure}"
    );
    assert!(
        failure.to_string().contains("renamed or moved"),
        "{failure}"
    );
    assert!(!failure.is_ambiguous());
    assert_eq!(server.lines().len(), 3);
}

/// The number that it has in its new repository is somebody else's in the old one.
#[tokio::test]
async fn an_issue_that_was_moved_is_not_there_any_more() {
    let server = Scripted::start();
    let moved = Reply::new(301).header(
        "location",
        format!("{}/repositories/4/issues/12", server.origin()),
    );
    server.reply("GET /repos/pyca/demo/issues/7", moved).reply(
        "GET /repositories/4/issues/12",
        json_reply(200, &issue(12, "rewheel[bot]")),
    );
    let failure = subject(&server)
        .github
        .issue(&repository(), 7)
        .await
        .unwrap_err();
    assert!(matches!(failure, GithubError::NotFound { .. }), "{failure}");
}

#[tokio::test]
async fn no_credentials_follow_a_redirect_to_another_server() {
    let (server, other) = (Scripted::start(), Scripted::start());
    let to = format!("{}/repos/pyca/demo", other.origin());
    server.reply(
        "GET /repos/pyca/demo",
        Reply::new(302).header("location", to),
    );
    let failure = subject(&server)
        .github
        .repository(&repository())
        .await
        .unwrap_err();
    assert!(failure.to_string().contains("not on the list"), "{failure}");
    assert!(other.lines().is_empty());
}

fn writes(github: &Github) -> impl Future<Output = ()> + use<> {
    let github = github.clone();
    async move {
        let edit = IssueEdit::default().close(StateReason::Completed);
        github.edit_issue(&repository(), 7, &edit).await.unwrap();
    }
}

#[tokio::test]
async fn writes_are_spaced_and_one_at_a_time() {
    let server = Scripted::start();
    server.reply(
        "PATCH /repos/pyca/demo/issues/7",
        json_reply(200, &issue(7, "a")),
    );
    let subject = subject(&server);
    let github = &subject.github;
    futures_util::future::join_all([writes(github), writes(github), writes(github)]).await;
    let second = Duration::from_secs(1);
    assert_eq!(*subject.waits.lock().unwrap(), [second, second]);
    subject.time.pass(Duration::from_millis(400));
    writes(github).await;
    subject.time.pass(Duration::from_secs(5));
    writes(github).await;
    let waits = subject.waits.lock().unwrap().clone();
    assert_eq!(waits[2..], [Duration::from_millis(600)]);
    assert_eq!(
        server.got()[0].body,
        json!({"state": "closed", "state_reason": "completed"})
    );
}

#[tokio::test]
async fn labels_and_comments_and_dispatches_are_written() {
    let server = Scripted::start();
    let exists = json!({"message": "Validation Failed",
        "errors": [{"resource": "Label", "code": "already_exists", "field": "name"}]});
    let comment = json!({"id": 5, "user": {"login": "me"}, "body": "text",
        "created_at": "2026-11-22T10:00:00Z", "html_url": "https://x.example"});
    server
        .reply(
            "GET /repos/pyca/demo/labels/needs%20rebuild",
            json_reply(200, &json!({"id": 1})),
        )
        .reply(
            "POST /repos/pyca/demo/labels",
            json_reply(201, &json!({"id": 2})),
        )
        .reply("POST /repos/pyca/demo/labels", json_reply(422, &exists))
        .reply(
            "POST /repos/pyca/demo/labels",
            message(422, "Validation Failed"),
        )
        .reply(
            "POST /repos/pyca/demo/issues/7/comments",
            json_reply(201, &comment),
        )
        .reply(
            "PATCH /repos/pyca/demo/issues/comments/5",
            json_reply(200, &comment),
        )
        .reply("POST /repos/pyca/demo/dispatches", Reply::new(204))
        .reply(
            "POST /repos/pyca/demo/actions/runs/8/rerun-failed-jobs",
            json_reply(201, &json!({})),
        )
        .reply(
            "POST /repos/pyca/demo/actions/workflows/w.yml/dispatches",
            json_reply(
                200,
                &json!({"workflow_run_id": 77, "run_url": "https://x.example/r",
                "html_url": "https://x.example/h"}),
            ),
        );
    let (github, r) = (subject(&server).github, repository());
    assert!(github.has_label(&r, "needs rebuild").await.unwrap());
    assert!(!github.has_label(&r, "other").await.unwrap());
    github.create_label(&r, "a", "ff0000", "").await.unwrap();
    github.create_label(&r, "a", "ff0000", "").await.unwrap();
    github.create_label(&r, "a", "no", "").await.unwrap_err();
    assert_eq!(github.create_comment(&r, 7, "text").await.unwrap().id, 5);
    assert_eq!(
        github.edit_comment(&r, 5, "text").await.unwrap().body,
        "text"
    );
    let payload = BTreeMap::from([("version".to_owned(), "3.5.5".to_owned())]);
    github
        .dispatch_event(&r, "openssl", &payload)
        .await
        .unwrap();
    github.rerun_failed_jobs(&r, 8).await.unwrap();
    let run = github
        .dispatch_workflow(&r, "w.yml", "main", &payload)
        .await
        .unwrap();
    assert_eq!(run.unwrap().run, 77);
    let event = server
        .got()
        .into_iter()
        .find(|got| got.line.ends_with("/dispatches"))
        .unwrap();
    assert_eq!(
        event.body,
        json!({"event_type": "openssl", "client_payload": {"version": "3.5.5"}})
    );
}

#[tokio::test]
async fn runs_and_jobs_are_read_with_their_nulls() {
    let server = Scripted::start();
    let run = json!({"id": 5, "workflow_id": 6, "path": ".github/workflows/w.yml",
        "event": "workflow_dispatch", "status": null, "conclusion": null, "head_sha": "ab",
        "head_branch": null, "actor": {"login": "a"}, "triggering_actor": null, "run_attempt": 2,
        "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:00:00Z",
        "html_url": "https://x.example", "display_title": "t"});
    let job = json!({"name": "build", "status": "completed", "conclusion": "on_fire",
        "html_url": null});
    let page = format!("<{}/more>; rel=next", server.origin());
    server
        .reply(
            "GET /repos/pyca/demo/actions/workflows/w.yml/runs",
            json_reply(200, &json!({"total_count": 9, "workflow_runs": [run]}))
                .header("link", page),
        )
        .reply("GET /repos/pyca/demo/actions/runs/5", json_reply(200, &run))
        .reply(
            "GET /repos/pyca/demo/actions/runs/5/jobs",
            json_reply(200, &json!({"total_count": 1, "jobs": [job]})),
        );
    let (github, r) = (subject(&server).github, repository());
    let filter = RunFilter {
        event: Some("workflow_dispatch".to_owned()),
        created_since: chrono::DateTime::from_timestamp(START, 0),
        ..RunFilter::default()
    };
    let runs = github.runs(&r, Some("w.yml"), &filter, 1).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /repos/pyca/demo/actions/workflows/w.yml/runs?event=workflow_dispatch&created=%3E%3D2026-11-22T13%3A00%3A00Z&per_page=1"
        ]
    );
    assert_eq!((runs.len(), runs[0].run_attempt), (1, 2));
    assert_eq!(runs[0].status, RunStatus::Other(String::new()));
    assert_eq!(runs[0].actor.as_deref(), Some("a"));
    assert_eq!(github.run(&r, 5).await.unwrap().unwrap(), runs[0]);
    assert_eq!(github.run(&r, 6).await.unwrap(), None);
    let jobs = github.jobs(&r, 5).await.unwrap();
    assert_eq!(
        jobs[0].conclusion,
        Some(Conclusion::Other("on_fire".to_owned()))
    );
    assert_eq!(github.workflow(&r, "none.yml").await.unwrap(), None);
}

#[tokio::test]
async fn files_and_commits_are_read_and_bounded() {
    let server = Scripted::start();
    let sha = "a".repeat(40);
    server
        .reply(
            "GET /repos/pyca/demo/contents/ci/openssl-version.sh?ref=main",
            Reply::new(200).body(b"3.5.5\n".to_vec()),
        )
        .reply(
            "GET /repos/pyca/demo/contents/large",
            Reply::new(200).body(vec![0; (1 << 20) + 1]),
        )
        .reply(
            "GET /repos/pyca/demo/commits/main",
            Reply::new(200).body(sha.clone().into_bytes()),
        )
        .reply(
            "GET /repos/pyca/demo/commits/none",
            message(422, "No commit found"),
        )
        .reply(
            "GET /repos/pyca/demo/commits/odd",
            Reply::new(200).body(b"hello".to_vec()),
        );
    let (github, r) = (subject(&server).github, repository());
    let file = github
        .file(&r, "ci/openssl-version.sh", Some("main"))
        .await
        .unwrap();
    assert_eq!(file.as_deref(), Some(&b"3.5.5\n"[..]));
    assert_eq!(
        server.got()[0].header("accept"),
        "application/vnd.github.raw+json"
    );
    assert_eq!(github.file(&r, "none", None).await.unwrap(), None);
    let failure = github.file(&r, "large", None).await.unwrap_err();
    assert!(
        matches!(
            failure,
            GithubError::TooLarge {
                limit: 1_048_576,
                ..
            }
        ),
        "{failure}"
    );
    assert_eq!(github.commit(&r, "main").await.unwrap(), Some(sha));
    assert_eq!(github.commit(&r, "none").await.unwrap(), None);
    let failure = github.commit(&r, "odd").await.unwrap_err();
    assert!(failure.to_string().contains("names no commit"), "{failure}");
    assert_eq!(github.file(&r, "../../../user", None).await.unwrap(), None);
    let last = server.lines().pop().unwrap();
    assert!(
        last.starts_with("GET /repos/pyca/demo/contents/%252E"),
        "{last}"
    );
}

const ARTIFACT: &str = "GET /repos/pyca/demo/actions/artifacts/4/zip";

#[tokio::test]
async fn an_artifact_comes_from_another_host_without_credentials() {
    let (server, store) = (Scripted::start(), Scripted::start());
    let listed = json!({"total_count": 1, "artifacts": [{"id": 4, "name": "wheels",
        "size_in_bytes": 3, "expired": false, "digest":
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}]});
    let to = format!("{}/blob?sig=SECRET", store.origin());
    server
        .reply(
            "GET /repos/pyca/demo/actions/runs/8/artifacts",
            json_reply(200, &listed),
        )
        .reply(ARTIFACT, Reply::new(302).header("location", to));
    store
        .reply("GET /blob", Reply::new(503))
        .reply("GET /blob", Reply::new(200).body(b"abc".to_vec()));
    let (github, r) = (subject(&server).github, repository());
    let artifact = github.artifacts(&r, 8).await.unwrap().remove(0);
    let download = github.artifact(&r, artifact.id, 3).await.unwrap();
    assert_eq!(download.is(artifact.digest.as_deref()), Some(true));
    assert_eq!(download.is(Some("sha256:00")), Some(false));
    let mut bytes = Vec::new();
    let whole = download.archive.range(0, download.archive.len()).unwrap();
    { whole }.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"abc");
    assert!(
        store
            .got()
            .iter()
            .all(|got| got.header("authorization").is_empty())
    );
    assert_eq!(store.lines().len(), 2);
    assert_eq!(github.requests(), 5);

    let failure = github.artifact(&r, 4, 2).await.unwrap_err();
    assert!(
        matches!(failure, GithubError::TooLarge { limit: 2, .. }),
        "{failure}"
    );
}

#[rstest]
#[case::a_strange_host("http://127.0.0.2:9/blob?sig=SECRET", "is not followed")]
#[case::no_address("http://", "not to a readable address")]
#[tokio::test]
async fn an_artifact_comes_from_nowhere_else(#[case] to: &str, #[case] reason: &str) {
    let server = Scripted::start();
    server.reply(ARTIFACT, Reply::new(302).header("location", to));
    let failure = subject(&server)
        .github
        .artifact(&repository(), 4, 100)
        .await
        .unwrap_err();
    assert!(failure.to_string().contains(reason), "{failure}");
    assert!(!format!("{failure} {failure:?}").contains("SECRET"));
}

#[rstest]
#[case("ftp://ghe.example")]
#[case("https://user:secret@ghe.example")]
#[case("https://ghe.example?x=secret")]
#[case("data:text/plain,x")]
fn an_address_that_is_no_apis_is_refused(#[case] api: &str) {
    let (settings, ..) = settings_for(api, token());
    let failure = Github::new(settings).unwrap_err().to_string();
    assert!(
        failure.contains("is no address of a GitHub API"),
        "{failure}"
    );
    assert!(!failure.contains("secret"), "{failure}");
}

#[test]
fn a_client_can_be_made_without_a_runtime_and_shows_its_address_only() {
    let api = "https://ghe.example/api/v3";
    let settings = GithubSettings::new(api.parse().unwrap(), token());
    assert!(!format!("{settings:?}").contains(TOKEN));
    let github = Github::new(settings).unwrap();
    assert_eq!(
        format!("{:?}", Arc::new(github)),
        r#"Github { api: "https://ghe.example/api/v3", .. }"#
    );
}
