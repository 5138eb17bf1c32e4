//! The issues and runs, the last actions, the health of the feeds.

use chrono::DateTime;
use serde::Serialize;

use crate::feeds::FeedReport;
use crate::fetch::RateLimit;
use crate::policy::ReasonCode;
use crate::report::issue::StepView;
use crate::report::{LineReport, PastAction, feeds as of_feeds};

use super::moment::Moment;
use super::view::View;
use super::{link, plain};

/// How many issues are shown.
pub(super) const ISSUES: usize = 100;

/// How many steps of one issue are shown, and how many runs of one step.
const STEPS: usize = 30;
const RUNS: usize = 5;

/// How many actions are shown.
const ACTIONS: usize = 30;

#[derive(Serialize)]
pub(super) struct Issue {
    package: String,
    line: Option<String>,
    number: Option<u64>,
    title: String,
    url: Option<String>,
    pub(super) is_open: bool,
    steps: Vec<Step>,
    steps_hidden: usize,
}

#[derive(Serialize)]
struct Step {
    name: String,
    target: String,
    is_proven: bool,
    sentence: String,
    runs: Vec<Run>,
}

#[derive(Serialize)]
struct Run {
    id: u64,
    attempt: u64,
    state: String,
    url: Option<String>,
}

/// The issues that were seen, and the steps that are followed, in the order of the lines.
pub(super) fn issues(lines: &[LineReport]) -> Vec<Issue> {
    let mut issues: Vec<Issue> = lines
        .iter()
        .filter(|line| line.tracking.issue.is_some() || !line.tracking.steps.is_empty())
        .map(|line| {
            let issue = line.tracking.issue.as_ref();
            let steps = &line.tracking.steps;
            Issue {
                package: plain(&line.package),
                line: (line.line != "main").then(|| plain(&line.line)),
                number: issue.map(|issue| issue.number),
                title: issue.map(|issue| plain(&issue.title)).unwrap_or_default(),
                url: issue.and_then(|issue| link(&issue.url)),
                is_open: issue.is_some_and(|issue| issue.is_open),
                steps: steps.iter().take(STEPS).map(step).collect(),
                steps_hidden: steps.len().saturating_sub(STEPS),
            }
        })
        .collect();
    // Open ones first, otherwise as they are configured.
    issues.sort_by_key(|issue| !issue.is_open);
    issues
}

fn step(step: &StepView) -> Step {
    Step {
        name: plain(&step.name),
        target: plain(&step.target),
        is_proven: step.is_proven,
        sentence: plain(&step.sentence),
        runs: step
            .runs
            .iter()
            .rev()
            .take(RUNS)
            .map(|run| Run {
                id: run.id,
                attempt: run.attempt,
                state: plain(&run.state.replace('_', " ")),
                url: link(&run.url),
            })
            .collect(),
    }
}

#[derive(Serialize)]
pub(super) struct Past {
    at: Moment,
    since: Option<Moment>,
    times: u32,
    scope: String,
    what: String,
    class: &'static str,
    state: String,
    cause: String,
    detail: String,
    url: Option<String>,
}

/// What was done last, by whatever process.
pub(super) fn actions(view: &View<'_>) -> Vec<Past> {
    let recent = view.watcher.recent.iter().take(ACTIONS);
    recent.map(|one| past(one, view)).collect()
}

fn past(action: &PastAction, view: &View<'_>) -> Past {
    Past {
        at: Moment::of(action.last_at, view.now),
        since: (action.times > 1).then(|| Moment::of(action.first_at, view.now)),
        times: action.times,
        scope: plain(action.scope.trim_end_matches("/main")),
        what: plain(&action.words()),
        class: match action.state.as_str() {
            "done" => "good",
            "failed" => "bad",
            "skipped" => "soft",
            _ => "warn",
        },
        state: plain(&action.state.replace('-', " ")),
        cause: plain(&action.cause),
        detail: plain(&action.detail),
        url: action.url.as_deref().and_then(link),
    }
}

#[derive(Serialize)]
pub(super) struct Feed {
    name: String,
    is_up: bool,
    state: &'static str,
    facts: String,
    error: Option<String>,
    last_good: Option<Moment>,
}

/// Whom is listened to, and whether they answer: OpenSSL's feeds and the package index.
pub(super) fn feeds(view: &View<'_>) -> Vec<Feed> {
    let Some(report) = view.report else {
        return Vec::new();
    };
    let today = view.now.date_naive();
    let mut feeds: Vec<Feed> = report
        .feeds
        .iter()
        .map(|feed| Feed {
            name: format!("OpenSSL {}", of_feeds::name(feed)),
            is_up: !feed.is_down,
            state: if feed.is_down { "down" } else { "answers" },
            facts: of_feeds::place(feed, today),
            error: error(&report.feeds, feed),
            last_good: view
                .watcher
                .feeds_good
                .get(feed.name)
                .map(|good| Moment::of(*good, view.now)),
        })
        .collect();
    let silent: Vec<&LineReport> = report
        .lines
        .iter()
        .filter(|line| line.is_unanswered())
        .collect();
    if !report.lines.is_empty() {
        let answered = report.lines.len().saturating_sub(silent.len());
        let why = silent
            .iter()
            .flat_map(|line| &line.decision.reasons)
            .find(|reason| reason.code == ReasonCode::IndexUnavailable)
            .map(|reason| plain(&reason.message));
        feeds.push(Feed {
            name: "package index".to_owned(),
            is_up: silent.is_empty(),
            state: match (silent.len(), answered) {
                (0, _) => "answers",
                (_, 0) => "down",
                _ => "answers in part",
            },
            facts: format!("answered for {answered} of {} lines", report.lines.len()),
            error: why,
            last_good: None,
        });
    }
    feeds.extend(
        view.watcher
            .budgets
            .iter()
            .map(|(api, left)| api_of(api, left, view)),
    );
    feeds
}

/// Why a feed has no newer facts; what was said of another one already is not said again.
fn error(all: &[FeedReport], feed: &FeedReport) -> Option<String> {
    let error = feed.error.as_deref()?;
    let first = all
        .iter()
        .find(|other| of_feeds::cause(other) == of_feeds::cause(feed));
    Some(match first {
        Some(first) if first.name != feed.name => {
            format!("for the same reason as {}", of_feeds::name(first))
        }
        _ => plain(error),
    })
}

/// What is left of an API's rate limit.
fn api_of(api: &str, left: &RateLimit, view: &View<'_>) -> Feed {
    let reset = i64::try_from(left.reset).ok();
    let reset = reset.and_then(|reset| DateTime::from_timestamp(reset, 0));
    let more = reset.map_or_else(String::new, |reset| {
        format!("; more of them {}", Moment::of(reset, view.now).relative())
    });
    Feed {
        name: match api {
            "openssl" => "GitHub, for OpenSSL".to_owned(),
            "github" => "GitHub, for the projects".to_owned(),
            other => other.to_owned(),
        },
        is_up: left.remaining > 0,
        state: match left.remaining {
            0 => "no requests left",
            _ => "answers",
        },
        facts: format!("{} requests are left{more}", left.remaining),
        error: None,
        last_good: None,
    }
}
