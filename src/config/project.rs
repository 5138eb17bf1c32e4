//! One project, with what it lacks taken from `[defaults]`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::wheel::normalize_package;
use crate::policy::{Event, Reaction, Settings};

use super::diagnostic::{Place, Problems};
use super::raw::Table;
use super::valid::{Line, ProjectSettings};
use super::{acceptance, issue, step, words};

/// The events of a policy.
const EVENTS: [Event; 11] = [
    Event::Withdrawn,
    Event::Security,
    Event::Exposed,
    Event::EndOfLife,
    Event::BugFix,
    Event::NewSeries,
    Event::AdvisoriesPending,
    Event::SbomDisagrees,
    Event::PlatformsDisagree,
    Event::CoverageShrank,
    Event::Unreadable,
];

/// The projects; a set of packages gives one for each.
pub(super) fn projects(
    tables: &[(&Table, &Place)],
    defaults: &Table,
    built_in: &Settings,
    folder: Option<&Path>,
    problems: &mut Problems,
) -> Vec<ProjectSettings> {
    let mut found = Vec::new();
    let mut lines_seen = BTreeMap::new();
    let mut schedules = BTreeMap::new();
    for (table, place) in tables {
        let packages = packages(table, place, problems);
        let is_set = table.has("packages");
        let (whole, built_in) = if is_set {
            report_only(table, problems);
            let mut shared = defaults.clone();
            // A set is told of in reports only, whatever single projects do.
            for acting in ["policy", "step", "issue", "repository"] {
                shared.0.remove(acting);
            }
            let mut silent = built_in.clone();
            silent.reactions.clear();
            ((*table).clone().or(&shared), silent)
        } else {
            ((*table).clone().or(defaults), built_in.clone())
        };
        let settings = settings(&whole, &built_in, problems);
        steps_exist(&whole, problems);
        let repository = whole
            .text("repository")
            .and_then(|name| name.trim().parse().ok());
        let trimmed = |key: &str| whole.text(key).map(|text| text.trim().to_owned());
        let (schedule, timezone) = (trimmed("schedule"), trimmed("timezone"));
        let steps = step::steps(&whole.tables("step"));
        if repository.is_none() {
            step::name_repositories(&whole.tables("step"), problems);
        }
        let empty = Table::default();
        let issue = issue::issue(whole.table("issue").unwrap_or(&empty), folder, problems);
        for (package, package_place) in packages {
            let own = (schedule.clone(), timezone.clone());
            let first = schedules
                .entry(package.clone())
                .or_insert_with(|| own.clone());
            if *first != own {
                let sentence = format!(
                    "{package} has another `schedule` or `timezone` above: the lines of a package \
                     are looked at together, so give them the same"
                );
                problems.add(package_place, sentence);
            }
            let lines = lines(&whole);
            for (line, line_place) in &lines {
                let place = line_place.unwrap_or(package_place);
                let key = (package.clone(), line.name());
                if lines_seen.insert(key, ()).is_some() {
                    let name = line.name();
                    let sentence = format!("the line `{name}` of {package} is there already");
                    problems.add(place, sentence);
                }
            }
            found.push(ProjectSettings {
                package,
                schedule: schedule.clone(),
                timezone: timezone.clone(),
                lines: lines.into_iter().map(|(line, _)| line).collect(),
                settings: settings.clone(),
                repository: repository.clone(),
                issue: issue.clone(),
                steps: steps.clone(),
            });
        }
    }
    found
}

/// The packages of a project in normal form.
fn packages<'a>(
    table: &'a Table,
    place: &'a Place,
    problems: &mut Problems,
) -> Vec<(String, &'a Place)> {
    match (table.text("package"), table.texts("packages")) {
        (Some(_), Some(_)) => {
            let place = table.place("packages").unwrap_or(place);
            problems.add(
                place,
                "`package` and `packages` exclude each other: keep one",
            );
            Vec::new()
        }
        (Some(package), None) => {
            let place = table.place("package").unwrap_or(place);
            vec![(normalize_package(package), place)]
        }
        (None, Some(packages)) if !packages.is_empty() => packages
            .into_iter()
            .map(|(package, place)| (normalize_package(package), place))
            .collect(),
        (None, Some(_)) => {
            let place = table.place("packages").unwrap_or(place);
            problems.add(place, "`packages` names no package");
            Vec::new()
        }
        (None, None) => {
            problems.add(place, "this project names no `package`");
            Vec::new()
        }
    }
}

