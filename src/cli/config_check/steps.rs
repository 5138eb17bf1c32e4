//! Whether a step finds what it names on GitHub: its file, its workflow, its branch.

use std::collections::BTreeMap;

use crate::config::template;
use crate::github::workflow_file::{dispatch_problems, state_problem};
use crate::github::{GithubError, Rights, Workflow};
use crate::model::{RepositoryName, Start, Step, StepKind};

use super::finding::Finding;
use super::online::{Asking, permission};

/// How many workflows are looked at for one that listens to an event.
const MOST_WORKFLOWS: usize = 50;

/// The findings about one step, in its repository.
pub(super) async fn findings(
    asking: &Asking<'_>,
    step: &Step,
    repository: &RepositoryName,
    rights: &Rights,
) -> Vec<Finding> {
    let found = match &step.kind {
        StepKind::File {
            path,
            reference,
            contains,
        } => file(asking, repository, path, reference.as_deref(), contains).await,
        StepKind::Run {
            workflow,
            reference,
        } => run(asking, repository, workflow, reference.as_deref()).await,
        StepKind::Dispatch {
            start: start @ Start::Workflow(name),
            reference,
            inputs,
        } => {
            let wanted = Wanted {
                start,
                name,
                reference: reference.as_deref(),
                inputs,
            };
            dispatch(asking, repository, &wanted, rights).await
        }
        StepKind::Dispatch {
            start: start @ Start::Event(name),
            ..
        } => event(asking, repository, start, name, rights).await,
    };
    found.unwrap_or_else(|error| vec![Finding::from(&error)])
}

async fn file(
    asking: &Asking<'_>,
    repository: &RepositoryName,
    path: &str,
    reference: Option<&str>,
    contains: &str,
) -> Result<Vec<Finding>, GithubError> {
    let place = place(repository, reference);
    let Some(bytes) = asking.github.file(repository, path, reference).await? else {
        let missing = branch(asking, repository, reference).await?;
        return Ok(vec![missing.unwrap_or_else(|| {
            Finding::wrong(format!(
                "there is no file {path} in {place}: correct `path`, or add the file"
            ))
        })]);
    };
    let text = String::from_utf8_lossy(&bytes);
    Ok(vec![if template::could_stand_in(contains, &text) {
        Finding::good(format!("{path} in {place} holds such a text today"))
    } else {
        Finding::untold(format!(
            "{path} in {place} holds nothing like `{contains}` today: see that `contains` is what \
             it will hold"
        ))
    }])
}

async fn run(
    asking: &Asking<'_>,
    repository: &RepositoryName,
    name: &str,
    reference: Option<&str>,
) -> Result<Vec<Finding>, GithubError> {
    let (_, mut problems) = workflow(asking, repository, name).await?;
    problems.extend(branch(asking, repository, reference).await?);
    Ok(or_good(problems, || {
        format!(
            "{name} of {} is there and active",
            place(repository, reference)
        )
    }))
}

/// A workflow that is to be started.
struct Wanted<'a> {
    start: &'a Start,
    name: &'a str,
    reference: Option<&'a str>,
    inputs: &'a BTreeMap<String, String>,
}

async fn dispatch(
    asking: &Asking<'_>,
    repository: &RepositoryName,
    wanted: &Wanted<'_>,
    rights: &Rights,
) -> Result<Vec<Finding>, GithubError> {
    // Which branch a template becomes is known only when there is a target.
    let reference = wanted.reference.filter(|text| !text.contains("{{"));
    let (workflow, mut problems) = workflow(asking, repository, wanted.name).await?;
    let missing = branch(asking, repository, reference).await?;
    let is_there = missing.is_none();
    problems.extend(missing);
    if let Some(workflow) = workflow.filter(|_| is_there) {
        let file = asking.github.file(repository, &workflow.path, reference);
        match file.await? {
            Some(bytes) => {
                let yaml = String::from_utf8_lossy(&bytes);
                let sentences = dispatch_problems(&yaml, wanted.start, wanted.inputs);
                problems.extend(sentences.into_iter().map(Finding::wrong));
            }
            None => problems.push(Finding::wrong(format!(
                "there is no {} in {}: start it on a branch that has it, with `ref`",
                wanted.name,
                place(repository, reference)
            ))),
        }
    }
    let mut found = or_good(problems, || {
        format!("{} of {repository} takes what it is given", wanted.name)
    });
    if asking.github.has_identity() {
        found.push(permission(repository, rights, "actions", "starting it"));
    }
    Ok(found)
}

