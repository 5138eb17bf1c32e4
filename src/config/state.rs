//! `[state]`: where the ledger is kept.

use std::path::{Path, PathBuf};

use super::raw::Table;

/// What the ledger is called when the configuration does not say.
const FILE: &str = "rewheel.db";

/// `[state]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `url`: where the ledger is kept.
    pub location: StateUrl,
}

/// Where the ledger is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateUrl {
    /// `sqlite:PATH`: in this file; a relative path in a file is beside that file, and so is the
    /// default.
    Sqlite(PathBuf),
    /// `none`: nowhere; what is remembered stands in the tracking issue.
    None,
}

/// Reads the section; `folder` is that of the file.
pub(super) fn state(table: &Table, folder: Option<&Path>) -> State {
    let beside = |path: &str| folder.map_or_else(|| PathBuf::from(path), |it| it.join(path));
    let location = match table.text("url").map(str::trim) {
        None => StateUrl::Sqlite(beside(FILE)),
        Some("none") => StateUrl::None,
        Some(url) => {
            let path = url.strip_prefix("sqlite:").unwrap_or(url);
            StateUrl::Sqlite(if table.is_of_file("url") {
                beside(path)
            } else {
                PathBuf::from(path)
            })
        }
    };
    State { location }
}
