//! The HTTP client: polite, bounded, and careful whom it gives what.
//!
//! It knows nothing of indexes, feeds or wheels. Only http and https are spoken, on every hop;
//! credentials go to the origin they belong to; what the outside names may not lead into a
//! private network; every answer has a bound in time and size.

mod address;
mod certificates;
mod credentials;
mod error;
mod link;
mod page;
mod parking;
mod rate_limit;
mod reach;
mod retry;
mod settings;
mod traffic;

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, LOCATION};
use url::Url;

pub use address::{Origin, printable};
pub(crate) use address::{host_of, redirected};
pub use credentials::{Credentials, Login};
pub use error::FetchError;
pub use link::next_page;
pub use page::{Fetched, Forgetful, PageMemory, RememberedPage};
pub use parking::{SHORTEST_PARKING, free_again, is_parked, is_spent};
pub use rate_limit::RateLimit;
pub use reach::{Reach, is_private_address};
pub use retry::{Retryable, retry_after};
pub use settings::{ClientSettings, RetrySettings, Sleep};
pub use traffic::Heard;

/// What every request says about who asks.
const USER_AGENT: &str = concat!(
    "rewheel/",
    env!("CARGO_PKG_VERSION"),
    " (+",
    env!("CARGO_PKG_REPOSITORY"),
    ")"
);

/// A GET request.
#[derive(Clone, Debug)]
pub struct Get {
    /// Where to; its userinfo is never sent as part of it.
    pub url: Url,
    /// Headers beside those that every request has.
    pub headers: HeaderMap,
    /// Which addresses it may lead to.
    pub reach: Reach,
    /// Whether the bytes must come as they are stored, without a content coding, because they are
    /// counted, addressed by ranges or hashed.
    pub verbatim: bool,
    /// Which hosts a redirect may lead to.
    pub redirects: Redirects,
}

/// Which hosts a redirect may lead to; the host that was asked is always one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// Any that the request may reach.
    Anywhere,
    /// The host that was asked, and those on this list, in lower case.
    Listed(Vec<String>),
}

impl Redirects {
    fn allow(&self, from: &Url, to: &Url) -> bool {
        let target = address::host_of(to);
        match self {
            Self::Anywhere => true,
            Self::Listed(hosts) => target == address::host_of(from) || hosts.contains(&target),
        }
    }
}

impl Get {
    /// A request for a page at an address that a person named.
    pub fn page(url: Url) -> Self {
        Self {
            url,
            headers: HeaderMap::new(),
            reach: Reach::Given,
            verbatim: false,
            redirects: Redirects::Anywhere,
        }
    }

    /// A request for a file's stored bytes.
    pub fn file(url: Url, reach: Reach) -> Self {
        Self {
            url,
            headers: HeaderMap::new(),
            reach,
            verbatim: true,
            redirects: Redirects::Anywhere,
        }
    }
}

/// An answer whose body has not been read.
#[derive(Debug)]
pub struct Answer {
    /// The address that answered, after all redirects, without userinfo.
    pub url: Url,
    response: reqwest::Response,
    heard: Heard,
}

