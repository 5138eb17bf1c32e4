//! Time against OpenSSL's releases and a project's wheels, so that exposure is seen as a length.
//!
//! A drawing has lanes, one below the other: the releases of each linked series, the versions that
//! the project published, then a bar for each OpenSSL that its newest wheels carry, and the days.
//! Places are shares of the width, so that it fits every width; heights are in pixels.
//!
//! - `axis`: from days to places, and the days that are named below;
//! - `lane`: marks, and which of them have room for their names;
//! - `bar`: how long the wheels have carried what.

mod axis;
mod bar;
mod lane;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::Releases;
use crate::report::LineReport;

use axis::{Axis, Tick};
use bar::{Bar, Kind};
use lane::Lane;

/// The height of a lane, of a bar with its words, and of the days below.
const LANE: u32 = 64;
const BAR: u32 = 42;
const DAYS: u32 = 24;

/// A drawing.
#[derive(Serialize)]
pub(super) struct Timeline {
    /// What it shows, for those who do not see it.
    title: String,
    description: String,
    height: u32,
    /// Where the lanes end and the days begin.
    floor: u32,
    lanes: Vec<Lane>,
    bars: Vec<Bar>,
    ticks: Vec<Tick>,
    from: String,
    to: String,
}

/// The drawing of a line whose wheels carry OpenSSL of known releases.
pub(super) fn of_line(
    line: &LineReport,
    releases: &Releases,
    today: NaiveDate,
) -> Option<Timeline> {
    let uploaded = line.uploaded?.date_naive().min(today);
    let bars = bar::kinds(line);
    let of_linked = |kind: &Kind| Some(releases.get(kind.linked.as_ref()?)?.date);
    // What nothing is due for, an old release that a distribution patched, must not make the rest
    // short.
    let is_any_due = bars.iter().any(|kind| kind.due_since.is_some());
    let drawn = bars
        .iter()
        .filter(|kind| kind.due_since.is_some() || !is_any_due);
    let days = drawn.flat_map(|kind| [of_linked(kind), kind.due_since]);
    let from = days.flatten().min()?.min(uploaded);
    let axis = Axis::new(from.min(today), today);
    let mut lanes = lane::of_series(&bars, releases, &axis);
    lanes.extend(lane::of_project(line, uploaded, &axis));
    let mut top = 0;
    for lane in &mut lanes {
        lane.top = top;
        top += LANE;
    }
    let bars = bar::drawn(bars, uploaded, &axis, top);
    let floor = top + BAR * u32::try_from(bars.len()).unwrap_or_default();
    let version = line.version.as_ref().map(ToString::to_string);
    let sentences: Vec<&str> = bars.iter().map(|bar| bar.sentence.as_str()).collect();
    let title = format!(
        "{} {} from {from} to {today}",
        line.package,
        version.unwrap_or_default()
    );
    Some(Timeline {
        title: super::plain(&title),
        description: super::plain(&format!(
            "Published on {uploaded}. {}.",
            sentences.join(". ")
        )),
        height: floor + DAYS,
        floor,
        lanes,
        bars,
        ticks: axis.ticks(),
        from: from.to_string(),
        to: today.to_string(),
    })
}

#[cfg(test)]
mod tests;
