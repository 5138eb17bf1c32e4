//! What the wheels of a line carry, platform by platform: wheels of which the same is to be said
//! are one row.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::Series;
use crate::policy::{Decision, Status, Target};
use crate::report::LineReport;
use crate::report::rows::{self, WheelRow};

use super::plain;

/// How many rows are shown; the check document has every wheel.
pub(super) const SHOWN: usize = 40;

/// How many wheels of one row are named.
const NAMED: usize = 24;

#[derive(Serialize)]
pub(super) struct Platform {
    platform: String,
    linked: String,
    linkage: String,
    target: String,
    class: &'static str,
    status: String,
    accepted: Option<String>,
    advisories: String,
    days: Option<i64>,
    count: usize,
    wheels: Vec<String>,
    hidden: usize,
}

/// What wheels have in common; sorted by this the worst comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    worst: Reverse<(bool, Status, Option<i64>)>,
    platform: String,
    linked: String,
    linkage: String,
    advisories: String,
    accepted: Option<String>,
    series: Option<Series>,
}

/// All rows of a line, the worst first.
pub(super) fn of_line(line: &LineReport, today: NaiveDate) -> Vec<Platform> {
    let mut kinds: BTreeMap<Kind, Vec<WheelRow>> = BTreeMap::new();
    for wheel in &line.decision.wheels {
        for row in rows::of_wheel(wheel, today) {
            let kind = Kind {
                worst: Reverse((!row.accepted, row.status, row.days)),
                platform: row.platform.clone(),
                linked: row.linked.clone(),
                linkage: row.linkage.clone(),
                advisories: row.advisories.clone(),
                accepted: row.accepted_because.clone(),
                series: row.series,
            };
            kinds.entry(kind).or_default().push(row);
        }
    }
    kinds
        .into_iter()
        .filter_map(|(kind, rows)| {
            let first = rows.first()?;
            Some(Platform {
                platform: plain(&kind.platform),
                linked: plain(&kind.linked),
                linkage: kind.linkage,
                target: target(&line.decision, kind.series),
                class: if first.accepted {
                    "accepted"
                } else {
                    first.status.as_str()
                },
                status: first.status_text(),
                accepted: kind.accepted.as_deref().map(plain),
                advisories: kind.advisories,
                days: first.days,
                count: rows.len(),
                hidden: rows.len().saturating_sub(NAMED),
                wheels: rows
                    .iter()
                    .take(NAMED)
                    .map(|row| plain(&row.wheel))
                    .collect(),
            })
        })
        .collect()
}

/// The release that wheels of this series should carry next; of a dead series where to go.
fn target(decision: &Decision, series: Option<Series>) -> String {
    let Some(series) = series else {
        return String::new();
    };
    let targets = &decision.targets;
    let own = targets.iter().find(|target| target.series == series);
    let only = match targets.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    match own.or(only) {
        Some(target) => match &target.version {
            Some(version) => version.to_string(),
            None => elsewhere(target),
        },
        None => String::new(),
    }
}

/// Where to go from a dead series: "another series: 3.5 or 4.0".
fn elsewhere(target: &Target) -> String {
    let Some(successor) = target.successor else {
        return "no release yet".to_owned();
    };
    let mut series: Vec<String> = [successor.lts, successor.newest]
        .into_iter()
        .flatten()
        .map(|series| series.to_string())
        .collect();
    series.dedup();
    match series.as_slice() {
        [] => "another series".to_owned(),
        some => format!("series {}", some.join(" or ")),
    }
}
