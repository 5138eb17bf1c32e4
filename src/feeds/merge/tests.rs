use crate::feeds::built_in;
use crate::feeds::missing::Missing;
use crate::model::Severity;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

struct Told {
    listing: Option<Listing>,
    missing: MissingReleases,
    withdrawn: BTreeMap<OpensslVersion, NaiveDate>,
    advisories: Option<Vec<Advisory>>,
    premium_only: BTreeSet<OpensslVersion>,
    life_times: Option<Vec<LifeTime>>,
}

impl Told {
    fn nothing() -> Self {
        Self {
            listing: None,
            missing: MissingReleases::new(),
            withdrawn: BTreeMap::new(),
            advisories: None,
            premium_only: BTreeSet::new(),
            life_times: None,
        }
    }

    fn merged(&self) -> OpensslFacts {
        let said = Said {
            listing: self.listing.as_ref(),
            missing: &self.missing,
            withdrawn: &self.withdrawn,
            advisories: self.advisories.as_deref(),
            premium_only: &self.premium_only,
            life_times: self.life_times.as_deref(),
        };
        facts(&built_in::load().unwrap(), &said, day("2026-11-01"))
    }
}

#[test]
fn nothing_said_leaves_what_is_built_in() {
    let built_in = built_in::load().unwrap();
    let merged = Told::nothing().merged();
    assert_eq!(merged.releases, built_in.releases);
    assert_eq!(merged.advisories, built_in.advisories);
    assert_eq!(merged.life_times, built_in.life_times);
    assert_eq!(merged.as_of, day("2026-11-01"));
}

#[test]
fn what_is_said_stands_before_what_is_built_in() {
    let mut advisory = built_in::load().unwrap().advisories[3].clone();
    advisory.severity = Severity::Critical;
    let life_time = LifeTime {
        series: "3.5".parse().unwrap(),
        ends: day("2031-01-01"),
        lts: true,
    };
    let told = Told {
        advisories: Some(vec![advisory.clone()]),
        life_times: Some(vec![life_time.clone()]),
        ..Told::nothing()
    };
    let merged = told.merged();
    let built_in = built_in::load().unwrap();
    assert_eq!(merged.advisories.len(), built_in.advisories.len());
    assert!(merged.advisories.contains(&advisory));
    assert_eq!(merged.life_times.get(life_time.series), Some(&life_time));
    assert_eq!(
        merged.life_times.iter().count(),
        built_in.life_times.iter().count()
    );
}

#[test]
fn a_withdrawal_counts_whoever_told_it() {
    let text = r#"[{"tag_name": "openssl-3.0.6", "name": null, "body": "", "draft": false, "prerelease": false,
        "created_at": "2022-10-11T12:00:00Z", "published_at": null, "assets": []},
        {"tag_name": "openssl-3.5.9", "name": "withdrawn", "body": "", "draft": false, "prerelease": false,
        "created_at": "2026-09-29T12:00:00Z", "published_at": null, "assets": []}]"#;
    let told = Told {
        listing: Some(crate::feeds::releases::read([text.as_bytes()]).unwrap()),
        withdrawn: BTreeMap::from([("3.5.9".parse().unwrap(), day("2026-10-31"))]),
        ..Told::nothing()
    };
    let merged = told.merged();
    let of = |version: &str| {
        merged
            .releases
            .get(&version.parse().unwrap())
            .unwrap()
            .withdrawn
    };
    assert_eq!(of("3.0.6"), Some(day("2022-10-12")));
    assert_eq!(of("3.5.9"), Some(day("2026-10-31")));
}

#[test]
fn a_release_that_is_gone_stays_known() {
    let gone = |version: &str, confirmed: bool| Missing {
        release: Release {
            version: version.parse().unwrap(),
            date: day("2026-10-30"),
            kind: ReleaseKind::BugFix,
            severity: None,
            withdrawn: None,
            vanished: None,
            premium_only: false,
        },
        since: "2026-10-31T12:00:00Z".parse().unwrap(),
        first_asked: None,
        confirmed,
    };
    let told = Told {
        missing: MissingReleases::from([
            ("openssl-3.5.10".to_owned(), gone("3.5.10", false)),
            ("openssl-3.5.9".to_owned(), gone("3.5.9", true)),
            ("openssl-3.0.6".to_owned(), gone("3.0.6", true)),
        ]),
        ..Told::nothing()
    };
    let merged = told.merged();
    let of = |version: &str| {
        merged
            .releases
            .get(&version.parse().unwrap())
            .unwrap()
            .vanished
    };
    assert_eq!(of("3.5.10"), None);
    assert_eq!(of("3.5.9"), Some(day("2026-10-31")));
    assert_eq!(of("3.0.6"), None, "it is known to be withdrawn");
}

#[test]
fn a_fix_that_no_record_names_is_no_release() {
    let told = Told {
        premium_only: BTreeSet::from(["3.0.99".parse().unwrap(), "3.0.23".parse().unwrap()]),
        ..Told::nothing()
    };
    let merged = told.merged();
    assert_eq!(merged.releases.get(&"3.0.99".parse().unwrap()), None);
    assert!(
        merged
            .releases
            .get(&"3.0.23".parse().unwrap())
            .unwrap()
            .premium_only
    );
}
