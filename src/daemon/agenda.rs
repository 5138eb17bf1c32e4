//! Which projects are looked at when. Pure: moments come from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cycle::soon::Soon;
use crate::schedule::{self, Schedule};

/// How far is looked ahead for the longest pause between two cycles: over a night and a weekend.
const LOOKED_AHEAD: TimeDelta = TimeDelta::days(8);

/// How many cycles are looked ahead at most: one a minute for that long is fewer.
const MOST_CYCLES: usize = 12_000;

/// When cycles begin.
#[derive(Clone, Debug)]
pub struct Timing {
    /// The schedule of each project, by its package.
    pub projects: BTreeMap<String, Arc<Schedule>>,
    /// How much later than the schedule says a cycle may begin.
    pub jitter: TimeDelta,
    /// What makes this process's share of the jitter its own.
    pub key: String,
    /// How soon the next cycle begins while something is in flux.
    pub hot_interval: Option<TimeDelta>,
}

impl Timing {
    /// When a schedule comes after this moment; where it never does, in a year.
    fn next_after(&self, schedule: &Schedule, moment: DateTime<Utc>) -> DateTime<Utc> {
        let jitter = schedule::jitter(&self.key, self.jitter);
        // The tick by which this moment came was as much earlier: a jitter that is longer than the
        // pause between two ticks must not swallow any.
        let tick = schedule.next_after(moment - jitter);
        tick.unwrap_or(moment + TimeDelta::days(365)) + jitter
    }

    /// The longest pause between two cycles that the schedules leave from now on.
    pub fn longest_pause(&self, now: DateTime<Utc>) -> TimeDelta {
        // Of many projects that share a schedule one tells as much as all.
        let mut known = BTreeSet::new();
        let mut distinct = self.clone();
        distinct
            .projects
            .retain(|_, schedule| known.insert(Arc::as_ptr(schedule)));
        let mut agenda = Agenda::new(distinct, now);
        let (mut longest, mut at) = (TimeDelta::zero(), now);
        for _ in 0..MOST_CYCLES {
            if at - now > LOOKED_AHEAD {
                break;
            }
            let due = agenda.due(at);
            agenda.ended(&due, at, &Soon::default(), TimeDelta::zero());
            let Some(next) = agenda.next() else { break };
            longest = longest.max(next - at);
            at = next;
        }
        longest
    }
}

/// How old the last good cycle may be: one may be missed.
pub fn ready_within(timing: &Timing, now: DateTime<Utc>) -> TimeDelta {
    timing.longest_pause(now) * 2 + timing.jitter + TimeDelta::minutes(15)
}

/// What is due in one cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The packages of the projects that are looked at.
    pub packages: BTreeSet<String>,
    /// Whether OpenSSL's facts are asked for the sake of all projects: when they have changed, all
    /// are judged anew by what was seen of them.
    pub facts: bool,
}

impl Due {
    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && !self.facts
    }
}

/// When each project is due next.
#[derive(Clone, Debug)]
pub struct Agenda {
    timing: Timing,
    entries: BTreeMap<String, Entry>,
    facts: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// By its schedule.
    tick: DateTime<Utc>,
    /// Before that, because it is in flux.
    sooner: Option<DateTime<Utc>>,
}

impl Agenda {
    /// Every project is due now.
    pub fn new(timing: Timing, now: DateTime<Utc>) -> Self {
        let entry = Entry {
            tick: now,
            sooner: None,
        };
        let packages = timing.projects.keys();
        Self {
            entries: packages.map(|package| (package.clone(), entry)).collect(),
            timing,
            facts: None,
        }
    }

    /// When the next cycle begins; none when there is no project.
    pub fn next(&self) -> Option<DateTime<Utc>> {
        let of = |entry: &Entry| entry.sooner.map_or(entry.tick, |at| at.min(entry.tick));
        self.entries.values().map(of).chain(self.facts).min()
    }

