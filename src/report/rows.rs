//! The rows of the wheel table: one per wheel and kind of finding in it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::model::{CoverageKey, Library, Linkage, Os, Series, Severity, WheelName};
use crate::policy::{AdvisoryMatch, FindingVerdict, Status, WheelVerdict};

/// One row of the wheel table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelRow {
    /// The platforms, `linux musl x86_64`.
    pub platform: String,
    /// The wheel's tags.
    pub wheel: String,
    /// The wheel's tags for narrow terminals: the first platform tag alone, without the
    /// architecture that the platforms tell.
    pub short_wheel: String,
    /// The linked library, for OpenSSL its version alone.
    pub linked: String,
    /// How it is linked.
    pub linkage: String,
    /// The status.
    pub status: Status,
    /// Whether it was accepted on purpose.
    pub accepted: bool,
    /// The reason for which it was.
    pub accepted_because: Option<String>,
    /// The linked series of OpenSSL.
    pub series: Option<Series>,
    /// The advisories, counted by severity.
    pub advisories: String,
    /// The advisories for narrow terminals: those of the worst severity, and how many more.
    pub short_advisories: String,
    /// How many days ago something could have been done.
    pub days: Option<i64>,
}

impl WheelRow {
    /// The status as it is shown.
    pub fn status_text(&self) -> String {
        if self.accepted {
            format!("{} (accepted)", self.status)
        } else {
            self.status.to_string()
        }
    }
}

/// The rows of one wheel. Findings that say the same of several binaries or slices are one row.
pub fn of_wheel(wheel: &WheelVerdict, today: NaiveDate) -> Vec<WheelRow> {
    let platform = platforms(&wheel.name);
    let tags = wheel.name.tag_set();
    let short_tags = short_tags(&wheel.name);
    let mut rows: Vec<WheelRow> = Vec::new();
    for finding in &wheel.findings {
        let row = WheelRow {
            platform: platform.clone(),
            wheel: tags.clone(),
            short_wheel: short_tags.clone(),
            linked: linked(finding),
            linkage: finding.finding.linkage.to_string(),
            status: finding.assessment.status,
            accepted: finding.accepted.is_some(),
            accepted_because: finding.accepted.clone(),
            series: finding.linked().map(|version| version.series()),
            advisories: counted(&finding.assessment.advisories),
            short_advisories: worst_counted(&finding.assessment.advisories),
            days: finding
                .assessment
                .due_since
                .map(|since| today.signed_duration_since(since).num_days().max(0)),
        };
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows.sort_by(|a, b| {
        b.status
            .cmp(&a.status)
            .then_with(|| a.linked.cmp(&b.linked))
    });
    let unsaid = wheel.status
        > rows
            .iter()
            .map(|row| row.status)
            .max()
            .unwrap_or(Status::None);
    if rows.is_empty() || unsaid {
        rows.push(WheelRow {
            platform,
            wheel: tags,
            short_wheel: short_tags,
            linked: "-".to_owned(),
            linkage: "-".to_owned(),
            status: wheel.status,
            accepted: false,
            accepted_because: None,
            series: None,
            advisories: String::new(),
            short_advisories: String::new(),
            days: None,
        });
    }
    rows
}

/// What is linked, in as few words as say it.
pub fn linked(finding: &FindingVerdict) -> String {
    let found = &finding.finding;
    let version = found.version.as_deref();
    let suffix = found.suffix.as_deref().map_or_else(String::new, |suffix| {
        if suffix.starts_with('+') {
            suffix.to_owned()
        } else {
            format!("-{suffix}")
        }
    });
    match (found.library, found.linkage, version) {
        (Library::Openssl, Linkage::External, _) => "system's".to_owned(),
        (library, Linkage::External, _) => format!("system's {library}"),
        (Library::Openssl, _, Some(version)) => format!("{version}{suffix}"),
        (Library::Openssl, _, None) => "not provable".to_owned(),
        (library, _, Some(version)) => format!("{library} {version}"),
        (library, _, None) => library.to_string(),
    }
}

/// "cp310-cp310-manylinux_2_26" for a wheel of one architecture.
fn short_tags(name: &WheelName) -> String {
    let first = name.platforms.first().map_or("", |tag| tag.text.as_str());
    let endings = [
        "_x86_64", "_aarch64", "_arm64", "_amd64", "_i686", "_armv7l", "_ppc64le", "_s390x",
    ];
    let platform = endings
        .iter()
        .find_map(|ending| first.strip_suffix(ending))
        .unwrap_or(first);
    format!(
        "{}-{}-{platform}",
        name.pythons.join("."),
        name.abis.join(".")
    )
}

/// "3 high +58".
fn worst_counted(advisories: &[AdvisoryMatch]) -> String {
    let all = counts(advisories);
    let Some(worst) = all.first() else {
        return String::new();
    };
    let others: usize = all.iter().skip(1).map(|(_, count)| count).sum();
    let worst = count_text(*worst);
    if others == 0 {
        worst
    } else {
        format!("{worst} +{others}")
    }
}

/// "1 high, 4 moderate, 8 low".
pub fn counted(advisories: &[AdvisoryMatch]) -> String {
    let parts: Vec<String> = counts(advisories).into_iter().map(count_text).collect();
    parts.join(", ")
}

fn count_text((severity, count): (Severity, usize)) -> String {
    match severity {
        Severity::Unknown => format!("{count} unrated"),
        rated => format!("{count} {rated}"),
    }
}

/// How many advisories there are of each severity, worst first.
fn counts(advisories: &[AdvisoryMatch]) -> Vec<(Severity, usize)> {
    let mut counts: BTreeMap<(u8, Severity), usize> = BTreeMap::new();
    for advisory in advisories {
        let severity = advisory.severity;
        let count = counts.entry((severity.weight(), severity)).or_default();
        *count = count.saturating_add(1);
    }
    counts
        .into_iter()
        .rev()
        .map(|((_, severity), count)| (severity, count))
        .collect()
}

/// The platforms of a wheel, architectures of one system together: `macos aarch64, x86_64`.
pub fn platforms(name: &WheelName) -> String {
    let mut by_system: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for key in name.coverage() {
        let system = CoverageKey {
            architecture: None,
            ..key
        };
        let architectures = by_system.entry(system.to_string()).or_default();
        architectures.extend(
            key.architecture
                .map(|architecture| architecture.to_string()),
        );
    }
    let parts: Vec<String> = by_system
        .into_iter()
        .map(|(system, architectures)| {
            format!("{system} {}", architectures.join(", "))
                .trim()
                .to_owned()
        })
        .collect();
    parts.join("; ")
}

/// The operating systems of a wheel as one word each.
pub fn systems(name: &WheelName) -> String {
    let names: Vec<&str> = name
        .operating_systems()
        .into_iter()
        .map(Os::as_str)
        .collect();
    names.join(", ")
}
