//! Every way in which GitHub fails: which error it is, whether a write may have taken effect, and
//! how often it was sent.

use std::collections::BTreeMap;
use std::time::Duration;

use rewheel::github::{Github, GithubError, Identity, Issue, NewIssue};
use rstest::rstest;
use serde_json::json;

use crate::github_client_server::{
    Said, Scripted, hangs_up, issue, json_reply, message, repository, subject, subject_with, token,
};
use crate::support::reply::Reply;

const READ: &str = "GET /repos/pyca/demo/issues/7";
const WRITE: &str = "POST /repos/pyca/demo/issues";

async fn read(github: &Github) -> Result<Issue, GithubError> {
    github.issue(&repository(), 7).await
}

async fn write(github: &Github) -> Result<Issue, GithubError> {
    let new = NewIssue {
        title: "Rebuild".to_owned(),
        body: "text".to_owned(),
        ..NewIssue::default()
    };
    github.create_issue(&repository(), &new).await
}

fn name(error: &GithubError) -> &'static str {
    match error {
        GithubError::NotFound { .. } => "not found",
        GithubError::Unauthorized { .. } => "unauthorized",
        GithubError::Forbidden { .. } => "forbidden",
        GithubError::Parked { .. } => "parked",
        GithubError::Refused { .. } => "refused",
        GithubError::IssuesOff { .. } => "issues off",
        GithubError::Moved { .. } => "moved",
        GithubError::TooLarge { .. } => "too large",
        GithubError::Shape { .. } => "shape",
        GithubError::Transport { .. } => "transport",
        GithubError::Identity { .. } => "identity",
        _ => "another",
    }
}

fn fine() -> Reply {
    json_reply(200, &issue(7, "rewheel"))
}

fn with(reply: Reply, name: &'static str, value: &str) -> Said {
    Said::This(reply.header(name, value))
}

/// The fault; the error; whether a write may have taken effect; how often a read is sent.
#[rstest]
#[case::bad_gateway(Said::This(message(502, "Bad Gateway")), "refused", true, 4)]
#[case::error_page(Said::This(Reply::new(500).body(b"<html>".to_vec())), "refused", true, 4)]
#[case::unavailable(Said::This(message(503, "")), "refused", true, 4)]
#[case::time_out(Said::This(message(408, "")), "refused", true, 4)]
#[case::cut(Said::CutAfter(fine(), 20), "transport", true, 4)]
#[case::no_json(Said::This(Reply::new(200).body(b"<html>".to_vec())), "shape", true, 1)]
#[case::empty(Said::This(Reply::new(200)), "shape", true, 1)]
#[case::another_shape(Said::This(json_reply(200, &json!({"id": 1}))), "shape", true, 1)]
#[case::bomb(Said::This(Reply::gzip_bomb(64 << 20)), "too large", true, 1)]
#[case::unasked_304(Said::This(Reply::new(304)), "refused", true, 1)]
#[case::silent(Said::Nothing, "transport", true, 4)]
#[case::unauthorized(Said::This(message(401, "Bad credentials")), "unauthorized", false, 1)]
#[case::forbidden(
    Said::This(message(403, "Resource not accessible")),
    "forbidden",
    false,
    1
)]
#[case::primary(
    with(message(403, "API rate limit exceeded"), "x-ratelimit-remaining", "0"),
    "parked",
    false,
    1
)]
#[case::secondary(with(message(403, "wait"), "retry-after", "30"), "parked", false, 1)]
#[case::secondary_by_words(
    Said::This(message(403, "You have exceeded a secondary rate limit")),
    "parked",
    false,
    1
)]
#[case::too_many(Said::This(message(429, "")), "parked", false, 1)]
#[case::not_found(Said::This(message(404, "Not Found")), "not found", false, 1)]
#[case::gone(
    Said::This(message(410, "Issues are disabled")),
    "issues off",
    false,
    1
)]
#[case::conflict(Said::This(message(409, "Conflict")), "refused", false, 1)]
#[case::invalid(Said::This(message(422, "Validation Failed")), "refused", false, 1)]
#[tokio::test]
async fn faults(
    #[case] said: Said,
    #[case] error: &str,
    #[case] may_have_taken_effect: bool,
    #[case] reads: usize,
) {
    let server = Scripted::start();
    let is_silent = matches!(said, Said::Nothing);
    server.say(READ, said.clone()).say(WRITE, said);
    let make = || {
        subject_with(&server.origin(), token(), |settings| {
            settings.answer_bytes = 1 << 20;
            if is_silent {
                settings.client.read_timeout = Duration::from_millis(50);
            }
        })
    };

    let failure = write(&make().github).await.unwrap_err();
    assert_eq!(name(&failure), error, "{failure}");
    assert_eq!(failure.is_ambiguous(), may_have_taken_effect, "{failure}");
    assert_eq!(server.lines(), [WRITE], "a write is sent once");

    let reader = make();
    let failure = read(&reader.github).await.unwrap_err();
    assert_eq!(name(&failure), error, "{failure}");
    assert!(!failure.is_ambiguous(), "reading changes nothing");
    assert_eq!(server.lines().len() - 1, reads, "{:?}", server.lines());
    assert_eq!(reader.waits.lock().unwrap().len(), reads - 1);
    assert_eq!(reader.github.requests(), reads as u64);
}

