//! What a look at one step came to.

use chrono::{DateTime, Utc};

use crate::github::{GithubError, Run, RunStatus};
use crate::policy::steps::{FailedJob, RunSeen, StepState};

/// What a look at one step came to.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub state: StepState,
    pub sentence: String,
    pub runs: Vec<RunSeen>,
    pub failed_jobs: Vec<FailedJob>,
    /// When its last run ended.
    pub ended: Option<DateTime<Utc>>,
}

impl Verdict {
    pub(super) fn new(state: StepState, sentence: impl Into<String>) -> Self {
        Self {
            state,
            sentence: sentence.into(),
            runs: Vec::new(),
            failed_jobs: Vec::new(),
            ended: None,
        }
    }

    pub(super) fn held(sentence: impl Into<String>) -> Self {
        Self::new(StepState::Held, sentence)
    }

    pub(super) fn blocked(sentence: impl Into<String>) -> Self {
        Self::new(StepState::Blocked, sentence)
    }

    pub(super) fn waiting_for(needs: &[String]) -> Self {
        let sentence = format!("it waits for {}", needs.join(", "));
        Self::new(StepState::Waiting, sentence)
    }

    /// What GitHub did not tell, when it may tell the next time; else what people must change.
    pub(super) fn of_read(error: &GithubError) -> Self {
        let state = match error {
            GithubError::NotFound { .. }
            | GithubError::Unauthorized { .. }
            | GithubError::Forbidden { .. }
            | GithubError::IssuesOff { .. }
            | GithubError::Moved { .. }
            | GithubError::NotInstalled { .. }
            | GithubError::KeyFile { .. }
            | GithubError::TokenFile { .. }
            | GithubError::Identity { .. }
            | GithubError::TooLarge { .. }
            | GithubError::TooManyPages { .. } => StepState::Blocked,
            _ => StepState::Unclear,
        };
        Self::new(state, error.to_string())
    }

    /// What the ledger did not do: nothing is started without it.
    pub(super) fn of_ledger(error: &impl std::fmt::Display) -> Self {
        Self::new(
            StepState::Unclear,
            format!("nothing is started, as it could not be noted before: {error}"),
        )
    }

    pub(super) fn with_runs(mut self, runs: &[Run]) -> Self {
        self.runs = runs.iter().map(seen).collect();
        self.runs.sort_by_key(|run| run.id);
        self.ended = runs
            .iter()
            .filter(|run| run.status == RunStatus::Completed)
            .map(|run| run.updated_at)
            .max();
        self
    }

    pub(super) fn with_failed_jobs(mut self, jobs: Vec<FailedJob>) -> Self {
        self.failed_jobs = jobs;
        self
    }
}

fn seen(run: &Run) -> RunSeen {
    let ended = run
        .conclusion
        .as_ref()
        .filter(|_| run.status == RunStatus::Completed);
    RunSeen {
        id: run.id,
        url: run.html_url.clone(),
        attempt: run.run_attempt,
        state: ended.map_or_else(|| run.status.to_string(), ToString::to_string),
    }
}
