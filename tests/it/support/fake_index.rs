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

mod pages;
mod serving;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use rewheel::source::Sha256Sum;
use tokio::sync::Semaphore;

use super::recorded::Recorded;
use super::reply::Fault;
use super::server::Server;

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
    held: HashMap<String, Arc<Semaphore>>,
}

/// A path whose requests wait until this lets them go.
pub struct Held {
    gate: Arc<Semaphore>,
}

impl Held {
    /// Answers all that wait, and all that come.
    pub fn let_go(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

/// The fake index. It ends when it is dropped.
pub struct FakeIndex {
    server: Server,
    inner: Arc<Mutex<Inner>>,
}

impl FakeIndex {
    /// Starts an empty index, from an async test.
    pub async fn start() -> Self {
        Self::start_blocking()
    }

    /// Starts an empty index.
    pub fn start_blocking() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let router = Router::new()
            .fallback(serving::answer)
            .with_state(Arc::clone(&inner));
        Self {
            server: Server::start(router),
            inner,
        }
    }

    /// The index's address, for `--index-url`.
    pub fn url(&self) -> String {
        format!("{}/simple/", self.origin())
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.server.address())
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

    /// From now on requests to this path wait.
    pub fn hold(&self, path: &str) -> Held {
        let gate = Arc::new(Semaphore::new(0));
        let held = Arc::clone(&gate);
        self.change(|inner| {
            inner.held.insert(path.to_owned(), held);
        });
        Held { gate }
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

    /// Nothing goes wrong any more.
    pub fn unbroken(&self) -> &Self {
        self.change(|inner| {
            inner.once.clear();
            inner.always.clear();
        })
    }

    /// Takes files off a project that do not fit.
    pub fn keep_files(&self, project: &str, keeps: impl Fn(&FakeFile) -> bool) -> &Self {
        self.change(|inner| {
            if let Some(files) = inner.projects.get_mut(project) {
                files.retain(|file| keeps(file));
            }
        })
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
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