#[tokio::test]
async fn a_server_that_hangs_up_may_have_taken_the_write() {
    let (origin, taken) = hangs_up();
    let subject = subject_with(&origin, token(), |_| {});
    let failure = write(&subject.github).await.unwrap_err();
    assert_eq!(name(&failure), "transport", "{failure}");
    assert!(failure.is_ambiguous() && failure.is_transient());
    assert_eq!(*taken.lock().unwrap(), 1);
    assert!(subject.waits.lock().unwrap().is_empty());

    read(&subject.github).await.unwrap_err();
    assert_eq!(*taken.lock().unwrap(), 1 + 4);
}

#[tokio::test]
async fn nobody_listening_has_taken_nothing() {
    let origin = Scripted::start().origin();
    let subject = subject_with(&origin, token(), |_| {});
    let failure = write(&subject.github).await.unwrap_err();
    assert_eq!(name(&failure), "transport", "{failure}");
    assert!(!failure.is_ambiguous() && failure.is_transient());
    assert!(subject.waits.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_read_succeeds_after_faults_and_waits_as_it_is_told() {
    let server = Scripted::start();
    server
        .say(READ, with(message(503, ""), "retry-after", "42"))
        .say(READ, Said::CutAfter(fine(), 5))
        .reply(READ, fine());
    let subject = subject(&server);
    assert_eq!(read(&subject.github).await.unwrap().number, 7);
    let waits = subject.waits.lock().unwrap();
    assert_eq!((waits.len(), waits[0]), (2, Duration::from_secs(42)));
}

#[tokio::test]
async fn without_an_identity_nothing_is_written() {
    let server = Scripted::start();
    let subject = subject_with(&server.origin(), Identity::Anonymous, |_| {});
    assert!(!subject.github.has_identity());
    let failure = write(&subject.github).await.unwrap_err();
    assert_eq!(name(&failure), "identity", "{failure}");
    assert!(!failure.is_ambiguous());
    assert!(server.lines().is_empty());

    server.reply(READ, fine());
    read(&subject.github).await.unwrap();
    assert_eq!(server.got()[0].header("authorization"), "");
}

#[tokio::test]
async fn sentences_name_the_request_the_permission_and_githubs_words() {
    let server = Scripted::start();
    let invalid = json!({"message": "Validation\u{1b}[31m Failed", "errors": [
        {"resource": "Issue", "field": "title", "code": "missing_field"}, "and this",
    ]});
    server
        .reply(WRITE, json_reply(422, &invalid))
        .reply(READ, message(404, "Not Found"));
    let subject = subject(&server);
    let said = write(&subject.github).await.unwrap_err().to_string();
    assert_eq!(
        said,
        "GitHub answered 422 to POST /repos/pyca/demo/issues: Validation\\u{1b}[31m Failed \
         (Issue.title missing_field; and this)"
    );
    let said = read(&subject.github).await.unwrap_err().to_string();
    assert_eq!(
        said,
        "GitHub answered 404 to GET /repos/pyca/demo/issues/7: there is no such thing, or it may \
         not be seen; GitHub says 404 for a missing permission too, so check the name, and that \
         the token or App may access the repository with \"issues: read\""
    );
    let flood = Scripted::start();
    flood.reply(READ, message(400, &"x".repeat(100_000)));
    let said = read(&self::subject(&flood).github)
        .await
        .unwrap_err()
        .to_string();
    assert!(said.len() < 500, "{} bytes", said.len());
}

#[tokio::test]
async fn a_spent_limit_parks_everything_until_it_is_said_to_end() {
    let server = Scripted::start();
    let spent = message(403, "API rate limit exceeded")
        .header("x-ratelimit-remaining", "0")
        .header(
            "x-ratelimit-reset",
            (super::github_client_server::START + 600).to_string(),
        )
        .header("date", super::github_client_server::date(0));
    server.reply(READ, spent).reply(READ, fine());
    let subject = subject(&server);
    let failure = read(&subject.github).await.unwrap_err();
    assert!(
        failure.to_string().contains("2026-11-22T13:10:00Z"),
        "{failure}"
    );
    assert_eq!(name(&write(&subject.github).await.unwrap_err()), "parked");
    assert_eq!(subject.github.requests(), 1);

    subject.time.pass(Duration::from_secs(601));
    read(&subject.github).await.unwrap();

    subject
        .github
        .park(Some(subject.time.now() + Duration::from_secs(5)));
    assert_eq!(name(&read(&subject.github).await.unwrap_err()), "parked");
    subject.github.park(None);
    read(&subject.github).await.unwrap();
}

/// This clock was days ahead when GitHub asked to be left alone for ten minutes.
#[tokio::test]
async fn a_clock_that_is_set_right_leaves_nobody_alone_for_days() {
    let server = Scripted::start();
    let spent = message(403, "API rate limit exceeded")
        .header("x-ratelimit-remaining", "0")
        .header(
            "x-ratelimit-reset",
            (super::github_client_server::START + 600).to_string(),
        )
        .header("date", super::github_client_server::date(0));
    server.reply(READ, spent).reply(READ, fine());
    let subject = subject(&server);
    let days = Duration::from_secs(3 * 24 * 60 * 60);
    subject.time.pass(days);
    assert_eq!(name(&read(&subject.github).await.unwrap_err()), "parked");
    assert_eq!(name(&read(&subject.github).await.unwrap_err()), "parked");
    subject.time.set_back(days);
    subject.time.pass(Duration::from_secs(601));
    read(&subject.github).await.unwrap();
    assert_eq!(subject.github.requests(), 2);
}

#[tokio::test]
async fn the_last_request_of_a_limit_is_good_and_the_next_is_not_sent() {
    let server = Scripted::start();
    let last = fine()
        .header("x-ratelimit-remaining", "0")
        .header(
            "x-ratelimit-reset",
            (super::github_client_server::START + 600).to_string(),
        )
        .header("date", super::github_client_server::date(0));
    server.reply(READ, last);
    let subject = subject(&server);
    read(&subject.github).await.unwrap();
    assert_eq!(name(&read(&subject.github).await.unwrap_err()), "parked");
    assert_eq!(server.lines().len(), 1);
}

#[rstest]
#[case(400, json!({"message": "Invalid request.\n\n\"return_run_details\" is not a permitted key."}))]
#[case(422, json!({"message": "Invalid", "errors": ["return_run_details is unknown"]}))]
#[tokio::test]
async fn an_older_server_is_asked_to_dispatch_without_run_details(
    #[case] status: u16,
    #[case] refusal: serde_json::Value,
) {
    let server = Scripted::start();
    let line = "POST /repos/pyca/demo/actions/workflows/wheels.yml/dispatches";
    server
        .reply(line, json_reply(status, &refusal))
        .reply(line, Reply::new(204));
    let subject = subject(&server);
    let inputs = BTreeMap::from([("version".to_owned(), "3.5.5".to_owned())]);
    let run = subject
        .github
        .dispatch_workflow(&repository(), "wheels.yml", "main", &inputs)
        .await
        .unwrap();
    assert_eq!(run, None);
    let bodies: Vec<_> = server.got().into_iter().map(|got| got.body).collect();
    assert_eq!(
        bodies,
        [
            json!({"ref": "main", "inputs": {"version": "3.5.5"}, "return_run_details": true}),
            json!({"ref": "main", "inputs": {"version": "3.5.5"}}),
        ]
    );
}

#[rstest]
#[case::unknown_input(422, "Unexpected inputs provided: [\"x\"]", false)]
#[case::after_storing(502, "Bad Gateway", true)]
#[tokio::test]
async fn another_refusal_is_no_reason_to_dispatch_again(
    #[case] status: u16,
    #[case] words: &str,
    #[case] may_have_taken_effect: bool,
) {
    let server = Scripted::start();
    let line = "POST /repos/pyca/demo/actions/workflows/wheels.yml/dispatches";
    server.reply(line, message(status, words));
    let failure = subject(&server)
        .github
        .dispatch_workflow(&repository(), "wheels.yml", "main", &BTreeMap::new())
        .await
        .unwrap_err();
    assert_eq!(failure.is_ambiguous(), may_have_taken_effect);
    assert_eq!(server.lines(), [line]);
}
