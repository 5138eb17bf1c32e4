//! Workflows, runs, jobs, artifacts. What the description lets be null is null in every other of
//! them.

use rewheel::source::Sha256Sum;
use serde_json::{Value, json};

use super::{minimal_repository, moment, user};
use crate::support::fake_github::actions::{Artifact, Job, Run, Workflow};
use crate::support::fake_github::repository::Repository;
use crate::support::fake_github::world::World;

/// A workflow.
pub(in crate::support::fake_github) fn workflow(
    world: &World,
    repository: &Repository,
    workflow: &Workflow,
) -> Value {
    let name = &repository.full_name;
    let page = format!("{}/{name}", world.web);
    json!({
        "id": workflow.id,
        "node_id": format!("W_{}", workflow.id),
        "name": workflow.name,
        "path": workflow.path(),
        "state": workflow.state,
        "created_at": moment(workflow.created),
        "updated_at": moment(workflow.created),
        "url": format!("{}/repos/{name}/actions/workflows/{}", world.api, workflow.id),
        "html_url": format!("{page}/blob/main/{}", workflow.path()),
        "badge_url": format!("{page}/workflows/{}/badge.svg", workflow.name),
    })
}

/// A run.
pub(in crate::support::fake_github) fn run(world: &World, repository: u64, run: &Run) -> Value {
    let repository = &world.repositories[&repository];
    let workflow = world.workflow(repository.id, &run.workflow.to_string());
    let workflow = workflow.unwrap();
    let base = format!("{}/repos/{}/actions", world.api, repository.full_name);
    let url = format!("{base}/runs/{}", run.id);
    let page = format!("{}/{}/actions", world.web, repository.full_name);
    let bare = run.number.is_multiple_of(2);
    let commit = json!({
        "id": run.sha,
        "tree_id": run.sha,
        "message": "Change something",
        "timestamp": moment(run.created),
        "author": null,
        "committer": { "name": "GitHub", "email": "noreply@github.com" },
    });
    let previous = (run.attempt > 1).then(|| format!("{url}/attempts/{}", run.attempt - 1));
    json!({
        "id": run.id,
        "node_id": format!("WFR_{}", run.id),
        "name": if bare { Value::Null } else { workflow.name.clone().into() },
        "check_suite_id": run.id + 1_000_000,
        "check_suite_node_id": format!("CS_{}", run.id),
        "head_branch": run.branch,
        "head_sha": run.sha,
        "path": workflow.path(),
        "run_number": run.number,
        "run_attempt": run.attempt,
        "referenced_workflows": if bare { Value::Null } else { json!([]) },
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow,
        "url": url,
        "html_url": format!("{page}/runs/{}", run.id),
        "pull_requests": if bare { Value::Null } else { json!([]) },
        "created_at": moment(run.created),
        "updated_at": moment(run.updated),
        "run_started_at": moment(run.created),
        "actor": user(world, &run.actor),
        "triggering_actor": user(world, &run.triggering_actor),
        "jobs_url": format!("{url}/jobs"),
        "logs_url": format!("{url}/logs"),
        "check_suite_url":
            format!("{}/repos/{}/check-suites/1", world.api, repository.full_name),
        "artifacts_url": format!("{url}/artifacts"),
        "cancel_url": format!("{url}/cancel"),
        "rerun_url": format!("{url}/rerun"),
        "previous_attempt_url": previous,
        "workflow_url": format!("{base}/workflows/{}", run.workflow),
        "head_commit": if bare { Value::Null } else { commit },
        "repository": minimal_repository(world, repository),
        "head_repository": minimal_repository(world, repository),
        "display_title": run.title,
    })
}

/// A job of a run.
pub(in crate::support::fake_github) fn job(
    world: &World,
    repository: u64,
    run: &Run,
    job: &Job,
) -> Value {
    let name = &world.repositories[&repository].full_name;
    let workflow = world.workflow(repository, &run.workflow.to_string());
    let workflow = workflow.unwrap();
    let base = format!("{}/repos/{name}", world.api);
    let page = format!("{}/{name}/actions/runs/{}", world.web, run.id);
    let bare = job.id.is_multiple_of(2);
    let known = |value: Value| if bare { Value::Null } else { value };
    let ended = job.conclusion.is_some();
    json!({
        "id": job.id,
        "run_id": run.id,
        "run_url": format!("{base}/actions/runs/{}", run.id),
        "run_attempt": job.attempt,
        "node_id": format!("CR_{}", job.id),
        "head_sha": run.sha,
        "head_branch": known(run.branch.clone().into()),
        "workflow_name": known(workflow.name.clone().into()),
        "url": format!("{base}/actions/jobs/{}", job.id),
        "html_url": known(format!("{page}/job/{}", job.id).into()),
        "status": if ended { "completed" } else { "in_progress" },
        "conclusion": job.conclusion,
        "created_at": moment(run.created),
        "started_at": moment(run.created),
        "completed_at": ended.then(|| moment(run.updated)),
        "name": job.name,
        "steps": [],
        "check_run_url": format!("{base}/check-runs/{}", job.id),
        "labels": ["ubuntu-latest"],
        "runner_id": known(7.into()),
        "runner_name": known("GitHub Actions 7".into()),
        "runner_group_id": known(0.into()),
        "runner_group_name": known("GitHub Actions".into()),
    })
}

/// An artifact of a run.
pub(in crate::support::fake_github) fn artifact(
    world: &World,
    repository: u64,
    run: &Run,
    artifact: &Artifact,
) -> Value {
    let repository = &world.repositories[&repository];
    let url = format!(
        "{}/repos/{}/actions/artifacts/{}",
        world.api, repository.full_name, artifact.id
    );
    json!({
        "id": artifact.id,
        "node_id": format!("AF_{}", artifact.id),
        "name": artifact.name,
        "size_in_bytes": artifact.archive.len(),
        "url": url,
        "archive_download_url": format!("{url}/zip"),
        "expired": artifact.expired,
        "digest": format!("sha256:{}", Sha256Sum::of(&artifact.archive)),
        "created_at": moment(run.updated),
        "expires_at": moment(run.updated + chrono::Duration::days(90)),
        "updated_at": moment(run.updated),
        "workflow_run": {
            "id": run.id,
            "repository_id": repository.id,
            "head_repository_id": repository.id,
            "head_branch": run.branch,
            "head_sha": run.sha,
        },
    })
}
