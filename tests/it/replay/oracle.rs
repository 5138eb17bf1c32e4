//! What is to be decided, worked out from the days of releases and what was linked; nothing here
//! uses the policy's own judgement.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rewheel::model::{OpensslVersion, Release, ReleaseKind, Series};
use rewheel::policy::Event;

use super::project::{OPENSSL, Project, Tick};

/// What is due at a tick.
pub struct Expected {
    pub events: BTreeSet<Event>,
}

impl Expected {
    pub fn at(project: &Project, tick: Tick) -> Self {
        let mut events = BTreeSet::new();
        for linked in project.linked(tick) {
            let own = OPENSSL.releases.get(&linked).unwrap();
            let is_withdrawn = own.withdrawn.is_some_and(|day| day <= tick.day);
            if is_withdrawn {
                events.insert(Event::Withdrawn);
            }
            let newer = OPENSSL.releases.iter().filter(|release| {
                release.version.series() == linked.series()
                    && release.version > linked
                    && can_be_had(release, tick.day)
            });
            for release in newer {
                events.insert(event_of(release));
            }
            if has_ended(linked.series(), tick.day) {
                events.insert(Event::EndOfLife);
            }
        }
        // What holds a security fix is no bug-fix release.
        if events.contains(&Event::Security) || events.contains(&Event::Withdrawn) {
            events.remove(&Event::BugFix);
        }
        Self { events }
    }

    pub fn is_due(&self) -> bool {
        !self.events.is_empty()
    }
}

/// What a release means to those who carry the one before it: what OpenSSL itself called it.
pub fn event_of(release: &Release) -> Event {
    match release.kind {
        ReleaseKind::Security => Event::Security,
        _ => Event::BugFix,
    }
}

fn can_be_had(release: &Release, day: NaiveDate) -> bool {
    release.date <= day
        && release.kind != ReleaseKind::PreRelease
        && !release.premium_only
        && release.withdrawn.is_none_or(|withdrawn| withdrawn > day)
}

fn has_ended(series: Series, day: NaiveDate) -> bool {
    let mut life_times = OPENSSL.life_times.iter();
    life_times.any(|one| one.series == series && one.ends < day)
}

/// A release that applied to the project on the day it came out.
#[derive(Debug)]
pub struct Applied {
    pub version: OpensslVersion,
    pub published: NaiveDate,
    kind: ReleaseKind,
    /// The last tick at which it was to be carried and was not.
    last: Tick,
}

impl Applied {
    /// The ticks at which it is to be asked for.
    pub fn ticks(&self) -> Vec<Tick> {
        Tick::between(Tick::morning(self.published), self.last).collect()
    }

    /// Its row in the documentation.
    pub fn row(&self, project: &Project) -> String {
        let kind = match self.kind {
            ReleaseKind::Security => "security",
            _ => "bug-fix",
        };
        let carried = Tick::all()
            .filter(|tick| *tick > self.last)
            .map(|tick| (tick.day, project.newest(tick), project.linked(tick)))
            .find(|(_, _, linked)| linked.iter().all(|linked| *linked >= self.version));
        let end = carried.map_or_else(
            || "- | - | -".to_owned(),
            |(day, newest, linked)| {
                let linked: Vec<String> = linked.iter().map(ToString::to_string).collect();
                let days = (day - self.published).num_days();
                format!("{} | {} | {days}", newest.version, linked.join(", "))
            },
        );
        format!("| {} | {} | {kind} | {end} |", self.version, self.published)
    }
}

/// The releases that applied: final and public, of the series that was linked on the morning of
/// their day, and newer.
pub fn applied(project: &Project) -> Vec<Applied> {
    let first = Tick::all().next().unwrap().day;
    let mut found: Vec<Applied> = OPENSSL
        .releases
        .iter()
        .filter(|release| release.date >= first && can_be_had(release, release.date))
        .filter_map(|release| {
            let needs = |tick: Tick| {
                let linked = project.linked(tick);
                let is_older = |one: &OpensslVersion| {
                    one.series() == release.version.series() && *one < release.version
                };
                let newest = OPENSSL.releases.iter().rfind(|other| {
                    other.version.series() == release.version.series()
                        && can_be_had(other, tick.day)
                });
                linked.iter().any(is_older)
                    && newest.is_some_and(|newest| newest.version == release.version)
            };
            let from = Tick::all().skip_while(|tick| tick.day < release.date);
            let last = from.take_while(|tick| needs(*tick)).last()?;
            Some(Applied {
                version: release.version.clone(),
                published: release.date,
                kind: release.kind,
                last,
            })
        })
        .collect();
    found.sort_by_key(|one| one.published);
    found
}

/// The series that had begun by a day, each with the day of its first final release.
pub fn series_begun(day: NaiveDate) -> impl Iterator<Item = (Series, NaiveDate)> {
    let mut begun = BTreeMap::new();
    for release in OPENSSL.releases.iter() {
        if release.kind == ReleaseKind::Feature && release.date <= day {
            begun
                .entry(release.version.series())
                .or_insert(release.date);
        }
    }
    begun.into_iter()
}

/// Each release since a day with the one that could be had before it, series by series.
pub fn successions(since: NaiveDate) -> impl Iterator<Item = (&'static Release, &'static Release)> {
    OPENSSL.releases.iter().filter_map(move |release| {
        let eve = release.date.pred_opt()?;
        let before = OPENSSL.releases.iter().rfind(|other| {
            other.version.series() == release.version.series()
                && other.version < release.version
                && can_be_had(other, eve)
        })?;
        let counts = release.date >= since && can_be_had(release, release.date);
        counts.then_some((before, release))
    })
}
