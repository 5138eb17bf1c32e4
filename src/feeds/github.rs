//! OpenSSL's feeds over HTTP: what GitHub, or a server like it, is asked.
//!
//! Sources: <https://docs.github.com/rest/releases/releases>,
//! <https://docs.github.com/rest/commits/commits>, <https://docs.github.com/rest/repos/contents>,
//! and "Rate limits for the REST API", all of version 2022-11-28.

mod checksum;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, HeaderName, HeaderValue, IF_NONE_MATCH};
use serde::Deserialize;
use url::Url;

use crate::fetch::{
    Answer, Client, ClientSettings, Credentials, FetchError, Get, Login, Origin, RateLimit, Reach,
    Redirects, RetrySettings, Retryable, SHORTEST_PARKING, free_again, is_spent, next_page,
    printable,
};

use super::copies::PageCopy;
use super::error::FeedError;

/// A bound on the pages of the list of releases, 100 releases each.
const MOST_PAGES: usize = 40;

/// Where OpenSSL's feeds are, and how they are asked.
#[derive(Debug)]
pub struct GithubFeeds {
    client: Client,
    api: Url,
    archive_hosts: Vec<String>,
    limit: u64,
    parked_until: Mutex<Option<DateTime<Utc>>>,
}

/// What a look at the branch of release-metadata gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// It has not moved.
    Unchanged,
    /// It is at this commit.
    At {
        /// The commit.
        commit: String,
        /// What makes the next look conditional.
        etag: Option<String>,
    },
}

struct Reply {
    status: u16,
    etag: Option<String>,
    link: Option<String>,
    body: Vec<u8>,
}

/// The bounds for asking feeds: a feed that is down may hold up a round for seconds, not more.
pub fn client_settings() -> ClientSettings {
    ClientSettings {
        connect_timeout: Duration::from_secs(3),
        read_timeout: Duration::from_secs(5),
        page_timeout: Duration::from_secs(20),
        redirects: 5,
        retry: RetrySettings {
            attempts: 2,
            first_delay: Duration::from_millis(300),
            longest_delay: Duration::from_secs(1),
            longest_retry_after: Duration::from_secs(2),
            ..RetrySettings::default()
        },
        ..ClientSettings::default()
    }
}

/// The hosts that the API at this address may send to for an archive, beside its own: those of
/// github.com, or of a GitHub Enterprise Server.
pub fn archive_hosts(api: &Url) -> Vec<String> {
    let host = api.host_str().unwrap_or_default().to_ascii_lowercase();
    let server = host.strip_prefix("api.").unwrap_or(&host);
    vec![format!("codeload.{server}")]
}

