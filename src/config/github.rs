//! `[github]`: where issues are opened and steps are started, and who does it.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use url::Url;

use super::diagnostic::Problems;
use super::raw::Table;
use super::{schema, words};

/// The variable that holds the token when the configuration names none.
const TOKEN_ENV: &str = "GITHUB_TOKEN";

/// `[github]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Github {
    /// `api`: the API, or the root of a GitHub Enterprise Server; GitHub's own when none is named.
    pub api: Option<Url>,
    /// `token-env`, `token-file` or `app`.
    pub credential: Credential,
    /// `login`: who the token is, for tokens of which GitHub does not tell it.
    pub login: Option<String>,
    /// `write-interval`: the least time between two writes.
    pub write_interval: TimeDelta,
    /// `archive-hosts`: the hosts that the API may send to for an artifact, in lower case; one that
    /// begins with `*.` stands for all hosts below it. None: those that the API is known to use.
    pub archive_hosts: Vec<String>,
}

/// How to log in to GitHub. It names where a secret is, and holds none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The variable of the environment with the token.
    TokenEnv(String),
    /// The file with the token; a relative one in a file is beside that file.
    TokenFile(PathBuf),
    /// A GitHub App.
    App {
        /// Its number.
        id: u64,
        /// The file with its private key, in PEM; a relative one in a file is beside that file.
        key_file: PathBuf,
    },
}

impl Default for Credential {
    fn default() -> Self {
        Self::TokenEnv(TOKEN_ENV.to_owned())
    }
}

/// Reads the section; `folder` is that of the file.
pub(super) fn github(table: &Table, folder: Option<&Path>) -> Github {
    let archive_hosts = table.texts("archive-hosts").unwrap_or_default().into_iter();
    let interval = table.text("write-interval");
    Github {
        api: table
            .text("api")
            .and_then(|text| words::open_address(text).ok()),
        credential: credential(table, folder),
        login: table.text("login").map(str::to_owned),
        write_interval: interval
            .and_then(|text| words::duration(text).ok())
            .unwrap_or_else(|| TimeDelta::seconds(1)),
        archive_hosts: archive_hosts
            .map(|(host, _)| host.trim().to_ascii_lowercase())
            .collect(),
    }
}

fn credential(table: &Table, folder: Option<&Path>) -> Credential {
    if let Some(name) = table.text("token-env") {
        return Credential::TokenEnv(name.to_owned());
    }
    if let Some(path) = table.path("token-file", folder) {
        return Credential::TokenFile(path);
    }
    let app = table.table("app");
    app.and_then(|app| {
        Some(Credential::App {
            id: app.number("id")?,
            key_file: app.path("key-file", folder)?,
        })
    })
    .unwrap_or_default()
}

/// Keys of which only one may be there, and those of an App.
pub(super) fn contradictions(table: &Table, problems: &mut Problems) {
    let mut set = schema::LOGINS.iter().filter(|way| table.has(way));
    if let (Some(first), Some(second)) = (set.next(), set.next())
        && let Some(place) = table.place(second)
    {
        problems.add(
            place,
            format!("`{second}` and `{first}` are two ways to log in: keep one of them"),
        );
    }
    if let (Some(app), Some(place)) = (table.table("app"), table.place("app")) {
        for key in schema::required(schema::APP).filter(|key| !app.has(key)) {
            problems.add(place, format!("`app` lacks `{key}`"));
        }
    }
    if let (Some(place), true) = (table.place("login"), table.has("app")) {
        let sentence = "`login` is for tokens: GitHub tells the name of an App";
        problems.add(place, sentence);
    }
}
