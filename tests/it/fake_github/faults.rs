//! Each kind of fault, and holds.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;

use super::*;
use crate::support::fake_github::{Fault, Matcher, When};

const ISSUES: &str = "/repos/pyca/cryptography/issues";

/// What a client sees of a fault: the status and what is wrong with the body, if it sees any.
async fn seen(
    fake: &FakeGithub,
    method: &str,
    patience: Duration,
) -> Result<(u16, Vec<u8>), &'static str> {
    let client = builder().read_timeout(patience).user_agent("rewheel-test");
    let client = client.build().unwrap();
    let mut request = client
        .request(method.parse().unwrap(), format!("{}{ISSUES}", fake.url()))
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
        .bearer_auth("t");
    if method == "POST" {
        request = request.json(&json!({ "title": "a", "body": "b" }));
    }
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_timeout() => return Err("silent"),
        Err(_) => return Err("cut"),
    };
    let status = response.status().as_u16();
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        body.extend(piece.map_err(|_| "cut in the body")?);
        if body.len() > 2 << 20 {
            return Err("large");
        }
    }
    Ok((status, body))
}

#[tokio::test]
async fn every_kind_of_fault_is_met_once_and_stores_or_not() {
    for fault in Fault::every_kind() {
        for method in ["POST", "GET"] {
            let fake = fake();
            fake.fault(Matcher::any(), fault.clone());
            // Only where there is never an answer is waiting for one in vain.
            let patience = match fault {
                Fault::Silent(_) => Duration::from_millis(100),
                _ => Duration::from_secs(60),
            };
            let seen = seen(&fake, method, patience).await;
            let case = format!("{fault:?} {method}");
            let expected = match &fault {
                Fault::Status(_, status) | Fault::SecondaryLimit(status, _) => Ok(*status),
                Fault::Html(_) => Ok(502),
                Fault::Cut(_) => Err("cut"),
                Fault::Silent(_) => Err("silent"),
                Fault::CutInBody => Err("cut in the body"),
                Fault::HugePage(_) | Fault::Endless => Err("large"),
                Fault::Malformed if method == "POST" => Ok(201),
                Fault::Malformed => Ok(200),
                Fault::Unauthorized => Ok(401),
                Fault::RateLimited(_) | Fault::Forbidden => Ok(403),
                Fault::NotFound => Ok(404),
                Fault::Gone => Ok(410),
                Fault::Invalid(_) => Ok(422),
                Fault::Redirect(_) if method == "POST" => Ok(307),
                Fault::Redirect(_) => Ok(302),
            };
            let status = seen.as_ref().map(|(status, _)| *status).map_err(|&one| one);
            assert_eq!(status, expected, "{case}");
            if let Ok((_, body)) = seen {
                let is_json = serde_json::from_slice::<Value>(&body).is_ok();
                let expected = !matches!(
                    fault,
                    Fault::Malformed | Fault::Html(_) | Fault::Redirect(_)
                );
                assert_eq!(is_json, expected, "{case}");
            }
            // The next request meets nothing, and comes after what the fake still works on.
            let after = post(&fake, ISSUES, &json!({ "title": "c" })).await;
            is(&after, 201);
            let stored = usize::from(method == "POST" && fault.stores());
            assert_eq!(fake.issues(REPOSITORY).len(), stored + 1, "{case}");
            let entry = fake.requests().remove(0);
            assert_eq!(entry.stored, stored == 1, "{case}");
            assert_eq!(entry.status, status.unwrap_or(entry.status), "{case}");
            assert_eq!(entry.login.as_deref(), Some("rewheel"), "{case}");
        }
    }
}

#[tokio::test]
async fn the_headers_of_limits_are_sent() {
    let fake = fake();
    fake.fault(
        Matcher::reads(),
        Fault::RateLimited(Duration::from_secs(90)),
    );
    fake.fault(
        Matcher::reads().nth(2),
        Fault::SecondaryLimit(429, Some(61)),
    );
    fake.fault(Matcher::reads().nth(3), Fault::SecondaryLimit(403, None));
    let limited = get(&fake, ISSUES).await;
    assert_eq!(header(&limited, "x-ratelimit-remaining"), "0");
    let reset = (fake.now() + chrono::Duration::seconds(90)).timestamp();
    assert_eq!(header(&limited, "x-ratelimit-reset"), reset.to_string());
    let secondary = get(&fake, ISSUES).await;
    assert_eq!(header(&secondary, "retry-after"), "61");
    assert_ne!(header(&secondary, "x-ratelimit-remaining"), "0");
    let bare = get(&fake, ISSUES).await;
    assert_eq!(header(&bare, "retry-after"), "");
    assert!(message(bare, 403).await.contains("secondary rate limit"));
}

#[tokio::test]
async fn a_fault_meets_the_requests_it_is_meant_for() {
    let fake = fake();
    fake.fault(
        Matcher::new("GET", "/repos/*/*/issues").nth(2).times(2),
        Fault::NotFound,
    );
    fake.fault(Matcher::writes(), Fault::Gone);
    fake.fault(
        Matcher::new("GET", "/repos/pyca/**").nth(6),
        Fault::Forbidden,
    );
    let mut statuses = Vec::new();
    is(&get(&fake, "/user").await, 200);
    for _ in 0..6 {
        statuses.push(get(&fake, ISSUES).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 404, 404, 200, 200, 403]);
    is(&post(&fake, ISSUES, &json!({ "title": "a" })).await, 410);
    fake.fault(Matcher::any().always(), Fault::NotFound);
    is(&get(&fake, "/user").await, 404);
    fake.unbroken();
    is(&get(&fake, "/user").await, 200);
}

#[tokio::test]
async fn a_held_request_is_stored_when_it_is_let_go() {
    let fake = fake();
    for (when, number) in [(When::Before, 0), (When::After, 2)] {
        let mut hold = fake.hold(Matcher::writes(), when);
        let request = request(&fake, Method::POST, ISSUES, "t").json(&json!({ "title": "a" }));
        let sent = tokio::spawn(request.send());
        hold.arrived().await;
        let held = fake.requests().last().unwrap().clone();
        assert_eq!(
            (held.status == 0, held.stored),
            (when == When::Before, when == When::After)
        );
        assert_eq!(fake.issues(REPOSITORY).len(), number);
        hold.release();
        is(&sent.await.unwrap().unwrap(), 201);
        fake.unbroken();
    }
    assert_eq!(fake.issues(REPOSITORY).len(), 2);
}

/// What was on its way when a process died takes effect all the same, unless it is forgotten.
#[test]
fn a_held_request_outlives_its_client() {
    let fake = fake();
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    for forgotten in [true, false] {
        let mut hold = fake.hold(Matcher::writes(), When::Before);
        let client = runtime();
        let request = request(&fake, Method::POST, ISSUES, "t").json(&json!({ "title": "a" }));
        client.spawn(request.send());
        hold.wait();
        client.shutdown_background();
        assert_eq!(fake.issues(REPOSITORY), []);
        if forgotten {
            hold.forget();
        } else {
            hold.release();
        }
        // The next write comes after what was held, in the fake's one thread.
        let after = runtime();
        let label = json!({ "name": format!("after-{forgotten}") });
        let path = format!("/repos/{REPOSITORY}/labels");
        is(&after.block_on(post(&fake, &path, &label)), 201);
        fake.unbroken();
    }
    assert_eq!(fake.issues(REPOSITORY).len(), 1);
}
