//! Issues.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::RepositoryName;

use super::super::client::Github;
use super::super::error::GithubError;
use super::super::route::Route;
use super::super::words::{IssueState, StateReason};
use super::{Login, login, or_default, permission};

/// An issue. Source: "Get an issue".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Issue {
    /// Its number among all issues of GitHub.
    pub id: u64,
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text, as it was written; empty when there is none.
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    /// Whether it is open.
    pub state: IssueState,
    /// Why it is so; none when GitHub does not say.
    #[serde(default)]
    pub state_reason: Option<StateReason>,
    /// Who created it; none when the account is gone. An App is `slug[bot]`.
    #[serde(default, rename = "user", deserialize_with = "login")]
    pub author: Option<String>,
    /// The names of its labels.
    #[serde(default, deserialize_with = "label_names")]
    pub labels: Vec<String>,
    /// Whom it is assigned to.
    #[serde(default, deserialize_with = "logins")]
    pub assignees: Vec<String>,
    /// Whether only those who may write to the repository may comment.
    #[serde(default, deserialize_with = "or_default")]
    pub locked: bool,
    /// Who closed it; none while it is open, and none in lists.
    #[serde(default)]
    pub closed_by: Option<Closer>,
    /// When it was closed.
    #[serde(default)]
    pub closed_at: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Where people see it.
    pub html_url: String,
}

/// Who closed an issue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Closer {
    /// The name of the account.
    pub login: String,
    /// `User`, `Bot` and so on.
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub kind: String,
}

/// An issue to be created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NewIssue {
    /// Its title.
    pub title: String,
    /// Its text, at most 65,536 characters.
    pub body: String,
    /// The names of its labels; GitHub drops them silently when the writer may not set them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Whom it is assigned to; dropped as the labels are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
}

/// What is to change of an issue; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IssueEdit {
    /// The new title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The new text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The new state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<IssueState>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<StateReason>,
    /// All its labels from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Everybody whom it is assigned to from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignees: Option<Vec<String>>,
}

impl IssueEdit {
    /// The edit that also closes the issue.
    #[must_use]
    pub fn close(mut self, reason: StateReason) -> Self {
        self.state = Some(IssueState::Closed);
        self.state_reason = Some(reason);
        self
    }

    /// The edit that also opens the issue again.
    #[must_use]
    pub fn reopen(mut self) -> Self {
        self.state = Some(IssueState::Open);
        self.state_reason = Some(StateReason::Reopened);
        self
    }
}

/// An entry of the list of issues, which also has pull requests in it.
#[derive(Deserialize)]
struct Listed {
    #[serde(flatten)]
    issue: Issue,
    #[serde(default)]
    pull_request: Option<serde::de::IgnoredAny>,
}

impl Github {
    /// All issues that somebody created, open and closed, in the order of their numbers from the
    /// newest on, without pull requests.
    ///
    /// # Errors
    /// As every list; [`GithubError::IssuesOff`].
    pub async fn issues_by(
        &self,
        repository: &RepositoryName,
        creator: &str,
    ) -> Result<Vec<Issue>, GithubError> {
        let route = Route::get(repository, &["issues"], permission::ISSUES_READ)
            .with("creator", creator)
            .with("state", "all")
            .with("sort", "created")
            .with("direction", "desc");
        let listed: Vec<Listed> = self.list(route, usize::MAX).await?;
        Ok(listed
            .into_iter()
            .filter(|one| one.pull_request.is_none())
            .map(|one| one.issue)
            .collect())
    }

    /// An issue by its number.
    ///
    /// # Errors
    /// As every read; [`GithubError::IssuesOff`], which is also said of an issue that was deleted.
    pub async fn issue(
        &self,
        repository: &RepositoryName,
        number: u64,
    ) -> Result<Issue, GithubError> {
        let tail = ["issues", &number.to_string()];
        let route = Route::get(repository, &tail, permission::ISSUES_READ);
        let issue: Issue = self.read(&route).await?;
        // GitHub leads from an issue that was moved to another repository to its new place, where
        // it has another number.
        if issue.number != number {
            return Err(GithubError::NotFound {
                asked: route.asked(),
                needs: permission::ISSUES_READ,
            });
        }
        Ok(issue)
    }

    /// Creates an issue.
    ///
    /// # Errors
    /// As every write.
    pub async fn create_issue(
        &self,
        repository: &RepositoryName,
        issue: &NewIssue,
    ) -> Result<Issue, GithubError> {
        let route = Route::post(repository, &["issues"], permission::ISSUES_WRITE);
        self.write(&route, issue).await
    }

    /// Changes an issue.
    ///
    /// # Errors
    /// As every write.
    pub async fn edit_issue(
        &self,
        repository: &RepositoryName,
        number: u64,
        edit: &IssueEdit,
    ) -> Result<Issue, GithubError> {
        let tail = ["issues", &number.to_string()];
        let route = Route::patch(repository, &tail, permission::ISSUES_WRITE);
        self.write(&route, edit).await
    }
}

/// A label is an object, or in old answers its name alone.
fn label_names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Label {
        Name(String),
        Object {
            #[serde(default)]
            name: Option<String>,
        },
    }
    let labels = Option::<Vec<Label>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(labels
        .into_iter()
        .filter_map(|label| match label {
            Label::Name(name) => Some(name),
            Label::Object { name } => name,
        })
        .collect())
}

fn logins<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let people = Option::<Vec<Login>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(people.into_iter().map(|somebody| somebody.login).collect())
}
