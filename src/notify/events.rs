//! The events of a line, each with what caused it, so that the same event with another cause is
//! another one.

use crate::config::Occasion;
use crate::policy::tracking::gives;
use crate::policy::{Event, FindingVerdict, ReasonCode, Target};
use crate::report::{ActionKind, LineReport};
use crate::source::Sha256Sum;

use super::happening::{Happening, Item, Openssl, sentence};
use super::message::address;

/// How many advisories and versions a text names.
const NAMED: usize = 6;

/// The events of a line.
pub(super) fn of(line: &LineReport) -> Vec<Happening> {
    let events = line.decision.events.iter();
    events.flat_map(|event| of_event(line, *event)).collect()
}

/// What is said of every line: which it is, and where its tracking issue is.
pub(super) fn item(line: &LineReport) -> Item {
    let issue = line.actions.iter().find(|action| {
        matches!(
            action.kind,
            ActionKind::OpenIssue | ActionKind::UpdateIssue | ActionKind::ReopenIssue
        ) && action.url.is_some()
    });
    Item {
        package: Some(line.package.clone()),
        line: Some(line.line.clone()),
        version: line.version.as_ref().map(ToString::to_string),
        feed: None,
        text: String::new(),
        url: issue.and_then(|action| address(action.url.as_deref()?)),
    }
}

fn of_event(line: &LineReport, event: Event) -> Vec<Happening> {
    let by_target = by_target(line, |finding| asks(event, finding));
    if !by_target.is_empty() {
        return by_target
            .into_iter()
            .map(|(target, findings)| of_target(line, event, target, &findings))
            .collect();
    }
    let code = reason_of(event);
    let said = line.decision.reasons.iter();
    let said = said.filter(|reason| Some(reason.code) == code);
    let said: Vec<&str> = said.map(|reason| reason.message.as_str()).collect();
    let version = line
        .version
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    // A version's wheels may come one after the other; what is said of them as a whole is told once.
    let cause = match event {
        Event::NewSeries | Event::ReleaseVanished => Sha256Sum::of(said.join("\n").as_bytes()),
        _ => version,
    };
    let text = match said.first() {
        Some(first) => sentence(first),
        None => event.to_string(),
    };
    vec![Happening {
        occasion: Occasion::Event(event),
        key: key(line, event, &cause),
        openssl: None,
        severity: line.decision.severity,
        item: Item { text, ..item(line) },
    }]
}

fn of_target(
    line: &LineReport,
    event: Event,
    target: &Target,
    findings: &[&FindingVerdict],
) -> Happening {
    let openssl = Openssl::of(target);
    let severities = findings.iter().filter_map(|one| one.assessment.severity);
    Happening {
        occasion: Occasion::Event(event),
        key: key(line, event, &openssl.key()),
        severity: severities.max_by_key(|one| (one.weight(), *one)),
        item: Item {
            text: carried(findings),
            ..item(line)
        },
        openssl: Some(openssl),
    }
}

fn key(line: &LineReport, event: Event, cause: &str) -> String {
    format!("event/{event}/{}/{}/{cause}", line.package, line.line)
}

/// "it carries 3.5.4, 3.5.6; CVE-2026-1, CVE-2026-2 and 3 more".
fn carried(findings: &[&FindingVerdict]) -> String {
    let mut versions: Vec<_> = findings.iter().filter_map(|one| one.linked()).collect();
    versions.sort();
    versions.dedup();
    let mut advisories: Vec<&str> = Vec::new();
    for advisory in findings.iter().flat_map(|one| &one.assessment.advisories) {
        if !advisories.contains(&advisory.cve.as_str()) {
            advisories.push(&advisory.cve);
        }
    }
    let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
    let mut text = format!("it carries {}", some(&versions));
    if !advisories.is_empty() {
        text.push_str(&format!("; {}", some(&advisories)));
    }
    sentence(&text)
}

fn some<T: AsRef<str>>(all: &[T]) -> String {
    let named: Vec<&str> = all.iter().map(AsRef::as_ref).take(NAMED).collect();
    match all.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Whether a finding asks for an event.
fn asks(event: Event, finding: &FindingVerdict) -> bool {
    let assessment = &finding.assessment;
    let is_worse = [
        ReasonCode::InAffectedRange,
        ReasonCode::AdvisoriesPending,
        ReasonCode::WithdrawnRelease,
    ]
    .iter()
    .any(|code| assessment.has(*code));
    match event {
        Event::AdvisoriesPending => assessment.has(ReasonCode::AdvisoriesPending),
        Event::BugFix => gives(event, finding) == Some(true) && !is_worse,
        _ => gives(event, finding) == Some(true),
    }
}

/// The targets that findings ask for, each with these findings. A wheel that is followed to another
/// series has no target of its own, so then all of them count.
fn by_target<'a>(
    line: &'a LineReport,
    asks: impl Fn(&FindingVerdict) -> bool,
) -> Vec<(&'a Target, Vec<&'a FindingVerdict>)> {
    let wheels = line.decision.wheels.iter();
    let asking: Vec<&FindingVerdict> = wheels
        .flat_map(|wheel| &wheel.findings)
        .filter(|finding| finding.accepted.is_none() && asks(finding))
        .collect();
    let targets = &line.decision.targets;
    let is_for = |finding: &FindingVerdict, target: &Target| {
        let series = finding.linked().map(|version| version.series());
        let own = series.filter(|series| targets.iter().any(|one| one.series == *series));
        own.is_none_or(|series| series == target.series)
    };
    let with_findings = |target: &'a Target| {
        let own = asking.iter().copied();
        let own: Vec<_> = own.filter(|finding| is_for(finding, target)).collect();
        (!own.is_empty()).then_some((target, own))
    };
    targets.iter().filter_map(with_findings).collect()
}

/// The reason that says an event of the line as a whole.
const fn reason_of(event: Event) -> Option<ReasonCode> {
    match event {
        Event::NewSeries => Some(ReasonCode::NewSeries),
        Event::SbomDisagrees => Some(ReasonCode::SbomDisagrees),
        Event::PlatformsDisagree => Some(ReasonCode::PlatformsDisagree),
        Event::CoverageShrank => Some(ReasonCode::CoverageShrank),
        Event::Unreadable => Some(ReasonCode::Unreadable),
        Event::ReleaseVanished => Some(ReasonCode::ReleaseVanished),
        _ => None,
    }
}
