//! What the fake was asked, in order.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// One request and what became of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it came, on the fake's clock.
    pub moment: DateTime<Utc>,
    /// `POST`.
    pub method: String,
    /// The path without the query, and without the root of an Enterprise Server.
    pub path: String,
    /// The query, empty when there was none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, null when there was none or it was no JSON.
    pub body: Value,
    /// Whose token it carried; none where it carried none that is known.
    pub login: Option<String>,
    /// The status of the answer; 0 as long as there is none.
    pub status: u16,
    /// Whether it changed anything.
    pub stored: bool,
    /// Whether it was for the server of archives, not for the API.
    pub archive: bool,
}

impl Entry {
    /// Whether it asks for a change.
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// A header, empty when it was not sent.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// `POST /repos/a/b/issues 201`.
    pub fn line(&self) -> String {
        let query = if self.query.is_empty() {
            String::new()
        } else {
            format!("?{}", self.query)
        };
        format!("{} {}{query} {}", self.method, self.path, self.status)
    }
}
