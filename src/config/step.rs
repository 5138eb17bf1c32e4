//! Steps: what stands in their tables, and whether they hold together.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Start, Step, StepKind};

use super::diagnostic::{Place, Problems};
use super::raw::{Table, Value};
use super::schema::{self, Key};
use super::{nearest, template, words};

/// How many times a step may be started for one target when it does not say.
const ATTEMPTS: u32 = 3;

/// How many times the failed jobs of a run may be run again when a step does not say.
const RERUNS: u32 = 2;

/// The most inputs of a `workflow_dispatch`. Source: GitHub's REST API, "Create a workflow dispatch
/// event"; servers of one's own may take fewer and say so.
const MOST_INPUTS: usize = 25;

/// The most keys in the payload of a `repository_dispatch`. Source: GitHub's REST API, "Create a
/// repository dispatch event".
const MOST_PAYLOAD_KEYS: usize = 10;

/// The steps in their tables, which have been checked; one that is wrong is left out.
pub(super) fn steps(tables: &[(&Table, &Place)]) -> Vec<Step> {
    tables.iter().filter_map(|(table, _)| step(table)).collect()
}

fn step(table: &Table) -> Option<Step> {
    let count = |key: &str, built_in: u32| {
        let number = table.number(key).and_then(|number| number.try_into().ok());
        number.unwrap_or(built_in)
    };
    let platforms = table.texts("platforms").unwrap_or_default().into_iter();
    Some(Step {
        name: table.text("name")?.to_owned(),
        repository: table
            .text("repository")
            .and_then(|name| name.trim().parse().ok()),
        needs: needs(table)
            .into_iter()
            .map(|(need, _)| need.to_owned())
            .collect(),
        platforms: platforms
            .filter_map(|(text, _)| words::platform(text).ok())
            .collect(),
        series: table.text("series").and_then(|text| text.parse().ok()),
        kind: kind(table)?,
        attempts: count("attempts", ATTEMPTS),
        reruns: count("reruns", RERUNS),
    })
}

fn kind(table: &Table) -> Option<StepKind> {
    let owned = |table: &Table, key: &str| table.text(key).map(str::to_owned);
    if let Some(file) = table.table("file") {
        return Some(StepKind::File {
            path: owned(file, "path")?,
            reference: owned(file, "ref"),
            contains: owned(file, "contains")?,
        });
    }
    if let Some(run) = table.table("run") {
        return Some(StepKind::Run {
            workflow: owned(run, "workflow")?,
            reference: owned(run, "ref"),
        });
    }
    let dispatch = table.table("dispatch")?;
    let start = match owned(dispatch, "event") {
        Some(event) => Start::Event(event),
        None => Start::Workflow(owned(dispatch, "workflow")?),
    };
    let inputs = inputs(dispatch).into_iter();
    Some(StepKind::Dispatch {
        start,
        reference: owned(dispatch, "ref"),
        inputs: inputs
            .map(|(name, text, _)| (name.to_owned(), text.to_owned()))
            .collect::<BTreeMap<_, _>>(),
    })
}

/// The inputs of a dispatch by their names, each with the place of its text.
fn inputs(dispatch: &Table) -> Vec<(&str, &str, &Place)> {
    let Some(inputs) = dispatch.table("inputs") else {
        return Vec::new();
    };
    inputs
        .0
        .iter()
        .filter_map(|(name, (_, node))| match &node.value {
            Value::Text(text) => Some((name.as_str(), text.as_str(), &node.place)),
            _ => None,
        })
        .collect()
}

/// Checks the steps of one project.
pub(super) fn check(tables: &[(&Table, &Place)], problems: &mut Problems) {
    let mut names: Vec<&str> = Vec::new();
    for (table, place) in tables {
        match table.text("name") {
            None => problems.add(place, "this step has no `name`"),
            Some(name) if names.contains(&name) => {
                let place = table.place("name").unwrap_or(place);
                problems.add(place, format!("there are two steps `{name}`"));
            }
            Some(name) => names.push(name),
        }
        way(table, place, problems);
    }
    let mut all_known = true;
    for (need, place) in tables.iter().flat_map(|(table, _)| needs(table)) {
        if !names.contains(&need) {
            all_known = false;
            problems.add(place, nearest::unknown("step", need, &names));
        }
    }
    if all_known {
        circle(tables, problems);
    }
}

