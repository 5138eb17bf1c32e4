//! Steps: whether they hold together. Nothing is started yet.

use std::collections::BTreeSet;

use super::diagnostic::{Place, Problems};
use super::raw::Table;

/// The ways in which a step can be proven or started, with what each cannot do without.
const WAYS: [(&str, &[&str]); 3] = [
    ("file", &["path", "contains"]),
    ("run", &["workflow"]),
    ("dispatch", &[]),
];

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
            problems.add(place, super::nearest::unknown("step", need, &names));
        }
    }
    if all_known {
        circle(tables, problems);
    }
}

fn needs(table: &Table) -> Vec<(&str, &Place)> {
    table.texts("needs").unwrap_or_default()
}

fn way(table: &Table, place: &Place, problems: &mut Problems) {
    let ways: Vec<(&str, &[&str])> = WAYS.into_iter().filter(|(way, _)| table.has(way)).collect();
    let [(way, required)] = ways.as_slice() else {
        problems.add(
            place,
            "a step has exactly one of `file`, `run` and `dispatch`",
        );
        return;
    };
    let Some((inner, place)) = table.table(way).zip(table.place(way)) else {
        return;
    };
    for key in required.iter().filter(|key| !inner.has(key)) {
        problems.add(place, format!("`{way}` lacks `{key}`"));
    }
    if *way == "dispatch" && inner.has("workflow") == inner.has("event") {
        let sentence = "`dispatch` has exactly one of `workflow` and `event`";
        problems.add(place, sentence);
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
