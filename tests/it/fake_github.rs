//! The fake GitHub does what GitHub does, and its checks can fail.

mod actions;
mod apps;
mod checks;
mod faults;
mod files;
mod issues;

use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::support::fake_github::{Access, FakeGithub, Token};

const REPOSITORY: &str = "pyca/cryptography";

/// A fake with one repository and the token `t` of `rewheel`, which may do everything.
fn fake() -> FakeGithub {
    let fake = FakeGithub::start();
    fake.repository(REPOSITORY);
    fake.token("t", Token::person("rewheel").everywhere(Access::all()));
    fake
}

/// A plain client that follows no redirects and says nothing of its own.
fn builder() -> ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy().tls_certs_only([]);
    builder.redirect(reqwest::redirect::Policy::none())
}

fn client() -> Client {
    builder().user_agent("rewheel-test").build().unwrap()
}

/// A well-formed request with a token.
fn request(fake: &FakeGithub, method: Method, path: &str, token: &str) -> RequestBuilder {
    client()
        .request(method, format!("{}{path}", fake.url()))
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
        .bearer_auth(token)
}

async fn get(fake: &FakeGithub, path: &str) -> Response {
    request(fake, Method::GET, path, "t").send().await.unwrap()
}

async fn post(fake: &FakeGithub, path: &str, body: &Value) -> Response {
    send(fake, Method::POST, path, "t", body).await
}

async fn patch(fake: &FakeGithub, path: &str, body: &Value) -> Response {
    send(fake, Method::PATCH, path, "t", body).await
}

async fn send(
    fake: &FakeGithub,
    method: Method,
    path: &str,
    token: &str,
    body: &Value,
) -> Response {
    let request = request(fake, method, path, token);
    request.json(body).send().await.unwrap()
}

/// The body of an answer that must have this status.
#[track_caller]
fn is(response: &Response, status: u16) {
    assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
}

async fn json(response: Response, status: u16) -> Value {
    is(&response, status);
    response.json().await.unwrap()
}

/// The message of an error with this status.
async fn message(response: Response, status: u16) -> String {
    let body = json(response, status).await;
    body["message"].as_str().unwrap().to_owned()
}

/// A header, empty when there is none.
fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap()).to_owned()
}

/// The numbers of a list of issues.
fn numbers(list: &Value) -> Vec<u64> {
    let items = list.as_array().unwrap().iter();
    items.map(|one| one["number"].as_u64().unwrap()).collect()
}