    /// What is due at this moment.
    pub fn due(&self, now: DateTime<Utc>) -> Due {
        let is_due = |at: DateTime<Utc>| at <= now;
        let packages = self
            .entries
            .iter()
            .filter(|(_, entry)| is_due(entry.tick) || entry.sooner.is_some_and(is_due));
        Due {
            packages: packages.map(|(package, _)| package.clone()).collect(),
            facts: self.facts.is_some_and(is_due),
        }
    }

    /// Everything.
    pub fn everything(&self) -> Due {
        Due {
            packages: self.entries.keys().cloned().collect(),
            facts: true,
        }
    }

    /// A cycle that began then is over. Ticks that fell into it are made up for: they count from
    /// its beginning. What is in flux comes sooner, but not before `pace` allows; a project that
    /// was judged without being due may be, too.
    pub fn ended(&mut self, due: &Due, began: DateTime<Utc>, soon: &Soon, pace: TimeDelta) {
        let interval = self.timing.hot_interval;
        let sooner = interval.map(|interval| began + interval.max(pace));
        self.go_on(due, began);
        for (package, entry) in &mut self.entries {
            let sooner = sooner.filter(|_| soon.projects.contains_key(package));
            entry.sooner = match due.packages.contains(package) {
                true => sooner,
                false => earlier(entry.sooner, sooner),
            };
        }
        // Cycles that follow each other more closely than that do not put it off.
        self.facts = match (&soon.release, due.facts) {
            (None, _) => None,
            (Some(_), true) => sooner,
            (Some(_), false) => earlier(self.facts, sooner),
        };
    }

    /// What was due in a cycle that began then is due next by its schedule.
    fn go_on(&mut self, due: &Due, began: DateTime<Utc>) {
        let mut ticks = BTreeMap::new();
        for package in &due.packages {
            let schedule = self.timing.projects.get(package);
            if let (Some(entry), Some(schedule)) = (self.entries.get_mut(package), schedule) {
                let tick = ticks
                    .entry(Arc::as_ptr(schedule))
                    .or_insert_with(|| self.timing.next_after(schedule, began));
                entry.tick = *tick;
            }
        }
    }

    /// The clock was set back to this moment: no tick is to wait for the time that it showed before.
    pub fn set_back(&mut self, now: DateTime<Utc>) {
        for (package, entry) in &mut self.entries {
            if let Some(schedule) = self.timing.projects.get(package) {
                entry.tick = entry.tick.min(self.timing.next_after(schedule, now));
            }
        }
    }

    /// A cycle that began then could not be made. What was in flux still is.
    pub fn failed(&mut self, due: &Due, began: DateTime<Utc>) {
        let interval = self.timing.hot_interval;
        let again = |at: &mut Option<DateTime<Utc>>| {
            let interval = interval.filter(|_| at.is_some_and(|at| at <= began));
            *at = interval.map(|interval| began + interval).or(*at);
        };
        self.go_on(due, began);
        self.entries
            .values_mut()
            .for_each(|entry| again(&mut entry.sooner));
        again(&mut self.facts);
    }
}

fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use crate::cycle::soon::Flux;

    use super::*;

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-11-27T{time}:00Z").parse().unwrap()
    }

    fn timing(schedules: &[(&str, &str)], hot_interval: Option<TimeDelta>) -> Timing {
        let of = |(package, schedule): &(&str, &str)| {
            let schedule = Schedule::parse(schedule, "UTC").unwrap();
            ((*package).to_owned(), Arc::new(schedule))
        };
        Timing {
            projects: schedules.iter().map(of).collect(),
            jitter: TimeDelta::zero(),
            key: "test".to_owned(),
            hot_interval,
        }
    }

    fn packages(due: &Due) -> Vec<&str> {
        due.packages.iter().map(String::as_str).collect()
    }

    /// The cycles until then, each with what is due; nothing is in flux but what is told.
    fn cycles(agenda: &mut Agenda, until: &str, soon: &Soon) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(next) = agenda.next().filter(|next| *next <= at(until)) {
            let due = agenda.due(next);
            let facts = if due.facts { " facts" } else { "" };
            found.push(format!(
                "{} {}{facts}",
                next.format("%H:%M"),
                packages(&due).join("+")
            ));
            agenda.ended(&due, next, soon, TimeDelta::zero());
        }
        found
    }

    #[test]
    fn each_project_comes_by_its_own_schedule() {
        let timing = timing(&[("a", "*/20 * * * *"), ("b", "30 * * * *")], None);
        let mut agenda = Agenda::new(timing, at("10:05"));
        let found = cycles(&mut agenda, "11:00", &Soon::default());
        assert_eq!(
            found,
            ["10:05 a+b", "10:20 a", "10:30 b", "10:40 a", "11:00 a"]
        );
    }

    #[test]
    fn what_is_in_flux_comes_sooner_and_alone() {
        let timing = timing(
            &[("a", "0 * * * *"), ("b", "0 * * * *")],
            Some(TimeDelta::minutes(15)),
        );
        let mut agenda = Agenda::new(timing, at("10:00"));
        let soon = Soon {
            projects: BTreeMap::from([("b".to_owned(), Flux::OpenRuns)]),
            release: None,
        };
        let found = cycles(&mut agenda, "11:15", &soon);
        assert_eq!(
            found,
            [
                "10:00 a+b",
                "10:15 b",
                "10:30 b",
                "10:45 b",
                "11:00 a+b",
                "11:15 b"
            ]
        );
        let found = cycles(&mut agenda, "12:00", &Soon::default());
        assert_eq!(found, ["11:30 b", "12:00 a+b"]);
    }

    #[test]
    fn a_release_without_advisories_asks_for_facts_alone() {
        let timing = timing(&[("a", "0 * * * *")], Some(TimeDelta::minutes(20)));
        let mut agenda = Agenda::new(timing, at("10:00"));
        let soon = Soon {
            projects: BTreeMap::new(),
            release: Some("3.5.10".parse().unwrap()),
        };
        let found = cycles(&mut agenda, "11:00", &soon);
        assert_eq!(
            found,
            ["10:00 a", "10:20  facts", "10:40  facts", "11:00 a facts"]
        );
    }

    #[test]
    fn cycles_of_projects_do_not_put_the_facts_off() {
        let timing = timing(
            &[("a", "*/10 * * * *"), ("b", "5-59/10 * * * *")],
            Some(TimeDelta::minutes(20)),
        );
        let mut agenda = Agenda::new(timing, at("10:00"));
        let soon = Soon {
            projects: BTreeMap::new(),
            release: Some("3.5.10".parse().unwrap()),
        };
        let found = cycles(&mut agenda, "10:40", &soon);
        let facts: Vec<_> = found.iter().filter(|one| one.contains("facts")).collect();
        assert_eq!(facts, ["10:20 a facts", "10:40 a facts"], "{found:?}");
    }

    /// Each cycle is as late as the one before, however long that is.
    #[test]
    fn a_jitter_that_is_longer_than_the_pause_between_two_ticks_swallows_none() {
        let mut timing = timing(&[("a", "*/5 * * * *")], None);
        timing.jitter = TimeDelta::hours(1);
        let mut agenda = Agenda::new(timing, at("10:00"));
        let mut last = None;
        for _ in 0..20 {
            let next = agenda.next().unwrap();
            agenda.ended(&agenda.due(next), next, &Soon::default(), TimeDelta::zero());
            let after = agenda.next().unwrap();
            assert!(
                after > next && after - next <= TimeDelta::minutes(5),
                "{next} {after}"
            );
            last = Some(after);
        }
        assert!(last < Some(at("11:45")));
    }

    #[test]
    fn a_project_that_was_judged_without_being_due_may_be_in_flux() {
        let timing = timing(
            &[("a", "0 * * * *"), ("b", "30 11 * * *")],
            Some(TimeDelta::minutes(5)),
        );
        let mut agenda = Agenda::new(timing, at("10:00"));
        cycles(&mut agenda, "10:00", &Soon::default());
        let soon = Soon {
            projects: BTreeMap::from([("b".to_owned(), Flux::OpenRuns)]),
            release: None,
        };
        let due = agenda.due(at("11:00"));
        agenda.ended(&due, at("11:00"), &soon, TimeDelta::zero());
        let found = cycles(&mut agenda, "11:30", &Soon::default());
        assert_eq!(found, ["11:05 b", "11:30 b"]);
    }

    #[test]
    fn it_can_be_switched_off_and_is_no_faster_than_the_rate_limit_allows() {
        let soon = Soon {
            projects: BTreeMap::from([("a".to_owned(), Flux::Unfinished)]),
            release: None,
        };
        let hourly = [("a", "0 * * * *")];
        let mut agenda = Agenda::new(timing(&hourly, None), at("10:00"));
        assert_eq!(cycles(&mut agenda, "11:00", &soon), ["10:00 a", "11:00 a"]);
        let hot = timing(&hourly, Some(TimeDelta::minutes(5)));
        let mut agenda = Agenda::new(hot, at("10:00"));
        agenda.ended(
            &agenda.due(at("10:00")),
            at("10:00"),
            &soon,
            TimeDelta::minutes(25),
        );
        assert_eq!(agenda.next(), Some(at("10:25")));
    }

    #[test]
    fn the_longest_pause_is_that_of_all_schedules_together() {
        let office = timing(&[("a", "0 9-17 * * *"), ("b", "0 21 * * *")], None);
        assert_eq!(office.longest_pause(at("10:00")), TimeDelta::hours(12));
        // A night of eight hours, of a schedule that has 900 ticks before it.
        let days = timing(&[("a", "* 7-22 * * *")], None);
        assert_eq!(
            days.longest_pause(at("07:30")),
            TimeDelta::minutes(8 * 60 + 1)
        );
        let week = timing(&[("a", "*/5 9-17 * * 1-5")], None);
        let weekend = TimeDelta::hours(63) + TimeDelta::minutes(5);
        assert_eq!(
            week.longest_pause(at("10:00") - TimeDelta::days(4)),
            weekend
        );
        let without = timing(&[], None);
        assert_eq!(without.longest_pause(at("10:00")), TimeDelta::zero());
    }

    #[test]
    fn nobody_waits_for_the_time_before_the_clock_was_set_back() {
        let timing = timing(&[("a", "0 * * * *"), ("b", "30 * * * *")], None);
        let mut agenda = Agenda::new(timing, at("20:00"));
        cycles(&mut agenda, "21:00", &Soon::default());
        agenda.set_back(at("10:05"));
        let found = cycles(&mut agenda, "11:00", &Soon::default());
        assert_eq!(found, ["10:30 b", "11:00 a"]);
    }

    #[test]
    fn what_failed_is_tried_again_by_its_schedule() {
        let mut agenda = Agenda::new(timing(&[("a", "0 * * * *")], None), at("10:05"));
        agenda.failed(&agenda.everything(), at("10:05"));
        assert_eq!(agenda.next(), Some(at("11:00")));
    }

    #[test]
    fn what_was_in_flux_still_is_after_a_cycle_that_failed() {
        let hourly = timing(&[("a", "0 * * * *")], Some(TimeDelta::minutes(5)));
        let mut agenda = Agenda::new(hourly, at("10:05"));
        let soon = Soon {
            projects: BTreeMap::from([("a".to_owned(), Flux::OpenRuns)]),
            release: Some("3.5.10".parse().unwrap()),
        };
        agenda.ended(&agenda.everything(), at("10:05"), &soon, TimeDelta::zero());
        agenda.failed(&agenda.due(at("10:10")), at("10:10"));
        let due = agenda.due(at("10:15"));
        assert_eq!((packages(&due), due.facts), (vec!["a"], true));
        agenda.failed(&due, at("10:15"));
        assert_eq!(agenda.next(), Some(at("10:20")));
    }
}
