//! Asking with given credentials: parking, tries, redirects, what is remembered, and which error an
//! answer is.

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, IF_NONE_MATCH};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::fetch::{FetchError, Origin, host_of, printable, redirected, retry_after};

use super::client::Github;
use super::error::{GithubError, words_of_github};
use super::memory::RememberedAnswer;
use super::route::Route;
use super::transport::{Outgoing, Reply, bearer, words_of};

/// How many characters of GitHub's own words are kept.
const MOST_WORDS: usize = 300;

/// How many fields that GitHub complains of are kept.
const MOST_FIELDS: usize = 10;

impl Github {
    /// Asks at an address of the API: a read until it succeeds or fails for good, a write once.
    pub(super) async fn attempts(
        &self,
        route: &Route,
        url: &Url,
        token: Option<&SecretString>,
        body: Option<&serde_json::Value>,
    ) -> Result<Reply, GithubError> {
        if route.asked().is_write {
            return self.attempt(route, url, token, body).await;
        }
        let client = self.shared.transport.client();
        let bound = client.settings().page_timeout;
        let attempts = client.with_retries(|| self.attempt(route, url, token, body));
        tokio::time::timeout(bound, attempts)
            .await
            .unwrap_or_else(|_| {
                Err(GithubError::Transport {
                    asked: route.asked(),
                    source: FetchError::TimedOut {
                        url: printable(url),
                    },
                })
            })
    }

    /// One attempt; a read follows redirects within the API's origin.
    async fn attempt(
        &self,
        route: &Route,
        url: &Url,
        token: Option<&SecretString>,
        body: Option<&serde_json::Value>,
    ) -> Result<Reply, GithubError> {
        let asked = route.asked();
        let failed = |source| GithubError::Transport {
            asked: asked.clone(),
            source,
        };
        let is_read = asked.method == "GET";
        let remembered = if is_read && route.is_remembered() {
            let known = self.memory.recall(url.as_str());
            known.filter(|known| !known.etag.is_empty())
        } else {
            None
        };
        let mut at = url.clone();
        for _ in 0..=self.shared.transport.client().settings().redirects {
            let mut reply = self
                .hop(route, &at, token, body, remembered.as_ref())
                .await?;
            match reply.status {
                200..=299 => {
                    self.shared.limits.good(&reply.headers, self.now());
                    if is_read && route.is_remembered() {
                        self.remember(url, &reply);
                        reply.remembered_at = Some(url.clone());
                    }
                    return Ok(reply);
                }
                304 if let Some(known) = remembered => {
                    self.shared.limits.good(&reply.headers, self.now());
                    return Ok(known_again(known, url));
                }
                301 | 302 | 303 | 307 | 308 if route.takes_redirects => return Ok(reply),
                status @ (301 | 302 | 303 | 307 | 308) => {
                    let next = redirected(&at, reply.header("location"));
                    if !is_read {
                        return Err(GithubError::Moved {
                            asked,
                            status,
                            to: next.ok().map(|to| printable(&to)),
                        });
                    }
                    let next = next.map_err(failed)?;
                    if Origin::of(&next) != Origin::of(&self.shared.api) {
                        return Err(failed(FetchError::StrangeRedirect {
                            from: printable(&at),
                            host: host_of(&next),
                        }));
                    }
                    at = next;
                }
                _ => return Err(self.refusal(route, &reply).await),
            }
        }
        Err(failed(FetchError::TooManyRedirects {
            url: printable(url),
            limit: self.shared.transport.client().settings().redirects,
        }))
    }

    /// Sends a request once, unless GitHub wants to be left alone.
    async fn hop(
        &self,
        route: &Route,
        url: &Url,
        token: Option<&SecretString>,
        body: Option<&serde_json::Value>,
        remembered: Option<&RememberedAnswer>,
    ) -> Result<Reply, GithubError> {
        self.check_parking()?;
        let asked = route.asked();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(route.accept));
        // Whatever named the address: credentials go to the API alone.
        let is_api = Origin::of(url) == Origin::of(&self.shared.api);
        if let Some(value) = token
            .filter(|_| is_api)
            .and_then(|token| bearer(token.expose_secret()))
        {
            headers.insert(AUTHORIZATION, value);
        }
        if let Some(etag) = remembered.and_then(|known| HeaderValue::from_str(&known.etag).ok()) {
            headers.insert(IF_NONE_MATCH, etag);
        }
        let reply = self
            .shared
            .transport
            .exchange(&Outgoing {
                asked: &asked,
                url,
                headers,
                body,
                limit: route.limit.unwrap_or(self.shared.settings.answer_bytes),
            })
            .await?;
        self.note_time(&reply);
        tracing::debug!("{asked}: {}", reply.status);
        Ok(reply)
    }

    /// # Errors
    /// GitHub wants to be left alone.
    pub(super) fn check_parking(&self) -> Result<(), GithubError> {
        match self.parked_until() {
            Some(until) => Err(self.parked(until)),
            None => Ok(()),
        }
    }

    fn parked(&self, until: chrono::DateTime<chrono::Utc>) -> GithubError {
        GithubError::Parked {
            host: host_of(&self.shared.api),
            until,
        }
    }

    fn remember(&self, url: &Url, reply: &Reply) {
        if let Some(etag) = reply.header("etag") {
            let answer = RememberedAnswer {
                etag: etag.to_owned(),
                link: reply.header("link").map(str::to_owned),
                body: reply.body.clone(),
            };
            self.memory.remember(url.as_str(), &answer);
        }
    }

    /// Which error an answer is.
    pub(super) async fn refusal(&self, route: &Route, reply: &Reply) -> GithubError {
        let asked = route.asked();
        let (message, fields) = words_of(reply).await;
        let until = self
            .shared
            .limits
            .refused(reply.status, &reply.headers, &message, self.now());
        if let Some(until) = until {
            return self.parked(until);
        }
        let message = words_of_github(message.trim(), MOST_WORDS);
        let needs = route.needs;
        match reply.status {
            401 => GithubError::Unauthorized { asked, message },
            403 => GithubError::Forbidden {
                asked,
                needs,
                message,
            },
            404 => GithubError::NotFound { asked, needs },
            410 if needs.starts_with("issues") => GithubError::IssuesOff { asked },
            status => GithubError::Refused {
                asked,
                status,
                message,
                fields: fields
                    .iter()
                    .take(MOST_FIELDS)
                    .map(|field| words_of_github(field, MOST_WORDS))
                    .collect(),
                retry_after: retry_after(&reply.headers),
            },
        }
    }
}

/// What a 304 stands for.
fn known_again(known: RememberedAnswer, url: &Url) -> Reply {
    let mut headers = HeaderMap::new();
    let link = known
        .link
        .and_then(|link| HeaderValue::from_str(&link).ok());
    if let Some(link) = link {
        headers.insert("link", link);
    }
    Reply {
        status: 200,
        headers,
        body: known.body,
        remembered_at: Some(url.clone()),
    }
}
