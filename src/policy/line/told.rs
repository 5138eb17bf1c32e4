//! What is told of a line and asks for nothing by itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{OpensslVersion, Release, Series};
use crate::policy::event::Event;
use crate::policy::newer;
use crate::policy::reason::{Reason, ReasonCode};
use crate::policy::settings::Reaction;
use crate::policy::target::first_release;
use crate::policy::wheel::WheelVerdict;

use super::Line;

impl Line<'_> {
    /// Events that are only told.
    pub(super) fn told(&mut self) {
        let wheels = self.wheels;
        for (code, event) in [
            (ReasonCode::Unreadable, Event::Unreadable),
            (ReasonCode::SbomDisagrees, Event::SbomDisagrees),
        ] {
            if wheels.iter().any(|wheel| wheel.has(code)) {
                let reaction = self.settings.reaction(event);
                self.raise(event, reaction);
            }
        }
        self.platforms_disagree();
        self.new_series();
        self.vanished();
        self.support_ends_soon();
    }

    fn platforms_disagree(&mut self) {
        let mut by_versions: BTreeMap<Vec<OpensslVersion>, BTreeSet<String>> = BTreeMap::new();
        for wheel in self
            .wheels
            .iter()
            .filter(|wheel| !wheel.linked().is_empty())
        {
            by_versions
                .entry(wheel.linked())
                .or_default()
                .extend(wheel.name.coverage().iter().map(ToString::to_string));
        }
        if by_versions.len() < 2 {
            return;
        }
        let shown: Vec<String> = by_versions
            .into_iter()
            .map(|(versions, platforms)| {
                let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
                let platforms: Vec<String> = platforms.into_iter().collect();
                format!("{} on {}", versions.join(" and "), platforms.join(", "))
            })
            .collect();
        let reaction = self.settings.reaction(Event::PlatformsDisagree);
        self.raise(Event::PlatformsDisagree, reaction);
        self.say(ReasonCode::PlatformsDisagree, shown.join("; "));
    }

    /// The series that are linked and not accepted.
    fn linked(&self) -> BTreeSet<Series> {
        let findings = self.wheels.iter().flat_map(|wheel| &wheel.findings);
        findings
            .filter(|finding| finding.accepted.is_none())
            .filter_map(|finding| Some(finding.linked()?.series()))
            .collect()
    }

    fn new_series(&mut self) {
        let Some(newest_linked) = self.linked().last().copied() else {
            return;
        };
        let openssl = self.facts.openssl;
        let newer: BTreeSet<Series> = openssl
            .releases
            .iter()
            .map(|release| release.version.series())
            .filter(|series| *series > newest_linked)
            .filter(|series| !openssl.life_times.support(*series, self.today).has_ended())
            .collect();
        for series in newer {
            let Some(first) = first_release(openssl, series) else {
                continue;
            };
            self.say(
                ReasonCode::NewSeries,
                format!(
                    "the series {series} began with {} on {}; the newest series of the wheels is \
                     {newest_linked}",
                    first.version, first.date
                ),
            );
            // A series stays newer for years; it is news only until it has settled.
            if self.today.signed_duration_since(first.date) <= self.settings.series_settle {
                // No wheel is to carry it yet, so nothing is built for it.
                let reaction = self.settings.reaction(Event::NewSeries);
                self.raise(Event::NewSeries, reaction.min(Reaction::Issue));
            }
        }
    }

    /// Releases of the linked and followed series that are gone from the list they were in. Whether
    /// that is a withdrawal is not for us to decide, so it is never more than told.
    fn vanished(&mut self) {
        let series: BTreeSet<Series> = self
            .linked()
            .into_iter()
            .chain(self.targets.targets.iter().map(|target| target.series))
            .collect();
        let openssl = self.facts.openssl;
        let gone = |release: &&Release| series.contains(&release.version.series());
        for release in openssl.releases.iter().filter(gone) {
            let Some(since) = release.vanished.filter(|_| release.withdrawn.is_none()) else {
                continue;
            };
            self.say(
                ReasonCode::ReleaseVanished,
                format!(
                    "OpenSSL {} was in the list of releases and is gone from it since {since}; \
                     whether it was withdrawn is for a person to find out",
                    release.version
                ),
            );
            self.raise(Event::ReleaseVanished, Reaction::Inform);
        }
    }

    fn support_ends_soon(&mut self) {
        for series in self.linked() {
            let Some(life_time) = self.facts.openssl.life_times.get(series) else {
                continue;
            };
            let left = life_time.ends.signed_duration_since(self.today);
            if left.num_days() >= 0 && left <= self.settings.end_of_life_notice {
                let message = format!("the support of {series} ends on {}", life_time.ends);
                self.reasons
                    .push(Reason::new(ReasonCode::EndOfLifeSoon, message));
            }
        }
    }

    /// Facts that are too old cannot prove that nothing newer exists.
    pub(super) fn facts_age(&mut self) {
        let as_of = self.facts.openssl.as_of;
        let age = self.today.signed_duration_since(as_of);
        let matters = self.wheels.iter().any(WheelVerdict::carries_openssl);
        if matters && age > self.settings.maximum_fact_age {
            self.say(
                ReasonCode::FactsTooOld,
                format!(
                    "what is known of OpenSSL is of {as_of}, {} days old: a release or an \
                     advisory after that day would not be seen, so \"current\" cannot be vouched for",
                    age.num_days()
                ),
            );
        }
    }

    /// A series that nobody knows is a slip of the pen, or younger than the facts: where wheels are to
    /// go cannot be told, and nothing is done about it but saying so.
    pub(super) fn unknown_series(&mut self) {
        let Some(series) = self.targets.unknown else {
            return;
        };
        let newest = self.facts.openssl.releases.iter().next_back();
        let newest = newest.map_or_else(String::new, |release| {
            format!(", the newest being {}", release.version.series())
        });
        self.say(
            ReasonCode::UnknownSeries,
            format!(
                "`follow` names {series}, a series that OpenSSL is not known to have (as of \
                 {}{newest}): nothing is done until it names another",
                self.facts.openssl.as_of
            ),
        );
        for reaction in self.events.values_mut() {
            *reaction = Reaction::Inform;
        }
    }

    /// Why each newer release is not, or not yet, what the wheels are to carry.
    pub(super) fn newer_releases(&mut self) {
        let told = newer::explain(
            self.wheels,
            self.facts.openssl,
            self.targets,
            self.settings,
            self.today,
        );
        self.reasons.extend(told);
    }
}
