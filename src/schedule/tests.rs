use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The next moments, in the zone.
fn coming(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::parse(expression, zone).unwrap();
    let mut moment = at(from);
    let mut found = Vec::new();
    for _ in 0..count {
        moment = schedule.next_after(moment);
        let local = moment.with_timezone(&schedule.zone);
        found.push(local.format("%d %H:%M:%S%z").to_string());
    }
    found
}

#[rstest]
#[case("*/15 * * * *", &["27 10:15:00+0000", "27 10:30:00+0000"])]
#[case("30 5 * * * *", &["27 11:05:30+0000", "27 12:05:30+0000"])]
#[case("@daily", &["28 00:00:00+0000", "29 00:00:00+0000"])]
#[case("0 9-17/4 * * mon-fri", &["27 13:00:00+0000", "27 17:00:00+0000", "30 09:00:00+0000"])]
// 29 November 2026 is a Sunday, by either number.
#[case("0 0 * * 0", &["29 00:00:00+0000", "06 00:00:00+0000"])]
#[case("0 0 * * 7", &["29 00:00:00+0000", "06 00:00:00+0000"])]
#[case("0 0 * * 5-7", &["28 00:00:00+0000", "29 00:00:00+0000", "04 00:00:00+0000"])]
// The first of the month or a Monday; but with a star both must fit.
#[case("0 0 1 * mon", &["30 00:00:00+0000", "01 00:00:00+0000", "07 00:00:00+0000"])]
#[case("0 0 */10 * mon", &["21 00:00:00+0000", "11 00:00:00+0000"])]
fn crontab_means_what_it_means(#[case] expression: &str, #[case] expected: &[&str]) {
    let found = coming(expression, "UTC", "2026-11-27T10:07:00Z", expected.len());
    assert_eq!(found, expected);
}

#[rstest]
// In spring 02:30 is left out, in autumn it comes twice.
#[case("30 2 * * *", "2026-03-28T12:00:00Z", &["29 03:00:00+0200", "30 02:30:00+0200"])]
#[case("30 2 * * *", "2026-10-24T12:00:00Z", &["25 02:30:00+0200", "26 02:30:00+0100"])]
#[case("30 * * * *", "2026-03-29T00:00:00Z", &["29 01:30:00+0100", "29 03:30:00+0200"])]
#[case("30 * * * *", "2026-10-25T00:00:00Z", &["25 02:30:00+0200", "25 02:30:00+0100", "25 03:30:00+0100"])]
#[case("15,45 2 * * *", "2026-03-28T12:00:00Z", &["29 03:00:00+0200", "30 02:15:00+0200"])]
fn the_change_of_the_clocks_neither_drops_nor_doubles(
    #[case] expression: &str,
    #[case] from: &str,
    #[case] expected: &[&str],
) {
    assert_eq!(
        coming(expression, "Europe/Berlin", from, expected.len()),
        expected
    );
}

#[rstest]
#[case(
    "* * * *",
    "UTC",
    "a schedule has five or six fields, such as \"*/15 * * * *\"; this one has 4"
)]
#[case(
    "60 * * * *",
    "UTC",
    "\"60\" is no minute: \"60\" is no number from 0 to 59"
)]
#[case(
    "* * * 13 *",
    "UTC",
    "\"13\" is no month: \"13\" is no number from 1 to 12, nor a name from jan to dec"
)]
#[case(
    "*/0 * * * *",
    "UTC",
    "\"*/0\" is no minute: the step \"0\" is no number above 0"
)]
#[case(
    "9-5 * * * *",
    "UTC",
    "\"9-5\" is no minute: the range \"9-5\" ends before it begins"
)]
#[case(
    "+5 * * * *",
    "UTC",
    "\"+5\" is no minute: \"+5\" is no number from 0 to 59"
)]
#[case(
    "1,,2 * * * *",
    "UTC",
    "\"1,,2\" is no minute: \"\" is no number from 0 to 59"
)]
#[case(
    "0 0 30 2 *",
    "UTC",
    "the schedule \"0 0 30 2 *\" never comes: no such day exists"
)]
#[case(
    "@often",
    "UTC",
    "\"@often\" is no schedule: @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually are"
)]
#[case(
    "* * * * *",
    "Europe/Berlinn",
    "\"Europe/Berlinn\" is no time zone, such as \"UTC\" or \"Europe/Berlin\""
)]
fn what_is_wrong_is_said(#[case] expression: &str, #[case] zone: &str, #[case] sentence: &str) {
    let error = Schedule::parse(expression, zone).unwrap_err();
    assert_eq!(error.to_string(), sentence);
}

