//! The series: life times and newest releases.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::{OpensslFacts, Series, Support};
use crate::report::{Appearance, markdown as md, table};

use super::{NamedRelease, kind};

/// How far a series is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It has a life time and no release yet.
    Announced,
    /// It is supported.
    Supported,
    /// Its support has ended.
    Ended,
    /// No life time is known for it.
    Unknown,
}

/// One series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeriesView {
    /// The series.
    pub series: Series,
    /// Whether it has long-term support.
    pub lts: bool,
    /// How far it is in its life.
    pub stage: Stage,
    /// The last UTC day with support, where it is known.
    pub ends: Option<NaiveDate>,
    /// How many days of support are left, while it is supported.
    pub days_left: Option<i64>,
    /// The day of its first final release.
    pub began: Option<NaiveDate>,
    /// Its newest public, final, not withdrawn release.
    pub newest: Option<NamedRelease>,
}

impl SeriesView {
    /// What is known of one series on that UTC day.
    pub fn of(series: Series, facts: &OpensslFacts, today: NaiveDate) -> Self {
        let life_time = facts.life_times.get(series);
        let newest = facts.releases.newest(series);
        let stage = match facts.life_times.support(series, today) {
            Support::Ended(_) => Stage::Ended,
            Support::Until(_) if newest.is_none() => Stage::Announced,
            Support::Until(_) => Stage::Supported,
            Support::Unknown => Stage::Unknown,
        };
        let ends = life_time.map(|life_time| life_time.ends);
        Self {
            series,
            lts: life_time.is_some_and(|life_time| life_time.lts),
            stage,
            ends,
            days_left: ends
                .filter(|_| stage == Stage::Supported)
                .map(|ends| ends.signed_duration_since(today).num_days()),
            began: facts
                .releases
                .usable(series)
                .next()
                .map(|release| release.date),
            newest: newest.map(NamedRelease::from),
        }
    }

    /// "3.5 LTS".
    pub(super) fn name(&self) -> String {
        let lts = if self.lts { " LTS" } else { "" };
        format!("{}{lts}", self.series)
    }

    /// "until 2030-04-08".
    pub(super) fn support(&self) -> String {
        let day = self.ends.map(|day| day.to_string()).unwrap_or_default();
        match self.stage {
            Stage::Announced => "announced".to_owned(),
            Stage::Supported => format!("until {day}"),
            Stage::Ended => format!("ended {day}").trim().to_owned(),
            Stage::Unknown => "not known".to_owned(),
        }
    }

    fn cells(&self) -> [String; 6] {
        let newest = self.newest.as_ref();
        let of_newest = |part: fn(&NamedRelease) -> String| newest.map(part).unwrap_or_default();
        [
            self.name(),
            self.support(),
            self.days_left
                .map(|days| days.to_string())
                .unwrap_or_default(),
            of_newest(|release| release.version.to_string()),
            of_newest(|release| release.published.to_string()),
            of_newest(|release| kind(release.kind, release.severity)),
        ]
    }
}

/// All series that have a life time or a release, newest first.
pub fn views(facts: &OpensslFacts, today: NaiveDate) -> Vec<SeriesView> {
    names(facts)
        .into_iter()
        .rev()
        .map(|series| SeriesView::of(series, facts, today))
        .collect()
}

/// All series that have a life time or a release.
pub(super) fn names(facts: &OpensslFacts) -> BTreeSet<Series> {
    let released = facts
        .releases
        .iter()
        .map(|release| release.version.series());
    let planned = facts.life_times.iter().map(|life_time| life_time.series);
    released.chain(planned).collect()
}

const HEADER: [&str; 6] = ["series", "support", "days", "newest", "of", "kind"];

pub(super) fn text(rows: &[SeriesView], appearance: Appearance) -> String {
    let mut series_table = table::table(&HEADER, appearance);
    for row in rows {
        series_table.add_row(row.cells().iter().map(|cell| table::cell(cell)));
    }
    table::keep_whole(&mut series_table, &[0, 2, 3, 4]);
    table::render(&series_table)
}

pub(super) fn markdown(rows: &[SeriesView]) -> String {
    let mut markdown = "## OpenSSL\n".to_owned();
    md::head(&mut markdown, &HEADER);
    for row in rows {
        md::row(&mut markdown, &row.cells().each_ref().map(String::as_str));
    }
    markdown
}