impl Answer {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header's value, when it is readable text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// What the server says of its rate limit.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        RateLimit::of(self.response.headers())
    }

    /// The next piece of the body, with any content coding undone; none at its end.
    ///
    /// # Errors
    /// A connection that breaks or stays silent too long.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let chunk = self.response.chunk().await;
        self.heard.tell();
        chunk.map_err(|error| FetchError::transport(&self.url, error))
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Answer::chunk`], and a body of more than `limit` bytes.
    pub async fn body(&mut self, limit: u64) -> Result<Vec<u8>, FetchError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if (body.len() as u64).saturating_add(chunk.len() as u64) > limit {
                return Err(FetchError::TooLarge {
                    url: printable(&self.url),
                    limit,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// The client. Cloning it is cheap and shares its connections.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
    credentials: Arc<Credentials>,
}

#[derive(Debug)]
struct Shared {
    open: reqwest::Client,
    guarded: reqwest::Client,
    guard: reach::Guard,
    settings: ClientSettings,
    traffic: traffic::Traffic,
}

impl Client {
    /// A client with these settings that knows these credentials.
    ///
    /// # Errors
    /// TLS cannot be set up: no certificate authority is known, or `SSL_CERT_FILE` is unreadable.
    pub fn new(settings: ClientSettings, credentials: Credentials) -> Result<Self, FetchError> {
        // Somebody else may have installed a provider already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = reach::Guard::default();
        Ok(Self {
            shared: Arc::new(Shared {
                open: builder(&settings)?.build().map_err(FetchError::setup)?,
                guarded: builder(&settings)?
                    .dns_resolver(guard.clone())
                    .build()
                    .map_err(FetchError::setup)?,
                guard,
                settings,
                traffic: traffic::Traffic::default(),
            }),
            credentials: Arc::new(credentials),
        })
    }

    /// The same client, which also knows the login in `url`'s userinfo, for `url`'s origin alone,
    /// and trusts that origin because a person named it.
    #[must_use]
    pub fn with_named(&self, url: &Url) -> Self {
        let mut credentials = self.credentials.as_ref().clone();
        credentials.add_named(url);
        Self {
            shared: Arc::clone(&self.shared),
            credentials: Arc::new(credentials),
        }
    }

    /// The same client, which also knows this login for `origin` alone.
    #[must_use]
    pub fn with_login(&self, origin: Origin, login: Login) -> Self {
        let mut credentials = self.credentials.as_ref().clone();
        credentials.add(origin, login);
        Self {
            shared: Arc::clone(&self.shared),
            credentials: Arc::new(credentials),
        }
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &ClientSettings {
        &self.shared.settings
    }

    /// How many requests were sent.
    pub fn requests(&self) -> u64 {
        self.shared.traffic.requests()
    }

    /// What a server last said of its rate limit.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.shared.traffic.rate_limit()
    }

    /// The `Date` of the latest answer. Source: RFC 9110, section 6.6.1.
    pub fn server_time(&self) -> Option<DateTime<Utc>> {
        self.shared.traffic.date()
    }

    /// Waits, in parts that are told to whoever listens.
    pub async fn pause(&self, wait: std::time::Duration) {
        for slice in traffic::slices(wait) {
            (self.settings().retry.sleep)(slice).await;
            self.settings().heard.tell();
        }
    }

    fn note(&self, answer: Result<&reqwest::Response, &reqwest::Error>) {
        self.shared.traffic.sent();
        if let Ok(response) = answer {
            self.shared.traffic.answered(response.headers());
        }
        self.settings().heard.tell();
    }

    /// Which addresses those that `url` names may lead to: any when `url` itself is in a private
    /// network, else only public ones.
    pub async fn reach_from(&self, url: &Url) -> Reach {
        reach::of_names_in(url).await
    }

    /// Sends a request of any method once, as it is: no login is added, no redirect followed, and
    /// every status is an answer. Its address must be one that a person named.
    ///
    /// # Errors
    /// No connection, or no answer in time.
    pub async fn send(&self, request: reqwest::Request) -> Result<reqwest::Response, FetchError> {
        let url = address::checked(request.url())?;
        let answer = self.shared.open.execute(request).await;
        self.note(answer.as_ref());
        answer.map_err(|error| FetchError::transport(&url, error))
    }

    /// Sends a request once, without retries, and follows redirects.
    ///
    /// # Errors
    /// No connection, no answer in time, a redirect that must not be followed, or a status that is
    /// neither a success nor 304 nor 416.
    pub async fn get(&self, request: &Get) -> Result<Answer, FetchError> {
        let mut url = address::checked(&request.url)?;
        let mut reach = request.reach;
        for _ in 0..=self.shared.settings.redirects {
            let response = self.hop(request, &url, reach).await?;
            if !is_redirect(response.status().as_u16()) {
                return classify(url, response, self.settings().heard.clone());
            }
            let next = redirect_target(&url, &response)?;
            if !request.redirects.allow(&request.url, &next) {
                return Err(FetchError::StrangeRedirect {
                    from: printable(&url),
                    host: address::host_of(&next),
                });
            }
            if reach == Reach::Given && Origin::of(&next) != Origin::of(&url) {
                reach = self.reach_from(&url).await;
            }
            url = next;
        }
        Err(FetchError::TooManyRedirects {
            url: printable(&request.url),
            limit: self.shared.settings.redirects,
        })
    }

    async fn hop(
        &self,
        request: &Get,
        url: &Url,
        reach: Reach,
    ) -> Result<reqwest::Response, FetchError> {
        let shared = &self.shared;
        let client = if reach == Reach::Public {
            shared.guard.admit(url)?;
            &shared.guarded
        } else {
            &shared.open
        };
        let mut outgoing = client.get(url.clone()).headers(request.headers.clone());
        if request.verbatim {
            outgoing = outgoing.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if let Some(login) = self.credentials.for_url(url) {
            outgoing = match login.user() {
                Some(user) => outgoing.basic_auth(user, Some(login.password())),
                None => outgoing.bearer_auth(login.password()),
            };
        }
        let answer = outgoing.send().await;
        self.note(answer.as_ref());
        answer.map_err(|error| FetchError::transport(url, error))
    }
}

fn builder(settings: &ClientSettings) -> Result<reqwest::ClientBuilder, FetchError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.read_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false);
    if !settings.system_proxies {
        builder = builder.no_proxy();
    }
    let roots = certificates::additional_roots(&|name| std::env::var_os(name))?;
    if !roots.is_empty() {
        builder = builder.tls_certs_merge(roots);
    }
    Ok(builder)
}

const fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

fn redirect_target(from: &Url, response: &reqwest::Response) -> Result<Url, FetchError> {
    let location = response.headers().get(LOCATION);
    address::redirected(from, location.and_then(|value| value.to_str().ok()))
}

fn classify(url: Url, response: reqwest::Response, heard: Heard) -> Result<Answer, FetchError> {
    match response.status().as_u16() {
        200..=299 | 304 | 416 => Ok(Answer {
            url,
            response,
            heard,
        }),
        status => Err(FetchError::Status {
            url: printable(&url),
            status,
            retry_after: retry::retry_after(response.headers()),
            rate_limit: RateLimit::of(response.headers()),
        }),
    }
}
