//! What is known of OpenSSL: all series, one release, or one advisory.

pub mod advisory;
pub mod release;
pub mod series;

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;

use crate::feeds::FeedReport;
use crate::model::{FactsOrigin, OpensslVersion, Release, ReleaseKind, Severity};

use super::printable::{markdown as clean, printable};
use super::{Appearance, json, text, wording};

pub use advisory::AdvisoryView;
pub use release::ReleaseView;
pub use series::SeriesView;

/// The width of sentences where no terminal says another, in columns.
const WIDTH: u16 = 80;

/// What was asked for, and what is known of it.
#[derive(Clone, Debug)]
pub struct OpensslReport {
    /// The moment for which it was worked out.
    pub checked_at: DateTime<Utc>,
    /// Where the facts came from.
    pub feeds: Vec<FeedReport>,
    /// The answer.
    pub answer: Answer,
}

/// What is known of what was asked for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Nothing in particular was asked for: all series.
    Series(Vec<SeriesView>),
    /// One version.
    Release(Box<ReleaseView>),
    /// One CVE.
    Advisory(Box<AdvisoryView>),
}

/// One release where it is named beside others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedRelease {
    /// Its version.
    pub version: OpensslVersion,
    /// The UTC day of its publication.
    pub published: NaiveDate,
    /// What OpenSSL calls it.
    pub kind: ReleaseKind,
    /// The most severe CVE that it says to fix.
    pub severity: Option<Severity>,
}

impl From<&Release> for NamedRelease {
    fn from(release: &Release) -> Self {
        Self {
            version: release.version.clone(),
            published: release.date,
            kind: release.kind,
            severity: release.severity,
        }
    }
}

/// "security, high", "bug-fix".
fn kind(kind: ReleaseKind, severity: Option<Severity>) -> String {
    match severity {
        Some(severity) => format!("{}, {severity}", kind.as_str()),
        None => kind.as_str().to_owned(),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    checked_at: String,
    feeds: &'a [FeedReport],
    #[serde(flatten)]
    answer: &'a Answer,
}

/// The report as a `rewheel/openssl/v1` document.
///
/// # Errors
/// Only when a value cannot be written as JSON, which the types exclude.
pub fn json(report: &OpensslReport) -> serde_json::Result<String> {
    json::render(&Document {
        schema: "rewheel/openssl/v1",
        checked_at: report.checked_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        feeds: &report.feeds,
        answer: &report.answer,
    })
}

/// The report for people at a terminal.
pub fn text(report: &OpensslReport, appearance: Appearance) -> String {
    let mut text = match &report.answer {
        Answer::Series(rows) => series::text(rows, appearance),
        Answer::Release(view) => release::text(view, appearance),
        Answer::Advisory(view) => advisory::text(view, appearance),
    };
    text.push('\n');
    for sentence in judged_by(report) {
        text.push_str(&wrapped("", &sentence, appearance));
    }
    text
}

/// The report as Markdown.
pub fn markdown(report: &OpensslReport) -> String {
    let mut markdown = match &report.answer {
        Answer::Series(rows) => series::markdown(rows),
        Answer::Release(view) => release::markdown(view),
        Answer::Advisory(view) => advisory::markdown(view),
    };
    markdown.push_str("\n### Known from\n\n");
    for sentence in judged_by(report) {
        let _ = writeln!(markdown, "- {}", clean(&sentence));
    }
    markdown
}

/// Where the facts came from and how old they are; feeds that say the same together.
fn judged_by(report: &OpensslReport) -> Vec<String> {
    let mut told: Vec<(FactsOrigin, NaiveDate, &Option<String>, Vec<&str>)> = Vec::new();
    for feed in &report.feeds {
        let same = told.iter_mut().find(|(source, as_of, error, _)| {
            (*source, *as_of, *error) == (feed.source, feed.as_of, &feed.error)
        });
        match same {
            Some((_, _, _, names)) => names.push(feed.name),
            None => told.push((feed.source, feed.as_of, &feed.error, vec![feed.name])),
        }
    }
    let today = report.checked_at.date_naive();
    told.into_iter()
        .map(|(source, as_of, error, names)| {
            let age = today.signed_duration_since(as_of).num_days().max(0);
            let error = error
                .as_deref()
                .map_or_else(String::new, |error| format!("; {error}"));
            format!(
                "{}: {} facts of {as_of}, {} old{error}",
                names.join(", "),
                wording::origin(source),
                wording::days(age)
            )
        })
        .collect()
}

/// A sentence made printable and folded to the terminal, or to eighty columns.
fn wrapped(label: &str, sentence: &str, appearance: Appearance) -> String {
    let width = usize::from(appearance.width.unwrap_or(WIDTH));
    text::wrapped(label, &printable(sentence), width)
}

#[cfg(test)]
mod tests;
