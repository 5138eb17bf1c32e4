//! Life times as `data.json` of openssl/release-metadata gives them.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use serde::Deserialize;

use crate::model::{LifeTime, Series};

#[derive(Deserialize)]
struct Entry {
    eol: String,
    #[serde(default)]
    lts: bool,
}

/// Reads the life times. An entry that cannot be read is a warning with its name; the others
/// stand.
///
/// # Errors
/// When the text as a whole is not a JSON object.
pub fn parse(text: &str) -> Result<(Vec<LifeTime>, Vec<String>), serde_json::Error> {
    let entries: BTreeMap<String, serde_json::Value> = serde_json::from_str(text)?;
    let mut warnings = Vec::new();
    let mut life_times = Vec::new();
    for (name, value) in entries {
        let life_time = name.parse::<Series>().ok().and_then(|series| {
            let entry: Entry = serde_json::from_value(value).ok()?;
            Some(LifeTime {
                series,
                ends: last_day(&entry.eol)?,
                lts: entry.lts,
            })
        });
        match life_time {
            Some(life_time) => life_times.push(life_time),
            None => warnings.push(format!("the life time of {name:?} cannot be read")),
        }
    }
    Ok((life_times, warnings))
}

/// The day that a date of `data.json` means: `14 Apr 2026`, or for `Oct 2026` the last day of the
/// month.
fn last_day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%d %b %Y")
        .ok()
        .or_else(|| {
            NaiveDate::parse_from_str(&format!("01 {text}"), "%d %b %Y")
                .ok()?
                .checked_add_months(Months::new(1))?
                .pred_opt()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_means_its_last_day_and_a_broken_entry_hides_no_other() {
        let text = r#"{
            "4.1": {"release": "Oct 2026", "eol": "Nov 2027", "lts": false},
            "3.0": {"release": "07 Sep 2021", "eol": "07 Sep 2026", "lts": true},
            "3.9": {"eol": "some day"},
            "next": {"eol": "Nov 2027"}
        }"#;
        let (life_times, warnings) = parse(text).unwrap();
        let shown: Vec<_> = life_times
            .iter()
            .map(|one| format!("{} {} {}", one.series, one.ends, one.lts))
            .collect();
        assert_eq!(shown, ["3.0 2026-09-07 true", "4.1 2027-11-30 false"]);
        assert_eq!(
            warnings,
            [
                "the life time of \"3.9\" cannot be read",
                "the life time of \"next\" cannot be read"
            ]
        );
    }
}
