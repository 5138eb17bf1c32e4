//! What a fake server was asked.

use std::ops::Range;

use axum::http::HeaderMap;

/// One request, and what was sent for it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// `GET`, mostly.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The status of the answer; 0 when there was none.
    pub status: u16,
    /// Which bytes of a file the answer was to carry.
    pub served: Option<Range<u64>>,
}

impl Recorded {
    /// A header, empty when it was not sent.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// Whether the request carried a login.
    pub fn has_login(&self) -> bool {
        self.headers.contains_key("authorization")
    }
}

/// How many bytes the answers were to carry together.
pub fn bytes_served(requests: &[Recorded]) -> u64 {
    let ranges = requests.iter().filter_map(|request| request.served.clone());
    ranges.map(|range| range.end - range.start).sum()
}
