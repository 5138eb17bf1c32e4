//! The page for people: every project, worst first, with what its wheels carry.
//!
//! It has no script. Whatever comes from outside is a value of the template, which escapes it; an
//! address becomes a link only where it is one of http or https. How much is shown is bounded, and
//! what the template may do is, too: it has fuel.
//!
//! - `view`: which part is asked for, and the addresses of the others;
//! - `card`: one line with its `platforms` and its `timeline`;
//! - `told`: the issues and runs, the last actions, the health of the feeds;
//! - `moment`: how long ago something was.

mod card;
mod moment;
mod platforms;
mod timeline;
mod told;
mod view;

use std::cmp::Reverse;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use url::Url;

use crate::policy::Status;

use super::LineReport;
use super::printable;
use card::Card;
use moment::Moment;
use told::{Feed, Issue, Past};
pub use view::{Asked, Show, View, Watcher};

/// The page's style sheet; it is served beside the page, since no style inside it is allowed.
pub const STYLE: &str = include_str!("../../templates/status.css");

/// The page's icon, which no browser then asks for elsewhere.
pub const ICON: &str = include_str!("../../templates/icon.svg");

/// How many lines a page has.
const LINES: usize = 50;

/// How many of them are shown opened at most: the first that ask for something.
const OPENED: usize = 8;

/// What rendering may cost, in instructions of the template: several times what the largest page
/// does, see the tests.
const FUEL: u64 = 4_000_000;

#[derive(Serialize)]
struct Page {
    is_known: bool,
    headline: String,
    tone: &'static str,
    title: String,
    error: Option<String>,
    facts: Vec<Fact>,
    asked: AskedFor,
    shows: Vec<Choice>,
    found: usize,
    total: usize,
    page: usize,
    pages: usize,
    before: Option<String>,
    after: Option<String>,
    cards: Vec<Card>,
    is_drawn: bool,
    issues: Vec<Issue>,
    issues_hidden: usize,
    actions: Vec<Past>,
    feeds: Vec<Feed>,
}

/// One of the figures at the top.
#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    moment: Option<Moment>,
    tone: &'static str,
}

#[derive(Serialize)]
struct AskedFor {
    filter: String,
    is_narrowed: bool,
}

#[derive(Serialize)]
struct Choice {
    value: &'static str,
    name: &'static str,
    is_chosen: bool,
}

/// The page that shows what is known, or that nothing is known yet.
///
/// # Errors
/// Only when the template is broken or spends too much, which tests exclude.
pub fn status(view: &View<'_>) -> Result<String, minijinja::Error> {
    render(view, FUEL)
}

fn render(view: &View<'_>, fuel: u64) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(fuel));
    environment.add_template("status.html", include_str!("../../templates/status.html"))?;
    let template = environment.get_template("status.html")?;
    template.render(Serde(page(view)))
}

fn page(view: &View<'_>) -> Page {
    let all = view.lines();
    let filter = view.asked.filter();
    let lines = chosen(view, &filter);
    let pages = lines.len().div_ceil(LINES).max(1);
    let page = view.asked.page.clamp(1, pages);
    let address = |page: usize| view::address(&filter, view.asked.show, page);
    let found = lines.len();
    let mut opened = 0;
    let cards: Vec<Card> = lines
        .into_iter()
        .skip((page - 1) * LINES)
        .take(LINES)
        .enumerate()
        .map(|(at, line)| {
            let calls = line.decision.is_due || line.decision.is_unclear || found == 1;
            opened += usize::from(calls);
            card::of_line(line, view, at, calls && opened <= OPENED)
        })
        .collect();
    let (headline, tone) = headline(view);
    let due = all.iter().filter(|line| line.decision.is_due).count();
    let issues = told::issues(all);
    Page {
        is_known: view.report.is_some(),
        title: match view.report {
            Some(_) => format!("{due} of {} due · rewheel", all.len()),
            None => "rewheel".to_owned(),
        },
        headline,
        tone,
        error: view.watcher.error.map(plain),
        facts: facts(view, &issues),
        shows: Show::ALL
            .into_iter()
            .map(|show| Choice {
                value: show.as_str(),
                name: show.name(),
                is_chosen: show == view.asked.show,
            })
            .collect(),
        asked: AskedFor {
            is_narrowed: !filter.is_empty() || view.asked.show != Show::All,
            filter: filter.clone(),
        },
        found,
        total: all.len(),
        page,
        pages,
        before: (page > 1).then(|| address(page - 1)),
        after: (page < pages).then(|| address(page + 1)),
        is_drawn: cards.iter().any(|card| card.timeline.is_some()),
        cards,
        issues_hidden: issues.len().saturating_sub(told::ISSUES),
        issues: issues.into_iter().take(told::ISSUES).collect(),
        actions: told::actions(view),
        feeds: told::feeds(view),
    }
}

/// The lines that are asked for, the worst first.
fn chosen<'a>(view: &View<'a>, filter: &str) -> Vec<&'a LineReport> {
    let wanted = filter.to_lowercase();
    let mut lines: Vec<&LineReport> = view
        .lines()
        .iter()
        .filter(|line| line.package.to_lowercase().contains(&wanted))
        .filter(|line| view.asked.show.holds(line))
        .collect();
    let today = view.now.date_naive();
    lines.sort_by_cached_key(|line| {
        let decision = &line.decision;
        let severity = decision.severity.map_or(0, |severity| severity.weight());
        let days = line.due_since().map_or(0, |day| (today - day).num_days());
        (
            Reverse((decision.is_due, worst(line).0, severity, days)),
            line.package.clone(),
            line.line.clone(),
        )
    });
    lines
}

