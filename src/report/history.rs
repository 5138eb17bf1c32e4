//! Several versions of a project side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::model::Severity;
use crate::policy::Status;

use super::check::LineReport;
use super::{Appearance, rows, table, wording};

/// The versions of each line of each project, in the order of the report, with the project's name.
pub fn by_line(lines: &[LineReport]) -> Vec<(&str, Vec<&LineReport>)> {
    let mut grouped: Vec<(&str, &str, Vec<&LineReport>)> = Vec::new();
    for line in lines {
        match grouped
            .iter_mut()
            .find(|(package, name, _)| *package == line.package && *name == line.line)
        {
            Some((_, _, known)) => known.push(line),
            None => grouped.push((&line.package, &line.line, vec![line])),
        }
    }
    grouped
        .into_iter()
        .map(|(package, _, lines)| (package, lines))
        .collect()
}

/// One row: what the wheels of one version carry on one operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// The version.
    pub version: String,
    /// The day of its first upload.
    pub uploaded: String,
    /// The operating system.
    pub platform: String,
    /// How many wheels there are.
    pub wheels: usize,
    /// What they carry.
    pub linked: String,
    /// The worst status.
    pub status: Status,
    /// The worst severity of the advisories that hold what they carry.
    pub severity: Option<Severity>,
}

/// The rows of several versions, in the order of the report.
pub fn rows(lines: &[&LineReport]) -> Vec<HistoryRow> {
    lines.iter().flat_map(|line| of_version(line)).collect()
}

fn of_version(line: &LineReport) -> Vec<HistoryRow> {
    let mut by_system: BTreeMap<String, (usize, BTreeSet<String>, Status, Option<Severity>)> =
        BTreeMap::new();
    for wheel in &line.decision.wheels {
        let entry = by_system.entry(rows::systems(&wheel.name)).or_insert((
            0,
            BTreeSet::new(),
            Status::None,
            None,
        ));
        entry.0 = entry.0.saturating_add(1);
        entry.1.extend(wheel.findings.iter().map(rows::linked));
        entry.2 = entry.2.max(wheel.status);
        let severity = wheel
            .findings
            .iter()
            .filter_map(|finding| finding.assessment.severity)
            .chain(entry.3)
            .max_by_key(|severity| (severity.weight(), *severity));
        entry.3 = severity;
    }
    by_system
        .into_iter()
        .map(
            |(platform, (wheels, linked, status, severity))| HistoryRow {
                version: line
                    .version
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                uploaded: line
                    .uploaded
                    .map(|moment| moment.date_naive().to_string())
                    .unwrap_or_default(),
                platform,
                wheels,
                linked: linked.into_iter().collect::<Vec<_>>().join(", "),
                status,
                severity,
            },
        )
        .collect()
}

/// The table of several versions, for a terminal.
pub fn text(package: &str, lines: &[&LineReport], appearance: Appearance) -> String {
    let wheels: usize = lines.iter().map(|line| line.decision.wheels.len()).sum();
    let mut text = format!("{package}, {} versions, {wheels} wheels\n\n", lines.len());
    let mut version_table = table::table(
        &[
            "version",
            "of",
            "platform",
            "wheels",
            "OpenSSL",
            "status",
            "worst severity",
        ],
        appearance,
    );
    for row in rows(lines) {
        version_table.add_row(vec![
            table::cell(&row.version),
            table::cell(&row.uploaded),
            table::cell(&row.platform),
            table::cell(&row.wheels.to_string()),
            table::cell(&row.linked),
            table::status_cell(row.status.as_str(), row.status, appearance),
            table::cell(row.severity.map(Severity::as_str).unwrap_or_default()),
        ]);
    }
    text.push_str(&table::render(&version_table));
    if let Some(newest) = lines.first() {
        let version = newest.version.as_ref().map(ToString::to_string);
        let _ = writeln!(
            text,
            "\ndecision for {}: {}",
            version.as_deref().unwrap_or(package),
            wording::summary(&newest.decision)
        );
        for sentence in wording::all_reasons(&newest.decision, appearance.verbose) {
            let _ = writeln!(text, "  {}", super::printable::printable(&sentence));
        }
    }
    text
}
