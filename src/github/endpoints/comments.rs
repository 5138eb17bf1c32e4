//! Comments on issues.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::RepositoryName;

use super::super::client::Github;
use super::super::error::GithubError;
use super::super::route::Route;
use super::{login, or_default, permission};

/// A comment on an issue. Source: "Get an issue comment".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Comment {
    /// Its number among all comments of GitHub; a later comment has a higher one.
    pub id: u64,
    /// Who wrote it; none when the account is gone.
    #[serde(default, rename = "user", deserialize_with = "login")]
    pub author: Option<String>,
    /// Its text, as it was written.
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Where people see it.
    pub html_url: String,
}

#[derive(Serialize)]
struct Text<'a> {
    body: &'a str,
}

impl Github {
    /// All comments on an issue, oldest first.
    ///
    /// # Errors
    /// As every list.
    pub async fn comments(
        &self,
        repository: &RepositoryName,
        issue: u64,
    ) -> Result<Vec<Comment>, GithubError> {
        let tail = ["issues", &issue.to_string(), "comments"];
        let route = Route::get(repository, &tail, permission::ISSUES_READ);
        self.list(route, usize::MAX).await
    }

    /// Writes a comment on an issue.
    ///
    /// # Errors
    /// As every write.
    pub async fn create_comment(
        &self,
        repository: &RepositoryName,
        issue: u64,
        body: &str,
    ) -> Result<Comment, GithubError> {
        let tail = ["issues", &issue.to_string(), "comments"];
        let route = Route::post(repository, &tail, permission::ISSUES_WRITE);
        self.write(&route, &Text { body }).await
    }

    /// Rewrites a comment.
    ///
    /// # Errors
    /// As every write.
    pub async fn edit_comment(
        &self,
        repository: &RepositoryName,
        comment: u64,
        body: &str,
    ) -> Result<Comment, GithubError> {
        let tail = ["issues", "comments", &comment.to_string()];
        let route = Route::patch(repository, &tail, permission::ISSUES_WRITE);
        self.write(&route, &Text { body }).await
    }
}
