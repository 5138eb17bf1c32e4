//! A package index over loopback, with state, faults and a record of what it was asked.
//!
//! It runs on a thread and runtime of its own, so that it answers whatever the test does: an
//! async test, a test that blocks on the real `rewheel` command, or several at once.
//!
//! ```ignore
//! let fake = FakeIndex::start().await;          // or start_blocking()
//! fake.publish("demo", FakeFile::new("demo-1.0-py3-none-any.whl", wheel::build(&[("demo.py", b"")])));
//! fake.once("/simple/demo/", Fault::Status(503, vec![]));
//! // --index-url fake.url()
//! assert_eq!(fake.requests().len(), 2);
//! ```
//!
//! Pages are at `/simple/PROJECT/`, files at `/files/PROJECT/NAME`; both know ETags, conditional
//! requests and (files) ranges. A fault set with `once` counts for one request to that exact path,
//! in the order in which they were set; one set with `always` for all that follow.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use rewheel::source::Sha256Sum;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::recorded::Recorded;
use super::reply::{Fault, Reply, never};

/// A file on the fake index.
#[derive(Clone, Debug)]
pub struct FakeFile {
    pub name: String,
    pub bytes: Vec<u8>,
    /// What the page promises; the true one unless it is told otherwise.
    pub sha256: Option<String>,
    /// What the page promises; the true one unless it is told otherwise.
    pub size: Option<u64>,
    pub uploaded: Option<String>,
    pub yanked: Option<String>,
    /// The address that the page gives; a relative one unless it is told otherwise.
    pub url: Option<String>,
}

impl FakeFile {
    /// A file with true promises, uploaded on 1 October 2026.
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            sha256: Some(Sha256Sum::of(&bytes)),
            size: Some(bytes.len() as u64),
            uploaded: Some("2026-10-01T00:00:00.000000Z".into()),
            yanked: None,
            url: None,
            bytes,
        }
    }

    /// Yanked for this reason.
    #[must_use]
    pub fn yanked(mut self, reason: &str) -> Self {
        self.yanked = Some(reason.to_owned());
        self
    }

    /// Uploaded at this moment (RFC 3339).
    #[must_use]
    pub fn uploaded(mut self, moment: &str) -> Self {
        self.uploaded = Some(moment.to_owned());
        self
    }

    /// The page promises the hash of something else.
    #[must_use]
    pub fn wrong_hash(mut self) -> Self {
        self.sha256 = Some(Sha256Sum::of(b"something else"));
        self
    }

    /// The page promises neither hash nor size.
    #[must_use]
    pub fn without_promises(mut self) -> Self {
        self.sha256 = None;
        self.size = None;
        self
    }

    /// The page promises this size.
    #[must_use]
    pub fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    /// The page gives this address.
    #[must_use]
    pub fn at(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }
}

#[derive(Default)]
struct Inner {
    projects: BTreeMap<String, Vec<FakeFile>>,
    once: HashMap<String, VecDeque<Fault>>,
    always: HashMap<String, Fault>,
    requests: Vec<Recorded>,
    html: bool,
    without_ranges: bool,
    without_marks: bool,
    login: Option<String>,
}

/// The fake index. It ends when it is dropped.
pub struct FakeIndex {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeIndex {
    /// Starts an empty index, from an async test.
    pub async fn start() -> Self {
        Self::start_blocking()
    }

