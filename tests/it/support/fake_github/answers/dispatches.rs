//! Starting workflows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answered, Call, error, not_found, of_json};
use crate::support::fake_github::access::Level;
use crate::support::fake_github::actions::{Input, Run, Workflow};
use crate::support::fake_github::world::World;
use crate::support::reply::Reply;

/// The most inputs that an Enterprise Server takes.
const MOST_INPUTS_OF_ENTERPRISE: usize = 10;
/// The most bytes of a payload.
const LARGEST_PAYLOAD: usize = 65_535;

/// What starts a run.
pub(in crate::support::fake_github) struct Start {
    pub event: String,
    pub branch: String,
    pub sha: String,
    pub actor: String,
    pub inputs: BTreeMap<String, String>,
    pub payload: Value,
}

/// A run that has just been started.
pub(in crate::support::fake_github) fn started(
    world: &mut World,
    repository: u64,
    workflow: u64,
    start: Start,
) -> Run {
    let now = world.now;
    let id = world.id();
    world.account(&start.actor);
    let of = world.repositories.get_mut(&repository).unwrap();
    let workflow = of.workflows.iter().find(|one| one.id == workflow).unwrap();
    let earlier = of.runs.iter().filter(|run| run.workflow == workflow.id);
    let run = Run {
        id,
        workflow: workflow.id,
        number: earlier.count() as u64 + 1,
        attempt: 1,
        title: workflow.title(&start.inputs, &start.payload),
        event: start.event,
        branch: start.branch,
        sha: start.sha,
        triggering_actor: start.actor.clone(),
        actor: start.actor,
        status: "queued".to_owned(),
        conclusion: None,
        created: now,
        updated: now,
        inputs: start.inputs,
        payload: start.payload,
        jobs: Vec::new(),
        artifacts: Vec::new(),
    };
    of.runs.push(run.clone());
    run
}

pub(super) fn workflow(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "actions", Level::Write)?.id;
    let workflow = world
        .workflow(repository, call.name("workflow_id"))
        .ok_or_else(not_found)?
        .clone();
    let details = call.body.get("return_run_details");
    if world.enterprise && details.is_some() {
        let message = "Invalid request.\n\n\"return_run_details\" is not a permitted key.";
        return Err(error(400, message));
    }
    let reference = call.body["ref"].as_str().unwrap_or_default();
    let of = &world.repositories[&repository];
    let head = of.head(reference);
    let Some((branch, sha)) = head else {
        return Err(error(422, &format!("No ref found for: {reference}")));
    };
    // A workflow is what its file is on that branch.
    let there = of
        .resolve(&sha)
        .filter(|one| one.files.contains_key(&workflow.path()));
    let Some(described) = workflow.inputs.as_ref().filter(|_| there.is_some()) else {
        let message = "Workflow does not have 'workflow_dispatch' trigger";
        return Err(error(422, message));
    };
    if workflow.state != "active" {
        let message = "Cannot trigger a 'workflow_dispatch' on a disabled workflow";
        return Err(error(422, message));
    }
    let inputs = inputs(described, &call.body["inputs"])?;
    if world.enterprise && inputs.len() > MOST_INPUTS_OF_ENTERPRISE {
        return Err(error(422, "you may only define up to 10 `inputs`"));
    }
    world.write();
    let start = Start {
        event: "workflow_dispatch".to_owned(),
        branch,
        sha,
        actor: call.login(),
        inputs,
        payload: Value::Null,
    };
    let run = started(world, repository, workflow.id, start);
    if details != Some(&Value::Bool(true)) {
        return Ok(Reply::new(204));
    }
    let name = &world.repositories[&repository].full_name;
    let body = json!({
        "workflow_run_id": run.id,
        "run_url": format!("{}/repos/{name}/actions/runs/{}", world.api, run.id),
        "html_url": format!("{}/{name}/actions/runs/{}", world.web, run.id),
    });
    Ok(of_json(200, &body))
}

/// The inputs with their defaults, or why they are refused.
fn inputs(described: &[Input], given: &Value) -> Result<BTreeMap<String, String>, Reply> {
    let given: BTreeMap<String, String> = given
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let text = value.as_str().map(str::to_owned);
            (name.clone(), text.unwrap_or_else(|| value.to_string()))
        })
        .collect();
    let unexpected: Vec<&String> = given
        .keys()
        .filter(|name| !described.iter().any(|input| input.name == **name))
        .collect();
    if !unexpected.is_empty() {
        return Err(error(
            422,
            &format!("Unexpected inputs provided: {unexpected:?}"),
        ));
    }
    let mut inputs = BTreeMap::new();
    for input in described {
        let value = given.get(&input.name).or(input.default.as_ref());
        let name = &input.name;
        match value {
            Some(value) if !input.choices.is_empty() && !input.choices.contains(value) => {
                let message = format!(
                    "Provided value '{value}' for input '{name}' not in the list of allowed values"
                );
                return Err(error(422, &message));
            }
            Some(value) if !(value.is_empty() && input.required) => {
                inputs.insert(name.clone(), value.clone());
            }
            _ if input.required => {
                return Err(error(422, &format!("Required input '{name}' not provided")));
            }
            _ => {}
        }
    }
    Ok(inputs)
}

pub(super) fn repository(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "contents", Level::Write)?;
    let event = call.body["event_type"].as_str().unwrap_or_default();
    let payload = match &call.body["client_payload"] {
        Value::Null => json!({}),
        payload => payload.clone(),
    };
    if payload.to_string().len() > LARGEST_PAYLOAD {
        return Err(error(422, "client_payload is too large."));
    }
    let listens = |workflow: &&Workflow| {
        let types = workflow.types.as_ref();
        workflow.state == "active"
            && types.is_some_and(|types| types.is_empty() || types.iter().any(|one| one == event))
    };
    let listening: Vec<u64> = repository
        .workflows
        .iter()
        .filter(listens)
        .map(|workflow| workflow.id)
        .collect();
    let branch = repository.default_branch.clone();
    let sha = repository.branches[&branch].clone();
    let id = repository.id;
    world.write();
    for workflow in listening {
        let start = Start {
            event: "repository_dispatch".to_owned(),
            branch: branch.clone(),
            sha: sha.clone(),
            actor: call.login(),
            inputs: BTreeMap::new(),
            payload: payload.clone(),
        };
        started(world, id, workflow, start);
    }
    Ok(Reply::new(204))
}
