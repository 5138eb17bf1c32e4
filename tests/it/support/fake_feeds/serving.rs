//! How the fake answers.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rewheel::source::Sha256Sum;
use serde_json::{Value, json};

use super::Inner;
use crate::support::recorded::Recorded;
use crate::support::reply::{Fault, Reply, never};

pub(super) async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let headers = request.headers().clone();
    let (reply, fault) = {
        let mut inner = inner.lock().unwrap();
        let next = inner
            .once
            .get_mut(&path)
            .and_then(std::collections::VecDeque::pop_front);
        let fault = next.or_else(|| inner.always.get(&path).cloned());
        let mut reply = inner.limited(&path, &query, &headers);
        if let Some(fault) = &fault {
            reply = fault.spoil(reply, None).0;
        }
        let served = reply.body.len() as u64;
        inner.requests.push(Recorded {
            method: request.method().to_string(),
            path: request.uri().to_string(),
            headers,
            status: reply.status,
            served: Some(0..served),
        });
        (reply, fault)
    };
    match fault {
        Some(Fault::NeverAnswer) => never().await,
        Some(Fault::CutAfter(bytes)) => reply.broken_after(bytes, false),
        Some(Fault::StallAfter(bytes)) => reply.broken_after(bytes, true),
        _ => reply.into_response(),
    }
}

impl Inner {
    /// The answer within the rate limit, which archives have no part in.
    fn limited(&mut self, path: &str, query: &str, headers: &HeaderMap) -> Reply {
        let Some((left, reset)) = self.rate_limit.filter(|_| path.starts_with("/repos/")) else {
            return self.reply(path, query, headers);
        };
        let reply = match left {
            0 => Reply::new(403)
                .header("content-type", "application/json")
                .body(
                    json!({ "message": "API rate limit exceeded" })
                        .to_string()
                        .into_bytes(),
                ),
            _ => self.reply(path, query, headers),
        };
        let left = left.saturating_sub(1);
        self.rate_limit = Some((left, reset));
        reply
            .header("x-ratelimit-remaining", left.to_string())
            .header("x-ratelimit-reset", reset.to_string())
    }

    fn reply(&self, path: &str, query: &str, headers: &HeaderMap) -> Reply {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["", "repos", "openssl", "openssl", "releases"] => self.page(query, headers),
            ["", "repos", "openssl", "openssl", "releases", "tags", tag] => {
                match self.releases.iter().find(|one| one["tag_name"] == *tag) {
                    Some(release) => marked(release.to_string().into_bytes(), headers),
                    None => missing(),
                }
            }
            [
                "",
                "repos",
                "openssl",
                "release-metadata",
                "commits",
                "HEAD",
            ] => {
                let accepted = headers.get("accept").map(|value| value.to_str().unwrap());
                let head = self.head();
                let body = match accepted {
                    Some("application/vnd.github.sha") => head,
                    _ => json!({ "sha": head, "commit": {}, "files": [] }).to_string(),
                };
                marked(body.into_bytes(), headers)
            }
            [
                "",
                "repos",
                "openssl",
                "release-metadata",
                "tarball",
                commit,
            ] if *commit == self.head() => Reply::new(302).header(
                "location",
                format!(
                    "{}/openssl/release-metadata/legacy.tar.gz/{commit}",
                    self.archives
                ),
            ),
            ["", "openssl", "release-metadata", "legacy.tar.gz", commit]
                if *commit == self.head() =>
            {
                let archive = self.archive.clone().unwrap_or_else(|| self.packed(commit));
                Reply::new(200)
                    .header("content-type", "application/x-gzip")
                    .body(archive)
            }
            _ => missing(),
        }
    }

    fn page(&self, query: &str, headers: &HeaderMap) -> Reply {
        let number = |name: &str| {
            let mut parts = query.split('&').filter_map(|part| part.split_once('='));
            parts
                .find(|(key, _)| *key == name)
                .and_then(|(_, value)| value.parse::<usize>().ok())
        };
        let size = number("per_page").unwrap_or(30).min(self.page_size);
        let page = number("page").unwrap_or(1);
        let last = self.releases.len().div_ceil(size).max(1);
        let listed: Vec<&Value> = self
            .releases
            .iter()
            .skip((page - 1) * size)
            .take(size)
            .collect();
        let reply = marked(serde_json::to_vec(&listed).unwrap(), headers);
        let link = |page: usize, rel: &str| {
            format!(
                "<{}/repos/openssl/openssl/releases?per_page={size}&page={page}>; rel=\"{rel}\"",
                self.api
            )
        };
        // GitHub names the neighbours on 304 too, but nobody has to.
        match reply.status {
            200 if page < last => reply.header(
                "link",
                format!("{}, {}", link(page + 1, "next"), link(last, "last")),
            ),
            _ => reply,
        }
    }

    fn packed(&self, commit: &str) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, content) in &self.files {
            append(
                &mut builder,
                &format!("openssl-release-metadata-{}/{path}", &commit[..7]),
                content,
            );
        }
        builder.into_inner().unwrap().finish().unwrap()
    }
}

fn append<W: Write>(builder: &mut tar::Builder<W>, path: &str, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, path, content).unwrap();
}

/// An answer with an ETag, or 304.
fn marked(body: Vec<u8>, headers: &HeaderMap) -> Reply {
    let etag = format!("W/\"{}\"", Sha256Sum::of(&body));
    let known = headers
        .get("if-none-match")
        .map(|value| value.to_str().unwrap());
    if known == Some(etag.as_str()) {
        return Reply::new(304).header("etag", etag);
    }
    Reply::new(200)
        .header("content-type", "application/json; charset=utf-8")
        .header("etag", etag)
        .body(body)
}

fn missing() -> Reply {
    Reply::new(404)
        .header("content-type", "application/json")
        .body(
            json!({ "message": "Not Found", "status": "404" })
                .to_string()
                .into_bytes(),
        )
}