async fn event(
    asking: &Asking<'_>,
    repository: &RepositoryName,
    start: &Start,
    event: &str,
    rights: &Rights,
) -> Result<Vec<Finding>, GithubError> {
    let mut found = vec![match listener(asking, repository, start).await? {
        Listener::Found(name) => Finding::good(format!(
            "{name} of {repository} listens to the event `{event}`"
        )),
        Listener::None(nearly) => Finding::wrong(nearly.unwrap_or_else(|| {
            format!(
                "no workflow of {repository} listens to the event `{event}`: add \
                 `repository_dispatch:` with `types: [{event}]` below `on:` in one of them, on the \
                 default branch"
            )
        })),
        Listener::Untold => Finding::untold(format!(
            "{repository} has more than {MOST_WORKFLOWS} workflows, and none of the first listens \
             to the event `{event}`: see that one does"
        )),
    }];
    if asking.github.has_identity() {
        found.push(permission(repository, rights, "contents", "sending it"));
    }
    Ok(found)
}

/// Who listens to an event.
enum Listener {
    /// This workflow.
    Found(String),
    /// Nobody; what is wrong with the one that nearly does.
    None(Option<String>),
    /// Nobody of those that were looked at, and there are more.
    Untold,
}

async fn listener(
    asking: &Asking<'_>,
    repository: &RepositoryName,
    start: &Start,
) -> Result<Listener, GithubError> {
    let workflows = asking.github.workflows(repository, MOST_WORKFLOWS).await?;
    let is_whole = workflows.len() < MOST_WORKFLOWS;
    let mut nearly = None;
    for workflow in workflows {
        if state_problem(&workflow.path, workflow.state.as_str()).is_some() {
            continue;
        }
        // What GitHub starts by itself, such as its scans, has no file.
        let Some(bytes) = asking.github.file(repository, &workflow.path, None).await? else {
            continue;
        };
        let yaml = String::from_utf8_lossy(&bytes);
        let problems = dispatch_problems(&yaml, start, &BTreeMap::new());
        if problems.is_empty() {
            return Ok(Listener::Found(workflow.path));
        }
        if yaml.contains("repository_dispatch") {
            nearly = nearly.or_else(|| problems.into_iter().next());
        }
    }
    Ok(if is_whole {
        Listener::None(nearly)
    } else {
        Listener::Untold
    })
}

/// A workflow, and what keeps it from running.
async fn workflow(
    asking: &Asking<'_>,
    repository: &RepositoryName,
    name: &str,
) -> Result<(Option<Workflow>, Vec<Finding>), GithubError> {
    let found = asking.github.workflow(repository, name).await?;
    let problem = match &found {
        Some(workflow) => state_problem(name, workflow.state.as_str()),
        None => Some(format!(
            "there is no workflow {name} in {repository}, or it may not be seen: correct \
             `workflow`, or grant \"actions: read\""
        )),
    };
    Ok((found, problem.into_iter().map(Finding::wrong).collect()))
}

/// What is wrong with a branch or tag, when one is named.
async fn branch(
    asking: &Asking<'_>,
    repository: &RepositoryName,
    reference: Option<&str>,
) -> Result<Option<Finding>, GithubError> {
    let Some(reference) = reference else {
        return Ok(None);
    };
    let commit = asking.github.commit(repository, reference).await?;
    Ok(commit.is_none().then(|| {
        Finding::wrong(format!(
            "there is no branch or tag {reference} in {repository}, or it may not be read: correct \
             `ref`, or grant \"contents: read\""
        ))
    }))
}

fn or_good(problems: Vec<Finding>, sentence: impl FnOnce() -> String) -> Vec<Finding> {
    if problems.is_empty() {
        vec![Finding::good(sentence())]
    } else {
        problems
    }
}

fn place(repository: &RepositoryName, reference: Option<&str>) -> String {
    match reference {
        Some(reference) => format!("{repository} on {reference}"),
        None => repository.to_string(),
    }
}
