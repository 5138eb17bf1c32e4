//! What is to be said of a line as a whole: the events of its wheels, its platforms, its facts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use pep440_rs::Version;

use crate::model::{CoverageKey, OpensslFacts, Series, Severity};

use super::coverage;
use super::event::Event;
use super::reason::{Reason, ReasonCode};
use super::settings::{Reaction, Settings};
use super::target::Targets;
use super::wheel::{FindingVerdict, WheelFacts, WheelVerdict};

/// What is known of one line of a project.
#[derive(Clone, Debug)]
pub struct LineFacts<'a> {
    /// The project's name, normalized.
    pub package: &'a str,
    /// The line's name, `main` or a specifier.
    pub line: &'a str,
    /// What is known of OpenSSL.
    pub openssl: &'a OpensslFacts,
    /// The version that is judged; none when the line has no wheels at all.
    pub version: Option<&'a Version>,
    /// Its wheels.
    pub wheels: &'a [WheelFacts],
    /// A newer version that has no wheels yet.
    pub awaiting: Option<&'a Version>,
    /// What the version before the judged one covered.
    pub previous_coverage: &'a BTreeSet<CoverageKey>,
    /// When the judged version's first file was uploaded.
    pub first_upload: Option<DateTime<Utc>>,
    /// Whether a newer version has taken its place: then it is looked at, and nothing is due.
    pub superseded: bool,
}

/// Events of a line, each with the reaction it leads to.
pub(super) type Reactions = BTreeMap<Event, Reaction>;

/// What is to be said of a line.
pub(super) struct Observation {
    /// Its events with the reactions to them.
    pub(super) reactions: Reactions,
    /// The followed series whose target the steps are to build with, each with the weight of the
    /// worst severity that asks for it.
    pub(super) steps: BTreeMap<Series, u8>,
    /// Why, and what else is to be said.
    pub(super) reasons: Vec<Reason>,
}

/// Looks at a line as a whole.
pub(super) fn observe(
    facts: &LineFacts<'_>,
    settings: &Settings,
    now: DateTime<Utc>,
    wheels: &[WheelVerdict],
    targets: &Targets,
) -> Observation {
    let mut line = Line {
        facts,
        settings,
        now,
        today: now.date_naive(),
        wheels,
        targets,
        events: BTreeMap::new(),
        steps: BTreeMap::new(),
        reasons: Vec::new(),
    };
    line.publication();
    line.due();
    line.told();
    line.facts_age();
    line.unknown_series();
    line.newer_releases();
    Observation {
        reactions: line.events,
        steps: line.steps,
        reasons: line.reasons,
    }
}

struct Line<'a> {
    facts: &'a LineFacts<'a>,
    settings: &'a Settings,
    now: DateTime<Utc>,
    today: NaiveDate,
    wheels: &'a [WheelVerdict],
    targets: &'a Targets,
    events: Reactions,
    steps: BTreeMap<Series, u8>,
    reasons: Vec<Reason>,
}

