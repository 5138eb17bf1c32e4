//! Schedules as people write them.

use chrono::Datelike;
use insta::assert_snapshot;
use rstest::rstest;

use super::*;

mod oracle;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn schedule(expression: &str, zone: &str) -> Schedule {
    Schedule::parse(expression, zone).unwrap()
}

/// The next ticks, on the wall and with what the wall is ahead of UTC.
fn ticks(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let schedule = schedule(expression, zone);
    let place: Tz = zone.parse().unwrap();
    let mut moment = at(from);
    let mut found = Vec::new();
    for _ in 0..count {
        moment = schedule.next_after(moment).unwrap();
        found.push(
            moment
                .with_timezone(&place)
                .format("%a %d %b %H:%M:%S %z")
                .to_string(),
        );
    }
    found
}

#[rstest]
// 1 November 2026 is a Sunday.
#[case("*/15 * * * *", "2026-11-01T00:15:00Z")]
#[case("  */15   *  * *\t* ", "2026-11-01T00:15:00Z")]
#[case("5-59/20 * * * *", "2026-11-01T00:05:00Z")]
#[case("5/20 * * * *", "2026-11-01T00:05:00Z")]
#[case("0 0 * * 4/2", "2026-11-05T00:00:00Z")]
#[case("7,3,7 * * * *", "2026-11-01T00:03:00Z")]
#[case("30 * * * * *", "2026-11-01T00:00:30Z")]
#[case("0 0 * * 0", "2026-11-08T00:00:00Z")]
#[case("0 0 * * 7", "2026-11-08T00:00:00Z")]
#[case("0 0 * * 1", "2026-11-02T00:00:00Z")]
#[case("0 0 * * MON", "2026-11-02T00:00:00Z")]
#[case("0 0 * * sat-sun", "2026-11-07T00:00:00Z")]
#[case("0 0 * * 6-7", "2026-11-07T00:00:00Z")]
#[case("0 0 * * mon-fri/2", "2026-11-02T00:00:00Z")]
#[case("0 0 1 Jan *", "2027-01-01T00:00:00Z")]
#[case("0 0 1 feb-apr *", "2027-02-01T00:00:00Z")]
#[case("0 0 31 * *", "2026-12-31T00:00:00Z")]
#[case("0 0 29 2 *", "2028-02-29T00:00:00Z")]
// Day or weekday, when both choose; both, when one begins with `*`.
#[case("0 0 13 * fri", "2026-11-06T00:00:00Z")]
#[case("0 0 3 * fri", "2026-11-03T00:00:00Z")]
#[case("0 0 */2 * fri", "2026-11-13T00:00:00Z")]
#[case("0 0 13 * */5", "2026-11-13T00:00:00Z")]
#[case("0 0 30 2 mon", "2027-02-01T00:00:00Z")]
#[case("@hourly", "2026-11-01T01:00:00Z")]
#[case("@daily", "2026-11-02T00:00:00Z")]
#[case("@midnight", "2026-11-02T00:00:00Z")]
#[case("@weekly", "2026-11-08T00:00:00Z")]
#[case("@Monthly", "2026-12-01T00:00:00Z")]
#[case("@yearly", "2027-01-01T00:00:00Z")]
#[case("@annually", "2027-01-01T00:00:00Z")]
fn the_next_tick(#[case] expression: &str, #[case] expected: &str) {
    let next = schedule(expression, "UTC").next_after(at("2026-11-01T00:00:00Z"));
    assert_eq!(next, Some(at(expected)));
}

