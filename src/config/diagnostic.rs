//! Problems of a configuration, each with its place, shown as the TOML parser shows its own.

use std::fmt::Write;
use std::ops::Range;

use super::ConfigError;
use super::mask::masked;

/// How many problems are shown.
const SHOWN: usize = 20;

/// How many columns of a line are shown.
const WIDTH: usize = 160;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// In the file, these bytes.
    File(Bytes),
    /// In this variable of the environment.
    Variable(String),
}

/// The beginning and the end of a span; ordered, which `Range` is not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bytes {
    start: usize,
    end: usize,
}

impl Place {
    /// These bytes of the file.
    pub(super) const fn of_file(span: &Range<usize>) -> Self {
        Self::File(Bytes {
            start: span.start,
            end: span.end,
        })
    }
}

/// A file's text, and the name under which it is shown.
pub(super) struct SourceText {
    pub(super) name: String,
    pub(super) text: String,
}

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems(Vec<(Place, String)>);

impl Problems {
    /// One more problem; what is known already is not told twice.
    pub(super) fn add(&mut self, place: &Place, sentence: impl Into<String>) {
        let problem = (place.clone(), sentence.into());
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// Keeps what was parsed, or tells why it could not be.
    pub(super) fn keep<T>(&mut self, place: &Place, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|sentence| self.add(place, sentence)).ok()
    }

    /// Ends here when there are problems.
    pub(super) fn stop(&mut self, source: Option<&SourceText>) -> Result<(), ConfigError> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort();
        let mut shown: Vec<String> = self
            .0
            .iter()
            .take(SHOWN)
            .map(|(place, sentence)| show(place, sentence, source))
            .collect();
        if self.0.len() > SHOWN {
            let more = self.0.len().saturating_sub(SHOWN);
            shown.push(format!("and {more} more"));
        }
        Err(ConfigError::Wrong(shown.join("\n\n")))
    }
}

fn show(place: &Place, sentence: &str, source: Option<&SourceText>) -> String {
    match (place, source) {
        (Place::Variable(name), _) => format!("{name}: {sentence}"),
        (Place::File(bytes), Some(source)) => excerpt(source, bytes, sentence),
        (Place::File(_), None) => sentence.to_owned(),
    }
}

/// The sentence with the line it is about, and carets below the place.
fn excerpt(source: &SourceText, bytes: &Bytes, sentence: &str) -> String {
    let before = source.text.get(..bytes.start).unwrap_or(&source.text);
    let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let number = before.matches('\n').count().saturating_add(1);
    let line = source.text.get(line_start..).unwrap_or_default();
    let line = line.lines().next().unwrap_or_default();
    // Masking keeps the number of characters, so that the carets stay below what they mean.
    let above = before.get(..line_start).unwrap_or_default();
    let header = above
        .lines()
        .rev()
        .find(|line| line.trim_start().starts_with('['));
    let line: String = masked(line, header.unwrap_or_default()).replace('\t', " ");
    let column = before
        .get(line_start..)
        .map_or(0, |text| text.chars().count());
    let marked = source.text.get(bytes.start..bytes.end).unwrap_or_default();
    let marked = marked.lines().next().unwrap_or_default().chars().count();
    let room = line.chars().count().saturating_sub(column).max(1);
    // Of a long line the part around the place is shown.
    let skipped = column
        .saturating_add(marked.min(room))
        .saturating_sub(WIDTH)
        .min(column);
    let shown: String = line.chars().skip(skipped).take(WIDTH).collect();
    let margin = " ".repeat(number.to_string().len());
    let carets = "^".repeat(marked.clamp(1, room.min(WIDTH)));
    let mut text = format!(
        "{}:{number}:{}: {sentence}\n",
        source.name,
        column.saturating_add(1)
    );
    let indent = " ".repeat(column.saturating_sub(skipped));
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{margin} |\n{number} | {}\n{margin} | {indent}{carets}",
        shown.trim_end()
    );
    text
}
