//! One version: what it is, what affects it, and what fixes that.

use std::fmt::Write;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::advisory::advisory_url;
use crate::model::{
    Advisory, AffectedRange, Architecture, BinaryFormat, Finding, Library, Linkage, OpensslFacts,
    OpensslVersion, Release, ReleaseKind, Severity,
};
use crate::policy::newer::ranges;
use crate::policy::{Reason, Status, assess};
use crate::report::printable::markdown as clean;
use crate::report::{Appearance, markdown as md, table, wording};

use super::{NamedRelease, SeriesView, kind, wrapped};

/// What is known of one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReleaseView {
    /// The version.
    pub version: OpensslVersion,
    /// The day of its publication; none when it is not among the known releases.
    pub published: Option<NaiveDate>,
    /// What OpenSSL calls it.
    pub kind: Option<ReleaseKind>,
    /// The most severe CVE that it says to fix.
    pub severity: Option<Severity>,
    /// The day it was withdrawn.
    pub withdrawn: Option<NaiveDate>,
    /// The day since which it is gone from the list of releases.
    pub vanished: Option<NaiveDate>,
    /// Whether only holders of a support contract can have it.
    pub premium_only: bool,
    /// Whether it is no final release.
    pub pre_release: bool,
    /// What carrying it means today.
    pub status: Status,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The advisories whose range holds it, worst first.
    pub affected_by: Vec<AffectingAdvisory>,
    /// The advisories that name it as their fix.
    pub fixes: Vec<FixedAdvisory>,
    /// The newer public releases of its series, oldest first.
    pub newer: Vec<NamedRelease>,
    /// Its series.
    pub series: SeriesView,
    #[serde(skip)]
    newer_ranges: String,
}

/// An advisory whose range holds the version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AffectingAdvisory {
    /// The identifier.
    pub cve: String,
    /// How bad OpenSSL says it is.
    pub severity: Severity,
    /// The UTC day since which it is public.
    pub published: NaiveDate,
    /// The first public, not withdrawn release of the series that fixes it.
    pub fixed_in: Option<OpensslVersion>,
    /// The day of that release.
    pub fixed_in_published: Option<NaiveDate>,
}

/// An advisory that names the version as its fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FixedAdvisory {
    /// The identifier.
    pub cve: String,
    /// How bad OpenSSL says it is.
    pub severity: Severity,
}

impl ReleaseView {
    /// What is known of a version on that UTC day.
    pub fn of(version: &OpensslVersion, facts: &OpensslFacts, today: NaiveDate) -> Self {
        let known = facts.releases.get(version);
        let judged = assess(&carrying(version), facts, today);
        let published = |cve: &str| {
            let found = facts.advisories.iter().find(|advisory| advisory.cve == cve);
            found.map(|advisory| advisory.published)
        };
        let is_newer = |release: &Release| {
            release.version.series() == version.series()
                && release.version > *version
                && release.is_usable()
        };
        Self {
            published: known.map(|release| release.date),
            kind: known.map(|release| release.kind),
            severity: known.and_then(|release| release.severity),
            withdrawn: known.and_then(|release| release.withdrawn),
            vanished: known.and_then(|release| release.vanished),
            premium_only: known.is_some_and(|release| release.premium_only),
            pre_release: !version.is_final(),
            status: judged.status,
            affected_by: judged
                .advisories
                .into_iter()
                .filter_map(|one| {
                    let fix = one
                        .fixed_in
                        .as_ref()
                        .and_then(|fix| facts.releases.get(fix));
                    Some(AffectingAdvisory {
                        published: published(&one.cve)?,
                        fixed_in_published: fix.map(|release| release.date),
                        cve: one.cve,
                        severity: one.severity,
                        fixed_in: one.fixed_in,
                    })
                })
                .collect(),
            reasons: judged.reasons,
            fixes: fixed_by(version, &facts.advisories),
            newer: facts
                .releases
                .iter()
                .filter(|release| is_newer(release))
                .map(NamedRelease::from)
                .collect(),
            newer_ranges: ranges(&facts.releases, is_newer),
            series: SeriesView::of(version.series(), facts, today),
            version: version.clone(),
        }
    }

