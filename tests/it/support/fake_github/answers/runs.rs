//! Runs, their jobs and artifacts.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use super::paging::Page;
use super::{Answered, Call, error, not_found, of_json};
use crate::support::fake_github::access::Level;
use crate::support::fake_github::actions::Run;
use crate::support::fake_github::render;
use crate::support::fake_github::world::World;
use crate::support::reply::Reply;

/// The most results that GitHub lists where a filter is given.
const MOST_FILTERED: usize = 1000;

pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "actions", Level::Read)?.id;
    let workflow = match call.operation.names.get("workflow_id") {
        None => None,
        Some(name) => Some(world.workflow(repository, name).ok_or_else(not_found)?.id),
    };
    let mut runs = world.listed_runs(repository);
    runs.retain(|run| workflow.is_none_or(|id| run.workflow == id));
    let mut filtered = false;
    for (name, wanted) in &call.query {
        let keeps: Box<dyn Fn(&Run) -> bool> = match name.as_str() {
            "event" => Box::new(|run| run.event == *wanted),
            "branch" => Box::new(|run| run.branch == *wanted),
            "actor" => Box::new(|run| run.actor.eq_ignore_ascii_case(wanted)),
            "head_sha" => Box::new(|run| run.sha == *wanted),
            "status" => {
                Box::new(|run| run.status == *wanted || run.conclusion.as_deref() == Some(wanted))
            }
            "created" => {
                let (from, to) = range(wanted).ok_or_else(|| {
                    error(
                        422,
                        &format!("{wanted} is not a recognized date/time format."),
                    )
                })?;
                Box::new(move |run| from <= run.created && run.created <= to)
            }
            _ => continue,
        };
        filtered = true;
        runs.retain(|run| keeps(run));
    }
    runs.reverse();
    if filtered {
        runs.truncate(MOST_FILTERED);
    }
    let page = Page::of(world, call, runs);
    let runs = page
        .items
        .iter()
        .map(|run| render::run(world, repository, run));
    let runs = Value::Array(runs.collect());
    Ok(page.reply(&json!({ "total_count": page.total, "workflow_runs": runs })))
}

/// What a search for dates covers: `>=X`, `>X`, `<=X`, `<X`, `X..Y`, `X`.
fn range(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    let second = chrono::Duration::seconds(1);
    if let Some((from, to)) = text.split_once("..") {
        let from = if from == "*" { first } else { moment(from)?.0 };
        let to = if to == "*" { last } else { moment(to)?.1 };
        return Some((from, to));
    }
    if let Some(rest) = text.strip_prefix(">=") {
        return Some((moment(rest)?.0, last));
    }
    if let Some(rest) = text.strip_prefix("<=") {
        return Some((first, moment(rest)?.1));
    }
    if let Some(rest) = text.strip_prefix('>') {
        return Some((moment(rest)?.1 + second, last));
    }
    if let Some(rest) = text.strip_prefix('<') {
        return Some((first, moment(rest)?.0 - second));
    }
    moment(text)
}

/// The first and the last second of a moment or a day.
fn moment(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some((moment.to_utc(), moment.to_utc()));
    }
    let day: NaiveDate = text.parse().ok()?;
    let first = day.and_hms_opt(0, 0, 0)?.and_utc();
    let last = day.and_hms_opt(23, 59, 59)?.and_utc();
    Some((first, last))
}

/// The run of the path with its repository's number.
fn found(world: &World, call: &Call, level: Level) -> Result<(u64, Run), Reply> {
    let repository = call.repository(world, "actions", level)?;
    let id = call.number("run_id")?;
    let mut runs = repository.runs.iter();
    let run = runs.find(|run| run.id == id).ok_or_else(not_found)?;
    Ok((repository.id, run.clone()))
}

pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let (repository, run) = found(world, call, Level::Read)?;
    Ok(of_json(200, &render::run(world, repository, &run)))
}

