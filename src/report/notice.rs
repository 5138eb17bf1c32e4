//! What is told once for many projects: one notice for each release of OpenSSL, whatever the number
//! of packages that carry an older one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::model::{OpensslVersion, Series, Severity};
use crate::policy::{Event, Target};

use super::LineReport;

/// How many packages a sentence names.
const NAMED: usize = 10;

/// One release of OpenSSL, or the end of a series, and the lines that it is news for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The series that the wheels are to carry, or that ended.
    pub series: Series,
    /// The release that they are to carry; none where the series ended.
    pub release: Option<OpensslVersion>,
    /// The day of the release.
    pub published: Option<NaiveDate>,
    /// Why, over all lines.
    pub events: BTreeSet<Event>,
    /// The worst severity over all lines.
    pub severity: Option<Severity>,
    /// The lines: package and line.
    pub lines: BTreeSet<(String, String)>,
}

impl Notice {
    /// What makes it the same notice in another cycle: `3.5.9`, or `1.1.1 ended`.
    pub fn key(&self) -> String {
        match &self.release {
            Some(release) => release.to_string(),
            None => format!("{} ended", self.series),
        }
    }

    /// The same notice without the lines that were told already.
    #[must_use]
    pub fn without(mut self, told: &BTreeSet<(String, String)>) -> Self {
        self.lines.retain(|line| !told.contains(line));
        self
    }

    /// What it says, for people.
    pub fn sentence(&self) -> String {
        let events: Vec<&str> = self.events.iter().map(|event| event.as_str()).collect();
        let severity = self
            .severity
            .map_or_else(String::new, |severity| format!(", most severe: {severity}"));
        let what = match (&self.release, self.published) {
            (Some(release), Some(day)) => format!("OpenSSL {release} of {day}"),
            (Some(release), None) => format!("OpenSSL {release}"),
            (None, _) => format!("the support of OpenSSL {} has ended", self.series),
        };
        let packages: BTreeSet<&str> = self.lines.iter().map(|(one, _)| one.as_str()).collect();
        let named: Vec<&str> = packages.iter().copied().take(NAMED).collect();
        let more = match packages.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let count = packages.len();
        let packages = if count == 1 { "package" } else { "packages" };
        format!(
            "{what}: {count} {packages} to rebuild ({}{severity}): {}{more}",
            events.join(", "),
            named.join(", ")
        )
    }
}

/// The notices of these lines, those of the newest release first.
pub fn notices<'a>(lines: impl IntoIterator<Item = &'a LineReport>) -> Vec<Notice> {
    let mut found: BTreeMap<(Series, Option<OpensslVersion>), Notice> = BTreeMap::new();
    for line in lines {
        for target in due_targets(line) {
            let key = (target.series, target.version.clone());
            let notice = found.entry(key).or_insert_with(|| Notice {
                series: target.series,
                release: target.version.clone(),
                published: target.published,
                events: BTreeSet::new(),
                severity: None,
                lines: BTreeSet::new(),
            });
            let decision = &line.decision;
            let events = decision.events.iter().copied();
            notice
                .events
                .extend(events.filter(|event| is_of_release(*event)));
            let severities = notice.severity.into_iter().chain(decision.severity);
            notice.severity = severities.max_by_key(|one| (one.weight(), *one));
            let key = (line.package.clone(), line.line.clone());
            notice.lines.insert(key);
        }
    }
    let mut found: Vec<Notice> = found.into_values().collect();
    found.sort_by_cached_key(|one| std::cmp::Reverse((one.published, one.key())));
    found
}

/// Whether an event asks for other wheels. What else is to be told of a project is its own news.
const fn is_of_release(event: Event) -> bool {
    matches!(
        event,
        Event::Withdrawn
            | Event::Security
            | Event::Exposed
            | Event::EndOfLife
            | Event::BugFix
            | Event::NewSeries
    )
}

/// The targets that something of the line is due for. A wheel that is followed to another series
/// has none of its own, so then all of them count.
fn due_targets(line: &LineReport) -> Vec<&Target> {
    let wheels = line.decision.wheels.iter();
    let due: Vec<Option<Series>> = wheels
        .flat_map(|wheel| &wheel.findings)
        .filter(|finding| finding.is_due())
        .map(|finding| finding.linked().map(|version| version.series()))
        .collect();
    let targets = &line.decision.targets;
    let has_own = |series: &Series| targets.iter().any(|target| target.series == *series);
    let is_due = |target: &&Target| {
        due.iter().any(|linked| match linked {
            Some(series) if has_own(series) => target.series == *series,
            _ => true,
        })
    };
    targets.iter().filter(is_due).collect()
}
