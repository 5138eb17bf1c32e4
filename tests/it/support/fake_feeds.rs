//! GitHub over loopback, as far as OpenSSL's feeds go: stateful, with faults and a record of what
//! it was asked.
//!
//! It serves the releases of openssl/openssl in pages with `Link` and ETag, a release by its tag,
//! the head of openssl/release-metadata, and the archive of it, which it redirects to a second
//! server under another host name: the API is `127.0.0.1`, archives are on `localhost`. It begins
//! with the built-in facts, and a test changes them.

mod seed;
mod serving;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use rewheel::source::Sha256Sum;
use serde_json::Value;

use super::recorded::Recorded;
use super::reply::Fault;
use super::server::Server;

pub use seed::{record, release};

/// The path of the list of releases.
pub const RELEASES: &str = "/repos/openssl/openssl/releases";
/// The path of the look at the branch.
pub const HEAD: &str = "/repos/openssl/release-metadata/commits/HEAD";

#[derive(Default)]
struct Inner {
    releases: Vec<Value>,
    page_size: usize,
    files: BTreeMap<String, Vec<u8>>,
    /// Instead of an archive of the files.
    archive: Option<Vec<u8>>,
    once: HashMap<String, VecDeque<Fault>>,
    always: HashMap<String, Fault>,
    requests: Vec<Recorded>,
    /// `x-ratelimit-remaining` and `x-ratelimit-reset`.
    rate_limit: Option<(u64, i64)>,
    archives: String,
    api: String,
}

/// The fake. It ends when it is dropped.
pub struct FakeFeeds {
    api: Server,
    _archives: Server,
    inner: Arc<Mutex<Inner>>,
}

impl FakeFeeds {
    /// Starts with the built-in facts.
    pub fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner {
            releases: seed::releases(),
            files: seed::files(),
            page_size: 100,
            ..Inner::default()
        }));
        let serve = || {
            let router = Router::new()
                .fallback(serving::answer)
                .with_state(Arc::clone(&inner));
            Server::start(router)
        };
        let (api, archives) = (serve(), serve());
        {
            let mut inner = inner.lock().unwrap();
            inner.archives = format!("http://localhost:{}", archives.address().port());
            inner.api = format!("http://{}", api.address());
        }
        Self {
            api,
            _archives: archives,
            inner,
        }
    }

    /// The API's address, for `openssl.api`.
    pub fn url(&self) -> String {
        format!("http://{}", self.api.address())
    }

    /// Puts a release at the head of the list, in the place of another with its tag.
    pub fn publish(&self, release: Value) -> &Self {
        self.change(|inner| {
            inner
                .releases
                .retain(|known| known["tag_name"] != release["tag_name"]);
            inner.releases.insert(0, release);
        })
    }

    /// Takes releases off the list whose tag does not fit.
    pub fn keep_releases(&self, keeps: impl Fn(&str) -> bool) -> &Self {
        self.change(|inner| {
            inner
                .releases
                .retain(|known| keeps(known["tag_name"].as_str().unwrap()));
        })
    }

    /// Changes every release of the list.
    pub fn edit_releases(&self, edit: impl Fn(&mut Value)) -> &Self {
        self.change(|inner| inner.releases.iter_mut().for_each(edit))
    }

    /// Puts a file into release-metadata, whose branch moves by that.
    pub fn commit(&self, path: &str, text: &str) -> &Self {
        self.change(|inner| {
            inner
                .files
                .insert(path.to_owned(), text.as_bytes().to_vec());
        })
    }

    /// Takes files out of release-metadata whose path does not fit.
    pub fn keep_files(&self, keeps: impl Fn(&str) -> bool) -> &Self {
        self.change(|inner| inner.files.retain(|path, _| keeps(path)))
    }

    /// Serves this instead of an archive of the files.
    pub fn archive(&self, bytes: Vec<u8>) -> &Self {
        self.change(|inner| inner.archive = Some(bytes))
    }

    /// Lists so many releases on a page.
    pub fn page_size(&self, size: usize) -> &Self {
        self.change(|inner| inner.page_size = size)
    }

    /// Says so many requests are left, and when there will be more; counts down.
    pub fn rate_limit(&self, remaining: u64, reset: i64) -> &Self {
        self.change(|inner| inner.rate_limit = Some((remaining, reset)))
    }

    /// Allows any number of requests.
    pub fn unlimited(&self) -> &Self {
        self.change(|inner| inner.rate_limit = None)
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
            inner.always.clear();
            inner.once.clear();
        })
    }

    /// Forgets what was asked.
    pub fn forget_requests(&self) -> &Self {
        self.change(|inner| inner.requests.clear())
    }

    /// The path of the archive of the present commit.
    pub fn archive_path(&self) -> String {
        let inner = self.inner.lock().unwrap();
        format!("/repos/openssl/release-metadata/tarball/{}", inner.head())
    }

    /// What was asked so far, in order, with the status of the answer.
    pub fn requests(&self) -> Vec<Recorded> {
        self.inner.lock().unwrap().requests.clone()
    }

    /// The statuses of the answers so far; forgets them.
    pub fn statuses(&self) -> Vec<u16> {
        let mut inner = self.inner.lock().unwrap();
        let mut statuses: Vec<u16> = inner.requests.drain(..).map(|one| one.status).collect();
        statuses.sort_unstable();
        statuses
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) -> &Self {
        change(&mut self.inner.lock().unwrap());
        self
    }
}

impl Inner {
    /// The commit, which stands for the files.
    fn head(&self) -> String {
        let mut sum = Sha256Sum::default();
        for (path, content) in &self.files {
            sum.add(path.as_bytes());
            sum.add(&[0]);
            sum.add(content);
        }
        sum.add(self.archive.as_deref().unwrap_or_default());
        sum.finish()[..40].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// GitHub's own description holds what the fake says, and is strict enough to refuse nonsense.
    #[test]
    fn its_releases_are_of_githubs_form() {
        let text = include_str!("../../fixtures/github-release.schema.json");
        let description: Value = serde_json::from_str(text).unwrap();
        let form = jsonschema::validator_for(&description["release"]).unwrap();
        let mut draft = release("3.5.10", "2026-11-01", "");
        draft["published_at"] = Value::Null;
        for one in seed::releases().iter().chain([&draft]) {
            let problems: Vec<String> = form
                .iter_errors(one)
                .map(|error| error.to_string())
                .collect();
            assert_eq!(problems, [""; 0], "{one}");
        }
        for (key, nonsense) in [
            ("tag_name", Value::Null),
            ("draft", json!("no")),
            ("files", json!([])),
        ] {
            let mut bad = draft.clone();
            bad[key] = nonsense;
            assert!(!form.is_valid(&bad), "{key}");
        }
        let mut bad = draft.clone();
        bad["assets"][0]["state"] = "gone".into();
        assert!(!form.is_valid(&bad));
    }
}
