//! How the fake index answers: its own answers, and the faults it was told.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use rewheel::source::Sha256Sum;

use super::pages::{html_page, json_page};
use super::{FakeFile, Inner};
use crate::support::recorded::Recorded;
use crate::support::reply::{Fault, Reply, never};

pub(super) async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let headers = request.headers().clone();
    let (reply, fault, gate) = {
        let mut inner = inner.lock().unwrap();
        let next = inner.once.get_mut(&path).and_then(VecDeque::pop_front);
        let fault = next.or_else(|| inner.always.get(&path).cloned());
        let ignore_range = matches!(fault, Some(Fault::IgnoreRange));
        let (reply, served) = inner.reply(&path, &headers, ignore_range);
        let (reply, served) = match &fault {
            Some(fault) => fault.spoil(reply, served),
            None => (reply, served),
        };
        inner.requests.push(Recorded {
            method: request.method().to_string(),
            path: request.uri().to_string(),
            headers,
            status: reply.status,
            served,
        });
        (reply, fault, inner.held.get(&path).cloned())
    };
    if let Some(gate) = gate {
        // It is never closed; the permit goes back, so that one opening serves all.
        let _ = gate.acquire().await;
    }
    match fault {
        Some(Fault::NeverAnswer) => never().await,
        Some(Fault::CutAfter(bytes)) => reply.broken_after(bytes, false),
        Some(Fault::StallAfter(bytes)) => reply.broken_after(bytes, true),
        _ => reply.into_response(),
    }
}

impl Inner {
    fn reply(
        &self,
        path: &str,
        headers: &HeaderMap,
        ignore_range: bool,
    ) -> (Reply, Option<Range<u64>>) {
        let sent = headers
            .get("authorization")
            .map(|value| value.to_str().unwrap());
        if self.login.is_some() && self.login.as_deref() != sent {
            return (Reply::new(401), None);
        }
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["", "simple", project, ""] => match self.projects.get(*project) {
                Some(files) => (self.page(project, files, headers), None),
                None => (Reply::new(404), None),
            },
            ["", "files", project, name] => {
                let files = self.projects.get(*project);
                match files.and_then(|files| files.iter().find(|file| file.name == *name)) {
                    Some(file) => self.file(file, headers, ignore_range),
                    None => (Reply::new(404), None),
                }
            }
            _ => (Reply::new(404), None),
        }
    }

    fn page(&self, project: &str, files: &[FakeFile], headers: &HeaderMap) -> Reply {
        let (content_type, body) = if self.html {
            ("text/html; charset=utf-8", html_page(project, files))
        } else {
            (
                "application/vnd.pypi.simple.v1+json",
                json_page(project, files),
            )
        };
        let etag = format!("\"{}\"", Sha256Sum::of(body.as_bytes()));
        let reply = Reply::new(200).header("content-type", content_type);
        if self.without_marks {
            return reply.body(body.into());
        }
        if headers
            .get("if-none-match")
            .is_some_and(|known| known.to_str().unwrap() == etag)
        {
            return Reply::new(304).header("etag", etag);
        }
        reply.header("etag", etag).body(body.into())
    }

    fn file(
        &self,
        file: &FakeFile,
        headers: &HeaderMap,
        ignore_range: bool,
    ) -> (Reply, Option<Range<u64>>) {
        let length = file.bytes.len() as u64;
        let etag = format!("\"{}\"", Sha256Sum::of(&file.bytes));
        let mut reply = Reply::new(200).header("content-type", "binary/octet-stream");
        if !self.without_marks {
            reply = reply.header("etag", &etag);
        }
        let same = headers
            .get("if-range")
            .is_none_or(|mark| mark.to_str().unwrap() == etag);
        let wanted = headers
            .get("range")
            .filter(|_| same && !ignore_range && !self.without_ranges);
        let Some(wanted) = wanted else {
            return (reply.body(file.bytes.clone()), Some(0..length));
        };
        let Some(range) = range_of(wanted.to_str().unwrap(), length) else {
            let refused = Reply::new(416).header("content-range", format!("bytes */{length}"));
            return (refused, None);
        };
        let text = format!("bytes {}-{}/{length}", range.start, range.end - 1);
        reply.status = 206;
        let part = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        let reply = reply
            .header("content-range", text)
            .body(file.bytes[part].to_vec());
        (reply, Some(range))
    }
}

fn range_of(text: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = if first.is_empty() {
        length.saturating_sub(last.parse().ok()?)..length
    } else {
        let end: u64 = if last.is_empty() {
            length
        } else {
            last.parse::<u64>().ok()? + 1
        };
        first.parse().ok()?..end.min(length)
    };
    (range.start < range.end).then_some(range)
}