impl Line<'_> {
    fn raise(&mut self, event: Event, reaction: Reaction) {
        let known = self.events.entry(event).or_insert(reaction);
        *known = reaction.max(*known);
    }

    fn say(&mut self, code: ReasonCode, message: impl Into<String>) {
        self.reasons.push(Reason::new(code, message));
    }

    /// What is to be said of the version and its platforms.
    fn publication(&mut self) {
        match (self.facts.version, self.facts.awaiting) {
            (None, _) => self.say(
                ReasonCode::NoWheels,
                format!("{} publishes no wheels that count", self.facts.package),
            ),
            (Some(version), Some(newest)) => self.say(
                ReasonCode::NoWheelsYet,
                format!("{newest} has no wheels yet; those of {version} are judged"),
            ),
            (Some(_), None) => {}
        }
        let current: BTreeSet<CoverageKey> = self
            .wheels
            .iter()
            .flat_map(|wheel| wheel.name.coverage())
            .collect();
        let missing = coverage::missing(
            self.facts.previous_coverage,
            &current,
            &self.settings.dropped_coverage,
            self.facts.first_upload,
            self.now,
        );
        for reason in missing {
            if reason.code == ReasonCode::CoverageShrank {
                let reaction = self.settings.reaction(Event::CoverageShrank);
                self.raise(Event::CoverageShrank, reaction);
            }
            self.reasons.push(reason);
        }
    }

    /// Events that findings ask for.
    fn due(&mut self) {
        let wheels = self.wheels;
        for finding in wheels.iter().flat_map(|wheel| &wheel.findings) {
            if finding.accepted.is_some() {
                continue;
            }
            let followed = finding.linked().and_then(|version| {
                let series = version.series();
                self.targets.followed.get(&series).copied()
            });
            let target = followed.filter(|series| self.is_built_for(*series));
            let moves = followed != finding.linked().map(|version| version.series());
            let mut events = events_of(finding, self.facts.openssl);
            if moves && target.is_some() {
                events.push(Event::NewSeries);
            }
            for event in events {
                let mut reaction = self.reaction(event, finding);
                if target.is_none() {
                    // There is nothing to build with, so people have to see to it.
                    reaction = reaction.min(Reaction::Issue);
                }
                self.raise(event, reaction);
                if let (Reaction::Steps, Some(series)) = (reaction, target) {
                    let weight = fixable(finding);
                    let known = self.steps.entry(series).or_insert(weight);
                    *known = weight.max(*known);
                }
            }
        }
    }

    fn is_built_for(&self, series: Series) -> bool {
        let mut targets = self.targets.targets.iter();
        targets.any(|target| target.series == series && target.version.is_some())
    }

    fn reaction(&self, event: Event, finding: &FindingVerdict) -> Reaction {
        let assessment = &finding.assessment;
        match (event, self.settings.reaction(event)) {
            // A release that does not exist yet is never waited for with more than a report.
            (Event::Exposed, _) if !assessment.is_exposed_for_good() => Reaction::Inform,
            (Event::Security, Reaction::Steps) => {
                if fixable(finding) >= self.settings.steps_severity.weight() {
                    Reaction::Steps
                } else {
                    Reaction::Issue
                }
            }
            (_, reaction) => reaction,
        }
    }
}

/// The weight of the worst severity that a build with the target would mend.
fn fixable(finding: &FindingVerdict) -> u8 {
    let severity = finding.assessment.fixable_severity;
    severity.map_or(0, Severity::weight)
}

/// The events of one finding: its status, and what stands behind it.
fn events_of(finding: &FindingVerdict, openssl: &OpensslFacts) -> Vec<Event> {
    let assessment = &finding.assessment;
    let mut events = Vec::new();
    for (code, event) in [
        (ReasonCode::WithdrawnRelease, Event::Withdrawn),
        (ReasonCode::InAffectedRange, Event::Security),
        (ReasonCode::AdvisoriesPending, Event::Security),
        (ReasonCode::AdvisoriesPending, Event::AdvisoriesPending),
        (ReasonCode::PremiumOnly, Event::Exposed),
        (ReasonCode::NoFixInSeries, Event::Exposed),
        (ReasonCode::FixPending, Event::Exposed),
        (ReasonCode::EndOfLife, Event::EndOfLife),
    ] {
        if assessment.has(code) && !events.contains(&event) {
            events.push(event);
        }
    }
    // A newer release that fixes none of the advisories is a bug-fix release to this wheel.
    if assessment.has(ReasonCode::NewerRelease)
        && !assessment.has(ReasonCode::InAffectedRange)
        && !assessment.has(ReasonCode::AdvisoriesPending)
        && !assessment.has(ReasonCode::WithdrawnRelease)
    {
        let newest = finding
            .linked()
            .and_then(|linked| openssl.releases.newest(linked.series()));
        // The first release of a series is a new series even to a wheel that carries a beta of it.
        let begins = newest.is_some_and(|release| release.version.is_first_of_series());
        events.push(if begins {
            Event::NewSeries
        } else {
            Event::BugFix
        });
    }
    events
}

mod told;
