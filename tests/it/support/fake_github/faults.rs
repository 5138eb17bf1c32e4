//! What can go wrong between a client and GitHub, for which request, and requests that are held.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;

/// Whether something happens before GitHub has stored what was asked for, or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

/// What a request meets instead of its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status, 500 or above, as JSON.
    Status(When, u16),
    /// A 502 that is a page of HTML, as a proxy sends it.
    Html(When),
    /// The connection is cut without an answer.
    Cut(When),
    /// No answer, ever: the client's time runs out.
    Silent(When),
    /// The connection is cut in the middle of the right answer.
    CutInBody,
    /// Half of an answer's JSON, as if it were all.
    Malformed,
    /// A page of so many bytes that is JSON of the wrong form.
    HugePage(usize),
    /// A body that never ends.
    Endless,
    /// 401: the token is not known any more.
    Unauthorized,
    /// 403 of the primary limit, with headers that say when it ends.
    RateLimited(Duration),
    /// 403 or 429 of a secondary limit, with `Retry-After` in seconds or without.
    SecondaryLimit(u16, Option<u64>),
    /// 403 without any header of a limit.
    Forbidden,
    /// 404, which is what a missing permission looks like.
    NotFound,
    /// 410: issues are off.
    Gone,
    /// 422 in GitHub's form, with this sentence.
    Invalid(&'static str),
    /// A redirect to this address: 302 for reads, 307 for writes.
    Redirect(String),
}

impl Fault {
    /// Whether a write takes effect all the same.
    pub fn stores(&self) -> bool {
        match self {
            Self::Status(when, _) | Self::Html(when) | Self::Cut(when) | Self::Silent(when) => {
                *when == When::After
            }
            Self::CutInBody | Self::Malformed | Self::HugePage(_) | Self::Endless => true,
            _ => false,
        }
    }

    /// One of every kind and moment; those of `Silent` take as long as the client waits.
    pub fn every_kind() -> Vec<Self> {
        let both = [When::Before, When::After];
        let mut all: Vec<Self> = both
            .into_iter()
            .flat_map(|when| {
                [
                    Self::Status(when, 500),
                    Self::Status(when, 502),
                    Self::Html(when),
                    Self::Cut(when),
                    Self::Silent(when),
                ]
            })
            .collect();
        all.extend([
            Self::CutInBody,
            Self::Malformed,
            Self::HugePage(40 << 20),
            Self::Endless,
            Self::Unauthorized,
            Self::RateLimited(Duration::from_secs(600)),
            Self::SecondaryLimit(403, Some(60)),
            Self::SecondaryLimit(429, Some(60)),
            Self::SecondaryLimit(403, None),
            Self::Forbidden,
            Self::NotFound,
            Self::Gone,
            Self::Invalid("is not what GitHub wants"),
            Self::Redirect("http://localhost:9/elsewhere".to_owned()),
        ]);
        all
    }
}

/// Which requests something happens to.
#[derive(Clone, Debug)]
pub struct Matcher {
    method: Methods,
    path: String,
    first: usize,
    times: usize,
}

#[derive(Clone, Debug)]
enum Methods {
    Any,
    Writes,
    Reads,
    One(&'static str),
}

impl Matcher {
    fn of(method: Methods, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            first: 1,
            times: 1,
        }
    }

    /// The next request of this method to this path. `*` stands for one part of a path, `**` at
    /// the end for all that follow.
    pub fn new(method: &'static str, path: &str) -> Self {
        Self::of(Methods::One(method), path)
    }

    /// The next request of any kind.
    pub fn any() -> Self {
        Self::of(Methods::Any, "/**")
    }

    /// The next request that changes something.
    pub fn writes() -> Self {
        Self::of(Methods::Writes, "/**")
    }

    /// The next request that only reads.
    pub fn reads() -> Self {
        Self::of(Methods::Reads, "/**")
    }

    /// The one with this number among those that fit from now on; the first is 1.
    #[must_use]
    pub fn nth(mut self, number: usize) -> Self {
        self.first = number;
        self
    }

    /// So many from there on.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// All from there on.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let reads = matches!(method, "GET" | "HEAD");
        let method_fits = match self.method {
            Methods::Any => true,
            Methods::Writes => !reads,
            Methods::Reads => reads,
            Methods::One(one) => one == method,
        };
        let mut parts = path.split('/');
        for wanted in self.path.split('/') {
            match (wanted, parts.next()) {
                ("**", Some(_)) => return method_fits,
                ("*", Some(_)) => {}
                (wanted, Some(part)) if wanted == part => {}
                _ => return false,
            }
        }
        method_fits && parts.next().is_none()
    }
}

/// What happens to a request.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    Fault(Fault),
    Hold(When, Arc<Mutex<Option<Held>>>),
}

/// The fake's end of a hold.
#[derive(Debug)]
pub(super) struct Held {
    pub arrived: oneshot::Sender<()>,
    pub released: oneshot::Receiver<Release>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Release {
    GoOn,
    Forget,
}

/// A happening that waits for its requests.
#[derive(Debug)]
pub(super) struct Armed {
    pub matcher: Matcher,
    pub seen: usize,
    pub happening: Happening,
}

/// What happens to this request, if anything does. Every armed happening counts it.
pub(super) fn next(armed: &mut [Armed], method: &str, path: &str) -> Option<Happening> {
    let mut found = None;
    for one in armed {
        if !one.matcher.fits(method, path) {
            continue;
        }
        one.seen += 1;
        let since = one.seen.checked_sub(one.matcher.first);
        if found.is_none() && since.is_some_and(|since| since < one.matcher.times) {
            found = Some(one.happening.clone());
        }
    }
    found
}

/// A request that the fake holds until the test lets it go. Dropping this lets it go on.
#[derive(Debug)]
pub struct Hold {
    arrived: Option<oneshot::Receiver<()>>,
    release: Option<oneshot::Sender<Release>>,
}

impl Hold {
    pub(super) fn new() -> (Self, Held) {
        let (arrive, arrived) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let hold = Self {
            arrived: Some(arrived),
            release: Some(release),
        };
        let held = Held {
            arrived: arrive,
            released,
        };
        (hold, held)
    }

    /// Waits until the request is there, and held.
    pub async fn arrived(&mut self) {
        let arrived = self.arrived.take().expect("waited for twice");
        arrived.await.expect("the fake has ended");
    }

    /// The same for a test that is not async. A minute without the request fails the test.
    pub fn wait(&mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime
            .block_on(async { tokio::time::timeout(Duration::from_secs(60), self.arrived()).await })
            .expect("the request that is to be held never came");
    }

    /// Lets the request go on, and be stored if it was held before that. It is, whether or not
    /// the client still lives.
    pub fn release(mut self) {
        self.end(Release::GoOn);
    }

    /// Forgets the request, which is never stored if it was held before that; its connection is
    /// cut.
    pub fn forget(mut self) {
        self.end(Release::Forget);
    }

    fn end(&mut self, how: Release) {
        if let Some(release) = self.release.take() {
            let _ = release.send(how);
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.end(Release::GoOn);
    }
}
