//! One line: what was found of its issue, and what is to be done.

use chrono::{DateTime, Utc};

use crate::config::ProjectSettings;
use crate::github::{GithubError, Issue, Me, Repository};
use crate::model::RepositoryName;
use crate::policy::ReasonCode;
use crate::policy::tracking::{self, Cause, FoundState, IssuePlan, Opened, Standing};
use crate::report::issue::marker::{self, Memory};
use crate::report::{Action, ActionKind, ActionState, LineReport};
use crate::store::ledger::Outcome;

use super::find::{self, Tracked, is_by, is_of_line, tracked};
use super::place::Places;
use super::write::sent_at;
use super::{Actor, Mode};

/// What was found of a line on GitHub, before anything is written.
pub(super) struct Observed<'a> {
    pub(super) project: &'a ProjectSettings,
    pub(super) scope: String,
    pub(super) plan: IssuePlan,
    pub(super) is_first_cycle: bool,
    pub(super) repository: Repository,
    pub(super) me: Me,
    pub(super) trusted: Vec<String>,
    pub(super) issues: Vec<Tracked>,
    pub(super) standing: Standing,
    pub(super) cause: Cause,
    pub(super) in_doubt: Option<DateTime<Utc>>,
}

impl Observed<'_> {
    pub(super) fn key(&self, what: &str) -> String {
        format!("{}/{what}", self.scope)
    }

    pub(super) fn issue(&self, number: u64) -> Option<&Tracked> {
        self.issues.iter().find(|one| one.issue.number == number)
    }
}

/// Looks for the issue of a line and plans what is to be done.
pub(super) async fn observe<'a>(
    actor: &Actor<'a>,
    places: &mut Places<'a>,
    project: &'a ProjectSettings,
    line: &LineReport,
) -> Result<Observed<'a>, Box<Action>> {
    let scope = format!("{}/{}", line.package, line.line);
    look(actor, places, project, line, &scope)
        .await
        .map_err(|why| {
            let key = format!("{scope}/issue");
            let action = Action::new(ActionKind::FindIssue, key, ActionState::Failed);
            Box::new(action.because(why))
        })
}

async fn look<'a>(
    actor: &Actor<'a>,
    places: &mut Places<'a>,
    project: &'a ProjectSettings,
    line: &LineReport,
    scope: &str,
) -> Result<Observed<'a>, String> {
    let said = |error: GithubError| error.to_string();
    let Some(name) = &project.repository else {
        return Err("the project has no `repository`".to_owned());
    };
    let (repository, me) = places.repository(name).await?;
    let mut trusted = vec![me.login.clone()];
    for author in &project.issue.authors {
        if !trusted.iter().any(|one| one.eq_ignore_ascii_case(author)) {
            trusted.push(author.clone());
        }
    }
    let mut issues: Vec<Issue> = places
        .issues(&repository, &trusted)
        .await?
        .into_iter()
        .filter(|issue| is_of_line(issue, &trusted, &line.package, &line.line))
        .collect();
    let act = actor
        .ledger
        .act(&format!("{scope}/issue"))
        .map_err(|error| error.to_string())?;
    let mut in_doubt = None;
    if let Some(act) = act {
        match &act.outcome {
            None => in_doubt = sent_at(&act.detail),
            Some(Outcome::Done { detail, url }) => {
                let number = detail.get("number").and_then(serde_json::Value::as_u64);
                // Lists lag behind, and people write above the marker or remove it: what we opened
                // ourselves is asked for by its number.
                if let Some(number) =
                    number.filter(|number| issues.iter().all(|issue| issue.number != *number))
                    && let Some(issue) = own(actor, &repository, number).await?
                    && is_by(&issue, &trusted)
                    && (marker::is_of(&issue.body, &line.package, &line.line)
                        || (!marker::is_marked(&issue.body)
                            && was_opened_in(
                                url.as_deref(),
                                number,
                                &[name, &repository.full_name],
                            )))
                {
                    issues.push(issue);
                }
            }
            Some(_) => {}
        }
    }
    issues.sort_by_key(|issue| issue.number);
    let mut found: Vec<Tracked> = issues
        .into_iter()
        .map(|issue| tracked(issue, false))
        .collect();
    ask_who_closed(actor, &repository, &mut found)
        .await
        .map_err(said)?;
    let memory = found
        .iter()
        .find(|one| one.found.state == FoundState::Open)
        .and_then(|one| one.memory.clone())
        .unwrap_or_default();
    let opened = Opened {
        events: memory.events.clone(),
        coverage: memory.coverage.clone(),
    };
    let standing = tracking::standing(&line.decision, &opened, &project.settings);
    let cause = answered(line, &found, cause(line, &standing, &memory));
    let facts: Vec<_> = found.iter().map(|one| one.found.clone()).collect();
    let plan = tracking::plan(&facts, &standing, &cause);
    Ok(Observed {
        is_first_cycle: is_first_cycle(actor, scope, found.is_empty())?,
        project,
        scope: scope.to_owned(),
        plan,
        repository,
        me,
        trusted,
        issues: found,
        standing,
        cause,
        in_doubt,
    })
}

