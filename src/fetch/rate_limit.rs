//! What a server says of how often it may be asked.

use reqwest::header::HeaderMap;

/// How many requests are left, and when there will be more.
///
/// Source: GitHub's documentation, "Rate limits for the REST API"; other servers say it alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// `x-ratelimit-remaining`: the requests that are left.
    pub remaining: u64,
    /// `x-ratelimit-reset`: when there will be more, in seconds since 1970, UTC.
    pub reset: u64,
}

impl RateLimit {
    /// What the headers say; nothing unless both are there and numbers.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse().ok();
        Some(Self {
            remaining: number("x-ratelimit-remaining")?,
            reset: number("x-ratelimit-reset")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some("0"), Some("1795374000"), Some((0, 1_795_374_000)))]
    #[case(Some(" 59 "), Some("1795374000"), Some((59, 1_795_374_000)))]
    #[case(Some("0"), None, None)]
    #[case(None, Some("1795374000"), None)]
    #[case(Some("none"), Some("1795374000"), None)]
    #[case(Some("-1"), Some("1795374000"), None)]
    fn reads_what_is_left(
        #[case] remaining: Option<&str>,
        #[case] reset: Option<&str>,
        #[case] read: Option<(u64, u64)>,
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset", reset),
        ] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        let found = RateLimit::of(&headers).map(|limit| (limit.remaining, limit.reset));
        assert_eq!(found, read);
    }
}
