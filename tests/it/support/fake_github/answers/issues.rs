//! Issues and their comments.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::paging::Page;
use super::{Answered, Call, error, invalid, labels, not_found, of_json};
use crate::support::fake_github::access::Level;
use crate::support::fake_github::render;
use crate::support::fake_github::repository::{Comment, Issue};
use crate::support::fake_github::world::World;
use crate::support::reply::Reply;

/// The most characters that the body of an issue or a comment may have.
const LONGEST_BODY: usize = 65_536;
/// The most characters that a title may have.
const LONGEST_TITLE: usize = 256;

/// The number of the repository, when its issues may be used so.
fn reach(world: &World, call: &Call, level: Level) -> Result<u64, Reply> {
    let repository = call.repository(world, "issues", level)?;
    if !repository.has_issues && call.operation.path == "/repos/{owner}/{repo}/issues" {
        return Err(error(410, "Issues are disabled for this repo"));
    }
    Ok(repository.id)
}

fn found(world: &World, call: &Call, level: Level) -> Result<(u64, Issue), Reply> {
    let repository = reach(world, call, level)?;
    let number = call.number("issue_number")?;
    let repository = &world.repositories[&repository];
    let issue = repository.issue(number).ok_or_else(not_found)?;
    if !repository.has_issues && !issue.pull_request {
        return Err(error(410, "Issues are disabled for this repo"));
    }
    if issue.deleted {
        return Err(error(410, "This issue was deleted"));
    }
    Ok((repository.id, issue.clone()))
}

/// From when on things were changed that the call asks for.
fn since(call: &Call) -> Result<Option<DateTime<Utc>>, Reply> {
    let since = call.query("since").map(str::parse).transpose();
    since.map_err(|_| invalid("Issue", "since", "invalid", None))
}

pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let repository = reach(world, call, Level::Read)?;
    let mut issues = world.listed_issues(repository);
    issues.retain(|issue| !issue.deleted);
    let state = call.query("state").unwrap_or("open");
    issues.retain(|issue| state == "all" || issue.open == (state == "open"));
    if let Some(creator) = call.query("creator") {
        issues.retain(|issue| issue.author.eq_ignore_ascii_case(creator));
    }
    if let Some(wanted) = call.query("labels") {
        let has = |issue: &Issue, label: &str| {
            let mut labels = issue.labels.iter();
            labels.any(|one| one.eq_ignore_ascii_case(label))
        };
        issues.retain(|issue| wanted.split(',').all(|label| has(issue, label)));
    }
    if let Some(since) = since(call)? {
        issues.retain(|issue| issue.updated >= since);
    }
    match call.query("sort").unwrap_or("created") {
        "updated" => issues.sort_by_key(|issue| (issue.updated, issue.number)),
        "comments" => issues.sort_by_key(|issue| (issue.comments.len(), issue.number)),
        _ => issues.sort_by_key(|issue| (issue.created, issue.number)),
    }
    if call.query("direction").unwrap_or("desc") == "desc" {
        issues.reverse();
    }
    let page = Page::of(world, call, issues);
    let rendered = page
        .items
        .iter()
        .map(|issue| render::issue(world, repository, issue));
    let body = Value::Array(rendered.collect());
    Ok(page.reply(&body))
}

pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let (repository, issue) = found(world, call, Level::Read)?;
    Ok(of_json(200, &render::issue(world, repository, &issue)))
}

fn title(body: &Value) -> Result<Option<String>, Reply> {
    let title = match &body["title"] {
        Value::Null => return Ok(None),
        Value::String(title) => title.clone(),
        other => other.to_string(),
    };
    if title.trim().is_empty() {
        return Err(invalid("Issue", "title", "missing_field", None));
    }
    if title.chars().count() > LONGEST_TITLE {
        let message = "title is too long (maximum is 256 characters)";
        return Err(invalid("Issue", "title", "custom", Some(message)));
    }
    Ok(Some(title))
}

fn text(resource: &str, body: &Value) -> Result<Option<String>, Reply> {
    let text = body["body"].as_str().map(str::to_owned);
    let length = text.as_ref().map_or(0, |text| text.chars().count());
    if length > LONGEST_BODY {
        let message = "body is too long (maximum is 65536 characters)";
        return Err(invalid(resource, "body", "custom", Some(message)));
    }
    Ok(text)
}

pub(super) fn create(world: &mut World, call: &Call) -> Answered {
    let repository = reach(world, call, Level::Write)?;
    let Some(title) = title(&call.body)? else {
        return Err(invalid("Issue", "title", "missing_field", None));
    };
    let body = text("Issue", &call.body)?;
    let pushes = call.access(&world.repositories[&repository]).push;
    if pushes
        && assigned(&call.body).is_some_and(|names| {
            names
                .iter()
                .any(|name| !may_be_assigned(world, repository, name))
        })
    {
        return Err(invalid("Issue", "assignees", "invalid", None));
    }
    let now = world.write();
    let id = world.id();
    let mut issue = Issue {
        id,
        number: world.repositories[&repository].next_number(),
        title,
        body,
        author: call.login(),
        open: true,
        state_reason: None,
        closed: None,
        closed_by: None,
        labels: Vec::new(),
        assignees: Vec::new(),
        locked: false,
        created: now,
        updated: now,
        pull_request: false,
        deleted: false,
        comments: Vec::new(),
    };
    if pushes {
        adorn(world, repository, &mut issue, &call.body);
    }
    let issues = &mut world.repositories.get_mut(&repository).unwrap().issues;
    issues.push(issue.clone());
    let body = render::issue(world, repository, &issue);
    let url = body["url"].as_str().unwrap().to_owned();
    Ok(of_json(201, &body).header("location", url))
}