    /// "3.5.4 of 2025-09-30 (security, moderate)", and whatever keeps it from being built with.
    fn heading(&self) -> String {
        let mut text = format!("OpenSSL {}", self.version);
        match (self.published, self.kind) {
            (Some(published), Some(of_kind)) => {
                let _ = write!(text, " of {published} ({})", kind(of_kind, self.severity));
            }
            _ => text.push_str(", not among the known releases"),
        }
        if let Some(day) = self.withdrawn {
            let _ = write!(text, ", withdrawn on {day}");
        }
        if let Some(day) = self.vanished {
            let _ = write!(text, ", gone from the list of releases since {day}");
        }
        if self.premium_only {
            text.push_str(", for holders of a support contract only");
        }
        if self.pre_release {
            text.push_str(", not a final release");
        }
        text
    }

    /// "3.5 LTS, supported until 2030-04-08, 1233 days left".
    fn series_sentence(&self) -> String {
        let mut text = format!("{}, support {}", self.series.name(), self.series.support());
        if let Some(left) = self.series.days_left {
            let _ = write!(text, ", {} left", wording::days(left));
        }
        text
    }

    /// Label and sentence of everything that is not in the table.
    fn sentences(&self) -> Vec<(&'static str, String)> {
        let mut told = vec![
            ("series", self.series_sentence()),
            ("status", self.status.to_string()),
        ];
        told.extend(
            self.reasons
                .iter()
                .map(|reason| ("because", format!("{} [{}]", reason.message, reason.code))),
        );
        if !self.fixes.is_empty() {
            let fixes: Vec<String> = self
                .fixes
                .iter()
                .map(|one| format!("{} ({})", one.cve, one.severity))
                .collect();
            told.push(("fixes", fixes.join(", ")));
        }
        if !self.newer.is_empty() {
            told.push(("newer", self.newer_ranges.clone()));
        }
        told
    }
}

fn fixed_by(version: &OpensslVersion, advisories: &[Advisory]) -> Vec<FixedAdvisory> {
    let names_it = |range: &AffectedRange| range.named_fix() == Some(version);
    let mut fixed: Vec<FixedAdvisory> = advisories
        .iter()
        .filter(|advisory| advisory.affected.iter().any(names_it))
        .map(|advisory| FixedAdvisory {
            cve: advisory.cve.clone(),
            severity: advisory.severity,
        })
        .collect();
    fixed.sort_by_key(|one| std::cmp::Reverse((one.severity.weight(), one.severity)));
    fixed
}

/// A finding of that version, to be judged as one in a wheel would be.
fn carrying(version: &OpensslVersion) -> Finding {
    Finding {
        path: String::new(),
        format: BinaryFormat::Elf,
        arch: Architecture::Other,
        library: Library::Openssl,
        version: Some(version.to_string()),
        linkage: Linkage::Static,
        suffix: None,
        distro_patched: false,
        evidence: Vec::new(),
    }
}

const HEADER: [&str; 5] = ["advisory", "severity", "public since", "fixed in", "of"];

fn cells(one: &AffectingAdvisory) -> [String; 5] {
    [
        one.cve.clone(),
        one.severity.to_string(),
        one.published.to_string(),
        one.fixed_in
            .as_ref()
            .map_or_else(|| "none".to_owned(), ToString::to_string),
        one.fixed_in_published
            .map(|day| day.to_string())
            .unwrap_or_default(),
    ]
}

pub(super) fn text(view: &ReleaseView, appearance: Appearance) -> String {
    let mut text = wrapped("", &view.heading(), appearance);
    let mut before = "";
    for (label, sentence) in view.sentences() {
        let shown = if label == before { "" } else { label };
        text.push_str(&wrapped(&format!("  {shown:<8} "), &sentence, appearance));
        before = label;
    }
    if !view.affected_by.is_empty() {
        let mut advisory_table = table::table(&HEADER, appearance);
        for one in &view.affected_by {
            advisory_table.add_row(cells(one).iter().map(|cell| table::cell(cell)));
        }
        table::keep_whole(&mut advisory_table, &[0, 1, 3, 4]);
        text.push('\n');
        text.push_str(&table::render(&advisory_table));
    }
    text
}

pub(super) fn markdown(view: &ReleaseView) -> String {
    let mut markdown = format!("## {}\n\n", clean(&view.heading()));
    for (label, sentence) in view.sentences() {
        let _ = writeln!(markdown, "- {label}: {}", clean(&sentence));
    }
    if !view.affected_by.is_empty() {
        md::head(&mut markdown, &HEADER);
        for one in &view.affected_by {
            let mut row = cells(one);
            if let (Some(url), Some(first)) = (advisory_url(&one.cve), row.first_mut()) {
                *first = format!("[{}]({url})", one.cve);
            }
            md::row(&mut markdown, &row.each_ref().map(String::as_str));
        }
    }
    markdown
}
