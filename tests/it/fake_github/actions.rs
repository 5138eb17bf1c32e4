//! Workflows, dispatches, runs, artifacts.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::support::fake_github::{
    Access, Artifact, Input, Job, Lag, Level, Listed, Token, Workflow,
};

const ACTIONS: &str = "/repos/pyca/cryptography/actions";

/// A fake whose workflow `wheels.yml` takes a version and shows a correlation.
fn with_workflow() -> FakeGithub {
    let fake = fake();
    let default = Input {
        default: Some("all".to_owned()),
        ..Input::optional("platforms")
    };
    let workflow = Workflow::new("wheels.yml")
        .dispatched([
            Input::required("version"),
            Input::optional("correlation"),
            Input::choice("kind", &["release", "test"]),
            default,
        ])
        .run_name("Wheels ${{ inputs.version }} (${{ inputs.correlation }})");
    fake.workflow(REPOSITORY, workflow);
    fake
}

fn inputs() -> Value {
    json!({ "version": "46.0.1", "correlation": "rw-7", "kind": "release" })
}

async fn dispatch(fake: &FakeGithub, body: &Value) -> Response {
    post(
        fake,
        &format!("{ACTIONS}/workflows/wheels.yml/dispatches"),
        body,
    )
    .await
}

#[tokio::test]
async fn a_dispatch_tells_the_run_or_not() {
    let fake = with_workflow();
    let body = json!({ "ref": "main", "inputs": inputs(), "return_run_details": true });
    let told = json(dispatch(&fake, &body).await, 200).await;
    let id = told["workflow_run_id"].as_u64().unwrap();
    let run = fake.run(id);
    assert_eq!(
        (run.title.as_str(), run.event.as_str()),
        ("Wheels 46.0.1 (rw-7)", "workflow_dispatch")
    );
    assert_eq!(run.inputs["platforms"], "all");
    let shown = json(get(&fake, &format!("{ACTIONS}/runs/{id}")).await, 200).await;
    assert_eq!(shown["display_title"], "Wheels 46.0.1 (rw-7)");
    assert_eq!(shown["url"], told["run_url"]);
    assert_eq!(shown["conclusion"], Value::Null);

    let body = json!({ "ref": "refs/heads/main", "inputs": inputs() });
    let untold = dispatch(&fake, &body).await;
    is(&untold, 204);
    assert_eq!(untold.text().await.unwrap(), "");
    assert_eq!(fake.runs(REPOSITORY).len(), 2);
    // What may be null is null now and then.
    let list = json(get(&fake, &format!("{ACTIONS}/runs")).await, 200).await;
    assert_eq!(list["workflow_runs"][0]["head_commit"], Value::Null);
    assert!(list["workflow_runs"][1]["head_commit"].is_object());
}

#[tokio::test]
async fn an_enterprise_server_refuses_the_field_and_starts_nothing() {
    let fake = with_workflow().enterprise();
    let mut body = json!({ "ref": "main", "inputs": inputs(), "return_run_details": true });
    assert!(
        message(dispatch(&fake, &body).await, 400)
            .await
            .contains("return_run_details")
    );
    assert_eq!(fake.runs(REPOSITORY), []);
    body.as_object_mut().unwrap().remove("return_run_details");
    is(&dispatch(&fake, &body).await, 204);
    assert!(fake.url().ends_with("/api/v3"));
    assert_eq!(fake.runs(REPOSITORY).len(), 1);
    assert_eq!(
        fake.requests()[0].path,
        format!("{ACTIONS}/workflows/wheels.yml/dispatches")
    );
}

#[rstest]
#[case::unexpected(json!({ "ref": "main", "inputs": { "version": "1", "kind": "test", "x": "1" } }), "Unexpected inputs provided: [\"x\"]")]
#[case::missing(json!({ "ref": "main", "inputs": { "kind": "test" } }), "Required input 'version' not provided")]
#[case::no_choice(json!({ "ref": "main", "inputs": { "version": "1", "kind": "x" } }), "Provided value 'x' for input 'kind' not in the list of allowed values")]
#[case::no_ref(json!({ "ref": "none", "inputs": inputs() }), "No ref found for: none")]
#[tokio::test]
async fn a_dispatch_is_refused(#[case] body: Value, #[case] expected: &str) {
    let fake = with_workflow();
    assert_eq!(message(dispatch(&fake, &body).await, 422).await, expected);
    assert_eq!(fake.runs(REPOSITORY), []);
}

