//! What a project wants: which series it follows and how it reacts to events.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use crate::model::{CoverageKey, Series, Severity};

use super::acceptance::Acceptance;
use super::event::Event;

/// Which series a project's wheels should carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// The one that is linked.
    #[default]
    Series,
    /// The newest supported one, after it has settled.
    Latest,
    /// The newest supported one with long-term support, after it has settled.
    Lts,
    /// This one.
    Named(Series),
}

/// How a project reacts to an event. The order of the variants is the order of weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reaction {
    /// It is told in reports only.
    #[default]
    Inform,
    /// The tracking issue is opened.
    Issue,
    /// The tracking issue is opened and the steps are started.
    Steps,
}

/// The settings of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which series is followed.
    pub follow: Follow,
    /// How long after its first release a new series becomes a target.
    pub series_settle: TimeDelta,
    /// How long before the end of a series' support it is told.
    pub end_of_life_notice: TimeDelta,
    /// How old facts may be for anything to be called current.
    pub maximum_fact_age: TimeDelta,
    /// The lowest severity that starts steps for [`Event::Security`].
    pub steps_severity: Severity,
    /// The coverage keys that the project dropped on purpose.
    pub dropped_coverage: BTreeSet<CoverageKey>,
    /// Findings that are accepted on purpose.
    pub accepted: Vec<Acceptance>,
    /// The reactions; an event without one is told only.
    pub reactions: BTreeMap<Event, Reaction>,
}

impl Default for Settings {
    fn default() -> Self {
        let reactions = [
            Event::Security,
            Event::BugFix,
            Event::Withdrawn,
            Event::EndOfLife,
            Event::Exposed,
        ]
        .map(|event| (event, Reaction::Issue));
        Self {
            follow: Follow::Series,
            series_settle: TimeDelta::days(30),
            end_of_life_notice: TimeDelta::days(60),
            maximum_fact_age: TimeDelta::days(3),
            steps_severity: Severity::Low,
            dropped_coverage: BTreeSet::new(),
            accepted: Vec::new(),
            reactions: BTreeMap::from(reactions),
        }
    }
}

impl Settings {
    /// How the project reacts to an event.
    pub fn reaction(&self, event: Event) -> Reaction {
        self.reactions.get(&event).copied().unwrap_or_default()
    }

    /// Sets how the project reacts to an event.
    #[must_use]
    pub fn with_reaction(mut self, event: Event, reaction: Reaction) -> Self {
        self.reactions.insert(event, reaction);
        self
    }
}
