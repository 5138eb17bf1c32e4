//! More than one issue of a line, and what else GitHub made different from what was asked for.

use crate::github::{Github, GithubError, Issue, IssueEdit, IssueState, NewIssue, StateReason};
use crate::policy::tracking::{FoundState, IssueStep};
use crate::report::issue::comment;
use crate::report::issue::marker::{self, Closed};
use crate::report::{Action, ActionKind, ActionState, LineReport};

use super::find::is_of_line;
use super::observe::Observed;
use super::write::{Stop, Writer};

/// The number of the open issue that stands.
pub(super) fn first_open(observed: &Observed<'_>) -> Option<u64> {
    let open = observed
        .issues
        .iter()
        .filter(|one| one.found.state == FoundState::Open);
    match observed.plan.step {
        IssueStep::Keep(number) | IssueStep::Close(number) | IssueStep::LeaveOpen(number) => {
            Some(number)
        }
        _ => open.map(|one| one.found.number).min(),
    }
}

/// All open issues of the line as GitHub lists them now.
pub(super) async fn all_open(
    github: &Github,
    observed: &Observed<'_>,
    line: &LineReport,
) -> Result<Vec<Issue>, GithubError> {
    let mut all: Vec<Issue> = Vec::new();
    for author in &observed.trusted {
        let listed = github
            .issues_by(&observed.repository.full_name, author)
            .await?;
        all.extend(listed.into_iter().filter(|issue| {
            issue.state == IssueState::Open
                && is_of_line(issue, &observed.trusted, &line.package, &line.line)
        }));
    }
    Ok(all)
}

/// Closes a second issue of the line, and says where the first one is.
pub(super) async fn close_as_duplicate(
    writer: &mut Writer<'_>,
    observed: &Observed<'_>,
    issue: &Issue,
    first: u64,
) -> Result<(), Stop> {
    let repository = &observed.repository.full_name;
    let marked = comment::duplicate(first);
    let key = observed.key(&format!("duplicate/{}", issue.number));
    writer
        .comment(
            repository,
            format!("{key}/comment"),
            issue,
            &observed.trusted,
            &marked,
        )
        .await?;
    let mut memory = marker::memory(&issue.body).unwrap_or_default();
    memory.closed = Some(Closed::Duplicate);
    let edit = IssueEdit {
        body: Some(remembering(&issue.body, &memory)),
        ..IssueEdit::default()
    };
    let edit = edit.close(StateReason::Duplicate);
    writer
        .edit(repository, ActionKind::CloseDuplicate, key, issue, &edit)
        .await
        .map(|_| ())
}

/// The same body with another memory.
pub(super) fn remembering(body: &str, memory: &marker::Memory) -> String {
    let line = marker::memory_line(memory);
    let known = body
        .lines()
        .rev()
        .find(|known| known.trim_end().starts_with("<!-- rewheel:state "));
    match known {
        Some(known) => body.replacen(known, &line, 1),
        None => format!("{}\n{line}", body.trim_end()),
    }
}

/// What GitHub left out of what the issue was to have.
pub(super) fn dropped(issue: &Issue, asked: &NewIssue) -> std::collections::BTreeSet<String> {
    let lacks = |wanted: &[String], there: &[String]| -> Vec<String> {
        let is_there = |one: &String| there.iter().any(|known| known.eq_ignore_ascii_case(one));
        wanted
            .iter()
            .filter(|one| !is_there(one))
            .cloned()
            .collect()
    };
    let mut dropped = std::collections::BTreeSet::new();
    for (what, names) in [
        ("labels", lacks(&asked.labels, &issue.labels)),
        ("assignees", lacks(&asked.assignees, &issue.assignees)),
    ] {
        if !names.is_empty() {
            dropped.insert(format!(
                "GitHub left out the {what} {}: the token or App may not set them, or they do not \
                 exist",
                names.join(", ")
            ));
        }
    }
    dropped
}

/// That the repository has another name now.
pub(super) fn moved(observed: &Observed<'_>) -> Option<Action> {
    let named = observed.project.repository.as_ref()?;
    let now = &observed.repository.full_name;
    (!named.is_same(now)).then(|| {
        let action = Action::new(
            ActionKind::FindIssue,
            observed.key("repository"),
            ActionState::Done,
        );
        action.noting(format!(
            "{named} is now {now}: write the new name into the configuration"
        ))
    })
}
