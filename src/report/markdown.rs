//! The report as Markdown, for job summaries and issues.

use std::fmt::Write;

use chrono::NaiveDate;

use crate::model::Severity;
use crate::model::advisory::advisory_url;

use super::check::{CheckReport, LineReport};
use super::printable::markdown as clean;
use super::{feeds, history, rows, wording};

/// Writes the report.
pub fn check(report: &CheckReport) -> String {
    let today = report.checked_at.date_naive();
    let mut markdown = String::new();
    for (package, lines) in history::by_line(&report.lines) {
        if let [line] = lines.as_slice() {
            one_line(&mut markdown, line, today);
        } else {
            versions(&mut markdown, package, &lines);
        }
    }
    markdown.push_str("### Judged by\n\n");
    for feed in &report.feeds {
        let _ = writeln!(
            markdown,
            "- OpenSSL {}: {}",
            feed.name,
            clean(&feeds::origin(feed, today))
        );
    }
    markdown
}

fn one_line(markdown: &mut String, line: &LineReport, today: NaiveDate) {
    let version = line
        .version
        .as_ref()
        .map(|version| format!(" {version}"))
        .unwrap_or_default();
    let _ = writeln!(
        markdown,
        "## {}{}{}\n",
        clean(&line.package),
        clean(&version),
        wording::uploaded(line.uploaded)
    );
    let _ = writeln!(
        markdown,
        "**Decision: {}**\n",
        clean(&wording::summary(&line.decision))
    );
    for target in &line.decision.targets {
        let _ = writeln!(
            markdown,
            "- target {}",
            clean(&wording::target_sentence(target))
        );
    }
    for sentence in wording::all_reasons(&line.decision, false) {
        let _ = writeln!(markdown, "- {}", clean(&sentence));
    }
    for action in &line.actions {
        let _ = writeln!(
            markdown,
            "- {}: {}",
            action.state.as_str(),
            clean(&action.sentence())
        );
    }
    if !line.decision.wheels.is_empty() {
        head(
            markdown,
            &[
                "platform",
                "wheel",
                "OpenSSL",
                "linkage",
                "status",
                "advisories",
                "days since fix",
            ],
        );
        for one in line
            .decision
            .wheels
            .iter()
            .flat_map(|wheel| rows::of_wheel(wheel, today))
        {
            row(
                markdown,
                &[
                    &clean(&one.platform),
                    &clean(&one.wheel),
                    &clean(&one.linked),
                    &clean(&one.linkage),
                    &one.status_text(),
                    &clean(&one.advisories),
                    &one.days.map(|days| days.to_string()).unwrap_or_default(),
                ],
            );
        }
    }
    let advisories = wording::advisory_rows(&line.decision);
    if !advisories.is_empty() {
        head(markdown, &["advisory", "severity", "linked → fixed in"]);
        for one in advisories {
            let name = advisory_url(&one.cve)
                .map_or_else(|| clean(&one.cve), |url| format!("[{}]({url})", one.cve));
            row(markdown, &[&name, one.severity, &clean(&one.linked)]);
        }
    }
    markdown.push('\n');
}

fn versions(markdown: &mut String, package: &str, lines: &[&LineReport]) {
    let _ = writeln!(markdown, "## {}\n", clean(package));
    if let Some(newest) = lines.first() {
        let _ = writeln!(
            markdown,
            "**Decision: {}**",
            clean(&wording::summary(&newest.decision))
        );
    }
    head(
        markdown,
        &[
            "version",
            "of",
            "platform",
            "wheels",
            "OpenSSL",
            "status",
            "worst severity",
        ],
    );
    for one in history::rows(lines) {
        row(
            markdown,
            &[
                &clean(&one.version),
                &one.uploaded,
                &clean(&one.platform),
                &one.wheels.to_string(),
                &clean(&one.linked),
                one.status.as_str(),
                one.severity.map(Severity::as_str).unwrap_or_default(),
            ],
        );
    }
    markdown.push('\n');
}

/// The head of a table, behind an empty line: without it the table would be part of what stands
/// before it.
pub(super) fn head(markdown: &mut String, names: &[&str]) {
    if !markdown.ends_with("\n\n") {
        markdown.push('\n');
    }
    row(markdown, names);
    row(markdown, &vec!["---"; names.len()]);
}

pub(super) fn row(markdown: &mut String, cells: &[&str]) {
    let _ = writeln!(markdown, "| {} |", cells.join(" | "));
}
