//! Whether a workflow can be started as a step wants it: what its file says about its triggers and
//! their inputs.
//!
//! Everything here is a pure function of the file's text. The forms are those of GitHub's
//! documentation, "Workflow syntax for GitHub Actions", section `on`.

use std::collections::BTreeMap;

use crate::config::nearest;
use crate::model::Start;

mod yaml;

use yaml::Node;

/// How much of a text from a file is quoted.
const QUOTED: usize = 64;

/// What stands under a trigger that stands alone.
static NULL: Node = Node::NULL;

/// Why a dispatch of this workflow with these inputs fails: one sentence for each thing to change,
/// none when nothing stands against it. Inputs that are still templates are looked at by their
/// names only.
///
/// `yaml` is the text of the workflow's file, which may hold anything.
pub fn dispatch_problems(
    yaml: &str,
    event: &Start,
    inputs: &BTreeMap<String, String>,
) -> Vec<String> {
    let file = match event {
        Start::Workflow(file) => file.clone(),
        Start::Event(_) => "the workflow".to_owned(),
    };
    let root = match yaml::parse(yaml) {
        Ok(root) => root,
        Err(error) => return vec![format!("{file} cannot be read: {error}")],
    };
    let Some(triggers) = root.get("on") else {
        return vec![format!(
            "{file} has no `on`, so nothing starts it: is it a workflow?"
        )];
    };
    match event {
        Start::Workflow(_) => match trigger(triggers, "workflow_dispatch") {
            Some(settings) => input_problems(&file, settings, inputs),
            None => vec![format!(
                "{file} cannot be started: add `workflow_dispatch:` below `on:` in it, on the \
                 default branch too"
            )],
        },
        Start::Event(event) => match trigger(triggers, "repository_dispatch") {
            Some(settings) => event_problems(settings, event),
            None => vec![format!(
                "{file} does not listen to events: add `repository_dispatch:` with `types: \
                 [{event}]` below `on:` in it, on the default branch"
            )],
        },
    }
}

/// Why a workflow in this state is not started; nothing when it can be. `state` is GitHub's word.
pub fn state_problem(file: &str, state: &str) -> Option<String> {
    let why = match state {
        "active" => return None,
        "disabled_manually" => "somebody switched it off",
        "disabled_inactivity" => "GitHub switched it off after 60 days without activity",
        "disabled_fork" => "it is off because the repository is a fork",
        "deleted" => {
            return Some(format!(
                "{file} is deleted: name another workflow, or bring its file back to the default \
                 branch"
            ));
        }
        _ => "GitHub does not call it active",
    };
    Some(format!(
        "{file} cannot be started, {why}: switch it on under Actions in the repository"
    ))
}

/// What stands under a trigger; nothing when the trigger is not there.
fn trigger<'a>(triggers: &'a Node, name: &str) -> Option<&'a Node> {
    match triggers {
        Node::Text { text, .. } => (text == name).then_some(&NULL),
        Node::List(names) => {
            let found = names.iter().any(|one| one.text() == Some(name));
            found.then_some(&NULL)
        }
        Node::Map(_) => triggers.get(name),
    }
}

fn event_problems(settings: &Node, event: &str) -> Vec<String> {
    let types: Vec<&str> = match settings.get("types") {
        None => return Vec::new(),
        Some(Node::List(types)) => types.iter().filter_map(Node::text).collect(),
        Some(one) => one.text().into_iter().collect(),
    };
    if types.is_empty() || types.contains(&event) {
        return Vec::new();
    }
    let right = nearest(event, types.iter().copied());
    let hint = right.map_or_else(String::new, |right| {
        format!("; did you mean `{}`?", quoted(right))
    });
    vec![format!(
        "no workflow listens to the event `{event}`: add it to `types` of `repository_dispatch`{hint}"
    )]
}

fn input_problems(file: &str, settings: &Node, given: &BTreeMap<String, String>) -> Vec<String> {
    let declared: Vec<(&str, &Node)> = match settings.get("inputs") {
        Some(Node::Map(inputs)) => inputs
            .iter()
            .map(|(name, input)| (name.as_str(), input))
            .collect(),
        _ => Vec::new(),
    };
    let mut problems = Vec::new();
    for (name, value) in given {
        match declared.iter().find(|(known, _)| is_same(known, name)) {
            Some((_, input)) => problems.extend(value_problem(file, name, value, input)),
            None => problems.push(unknown_input(file, name, &declared)),
        }
    }
    for (name, input) in declared {
        let is_given = given.keys().any(|given| is_same(given, name));
        if !is_given && is_true(input.get("required")) && !has_default(input) {
            let name = quoted(name);
            problems.push(format!(
                "{file} requires the input `{name}`: add it to `inputs` of the step"
            ));
        }
    }
    problems
}

fn unknown_input(file: &str, name: &str, declared: &[(&str, &Node)]) -> String {
    let known = declared.iter().map(|(known, _)| *known);
    let hint = match nearest(name, known.clone()) {
        Some(right) => format!("did you mean `{}`?", quoted(right)),
        None if declared.is_empty() => "it takes none".to_owned(),
        None => {
            let known: Vec<String> = known.take(25).map(quoted).collect();
            format!("known are {}", known.join(", "))
        }
    };
    format!("{file} has no input `{name}`; {hint}")
}

/// Why a value does not fit its input; a template fits everything.
fn value_problem(file: &str, name: &str, value: &str, input: &Node) -> Option<String> {
    if value.contains("{{") || value.contains("{%") {
        return None;
    }
    let wanted = match input.get("type").and_then(Node::text)? {
        "choice" => {
            let Some(Node::List(options)) = input.get("options") else {
                return None;
            };
            let options: Vec<&str> = options.iter().filter_map(Node::text).collect();
            if options.contains(&value) {
                return None;
            }
            let options: Vec<String> = options.into_iter().take(25).map(quoted).collect();
            format!("one of {}", options.join(", "))
        }
        "boolean" if !matches!(value, "true" | "false") => "true or false".to_owned(),
        "number" if value.trim().parse::<f64>().is_err() => "a number".to_owned(),
        _ => return None,
    };
    Some(format!(
        "the input `{name}` of {file} is to be {wanted}; the step gives `{}`",
        quoted(value)
    ))
}

/// GitHub does not tell names of inputs apart that differ in case only.
fn is_same(known: &str, given: &str) -> bool {
    known.eq_ignore_ascii_case(given)
}

fn is_true(node: Option<&Node>) -> bool {
    node.and_then(Node::text)
        .is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

fn has_default(input: &Node) -> bool {
    input
        .get("default")
        .is_some_and(|default| !default.is_null() && default.text() != Some(""))
}

/// A text from a file, as much of it as fits a sentence.
fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

#[cfg(test)]
mod tests;
