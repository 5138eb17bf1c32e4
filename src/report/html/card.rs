//! One line of a project.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::report::{LineReport, rows, wording};

use super::platforms::{self, Platform};
use super::timeline::{self, Timeline};
use super::view::View;
use super::{link, plain, worst};

/// How many reasons are shown; the check document has all of them.
const REASONS: usize = 40;

/// How many linked versions are named in the line that is always seen.
const LINKED: usize = 4;

#[derive(Serialize)]
pub(super) struct Card {
    /// What tells its parts from those of other cards of the page.
    id: usize,
    package: String,
    line: Option<String>,
    version: String,
    uploaded: Option<String>,
    class: &'static str,
    status: String,
    is_open: bool,
    linked: String,
    targets: String,
    days: Option<i64>,
    summary: String,
    issue: Option<(String, u64)>,
    reasons: Vec<String>,
    reasons_hidden: usize,
    pub(super) timeline: Option<Timeline>,
    platforms: Vec<Platform>,
    platforms_hidden: usize,
}

pub(super) fn of_line(line: &LineReport, view: &View<'_>, id: usize, is_open: bool) -> Card {
    let today = view.now.date_naive();
    let decision = &line.decision;
    let (status, is_accepted) = worst(line);
    let platforms = platforms::of_line(line, today);
    let reasons = wording::all_reasons(decision, false);
    let issue = line.tracking.issue.as_ref();
    Card {
        id,
        package: plain(&line.package),
        line: (line.line != "main").then(|| plain(&line.line)),
        version: line
            .version
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        uploaded: line.uploaded.map(|moment| moment.date_naive().to_string()),
        class: if is_accepted {
            "accepted"
        } else {
            status.as_str()
        },
        status: match is_accepted {
            true => format!("{status} (accepted)"),
            false => status.to_string(),
        },
        is_open,
        linked: linked(line),
        targets: decision
            .targets
            .iter()
            .filter_map(|target| target.version.as_ref())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        days: line
            .due_since()
            .map(|since| today.signed_duration_since(since).num_days().max(0)),
        summary: plain(&wording::summary(decision)),
        issue: issue.and_then(|issue| Some((link(&issue.url)?, issue.number))),
        reasons_hidden: reasons.len().saturating_sub(REASONS),
        reasons: reasons.iter().take(REASONS).map(|one| plain(one)).collect(),
        timeline: timeline::of_line(line, view.releases, today),
        platforms_hidden: platforms.len().saturating_sub(platforms::SHOWN),
        platforms: platforms.into_iter().take(platforms::SHOWN).collect(),
    }
}

/// The OpenSSLs of the wheels: "3.5.8, 3.0.17".
fn linked(line: &LineReport) -> String {
    let findings = line
        .decision
        .wheels
        .iter()
        .flat_map(|wheel| &wheel.findings);
    let versions: BTreeSet<_> = findings.filter_map(|finding| finding.linked()).collect();
    let names: Vec<String> = versions
        .iter()
        .rev()
        .take(LINKED)
        .map(ToString::to_string)
        .collect();
    if names.is_empty() {
        let wheels = &line.decision.wheels;
        let any: BTreeSet<String> = wheels
            .iter()
            .flat_map(|wheel| wheel.findings.iter().map(rows::linked))
            .collect();
        return plain(&any.into_iter().take(LINKED).collect::<Vec<_>>().join(", "));
    }
    match versions.len().saturating_sub(LINKED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