/// What is said first, and how it is coloured.
fn headline(view: &View<'_>) -> (String, &'static str) {
    let lines = view.lines();
    let total = lines.len();
    let due = lines.iter().filter(|line| line.decision.is_due).count();
    let unclear = lines
        .iter()
        .filter(|line| Show::Unclear.holds(line))
        .count();
    let of_all = |count: usize| match (count, total) {
        (1, 1) => "The one line".to_owned(),
        (count, total) if count == total => format!("All {total} lines"),
        (count, total) => format!("{count} of {total} lines"),
    };
    let has = |count: usize| if count == 1 { "has" } else { "have" };
    if view.report.is_none() {
        ("No cycle has come to an end yet".to_owned(), "soft")
    } else if total == 0 {
        ("No project is configured".to_owned(), "soft")
    } else if due > 0 {
        let sentence = format!("{} {} something due", of_all(due), has(due));
        (sentence, "bad")
    } else if unclear > 0 {
        let sentence = format!(
            "Nothing is due; {} could not be told",
            of_all(unclear).to_lowercase()
        );
        (sentence, "warn")
    } else {
        let is = if total == 1 { "is" } else { "are" };
        (format!("{} {is} well", of_all(total)), "good")
    }
}

fn facts(view: &View<'_>, issues: &[Issue]) -> Vec<Fact> {
    let watcher = &view.watcher;
    let at = |moment: Option<chrono::DateTime<chrono::Utc>>, none: &str| match moment {
        Some(moment) => (String::new(), Some(Moment::of(moment, view.now))),
        None => (none.to_owned(), None),
    };
    let (good, good_at) = at(watcher.last_good, "none yet");
    let (next_name, (next, next_at)) = match watcher.under_way {
        Some(since) => ("Cycle under way since", at(Some(since), "")),
        None => ("Next cycle", at(watcher.next, "not known")),
    };
    let feeds = view
        .report
        .map(|report| report.feeds.as_slice())
        .unwrap_or_default();
    let up = feeds.iter().filter(|feed| !feed.is_down).count();
    let open = issues.iter().filter(|issue| issue.is_open).count();
    let mut facts = vec![
        Fact {
            name: "Last good cycle",
            value: good,
            moment: good_at,
            tone: match watcher.last_good {
                None => "warn",
                Some(good) if (view.now - good).abs() > watcher.ready_within => "bad",
                Some(_) => "",
            },
        },
        Fact {
            name: next_name,
            value: next,
            moment: next_at,
            tone: "",
        },
    ];
    if let Some((waiting, given_up)) = watcher.messages {
        facts.push(Fact {
            name: "Messages",
            value: match (waiting, given_up) {
                (0, 0) => "all taken".to_owned(),
                (waiting, 0) => format!("{waiting} wait"),
                (waiting, given_up) => format!("{waiting} wait, {given_up} given up"),
            },
            moment: None,
            tone: match (waiting, given_up) {
                (0, 0) => "",
                (_, 0) => "warn",
                _ => "bad",
            },
        });
    }
    if view.report.is_some() {
        facts.push(Fact {
            name: "OpenSSL’s feeds",
            value: format!("{up} of {} answer", feeds.len()),
            moment: None,
            tone: if up == feeds.len() { "" } else { "bad" },
        });
        facts.push(Fact {
            name: "Open tracking issues",
            value: open.to_string(),
            moment: None,
            tone: "",
        });
    }
    facts
}

/// The worst status of a line's wheels, and whether all that is so bad is accepted; of one that
/// nobody could look at nothing is known.
fn worst(line: &LineReport) -> (Status, bool) {
    let wheels = &line.decision.wheels;
    let open = wheels
        .iter()
        .flat_map(|wheel| &wheel.findings)
        .filter(|finding| finding.accepted.is_none())
        .map(|finding| finding.assessment.status);
    // A wheel that could not be read has no finding, and is unknown.
    let whole = wheels
        .iter()
        .filter(|wheel| {
            wheel
                .findings
                .iter()
                .all(|finding| finding.assessment.status < wheel.status)
        })
        .map(|wheel| wheel.status);
    let worst = wheels.iter().map(|wheel| wheel.status).max();
    match (open.chain(whole).max(), worst) {
        (None, None) if line.decision.is_unclear => (Status::Unknown, false),
        (None, worst) => (worst.unwrap_or(Status::None), worst.is_some()),
        (Some(open), _) => (open, false),
    }
}

/// An address that may become a link.
fn link(url: &str) -> Option<String> {
    Url::parse(url)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        .then(|| url.to_owned())
}

/// A text without anything that acts on who reads it; the template escapes what acts in HTML.
fn plain(text: &str) -> String {
    printable::printable(text).into_owned()
}

#[cfg(test)]
mod tests {
    use crate::model::Releases;

    use super::*;

    #[test]
    fn a_template_that_spends_too_much_is_stopped() {
        let releases = Releases::default();
        let view = View {
            now: "2026-10-23T12:00:00Z".parse().unwrap(),
            asked: Asked::default(),
            report: None,
            releases: &releases,
            watcher: Watcher::default(),
        };
        assert!(
            render(&view, FUEL)
                .unwrap()
                .contains("No cycle has come to an end yet")
        );
        let error = render(&view, 50).unwrap_err();
        assert_eq!(error.kind(), minijinja::ErrorKind::OutOfFuel);
    }
}
