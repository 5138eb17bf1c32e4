//! What came of a line, and what was seen of its issue.

use crate::github::{Issue, IssueState};
use crate::report::{Action, TrackedIssue, Tracking};

/// What came of a line.
#[derive(Debug)]
pub(super) struct Performed {
    pub(super) actions: Vec<Action>,
    /// How many runs have not come to an end.
    pub(super) open_runs: usize,
    pub(super) tracking: Tracking,
}

/// An issue, as it is shown.
pub(super) fn seen(issue: &Issue) -> TrackedIssue {
    TrackedIssue {
        number: issue.number,
        title: issue.title.clone(),
        url: issue.html_url.clone(),
        is_open: issue.state == IssueState::Open,
    }
}
