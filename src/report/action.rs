//! What is done about a decision, and how far it came.

use serde::Serialize;

/// One thing that is done about a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// What it is.
    pub kind: ActionKind,
    /// What makes it the same action in another cycle.
    pub key: String,
    /// How far it came.
    pub state: ActionState,
    /// Where it can be seen.
    pub url: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// The kinds of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// The tracking issue is opened.
    OpenIssue,
    /// A step is started for one target.
    Dispatch,
    /// The failed jobs of a run that was started are run again.
    Rerun,
}

/// How far an action came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionState {
    /// It would be done.
    Planned,
    /// It was done.
    Done,
    /// It was tried, and why it did not succeed is said.
    Failed,
    /// It is another watcher's.
    Skipped,
}

impl Action {
    /// "open the tracking issue (cryptography/main/issue)", for people.
    pub fn sentence(&self) -> String {
        let what = match self.kind {
            ActionKind::OpenIssue => "open the tracking issue",
            ActionKind::Dispatch => "start the steps",
            ActionKind::Rerun => "run the failed jobs again",
        };
        format!("{what} ({})", self.key)
    }
}
