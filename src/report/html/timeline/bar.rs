//! How long the newest wheels have carried what.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::OpensslVersion;
use crate::policy::Status;
use crate::report::html::plain;
use crate::report::{LineReport, rows, wording};

use super::BAR;
use super::axis::{Axis, WHOLE, percent};

/// How many bars a drawing has: the worst.
const BARS: usize = 6;

/// How many characters of a name are shown in a drawing.
const NAME: usize = 34;

/// The least length that is seen, in hundredths of a percent.
const LEAST: i64 = 40;

/// What some of the wheels have in common.
pub(super) struct Kind {
    pub(super) linked: Option<OpensslVersion>,
    name: String,
    status: Status,
    accepted: bool,
    wheels: usize,
    /// Since when something could be done about it.
    pub(super) due_since: Option<NaiveDate>,
}

#[derive(Serialize)]
pub(super) struct Bar {
    top: u32,
    class: &'static str,
    /// "3.5.8 in 7 wheels: vulnerable for 59 days".
    #[serde(skip)]
    pub(super) sentence: String,
    /// What is said of it in the drawing, without its name.
    said: String,
    /// Where the wheels have been behind since they were published.
    solid: Option<Stretch>,
    /// Where the fix was there already, and these wheels were not.
    before: Option<Stretch>,
    /// Where they were not behind.
    well: Option<Stretch>,
    linked: String,
    wheels: usize,
    status: String,
    since: Option<String>,
    days: Option<i64>,
}

#[derive(Serialize)]
struct Stretch {
    x: String,
    width: String,
}

/// Every OpenSSL that the wheels of a line carry, with its status, the worst first.
pub(super) fn kinds(line: &LineReport) -> Vec<Kind> {
    let mut kinds: BTreeMap<(Option<OpensslVersion>, String, Status, bool), Kind> = BTreeMap::new();
    for wheel in &line.decision.wheels {
        let mut seen = Vec::new();
        for finding in &wheel.findings {
            let Some(linked) = finding.linked() else {
                continue;
            };
            let status = finding.assessment.status;
            let accepted = finding.accepted.is_some();
            let name = rows::linked(finding);
            let key = (Some(linked.clone()), name.clone(), status, accepted);
            if seen.contains(&key) {
                continue;
            }
            let kind = kinds.entry(key.clone()).or_insert(Kind {
                linked: Some(linked),
                name,
                status,
                accepted,
                wheels: 0,
                due_since: None,
            });
            seen.push(key);
            kind.wheels = kind.wheels.saturating_add(1);
            let since = [kind.due_since, finding.assessment.due_since];
            kind.due_since = since.into_iter().flatten().min();
        }
    }
    let mut kinds: Vec<Kind> = kinds.into_values().collect();
    kinds.sort_by_key(|kind| {
        (
            kind.accepted,
            std::cmp::Reverse(kind.status),
            kind.due_since,
        )
    });
    kinds
}

pub(super) fn drawn(kinds: Vec<Kind>, uploaded: NaiveDate, axis: &Axis, top: u32) -> Vec<Bar> {
    let tops = (0..).map(|at: u32| top.saturating_add(BAR.saturating_mul(at)));
    kinds
        .into_iter()
        .take(BARS)
        .zip(tops)
        .map(|(kind, top)| bar(kind, uploaded, axis, top))
        .collect()
}

fn bar(kind: Kind, uploaded: NaiveDate, axis: &Axis, top: u32) -> Bar {
    let since = kind.due_since.filter(|_| !kind.accepted);
    let published = axis.place(uploaded);
    let due = since.map(|day| axis.place(day));
    let days = since.map(|day| (axis.to - day).num_days().max(0));
    let wheels = if kind.wheels == 1 { "wheel" } else { "wheels" };
    let status = match kind.accepted {
        true => format!("{} (accepted)", kind.status),
        false => kind.status.to_string(),
    };
    let mut said = format!("in {} {wheels}: {status}", kind.wheels);
    if let Some(days) = days {
        said.push_str(&format!(" for {}", wording::days(days)));
    }
    let linked = plain(&short(&kind.name));
    Bar {
        top,
        class: if kind.accepted {
            "accepted"
        } else {
            kind.status.as_str()
        },
        sentence: format!("{linked} {said}"),
        said,
        solid: due.and_then(|due| stretch(due.max(published), WHOLE)),
        before: due
            .filter(|due| *due < published)
            .and_then(|due| stretch(due, published)),
        well: stretch(published, due.unwrap_or(WHOLE)),
        linked,
        wheels: kind.wheels,
        status,
        since: since.map(|day| day.to_string()),
        days,
    }
}

/// A stretch that can be seen; none where its end is not behind its beginning.
fn stretch(from: i64, to: i64) -> Option<Stretch> {
    if to < from || (to == from && to < WHOLE) {
        return None;
    }
    let from = from.min(WHOLE - LEAST);
    Some(Stretch {
        x: percent(from),
        width: percent((to - from).max(LEAST)),
    })
}

/// A name as long as there is room for it above a lane of a narrow page.
pub(super) fn short(name: &str) -> String {
    match name.char_indices().nth(NAME) {
        Some((at, _)) => format!("{}…", name.get(..at).unwrap_or_default()),
        None => name.to_owned(),
    }
}
