use proptest::prelude::*;
use rstest::rstest;

use super::axis::WHOLE;
use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn days_have_their_places() {
    let axis = Axis::new(day("2026-01-01"), day("2026-01-11"));
    for (at, place) in [
        ("2026-01-01", 0),
        ("2026-01-02", 1000),
        ("2026-01-11", WHOLE),
        ("2025-01-01", 0),
        ("2027-01-01", WHOLE),
    ] {
        assert_eq!(axis.place(day(at)), place, "{at}");
    }
    // All of it on one day.
    let axis = Axis::new(day("2026-01-01"), day("2026-01-01"));
    assert_eq!(axis.place(day("2026-01-01")), 0);
}

#[rstest]
#[case("2026-10-20", "2026-10-23", &["2026-10-20", "2026-10-23"])]
#[case("2026-08-25", "2026-10-23", &["Sep 2026", "Oct 2026"])]
#[case("2025-04-09", "2026-10-23", &["Jul 2025", "Oct 2025", "Jan 2026", "Apr 2026", "Jul 2026", "Oct 2026"])]
#[case("2019-11-01", "2026-10-23", &["2020", "2021", "2022", "2023", "2024", "2025", "2026"])]
#[case("1998-12-21", "2026-10-23", &["2000", "2004", "2008", "2012", "2016", "2020", "2024"])]
fn few_days_are_named(#[case] from: &str, #[case] to: &str, #[case] names: &[&str]) {
    let ticks = serde_json::to_value(Axis::new(day(from), day(to)).ticks()).unwrap();
    let told: Vec<&str> = ticks
        .as_array()
        .unwrap()
        .iter()
        .map(|tick| tick["name"].as_str().unwrap())
        .collect();
    assert_eq!(told, names);
}

proptest! {
    /// Names never stand in each other, nor outside of the drawing.
    #[test]
    fn names_have_room(
        places in prop::collection::vec((0..=WHOLE, "[0-9.]{1,30}"), 0..40),
        is_narrow: bool,
    ) {
        let fits = lane::fitting(&places, is_narrow);
        let mut taken: Vec<(i64, i64)> = Vec::new();
        for ((place, name), _) in places.iter().zip(fits).filter(|(_, fits)| *fits) {
            let width = lane::width(name, is_narrow);
            let left = match axis::anchor(*place, name, is_narrow) {
                "start" => *place,
                "end" => place - width,
                _ => place - width / 2,
            };
            prop_assert!(left >= 0 && left + width <= WHOLE);
            for (from, to) in &taken {
                prop_assert!(left + width < *from || left > *to);
            }
            taken.push((left, left + width));
        }
    }
}