#[tokio::test]
async fn a_workflow_may_be_missing_disabled_or_without_the_trigger() {
    let fake = with_workflow();
    let id = fake.workflow(REPOSITORY, Workflow::new("ci.yml"));
    let body = json!({ "ref": "main" });
    let path = format!("{ACTIONS}/workflows/{id}/dispatches");
    let expected = "Workflow does not have 'workflow_dispatch' trigger";
    assert_eq!(
        message(post(&fake, &path, &body).await, 422).await,
        expected
    );
    let path = format!("{ACTIONS}/workflows/none.yml/dispatches");
    message(post(&fake, &path, &body).await, 404).await;
    // On a tag from before the workflow there is no such trigger either.
    fake.edit_repository(REPOSITORY, |repository| {
        let first = repository.commits[0].sha.clone();
        repository.tags.insert("45.0.0".to_owned(), first);
    });
    let old = json!({ "ref": "45.0.0", "inputs": inputs() });
    assert_eq!(message(dispatch(&fake, &old).await, 422).await, expected);
    fake.edit_repository(REPOSITORY, |repository| {
        repository.workflows[0].state = "disabled_manually".to_owned();
    });
    let body = json!({ "ref": "main", "inputs": inputs() });
    let refused = message(dispatch(&fake, &body).await, 422).await;
    assert!(refused.contains("disabled"), "{refused}");
    let access = Access {
        actions: Level::Read,
        ..Access::all()
    };
    fake.token("weak", Token::person("weak").on(REPOSITORY, access));
    let path = format!("{ACTIONS}/workflows/wheels.yml/dispatches");
    let refused = send(&fake, Method::POST, &path, "weak", &body).await;
    let expected = "Resource not accessible by personal access token";
    assert_eq!(message(refused, 403).await, expected);
    let list = json(get(&fake, &format!("{ACTIONS}/workflows")).await, 200).await;
    assert_eq!(list["total_count"], 2);
    let one = json(
        get(&fake, &format!("{ACTIONS}/workflows/wheels.yml")).await,
        200,
    )
    .await;
    assert_eq!(one["path"], ".github/workflows/wheels.yml");
    let file = format!("/repos/{REPOSITORY}/contents/.github/workflows/wheels.yml");
    assert_eq!(
        json(get(&fake, &file).await, 200).await["encoding"],
        "base64"
    );
}

#[tokio::test]
async fn an_event_starts_the_workflows_that_listen() {
    let fake = fake();
    let title = "Wheels for ${{ github.event.client_payload.version }}";
    for workflow in [
        Workflow::new("a.yml")
            .on_event(&["rewheel"])
            .run_name(title),
        Workflow::new("b.yml").on_event(&[]),
        Workflow::new("c.yml").on_event(&["other"]),
        Workflow::new("d.yml").dispatched([]),
    ] {
        fake.workflow(REPOSITORY, workflow);
    }
    let body = json!({ "event_type": "rewheel", "client_payload": { "version": "3.5.5" } });
    let path = format!("/repos/{REPOSITORY}/dispatches");
    is(&post(&fake, &path, &body).await, 204);
    let titles: Vec<String> = fake
        .runs(REPOSITORY)
        .into_iter()
        .map(|run| run.title)
        .collect();
    assert_eq!(titles, ["Wheels for 3.5.5", "b"]);
    let access = Access {
        contents: Level::Read,
        ..Access::all()
    };
    fake.token("weak", Token::person("weak").on(REPOSITORY, access));
    is(&send(&fake, Method::POST, &path, "weak", &body).await, 403);
}

