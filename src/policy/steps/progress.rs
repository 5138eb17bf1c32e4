//! How far a step has come, for people and for the steps that need it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::OpensslVersion;

/// How far one step has come for one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepProgress {
    /// The step's name.
    pub step: String,
    /// The release that the wheels are to carry.
    pub target: OpensslVersion,
    /// How far it has come.
    pub state: StepState,
    /// What happened, and what somebody can do: a sentence or more, in plain text that may quote
    /// texts of others.
    pub sentence: String,
    /// Its runs, oldest first.
    pub runs: Vec<RunSeen>,
    /// The jobs that failed in the newest of them.
    pub failed_jobs: Vec<FailedJob>,
}

/// A run of which somebody wrote down that it came of a step. It is a hint, and read again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KnownRun {
    /// The step's name.
    pub step: String,
    /// The target.
    pub target: OpensslVersion,
    /// GitHub's number of the run.
    pub run: u64,
}

/// A run, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSeen {
    /// GitHub's number of it.
    pub id: u64,
    /// Its page.
    pub url: String,
    /// Which attempt of the run it is; the first is 1.
    pub attempt: u64,
    /// How it stands, in GitHub's word: `in_progress`, `success`.
    pub state: String,
}

/// A job that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedJob {
    /// Its name: a text of others.
    pub name: String,
    /// Its page.
    pub url: Option<String>,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepState {
    /// What it needs does not hold yet, or it is another watcher's to start.
    Waiting,
    /// It is done: what needs it may begin.
    Held,
    /// People have to do something.
    ForPeople,
    /// A run of it is on its way.
    Running,
    /// A run of it failed, or nothing more is tried.
    Failed,
    /// A run succeeded, but its wheels lack the target.
    Stale,
    /// It was started, or may have been, and its run is not found.
    Unconfirmed,
    /// It cannot be started as it is configured.
    Blocked,
    /// It would be started, but nothing is written now.
    Planned,
    /// It could not be looked at.
    Unclear,
}

impl StepState {
    /// The word in reports and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::ForPeople => "for-people",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Stale => "stale",
            Self::Unconfirmed => "unconfirmed",
            Self::Blocked => "blocked",
            Self::Planned => "planned",
            Self::Unclear => "unclear",
        }
    }

    /// Whether what needs the step may begin.
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Held)
    }
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
