//! Repositories.

use serde::Deserialize;

use crate::model::RepositoryName;

use super::super::client::Github;
use super::super::error::GithubError;
use super::super::route::Route;
use super::{or_default, permission};

/// A repository. Source: "Get a repository".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// Its number, which it keeps when it is renamed.
    pub id: u64,
    /// Its name today.
    pub full_name: RepositoryName,
    /// The branch that a clone shows.
    pub default_branch: String,
    /// Whether it has issues at all.
    #[serde(default = "yes")]
    pub has_issues: bool,
    /// Whether nothing can be written to it any more.
    #[serde(default, deserialize_with = "or_default")]
    pub archived: bool,
    /// What a user's token may do; GitHub says it of users only.
    #[serde(default)]
    pub permissions: Option<Permissions>,
}

/// What somebody may do in a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// Read.
    pub pull: bool,
    /// Label, assign and close issues.
    pub triage: bool,
    /// Write.
    pub push: bool,
    /// Manage it, except for what is sensitive.
    pub maintain: bool,
    /// Everything.
    pub admin: bool,
}

const fn yes() -> bool {
    true
}

impl Github {
    /// A repository, found by its name of today or an earlier one.
    ///
    /// # Errors
    /// As every read.
    pub async fn repository(&self, name: &RepositoryName) -> Result<Repository, GithubError> {
        self.read(&Route::get(name, &[], permission::METADATA))
            .await
    }
}
