//! Random schedules against an oracle that looks at every minute.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDateTime, Offset, TimeZone, Timelike};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError};

use super::*;

/// A field as text, with what it stands for by another reading than the parser's.
type Written = (String, BTreeSet<u32>);

fn item(least: u32, most: u32) -> impl Strategy<Value = Written> {
    prop_oneof![
        3 => Just(("*".to_owned(), (least..=most).collect())),
        1 => (1..=most - least).prop_map(move |step| {
            let values = (least..=most).filter(|value| (value - least).is_multiple_of(step));
            (format!("*/{step}"), values.collect())
        }),
        3 => (least..=most).prop_map(|one| (one.to_string(), BTreeSet::from([one]))),
        1 => (least..=most, least..=most, 1..=4_u32).prop_map(|(a, b, step)| {
            let (first, last) = (a.min(b), a.max(b));
            let values = (first..=last).filter(|value| (value - first).is_multiple_of(step));
            (format!("{first}-{last}/{step}"), values.collect())
        }),
    ]
}

fn field(least: u32, most: u32) -> impl Strategy<Value = Written> {
    prop_oneof![
        4 => item(least, most),
        1 => (item(least, most), item(least, most))
            .prop_map(|(a, b)| (format!("{},{}", a.0, b.0), a.1.union(&b.1).copied().collect())),
    ]
}

/// The hours in which clocks change.
fn early_hours() -> impl Strategy<Value = Written> {
    (0..=3_u32, 0..=2_u32).prop_map(|(first, more)| {
        (
            format!("{first}-{}", first + more),
            (first..=first + more).collect(),
        )
    })
}

fn every_hour() -> impl Strategy<Value = Written> {
    Just(("*".to_owned(), (0..24).collect()))
}

/// What the oracle knows of an expression without seconds.
#[derive(Debug)]
struct Oracle {
    fields: [Written; 5],
}

impl Oracle {
    fn expression(&self) -> String {
        self.fields
            .each_ref()
            .map(|(text, _)| text.as_str())
            .join(" ")
    }

    fn matches(&self, time: NaiveDateTime) -> bool {
        let [minute, hour, day, month, weekday] = &self.fields;
        let number = time.weekday().num_days_from_sunday();
        let is_weekday = weekday.1.contains(&number) || (number == 0 && weekday.1.contains(&7));
        let is_day = day.1.contains(&time.day());
        let chooses = |field: &Written| !field.0.starts_with('*');
        minute.1.contains(&time.minute())
            && hour.1.contains(&time.hour())
            && month.1.contains(&time.month())
            && if chooses(day) && chooses(weekday) {
                is_day || is_weekday
            } else {
                is_day && is_weekday
            }
    }

    /// The first tick after `from` and not after `until`, minute by minute.
    fn next(&self, zone: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let wall = |moment: DateTime<Utc>| {
            let offset = zone.offset_from_utc_datetime(&moment.naive_utc()).fix();
            moment.naive_utc() + TimeDelta::seconds(i64::from(offset.local_minus_utc()))
        };
        let minute = TimeDelta::minutes(1);
        let is_hourly = self.fields[1].1.len() == 24;
        // Three hours before, to know what the wall has shown already.
        let mut moment = from - TimeDelta::hours(3);
        let mut shown = wall(moment);
        while moment < until {
            moment += minute;
            let time = wall(moment);
            let ticks = if is_hourly {
                self.matches(time)
            } else {
                // Every minute that the wall has come to or has jumped over for the first time.
                let mut ticks = false;
                while shown < time {
                    shown += minute;
                    ticks |= self.matches(shown);
                }
                ticks
            };
            if ticks && moment > from {
                return Some(moment);
            }
        }
        None
    }
}

/// Zones, with moments at which their clocks change; or a leap day and the end of a year.
const CHANGES: [(&str, [&str; 2]); 5] = [
    ("UTC", ["2028-02-29T00:00:00Z", "2026-12-31T23:59:00Z"]),
    (
        "Europe/Berlin",
        ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"],
    ),
    (
        "America/New_York",
        ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"],
    ),
    (
        "Australia/Lord_Howe",
        ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"],
    ),
    (
        "Asia/Kolkata",
        ["2028-02-28T18:30:00Z", "2026-12-31T18:30:00Z"],
    ),
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(46),
        ..ProptestConfig::default()
    })]
    #[test]
    fn the_oracle_agrees(
        minute in field(0, 59),
        hour in prop_oneof![field(0, 23), early_hours(), every_hour()],
        day in field(1, 31),
        month in prop_oneof![3 => Just(("*".to_owned(), (1..=12).collect())), 1 => field(1, 12)],
        weekday in field(0, 7),
        (zone, changes) in proptest::sample::select(&CHANGES[..]),
        which in 0..2_usize,
        second in prop_oneof![-2 * 86_400..2 * 86_400_i64, -5_400..5_400_i64],
    ) {
        let oracle = Oracle { fields: [minute, hour, day, month, weekday] };
        let expression = oracle.expression();
        let schedule = match Schedule::parse(&expression, zone) {
            Ok(schedule) => schedule,
            Err(ScheduleError::Never(_)) => return Err(TestCaseError::reject("never fires")),
            Err(error) => return Err(TestCaseError::fail(format!("{expression}: {error}"))),
        };
        let place: Tz = zone.parse().unwrap();
        let from = at(changes[which]) + TimeDelta::seconds(second);
        let from_minute = from - TimeDelta::seconds(from.timestamp().rem_euclid(60));
        let until = from_minute + TimeDelta::days(3);
        let expected = oracle.next(place, from_minute, until);
        let found = schedule.next_after(from).filter(|tick| *tick <= until);
        prop_assert_eq!(found, expected, "{} in {} after {}", expression, zone, from);
        prop_assert_eq!(schedule.due_since(from, until), expected.is_some());
    }
}
