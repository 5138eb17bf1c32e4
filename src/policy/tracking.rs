//! The tracking issue of a line: what it is about, whether it may be closed, and which of the issues
//! that were found it is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{CoverageKey, WheelName};

use super::decide::Decision;
use super::event::Event;
use super::reason::ReasonCode;
use super::settings::Settings;
use super::status::Status;
use super::target::Target;
use super::wheel::{FindingVerdict, WheelVerdict};

/// What a tracking issue is about. A person who closed it has answered exactly this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The events that ask for it.
    pub events: BTreeSet<Event>,
    /// The targets: `3.5.9`, or `1.1.1 ended, at least 1.1.1w`.
    pub targets: BTreeSet<String>,
}

impl Cause {
    /// What a decision asks an issue for.
    pub fn of(decision: &Decision) -> Self {
        Self {
            events: decision.tracked.iter().copied().collect(),
            targets: decision.targets.iter().map(target).collect(),
        }
    }
}

fn target(target: &Target) -> String {
    match (&target.version, &target.minimum) {
        (Some(version), _) => version.to_string(),
        (None, Some(minimum)) => format!("{} ended, at least {minimum}", target.series),
        (None, None) => format!("{} ended", target.series),
    }
}

/// Whether a tracking issue is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Events ask for it.
    Wanted,
    /// Nothing asks for it, and what is published proves that every reason is gone.
    Settled,
    /// Nothing asks for a new one, and what stands here keeps one that is open from being closed.
    Unproven(Vec<String>),
}

/// What an open issue remembers of the reasons that opened it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Every event that it was ever about.
    pub events: BTreeSet<Event>,
    /// The coverage keys whose wheels were judged when it was opened.
    pub coverage: BTreeSet<CoverageKey>,
}

/// Whether an issue is wanted, and else whether the published wheels prove that the reasons which
/// opened it are gone. A finding that was accepted on purpose is still there: it proves nothing.
pub fn standing(decision: &Decision, opened: &Opened, settings: &Settings) -> Standing {
    if !decision.tracked.is_empty() {
        return Standing::Wanted;
    }
    let mut unproven = Vec::new();
    if decision.wheels.is_empty() {
        unproven.push("no wheel is published that could prove it".to_owned());
    }
    // Somebody damaged its hidden state: without its reasons nothing proves that they are gone.
    if opened.events.is_empty() {
        unproven.push(
            "the reasons that opened it are not to be read from it any more: close it by hand when \
             they are gone"
                .to_owned(),
        );
    }
    for wheel in &decision.wheels {
        if wheel.is_unclear() {
            unproven.push(format!(
                "what {} carries could not be told",
                wheel.name.file
            ));
        } else if let Some(event) = remains(wheel, &opened.events) {
            unproven.push(format!(
                "{} still gives the reason {event}",
                wheel.name.file
            ));
        }
    }
    for event in &opened.events {
        let is_of_wheels = by_status(*event).is_some();
        if !is_of_wheels && decision.events.contains(event) {
            unproven.push(format!("the reason {event} is still there"));
        }
    }
    for reason in &decision.reasons {
        let holds_back = matches!(
            reason.code,
            ReasonCode::NoWheelsYet
                | ReasonCode::PlatformsArriving
                | ReasonCode::CoverageShrank
                | ReasonCode::FactsTooOld
                | ReasonCode::UnknownSeries
        );
        if holds_back {
            unproven.push(reason.message.clone());
        }
    }
    let covered: BTreeSet<CoverageKey> = decision
        .wheels
        .iter()
        .flat_map(|wheel| WheelName::coverage(&wheel.name))
        .collect();
    let is_for_any = covered.iter().any(|key| key.os == crate::model::Os::Any);
    let gone: Vec<String> = opened
        .coverage
        .difference(&covered)
        .filter(|key| !is_for_any && !settings.dropped_coverage.contains(key))
        .map(ToString::to_string)
        .collect();
    if !gone.is_empty() {
        unproven.push(format!(
            "there were wheels for {} and now there are none; name what was dropped on purpose in \
             `dropped-coverage`",
            gone.join(", ")
        ));
    }
    if decision.is_unclear && unproven.is_empty() {
        unproven.push("not everything could be told".to_owned());
    }
    if unproven.is_empty() {
        Standing::Settled
    } else {
        Standing::Unproven(unproven)
    }
}

/// Whether a finding gives an event; none for events that are of the line as a whole.
pub fn gives(event: Event, finding: &FindingVerdict) -> Option<bool> {
    by_status(event).map(|test| test(finding))
}

