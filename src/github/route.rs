//! A request before it has credentials: method, path, query, and the permission that it needs.

use url::Url;

use crate::model::RepositoryName;

use super::error::{Asked, words_of_github};

/// What the API's answers are written as.
const JSON: &str = "application/vnd.github+json";

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) needs: &'static str,
    pub(super) accept: &'static str,
    /// The repository that it is about, whose installation of an App may ask.
    pub(super) repository: Option<RepositoryName>,
    /// A bound on the answer, in bytes, where it is another one than usual.
    pub(super) limit: Option<u64>,
    /// Whether a redirect is an answer.
    pub(super) takes_redirects: bool,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
}

impl Route {
    pub(super) fn get(repository: &RepositoryName, tail: &[&str], needs: &'static str) -> Self {
        Self::of_repository("GET", repository, tail, needs)
    }

    pub(super) fn post(repository: &RepositoryName, tail: &[&str], needs: &'static str) -> Self {
        Self::of_repository("POST", repository, tail, needs)
    }

    pub(super) fn patch(repository: &RepositoryName, tail: &[&str], needs: &'static str) -> Self {
        Self::of_repository("PATCH", repository, tail, needs)
    }

    fn of_repository(
        method: &'static str,
        repository: &RepositoryName,
        tail: &[&str],
        needs: &'static str,
    ) -> Self {
        let head = ["repos", repository.owner(), repository.name()];
        Self {
            repository: Some(repository.clone()),
            ..Self::plain(method, &[&head, tail].concat(), needs)
        }
    }

    /// A request that is about no repository.
    pub(super) fn plain(method: &'static str, path: &[&str], needs: &'static str) -> Self {
        Self {
            method,
            needs,
            accept: JSON,
            repository: None,
            limit: None,
            takes_redirects: false,
            segments: path.iter().map(|&segment| segment.to_owned()).collect(),
            query: Vec::new(),
        }
    }

    /// The same with one more parameter in its query.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    /// The same for an answer of another media type.
    #[must_use]
    pub(super) const fn accept(mut self, media_type: &'static str) -> Self {
        self.accept = media_type;
        self
    }

    /// The same with another bound on the answer, in bytes.
    #[must_use]
    pub(super) const fn within(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The same for something that is kept elsewhere: a redirect is its answer.
    #[must_use]
    pub(super) const fn elsewhere(mut self) -> Self {
        self.takes_redirects = true;
        self
    }

    /// Whether its answer is worth remembering.
    pub(super) fn is_remembered(&self) -> bool {
        self.repository.is_some() && self.accept == JSON && !self.takes_redirects
    }

    /// Its address below the API's.
    pub(super) fn address(&self, api: &Url) -> Url {
        let mut url = api.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            // A segment of dots alone would be left out, and another thing asked for.
            segments.extend(self.segments.iter().map(|segment| match segment.as_str() {
                "." | ".." => "%2E",
                segment => segment,
            }));
        }
        if !self.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &self.query {
                pairs.append_pair(name, value);
            }
        }
        url
    }

    /// The request, as errors name it.
    pub(super) fn asked(&self) -> Asked {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            path.push_str(&words_of_github(segment, 128));
        }
        Asked {
            method: self.method,
            path,
            is_write: self.method != "GET" && self.repository.is_some(),
        }
    }
}
