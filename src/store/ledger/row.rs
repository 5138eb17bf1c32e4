//! How rows are written: moments as texts that sort, and a digest over what a row says.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use crate::source::Sha256Sum;

use super::Fault;

/// A bound on one text of a row; nothing of ours comes near it.
const MAXIMUM_TEXT: usize = 1 << 20;

const MOMENT: &str = "%Y-%m-%dT%H:%M:%S%.9fZ";

pub(super) fn moment_text(moment: DateTime<Utc>) -> String {
    moment.format(MOMENT).to_string()
}

pub(super) fn moment(text: &str) -> Result<DateTime<Utc>, Fault> {
    NaiveDateTime::parse_from_str(text, MOMENT)
        .map(|naive| naive.and_utc())
        .map_err(|error| Fault::Damaged(format!("{text:?} is no moment: {error}")))
}

/// The digest of a row: of its columns as a JSON array, which no two rows share.
pub(super) fn digest(columns: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_vec(columns)
        .map(|text| Sha256Sum::of(&text))
        .map_err(|error| Fault::Damaged(format!("a row has no form as JSON: {error}")))
}

/// Refuses a row that is not what was written.
pub(super) fn check(
    table: &str,
    key: &str,
    found: &str,
    columns: &impl Serialize,
) -> Result<(), Fault> {
    if digest(columns)? == found {
        Ok(())
    } else {
        Err(Fault::Damaged(format!(
            "a row of {table}, {key:?}, is not as it was written"
        )))
    }
}

/// Refuses a text that is too long to be one of ours.
pub(super) fn bounded(what: &'static str, text: &str) -> Result<(), Fault> {
    if text.len() <= MAXIMUM_TEXT {
        return Ok(());
    }
    Err(Fault::TooLong {
        what,
        bytes: text.len(),
        most: MAXIMUM_TEXT,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_back_and_sort_as_texts() {
        let moments: Vec<DateTime<Utc>> = [
            (-62_000_000_000, 0),
            (-1, 999_999_999),
            (0, 0),
            (0, 1),
            (1_790_000_000, 120_000_000),
            (250_000_000_000, 0),
        ]
        .into_iter()
        .map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
        .collect();
        let texts: Vec<String> = moments.iter().copied().map(moment_text).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        for (text, expected) in texts.iter().zip(moments) {
            assert_eq!(moment(text).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_moment_is_damage() {
        for text in [
            "",
            "now",
            "2026-11-22T10:00:00",
            "2026-13-01T00:00:00.000000000Z",
        ] {
            assert!(matches!(moment(text), Err(Fault::Damaged(_))), "{text}");
        }
    }
}
