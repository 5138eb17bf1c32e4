//! The tables as a reference for people: the part of `docs/configuration.md` that lists every key.

use std::fmt::Write;

use super::key::{Key, Kind};
use super::{ROOT, project};
use crate::config::environment;

/// Every key with its default, its meaning and its variable, in Markdown.
pub fn reference() -> String {
    let mut text = "## The keys\n".to_owned();
    for section in ROOT.iter().filter(|section| section.name != "defaults") {
        chapter(section, section.name, &mut text);
    }
    text
}

/// A section with a heading of its own, and after it those of a project.
fn chapter(section: &Key, path: &str, text: &mut String) {
    let heading = match section.kind {
        _ if path == "project" => "`[[project]]` and `[defaults]`".to_owned(),
        Kind::Tables(_) => format!("`[[{path}]]`"),
        _ => format!("`[{path}]`"),
    };
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n### {heading}\n\n{}.\n\n| key | default | meaning | variable |\n|---|---|---|---|\n",
        section.about
    );
    let is_project = std::ptr::eq(section.kind.keys(), project::PROJECT);
    let (apart, within): (Vec<&Key>, Vec<&Key>) = section
        .kind
        .keys()
        .iter()
        .partition(|key| is_project && !key.kind.keys().is_empty());
    for key in within {
        rows(key, &format!("{path}.{}", key.name), text);
    }
    for key in apart {
        chapter(key, &format!("{path}.{}", key.name), text);
    }
}

fn rows(key: &Key, path: &str, text: &mut String) {
    if !key.kind.keys().is_empty() {
        for inner in key.kind.keys() {
            rows(inner, &format!("{path}.{}", inner.name), text);
        }
        return;
    }
    let default = match (key.default, key.is_required) {
        ("", true) => "required".to_owned(),
        ("", false) => "none".to_owned(),
        (default, _) => format!("`{default}`"),
    };
    let variable = environment::variable(path, std::iter::repeat(0));
    let about = key.about.replace('|', "\\|");
    let _ = writeln!(text, "| `{path}` | {default} | {about} | `{variable}` |");
}
