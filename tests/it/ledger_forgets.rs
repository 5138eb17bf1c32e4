//! What the ledger forgets, and what it never does.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use rewheel::fetch::{PageMemory, RememberedPage};
use rewheel::store::Store;
use rewheel::store::ledger::{Forgotten, Intent, Outcome};
use rusqlite::Connection;
use serde_json::json;
use url::Url;

use crate::support::ledger::{intent, open};

fn day(number: i64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-11-01T12:00:00Z".parse().unwrap();
    first + TimeDelta::days(number)
}

fn page(body: &str) -> RememberedPage {
    RememberedPage {
        url: url("x"),
        content_type: None,
        etag: Some("\"1\"".to_owned()),
        last_modified: None,
        body: body.as_bytes().to_vec(),
    }
}

fn url(name: &str) -> Url {
    Url::parse(&format!("https://index.example/simple/{name}/")).unwrap()
}

#[test]
fn acts_that_are_over_go_and_those_that_may_be_asked_for_stay() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder.path().join("rewheel.db")).unwrap();
    let act = |key: &str, kind: &str, at: i64| Intent {
        key: key.to_owned(),
        kind: kind.to_owned(),
        at: day(at),
        ..intent(key, "demo/main", 1)
    };
    let done = Outcome::Done {
        url: None,
        detail: json!({ "number": 7 }),
    };
    for (key, kind, at, outcome) in [
        ("old", "dispatch", 0, Some(&done)),
        ("old and failed", "comment", 0, Some(&Outcome::Abandoned)),
        ("nobody knows", "dispatch", 0, None),
        ("the issue", "open-issue", 0, Some(&done)),
        ("young", "dispatch", 9, Some(&done)),
    ] {
        ledger.intend(&act(key, kind, at)).unwrap();
        if let Some(outcome) = outcome {
            ledger.conclude(key, outcome, day(at)).unwrap();
        }
    }
    let forgotten = ledger.forget(day(5), day(5)).unwrap();
    assert_eq!((forgotten.acts, forgotten.sightings), (2, 0));
    let mut left: Vec<String> = ledger
        .latest_acts(9)
        .unwrap()
        .into_iter()
        .map(|act| act.key)
        .collect();
    left.sort();
    assert_eq!(left, ["nobody knows", "the issue", "young"]);
}

#[test]
fn what_is_used_is_kept_and_what_is_not_goes() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder.path().join("rewheel.db")).unwrap();
    let store = Store::in_ledger(ledger.clone());
    ledger.used_at(day(0));
    for name in ["used", "unused"] {
        store.remember(&url(name), &page(name));
    }
    // Used again within the week: the day is as it was; later it is noted anew.
    for number in [3, 12] {
        ledger.used_at(day(number));
        assert_eq!(store.recall(&url("used")), Some(page("used")));
    }
    let forgotten = ledger.forget(day(0), day(10)).unwrap();
    let expected = Forgotten {
        entries: 1,
        ..Forgotten::default()
    };
    assert_eq!(forgotten, expected);
    assert!(ledger.forget(day(0), day(10)).unwrap().is_nothing());
    assert_eq!(store.recall(&url("unused")), None);
    assert_eq!(store.recall(&url("used")), Some(page("used")));
}

#[test]
fn what_is_seen_all_the_time_is_noted_once_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder.path().join("rewheel.db")).unwrap();
    assert!(ledger.see_daily("a", "1", day(0)).unwrap().is_new);
    let later = day(0) + TimeDelta::hours(5);
    let again = ledger.see_daily("a", "1", later).unwrap();
    assert_eq!(
        (again.is_new, again.before, again.last),
        (false, None, later)
    );
    assert_eq!(
        ledger.seen("a").unwrap().unwrap().last,
        day(0),
        "nothing was written"
    );
    ledger.see_daily("a", "1", day(1)).unwrap();
    assert_eq!(ledger.seen("a").unwrap().unwrap().last, day(1));
    let changed = ledger.see_daily("a", "2", day(1)).unwrap();
    assert_eq!(changed.before.as_deref(), Some("1"));
    assert_eq!(ledger.seen("a").unwrap().unwrap().value, "2");
}

/// A ledger as the first rewheel made it.
fn first_schema(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(include_str!("../../src/store/migrations/1.sql"))
        .unwrap();
    connection
        .execute_batch("PRAGMA application_id = 0x7277686c; PRAGMA user_version = 1")
        .unwrap();
}

#[test]
fn what_an_earlier_rewheel_remembered_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    // What is remembered has the same form in both.
    let new = folder.path().join("new.db");
    let ledger = open(&new).unwrap();
    Store::in_ledger(ledger.clone()).remember(&url("demo"), &page("demo"));
    drop(ledger);
    let old = folder.path().join("old.db");
    first_schema(&old);
    let connection = Connection::open(&old).unwrap();
    connection
        .execute("ATTACH ?1 AS made", [new.to_str().unwrap()])
        .unwrap();
    connection
        .execute_batch(
            "INSERT INTO memory SELECT kind, key, digest, bytes FROM made.memory; DETACH made",
        )
        .unwrap();
    drop(connection);
    let ledger = open(&old).unwrap();
    let store = Store::in_ledger(ledger.clone());
    assert_eq!(store.recall(&url("demo")), Some(page("demo")));
    ledger.intend(&intent("a", "demo/main", 1)).unwrap();
    assert!(
        ledger.forget(day(0), day(0)).unwrap().is_nothing(),
        "it counts as used today"
    );
}
