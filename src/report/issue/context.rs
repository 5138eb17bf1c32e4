//! The values that a template of the tracking issue sees; all of them are safe in Markdown.

use serde::Serialize;

use crate::model::advisory::advisory_url;
use crate::report::printable::markdown;
use crate::report::wording;

use super::body::{Written, task};
use super::detail::Detail;
use super::wheels::{self, Row, cut};
use super::{IssueFacts, StepView, mail};

/// The values.
#[derive(Debug, Serialize)]
pub(super) struct Context {
    package: String,
    line: String,
    version: Option<String>,
    next: Option<String>,
    decision: &'static str,
    severity: Option<&'static str>,
    events: Vec<&'static str>,
    lead: String,
    after: Option<u64>,
    unproven: Vec<String>,
    targets: Vec<Target>,
    reasons: Vec<String>,
    advisories: Vec<Advisory>,
    advisory_count: usize,
    advisories_left_out: usize,
    wheels: Vec<Row>,
    wheel_count: usize,
    wheel_summary: String,
    wheels_left_out: usize,
    has_evidence: bool,
    steps: Vec<Step>,
    tasks: Vec<String>,
    mail: String,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Target {
    series: String,
    version: Option<String>,
    sentence: String,
}

#[derive(Debug, Serialize)]
struct Advisory {
    cve: String,
    url: Option<String>,
    severity: &'static str,
    linked: String,
}

#[derive(Debug, Serialize)]
struct Step {
    name: String,
    target: String,
    platforms: String,
    is_proven: bool,
    sentence: String,
    runs: Vec<Run>,
    failed_jobs: Vec<Job>,
}

#[derive(Debug, Serialize)]
struct Run {
    id: u64,
    url: String,
    attempt: u64,
    state: String,
}

#[derive(Debug, Serialize)]
struct Job {
    name: String,
    url: Option<String>,
}

/// The values for a template, with that much detail.
pub(super) fn of(facts: &IssueFacts<'_>, written: &Written, detail: &Detail) -> Context {
    let line = facts.line;
    let decision = &line.decision;
    // Days are shown as dates: what counts days would change every day.
    let today = chrono::NaiveDate::MIN;
    let (wheels, wheels_left_out) = wheels::rows(decision, today, detail);
    let all_advisories = wording::advisory_rows(decision);
    let shorten = |sentence: &String| markdown(&cut(sentence, detail.text));
    let mut reasons = wording::all_reasons(decision, false);
    reasons.truncate(detail.reasons);
    Context {
        package: markdown(&line.package),
        line: markdown(&line.line),
        version: line
            .version
            .as_ref()
            .map(|version| markdown(&version.to_string())),
        next: facts.next.map(markdown),
        decision: decision.kind.as_str(),
        severity: decision.severity.map(|severity| severity.as_str()),
        events: facts
            .cause
            .events
            .iter()
            .map(|event| event.as_str())
            .collect(),
        lead: lead(facts),
        after: facts.after,
        unproven: facts.unproven.iter().take(10).map(shorten).collect(),
        targets: decision
            .targets
            .iter()
            .map(|target| Target {
                series: target.series.to_string(),
                version: target.version.as_ref().map(ToString::to_string),
                sentence: markdown(&wording::target_sentence(target)),
            })
            .collect(),
        reasons: reasons.iter().map(shorten).collect(),
        advisory_count: all_advisories.len(),
        advisories_left_out: all_advisories.len().saturating_sub(detail.advisories),
        advisories: all_advisories
            .into_iter()
            .take(detail.advisories)
            .map(|row| Advisory {
                url: advisory_url(&row.cve),
                cve: markdown(&row.cve),
                severity: row.severity,
                linked: markdown(&row.linked),
            })
            .collect(),
        wheels,
        wheel_count: decision.wheels.len(),
        wheel_summary: wheels::summary(decision),
        wheels_left_out,
        has_evidence: detail.has_evidence,
        steps: facts
            .steps
            .iter()
            .take(detail.steps)
            .map(|one| step(one, detail))
            .collect(),
        tasks: tasks(facts, written),
        mail: mail::draft(facts),
        notes: facts.notes.iter().take(20).map(shorten).collect(),
    }
}

/// What happened, in a sentence or two.
fn lead(facts: &IssueFacts<'_>) -> String {
    let line = facts.line;
    let version = line
        .version
        .as_ref()
        .map_or_else(String::new, |version| format!(" {version}"));
    let events: Vec<&str> = facts
        .cause
        .events
        .iter()
        .map(|event| event.as_str())
        .collect();
    let why = if events.is_empty() {
        "Nothing is due any more".to_owned()
    } else {
        format!("Reasons: **{}**", events.join(", "))
    };
    let severity = line.decision.severity.map_or_else(String::new, |severity| {
        format!(", worst severity **{severity}**")
    });
    format!(
        "The published wheels of **{}{}** were read, and what is linked into them was held against \
         OpenSSL's releases and advisories. {why}{severity}.",
        markdown(&line.package),
        markdown(&version),
    )
}

fn step(view: &StepView, detail: &Detail) -> Step {
    let text = |text: &str| markdown(&cut(text, detail.text));
    let skipped = view.runs.len().saturating_sub(detail.runs);
    Step {
        name: text(&view.name),
        target: markdown(&view.target),
        platforms: markdown(&view.platforms.join(", ")),
        is_proven: view.is_proven,
        sentence: text(&view.sentence),
        runs: view
            .runs
            .iter()
            .skip(skipped)
            .filter_map(|run| {
                Some(Run {
                    id: run.id,
                    url: address(&run.url)?,
                    attempt: run.attempt,
                    state: text(&run.state),
                })
            })
            .collect(),
        failed_jobs: view
            .failed_jobs
            .iter()
            .take(detail.runs.saturating_mul(4))
            .map(|(name, url)| Job {
                name: text(name),
                url: address(url),
            })
            .collect(),
    }
}

/// An address that can stand in a link of ours: http or https, and nothing that ends the link.
fn address(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    let text = url.to_string();
    let is_plain = text.len() <= 500
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b":/.?=&%-_~+#".contains(&b));
    (is_web && is_plain).then_some(text)
}

/// What people do, in the order in which they do it.
fn tasks(facts: &IssueFacts<'_>, written: &Written) -> Vec<String> {
    let next = facts.next.map_or_else(
        || "the next version".to_owned(),
        |next| format!("**{}**", markdown(next)),
    );
    let mut tasks = vec![
        (
            "changelog",
            "Say in the changelog which OpenSSL the wheels carry".to_owned(),
        ),
        ("release", format!("Release {next}")),
    ];
    // A tick that somebody made stays when the wheels of the next release carry no flaw any more.
    if !wording::advisory_rows(&facts.line.decision).is_empty() || written.is_ticked("advisory") {
        tasks.push((
            "advisory",
            "Publish a security advisory for the versions whose wheels are affected".to_owned(),
        ));
    }
    let list = facts.mailing_list.map_or_else(String::new, |list| {
        format!(" to `{}`", list.replace('`', "'"))
    });
    tasks.push(("announcement", format!("Announce it{list} (draft below)")));
    tasks.push((
        "forward-port",
        "Carry the change to the other maintained branches".to_owned(),
    ));
    tasks
        .into_iter()
        .map(|(name, text)| task(name, &text, written.is_ticked(name)))
        .collect()
}
