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

#[cfg(test)]
mod tests {
    use crate::feeds::built_in;
    use crate::model::WheelScan;
    use crate::model::{Architecture, BinaryFormat, Finding, Library, Linkage};
    use crate::policy::{LineFacts, Settings, WheelContent, WheelFacts, decide};

    use super::*;

    /// A line whose wheels carry these versions, in October 2026.
    fn line(package: &str, carries: &[&str]) -> LineReport {
        let openssl = built_in::load().unwrap().cut("2026-10-20".parse().unwrap());
        let now = "2026-10-20T12:00:00Z".parse().unwrap();
        let version = "1.0".parse().unwrap();
        let wheels: Vec<WheelFacts> = carries
            .iter()
            .map(|carried| {
                let finding = Finding {
                    path: "a.so".to_owned(),
                    format: BinaryFormat::Elf,
                    arch: Architecture::X86_64,
                    library: Library::Openssl,
                    version: Some((*carried).to_owned()),
                    linkage: Linkage::Static,
                    suffix: None,
                    distro_patched: false,
                    evidence: Vec::new(),
                };
                WheelFacts {
                    name: "a-1.0-py3-none-win32.whl".parse().unwrap(),
                    sha256: None,
                    content: WheelContent::Scanned(WheelScan {
                        findings: vec![finding],
                        ..WheelScan::default()
                    }),
                }
            })
            .collect();
        let facts = LineFacts {
            package,
            line: "main",
            openssl: &openssl,
            version: Some(&version),
            wheels: &wheels,
            awaiting: None,
            previous_coverage: &BTreeSet::new(),
            first_upload: None,
            superseded: false,
        };
        LineReport {
            package: package.to_owned(),
            line: "main".to_owned(),
            decision: decide(&facts, &Settings::default(), now),
            version: Some(version),
            uploaded: None,
            checked_at: now,
            open_runs: 0,
            actions: Vec::new(),
            published: Vec::new(),
            tracking: crate::report::Tracking::default(),
        }
    }

    fn sentences(lines: &[LineReport]) -> Vec<String> {
        notices(lines).iter().map(Notice::sentence).collect()
    }

    #[test]
    fn many_packages_make_one_notice_for_each_release() {
        let lines = [
            line("a", &["3.5.4"]),
            line("b", &["3.5.6", "3.5.9"]),
            line("c", &["4.0.1", "3.5.4"]),
            line("d", &["3.5.9"]),
            line("e", &["1.1.1w"]),
        ];
        insta::assert_snapshot!(sentences(&lines).join("\n"), @"
        OpenSSL 4.0.3 of 2026-09-29: 1 package to rebuild (security, most severe: high): c
        OpenSSL 3.5.9 of 2026-09-29: 3 packages to rebuild (security, most severe: high): a, b, c
        the support of OpenSSL 1.1.1 has ended: 1 package to rebuild (exposed, end-of-life, most severe: high): e
        ");
    }

    #[test]
    fn who_was_told_is_left_out_and_a_long_list_is_cut() {
        let lines: Vec<LineReport> = (10..25)
            .map(|one| line(&format!("p{one}"), &["3.5.4"]))
            .collect();
        let found = notices(&lines);
        let [notice] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert!(
            notice.sentence().ends_with("p18, p19 and 5 more"),
            "{}",
            notice.sentence()
        );
        let told = BTreeSet::from([("p10".to_owned(), "main".to_owned())]);
        assert_eq!(notice.clone().without(&told).lines.len(), 14);
    }
}