#[rstest]
// Berlin: 02:00 becomes 03:00 on 29 March 2026, 03:00 becomes 02:00 on 25 October.
#[case(
    "30 2 * * *",
    "2026-03-28T00:00:00Z",
    "Sat 28 Mar 02:30:00 +0100|Sun 29 Mar 03:00:00 +0200|Mon 30 Mar 02:30:00 +0200"
)]
#[case(
    "*/30 2,3 * * *",
    "2026-03-29T00:00:00Z",
    "Sun 29 Mar 03:00:00 +0200|Sun 29 Mar 03:30:00 +0200|Mon 30 Mar 02:00:00 +0200"
)]
#[case(
    "30 2 * * *",
    "2026-10-24T12:00:00Z",
    "Sun 25 Oct 02:30:00 +0200|Mon 26 Oct 02:30:00 +0100"
)]
#[case(
    "30 1-3 * * *",
    "2026-10-25T00:00:00Z",
    "Sun 25 Oct 02:30:00 +0200|Sun 25 Oct 03:30:00 +0100"
)]
#[case(
    "30 * * * *",
    "2026-03-29T00:00:00Z",
    "Sun 29 Mar 01:30:00 +0100|Sun 29 Mar 03:30:00 +0200"
)]
#[case(
    "30 * * * *",
    "2026-10-25T00:00:00Z",
    "Sun 25 Oct 02:30:00 +0200|Sun 25 Oct 02:30:00 +0100|Sun 25 Oct 03:30:00 +0100"
)]
#[case(
    "0 0-23 * * *",
    "2026-10-24T23:30:00Z",
    "Sun 25 Oct 02:00:00 +0200|Sun 25 Oct 02:00:00 +0100|Sun 25 Oct 03:00:00 +0100"
)]
#[case("59 59 * * * *", "2026-10-25T00:59:59Z", "Sun 25 Oct 02:59:59 +0100")]
fn across_a_change_of_the_clock(
    #[case] expression: &str,
    #[case] from: &str,
    #[case] expected: &str,
) {
    let expected: Vec<&str> = expected.split('|').collect();
    let found = ticks(expression, "Europe/Berlin", from, expected.len());
    assert_eq!(found, expected);
}

#[rstest]
// Half an hour: 02:00 becomes 01:30 on 5 April 2026, 02:00 becomes 02:30 on 4 October.
#[case(
    "45 * * * *",
    "2026-04-04T14:30:00Z",
    "Sun 05 Apr 01:45:00 +1100|Sun 05 Apr 01:45:00 +1030|Sun 05 Apr 02:45:00 +1030"
)]
#[case(
    "45 1 * * *",
    "2026-04-04T14:30:00Z",
    "Sun 05 Apr 01:45:00 +1100|Mon 06 Apr 01:45:00 +1030"
)]
#[case(
    "15 2 * * *",
    "2026-10-03T12:00:00Z",
    "Sun 04 Oct 02:30:00 +1100|Mon 05 Oct 02:15:00 +1100"
)]
fn across_a_change_by_half_an_hour(
    #[case] expression: &str,
    #[case] from: &str,
    #[case] expected: &str,
) {
    let expected: Vec<&str> = expected.split('|').collect();
    let found = ticks(expression, "Australia/Lord_Howe", from, expected.len());
    assert_eq!(found, expected);
}