impl GithubFeeds {
    /// The feeds that the API at this address serves. The token, which only raises the rate limit,
    /// goes to the API's origin and nowhere else, and no other login goes anywhere: a netrc file
    /// may hold one for GitHub that is not meant for this. `limit` bounds each answer, in bytes.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(
        settings: ClientSettings,
        api: Url,
        token: Option<secrecy::SecretString>,
        archive_hosts: Vec<String>,
        limit: u64,
    ) -> Result<Self, FetchError> {
        let client = Client::new(settings, Credentials::none())?;
        Ok(Self {
            client: match token {
                Some(token) => client.with_login(Origin::of(&api), Login::token(token)),
                None => client,
            },
            api,
            archive_hosts,
            limit,
            parked_until: Mutex::new(None),
        })
    }

    /// The API's address, without a login.
    pub fn server(&self) -> String {
        printable(&self.api)
    }

    /// How many requests were sent.
    pub fn requests(&self) -> u64 {
        self.client.requests()
    }

    /// What the server last said of its rate limit.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.client.rate_limit()
    }

    /// The `Date` of the latest answer.
    pub fn server_time(&self) -> Option<DateTime<Utc>> {
        self.client.server_time()
    }

    /// The bound on each answer, in bytes.
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// Asks nothing until then: what an earlier run was told.
    pub fn park(&self, until: Option<DateTime<Utc>>) {
        *self
            .parked_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Until when nothing is asked.
    pub fn parked_until(&self) -> Option<DateTime<Utc>> {
        *self
            .parked_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// All pages of the list of releases; those that have not changed since `known` come from
    /// there.
    ///
    /// # Errors
    /// No answer, parked, too many pages or bytes, or a next page on another server.
    pub async fn releases(
        &self,
        known: &[PageCopy],
        now: DateTime<Utc>,
    ) -> Result<Vec<PageCopy>, FeedError> {
        let mut url = self.address(&["repos", "openssl", "openssl", "releases"]);
        url.set_query(Some("per_page=100"));
        let place = printable(&url);
        let mut pages: Vec<PageCopy> = Vec::new();
        let mut left = self.limit;
        loop {
            if pages.len() >= MOST_PAGES {
                let reason = format!("it has more than {MOST_PAGES} pages");
                return Err(FeedError::shape(place, reason));
            }
            let known = known.iter().find(|page| page.url == url.as_str());
            let page = self.page(&url, known, left, now).await?;
            left = left.saturating_sub(page.body.len() as u64);
            let next = page.next.clone();
            pages.push(page);
            let Some(next) = next else {
                return Ok(pages);
            };
            url = Url::parse(&next)
                .ok()
                .filter(|next| Origin::of(next) == Origin::of(&self.api))
                .ok_or_else(|| FeedError::shape(&place, "its next page is on another server"))?;
            if pages.iter().any(|page| page.url == url.as_str()) {
                return Err(FeedError::shape(
                    &place,
                    "its pages name each other in a circle",
                ));
            }
        }
    }

    async fn page(
        &self,
        url: &Url,
        known: Option<&PageCopy>,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<PageCopy, FeedError> {
        let etag = known.and_then(|page| page.etag.as_deref());
        let request = api_request(url.clone(), "application/vnd.github+json", etag);
        let reply = self.ask(&request, limit, now).await?;
        match (reply.status, known) {
            (304, Some(known)) if etag.is_some() => Ok(known.clone()),
            (200, _) => Ok(PageCopy {
                url: url.to_string(),
                etag: reply.etag,
                next: reply.link.as_deref().and_then(next_page),
                body: reply.body,
            }),
            (status, _) => Err(unexpected(url, status)),
        }
    }

    /// Whether there is a release with this tag.
    ///
    /// # Errors
    /// No answer, or parked.
    pub async fn has_release(&self, tag: &str, now: DateTime<Utc>) -> Result<bool, FeedError> {
        let url = self.address(&["repos", "openssl", "openssl", "releases", "tags", tag]);
        let request = api_request(url.clone(), "application/vnd.github+json", None);
        match self.ask(&request, self.limit, now).await {
            Ok(reply) if reply.status == 200 => Ok(true),
            Ok(reply) => Err(unexpected(&url, reply.status)),
            Err(FeedError::Fetch(error)) if error.status() == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Looks at the branch of release-metadata.
    ///
    /// # Errors
    /// No answer, parked, or an answer that is no commit.
    pub async fn head(&self, etag: Option<&str>, now: DateTime<Utc>) -> Result<Head, FeedError> {
        #[derive(Deserialize)]
        struct Commit {
            sha: String,
        }
        let url = self.address(&["repos", "openssl", "release-metadata", "commits", "HEAD"]);
        // Of a commit only its name is wanted, not what it changed.
        let request = api_request(url.clone(), "application/vnd.github.sha", etag);
        let reply = self.ask(&request, self.limit, now).await?;
        if reply.status == 304 && etag.is_some() {
            return Ok(Head::Unchanged);
        }
        if reply.status != 200 {
            return Err(unexpected(&url, reply.status));
        }
        let text = String::from_utf8_lossy(&reply.body);
        let commit = match serde_json::from_str::<Commit>(&text) {
            Ok(commit) => commit.sha,
            Err(_) => text.trim().to_owned(),
        };
        let is_name =
            matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_name {
            return Err(FeedError::shape(printable(&url), "it names no commit"));
        }
        Ok(Head::At {
            commit: commit.to_ascii_lowercase(),
            etag: reply.etag,
        })
    }

    /// The archive of release-metadata at a commit. It may redirect to the hosts for archives.
    ///
    /// # Errors
    /// No answer, parked, a redirect to another host, or too many bytes.
    pub async fn archive(&self, commit: &str, now: DateTime<Utc>) -> Result<Vec<u8>, FeedError> {
        let url = self.address(&["repos", "openssl", "release-metadata", "tarball", commit]);
        let request = Get {
            redirects: Redirects::Listed(self.archive_hosts.clone()),
            ..Get::file(url.clone(), Reach::Given)
        };
        let reply = self.ask(&request, self.limit, now).await?;
        if reply.status != 200 {
            return Err(unexpected(&url, reply.status));
        }
        Ok(reply.body)
    }

    fn address(&self, path: &[&str]) -> Url {
        let mut url = self.api.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Sends a request, unless the server wants to be left alone; takes its rate limit to heart.
    async fn ask(&self, request: &Get, limit: u64, now: DateTime<Utc>) -> Result<Reply, FeedError> {
        if let Some(until) = self.parked_until().filter(|until| *until > now) {
            return Err(self.parked(until));
        }
        let attempts = self
            .client
            .with_retries(|| self.ask_once(request, limit, now));
        let bound = self.client.settings().page_timeout;
        tokio::time::timeout(bound, attempts)
            .await
            .unwrap_or_else(|_| {
                let url = printable(&request.url);
                Err(FetchError::TimedOut { url }.into())
            })
    }

    async fn ask_once(
        &self,
        request: &Get,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Reply, FeedError> {
        let mut answer = match self.client.get(request).await {
            Ok(answer) => answer,
            Err(FetchError::Status {
                status: status @ (403 | 429),
                retry_after,
                rate_limit,
                ..
            }) if status == 429 || retry_after.is_some() || rate_limit.is_some_and(is_spent) => {
                let until = free_again(retry_after, rate_limit, SHORTEST_PARKING, now);
                self.park(Some(until));
                return Err(self.parked(until));
            }
            Err(error) => return Err(error.into()),
        };
        // This answer is good; the next request would be one too many.
        if let Some(spent) = answer
            .rate_limit()
            .filter(|rate_limit| is_spent(*rate_limit))
        {
            self.park(Some(free_again(None, Some(spent), SHORTEST_PARKING, now)));
        }
        let text = |answer: &Answer, name: &str| answer.header(name).map(str::to_owned);
        Ok(Reply {
            status: answer.status(),
            etag: text(&answer, "etag"),
            link: text(&answer, "link"),
            body: match answer.body(limit).await {
                Err(FetchError::TooLarge { url, limit }) => {
                    let reason = format!("it is larger than the limit feed-bytes ({limit})");
                    return Err(FeedError::shape(url, reason));
                }
                body => body?,
            },
        })
    }

    fn parked(&self, until: DateTime<Utc>) -> FeedError {
        let host = self.api.host_str().unwrap_or_default().to_owned();
        FeedError::Parked { host, until }
    }
}

impl Retryable for FeedError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Fetch(error) if error.is_transient())
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Fetch(error) => Retryable::retry_after(error),
            _ => None,
        }
    }
}

fn api_request(url: Url, accepted: &'static str, etag: Option<&str>) -> Get {
    let mut request = Get {
        redirects: Redirects::Listed(Vec::new()),
        ..Get::page(url)
    };
    let headers = &mut request.headers;
    headers.insert(ACCEPT, HeaderValue::from_static(accepted));
    let version = HeaderName::from_static("x-github-api-version");
    headers.insert(version, HeaderValue::from_static("2022-11-28"));
    if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
        headers.insert(IF_NONE_MATCH, etag);
    }
    request
}

fn unexpected(url: &Url, status: u16) -> FeedError {
    let url = printable(url);
    FetchError::Unexpected { url, status }.into()
}
