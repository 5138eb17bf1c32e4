//! The file form of [`OpensslFacts`]: JSON with one fact on a line, so that a newer copy shows as
//! a readable difference.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::model::{Advisory, LifeTime, LifeTimes, OpensslFacts, Release, Releases};

/// The name and revision of the form.
const SCHEMA: &str = "rewheel/openssl-facts/v1";

/// Why a facts file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FactsFileError {
    /// It is not JSON of this form.
    #[error("the OpenSSL facts cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is of another form.
    #[error("the OpenSSL facts are of the form {0:?}; this rewheel reads {SCHEMA:?}")]
    Schema(String),
}

#[derive(Deserialize)]
struct Document {
    schema: String,
    as_of: NaiveDate,
    series: Vec<LifeTime>,
    releases: Vec<Release>,
    advisories: Vec<Advisory>,
}

/// Reads a facts file.
///
/// # Errors
/// [`FactsFileError`] says where it is not of the form.
pub fn parse(text: &str) -> Result<OpensslFacts, FactsFileError> {
    let document: Document = serde_json::from_str(text)?;
    if document.schema != SCHEMA {
        return Err(FactsFileError::Schema(document.schema));
    }
    Ok(OpensslFacts {
        as_of: document.as_of,
        releases: Releases::new(document.releases),
        advisories: document.advisories,
        life_times: LifeTimes::new(document.series),
    })
}

/// Writes a facts file, always the same for the same facts.
pub fn render(facts: &OpensslFacts) -> String {
    let mut text = format!(
        "{{\"schema\": \"{SCHEMA}\",\n\"as_of\": \"{}\",\n",
        facts.as_of
    );
    text.push_str(&lines("series", facts.life_times.iter()));
    text.push_str(",\n");
    text.push_str(&lines("releases", facts.releases.iter()));
    text.push_str(",\n");
    text.push_str(&lines("advisories", facts.advisories.iter()));
    text.push_str("}\n");
    text
}

fn lines<'a, T: Serialize + 'a>(name: &str, facts: impl Iterator<Item = &'a T>) -> String {
    let rows: Vec<String> = facts
        .filter_map(|fact| serde_json::to_string(fact).ok())
        .collect();
    format!("\"{name}\": [\n{}\n]", rows.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_form_is_refused() {
        let text = r#"{"schema": "x/v2", "as_of": "2026-01-01", "series": [], "releases": [], "advisories": []}"#;
        let message = parse(text).unwrap_err().to_string();
        assert_eq!(
            message,
            "the OpenSSL facts are of the form \"x/v2\"; this rewheel reads \"rewheel/openssl-facts/v1\""
        );
    }

    #[test]
    fn a_broken_file_names_the_place() {
        let message = parse("{\n\"schema\": 1}").unwrap_err().to_string();
        assert!(message.contains("line 2 column"), "{message}");
    }
}