/// Sets labels and assignees; labels are made where they are unknown, people who cannot be
/// assigned are left out of a change. A new issue with such a one is refused before.
fn adorn(world: &mut World, repository: u64, issue: &mut Issue, body: &Value) {
    if let Some(wanted) = body["labels"].as_array() {
        issue.labels = labels::made(world, repository, wanted);
    }
    if let Some(mut names) = assigned(body) {
        names.retain(|name| may_be_assigned(world, repository, name));
        issue.assignees = names;
    }
}

fn assigned(body: &Value) -> Option<Vec<String>> {
    let assignees = body["assignees"].as_array().map(|names| {
        let names = names.iter().filter_map(Value::as_str);
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    let assignee = body.get("assignee").map(|name| {
        let name = name.as_str().map(str::to_owned);
        name.into_iter().collect()
    });
    assignees.or(assignee)
}

fn may_be_assigned(world: &World, repository: u64, name: &str) -> bool {
    let of = &world.repositories[&repository];
    let mut tokens = world.tokens.values();
    of.collaborators.contains(name)
        || tokens.any(|token| {
            token.login == name && token.access(&of.full_name).is_some_and(|one| one.push)
        })
}

pub(super) fn update(world: &mut World, call: &Call) -> Answered {
    let (repository, mut issue) = found(world, call, Level::Write)?;
    let pushes = call.access(&world.repositories[&repository]).push;
    if !pushes && issue.author != call.login() {
        return Err(error(403, "Must have admin rights to Repository."));
    }
    let title = title(&call.body)?;
    let body = text("Issue", &call.body)?;
    let now = world.write();
    issue.updated = now;
    if let Some(title) = title {
        issue.title = title;
    }
    if call.body.get("body").is_some() {
        issue.body = body;
    }
    if pushes {
        adorn(world, repository, &mut issue, &call.body);
    }
    let reason = call.body["state_reason"].as_str();
    match call.body["state"].as_str() {
        Some("closed") if issue.open => {
            issue.open = false;
            issue.closed = Some(now);
            issue.closed_by = Some(call.login());
            issue.state_reason = Some(reason.unwrap_or("completed").to_owned());
        }
        Some("open") if !issue.open => {
            issue.open = true;
            issue.closed = None;
            issue.closed_by = None;
            issue.state_reason = Some("reopened".to_owned());
        }
        Some("closed") if reason.is_some() => issue.state_reason = reason.map(str::to_owned),
        _ => {}
    }
    let of = world.repositories.get_mut(&repository).unwrap();
    *of.issue_mut(issue.number).unwrap() = issue.clone();
    Ok(of_json(200, &render::issue(world, repository, &issue)))
}

pub(super) fn comments(world: &mut World, call: &Call) -> Answered {
    let (repository, issue) = found(world, call, Level::Read)?;
    let mut comments = world.listed_comments(repository, issue.number);
    if let Some(since) = since(call)? {
        comments.retain(|comment| comment.updated >= since);
    }
    let page = Page::of(world, call, comments);
    let rendered = page
        .items
        .iter()
        .map(|comment| render::comment(world, repository, issue.number, comment));
    let body = Value::Array(rendered.collect());
    Ok(page.reply(&body))
}

pub(super) fn create_comment(world: &mut World, call: &Call) -> Answered {
    let (repository, issue) = found(world, call, Level::Write)?;
    if issue.locked && !call.access(&world.repositories[&repository]).push {
        let message = "Unable to create comment because issue is locked.";
        return Err(error(403, message));
    }
    let body = text("IssueComment", &call.body)?.unwrap_or_default();
    if body.trim().is_empty() {
        let message = Some("body can't be blank");
        return Err(invalid("IssueComment", "body", "custom", message));
    }
    let now = world.write();
    let comment = Comment {
        id: world.id(),
        author: call.login(),
        body,
        created: now,
        updated: now,
    };
    let of = world.repositories.get_mut(&repository).unwrap();
    let kept = of.issue_mut(issue.number).unwrap();
    kept.comments.push(comment.clone());
    kept.updated = now;
    let body = render::comment(world, repository, issue.number, &comment);
    let url = body["url"].as_str().unwrap().to_owned();
    Ok(of_json(201, &body).header("location", url))
}

/// The comment of the path with its issue's number.
fn one(world: &World, call: &Call, level: Level) -> Result<(u64, u64, Comment), Reply> {
    let repository = call.repository(world, "issues", level)?;
    let id = call.number("comment_id")?;
    let mut all = repository.issues.iter().flat_map(|issue| {
        let comments = issue.comments.iter();
        comments.map(move |comment| (repository.id, issue.number, comment))
    });
    let (repository, number, comment) = all
        .find(|(.., comment)| comment.id == id)
        .ok_or_else(not_found)?;
    Ok((repository, number, comment.clone()))
}

pub(super) fn comment(world: &mut World, call: &Call) -> Answered {
    let (repository, number, comment) = one(world, call, Level::Read)?;
    let body = render::comment(world, repository, number, &comment);
    Ok(of_json(200, &body))
}

pub(super) fn update_comment(world: &mut World, call: &Call) -> Answered {
    let (repository, number, mut comment) = one(world, call, Level::Write)?;
    if comment.author != call.login() && !call.access(&world.repositories[&repository]).push {
        return Err(error(403, "Must have admin rights to Repository."));
    }
    comment.body = text("IssueComment", &call.body)?.unwrap_or_default();
    comment.updated = world.write();
    let of = world.repositories.get_mut(&repository).unwrap();
    let comments = &mut of.issue_mut(number).unwrap().comments;
    let kept = comments.iter_mut().find(|one| one.id == comment.id);
    *kept.unwrap() = comment.clone();
    let body = render::comment(world, repository, number, &comment);
    Ok(of_json(200, &body))
}