/// A set of packages acts on nothing, so its policy may not say otherwise.
fn report_only(table: &Table, problems: &mut Problems) {
    let sentence = "`packages` is for reports only: a project that acts has one `package`";
    if let Some(policy) = table.table("policy") {
        for event in EVENTS {
            let words = policy.texts(event.as_str()).unwrap_or_default();
            if let Some((_, place)) = words.first() {
                problems.add(place, sentence);
            }
        }
    }
    for key in ["step", "issue"] {
        if let Some(place) = table.place(key) {
            problems.add(place, sentence);
        }
    }
}

/// The lines; the newest release when none is named.
fn lines(table: &Table) -> Vec<(Line, Option<&Place>)> {
    table.texts("lines").map_or_else(
        || vec![(Line::default(), None)],
        |lines| {
            lines
                .into_iter()
                .filter_map(|(text, place)| {
                    let versions = words::line(text).ok()?;
                    Some((Line { versions }, Some(place)))
                })
                .collect()
        },
    )
}

/// How a project is judged.
pub(super) fn settings(table: &Table, built_in: &Settings, problems: &mut Problems) -> Settings {
    let mut settings = built_in.clone();
    if let Some(Ok(follow)) = table.text("follow").map(words::follow) {
        settings.follow = follow;
    }
    if let Some(Ok(settle)) = table.text("series-settle").map(words::duration) {
        settings.series_settle = settle;
    }
    if let Some(dropped) = table.texts("dropped-coverage") {
        let keys = dropped
            .iter()
            .filter_map(|(text, _)| words::coverage(text).ok());
        settings.dropped_coverage = keys.collect();
    }
    if let Some(policy) = table.table("policy") {
        for event in EVENTS {
            if let Some(reaction) = reaction(policy, event, problems) {
                settings.reactions.insert(event, reaction);
            }
        }
        if let Some(Ok(severity)) = policy.text("steps-severity").map(words::severity) {
            settings.steps_severity = severity;
        }
    }
    if let (Some(lines), Some(place)) = (table.texts("lines"), table.place("lines"))
        && lines.is_empty()
    {
        problems.add(place, "`lines` names no line, such as \"main\"");
    }
    settings.accepted = acceptance::acceptances(&table.tables("accept"), problems);
    step::check(&table.tables("step"), problems);
    settings
}

fn reaction(policy: &Table, event: Event, problems: &mut Problems) -> Option<Reaction> {
    let words = policy.texts(event.as_str())?;
    let has = |word: &str| words.iter().any(|(known, _)| *known == word);
    match (has("issue"), has("steps")) {
        (false, false) => Some(Reaction::Inform),
        (true, false) => Some(Reaction::Issue),
        (true, true) => Some(Reaction::Steps),
        (false, true) => {
            if let Some(place) = policy.place(event.as_str()) {
                let sentence = "steps stand in the issue: write [\"issue\", \"steps\"]";
                problems.add(place, sentence);
            }
            None
        }
    }
}

/// A policy that asks for steps needs some, and a repository for the issue in which they stand.
fn steps_exist(table: &Table, problems: &mut Problems) {
    let Some(policy) = table.table("policy") else {
        return;
    };
    let lacks = if table.tables("step").is_empty() {
        "[[project.step]]"
    } else if !table.has("repository") {
        "`repository` for the issue in which they stand"
    } else {
        return;
    };
    for event in EVENTS {
        let words = policy.texts(event.as_str()).unwrap_or_default();
        if let Some((_, place)) = words.iter().find(|(word, _)| *word == "steps") {
            problems.add(
                place,
                format!("`{event}` asks for steps, and the project has no {lacks}"),
            );
        }
    }
}