#[test]
fn what_is_wrong_is_said() {
    let wrong = |expression: &str| Schedule::parse(expression, "UTC").unwrap_err().to_string();
    assert_snapshot!(wrong("* * * *"), @r#"a schedule has five or six fields, such as "*/15 * * * *"; this one has 4"#);
    assert_snapshot!(wrong("61 * * * *"), @r#"the minute field has "61", and its values are whole numbers from 0 to 59"#);
    assert_snapshot!(wrong("* 1,24 * * *"), @r#"the hour field has "24", and its values are whole numbers from 0 to 23"#);
    assert_snapshot!(wrong("* * 0 * *"), @r#"the day-of-month field has "0", and its values are whole numbers from 1 to 31"#);
    assert_snapshot!(wrong("* * * juno *"), @r#"the month field has "juno", and its values are whole numbers from 1 to 12, or jan to dec"#);
    assert_snapshot!(wrong("* * * * 8"), @r#"the weekday field has "8", and its values are whole numbers from 0 to 7, or sun to sat"#);
    assert_snapshot!(wrong("30-10 * * * *"), @r#"the minute field has "30-10", a range that runs backwards: write two, 30-59 and 0-10"#);
    assert_snapshot!(wrong("*/90 * * * *"), @r#"the minute field has "*/90", and a step is a whole number from 1 to 60"#);
    assert_snapshot!(wrong("1,,2 * * * *"), @r#"the minute field has "", an empty place in a list: a comma too many"#);
    assert_snapshot!(wrong("@reboot"), @r#""@reboot" is no schedule; known are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"#);
    assert_snapshot!(wrong("0 0 30 2 *"), @r#"the schedule "0 0 30 2 *" never fires: none of its months has such a day; let the day field name one, such as 28"#);
    let zone = Schedule::parse("@daily", "Mars/Base").unwrap_err();
    assert_snapshot!(zone, @r#""Mars/Base" is no time zone, such as "UTC" or "Europe/Berlin""#);
}

#[rstest]
fn texts_that_mean_nothing(
    #[values(
        "",
        "@",
        "@daily UTC",
        "? * * * *",
        "+5 * * * *",
        "-5 * * * *",
        "5- * * * *",
        "*/0 * * * *",
        "*/ * * * *",
        "*5 * * * *",
        "**/5 * * * *",
        "1-2-3 * * * *",
        "1/2/3 * * * *",
        "60/2 * * * *",
        ", * * * *",
        "99999999999 * * * *",
        "* * L * *",
        "* * * * mon#2",
        "* * 15W * *",
        "mon * * * *",
        "\u{665} * * * *",
        "* * * * * * *",
        "0 0 31 2,4,6,9,11 *",
        "0 0 30 2 */2"
    )]
    text: &str,
) {
    assert!(Schedule::parse(text, "UTC").is_err());
}

#[rstest]
#[case("2026-11-01T00:00:00Z", "2026-11-01T00:14:59Z", false)]
#[case("2026-11-01T00:00:00Z", "2026-11-01T00:15:00Z", true)]
#[case("2026-11-01T00:15:00Z", "2026-11-01T00:15:00Z", false)]
#[case("2026-11-01T00:14:59.999Z", "2026-11-01T00:15:00Z", true)]
#[case("2025-11-01T00:00:00Z", "2026-11-01T00:00:00Z", true)]
#[case("2026-11-01T00:20:00Z", "2026-11-01T00:10:00Z", false)]
fn due(#[case] last: &str, #[case] now: &str, #[case] expected: bool) {
    let schedule = schedule("*/15 * * * *", "UTC");
    assert_eq!(schedule.due_since(at(last), at(now)), expected);
}

#[rstest]
fn the_ends_of_time_are_no_trouble(
    #[values("* * * * *", "0 2 * * *")] expression: &str,
    #[values("UTC", "Europe/Berlin")] zone: &str,
) {
    let schedule = schedule(expression, zone);
    assert_eq!(schedule.next_after(DateTime::<Utc>::MAX_UTC), None);
    assert_eq!(schedule.next_after(at("2101-01-01T00:00:00Z")), None);
    if zone == "UTC" {
        let first = schedule.next_after(at("1900-01-01T00:00:00Z")).unwrap();
        assert_eq!(first.year(), 1970);
    }
    // What matters is that nothing overflows.
    let _ = schedule.next_after(DateTime::<Utc>::MIN_UTC);
}

#[test]
fn it_is_shown_as_it_was_written() {
    let written = schedule("*/15  * * * MON", "Asia/Calcutta");
    assert_eq!(written.to_string(), "*/15  * * * MON Asia/Calcutta");
    assert_eq!(written, written.clone());
    assert_ne!(written, schedule("*/15  * * * MON", "Asia/Kolkata"));
}

#[test]
fn keys_are_spread_and_stay() {
    let most = TimeDelta::seconds(60);
    let spread: Vec<TimeDelta> = (0..200).map(|key| jitter(&key.to_string(), most)).collect();
    assert!(
        spread
            .iter()
            .all(|one| (TimeDelta::zero()..=most).contains(one))
    );
    let early = spread.iter().filter(|one| **one < most / 2).count();
    assert!((70..130).contains(&early), "{early} of 200");
    // The first eight bytes of SHA-256("cryptography"); another value moves everyone's cycles.
    assert_snapshot!(jitter("cryptography", most).num_milliseconds(), @"52593");
    assert_eq!(jitter("a", TimeDelta::zero()), TimeDelta::zero());
    assert_eq!(jitter("a", -most), TimeDelta::zero());
    assert!(jitter("a", TimeDelta::MAX) <= TimeDelta::MAX);
}
