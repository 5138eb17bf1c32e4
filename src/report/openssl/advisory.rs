//! One CVE: which versions it affects, and which releases fix it.

use std::fmt::Write;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::advisory::advisory_url;
use crate::model::{Advisory, AffectedRange, OpensslFacts, OpensslVersion, Series, Severity};
use crate::policy::ReasonCode;
use crate::policy::fix::{first_fix, why_unfixed};
use crate::policy::target::first_release;
use crate::report::printable::markdown as clean;
use crate::report::{Appearance, markdown as md, table};

use super::{series, wrapped};

/// What is known of one CVE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdvisoryView {
    /// The identifier.
    pub cve: String,
    /// How bad OpenSSL says it is.
    pub severity: Severity,
    /// The UTC day since which it is public.
    pub published: NaiveDate,
    /// The address of its page.
    pub url: Option<String>,
    /// The affected ranges, oldest series first.
    pub affected: Vec<AffectedSeries>,
    /// The series for which it gives no range.
    pub left_out: Vec<LeftOutSeries>,
}

/// One affected range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AffectedSeries {
    /// The series.
    pub series: Series,
    /// The affected versions, `3.5.0 < 3.5.5`.
    pub range: AffectedRange,
    /// The first public, not withdrawn release of the series that fixes it.
    pub fixed_in: Option<OpensslVersion>,
    /// The day of that release.
    pub fixed_in_published: Option<NaiveDate>,
    /// Why no public release fixes it.
    pub unfixed: Option<ReasonCode>,
}

/// A series for which the advisory gives no range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOutSeries {
    /// The series.
    pub series: Series,
    /// Why.
    pub why: LeftOut,
}

/// Why an advisory gives no range for a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// Its support had ended, so nobody looked.
    NotAnalysed,
    /// It was supported, and the advisory names no version of it.
    NoRange,
    /// It began after the advisory.
    BeganLater,
}

impl AdvisoryView {
    /// What is known of an advisory on that UTC day.
    pub fn of(advisory: &Advisory, facts: &OpensslFacts, today: NaiveDate) -> Self {
        let mut affected: Vec<AffectedSeries> = advisory
            .affected
            .iter()
            .map(|range| {
                let series = range.introduced.series();
                let fix = first_fix(facts, series, range);
                AffectedSeries {
                    series,
                    range: range.clone(),
                    fixed_in: fix.map(|release| release.version.clone()),
                    fixed_in_published: fix.map(|release| release.date),
                    unfixed: fix
                        .is_none()
                        .then(|| why_unfixed(facts, series, range, today)),
                }
            })
            .collect();
        affected
            .sort_by(|a, b| (a.series, &a.range.introduced).cmp(&(b.series, &b.range.introduced)));
        let named = |series: &Series| affected.iter().any(|one| one.series == *series);
        let left_out = series::names(facts)
            .into_iter()
            .filter(|series| !named(series))
            .map(|series| LeftOutSeries {
                series,
                why: left_out(series, advisory, facts),
            })
            .collect();
        Self {
            cve: advisory.cve.clone(),
            severity: advisory.severity,
            published: advisory.published,
            url: advisory_url(&advisory.cve),
            affected,
            left_out,
        }
    }

    fn heading(&self) -> String {
        format!(
            "{}, severity {}, public since {}",
            self.cve, self.severity, self.published
        )
    }

    /// What is said of the series that are left out.
    fn sentences(&self) -> Vec<String> {
        let of = |why: LeftOut, sentence: &str| {
            let names: Vec<String> = self
                .left_out
                .iter()
                .filter(|one| one.why == why)
                .map(|one| one.series.to_string())
                .collect();
            (!names.is_empty()).then(|| format!("{sentence}: {}", names.join(", ")))
        };
        [
            of(
                LeftOut::NotAnalysed,
                "not analysed, because their support had ended",
            ),
            of(LeftOut::NoRange, "no range is given for"),
            of(LeftOut::BeganLater, "began after the advisory"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn left_out(series: Series, advisory: &Advisory, facts: &OpensslFacts) -> LeftOut {
    let began = first_release(facts, series).map(|release| release.date);
    if facts
        .life_times
        .support(series, advisory.published)
        .has_ended()
    {
        LeftOut::NotAnalysed
    } else if began.is_none_or(|began| began > advisory.published) {
        LeftOut::BeganLater
    } else {
        LeftOut::NoRange
    }
}

const HEADER: [&str; 4] = ["series", "affected versions", "fixed in", "of"];

fn cells(one: &AffectedSeries) -> [String; 4] {
    let fixed_in = match (&one.fixed_in, one.unfixed) {
        (Some(version), _) => version.to_string(),
        (None, Some(code)) => format!("none ({code})"),
        (None, None) => "none".to_owned(),
    };
    [
        one.series.to_string(),
        one.range.to_string(),
        fixed_in,
        one.fixed_in_published
            .map(|day| day.to_string())
            .unwrap_or_default(),
    ]
}

pub(super) fn text(view: &AdvisoryView, appearance: Appearance) -> String {
    let mut text = wrapped("", &view.heading(), appearance);
    if let Some(url) = &view.url {
        let _ = writeln!(text, "  {url}");
    }
    if view.affected.is_empty() {
        text.push_str("  it names no affected version that could be read\n");
    } else {
        let mut range_table = table::table(&HEADER, appearance);
        for one in &view.affected {
            range_table.add_row(cells(one).iter().map(|cell| table::cell(cell)));
        }
        table::keep_whole(&mut range_table, &[0, 3]);
        text.push('\n');
        text.push_str(&table::render(&range_table));
    }
    text.push('\n');
    for sentence in view.sentences() {
        text.push_str(&wrapped("  ", &sentence, appearance));
    }
    text
}

pub(super) fn markdown(view: &AdvisoryView) -> String {
    let mut markdown = format!("## {}\n", clean(&view.heading()));
    if let Some(url) = &view.url {
        let _ = writeln!(markdown, "\n[{}]({url})", view.cve);
    }
    md::head(&mut markdown, &HEADER);
    for one in &view.affected {
        let row = cells(one).map(|cell| clean(&cell));
        md::row(&mut markdown, &row.each_ref().map(String::as_str));
    }
    markdown.push('\n');
    for sentence in view.sentences() {
        let _ = writeln!(markdown, "- {}", clean(&sentence));
    }
    markdown
}
