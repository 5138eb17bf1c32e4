//! Lists: page by page, to their end or as far as is wanted.

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use url::Url;

use crate::fetch::{Origin, next_page};

use super::client::Github;
use super::error::GithubError;
use super::route::Route;

/// How many entries a page has; GitHub's highest number.
const PER_PAGE: usize = 100;

/// How many times the bound on an answer all pages of a list may have together.
const ANSWERS: u64 = 4;

impl Github {
    /// Reads a list whose pages are arrays.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        route: Route,
        at_most: usize,
    ) -> Result<Vec<T>, GithubError> {
        self.list_of(route, at_most, |page: Vec<T>| page).await
    }

    /// Reads a list whose pages hold their entries in a field.
    ///
    /// # Errors
    /// As every read; too many pages or bytes, or pages that lead elsewhere.
    pub(super) async fn list_of<P: DeserializeOwned, T>(
        &self,
        route: Route,
        at_most: usize,
        entries: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, GithubError> {
        let per_page = at_most.clamp(1, PER_PAGE);
        let route = route.with("per_page", &per_page.to_string());
        let asked = route.asked();
        let settings = &self.shared.settings;
        let most_bytes = settings.answer_bytes.saturating_mul(ANSWERS);
        let mut url = route.address(&self.shared.api);
        let mut seen = HashSet::new();
        let mut bytes = 0_u64;
        let mut all = Vec::new();
        for _ in 0..settings.most_pages {
            seen.insert(url.clone());
            let reply = self.ask_at(&route, &url, None).await?;
            bytes = bytes.saturating_add(reply.body.len() as u64);
            if bytes > most_bytes {
                return Err(GithubError::TooLarge {
                    asked,
                    limit: most_bytes,
                });
            }
            all.extend(entries(self.parsed(&route, &reply)?));
            let next = reply.header("link").and_then(next_page);
            let Some(next) = next.filter(|_| all.len() < at_most) else {
                all.truncate(at_most);
                return Ok(all);
            };
            url = Url::parse(&next)
                .ok()
                .filter(|next| Origin::of(next) == Origin::of(&self.shared.api))
                .filter(|next| next.username().is_empty() && next.password().is_none())
                .ok_or_else(|| asked.shape("its next page is on another server"))?;
            if seen.contains(&url) {
                return Err(asked.shape("its pages name each other in a circle"));
            }
        }
        Err(GithubError::TooManyPages {
            asked,
            limit: settings.most_pages,
        })
    }
}