/// The newest issue where none is open: a bot that closes what is old is no answer to it.
async fn ask_who_closed(
    actor: &Actor<'_>,
    repository: &Repository,
    found: &mut [Tracked],
) -> Result<(), GithubError> {
    let is_open = |one: &Tracked| one.found.state == FoundState::Open;
    if found.iter().any(is_open) {
        return Ok(());
    }
    let newest = found
        .iter_mut()
        .filter(|one| one.found.state != FoundState::ClosedAsDuplicate)
        .max_by_key(|one| one.found.number);
    if let Some(newest) = newest
        && newest.found.state == FoundState::ClosedByPerson
    {
        let name = &repository.full_name;
        let by_bot = find::is_closed_by_bot(actor.github, name, newest.found.number).await?;
        *newest = tracked(newest.issue.clone(), by_bot);
    }
    Ok(())
}

/// Whether this was the address of an issue in one of these repositories. The ledger may be older
/// than the configuration's `repository`.
fn was_opened_in(url: Option<&str>, number: u64, repositories: &[&RepositoryName]) -> bool {
    repositories
        .iter()
        .any(|name| url.is_some_and(|url| is_address_of(url, name, number)))
}

fn is_address_of(url: &str, repository: &RepositoryName, number: u64) -> bool {
    let end = format!("/{repository}/issues/{number}");
    url.to_ascii_lowercase()
        .ends_with(&end.to_ascii_lowercase())
}

/// An issue that we opened; none when it was deleted, or moved to another repository, where GitHub
/// leads to it under another number.
async fn own(
    actor: &Actor<'_>,
    repository: &Repository,
    number: u64,
) -> Result<Option<Issue>, String> {
    match actor.github.issue(&repository.full_name, number).await {
        Ok(issue) => {
            let is_here = issue.number == number
                && is_address_of(&issue.html_url, &repository.full_name, number);
            Ok(is_here.then_some(issue))
        }
        Err(error) if matches!(error.status(), Some(404 | 410)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// What the issue is about now. What could not be read takes nothing away from what it was about.
fn cause(line: &LineReport, standing: &Standing, memory: &Memory) -> Cause {
    let mut cause = Cause::of(&line.decision);
    match standing {
        Standing::Wanted if is_partial(line) => {
            cause.events.extend(memory.cause.events.iter().copied());
            cause.targets.extend(memory.cause.targets.iter().cloned());
        }
        Standing::Wanted => {}
        Standing::Settled | Standing::Unproven(_) => cause = memory.cause.clone(),
    }
    cause
}

/// What a person closed the newest issue about, where no more than that is known now: what could not
/// be read, and facts that are too old, are nothing new that would ask for another issue.
fn answered(line: &LineReport, found: &[Tracked], cause: Cause) -> Cause {
    let newest = found
        .iter()
        .filter(|one| one.found.state != FoundState::ClosedAsDuplicate)
        .max_by_key(|one| one.found.number);
    let closed = newest
        .filter(|one| one.found.state == FoundState::ClosedByPerson)
        .and_then(|one| one.found.cause.as_ref());
    let is_told_less = |closed: &&Cause| {
        let is_less =
            cause.events.is_subset(&closed.events) && cause.targets.is_subset(&closed.targets);
        line.has(ReasonCode::FactsTooOld) || (is_partial(line) && is_less)
    };
    match closed.filter(is_told_less) {
        Some(closed) if found.iter().all(|one| one.found.state != FoundState::Open) => {
            closed.clone()
        }
        _ => cause,
    }
}

/// Whether a wheel could not be read, or was not read yet.
fn is_partial(line: &LineReport) -> bool {
    let mut wheels = line.decision.wheels.iter();
    wheels.any(|wheel| !wheel.is_read())
}

/// A project that was never seen before only reports: its configuration may be wrong. Where nothing
/// is kept between cycles, that cannot be told, and its issues say that it is not new.
fn is_first_cycle(actor: &Actor<'_>, scope: &str, has_no_issue: bool) -> Result<bool, String> {
    if !actor.ledger.is_kept() {
        return Ok(false);
    }
    let subject = format!("line:{scope}");
    let is_new = match actor.mode {
        Mode::Plan => actor
            .ledger
            .seen(&subject)
            .map_err(|error| error.to_string())?
            .is_none(),
        Mode::Act => {
            actor
                .ledger
                .see_daily(&subject, "reported", actor.now)
                .map_err(|error| error.to_string())?
                .is_new
        }
    };
    Ok(is_new && has_no_issue)
}
