//! The decision of a line: what is due, and why.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::{OpensslVersion, Series, Severity};

use super::event::Event;
use super::line::{self, LineFacts, Observation};
use super::reason::{Reason, ReasonCode};
use super::settings::{Reaction, Settings};
use super::target::{Target, Targets, targets};
use super::wheel::{WheelVerdict, judge};

/// How much is to be done. The order of the variants is the order of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionKind {
    /// Nothing.
    None,
    /// Something is to be told in reports.
    Inform,
    /// The tracking issue is due.
    Track,
    /// The tracking issue and the steps are due.
    Rebuild,
}

impl DecisionKind {
    /// The word in reports and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Inform => "inform",
            Self::Track => "track",
            Self::Rebuild => "rebuild",
        }
    }
}

/// One thing to do, as decided; who acts turns it into requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlannedAction {
    /// The tracking issue of the line is to be open, with these events and targets.
    OpenIssue,
    /// The steps are to be started for this target.
    StartSteps {
        /// The release to build with.
        target: OpensslVersion,
    },
}

/// What was decided about one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// How much is to be done.
    pub kind: DecisionKind,
    /// The worst severity of the advisories that hold a wheel's version.
    pub severity: Option<Severity>,
    /// Why, in the order of weight.
    pub events: Vec<Event>,
    /// Those of the events that ask for the tracking issue.
    pub tracked: Vec<Event>,
    /// The targets, one per followed series.
    pub targets: Vec<Target>,
    /// The verdicts on the wheels.
    pub wheels: Vec<WheelVerdict>,
    /// What is to be said of the line as a whole.
    pub reasons: Vec<Reason>,
    /// What is to be done.
    pub plan: Vec<PlannedAction>,
    /// Whether something is due.
    pub is_due: bool,
    /// Whether something could not be told.
    pub is_unclear: bool,
}

impl Decision {
    /// The decision with a reason for which not everything could be told: it is never taken for
    /// "all is well", and nothing is closed by it.
    #[must_use]
    pub fn unclear_because(mut self, reason: Reason) -> Self {
        self.reasons.push(reason);
        self.is_unclear = true;
        self.kind = self.kind.max(DecisionKind::Inform);
        self
    }

    /// The decision without an event that is told once and was told before. An event that asks for
    /// the issue is no news, and stays.
    #[must_use]
    pub fn without_told(mut self, event: Event) -> Self {
        if self.tracked.contains(&event) {
            return self;
        }
        self.events.retain(|one| *one != event);
        let is_quiet = self.events.is_empty() && !self.is_unclear;
        if self.kind == DecisionKind::Inform && is_quiet {
            self.kind = DecisionKind::None;
        }
        self
    }
}

/// Decides what is due for one line at that moment.
pub fn decide(facts: &LineFacts<'_>, settings: &Settings, now: DateTime<Utc>) -> Decision {
    let today = now.date_naive();
    let mut wheels: Vec<WheelVerdict> = facts
        .wheels
        .iter()
        .map(|wheel| judge(wheel, facts.openssl, settings, today))
        .collect();
    let linked: BTreeSet<Series> = wheels
        .iter()
        .flat_map(WheelVerdict::linked)
        .map(|version| version.series())
        .collect();
    let mut targets = targets(linked.iter().copied(), facts.openssl, settings, today);
    note_unfollowed(&mut wheels, &targets);
    if !facts.superseded {
        mark_due(&mut targets, &wheels, settings);
    }
    let observation = line::observe(facts, settings, now, &wheels, &targets);
    finish(facts, observation, targets.targets, wheels)
}

/// Says of each wheel that is not of the followed series that it is not.
fn note_unfollowed(wheels: &mut [WheelVerdict], targets: &Targets) {
    for finding in wheels.iter_mut().flat_map(|wheel| &mut wheel.findings) {
        let Some(series) = finding.linked().map(|version| version.series()) else {
            continue;
        };
        if let Some(followed) = targets.followed.get(&series)
            && *followed != series
        {
            finding.assessment.reasons.push(Reason::new(
                ReasonCode::NotInFollowedSeries,
                format!("it is linked to {series}; the project follows {followed}"),
            ));
        }
    }
}