/// Says which steps of a project without a repository name none of their own.
pub(super) fn name_repositories(tables: &[(&Table, &Place)], problems: &mut Problems) {
    for (table, place) in tables {
        if !table.has("repository") {
            let name = table.text("name").unwrap_or_default();
            problems.add(
                table.place("name").unwrap_or(place),
                format!(
                    "the step `{name}` has no `repository`, and neither has its project: name one \
                     of them, such as \"owner/name\""
                ),
            );
        }
    }
}

fn needs(table: &Table) -> Vec<(&str, &Place)> {
    table.texts("needs").unwrap_or_default()
}

fn way(table: &Table, place: &Place, problems: &mut Problems) {
    let ways: Vec<&Key> = schema::ways().filter(|way| table.has(way.name)).collect();
    let [way] = ways.as_slice() else {
        problems.add(
            place,
            "a step has exactly one of `file`, `run` and `dispatch`",
        );
        return;
    };
    for key in ["attempts", "reruns"] {
        if let (true, Some(place)) = (way.name != "dispatch", table.place(key)) {
            let sentence = format!("`{key}` is for a step that is started: one with `dispatch`");
            problems.add(place, sentence);
        }
    }
    let name = way.name;
    let Some((inner, place)) = table.table(name).zip(table.place(name)) else {
        return;
    };
    for key in schema::required(way.kind.keys()).filter(|key| !inner.has(key)) {
        problems.add(place, format!("`{name}` lacks `{key}`"));
    }
    if name == "dispatch" {
        dispatch(inner, place, problems);
    }
}

fn dispatch(table: &Table, place: &Place, problems: &mut Problems) {
    if table.has("workflow") == table.has("event") {
        let sentence = "`dispatch` has exactly one of `workflow` and `event`";
        problems.add(place, sentence);
    }
    let is_event = table.has("event");
    if let (true, Some(place)) = (is_event, table.place("ref")) {
        let sentence = "`ref` is for a `workflow`: an `event` starts workflows as they are on the default branch";
        problems.add(place, sentence);
    }
    let (most, what) = if is_event {
        (MOST_PAYLOAD_KEYS, "an event carries")
    } else {
        (MOST_INPUTS, "a workflow takes")
    };
    let inputs = inputs(table);
    if inputs.len() > most {
        let place = table.place("inputs").unwrap_or(place);
        let count = inputs.len();
        problems.add(
            place,
            format!("{what} {most} inputs at most, and these are {count}"),
        );
    }
    for (name, text, place) in inputs {
        let checked = template::of_step(text);
        problems.keep(
            place,
            checked.map_err(|sentence| format!("`{name}`: {sentence}")),
        );
    }
}

/// Takes away the steps whose needs are met until none is left; what stays waits for itself.
fn circle(tables: &[(&Table, &Place)], problems: &mut Problems) {
    let mut met: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<_> = tables.to_vec();
    loop {
        let before = waiting.len();
        waiting.retain(|(table, _)| {
            let ready = needs(table).iter().all(|(need, _)| met.contains(need));
            if ready {
                met.extend(table.text("name"));
            }
            !ready
        });
        if waiting.is_empty() {
            return;
        }
        if waiting.len() == before {
            break;
        }
    }
    let names: Vec<&str> = waiting
        .iter()
        .filter_map(|(table, _)| table.text("name"))
        .collect();
    if let Some(place) = waiting.first().and_then(|(table, _)| table.place("needs")) {
        problems.add(
            place,
            format!("these steps wait for each other: {}", names.join(", ")),
        );
    }
}
