//! Runs of workflows, and their jobs.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;

use crate::model::RepositoryName;

use super::super::client::Github;
use super::super::error::GithubError;
use super::super::route::Route;
use super::super::words::{Conclusion, RunStatus};
use super::{login, or_default, permission};

/// A run of a workflow. Source: "Get a workflow run".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: u64,
    /// The number of its workflow.
    pub workflow_id: u64,
    /// Its workflow's file, from the repository's root, perhaps with `@` and a ref.
    #[serde(default)]
    pub path: Option<String>,
    /// What started it: `workflow_dispatch`, `push` and so on.
    #[serde(default, deserialize_with = "or_default")]
    pub event: String,
    /// How far it is.
    #[serde(default = "unknown")]
    pub status: RunStatus,
    /// How it ended; none while it runs.
    #[serde(default)]
    pub conclusion: Option<Conclusion>,
    /// The commit that it runs on.
    #[serde(default, deserialize_with = "or_default")]
    pub head_sha: String,
    /// The branch that it runs on.
    #[serde(default)]
    pub head_branch: Option<String>,
    /// Who started it first; none when the account is gone.
    #[serde(default, deserialize_with = "login")]
    pub actor: Option<String>,
    /// Who started this attempt.
    #[serde(default, deserialize_with = "login")]
    pub triggering_actor: Option<String>,
    /// Which attempt it is, from 1.
    #[serde(default = "first")]
    pub run_attempt: u64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// Where people see it.
    pub html_url: String,
    /// Its name, as its workflow's `run-name` says.
    #[serde(default)]
    pub display_title: Option<String>,
}

/// A job of a run. Source: "List jobs for a workflow run".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// How far it is.
    #[serde(default = "unknown")]
    pub status: RunStatus,
    /// How it ended; none while it runs.
    #[serde(default)]
    pub conclusion: Option<Conclusion>,
    /// Where people see it.
    #[serde(default)]
    pub html_url: Option<String>,
}

/// Which runs are wanted; what is none is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// What started them.
    pub event: Option<String>,
    /// The branch that they run on.
    pub branch: Option<String>,
    /// A status, or a conclusion.
    pub status: Option<String>,
    /// Created then or later.
    pub created_since: Option<DateTime<Utc>>,
    /// The commit that they run on.
    pub head_sha: Option<String>,
    /// Who started them.
    pub actor: Option<String>,
}

#[derive(Deserialize)]
struct RunPage {
    workflow_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct JobPage {
    jobs: Vec<Job>,
}

impl Github {
    /// Runs, of one workflow or of all, newest first and at most so many.
    ///
    /// # Errors
    /// As every list. A workflow that does not exist is [`GithubError::NotFound`].
    pub async fn runs(
        &self,
        repository: &RepositoryName,
        workflow: Option<&str>,
        filter: &RunFilter,
        at_most: usize,
    ) -> Result<Vec<Run>, GithubError> {
        let mut tail = vec!["actions"];
        if let Some(workflow) = workflow {
            tail.extend(["workflows", workflow]);
        }
        tail.push("runs");
        let created = filter
            .created_since
            .map(|since| format!(">={}", since.to_rfc3339_opts(SecondsFormat::Secs, true)));
        let mut route = Route::get(repository, &tail, permission::ACTIONS_READ);
        for (name, value) in [
            ("event", &filter.event),
            ("branch", &filter.branch),
            ("status", &filter.status),
            ("created", &created),
            ("head_sha", &filter.head_sha),
            ("actor", &filter.actor),
        ] {
            if let Some(value) = value {
                route = route.with(name, value);
            }
        }
        self.list_of(route, at_most, |page: RunPage| page.workflow_runs)
            .await
    }

    /// A run by its number; none when there is none.
    ///
    /// # Errors
    /// As every read.
    pub async fn run(
        &self,
        repository: &RepositoryName,
        id: u64,
    ) -> Result<Option<Run>, GithubError> {
        let tail = ["actions", "runs", &id.to_string()];
        self.read_if_there(&Route::get(repository, &tail, permission::ACTIONS_READ))
            .await
    }

    /// The jobs of a run's latest attempt.
    ///
    /// # Errors
    /// As every list.
    pub async fn jobs(
        &self,
        repository: &RepositoryName,
        run: u64,
    ) -> Result<Vec<Job>, GithubError> {
        let tail = ["actions", "runs", &run.to_string(), "jobs"];
        let route =
            Route::get(repository, &tail, permission::ACTIONS_READ).with("filter", "latest");
        self.list_of(route, usize::MAX, |page: JobPage| page.jobs)
            .await
    }

    /// Runs the failed jobs of a run again.
    ///
    /// # Errors
    /// As every write.
    pub async fn rerun_failed_jobs(
        &self,
        repository: &RepositoryName,
        run: u64,
    ) -> Result<(), GithubError> {
        let tail = ["actions", "runs", &run.to_string(), "rerun-failed-jobs"];
        let route = Route::post(repository, &tail, permission::ACTIONS_WRITE);
        self.write_without_answer(&route, &serde_json::json!({}))
            .await
    }
}

const fn unknown() -> RunStatus {
    RunStatus::Other(String::new())
}

const fn first() -> u64 {
    1
}
