//! The table of wheels in a tracking issue: platform, wheel, linked version, status, evidence.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::{EvidenceKind, Finding};
use crate::policy::{Decision, Status, WheelVerdict};
use crate::report::printable::markdown;
use crate::report::rows;

use super::detail::Detail;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) platform: String,
    pub(super) name: String,
    pub(super) linked: String,
    pub(super) linkage: String,
    pub(super) status: String,
    pub(super) evidence: String,
    #[serde(skip)]
    weight: Status,
    #[serde(skip)]
    count: usize,
}

/// The rows, worst first, and how many are left out.
pub(super) fn rows(decision: &Decision, today: NaiveDate, detail: &Detail) -> (Vec<Row>, usize) {
    let mut all: Vec<Row> = decision
        .wheels
        .iter()
        .flat_map(|wheel| of_wheel(wheel, today, detail))
        .collect();
    if detail.is_grouped {
        all = grouped(all);
    }
    all.sort_by(|a, b| {
        (b.weight.cmp(&a.weight))
            .then_with(|| a.platform.cmp(&b.platform))
            .then_with(|| a.name.cmp(&b.name))
    });
    let left_out = all.len().saturating_sub(detail.wheels);
    all.truncate(detail.wheels);
    (all, left_out)
}

fn of_wheel(wheel: &WheelVerdict, today: NaiveDate, detail: &Detail) -> Vec<Row> {
    rows::of_wheel(wheel, today)
        .into_iter()
        .map(|row| {
            let finding = wheel
                .findings
                .iter()
                .find(|one| rows::linked(one) == row.linked)
                .map(|one| &one.finding);
            Row {
                platform: markdown(&row.platform),
                name: markdown(&cut(&row.wheel, detail.text)),
                linked: markdown(&row.linked),
                linkage: markdown(&row.linkage),
                status: row.status_text(),
                evidence: finding.map_or_else(String::new, |found| evidence(found, detail)),
                weight: row.status,
                count: 1,
            }
        })
        .collect()
}

/// Wheels that say the same of one platform, as one row with their number.
fn grouped(all: Vec<Row>) -> Vec<Row> {
    let mut groups: BTreeMap<(String, String, String, String), Row> = BTreeMap::new();
    for row in all {
        let key = (
            row.platform.clone(),
            row.linked.clone(),
            row.linkage.clone(),
            row.status.clone(),
        );
        groups
            .entry(key)
            .and_modify(|known| known.count = known.count.saturating_add(1))
            .or_insert(row);
    }
    groups
        .into_values()
        .map(|row| match row.count {
            1 => row,
            count => Row {
                name: format!("{count} wheels"),
                ..row
            },
        })
        .collect()
}

/// What proves the version, or else that the code is there, and where it stands.
fn evidence(finding: &Finding, detail: &Detail) -> String {
    let weight = |kind: EvidenceKind| match kind {
        EvidenceKind::VersionText => 0,
        EvidenceKind::VersionConstant => 1,
        EvidenceKind::VersionResource => 2,
        EvidenceKind::VersionDefinition => 3,
        EvidenceKind::ProviderVersion | EvidenceKind::Sibling => 4,
        EvidenceKind::Marker | EvidenceKind::SourcePath => 5,
        _ => 6,
    };
    let Some(best) = finding.evidence.iter().min_by_key(|one| weight(one.kind)) else {
        return format!("in {}", markdown(&cut(&finding.path, detail.text)));
    };
    let place = best
        .offset
        .map_or_else(String::new, |offset| format!(" at byte {offset}"));
    format!(
        "\"{}\" in {} ({}){place}",
        markdown(&cut(&best.text, detail.text)),
        markdown(&cut(&finding.path, detail.text)),
        finding.arch,
    )
}

/// How many wheels have which status, worst first: "48 vulnerable, 5 none".
pub(super) fn summary(decision: &Decision) -> String {
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for wheel in &decision.wheels {
        let count = counts.entry(wheel.status).or_default();
        *count = count.saturating_add(1);
    }
    let parts: Vec<String> = counts
        .into_iter()
        .rev()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    parts.join(", ")
}

/// The text, or its beginning where it is longer.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most).collect();
    short.push('…');
    short
}
