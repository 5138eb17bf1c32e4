//! Which of the issues of trusted authors are those of a line.

use crate::github::{Github, GithubError, Issue, IssueState};
use crate::model::RepositoryName;
use crate::policy::tracking::{FoundIssue, FoundState};
use crate::report::issue::marker::{self, Closed, Memory};

/// An issue of the line, with what it remembers.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    pub(super) issue: Issue,
    pub(super) memory: Option<Memory>,
    pub(super) found: FoundIssue,
}

/// Whether an issue is one of the line: its author is trusted, and it has the marker.
pub(super) fn is_of_line(issue: &Issue, trusted: &[String], package: &str, line: &str) -> bool {
    is_by(issue, trusted) && marker::is_of(&issue.body, package, line)
}

/// Whether one of these accounts opened an issue.
pub(super) fn is_by(issue: &Issue, trusted: &[String]) -> bool {
    let author = issue.author.as_deref().unwrap_or_default();
    trusted.iter().any(|one| one.eq_ignore_ascii_case(author))
}

/// What is known of an issue of the line; `closed_by_bot` is asked of those that are closed.
pub(super) fn tracked(issue: Issue, closed_by_bot: bool) -> Tracked {
    let memory = marker::memory(&issue.body);
    let closed = memory.as_ref().and_then(|memory| memory.closed);
    let state = match (issue.state == IssueState::Open, closed) {
        (true, _) => FoundState::Open,
        (false, Some(Closed::Proof)) => FoundState::ClosedByProof,
        (false, Some(Closed::Duplicate)) => FoundState::ClosedAsDuplicate,
        (false, None) if closed_by_bot => FoundState::ClosedByBot,
        (false, None) => FoundState::ClosedByPerson,
    };
    Tracked {
        found: FoundIssue {
            number: issue.number,
            state,
            cause: memory.as_ref().map(|memory| memory.cause.clone()),
            was_settled: closed == Some(Closed::Proof),
        },
        memory,
        issue,
    }
}

/// Whether a program closed the issue; lists do not tell, so it is asked for by itself.
pub(super) async fn is_closed_by_bot(
    github: &Github,
    repository: &RepositoryName,
    number: u64,
) -> Result<bool, GithubError> {
    let issue = github.issue(repository, number).await?;
    Ok(issue.closed_by.is_some_and(|closer| closer.kind == "Bot"))
}
