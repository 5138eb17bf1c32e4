//! A close whose answer was lost, and that took effect: nothing would be written any more that
//! concludes it, and nobody would be told.

use chrono::TimeDelta;

use crate::github::IssueState;
use crate::report::ActionKind;
use crate::report::issue::marker::Closed;

use super::observe::Observed;
use super::write::{Stop, Write, Writer};

/// By how much the moment of the intent may be later than that at which GitHub closed the issue:
/// its clock is told to the second.
const SECONDS: TimeDelta = TimeDelta::seconds(2);

/// Concludes it when the issue is closed and says, by its marker, that it was closed by proof.
///
/// # Errors
/// The ledger cannot be read or written.
pub(super) fn conclude(observed: &Observed<'_>, writer: &mut Writer<'_>) -> Result<(), Stop> {
    let write = Write::new(ActionKind::CloseIssue, observed.key("issue/text"));
    let Some(sent) = writer.open_since(&write)? else {
        return Ok(());
    };
    let is_ours = |closed: Option<Closed>| closed == Some(Closed::Proof);
    let mut issues = observed.issues.iter().map(|one| (&one.issue, &one.memory));
    let closed = issues.find(|(issue, memory)| {
        issue.state == IssueState::Closed
            && memory.as_ref().is_some_and(|memory| is_ours(memory.closed))
            && issue.closed_at.is_some_and(|at| at + SECONDS >= sent)
    });
    match closed {
        Some((issue, _)) => writer.took_effect(write, &issue.html_url),
        None => Ok(()),
    }
}
