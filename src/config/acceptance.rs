//! Findings that are accepted on purpose.

use crate::policy::Acceptance;

use super::diagnostic::{Place, Problems};
use super::raw::Table;
use super::{schema, words};

/// The acceptances in their tables.
pub(super) fn acceptances(tables: &[(&Table, &Place)], problems: &mut Problems) -> Vec<Acceptance> {
    tables
        .iter()
        .filter_map(|(table, place)| acceptance(table, place, problems))
        .collect()
}

fn acceptance(table: &Table, place: &Place, problems: &mut Problems) -> Option<Acceptance> {
    let Some(reason) = table.text("reason") else {
        problems.add(place, "what is accepted needs a `reason`");
        return None;
    };
    // What is not named fits everything, and accepting everything is never meant.
    if !schema::ACCEPTABLE.iter().any(|key| table.has(key)) {
        problems.add(
            place,
            "this would accept every finding: name a `library`, `version`, `path` or `cve`",
        );
        return None;
    }
    let text = |key: &str| table.text(key).map(ToOwned::to_owned);
    Some(Acceptance {
        library: table
            .text("library")
            .and_then(|text| words::library(text).ok()),
        version: text("version"),
        path: text("path"),
        cve: text("cve"),
        reason: reason.to_owned(),
        until: table.text("until").and_then(|text| words::date(text).ok()),
    })
}
