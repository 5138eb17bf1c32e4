//! The tracking issue as Markdown: its title, its body, the comment on what changed.
//!
//! Everything from outside is made harmless before a template sees it, so that no template, the
//! user's own included, can let it act.

pub mod body;
pub mod comment;
mod context;
mod detail;
mod mail;
pub mod marker;
mod wheels;

use crate::config::template;
use crate::policy::Cause;

use super::check::LineReport;
use body::{MOST_BYTES, Written};
use detail::Detail;
use marker::Memory;

/// The template that is used where a project has none of its own.
pub const TEMPLATE: &str = include_str!("../../templates/issue.md");

/// The most characters that GitHub takes for a title.
const MOST_TITLE: usize = 256;

/// What a tracking issue is written from.
#[derive(Clone, Copy, Debug)]
pub struct IssueFacts<'a> {
    /// The line with its decision.
    pub line: &'a LineReport,
    /// What the issue is about.
    pub cause: &'a Cause,
    /// Why it stays open although nothing asks for it.
    pub unproven: &'a [String],
    /// How far the steps have come.
    pub steps: &'a [StepView],
    /// What else is to be said, such as labels that GitHub left out.
    pub notes: &'a [String],
    /// The issue before this one.
    pub after: Option<u64>,
    /// The version that the project would publish next.
    pub next: Option<&'a str>,
    /// Where the announcement goes.
    pub mailing_list: Option<&'a str>,
}

/// How far one step has come for one target, in words of ours and texts of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepView {
    /// The step's name.
    pub name: String,
    /// The version of the target.
    pub target: String,
    /// The platforms that get wheels by it.
    pub platforms: Vec<String>,
    /// Whether it is proven.
    pub is_proven: bool,
    /// How far it has come.
    pub sentence: String,
    /// Its runs, newest last.
    pub runs: Vec<RunView>,
    /// The jobs that failed for good: name and address.
    pub failed_jobs: Vec<(String, String)>,
}

/// One run of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunView {
    /// Its number.
    pub id: u64,
    /// Its address.
    pub url: String,
    /// Which attempt of it.
    pub attempt: u64,
    /// How far it has come.
    pub state: String,
}

/// A body that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The template does not work with these values.
    #[error("the issue's template cannot be rendered: {0}")]
    Template(#[from] template::TemplateError),
    /// What people wrote into it leaves no room.
    #[error(
        "what people wrote into the issue leaves no room for the report in the {MOST_BYTES} \
         characters that GitHub takes: shorten it"
    )]
    TooLong,
    /// The template alone is longer than a body.
    #[error(
        "the issue's template gives {length} bytes even with the least detail, and GitHub takes \
         {MOST_BYTES} characters: shorten it"
    )]
    LongTemplate {
        /// How long its shortest text is, in bytes.
        length: usize,
    },
}

/// The title: `cryptography: rebuild the wheels with OpenSSL 3.5.9 (security, high)`.
pub fn title(line: &LineReport, cause: &Cause) -> String {
    let decision = &line.decision;
    let versions: Vec<String> = decision
        .targets
        .iter()
        .filter_map(|target| target.version.as_ref())
        .map(ToString::to_string)
        .collect();
    // Of an ended series there is a successor; one that is not out yet has neither.
    let without = |has_ended: bool| {
        let targets = decision.targets.iter();
        let such = targets.filter(move |target| {
            target.version.is_none() && target.successor.is_some() == has_ended
        });
        let names: Vec<String> = such.map(|target| target.series.to_string()).collect();
        names.join(" and ")
    };
    let (ended, awaited) = (without(true), without(false));
    let what = if !versions.is_empty() {
        format!("rebuild the wheels with OpenSSL {}", versions.join(" and "))
    } else if !ended.is_empty() {
        format!("move the wheels off OpenSSL {ended}")
    } else if !awaited.is_empty() {
        format!("OpenSSL {awaited} has no release to build the wheels with yet")
    } else {
        "look at the OpenSSL in the wheels".to_owned()
    };
    let mut why: Vec<&str> = cause.events.iter().map(|event| event.as_str()).collect();
    why.extend(decision.severity.map(|severity| severity.as_str()));
    let line_name = if line.line == "main" {
        String::new()
    } else {
        format!(" {}", line.line)
    };
    let why = if why.is_empty() {
        String::new()
    } else {
        format!(" ({})", why.join(", "))
    };
    let title = format!("{}{line_name}: {what}{why}", line.package);
    wheels::cut(&title, MOST_TITLE.saturating_sub(1))
}

/// The body, with as much detail as there is room for beside what people wrote.
///
/// # Errors
/// The template does not work, or there is no room even for the least.
pub fn body(
    facts: &IssueFacts<'_>,
    template: &str,
    written: &Written,
    memory: &Memory,
) -> Result<String, BodyError> {
    let marker = marker::marker(&facts.line.package, &facts.line.line);
    let memory = marker::memory_line(memory);
    let room = MOST_BYTES.saturating_sub(
        written
            .length()
            .saturating_add(marker.len())
            .saturating_add(memory.len()),
    );
    let mut length = 0;
    for detail in Detail::LEVELS {
        let context = context::of(facts, written, &detail);
        let block = template::render(template, &context)?;
        if block.len() <= room {
            return Ok(written.around(&marker, &block, &memory));
        }
        length = block.len();
    }
    Err(if length > MOST_BYTES {
        BodyError::LongTemplate { length }
    } else {
        BodyError::TooLong
    })
}

#[cfg(test)]
mod tests;
