//! Workflows.

use serde::Deserialize;

use crate::model::RepositoryName;

use super::super::client::Github;
use super::super::error::GithubError;
use super::super::route::Route;
use super::super::words::WorkflowState;
use super::{or_default, permission};

/// A workflow. Source: "Get a workflow".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Workflow {
    /// Its number.
    pub id: u64,
    /// Its name, as people see it.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Its file, from the repository's root.
    #[serde(default, deserialize_with = "or_default")]
    pub path: String,
    /// Whether it can run.
    pub state: WorkflowState,
    /// Where people see it.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
}

impl Github {
    /// A workflow by the name of its file in `.github/workflows`; none when there is none.
    ///
    /// # Errors
    /// As every read.
    pub async fn workflow(
        &self,
        repository: &RepositoryName,
        file: &str,
    ) -> Result<Option<Workflow>, GithubError> {
        let tail = ["actions", "workflows", file];
        self.read_if_there(&Route::get(repository, &tail, permission::ACTIONS_READ))
            .await
    }

    /// The workflows of a repository, at most so many.
    ///
    /// # Errors
    /// As every read.
    pub async fn workflows(
        &self,
        repository: &RepositoryName,
        at_most: usize,
    ) -> Result<Vec<Workflow>, GithubError> {
        #[derive(Deserialize)]
        struct Page {
            workflows: Vec<Workflow>,
        }
        let tail = ["actions", "workflows"];
        let route = Route::get(repository, &tail, permission::ACTIONS_READ);
        self.list_of(route, at_most, |page: Page| page.workflows)
            .await
    }
}
