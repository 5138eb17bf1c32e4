//! What a configuration says, in a few lines.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{Configuration, Credential, Github, Line, ProjectSettings, StateUrl};
use crate::model::{Start, Step, StepKind};
use crate::policy::{Event, Reaction};
use crate::report::printable::printable;

use super::super::github::API;

/// The lines. `is_set` tells whether a variable of the environment is.
pub fn summary(
    file: &Path,
    configuration: &Configuration,
    is_set: &dyn Fn(&str) -> bool,
) -> String {
    let mut lines = vec![
        format!("{} is valid", file.display()),
        format!("GitHub: {}", github(&configuration.github, is_set)),
        match &configuration.state.location {
            StateUrl::Sqlite(path) => format!("ledger: {}", path.display()),
            StateUrl::None => "ledger: none, what is remembered stands in the issues".to_owned(),
        },
    ];
    if configuration.projects.is_empty() {
        lines.push("projects: none, so there is nothing to do".to_owned());
    }
    for one in &configuration.projects {
        lines.push(String::new());
        lines.extend(project(one));
    }
    let mut text = String::new();
    for line in lines {
        // Templates and paths are texts of others, too.
        text.push_str(&printable(&line));
        text.push('\n');
    }
    text
}

fn github(github: &Github, is_set: &dyn Fn(&str) -> bool) -> String {
    let api = github.api.as_ref().map_or(API, url::Url::as_str);
    let who = match &github.credential {
        Credential::TokenEnv(name) if is_set(name) => format!("the token in {name}"),
        Credential::TokenEnv(name) => {
            format!("no token: {name} is not set, so nothing can be written")
        }
        Credential::TokenFile(path) => format!("the token in {}", path.display()),
        Credential::App { id, key_file } => {
            format!("the App {id} and its key in {}", key_file.display())
        }
    };
    format!("{}, with {who}", api.trim_end_matches('/'))
}

/// What is configured of one project.
fn project(project: &ProjectSettings) -> Vec<String> {
    let names: Vec<String> = project.lines.iter().map(Line::name).collect();
    let mut lines = vec![
        project.package.clone(),
        format!("  lines: {}", names.join("; ")),
    ];
    let repository = project.repository.as_ref();
    match repository {
        Some(repository) => lines.push(format!("  repository: {repository}")),
        None => lines.push("  repository: none".to_owned()),
    }
    lines.extend(policy(project));
    if !project.steps.is_empty() {
        lines.push("  steps:".to_owned());
        for (number, one) in (1..).zip(&project.steps) {
            lines.push(format!("    {number}. {}", step(one)));
        }
    }
    lines
}

/// Who acts when.
fn policy(project: &ProjectSettings) -> Vec<String> {
    if !project.wants_issue() {
        return vec!["  acts: never, it is reported on only".to_owned()];
    }
    if project.repository.is_none() {
        return vec![
            "  acts: never: its policy asks for the issue, and no `repository` is named".to_owned(),
        ];
    }
    let mut by_reaction: BTreeMap<Reaction, Vec<&str>> = BTreeMap::new();
    for (event, reaction) in &project.settings.reactions {
        by_reaction
            .entry(*reaction)
            .or_default()
            .push(Event::as_str(*event));
    }
    let mut lines = Vec::new();
    for (reaction, what) in [
        (Reaction::Issue, "opens the issue for"),
        (Reaction::Steps, "opens the issue and starts the steps for"),
    ] {
        if let Some(events) = by_reaction.get(&reaction) {
            lines.push(format!("  {what}: {}", events.join(", ")));
        }
    }
    if project.wants_steps() {
        let severity = project.settings.steps_severity.as_str();
        lines.push(format!(
            "  severity that starts steps: {severity} or higher"
        ));
    } else if !project.steps.is_empty() {
        lines.push("  no event starts the steps: the issue shows and follows them".to_owned());
    }
    lines
}

/// One step, with what comes before it.
fn step(step: &Step) -> String {
    let mut text = step.name.clone();
    if let Some(series) = step.series {
        text.push_str(&format!(" (only for {series})"));
    }
    if !step.needs.is_empty() {
        text.push_str(&format!(", after {}", step.needs.join(" and ")));
    }
    let place = |reference: &Option<String>| {
        let of = step.repository.as_ref().map(|name| format!(" of {name}"));
        let on = reference.as_ref().map(|branch| format!(" on {branch}"));
        format!("{}{}", of.unwrap_or_default(), on.unwrap_or_default())
    };
    let what = match &step.kind {
        StepKind::File {
            path,
            reference,
            contains,
        } => format!("looks for `{contains}` in {path}{}", place(reference)),
        StepKind::Run {
            workflow,
            reference,
        } => format!("waits for {workflow}{}", place(reference)),
        StepKind::Dispatch {
            start,
            reference,
            inputs,
        } => {
            let what = match start {
                Start::Workflow(file) => file.clone(),
                Start::Event(event) => format!("what listens to the event {event}"),
            };
            let inputs: Vec<String> = inputs
                .iter()
                .map(|(name, value)| format!("{name} = `{value}`"))
                .collect();
            let with = if inputs.is_empty() {
                String::new()
            } else {
                format!(" with {}", inputs.join(", "))
            };
            format!("starts {what}{}{with}", place(reference))
        }
    };
    format!("{text}: {what}")
}