/// Marks the targets that a wheel is due to be built with: something is to be done about what it is
/// linked to, or it is to move to another series; and it does not carry the target already.
fn mark_due(targets: &mut Targets, wheels: &[WheelVerdict], settings: &Settings) {
    let moves_are_due = settings.reaction(Event::NewSeries) >= Reaction::Issue;
    let followed = &targets.followed;
    for target in &mut targets.targets {
        let Some(version) = &target.version else {
            continue;
        };
        target.is_due = wheels.iter().flat_map(|wheel| &wheel.findings).any(|one| {
            let Some(linked) = one.linked().filter(|_| one.accepted.is_none()) else {
                return false;
            };
            let moves = linked.series() != target.series;
            followed.get(&linked.series()) == Some(&target.series)
                && linked != *version
                && (one.is_due() || (moves && moves_are_due))
        });
    }
}

fn finish(
    facts: &LineFacts<'_>,
    observation: Observation,
    targets: Vec<Target>,
    wheels: Vec<WheelVerdict>,
) -> Decision {
    let Observation {
        reactions,
        steps,
        mut reasons,
    } = observation;
    let severity = wheels
        .iter()
        .flat_map(|wheel| &wheel.findings)
        .filter(|finding| finding.accepted.is_none())
        .filter_map(|finding| finding.assessment.severity)
        .max_by_key(|severity| (severity.weight(), *severity));
    if facts.superseded {
        let message = "a newer version of the project has taken its place; nothing is due for it";
        reasons.push(Reason::new(ReasonCode::Superseded, message));
        return Decision {
            kind: DecisionKind::None,
            severity,
            events: reactions.into_keys().collect(),
            tracked: Vec::new(),
            targets,
            wheels,
            reasons,
            plan: Vec::new(),
            is_due: false,
            is_unclear: false,
        };
    }
    let is_due = wheels.iter().any(WheelVerdict::is_due);
    let tracked = reactions
        .iter()
        .filter(|(_, reaction)| **reaction >= Reaction::Issue)
        .map(|(event, _)| *event)
        .collect();
    let facts_too_old = reasons
        .iter()
        .any(|reason| reason.code == ReasonCode::FactsTooOld);
    let is_series_unknown = reasons
        .iter()
        .any(|reason| reason.code == ReasonCode::UnknownSeries);
    let is_unclear =
        facts_too_old || is_series_unknown || wheels.iter().any(WheelVerdict::is_unclear);
    let kind = match reactions.values().max() {
        Some(Reaction::Steps) => DecisionKind::Rebuild,
        Some(Reaction::Issue) => DecisionKind::Track,
        Some(Reaction::Inform) => DecisionKind::Inform,
        None if is_unclear => DecisionKind::Inform,
        None => DecisionKind::None,
    };
    Decision {
        kind,
        severity,
        events: reactions.into_keys().collect(),
        tracked,
        plan: plan(kind, &steps, &targets),
        targets,
        wheels,
        reasons,
        is_due,
        is_unclear,
    }
}

/// The issue first, then the steps of each target that asks for them, the worst severity first.
fn plan(
    kind: DecisionKind,
    steps: &BTreeMap<Series, u8>,
    targets: &[Target],
) -> Vec<PlannedAction> {
    let mut plan = Vec::new();
    if kind >= DecisionKind::Track {
        plan.push(PlannedAction::OpenIssue);
    }
    let mut due: Vec<(u8, OpensslVersion)> = targets
        .iter()
        .filter_map(|target| Some((*steps.get(&target.series)?, target.version.clone()?)))
        .collect();
    due.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    plan.extend(
        due.into_iter()
            .map(|(_, target)| PlannedAction::StartSteps { target }),
    );
    plan
}

#[cfg(test)]
mod tests;