/// The statuses by which findings give an event; none for what is of the line as a whole.
fn by_status(event: Event) -> Option<fn(&FindingVerdict) -> bool> {
    let test: fn(&FindingVerdict) -> bool = match event {
        Event::Withdrawn => |finding| finding.assessment.status == Status::Withdrawn,
        Event::Security => |finding| {
            finding.assessment.status == Status::Vulnerable
                || finding.assessment.has(ReasonCode::InAffectedRange)
                || finding.assessment.has(ReasonCode::AdvisoriesPending)
        },
        Event::Exposed => |finding| {
            finding.assessment.status == Status::Exposed || finding.assessment.is_exposed_for_good()
        },
        Event::EndOfLife => |finding| finding.assessment.has(ReasonCode::EndOfLife),
        Event::BugFix => |finding| finding.assessment.has(ReasonCode::NewerRelease),
        _ => return None,
    };
    Some(test)
}

/// The first of the events that a wheel still gives.
fn remains(wheel: &WheelVerdict, events: &BTreeSet<Event>) -> Option<Event> {
    events
        .iter()
        .copied()
        .find(|event| by_status(*event).is_some_and(|gives| wheel.findings.iter().any(gives)))
}

/// One issue that has the line's marker and a trusted author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundIssue {
    /// Its number.
    pub number: u64,
    /// Whether it is open, and else who closed it.
    pub state: FoundState,
    /// What it was about, where its hidden state can be read.
    pub cause: Option<Cause>,
    /// Whether we closed it once because the reasons were gone: then a person opened it again.
    pub was_settled: bool,
}

/// Whether an issue is open, and else who closed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundState {
    /// It is open.
    Open,
    /// We closed it: the reasons were gone.
    ClosedByProof,
    /// We closed it: there was another one.
    ClosedAsDuplicate,
    /// A program closed it that is not a watcher, such as one that closes what is old.
    ClosedByBot,
    /// A person closed it.
    ClosedByPerson,
}

/// What is to be done with the issues of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuePlan {
    /// What is to be done with the one issue.
    pub step: IssueStep,
    /// Open ones besides it, to be closed as duplicates of it.
    pub duplicates: Vec<u64>,
}

/// What is to be done with the one issue of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueStep {
    /// There is none, and none is wanted.
    Nothing,
    /// A new one, after an earlier one where there was one.
    Create {
        /// The newest earlier one.
        after: Option<u64>,
    },
    /// It stays open and says what is known now.
    Keep(u64),
    /// It was closed by a program and is opened again.
    Reopen(u64),
    /// Its reasons are gone: it is closed.
    Close(u64),
    /// A person opened it again after it was settled: it is theirs until something changes.
    LeaveOpen(u64),
    /// A person closed it: it stays closed until targets or events change.
    LeaveClosed(u64),
}

/// Which of the found issues is the one, and what is to be done. Of several open ones the lowest
/// number stands.
pub fn plan(found: &[FoundIssue], standing: &Standing, cause: &Cause) -> IssuePlan {
    let mut open: Vec<&FoundIssue> = found
        .iter()
        .filter(|issue| issue.state == FoundState::Open)
        .collect();
    open.sort_by_key(|issue| issue.number);
    if let Some((first, others)) = open.split_first() {
        let number = first.number;
        let step = match standing {
            Standing::Settled if first.was_settled => IssueStep::LeaveOpen(number),
            Standing::Settled => IssueStep::Close(number),
            Standing::Wanted | Standing::Unproven(_) => IssueStep::Keep(number),
        };
        return IssuePlan {
            step,
            duplicates: others.iter().map(|issue| issue.number).collect(),
        };
    }
    let newest = found
        .iter()
        .filter(|issue| issue.state != FoundState::ClosedAsDuplicate)
        .max_by_key(|issue| issue.number);
    let step = match (standing, newest) {
        (Standing::Settled | Standing::Unproven(_), _) => IssueStep::Nothing,
        (Standing::Wanted, None) => IssueStep::Create { after: None },
        (Standing::Wanted, Some(newest)) => match newest.state {
            FoundState::ClosedByBot => IssueStep::Reopen(newest.number),
            FoundState::ClosedByPerson if newest.cause.as_ref() == Some(cause) => {
                IssueStep::LeaveClosed(newest.number)
            }
            _ => IssueStep::Create {
                after: Some(newest.number),
            },
        },
    };
    IssuePlan {
        step,
        duplicates: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
