//! Range requests: what a server says that it sent.

use std::ops::Range;

/// A `Content-Range` of a part: which bytes, of how many. Source: RFC 9110, 14.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    /// The bytes that were sent.
    pub(super) bytes: Range<u64>,
    /// How many the whole file has.
    pub(super) total: u64,
}

impl ContentRange {
    /// Reads `bytes FIRST-LAST/TOTAL`; anything that contradicts itself, or leaves the total open,
    /// is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last): (u64, u64) = (number(first)?, number(last)?);
        let total = number(total)?;
        (first <= last && last < total).then_some(Self {
            bytes: first..last.checked_add(1)?,
            total,
        })
    }
}

/// Whether a `Content-Range` says that the whole file is empty, which no range can satisfy.
pub(super) fn says_empty(text: &str) -> bool {
    text.trim() == "bytes */0"
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("bytes 0-9/10", Some((0..10, 10)))]
    #[case("bytes 5-9/10", Some((5..10, 10)))]
    #[case("bytes 5-10/10", None)]
    #[case("bytes 6-5/10", None)]
    #[case("bytes 0-9/*", None)]
    #[case("bytes */10", None)]
    #[case("bytes +1-9/10", None)]
    #[case("bytes 0-18446744073709551615/18446744073709551615", None)]
    #[case("items 0-9/10", None)]
    #[case("", None)]
    fn reads_content_ranges(#[case] text: &str, #[case] expected: Option<(Range<u64>, u64)>) {
        let expected = expected.map(|(bytes, total)| ContentRange { bytes, total });
        assert_eq!(ContentRange::parse(text), expected);
    }
}
