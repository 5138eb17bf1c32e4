//! The page for people: every project, worst first, with what its wheels carry.
//!
//! It has no script. Whatever comes from outside is a value of the template, which escapes it; an
//! address becomes a link only where it is one of http or https.

mod timeline;

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, Utc};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use url::Url;

use crate::model::Releases;
use crate::policy::{Status, WheelVerdict};

use super::printable;
use super::{CheckReport, LineReport, feeds, rows, wording};

/// The page's style sheet; it is served beside the page, since no style inside it is allowed.
pub const STYLE: &str = include_str!("../../templates/status.css");

/// How many lines a page has.
const LINES: usize = 50;

/// How many wheels of one line are shown; the check document has all of them.
const WHEELS: usize = 200;

/// The most of a filter that is looked for.
const FILTER: usize = 100;

/// Which part of what is known is shown, and when.
#[derive(Clone, Debug)]
pub struct View {
    /// The moment at which somebody looks.
    pub now: DateTime<Utc>,
    /// Only packages whose name holds this; nothing for all.
    pub filter: String,
    /// Which page, from 1; one past the end is the last.
    pub page: usize,
    /// Why the last cycle could not be made, when that is so.
    pub error: Option<String>,
}

#[derive(Serialize)]
struct Page {
    checked_at: Option<String>,
    error: Option<String>,
    filter: String,
    page: usize,
    pages: usize,
    found: usize,
    due: usize,
    lines: Vec<Line>,
    feeds: Vec<String>,
    actions: Vec<Action>,
}

#[derive(Serialize)]
struct Line {
    package: String,
    line: String,
    version: String,
    status: &'static str,
    summary: String,
    targets: Vec<String>,
    reasons: Vec<String>,
    timeline: Option<timeline::Timeline>,
    wheels: Vec<Wheel>,
    hidden: usize,
}

#[derive(Serialize)]
struct Wheel {
    platform: String,
    wheel: String,
    linked: String,
    linkage: String,
    status: String,
    class: &'static str,
    advisories: String,
    days: Option<i64>,
}

#[derive(Serialize)]
struct Action {
    state: &'static str,
    sentence: String,
    url: Option<String>,
}

/// The page that shows this report, or that nothing is known yet.
///
/// # Errors
/// Only when the template is broken, which a test excludes.
pub fn status(
    report: Option<&CheckReport>,
    releases: &Releases,
    view: &View,
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template("status.html", include_str!("../../templates/status.html"))?;
    let template = environment.get_template("status.html")?;
    template.render(Serde(page(report, releases, view)))
}

fn page(report: Option<&CheckReport>, releases: &Releases, view: &View) -> Page {
    let filter: String = view.filter.trim().chars().take(FILTER).collect();
    let wanted = filter.to_ascii_lowercase();
    let all = report
        .map(|report| report.lines.as_slice())
        .unwrap_or_default();
    let mut lines: Vec<&LineReport> = all
        .iter()
        .filter(|line| line.package.contains(&wanted))
        .collect();
    lines.sort_by_key(|line| {
        let severity = line
            .decision
            .severity
            .map_or(0, |severity| severity.weight());
        let days = line
            .due_since()
            .map_or(0, |day| (view.now.date_naive() - day).num_days());
        (
            Reverse((worst(line), severity, days)),
            line.package.clone(),
            line.line.clone(),
        )
    });
    let pages = lines.len().div_ceil(LINES).max(1);
    let page = view.page.clamp(1, pages);
    let today = view.now.date_naive();
    Page {
        checked_at: report.map(|report| report.checked_at.format("%Y-%m-%d %H:%M UTC").to_string()),
        error: view.error.as_deref().map(plain),
        page,
        pages,
        found: lines.len(),
        due: lines.iter().filter(|line| line.decision.is_due).count(),
        feeds: report
            .map(|report| feeds::lines(&report.feeds, today))
            .unwrap_or_default(),
        actions: lines
            .iter()
            .flat_map(|line| &line.actions)
            .map(action)
            .collect(),
        lines: lines
            .into_iter()
            .skip((page - 1) * LINES)
            .take(LINES)
            .map(|one| line(one, releases, today))
            .collect(),
        filter,
    }
}

fn line(line: &LineReport, releases: &Releases, today: NaiveDate) -> Line {
    let decision = &line.decision;
    let mut wheels: Vec<&WheelVerdict> = decision.wheels.iter().collect();
    wheels.sort_by_key(|wheel| Reverse(wheel.status));
    let shown = wheels.iter().take(WHEELS);
    Line {
        package: plain(&line.package),
        line: plain(&line.line),
        version: line
            .version
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        status: worst(line).as_str(),
        summary: plain(&wording::summary(decision)),
        targets: decision
            .targets
            .iter()
            .filter_map(|target| target.version.as_ref())
            .map(ToString::to_string)
            .collect(),
        reasons: wording::all_reasons(decision, false)
            .iter()
            .map(|sentence| plain(sentence))
            .collect(),
        timeline: timeline::of_line(line, releases, today),
        hidden: wheels.len().saturating_sub(WHEELS),
        wheels: shown
            .flat_map(|wheel| rows::of_wheel(wheel, today))
            .map(|row| Wheel {
                status: row.status_text(),
                class: row.status.as_str(),
                platform: plain(&row.platform),
                wheel: plain(&row.wheel),
                linked: plain(&row.linked),
                linkage: row.linkage,
                advisories: row.advisories,
                days: row.days,
            })
            .collect(),
    }
}

fn action(action: &super::Action) -> Action {
    let url = action
        .url
        .as_deref()
        .filter(|url| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")));
    Action {
        state: action.state.as_str(),
        sentence: plain(&action.sentence()),
        url: url.map(str::to_owned),
    }
}

/// The worst status of a line's wheels; of one that nobody could look at nothing is known.
fn worst(line: &LineReport) -> Status {
    let worst = line.decision.wheels.iter().map(|wheel| wheel.status).max();
    match worst {
        None if line.decision.is_unclear => Status::Unknown,
        worst => worst.unwrap_or(Status::None),
    }
}

/// A text without anything that acts on who reads it; the template escapes what acts in HTML.
fn plain(text: &str) -> String {
    printable::printable(text).into_owned()
}