#[tokio::test]
async fn runs_are_filtered() {
    let fake = with_workflow();
    fake.workflow(REPOSITORY, Workflow::new("ci.yml"));
    let pushed = fake.start_run(REPOSITORY, "ci.yml", "main", "push", "maintainer");
    fake.finish_run(pushed, "success", Vec::new(), Vec::new());
    let between = fake.now() + chrono::Duration::seconds(1);
    let body = json!({ "ref": "main", "inputs": inputs() });
    is(&dispatch(&fake, &body).await, 204);
    let ours = fake.runs(REPOSITORY)[1].id;
    let sha = fake.runs(REPOSITORY)[1].sha.clone();
    let since = between.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for (path, expected) in [
        ("runs".to_owned(), vec![ours, pushed]),
        ("runs?event=workflow_dispatch".to_owned(), vec![ours]),
        ("runs?status=success".to_owned(), vec![pushed]),
        ("runs?status=queued".to_owned(), vec![ours]),
        ("runs?actor=rewheel".to_owned(), vec![ours]),
        ("runs?branch=other".to_owned(), vec![]),
        (format!("runs?head_sha={sha}"), vec![ours, pushed]),
        (format!("runs?created=%3E%3D{since}"), vec![ours]),
        (format!("runs?created=%3C{since}"), vec![pushed]),
        ("runs?per_page=1&page=2".to_owned(), vec![pushed]),
        ("workflows/ci.yml/runs".to_owned(), vec![pushed]),
    ] {
        let list = json(get(&fake, &format!("{ACTIONS}/{path}")).await, 200).await;
        let runs = list["workflow_runs"].as_array().unwrap().iter();
        let ids: Vec<u64> = runs.map(|run| run["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, expected, "{path}");
    }
    let nonsense = get(&fake, &format!("{ACTIONS}/runs?created=soon")).await;
    message(nonsense, 422).await;
}

#[tokio::test]
async fn lists_of_runs_lag_behind_a_dispatch() {
    let fake = with_workflow();
    fake.lag(Listed::Runs, Lag::Requests(1));
    is(
        &dispatch(&fake, &json!({ "ref": "main", "inputs": inputs() })).await,
        204,
    );
    for expected in [0, 1] {
        let list = json(get(&fake, &format!("{ACTIONS}/runs")).await, 200).await;
        assert_eq!(list["total_count"], expected);
    }
}

#[tokio::test]
async fn failed_jobs_run_again() {
    let fake = with_workflow();
    let id = fake.start_run(REPOSITORY, "wheels.yml", "main", "push", "maintainer");
    let again = format!("{ACTIONS}/runs/{id}/rerun-failed-jobs");
    fake.begin_run(id);
    let refused = message(post(&fake, &again, &json!({})).await, 403).await;
    assert_eq!(refused, "This workflow is already running");
    let jobs = vec![Job::new("linux", "success"), Job::new("windows", "failure")];
    fake.finish_run(id, "failure", jobs, Vec::new());
    let rerun = request(&fake, Method::POST, &again, "t")
        .send()
        .await
        .unwrap();
    is(&rerun, 201);
    let run = json(get(&fake, &format!("{ACTIONS}/runs/{id}")).await, 200).await;
    assert_eq!(
        (&run["run_attempt"], &run["status"]),
        (&json!(2), &json!("queued"))
    );
    assert_eq!(run["triggering_actor"]["login"], "rewheel");
    fake.finish_run(
        id,
        "success",
        vec![Job::new("windows", "success")],
        Vec::new(),
    );
    for (filter, expected) in [
        ("latest", vec![("linux", "success"), ("windows", "success")]),
        (
            "all",
            vec![
                ("linux", "success"),
                ("windows", "failure"),
                ("windows", "success"),
            ],
        ),
    ] {
        let path = format!("{ACTIONS}/runs/{id}/jobs?filter={filter}");
        let list = json(get(&fake, &path).await, 200).await;
        let jobs = list["jobs"].as_array().unwrap().iter();
        let jobs: Vec<(&str, &str)> = jobs
            .map(|job| {
                (
                    job["name"].as_str().unwrap(),
                    job["conclusion"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(jobs, expected);
    }
    let refused = message(post(&fake, &again, &json!({})).await, 403).await;
    assert_eq!(refused, "This workflow run cannot be retried");
}

#[tokio::test]
async fn artifacts_come_from_another_host_that_gets_no_login() {
    let fake = with_workflow();
    let id = fake.start_run(REPOSITORY, "wheels.yml", "main", "push", "maintainer");
    let artifact = Artifact::new("wheels", &[("a-1-py3-none-any.whl", b"wheel")]);
    let archive = artifact.archive.clone();
    fake.finish_run(id, "success", Vec::new(), vec![artifact]);
    let list = json(
        get(&fake, &format!("{ACTIONS}/runs/{id}/artifacts")).await,
        200,
    )
    .await;
    assert_eq!(list["total_count"], 1);
    let url = list["artifacts"][0]["archive_download_url"]
        .as_str()
        .unwrap();
    let path = url.strip_prefix(&fake.url()).unwrap();
    let redirect = get(&fake, path).await;
    is(&redirect, 302);
    let location = header(&redirect, "location");
    assert!(location.starts_with(&fake.archives_url()), "{location}");
    let bytes = client().get(&location).send().await.unwrap();
    assert_eq!(bytes.bytes().await.unwrap(), archive);
    assert!(fake.requests().last().unwrap().archive);
    fake.assert_clean();

    let with_login = client()
        .get(&location)
        .bearer_auth("t")
        .send()
        .await
        .unwrap();
    is(&with_login, 200);
    assert!(fake.take_violations()[0].contains("login"));
    fake.edit_run(id, |run| run.artifacts[0].expired = true);
    message(get(&fake, path).await, 410).await;
}

#[rstest]
#[case("Wheels", "Wheels")]
#[case("${{inputs.version}} ${{ github.event.inputs.version }}", "1 1")]
#[case("a (${{ inputs.correlation }})", "a ()")]
#[case("${{ github.ref }}", "${{ github.ref }}")]
fn titles_take_what_is_given(#[case] run_name: &str, #[case] expected: &str) {
    let workflow = Workflow::new("wheels.yml").run_name(run_name);
    let inputs = [("version".to_owned(), "1".to_owned())].into();
    assert_eq!(workflow.title(&inputs, &Value::Null), expected);
}
