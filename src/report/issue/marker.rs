//! Marks in Markdown that people do not see: which line an issue is of, what it remembers, and
//! which comment says what.
//!
//! Anybody can write such a mark, so it counts only in what a trusted author wrote, and what it
//! remembers is a hint that is held against the facts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::model::CoverageKey;
use crate::policy::{Cause, Event};

const ISSUE: &str = "<!-- rewheel:v1 ";
const STATE: &str = "<!-- rewheel:state ";
const END: &str = " -->";

/// The first line of the tracking issue of a line.
pub fn marker(package: &str, line: &str) -> String {
    format!(
        "{ISSUE}package={} line={}{END}",
        encode(package),
        encode(line)
    )
}

/// Whether an issue with this body is the tracking issue of the line.
pub fn is_of(body: &str, package: &str, line: &str) -> bool {
    let Some(inner) = first(body)
        .strip_prefix(ISSUE)
        .and_then(|rest| rest.strip_suffix(END))
    else {
        return false;
    };
    let fields: BTreeMap<&str, &str> = inner
        .split_ascii_whitespace()
        .filter_map(|field| field.split_once('='))
        .collect();
    let is = |name: &str, value: &str| {
        fields
            .get(name)
            .is_some_and(|found| **found == encode(value))
    };
    is("package", package) && is("line", line)
}

/// Whether an issue with this body is the tracking issue of any line.
pub fn is_marked(body: &str) -> bool {
    first(body).starts_with(ISSUE)
}

/// The first line that is not empty.
fn first(body: &str) -> &str {
    let lines = body.lines().map(str::trim_end);
    lines
        .into_iter()
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// A text without blanks, marks of HTML or anything else that could end a mark.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"._~=,*!".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// What an issue remembers between cycles, at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Memory {
    /// What it is about.
    pub cause: Cause,
    /// Every event that it was ever about.
    pub events: BTreeSet<Event>,
    /// The coverage keys whose wheels were judged when it was opened.
    pub coverage: BTreeSet<CoverageKey>,
    /// Why we closed it, where we did.
    pub closed: Option<Closed>,
    /// The runs that the steps have.
    pub runs: Vec<RememberedRun>,
    /// What GitHub left out of what the issue was to have, such as labels.
    pub dropped: BTreeSet<String>,
    /// The title that was written last; another one is a person's.
    pub title: String,
    /// The issue before this one.
    pub after: Option<u64>,
}

/// Why we closed an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closed {
    /// What is published proved that its reasons were gone.
    Proof,
    /// There was another one.
    Duplicate,
}

/// A run that a step has, read again before it is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedRun {
    /// The step's name.
    pub step: String,
    /// The target's version.
    pub target: String,
    /// The run's number on GitHub.
    pub run: u64,
}

/// The line with what an issue remembers.
pub fn memory_line(memory: &Memory) -> String {
    let json = serde_json::to_string(memory).unwrap_or_default();
    let mut line = String::from(STATE);
    for c in json.chars() {
        // Nothing in it may end the comment, and nothing outside ASCII may act.
        if c.is_ascii() && !matches!(c, '<' | '>' | '-') && !c.is_ascii_control() {
            line.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(line, "\\u{unit:04x}");
            }
        }
    }
    line.push_str(END);
    line
}

/// What an issue with this body remembers; none when the line is gone or damaged.
pub fn memory(body: &str) -> Option<Memory> {
    body.lines().rev().find_map(|line| {
        let json = line.trim_end().strip_prefix(STATE)?.strip_suffix(END)?;
        serde_json::from_str(json).ok()
    })
}

/// Whether a line of a body is one of our marks that is written anew each time.
pub(super) fn is_mark(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with(END.trim_start()) && (line.starts_with(ISSUE) || line.starts_with(STATE))
}

/// The mark of a comment that is written once: what it is about, and which of several.
pub fn comment_mark(kind: &str, which: &str) -> String {
    format!("<!-- rewheel:{kind} {} -->", encode(which))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn memory_of(step: &str) -> Memory {
        Memory {
            cause: Cause {
                events: BTreeSet::from([Event::Security]),
                targets: BTreeSet::from(["3.5.9".to_owned()]),
            },
            runs: vec![RememberedRun {
                step: step.to_owned(),
                target: "3.5.9".to_owned(),
                run: 7,
            }],
            ..Memory::default()
        }
    }

    #[test]
    fn a_marker_is_of_its_line_alone() {
        let body = format!("{}\r\nrest", marker("demo", ">=46,<47"));
        assert!(is_of(&body, "demo", ">=46,<47"));
        assert!(!is_of(&body, "demo", "main"));
        assert!(!is_of(&body, "dem", ">=46,<47"));
        assert!(!is_of(&format!("text\n{body}"), "demo", ">=46,<47"));
        assert!(is_of(&format!("\r\n\n{body}"), "demo", ">=46,<47"));
    }

    proptest! {
        #[test]
        fn what_is_remembered_comes_back_and_never_ends_the_comment(step in "\\PC{0,40}") {
            let memory_of = memory_of(&step);
            let line = memory_line(&memory_of);
            prop_assert!(line.is_ascii());
            prop_assert_eq!(line.matches("--").count(), 2);
            let body = format!("first\n{line}\n");
            prop_assert_eq!(memory(&body), Some(memory_of));
        }

        #[test]
        fn no_name_leaves_its_marker(package in "\\PC{0,20}", line in "\\PC{0,20}") {
            let text = marker(&package, &line);
            prop_assert_eq!(text.matches("-->").count(), 1);
            prop_assert!(is_of(&text, &package, &line));
        }
    }
}
