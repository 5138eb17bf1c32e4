//! From days to places.

use chrono::{Datelike, Months, NaiveDate};
use serde::Serialize;

use super::lane::fitting;

/// The whole width, in hundredths of a percent.
pub(super) const WHOLE: i64 = 10_000;

/// How many days are named at most.
const NAMED: u32 = 8;

/// A stretch of time, and its width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
}

/// A day that is named below.
#[derive(Serialize)]
pub(super) struct Tick {
    x: String,
    name: String,
    anchor: &'static str,
    /// Whether there is room for it where the page is narrow.
    is_narrow: bool,
}

impl Axis {
    pub(super) const fn new(from: NaiveDate, to: NaiveDate) -> Self {
        Self { from, to }
    }

    /// Where a day is, in hundredths of a percent.
    pub(super) fn place(&self, day: NaiveDate) -> i64 {
        let length = (self.to - self.from).num_days().max(1);
        let at = (day - self.from).num_days().clamp(0, length);
        at * WHOLE / length
    }

    pub(super) fn holds(&self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// The days that are named: firsts of months or of years.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let months = (self.to - self.from).num_days() / 30;
        let step = [1, 2, 3, 6, 12, 24, 48, 120, 1200]
            .into_iter()
            .find(|step| months <= i64::from(NAMED * step))
            .unwrap_or(1200);
        let is_years = step % 12 == 0;
        // Round years where only some are named.
        let years = i32::try_from(step / 12).unwrap_or(1).max(1);
        let year = self.from.year();
        let mut first = NaiveDate::from_ymd_opt(year - year.rem_euclid(years), 1, 1);
        let mut days = Vec::new();
        while let Some(day) = first.filter(|day| *day <= self.to) {
            if self.holds(day) {
                days.push(day);
            }
            first = day.checked_add_months(Months::new(step));
        }
        let is_short = days.len() < 2;
        if is_short {
            days = vec![self.from, self.to];
        }
        let name = |day: &NaiveDate| match (is_short, is_years) {
            (true, _) => day.to_string(),
            (_, true) => day.format("%Y").to_string(),
            (_, false) => day.format("%b %Y").to_string(),
        };
        let named: Vec<(i64, String)> = days
            .iter()
            .map(|day| (self.place(*day), name(day)))
            .collect();
        let (wide, narrow) = (fitting(&named, false), fitting(&named, true));
        named
            .into_iter()
            .zip(wide)
            .zip(narrow)
            .filter(|((_, is_wide), _)| *is_wide)
            .map(|(((place, name), _), is_narrow)| Tick {
                x: percent(place),
                anchor: anchor(place, &name, false),
                name,
                is_narrow,
            })
            .collect()
    }
}

/// "12.34%".
pub(super) fn percent(place: i64) -> String {
    format!("{}.{:02}%", place / 100, place % 100)
}

/// On which side of its place a name stands, so that it stays within the drawing.
pub(super) fn anchor(place: i64, name: &str, is_narrow: bool) -> &'static str {
    let half = super::lane::width(name, is_narrow) / 2;
    if place < half {
        "start"
    } else if place > WHOLE - half {
        "end"
    } else {
        "middle"
    }
}