    /// Starts an empty index.
    pub fn start_blocking() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let state = Arc::clone(&inner);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let router = Router::new().fallback(answer).with_state(state);
                tokio::select! {
                    served = axum::serve(listener, router).into_future() => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            inner,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The index's address, for `--index-url`.
    pub fn url(&self) -> String {
        format!("{}/simple/", self.origin())
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a file.
    pub fn file_url(&self, project: &str, name: &str) -> String {
        format!("{}/files/{project}/{name}", self.origin())
    }

    /// Adds a file to a project, or replaces the one of that name.
    pub fn publish(&self, project: &str, file: FakeFile) -> &Self {
        self.change(|inner| {
            let files = inner.projects.entry(project.to_owned()).or_default();
            files.retain(|known| known.name != file.name);
            files.push(file);
        })
    }

    /// Adds a project, without files so far.
    pub fn add_project(&self, project: &str) -> &Self {
        self.change(|inner| {
            inner.projects.entry(project.to_owned()).or_default();
        })
    }

    /// From now on only HTML is spoken.
    pub fn html_only(&self) -> &Self {
        self.change(|inner| inner.html = true)
    }

    /// From now on ranges are not served.
    pub fn without_ranges(&self) -> &Self {
        self.change(|inner| inner.without_ranges = true)
    }

    /// From now on no ETag is sent.
    pub fn without_marks(&self) -> &Self {
        self.change(|inner| inner.without_marks = true)
    }

    /// From now on requests need this `Authorization` header.
    pub fn requires(&self, authorization: &str) -> &Self {
        self.change(|inner| inner.login = Some(authorization.to_owned()))
    }

    /// The next request to this path goes wrong so.
    pub fn once(&self, path: &str, fault: Fault) -> &Self {
        self.change(|inner| {
            inner
                .once
                .entry(path.to_owned())
                .or_default()
                .push_back(fault)
        })
    }

    /// All requests to this path go wrong so.
    pub fn always(&self, path: &str, fault: Fault) -> &Self {
        self.change(|inner| {
            inner.always.insert(path.to_owned(), fault);
        })
    }

    /// What was asked so far, in order.
    pub fn requests(&self) -> Vec<Recorded> {
        self.inner.lock().unwrap().requests.clone()
    }

    /// What was asked of files so far, in order.
    pub fn file_requests(&self) -> Vec<Recorded> {
        let mut requests = self.requests();
        requests.retain(|request| request.path.starts_with("/files/"));
        requests
    }

    /// Forgets what was asked.
    pub fn forget_requests(&self) {
        self.change(|inner| inner.requests.clear());
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) -> &Self {
        change(&mut self.inner.lock().unwrap());
        self
    }
}

impl Drop for FakeIndex {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let headers = request.headers().clone();
    let (reply, fault) = {
        let mut inner = inner.lock().unwrap();
        let next = inner.once.get_mut(&path).and_then(VecDeque::pop_front);
        let fault = next.or_else(|| inner.always.get(&path).cloned());
        let ignore_range = matches!(fault, Some(Fault::IgnoreRange));
        let (reply, served) = inner.reply(&path, &headers, ignore_range);
        let (reply, served) = match &fault {
            Some(fault) => spoil(reply, served, fault),
            None => (reply, served),
        };
        inner.requests.push(Recorded {
            method: request.method().to_string(),
            path: request.uri().to_string(),
            headers,
            status: reply.status,
            served,
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

fn spoil(reply: Reply, served: Option<Range<u64>>, fault: &Fault) -> (Reply, Option<Range<u64>>) {
    match fault {
        Fault::Status(status, headers) => {
            let headers = headers.clone();
            let reply = Reply {
                headers,
                ..Reply::new(*status)
            };
            (reply, None)
        }
        Fault::Redirect(to) => (Reply::new(302).header("location", to), None),
        Fault::NeverAnswer => (Reply::new(0), None),
        Fault::ContentRange(text) => (reply.header("content-range", text), served),
        Fault::Etag(text) => (reply.header("etag", text), served),
        Fault::Page { content_type, body } => {
            let reply = Reply::new(200).header("content-type", *content_type);
            (reply.body(body.clone()), None)
        }
        Fault::GzipBomb(length) => (Reply::gzip_bomb(*length), None),
        Fault::CutAfter(bytes) | Fault::StallAfter(bytes) => {
            let served =
                served.map(|range| range.start..range.end.min(range.start + *bytes as u64));
            (reply, served)
        }
        Fault::IgnoreRange => (reply, served),
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

fn address(project: &str, file: &FakeFile) -> String {
    let relative = || format!("../../files/{project}/{}", file.name.replace('+', "%2B"));
    file.url.clone().unwrap_or_else(relative)
}

fn json_page(project: &str, files: &[FakeFile]) -> String {
    let entries: Vec<Value> = files
        .iter()
        .map(|file| {
            json!({
                "filename": file.name,
                "url": address(project, file),
                "hashes": file.sha256.as_ref().map_or_else(|| json!({}), |sum| json!({ "sha256": sum })),
                "size": file.size,
                "upload-time": file.uploaded,
                "yanked": file.yanked.as_ref().map_or_else(|| json!(false), |reason| json!(reason)),
            })
        })
        .collect();
    json!({ "meta": { "api-version": "1.1" }, "name": project, "files": entries }).to_string()
}

fn html_page(project: &str, files: &[FakeFile]) -> String {
    let mut page = format!("<!DOCTYPE html><html><title>Links for {project}</title><body>\n");
    for file in files {
        let hash = file
            .sha256
            .as_ref()
            .map_or_else(String::new, |sum| format!("#sha256={sum}"));
        let yanked = file.yanked.as_ref().map_or_else(String::new, |reason| {
            format!(" data-yanked=\"{}\"", reason.replace('"', "&quot;"))
        });
        let url = address(project, file).replace('&', "&amp;");
        page.push_str(&format!(
            "<a href=\"{url}{hash}\"{yanked}>{}</a><br>\n",
            file.name
        ));
    }
    page + "</body></html>"
}
