//! What does not fit GitHub's description is caught: bad requests, and bad answers of the fake's.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::support::fake_github::{Fault, Matcher, Operation, When, problems_of};

const ISSUES: &str = "/repos/pyca/cryptography/issues";

#[rstest]
#[case::unknown_field("POST", ISSUES, json!({ "title": "a", "colour": "red" }), "colour")]
#[case::wrong_type("POST", ISSUES, json!({ "title": "a", "labels": "red" }), "labels")]
#[case::missing_field("POST", ISSUES, json!({ "body": "a" }), "title")]
#[case::null_where_none_is_allowed("POST", ISSUES, json!({ "title": "a", "body": null }), "body")]
#[case::unknown_state("PATCH", "/repos/pyca/cryptography/issues/1", json!({ "state": "done" }), "state")]
#[case::too_many_inputs(
    "POST",
    "/repos/pyca/cryptography/actions/workflows/w.yml/dispatches",
    json!({ "ref": "main", "inputs": (0..26).map(|n| (format!("i{n}"), json!("x"))).collect::<serde_json::Map<_, _>>() }),
    "inputs"
)]
#[case::long_event_type("POST", "/repos/pyca/cryptography/dispatches", json!({ "event_type": "x".repeat(101) }), "event_type")]
#[tokio::test]
async fn a_bad_body_is_refused_and_kept(
    #[case] method: Method,
    #[case] path: &str,
    #[case] body: Value,
    #[case] field: &str,
) {
    let fake = fake();
    let refused = send(&fake, method, path, "t", &body).await;
    message(refused, 422).await;
    let violations = fake.take_violations();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].contains(field), "{violations:?}");
    assert_eq!(fake.issues(REPOSITORY), []);
    assert!(!fake.writes()[0].stored);
}

#[rstest]
#[case::unknown_path("GET", "/search/issues?q=x", 404, "no such operation")]
#[case::unknown_method("DELETE", ISSUES, 404, "no such operation")]
#[case::unknown_parameter("GET", "/repos/pyca/cryptography/issues?author=x", 422, "author")]
#[case::wrong_parameter("GET", "/repos/pyca/cryptography/issues?state=done", 422, "state")]
#[case::no_number("GET", "/repos/pyca/cryptography/issues?page=one", 422, "page")]
#[case::no_number_in_the_path("GET", "/repos/pyca/cryptography/issues/one", 422, "issue_number")]
#[case::body_where_none_belongs("GET", ISSUES, 422, "no body")]
#[tokio::test]
async fn a_bad_request_is_refused_and_kept(
    #[case] method: Method,
    #[case] path: &str,
    #[case] status: u16,
    #[case] problem: &str,
) {
    let fake = fake();
    let mut request = request(&fake, method, path, "t");
    if problem == "no body" {
        request = request.body("{\"state\": \"open\"}");
    }
    is(&request.send().await.unwrap(), status);
    let violations = fake.take_violations();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].contains(problem), "{violations:?}");
}

#[rstest]
#[case("user-agent", "User-Agent")]
#[case("x-github-api-version", "X-GitHub-Api-Version")]
#[case("accept", "Accept")]
#[tokio::test]
async fn the_headers_that_github_wants_are_asked_for(#[case] left_out: &str, #[case] named: &str) {
    let fake = fake();
    let client = builder().build().unwrap();
    let mut request = client.get(format!("{}/user", fake.url())).bearer_auth("t");
    for (name, value) in [
        ("user-agent", "rewheel"),
        ("x-github-api-version", "2022-11-28"),
        ("accept", "application/vnd.github+json"),
    ] {
        if name != left_out {
            request = request.header(name, value);
        }
    }
    is(&request.send().await.unwrap(), 422);
    let violations = fake.take_violations();
    assert!(violations[0].contains(named), "{violations:?}");
}

/// Null is allowed where the description has it, and nowhere else.
#[tokio::test]
async fn null_is_allowed_where_it_is_described() {
    let fake = fake();
    let body = json!({ "title": "a", "assignee": null, "milestone": null });
    json(post(&fake, ISSUES, &body).await, 201).await;
    let changed = patch(&fake, &format!("{ISSUES}/1"), &json!({ "body": null })).await;
    assert_eq!(json(changed, 200).await["body"], Value::Null);
}

#[tokio::test]
async fn a_bad_answer_would_be_caught() {
    let fake = fake();
    let created = post(&fake, ISSUES, &json!({ "title": "a", "body": "b" })).await;
    let good = json(created, 201).await;
    let operation = Operation::find("POST", ISSUES).unwrap();
    assert_eq!(operation.problems_of_answer(201, Some(&good)), [""; 0]);
    for (field, value) in [
        ("number", Value::Null),
        ("title", Value::Null),
        ("number", json!("1")),
        ("created_at", json!("yesterday")),
        ("state_reason", json!("bored")),
        ("user", json!({ "login": "a" })),
        ("labels", json!([7])),
        ("url", json!("not an address")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let problems = operation.problems_of_answer(201, Some(&bad));
        assert!(
            problems.iter().all(|one| one.contains(field)),
            "{problems:?}"
        );
        assert!(!problems.is_empty(), "{field}");
    }
    let mut bad = good.clone();
    bad.as_object_mut().unwrap().remove("id");
    assert_eq!(operation.problems_of_answer(201, Some(&bad)).len(), 1);
    assert_eq!(operation.problems_of_answer(201, None).len(), 1);
    assert_eq!(operation.problems_of_answer(200, Some(&good)).len(), 1);
    let failed = json!({ "message": 7 });
    assert_eq!(operation.problems_of_answer(401, Some(&failed)).len(), 1);
    assert_eq!(problems_of("issue", &good), [""; 0]);
}

/// What the fake says is caught too when it is wrong: here by giving it a thing that cannot be.
#[tokio::test]
async fn a_bad_answer_of_the_fake_is_kept() {
    let fake = fake();
    fake.open_issue(REPOSITORY, "somebody", "a", "b");
    fake.edit_issue(REPOSITORY, 1, |issue| {
        issue.state_reason = Some("bored".to_owned());
    });
    is(&get(&fake, ISSUES).await, 200);
    let violations = fake.take_violations();
    assert_eq!(violations.len(), 1);
    assert!(
        violations[0].contains("the fake's own answer"),
        "{violations:?}"
    );
}

#[tokio::test]
async fn a_violation_fails_the_test() {
    let fake = fake();
    is(&get(&fake, "/nothing").await, 404);
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(fake)));
    let message = dropped.unwrap_err();
    let message = message.downcast_ref::<String>().unwrap();
    assert!(message.contains("GET /nothing"), "{message}");
}

#[tokio::test]
async fn a_fault_is_no_violation() {
    let fake = fake();
    fake.fault(Matcher::any().always(), Fault::Status(When::Before, 503));
    is(&get(&fake, "/user").await, 503);
    fake.assert_clean();
}
