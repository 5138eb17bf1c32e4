//! Marks on a lane, and their names where there is room for them.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::{OpensslVersion, Release, ReleaseKind, Releases, Series};
use crate::report::LineReport;
use crate::report::html::plain;

use super::axis::{Axis, WHOLE, anchor, percent};
use super::bar::{Kind, short};

/// How many series have a lane: the newest.
const SERIES: usize = 4;

/// How many marks a lane has: the newest.
const MARKS: usize = 40;

/// How wide the drawing is at least, in pixels, on a wide and on a narrow page.
const WIDE: i64 = 640;
const NARROW: i64 = 270;

/// How wide a character is, in pixels, and how much is left between two names.
const CHARACTER: i64 = 7;
const GAP: i64 = 8;

#[derive(Serialize)]
pub(super) struct Lane {
    pub(super) top: u32,
    name: String,
    kind: &'static str,
    marks: Vec<Mark>,
}

#[derive(Serialize)]
struct Mark {
    x: String,
    class: &'static str,
    /// What it is, on being pointed at.
    title: String,
    name: String,
    anchor: &'static str,
    /// Whether its name has room on a wide page, and on a narrow one.
    is_wide: bool,
    is_narrow: bool,
    day: String,
    what: String,
}

/// A mark before it is known whether its name has room.
struct Plan {
    day: NaiveDate,
    class: &'static str,
    name: String,
    what: String,
    /// Names of greater weight get their room first.
    weight: u8,
}

/// One lane for each linked series, with the releases from the first linked one on.
pub(super) fn of_series(kinds: &[Kind], releases: &Releases, axis: &Axis) -> Vec<Lane> {
    let linked: BTreeSet<&OpensslVersion> = kinds
        .iter()
        .filter_map(|kind| kind.linked.as_ref())
        .collect();
    let series: BTreeSet<Series> = linked.iter().map(|version| version.series()).collect();
    let lane = |series: &Series| {
        let all = releases.of_series(*series);
        let mut shown: Vec<&Release> = all
            .filter(|release| release.version.is_final() && axis.holds(release.date))
            .collect();
        shown.sort_by_key(|release| release.date);
        let newest = shown.iter().rev().find(|release| release.is_usable());
        let newest = newest.map(|release| &release.version);
        let plans = shown.iter().rev().take(MARKS).rev().map(|release| {
            let is_linked = linked.contains(&release.version);
            Plan {
                day: release.date,
                class: class(release, is_linked),
                name: release.version.to_string(),
                what: what(release, is_linked),
                weight: u8::from(is_linked) * 2 + u8::from(newest == Some(&release.version)) * 4,
            }
        });
        Lane {
            top: 0,
            name: format!("OpenSSL {series}"),
            kind: "releases",
            marks: marks(plans.collect(), axis),
        }
    };
    series.iter().rev().take(SERIES).map(lane).collect()
}

fn class(release: &Release, is_linked: bool) -> &'static str {
    match (release.withdrawn.is_some(), is_linked, release.kind) {
        (true, ..) => "withdrawn",
        (_, true, _) => "linked",
        (_, _, ReleaseKind::Security) => "security",
        _ => "plain",
    }
}

fn what(release: &Release, is_linked: bool) -> String {
    let mut words = vec![format!("{} release", release.kind.as_str())];
    if let Some(severity) = release.severity {
        words.push(format!("severity {severity}"));
    }
    if release.premium_only {
        words.push("only for holders of a support contract".to_owned());
    }
    if let Some(day) = release.withdrawn {
        words.push(format!("withdrawn on {day}"));
    }
    if is_linked {
        words.push("linked by these wheels".to_owned());
    }
    words.join(", ")
}

/// The lane of the versions that the project published.
pub(super) fn of_project(line: &LineReport, uploaded: NaiveDate, axis: &Axis) -> Option<Lane> {
    let own = line.version.clone();
    let mut published: Vec<(String, NaiveDate, bool)> = line
        .published
        .iter()
        .filter(|(version, day)| axis.holds(*day) && Some(version) != own.as_ref())
        .map(|(version, day)| (version.to_string(), *day, false))
        .collect();
    published.push((own?.to_string(), uploaded, true));
    published.sort_by_key(|(_, day, _)| *day);
    let plans = published
        .into_iter()
        .rev()
        .take(MARKS)
        .map(|(version, day, is_own)| Plan {
            day,
            class: if is_own { "own" } else { "other" },
            what: "wheels were published".to_owned(),
            name: plain(&version),
            weight: u8::from(is_own),
        });
    let mut plans: Vec<Plan> = plans.collect();
    plans.reverse();
    Some(Lane {
        top: 0,
        name: format!("{} wheels", plain(&short(&line.package))),
        kind: "wheels",
        marks: marks(plans, axis),
    })
}

fn marks(plans: Vec<Plan>, axis: &Axis) -> Vec<Mark> {
    // Of equal weight the newest come first.
    let mut order: Vec<usize> = (0..plans.len()).rev().collect();
    order.sort_by_key(|at| std::cmp::Reverse(plans.get(*at).map(|plan| plan.weight)));
    let named: Vec<(i64, String)> = order
        .iter()
        .filter_map(|at| plans.get(*at))
        .map(|plan| (axis.place(plan.day), plan.name.clone()))
        .collect();
    let by_place = |fits: Vec<bool>| -> BTreeSet<usize> {
        let fitting = order.iter().zip(fits).filter(|(_, fits)| *fits);
        fitting.map(|(at, _)| *at).collect()
    };
    let wide = by_place(fitting(&named, false));
    let narrow = by_place(fitting(&named, true));
    plans
        .into_iter()
        .enumerate()
        .map(|(at, plan)| {
            let place = axis.place(plan.day);
            Mark {
                x: percent(place),
                class: plan.class,
                title: format!("{} of {}: {}", plan.name, plan.day, plan.what),
                anchor: anchor(place, &plan.name, narrow.contains(&at)),
                is_wide: wide.contains(&at),
                is_narrow: narrow.contains(&at),
                name: plan.name,
                day: plan.day.to_string(),
                what: plan.what,
            }
        })
        .collect()
}

/// How wide a name is, in hundredths of a percent of the drawing.
pub(super) fn width(name: &str, is_narrow: bool) -> i64 {
    let characters = i64::try_from(name.chars().count()).unwrap_or(i64::MAX / CHARACTER / WHOLE);
    characters.min(1000) * CHARACTER * WHOLE / if is_narrow { NARROW } else { WIDE }
}

/// Which of these names have room beside each other; those that stand first go before.
pub(super) fn fitting(named: &[(i64, String)], is_narrow: bool) -> Vec<bool> {
    let gap = GAP * WHOLE / if is_narrow { NARROW } else { WIDE };
    let mut taken: Vec<(i64, i64)> = Vec::new();
    named
        .iter()
        .map(|(place, name)| {
            let width = width(name, is_narrow);
            let left = match anchor(*place, name, is_narrow) {
                "start" => *place,
                "end" => place - width,
                _ => place - width / 2,
            };
            let right = left + width;
            let fits = left >= 0
                && right <= WHOLE
                && taken
                    .iter()
                    .all(|(from, to)| right + gap < *from || left > *to + gap);
            if fits {
                taken.push((left, right));
            }
            fits
        })
        .collect()
}