pub(super) fn jobs(world: &mut World, call: &Call) -> Answered {
    let (repository, run) = found(world, call, Level::Read)?;
    let mut jobs = run.jobs.clone();
    if call.query("filter").unwrap_or("latest") == "latest" {
        // A re-run of the failed jobs leaves those that succeeded where they were.
        let again = |name: &str, attempt: u64| {
            let mut later = run.jobs.iter();
            later.any(|job| job.name == name && job.attempt > attempt)
        };
        jobs.retain(|job| !again(&job.name, job.attempt));
    }
    let page = Page::of(world, call, jobs);
    let jobs = page
        .items
        .iter()
        .map(|job| render::job(world, repository, &run, job));
    let jobs = Value::Array(jobs.collect());
    Ok(page.reply(&json!({ "total_count": page.total, "jobs": jobs })))
}

pub(super) fn rerun_failed(world: &mut World, call: &Call) -> Answered {
    let (_, run) = found(world, call, Level::Write)?;
    if !run.is_completed() {
        return Err(error(403, "This workflow is already running"));
    }
    let failed = matches!(
        run.conclusion.as_deref(),
        Some("failure" | "cancelled" | "timed_out")
    );
    if !failed {
        return Err(error(403, "This workflow run cannot be retried"));
    }
    if world.now - run.created > chrono::Duration::days(30) {
        let message = "Unable to retry this workflow run because it was created over a month ago";
        return Err(error(403, message));
    }
    let now = world.write();
    let login = call.login();
    let run = world.run_mut(run.id);
    run.attempt += 1;
    run.status = "queued".to_owned();
    run.conclusion = None;
    run.updated = now;
    run.triggering_actor = login;
    Ok(of_json(201, &json!({})))
}

pub(super) fn artifacts(world: &mut World, call: &Call) -> Answered {
    let (repository, run) = found(world, call, Level::Read)?;
    let mut artifacts = run.artifacts.clone();
    if let Some(name) = call.query("name") {
        artifacts.retain(|one| one.name == name);
    }
    let page = Page::of(world, call, artifacts);
    let artifacts = page
        .items
        .iter()
        .map(|one| render::artifact(world, repository, &run, one));
    let artifacts = Value::Array(artifacts.collect());
    Ok(page.reply(&json!({ "total_count": page.total, "artifacts": artifacts })))
}

pub(super) fn download(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "actions", Level::Read)?;
    // Public or not: GitHub hands artifacts to nobody without a login.
    if call.token.is_none() {
        return Err(error(401, "Requires authentication"));
    }
    let id = call.number("artifact_id")?;
    let mut artifacts = repository.runs.iter().flat_map(|run| &run.artifacts);
    let artifact = artifacts.find(|one| one.id == id).ok_or_else(not_found)?;
    if call.name("archive_format") != "zip" {
        return Err(not_found());
    }
    if artifact.expired {
        return Err(error(410, "Artifact has expired"));
    }
    let url = format!("{}/artifact/{id}?sig=signed", world.archives);
    Ok(Reply::new(302).header("location", url))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2026-01-02", true)]
    #[case("2026-01-03", false)]
    #[case("2026-01-02T03:04:05Z", true)]
    #[case(">=2026-01-02T03:04:05Z", true)]
    #[case(">2026-01-02T03:04:05Z", false)]
    #[case("<=2026-01-02T03:04:05Z", true)]
    #[case("<2026-01-02T03:04:05Z", false)]
    #[case("2026-01-01..2026-01-02", true)]
    #[case("*..2026-01-01", false)]
    #[case("2026-01-02T04:04:05+01:00..*", true)]
    fn dates_are_searched(#[case] wanted: &str, #[case] within: bool) {
        let (from, to) = range(wanted).unwrap();
        let moment: DateTime<Utc> = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(from <= moment && moment <= to, within);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        assert!(range(">=yesterday").is_none());
    }
}
