//! Releases that were seen in the list and are gone from it.
//!
//! A list may be wrong for a moment, so a release counts as vanished only when it was asked for by
//! its tag twice, an hour or more apart, and was not there. What that means is for a person to say.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::model::Release;

use super::releases::Listing;

/// How far apart the two questions for a tag are, at least.
const APART: TimeDelta = TimeDelta::hours(1);
/// How many tags are asked for in one round at most.
const ASKED_AT_ONCE: usize = 5;

/// A release that is gone from the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What was known of it while it was there.
    pub release: Release,
    /// When it was first not in the list.
    pub since: DateTime<Utc>,
    /// When it was first asked for by its tag, and was not there.
    pub first_asked: Option<DateTime<Utc>>,
    /// Whether it was asked for a second time, late enough, and was not there either.
    pub confirmed: bool,
}

impl Missing {
    /// The day since which it is gone, once that is sure.
    pub fn vanished(&self) -> Option<NaiveDate> {
        self.confirmed.then(|| self.since.date_naive())
    }
}

/// Releases that are gone, by their tags.
pub type MissingReleases = BTreeMap<String, Missing>;

/// Takes in a new list: what it lacks of `before`, the facts by tag of the last one, is missing;
/// what it has is not.
pub fn note(
    missing: &mut MissingReleases,
    before: &BTreeMap<String, Release>,
    listing: &Listing,
    now: DateTime<Utc>,
) {
    let listed: BTreeSet<&str> = listing
        .releases
        .iter()
        .map(|one| one.tag.as_str())
        .collect();
    missing.retain(|tag, _| !listed.contains(tag.as_str()));
    for (tag, release) in before {
        if !listed.contains(tag.as_str()) {
            missing.entry(tag.clone()).or_insert_with(|| Missing {
                release: release.clone(),
                since: now,
                first_asked: None,
                confirmed: false,
            });
        }
    }
}

/// The tags to ask for now.
pub fn to_ask(missing: &MissingReleases, now: DateTime<Utc>) -> Vec<String> {
    missing
        .iter()
        .filter(|(_, one)| {
            !one.confirmed
                && one
                    .first_asked
                    .is_none_or(|asked| now.signed_duration_since(asked) >= APART)
        })
        .map(|(tag, _)| tag.clone())
        .take(ASKED_AT_ONCE)
        .collect()
}

/// Takes in the answer for a tag: whether there is such a release.
pub fn answered(missing: &mut MissingReleases, tag: &str, exists: bool, now: DateTime<Utc>) {
    let Some(one) = missing.get_mut(tag) else {
        return;
    };
    match (exists, one.first_asked) {
        // It is there after all, and the list is wrong: everything begins anew.
        (true, _) => one.first_asked = None,
        (false, None) => one.first_asked = Some(now),
        (false, Some(asked)) => one.confirmed = now.signed_duration_since(asked) >= APART,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::ReleaseKind;

    use super::*;

    const TAG: &str = "openssl-3.0.6";

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::minutes(minute)
    }

    fn missing() -> MissingReleases {
        let release = Release {
            version: "3.0.6".parse().unwrap(),
            date: "2022-10-11".parse().unwrap(),
            kind: ReleaseKind::Security,
            severity: None,
            withdrawn: None,
            vanished: None,
            premium_only: false,
        };
        let mut missing = MissingReleases::new();
        let before = BTreeMap::from([(TAG.to_owned(), release)]);
        note(&mut missing, &before, &Listing::default(), at(0));
        missing
    }

    #[test]
    fn two_questions_an_hour_apart_make_sure() {
        let mut missing = missing();
        assert_eq!(to_ask(&missing, at(0)), [TAG]);
        answered(&mut missing, TAG, false, at(0));
        assert_eq!(to_ask(&missing, at(59)), [""; 0]);
        // Somebody asked too early all the same.
        answered(&mut missing, TAG, false, at(30));
        assert_eq!(missing[TAG].vanished(), None);
        assert_eq!(to_ask(&missing, at(60)), [TAG]);
        answered(&mut missing, TAG, false, at(60));
        assert_eq!(missing[TAG].vanished(), Some(at(0).date_naive()));
        assert_eq!(to_ask(&missing, at(600)), [""; 0]);
    }

    #[test]
    fn a_release_that_is_there_after_all_begins_anew() {
        let mut missing = missing();
        answered(&mut missing, TAG, false, at(0));
        answered(&mut missing, TAG, true, at(60));
        answered(&mut missing, TAG, false, at(61));
        assert_eq!(missing[TAG].vanished(), None);
    }

    #[test]
    fn nobody_is_missing_who_is_listed_again() {
        let mut missing = missing();
        let text = format!(
            r#"[{{"tag_name": "{TAG}", "name": null, "body": null, "draft": false, "prerelease": false,
            "created_at": "2022-10-11T12:00:00Z", "published_at": null, "assets": []}}]"#
        );
        let listing = super::super::releases::read([text.as_bytes()]).unwrap();
        note(&mut missing, &BTreeMap::new(), &listing, at(5));
        assert_eq!(missing, MissingReleases::new());
    }
}
