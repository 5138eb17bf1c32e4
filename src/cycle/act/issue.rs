//! What is written to the tracking issue.

use serde_json::json;

use crate::github::{Comment, GithubError, Issue, IssueEdit, IssueState, NewIssue};
use crate::model::RepositoryName;
use crate::report::issue::body::says_the_same;
use crate::report::{ActionKind, ActionState};

use super::write::{Known, Stop, Write, Writer};

/// The colour of a label that we make: OpenSSL's red.
const LABEL_COLOR: &str = "b60205";

impl Writer<'_> {
    /// Makes those of the labels that the repository lacks. A label that cannot be made is no
    /// reason not to open the issue: GitHub leaves it out, and that is noticed.
    pub(super) async fn create_labels(
        &mut self,
        repository: &RepositoryName,
        scope: &str,
        labels: &[String],
    ) {
        let github = self.github;
        for label in labels {
            if matches!(github.has_label(repository, label).await, Ok(true)) {
                continue;
            }
            let key = format!("{scope}/label/{label}");
            let write = Write::new(ActionKind::CreateLabel, key);
            let _ = self
                .write(
                    write,
                    || github.create_label(repository, label, LABEL_COLOR, "OpenSSL in wheels"),
                    || async { Ok(github.has_label(repository, label).await?.then_some(())) },
                    |()| (None, json!({})),
                )
                .await;
        }
    }

    /// Opens the issue; `find` looks for one that is there already. None in a dry run.
    pub(super) async fn create<Looked>(
        &mut self,
        repository: &RepositoryName,
        key: String,
        issue: &NewIssue,
        find: impl Fn() -> Looked,
    ) -> Result<Option<Issue>, Stop>
    where
        Looked: Future<Output = Result<Option<Issue>, GithubError>>,
    {
        let github = self.github;
        let mut write = Write::new(ActionKind::OpenIssue, key);
        write.note = Some(issue.title.clone());
        self.write(
            write,
            || async {
                match github.create_issue(repository, issue).await {
                    // One who left the project is no reason not to open it; that nobody is
                    // assigned is noticed as everything is that GitHub leaves out.
                    Err(error) if !issue.assignees.is_empty() && is_about_assignees(&error) => {
                        let mut unassigned = issue.clone();
                        unassigned.assignees.clear();
                        github.create_issue(repository, &unassigned).await
                    }
                    other => other,
                }
            },
            find,
            |issue| {
                let detail = json!({ "number": issue.number });
                (Some(issue.html_url.clone()), detail)
            },
        )
        .await
    }

    /// Changes the issue, unless it is so already.
    pub(super) async fn edit(
        &mut self,
        repository: &RepositoryName,
        kind: ActionKind,
        key: String,
        issue: &Issue,
        edit: &IssueEdit,
    ) -> Result<Option<Issue>, Stop> {
        let differences = differences(issue, edit);
        if differences.is_empty() {
            return Ok(None);
        }
        let github = self.github;
        let number = issue.number;
        let write = Write {
            note: Some(differences.join(", ")),
            url: Some(issue.html_url.clone()),
            ..Write::new(kind, key)
        };
        self.write(
            write,
            || github.edit_issue(repository, number, edit),
            || async {
                let now = github.issue(repository, number).await?;
                Ok(self::differences(&now, edit).is_empty().then_some(now))
            },
            |issue| (Some(issue.html_url.clone()), json!({})),
        )
        .await
    }

    /// Comments, unless a comment with this mark is there already.
    pub(super) async fn comment(
        &mut self,
        repository: &RepositoryName,
        key: String,
        issue: &Issue,
        trusted: &[String],
        (mark, text): &(String, String),
    ) -> Result<(), Stop> {
        let github = self.github;
        let number = issue.number;
        let write = Write {
            url: Some(issue.html_url.clone()),
            what: Some(format!("{number} {mark}")),
            ..Write::new(ActionKind::Comment, key)
        };
        let find = || async {
            let comments = github.comments(repository, number).await?;
            Ok(comments
                .into_iter()
                .find(|one| is_marked(one, trusted, mark)))
        };
        match find().await {
            Ok(None) => {}
            Ok(Some(_)) => return Ok(()),
            Err(error) => {
                let error: GithubError = error;
                return Err(self.stop(&write, ActionState::Failed, error.to_string()));
            }
        }
        match self.known(&write)? {
            // Lists lag behind.
            Known::Done => return Ok(()),
            Known::InDoubt(sent) => {
                let why = format!(
                    "the comment was sent at {sent} and whether GitHub took it is not known: it is \
                     looked for until 15 minutes later"
                );
                return Err(self.stop(&write, ActionState::Failed, why));
            }
            Known::Nothing => {}
        }
        self.write(
            write,
            || github.create_comment(repository, number, text),
            find,
            |comment: &Comment| {
                (
                    Some(comment.html_url.clone()),
                    json!({ "comment": comment.id }),
                )
            },
        )
        .await
        .map(|_| ())
    }
}

/// Whether GitHub refused an issue because somebody cannot be assigned to it.
fn is_about_assignees(error: &GithubError) -> bool {
    matches!(error, GithubError::Refused { status: 422, fields, .. }
        if fields.iter().any(|field| field.contains("assignee")))
}

fn is_marked(comment: &Comment, trusted: &[String], mark: &str) -> bool {
    let author = comment.author.as_deref().unwrap_or_default();
    let is_trusted = trusted.iter().any(|one| one.eq_ignore_ascii_case(author));
    is_trusted && comment.body.lines().next().map(str::trim_end) == Some(mark)
}

/// What an edit would change, for people: "title", "body: 3 lines", "closed".
fn differences(issue: &Issue, edit: &IssueEdit) -> Vec<String> {
    let mut differences = Vec::new();
    if edit
        .title
        .as_ref()
        .is_some_and(|title| *title != issue.title)
    {
        differences.push("title".to_owned());
    }
    if let Some(body) = &edit.body
        && !says_the_same(body, &issue.body)
    {
        let old: Vec<&str> = issue.body.lines().map(str::trim_end).collect();
        let new = body.lines().map(str::trim_end);
        let count = new.filter(|line| !old.contains(line)).count();
        differences.push(format!("body ({count} lines)"));
    }
    match &edit.state {
        Some(state) if *state != issue.state => differences.push(match state {
            IssueState::Open => "opened again".to_owned(),
            _ => "closed".to_owned(),
        }),
        _ => {}
    }
    differences
}
