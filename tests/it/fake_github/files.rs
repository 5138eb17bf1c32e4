//! Repositories, their files, ETags, the limit, renaming.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::json;

use super::*;
use crate::support::fake_github::{Access, Token};

const CONTENTS: &str = "/repos/pyca/cryptography/contents";

async fn get_as(fake: &FakeGithub, path: &str, accept: &str) -> String {
    let request = client()
        .get(format!("{}{path}", fake.url()))
        .header("accept", accept)
        .header("x-github-api-version", "2022-11-28");
    request.send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn files_are_read_by_branch_and_commit() {
    let fake = fake();
    let old = fake.commit(REPOSITORY, "main", "ci/version.sh", b"openssl-3.5.4\n");
    fake.commit(REPOSITORY, "main", "ci/version.sh", b"openssl-3.5.5\n");
    fake.commit(REPOSITORY, "46.0.x", "ci/version.sh", b"openssl-3.5.3\n");
    for (reference, expected) in [
        ("main", "openssl-3.5.5\n"),
        ("46.0.x", "openssl-3.5.3\n"),
        (old.as_str(), "openssl-3.5.4\n"),
        ("refs%2Fheads%2Fmain", "openssl-3.5.5\n"),
    ] {
        let path = format!("{CONTENTS}/ci/version.sh?ref={reference}");
        let raw = get_as(&fake, &path, "application/vnd.github.raw+json").await;
        assert_eq!(raw, expected);
        let file = json(get(&fake, &path).await, 200).await;
        let packed = file["content"].as_str().unwrap().replace('\n', "");
        let unpacked = BASE64_STANDARD.decode(packed).unwrap();
        assert_eq!(unpacked, expected.as_bytes());
    }
    let folder = json(get(&fake, &format!("{CONTENTS}/ci")).await, 200).await;
    assert_eq!(folder[0]["path"], "ci/version.sh");
    is(&get(&fake, &format!("{CONTENTS}/missing")).await, 404);
    let nowhere = get(&fake, &format!("{CONTENTS}/ci/version.sh?ref=none")).await;
    assert!(message(nowhere, 404).await.contains("none"));
    let path = format!("/repos/{REPOSITORY}/commits/main");
    let sha = get_as(&fake, &path, "application/vnd.github.sha").await;
    assert_eq!(sha.len(), 40);
    let commit = get(&fake, &format!("/repos/{REPOSITORY}/commits/46.0.x")).await;
    assert_eq!(
        json(commit, 200).await["parents"].as_array().unwrap().len(),
        1
    );
    let branch = get(&fake, &format!("/repos/{REPOSITORY}/branches/46.0.x")).await;
    assert_eq!(json(branch, 200).await["name"], "46.0.x");
    message(
        get(&fake, &format!("/repos/{REPOSITORY}/commits/none")).await,
        422,
    )
    .await;
}

#[tokio::test]
async fn what_is_unchanged_is_not_sent_again_and_is_free() {
    let fake = fake();
    let path = format!("/repos/{REPOSITORY}/issues");
    let first = get(&fake, &path).await;
    let (etag, left) = (
        header(&first, "etag"),
        header(&first, "x-ratelimit-remaining"),
    );
    assert!(etag.starts_with("W/\""));
    assert_eq!(header(&first, "date"), "Fri, 23 Oct 2026 12:00:00 GMT");
    let again = request(&fake, Method::GET, &path, "t").header("if-none-match", &etag);
    let again = again.send().await.unwrap();
    assert_eq!(header(&again, "x-ratelimit-remaining"), left);
    is(&again, 304);
    fake.open_issue(REPOSITORY, "somebody", "a", "b");
    let changed = request(&fake, Method::GET, &path, "t").header("if-none-match", &etag);
    is(&changed.send().await.unwrap(), 200);
}

#[tokio::test]
async fn the_limit_ends_and_begins_anew() {
    let fake = fake();
    fake.rate_limit(2, 0);
    let path = format!("/repos/{REPOSITORY}");
    for (status, left) in [(200, "1"), (200, "0"), (403, "0")] {
        let response = get(&fake, &path).await;
        assert_eq!(header(&response, "x-ratelimit-remaining"), left);
        is(&response, status);
    }
    let limits = json(get(&fake, "/rate_limit").await, 200).await;
    assert_eq!(limits["rate"]["remaining"], 0);
    fake.advance(std::time::Duration::from_secs(3600));
    is(&get(&fake, &path).await, 200);
}

#[tokio::test]
async fn a_renamed_repository_redirects_to_its_number() {
    let fake = fake();
    let id = json(get(&fake, "/repos/PYCA/cryptography").await, 200).await["id"].clone();
    fake.rename(REPOSITORY, "openssl-py/crypto");
    let moved = get(&fake, "/repos/pyca/cryptography/issues?state=all").await;
    let to = header(&moved, "location");
    assert_eq!(
        to,
        format!("{}/repositories/{id}/issues?state=all", fake.url())
    );
    message(moved, 301).await;
    is(
        &get(&fake, to.strip_prefix(&fake.url()).unwrap()).await,
        200,
    );
    let moved = get(&fake, "/repos/pyca/cryptography").await;
    let to = header(&moved, "location").replace(&fake.url(), "");
    assert_eq!(
        json(get(&fake, &to).await, 200).await["full_name"],
        "openssl-py/crypto"
    );
    let write = post(
        &fake,
        "/repos/pyca/cryptography/issues",
        &json!({ "title": "a" }),
    )
    .await;
    let to = header(&write, "location").replace(&fake.url(), "");
    message(write, 307).await;
    assert_eq!(fake.issues("openssl-py/crypto"), []);
    is(&post(&fake, &to, &json!({ "title": "a" })).await, 201);
    assert_eq!(fake.issues("openssl-py/crypto").len(), 1);
}

#[tokio::test]
async fn a_replaced_repository_has_another_number() {
    let fake = fake();
    fake.open_issue(REPOSITORY, "somebody", "a", "b");
    let old = json(get(&fake, "/repos/pyca/cryptography").await, 200).await["id"].clone();
    let new = fake.replace(REPOSITORY);
    assert_eq!(
        json(get(&fake, "/repos/pyca/cryptography").await, 200).await["id"],
        new
    );
    assert_eq!(fake.issues(REPOSITORY), []);
    is(
        &get(&fake, &format!("/repositories/{old}/issues")).await,
        404,
    );
    is(&get(&fake, "/repos/pyca/none").await, 404);
}

#[tokio::test]
async fn everybody_is_who_they_are() {
    let fake = fake();
    assert_eq!(
        json(get(&fake, "/user").await, 200).await["login"],
        "rewheel"
    );
    fake.token("w", Token::workflow().on(REPOSITORY, Access::all()));
    let workflow = request(&fake, Method::GET, "/user", "w")
        .send()
        .await
        .unwrap();
    assert_eq!(
        message(workflow, 403).await,
        "Resource not accessible by integration"
    );
    let body = json!({ "title": "a" });
    let path = format!("/repos/{REPOSITORY}/issues");
    let issue = json(send(&fake, Method::POST, &path, "w", &body).await, 201).await;
    assert_eq!(issue["user"]["login"], "github-actions[bot]");
    assert_eq!(issue["user"]["type"], "Bot");
    fake.revoke("w");
    is(&send(&fake, Method::POST, &path, "w", &body).await, 401);
    fake.forget_requests();
    assert_eq!(fake.requests().len(), 0);
}
