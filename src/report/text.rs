//! The report for people at a terminal.

use std::fmt::Write;

use chrono::NaiveDate;

use crate::policy::Decision;

use super::check::{CheckReport, LineReport};
use super::printable::printable;
use super::{Appearance, feeds, history, rows, table, wording};

/// Below how many columns the table of wheels is written in its short forms.
const NARROW: u16 = 120;

/// How many advisories are shown unless all are asked for.
const SHOWN: usize = 12;

/// Writes the report.
pub fn check(report: &CheckReport, appearance: Appearance) -> String {
    let today = report.checked_at.date_naive();
    let mut text = String::new();
    for (package, lines) in history::by_line(&report.lines) {
        if !text.is_empty() {
            text.push('\n');
        }
        if let [line] = lines.as_slice() {
            text.push_str(&one_line(line, today, appearance));
        } else {
            text.push_str(&history::text(package, &lines, appearance));
        }
    }
    text.push('\n');
    let width = usize::from(appearance.width.unwrap_or(u16::MAX));
    let mut label = "judged by  ";
    for line in feeds::lines(&report.feeds, today) {
        text.push_str(&wrapped(label, &printable(&line), width));
        label = "           ";
    }
    text
}

fn one_line(line: &LineReport, today: NaiveDate, appearance: Appearance) -> String {
    let mut text = heading(line);
    let wheels = &line.decision.wheels;
    if !wheels.is_empty() {
        let is_narrow = appearance.width.is_some_and(|width| width < NARROW);
        let mut wheel_table = table::table(
            &[
                "platform",
                "wheel",
                "OpenSSL",
                "linkage",
                "status",
                "advisories",
                if is_narrow { "days" } else { "days since fix" },
            ],
            appearance,
        );
        for row in wheels.iter().flat_map(|wheel| rows::of_wheel(wheel, today)) {
            wheel_table.add_row(vec![
                table::cell(&row.platform),
                table::cell(if is_narrow {
                    &row.short_wheel
                } else {
                    &row.wheel
                }),
                table::cell(&row.linked),
                table::cell(&row.linkage),
                table::status_cell(&row.status_text(), row.status, appearance),
                table::cell(if is_narrow {
                    &row.short_advisories
                } else {
                    &row.advisories
                }),
                table::cell(&row.days.map(|days| days.to_string()).unwrap_or_default()),
            ]);
        }
        let _ = write!(text, "\n{}", table::render(&wheel_table));
        text.push_str(&advisories(&line.decision, appearance));
    }
    text.push_str(&decision(&line.decision, appearance));
    let width = usize::from(appearance.width.unwrap_or(u16::MAX));
    for action in &line.actions {
        let label = format!("  {:<8} ", action.state.as_str());
        text.push_str(&wrapped(&label, &printable(&action.sentence()), width));
    }
    text
}

fn heading(line: &LineReport) -> String {
    let count = line.decision.wheels.len();
    // A name that no index was asked for is as it was typed.
    let package = printable(&line.package);
    match &line.version {
        Some(version) => format!(
            "{package} {version}{}, {}\n",
            wording::uploaded(line.uploaded),
            if count == 1 {
                "1 wheel".to_owned()
            } else {
                format!("{count} wheels")
            },
        ),
        None => format!("{package}\n"),
    }
}

/// The advisories of all wheels: which linked versions each holds, and what fixes them.
fn advisories(decision: &Decision, appearance: Appearance) -> String {
    let found = wording::advisory_rows(decision);
    if found.is_empty() {
        return String::new();
    }
    let mut advisory_table =
        table::table(&["advisory", "severity", "linked → fixed in"], appearance);
    let shown = if appearance.verbose {
        found.len()
    } else {
        SHOWN
    };
    for row in found.iter().take(shown) {
        advisory_table.add_row(vec![
            table::cell(&row.cve),
            table::cell(row.severity),
            table::cell(&row.linked),
        ]);
    }
    let mut text = format!("\n{}", table::render(&advisory_table));
    if found.len() > shown {
        let more = found.len().saturating_sub(shown);
        let _ = writeln!(text, " and {more} more (-v shows all)");
    }
    text
}

fn decision(decision: &Decision, appearance: Appearance) -> String {
    let width = usize::from(appearance.width.unwrap_or(u16::MAX));
    let mut text = format!(
        "\n{}",
        wrapped("decision: ", &wording::summary(decision), width)
    );
    for target in &decision.targets {
        let sentence = wording::target_sentence(target);
        text.push_str(&wrapped("  target   ", &sentence, width));
    }
    let reasons = wording::all_reasons(decision, appearance.verbose);
    for (at, sentence) in reasons.iter().enumerate() {
        let label = if at == 0 {
            "  because  "
        } else {
            "           "
        };
        text.push_str(&wrapped(label, &printable(sentence), width));
    }
    text
}

/// The sentence folded to the width, further lines indented as far as its label.
pub(super) fn wrapped(label: &str, sentence: &str, width: usize) -> String {
    let indent = " ".repeat(label.len());
    let mut text = String::new();
    let mut line = label.to_owned();
    let mut is_empty = true;
    for word in sentence.split(' ') {
        if !is_empty
            && console::measure_text_width(&line) + 1 + console::measure_text_width(word) > width
        {
            text.push_str(line.trim_end());
            text.push('\n');
            line.clone_from(&indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
    text
}
