//! `[project.issue]`: the tracking issue.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::diagnostic::Problems;
use super::raw::Table;
use super::template;

/// A bound on a template's file.
const TEMPLATE_BYTES: u64 = 256 << 10;

/// The labels when the configuration names none.
const LABELS: [&str; 1] = ["openssl"];

/// How many people GitHub lets an issue be assigned to. Source: GitHub's documentation, "Assigning
/// issues and pull requests to other GitHub users".
const MOST_ASSIGNEES: usize = 10;

/// `[project.issue]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueSettings {
    /// `labels`.
    pub labels: Vec<String>,
    /// `assignees`: logins.
    pub assignees: Vec<String>,
    /// `authors`: logins whose issues count as ours, beside our own.
    pub authors: Vec<String>,
    /// `template`: the issue's text; the built-in one when none is named.
    pub template: Option<Template>,
    /// `mailing-list`: the address that the draft of the announcement is written to.
    pub mailing_list: Option<String>,
}

impl Default for IssueSettings {
    fn default() -> Self {
        Self {
            labels: LABELS.map(str::to_owned).to_vec(),
            assignees: Vec::new(),
            authors: Vec::new(),
            template: None,
            mailing_list: None,
        }
    }
}

/// A template in a file of its own, read when the configuration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The file.
    pub path: PathBuf,
    /// What it holds: a text that is a template.
    pub text: String,
}

/// Reads the section; `folder` is that of the file, in which a template must be.
pub(super) fn issue(
    table: &Table,
    folder: Option<&Path>,
    problems: &mut Problems,
) -> IssueSettings {
    let built_in = IssueSettings::default();
    let texts = |key: &str| -> Option<Vec<String>> {
        let texts = table.texts(key)?.into_iter();
        Some(texts.map(|(text, _)| text.trim().to_owned()).collect())
    };
    let assignees = texts("assignees").unwrap_or_default();
    if let (true, Some(place)) = (assignees.len() > MOST_ASSIGNEES, table.place("assignees")) {
        let sentence = format!("GitHub assigns an issue to {MOST_ASSIGNEES} people at most");
        problems.add(place, sentence);
    }
    let template = table.text("template").zip(table.place("template"));
    IssueSettings {
        labels: texts("labels").unwrap_or(built_in.labels),
        assignees,
        authors: texts("authors").unwrap_or_default(),
        template: template.and_then(|(name, place)| {
            let read = read_template(name, folder);
            problems.keep(
                place,
                read.map_err(|sentence| format!("`template`: {sentence}")),
            )
        }),
        mailing_list: table
            .text("mailing-list")
            .map(|text| text.trim().to_owned()),
    }
}

fn read_template(name: &str, folder: Option<&Path>) -> Result<Template, String> {
    let Some(folder) = folder else {
        return Err("a template is beside a configuration, and none is named".to_owned());
    };
    let path = folder.join(name);
    let text = text_of(&path, folder)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    template::parse(&text)
        .map_err(|error| format!("{} is no template: {error}", path.display()))?;
    Ok(Template { path, text })
}

/// The text of a regular file that is in the folder, whatever links lead to it.
fn text_of(path: &Path, folder: &Path) -> io::Result<String> {
    let refused = |reason: &str| io::Error::new(io::ErrorKind::InvalidInput, reason);
    let folder = if folder == Path::new("") {
        Path::new(".")
    } else {
        folder
    };
    let real = path.canonicalize()?;
    if !real.starts_with(folder.canonicalize()?) {
        return Err(refused("it is outside of the configuration's folder"));
    }
    // Before it is opened: opening a pipe waits until somebody writes to it.
    if !real.metadata()?.is_file() {
        return Err(refused("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(&real)?;
    file.take(TEMPLATE_BYTES.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > TEMPLATE_BYTES {
        return Err(refused("it is larger than 256 KiB"));
    }
    String::from_utf8(bytes).map_err(|_| refused("it is not text in UTF-8"))
}
