//! Apps: signed tokens, installations, tokens that end.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::support::fake_github::{APP_KEY, Access, Level};

/// A JSON Web Token over these claims, signed with the key of the fake's Apps.
fn signed(claims: &Value) -> String {
    let text: String = APP_KEY
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let key = KeyPair::from_der(&BASE64_STANDARD.decode(text).unwrap()).unwrap();
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let head = json!({ "alg": "RS256", "typ": "JWT" });
    let message = format!("{}.{}", part(&head), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// The claims of an App with these seconds between now and the moments they name.
fn claims(fake: &FakeGithub, issuer: Value, issued: i64, expires: i64) -> Value {
    let now = fake.now().timestamp();
    json!({ "iss": issuer, "iat": now + issued, "exp": now + expires })
}

#[tokio::test]
async fn an_installation_gives_tokens_that_end() {
    let fake = fake();
    let id = fake.app(77, "rewheel-app", &[REPOSITORY], Access::all());
    let jwt = signed(&claims(&fake, json!("77"), -60, 540));
    let app = request(&fake, Method::GET, "/app", &jwt)
        .send()
        .await
        .unwrap();
    assert_eq!(json(app, 200).await["slug"], "rewheel-app");
    let path = format!("/repos/{REPOSITORY}/installation");
    let found = request(&fake, Method::GET, &path, &jwt)
        .send()
        .await
        .unwrap();
    assert_eq!(json(found, 200).await["id"], id);
    let none = request(&fake, Method::GET, "/repos/pyca/infra/installation", &jwt);
    is(&none.send().await.unwrap(), 404);

    let path = format!("/app/installations/{id}/access_tokens");
    let given = request(&fake, Method::POST, &path, &jwt)
        .send()
        .await
        .unwrap();
    let given = json(given, 201).await;
    let token = given["token"].as_str().unwrap();
    assert_eq!(given["expires_at"], "2026-10-23T13:00:01Z");
    assert!(token.len() > 180 && token.contains('.'));
    let issues = format!("/repos/{REPOSITORY}/issues");
    let issue = send(
        &fake,
        Method::POST,
        &issues,
        token,
        &json!({ "title": "a" }),
    )
    .await;
    assert_eq!(json(issue, 201).await["user"]["login"], "rewheel-app[bot]");
    let user = request(&fake, Method::GET, "/user", token)
        .send()
        .await
        .unwrap();
    is(&user, 403);
    fake.advance(std::time::Duration::from_secs(3600));
    let late = send(
        &fake,
        Method::POST,
        &issues,
        token,
        &json!({ "title": "a" }),
    )
    .await;
    message(late, 401).await;
}

#[tokio::test]
async fn a_token_is_as_narrow_as_it_is_asked_for() {
    let fake = fake();
    let access = Access {
        contents: Level::Read,
        ..Access::all()
    };
    let id = fake.app(77, "rewheel-app", &[REPOSITORY], access);
    let jwt = signed(&claims(&fake, json!(77), -60, 540));
    let path = format!("/app/installations/{id}/access_tokens");
    let body = json!({ "repositories": ["cryptography"], "permissions": { "issues": "read" } });
    let given = json(send(&fake, Method::POST, &path, &jwt, &body).await, 201).await;
    assert_eq!(given["permissions"]["issues"], "read");
    let token = given["token"].as_str().unwrap();
    let issues = format!("/repos/{REPOSITORY}/issues");
    let refused = send(
        &fake,
        Method::POST,
        &issues,
        token,
        &json!({ "title": "a" }),
    )
    .await;
    message(refused, 403).await;
    for body in [
        json!({ "permissions": { "contents": "write" } }),
        json!({ "repositories": ["other"] }),
    ] {
        message(send(&fake, Method::POST, &path, &jwt, &body).await, 422).await;
    }
    fake.edit_app(77, |app| app.suspended = true);
    message(
        send(&fake, Method::POST, &path, &jwt, &json!({})).await,
        403,
    )
    .await;
}

#[rstest]
#[case::expired(json!(77), -600, -1)]
#[case::too_long(json!(77), 0, 601)]
#[case::from_the_future(json!(77), 30, 540)]
#[case::of_nobody(json!(78), -60, 540)]
#[tokio::test]
async fn a_signed_token_that_is_not_right_is_refused(
    #[case] issuer: Value,
    #[case] issued: i64,
    #[case] expires: i64,
) {
    let fake = fake();
    fake.app(77, "rewheel-app", &[REPOSITORY], Access::all());
    let jwt = signed(&claims(&fake, issuer, issued, expires));
    let app = request(&fake, Method::GET, "/app", &jwt)
        .send()
        .await
        .unwrap();
    message(app, 401).await;
}

#[tokio::test]
async fn a_forged_signature_is_refused() {
    let fake = fake();
    fake.app(77, "rewheel-app", &[REPOSITORY], Access::all());
    let jwt = signed(&claims(&fake, json!(77), -60, 540));
    let (start, _) = jwt.rsplit_once('.').unwrap();
    let other = signed(&claims(&fake, json!(77), -60, 500));
    let (_, signature) = other.rsplit_once('.').unwrap();
    for forged in [
        format!("{start}.{signature}"),
        "ghs_x".to_owned(),
        "t".to_owned(),
    ] {
        let app = request(&fake, Method::GET, "/app", &forged)
            .send()
            .await
            .unwrap();
        message(app, 401).await;
    }
}
