//! The configuration: a file, the environment, and nothing else.
//!
//! It goes from unchecked to checked, each step knowing only those before it:
//!
//! - `raw`: values as they stand in the file, each with its place;
//! - `schema`: the keys that exist, for the program, for editors and for people; `words`: what their texts mean; `nearest`: the right spelling;
//! - `check`: values held against the schema; `environment`: variables laid over the file;
//! - `github`, `state`, `server`: how it acts and is seen; `notify`, `occasion`: who is told what; `project`, `issue`, `step`, `acceptance`: one project with its
//!   defaults; `valid`: what the program uses;
//! - `template`: texts with values in them, for steps and the tracking issue.
//!
//! Every problem has a place, in the file or in a variable; `diagnostic` shows it, and `mask` keeps
//! secrets out of what is shown.

mod acceptance;
mod check;
mod diagnostic;
mod environment;
mod github;
mod issue;
mod mask;
mod nearest;
mod notify;
mod occasion;
mod project;
mod raw;
mod schema;
mod server;
mod state;
mod step;
pub mod template;
mod valid;
mod words;

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use diagnostic::{Problems, SourceText};

pub use github::{Credential, Github};
pub use issue::{IssueSettings, Template};
pub use nearest::nearest;
pub use notify::{Encryption, Form, Interest, MAIL, Mail, Notify, Secret, Webhook, WithoutLedger};
pub use occasion::Occasion;
pub use schema::{check_text, json_schema, keys, reference};
pub use server::Server;
pub use state::{State, StateUrl};
pub use valid::{Configuration, Limits, Line, Openssl, ProjectSettings, Watch};

/// A bound on the file; people write far less.
const MAXIMUM_BYTES: u64 = 1 << 20;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Something in it is wrong: one sentence per problem, each with its place and, in a file,
    /// with the line it stands in. Secrets are masked.
    #[error("{0}")]
    Wrong(String),
}

/// Reads a configuration: the file, when one is named, and the variables of the environment that
/// are keys.
///
/// # Errors
/// The file cannot be read, or something in it or in the environment is wrong.
pub fn load(
    path: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Configuration, ConfigError> {
    load_as(path, variables, WithoutLedger::Refuse)
}

/// The same, where it is said what becomes of people who cannot be told without a ledger.
///
/// # Errors
/// As [`load`].
pub fn load_as(
    path: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    without_ledger: WithoutLedger,
) -> Result<Configuration, ConfigError> {
    let Some(path) = path else {
        return read(None, variables, without_ledger);
    };
    let text = text_of(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let source = SourceText {
        name: path.display().to_string(),
        text,
    };
    read(Some((&source, path)), variables, without_ledger)
}

/// Reads a configuration from its text alone: no file, no folder, no environment.
///
/// # Errors
/// Something in it is wrong.
pub fn parse(text: &str) -> Result<Configuration, ConfigError> {
    let source = SourceText {
        name: "configuration".to_owned(),
        text: text.to_owned(),
    };
    let file = Some((&source, Path::new("")));
    read(file, [], WithoutLedger::Refuse)
}

fn text_of(path: &Path) -> io::Result<String> {
    let refused = |reason: &str| io::Error::new(io::ErrorKind::InvalidInput, reason);
    // Before it is opened: opening a pipe waits until somebody writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(refused("it is not a regular file"));
    }
    let mut text = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MAXIMUM_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAXIMUM_BYTES {
        return Err(refused("it is larger than 1 MiB"));
    }
    String::from_utf8(text).map_err(|_| refused("it is not text in UTF-8"))
}

/// Reads a configuration from its text; the name stands in problems.
fn read(
    file: Option<(&SourceText, &Path)>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    without_ledger: WithoutLedger,
) -> Result<Configuration, ConfigError> {
    let source = file.map(|(source, _)| source);
    let mut problems = Problems::default();
    let mut root = match source {
        Some(source) => raw::parse(&source.text, &mut problems),
        None => raw::Table::default(),
    };
    check::table(&root, schema::ROOT, "", &mut problems);
    // What has the wrong shape cannot be overridden, and would be told twice.
    problems.stop(source)?;
    environment::lay_over(&mut root, variables, source.is_some(), &mut problems);
    problems.stop(source)?;
    let configuration = valid::configuration(
        &root,
        file.and_then(|(_, path)| path.parent()),
        without_ledger,
        &mut problems,
    );
    problems.stop(source)?;
    Ok(configuration)
}

#[cfg(test)]
mod tests;
