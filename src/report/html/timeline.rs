//! Time against OpenSSL's releases and a project's wheels, so that exposure is seen as a length.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::{Release, Releases, Series};
use crate::report::LineReport;

/// The drawing's width in its own units.
const WIDTH: i64 = 1000;

/// How many releases are marked at most: the newest.
const RELEASES: usize = 40;

/// A drawing; places are in its own units from the left.
#[derive(Serialize)]
pub(super) struct Timeline {
    /// What it shows, for those who do not see it.
    title: String,
    /// The day at its left and at its right end.
    from: String,
    to: String,
    /// Where the wheels were published.
    wheels: i64,
    /// From where the fix could have been taken up, and how long that is.
    exposed: Option<(i64, i64)>,
    /// OpenSSL's releases of the linked series.
    releases: Vec<Mark>,
}

#[derive(Serialize)]
struct Mark {
    at: i64,
    name: String,
}

/// The drawing of a line whose wheels carry OpenSSL.
pub(super) fn of_line(
    line: &LineReport,
    releases: &Releases,
    today: NaiveDate,
) -> Option<Timeline> {
    let uploaded = line.uploaded?.date_naive().min(today);
    let findings = line
        .decision
        .wheels
        .iter()
        .flat_map(|wheel| &wheel.findings);
    let linked: BTreeSet<Series> = findings
        .filter_map(|finding| finding.linked())
        .map(|version| version.series())
        .collect();
    let linked_since = linked_days(line, releases).min().unwrap_or(uploaded);
    let from = linked_since.min(uploaded);
    let length = (today - from).num_days().max(1);
    let place = |day: NaiveDate| ((day - from).num_days() * WIDTH / length).clamp(0, WIDTH);
    let mut marks: Vec<&Release> = releases
        .iter()
        .filter(|release| linked.contains(&release.version.series()))
        .filter(|release| (from..=today).contains(&release.date))
        .collect();
    if marks.is_empty() {
        return None;
    }
    marks.sort_by_key(|release| release.date);
    let since = line.due_since().map(|day| day.max(from));
    let title = match since {
        Some(day) => format!(
            "wheels of {uploaded}; the fix could be taken up since {day}, {} days ago",
            (today - day).num_days()
        ),
        None => format!("wheels of {uploaded}; nothing newer is due"),
    };
    Some(Timeline {
        title,
        from: from.to_string(),
        to: today.to_string(),
        wheels: place(uploaded),
        exposed: since.map(|day| (place(day), (WIDTH - place(day)).max(2))),
        releases: marks
            .iter()
            .rev()
            .take(RELEASES)
            .map(|release| Mark {
                at: place(release.date),
                name: format!("OpenSSL {} of {}", release.version, release.date),
            })
            .collect(),
    })
}

/// The days of the releases that are linked.
fn linked_days(line: &LineReport, releases: &Releases) -> impl Iterator<Item = NaiveDate> {
    let findings = line
        .decision
        .wheels
        .iter()
        .flat_map(|wheel| &wheel.findings);
    findings
        .filter_map(|finding| finding.linked())
        .filter_map(|version| Some(releases.get(&version)?.date))
}
