//! Who we are.

use serde::{Deserialize, Serialize};

use crate::model::RepositoryName;

use super::super::client::Github;
use super::super::error::GithubError;

/// The account in whose name rewheel writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Its name, as the author of what it writes; an App's is `slug[bot]`.
    pub login: String,
    /// What it is.
    pub kind: Account,
}

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// A person, or a bot with a person's account.
    User,
    /// A GitHub App, `github-actions[bot]` among them.
    App,
    /// What the configuration says.
    Unknown,
}

impl Github {
    /// In whose name a repository is written to.
    ///
    /// # Errors
    /// No identity, or one that cannot be told: [`GithubError::Identity`] says to set `login`.
    pub async fn me(&self, repository: &RepositoryName) -> Result<Me, GithubError> {
        self.identify(repository).await
    }
}