#[test]
fn jitter_is_a_share_that_stays() {
    let most = TimeDelta::seconds(30);
    assert_eq!(jitter("a", most), jitter("a", most));
    assert_ne!(jitter("a", most), jitter("b", most));
    assert_eq!(jitter("a", TimeDelta::zero()), TimeDelta::zero());
}

/// The next moment by trying every minute, by the rules as they are told.
fn by_trying(
    fields: &[BTreeSetOf; 4],
    zone: Tz,
    every_hour: bool,
    from: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    use chrono::{Datelike, Timelike};
    let fits = |wall: NaiveDateTime| {
        fields[0].contains(&wall.minute())
            && fields[1].contains(&wall.hour())
            && fields[2].contains(&wall.day())
            && fields[3].contains(&wall.weekday().num_days_from_sunday())
    };
    let local = |moment: DateTime<Utc>| moment.with_timezone(&zone).naive_local();
    let start = from - TimeDelta::seconds(from.timestamp().rem_euclid(60));
    (1..60 * 24 * 40)
        .map(|minutes| start + TimeDelta::minutes(minutes))
        .find(|moment| {
            let wall = local(*moment);
            let before = local(*moment - TimeDelta::minutes(1));
            if every_hour {
                return fits(wall);
            }
            // Minutes that the clock has just left out, and not those that it shows again.
            let skipped =
                (1..(wall - before).num_minutes()).map(|more| before + TimeDelta::minutes(more));
            let first = zone
                .from_local_datetime(&wall)
                .earliest()
                .map(|one| one.to_utc());
            (fits(wall) && first == Some(*moment)) || skipped.into_iter().any(fits)
        })
}

type BTreeSetOf = std::collections::BTreeSet<u32>;

fn some(least: u32, most: u32) -> impl Strategy<Value = BTreeSetOf> {
    prop_oneof![
        1 => Just((least..=most).collect()),
        2 => proptest::collection::btree_set(least..=most, 1..4),
    ]
}

fn text(numbers: &BTreeSetOf, all: usize) -> String {
    if numbers.len() == all {
        return "*".to_owned();
    }
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    texts.join(",")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn it_comes_when_trying_every_minute_says_so(
        minute in some(0, 59),
        hour in some(0, 23),
        weekday in some(0, 6),
        zone in prop_oneof![
            Just("UTC"), Just("Europe/Berlin"), Just("America/New_York"),
            Just("Australia/Lord_Howe"), Just("Asia/Kolkata"),
        ],
        day in prop_oneof![Just("2026-03-07"), Just("2026-03-28"), Just("2026-04-04"),
            Just("2026-10-03"), Just("2026-10-24"), Just("2026-10-31"), Just("2026-07-01")],
        offset in 0_i64..2 * 24 * 60,
    ) {
        let expression = format!("{} {} * * {}", text(&minute, 60), text(&hour, 24), text(&weekday, 7));
        let schedule = Schedule::parse(&expression, zone).unwrap();
        let from = at(&format!("{day}T00:00:30Z")) + TimeDelta::minutes(offset);
        let every_hour = hour.len() == 24;
        let fields = [minute, hour, (1..=31).collect(), weekday];
        let expected = by_trying(&fields, schedule.zone, every_hour, from);
        prop_assert_eq!(Some(schedule.next_after(from)), expected, "{} {} {}", expression, zone, from);
    }
}
