//! Pages that are asked for again and again: conditional requests against what is remembered.

use reqwest::header::{HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Answer, Client, FetchError, Get, printable};

/// A page with what its server needs to say that nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedPage {
    /// The address that answered, after all redirects.
    pub url: Url,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
    /// The body, without content coding.
    #[serde(skip)]
    pub body: Vec<u8>,
}

impl RememberedPage {
    /// Whether its server can be asked for it conditionally.
    pub fn is_conditional(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// Something that remembers pages between runs. It never fails: what cannot be remembered is
/// fetched again.
pub trait PageMemory: Send + Sync {
    /// The page that was last seen under an address.
    fn recall(&self, url: &Url) -> Option<RememberedPage>;

    /// Remembers a page.
    fn remember(&self, url: &Url, page: &RememberedPage);
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forgetful;

impl PageMemory for Forgetful {
    fn recall(&self, _: &Url) -> Option<RememberedPage> {
        None
    }

    fn remember(&self, _: &Url, _: &RememberedPage) {}
}

/// What asking for a page gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The server says that the remembered page still holds.
    NotModified,
    /// A page that was sent now.
    Fresh(RememberedPage),
}

impl Client {
    /// Asks for a page, with retries, all of it within `page_timeout`; conditionally when an
    /// earlier answer is known.
    ///
    /// # Errors
    /// As [`Client::get`], a body of more than `limit` bytes, and a page that takes too long.
    pub async fn page(
        &self,
        request: &Get,
        known: Option<&RememberedPage>,
        limit: u64,
    ) -> Result<Fetched, FetchError> {
        let mut conditional = request.clone();
        let mut add = |name: HeaderName, value: Option<&String>| {
            if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
                conditional.headers.insert(name, value);
            }
        };
        add(IF_NONE_MATCH, known.and_then(|page| page.etag.as_ref()));
        add(
            IF_MODIFIED_SINCE,
            known.and_then(|page| page.last_modified.as_ref()),
        );
        let conditional = conditional;
        let is_conditional = known.is_some();
        tokio::time::timeout(
            self.settings().page_timeout,
            self.with_retries(|| self.page_once(&conditional, is_conditional, limit)),
        )
        .await
        .unwrap_or_else(|_| {
            Err(FetchError::TimedOut {
                url: printable(&request.url),
            })
        })
    }

    async fn page_once(
        &self,
        request: &Get,
        is_conditional: bool,
        limit: u64,
    ) -> Result<Fetched, FetchError> {
        let mut answer = self.get(request).await?;
        match answer.status() {
            304 if is_conditional => Ok(Fetched::NotModified),
            200 => Ok(Fetched::Fresh(RememberedPage {
                body: answer.body(limit).await?,
                url: answer.url.clone(),
                content_type: text(&answer, "content-type"),
                etag: text(&answer, "etag"),
                last_modified: text(&answer, "last-modified"),
            })),
            status => Err(FetchError::Unexpected {
                url: printable(&answer.url),
                status,
            }),
        }
    }
}

fn text(answer: &Answer, name: &str) -> Option<String> {
    answer.header(name).map(str::to_owned)
}
