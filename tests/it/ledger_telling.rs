//! What people were told, in the ledger: all of it or nothing, once, and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use rewheel::cycle::notice;
use rewheel::report::LineReport;
use rewheel::store::ledger::{
    Access, Act, Attempt, Intent, LONGEST_PAUSE, Ledger, LedgerError, NewDelivery, Outcome,
    StateLocation, Telling, Trouble,
};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::support::lines;

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("rewheel.db")
    }

    fn open(&self) -> Ledger {
        self.try_open(Access::Write).unwrap()
    }

    fn try_open(&self, access: Access) -> Result<Ledger, LedgerError> {
        Ledger::open(&StateLocation::File(self.path()), access)
    }
}

fn now() -> DateTime<Utc> {
    "2026-10-23T12:00:00Z".parse().unwrap()
}

fn long_ago() -> DateTime<Utc> {
    now() - TimeDelta::days(400)
}

fn delivery(id: &str) -> NewDelivery {
    NewDelivery {
        id: id.to_owned(),
        receiver: "ops".to_owned(),
        message: json!({ "title": id }),
    }
}

/// Tells this key unless it was told.
fn tell(ledger: &Ledger, key: &str) {
    let key = key.to_owned();
    let told = ledger.tell(now(), Some(long_ago()), move |told| {
        let mut telling = Telling {
            keys: BTreeSet::from([key.clone()]),
            ..Telling::default()
        };
        if !told.keys.contains_key(&key) {
            telling.deliveries.push(delivery(&key));
        }
        telling
    });
    told.unwrap();
}

#[test]
fn many_at_once_tell_a_thing_once() {
    let place = Place::new();
    let ledgers: Vec<Ledger> = (0..4).map(|_| place.open()).collect();
    std::thread::scope(|scope| {
        for ledger in &ledgers {
            scope.spawn(move || (0..20).for_each(|number| tell(ledger, &number.to_string())));
        }
    });
    let all = place.open().deliveries().unwrap();
    assert_eq!(all["ops"].waiting, 20);
}

#[test]
fn it_is_told_as_a_whole_or_not_at_all() {
    let place = Place::new();
    let ledger = place.open();
    let refused = ledger.tell(now(), Some(long_ago()), |_| Telling {
        keys: BTreeSet::from(["a".to_owned()]),
        over: BTreeSet::new(),
        troubles: BTreeMap::new(),
        deliveries: vec![
            delivery("a"),
            NewDelivery {
                message: json!("x".repeat(2 << 20)),
                ..delivery("b")
            },
        ],
    });
    assert!(
        matches!(refused, Err(LedgerError::TooLong { .. })),
        "{refused:?}"
    );
    assert!(ledger.deliveries().unwrap().is_empty());
    tell(&ledger, "a");
    assert_eq!(ledger.deliveries().unwrap()["ops"].waiting, 1);
}

#[test]
fn what_was_told_and_what_fails_comes_back_and_is_forgotten_in_the_end() {
    let place = Place::new();
    let trouble = Trouble {
        failures: 3,
        since: now(),
        is_told: true,
        why: "it is down".to_owned(),
    };
    let known = trouble.clone();
    place
        .open()
        .tell(now(), Some(long_ago()), move |told| {
            assert!(told.keys.is_empty() && told.troubles.is_empty());
            Telling {
                keys: BTreeSet::from(["a".to_owned(), "b".to_owned()]),
                troubles: BTreeMap::from([("feed/x".to_owned(), Some(known))]),
                ..Telling::default()
            }
        })
        .unwrap();
    let later = now() + TimeDelta::days(30);
    place
        .open()
        .tell(later, Some(long_ago()), move |told| {
            assert_eq!(told.troubles["feed/x"], trouble);
            assert_eq!(told.keys.keys().collect::<Vec<_>>(), ["a", "b"]);
            // One of them still holds.
            Telling {
                keys: BTreeSet::from(["b".to_owned()]),
                troubles: BTreeMap::from([("feed/x".to_owned(), None)]),
                ..Telling::default()
            }
        })
        .unwrap();
    let ledger = place.open();
    ledger
        .tell(later, Some(later), |_| Telling::default())
        .unwrap();
    ledger
        .tell(later, Some(later), |told| {
            assert_eq!(told.keys.keys().collect::<Vec<_>>(), ["b"]);
            assert!(told.troubles.is_empty());
            Telling::default()
        })
        .unwrap();
}

#[test]
fn acts_are_handed_over_from_the_first_telling_on() {
    let place = Place::new();
    let ledger = place.open();
    let act = |key: &str, at: DateTime<Utc>| {
        let intent = Intent {
            key: key.to_owned(),
            scope: "demo/main".to_owned(),
            kind: "open-issue".to_owned(),
            detail: json!({}),
            at,
        };
        ledger.intend(&intent).unwrap();
        let done = Outcome::Done {
            url: None,
            detail: json!({}),
        };
        ledger.conclude(key, &done, at).unwrap();
    };
    act("before", now() - TimeDelta::hours(1));
    act("in the first cycle", now() + TimeDelta::seconds(5));
    let handed = |at: DateTime<Utc>| {
        let (sender, receiver) = std::sync::mpsc::channel();
        let told = ledger.tell(at, Some(long_ago()), move |told| {
            let keys = |acts: &[Act]| -> Vec<String> {
                let keys = acts.iter().map(|act| act.key.clone());
                keys.collect()
            };
            sender
                .send((keys(&told.acts), keys(&told.old_acts)))
                .unwrap();
            Telling::default()
        });
        told.unwrap();
        receiver.recv().unwrap()
    };
    let (acts, old) = handed(now());
    assert_eq!(acts, ["in the first cycle"]);
    assert_eq!(old, ["before"], "it is told that they were there before");
    // By a clock that was set back.
    act("with another clock", now() - TimeDelta::days(1));
    act("later", now() + TimeDelta::days(5));
    let (acts, old) = handed(now() + TimeDelta::days(5));
    let all = [
        "with another clock",
        "before",
        "in the first cycle",
        "later",
    ];
    assert_eq!(acts, all);
    assert!(old.is_empty());
    let (much_later, _) = handed(now() + TimeDelta::days(9));
    assert_eq!(much_later, ["later"], "old news are none");
}

#[test]
fn attempts_are_counted_across_processes_and_go_by_their_due_time() {
    let place = Place::new();
    tell(&place.open(), "a");
    tell(&place.open(), "b");
    let first = place.open().attempt("ops", now()).unwrap().unwrap();
    assert_eq!((first.id.as_str(), first.attempts), ("a", 1));
    // The process ended: it is still the first that is due.
    let again = place.open().attempt("ops", now()).unwrap().unwrap();
    assert_eq!((again.id.as_str(), again.attempts), ("a", 2));
    let due = now() + TimeDelta::minutes(2);
    let error = "it answered 500".to_owned();
    let failed = Attempt::Again { error, due };
    place.open().attempted("a", &failed, now()).unwrap();
    let other = place.open().attempt("ops", now()).unwrap().unwrap();
    assert_eq!(other.id, "b");
    let ledger = place.open();
    ledger.attempted("b", &Attempt::Delivered, now()).unwrap();
    assert_eq!(ledger.attempt("ops", now()).unwrap(), None);
    assert_eq!(ledger.attempt("mail", due).unwrap(), None);
    assert_eq!(ledger.attempt("ops", due).unwrap().unwrap().attempts, 3);
    let all = ledger.deliveries().unwrap();
    assert_eq!((all["ops"].waiting, all["ops"].delivered), (1, 1));
    assert_eq!(all["ops"].next_due, Some(due));
    assert!(matches!(
        ledger.attempted("c", &Attempt::Delivered, now()),
        Err(LedgerError::NotIntended { .. })
    ));
}

/// What is due later than any pause is long was noted by a clock that has been set back since.
#[test]
fn nothing_waits_for_the_time_before_the_clock_was_set_back() {
    let place = Place::new();
    let ledger = place.open();
    tell(&ledger, "a");
    ledger.attempt("ops", now()).unwrap().unwrap();
    let failed = Attempt::Again {
        error: "it answered 500".to_owned(),
        due: now() + LONGEST_PAUSE,
    };
    ledger.attempted("a", &failed, now()).unwrap();
    assert_eq!(ledger.attempt("ops", now()).unwrap(), None);
    let before = now() - TimeDelta::days(2);
    let again = ledger.attempt("ops", before).unwrap().unwrap();
    assert_eq!((again.id.as_str(), again.attempts), ("a", 2));
}

#[test]
fn what_waits_is_bounded() {
    let place = Place::new();
    let ledger = place.open();
    ledger
        .tell(now(), Some(long_ago()), |_| Telling {
            deliveries: (0..510)
                .map(|number| delivery(&number.to_string()))
                .collect(),
            ..Telling::default()
        })
        .unwrap();
    let all = ledger.deliveries().unwrap();
    assert_eq!((all["ops"].waiting, all["ops"].given_up), (500, 10));
}

#[test]
fn a_row_that_is_not_as_it_was_written_is_damage() {
    for change in [
        "UPDATE delivery SET error = 'x'",
        "UPDATE delivery SET outcome = '\"delivered\"'",
        "UPDATE told SET at = '2020-01-01T00:00:00.000000000Z'",
        "UPDATE trouble SET failures = 7",
    ] {
        let place = Place::new();
        let trouble = Trouble {
            failures: 1,
            since: now(),
            is_told: false,
            why: "it is down".to_owned(),
        };
        let told = place
            .open()
            .tell(now(), Some(long_ago()), move |_| Telling {
                keys: BTreeSet::from(["a".to_owned()]),
                over: BTreeSet::new(),
                troubles: BTreeMap::from([("feed/x".to_owned(), Some(trouble))]),
                deliveries: vec![delivery("a")],
            });
        told.unwrap();
        place.try_open(Access::Look).unwrap();
        let connection = Connection::open(place.path()).unwrap();
        assert!(connection.execute(change, []).unwrap() > 0);
        drop(connection);
        let opened = place.try_open(Access::Write);
        assert!(
            matches!(opened, Err(LedgerError::Damaged { .. })),
            "{change}: {opened:?}"
        );
    }
}

#[test]
fn a_ledger_of_an_earlier_rewheel_learns_to_tell() {
    let place = Place::new();
    let connection = Connection::open(place.path()).unwrap();
    connection
        .execute_batch(include_str!("../../src/store/migrations/1.sql"))
        .unwrap();
    connection
        .pragma_update(None, "application_id", 0x7277_686c)
        .unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    drop(connection);
    let looked = place.try_open(Access::Look);
    assert!(
        matches!(looked, Err(LedgerError::OlderSchema { .. })),
        "{looked:?}"
    );
    tell(&place.open(), "a");
    assert_eq!(place.open().deliveries().unwrap()["ops"].waiting, 1);
}

#[test]
fn who_only_looks_tells_nobody() {
    let place = Place::new();
    tell(&place.open(), "a");
    let ledger = place.try_open(Access::Look).unwrap();
    assert_eq!(ledger.deliveries().unwrap()["ops"].waiting, 1);
    let told = ledger.tell(now(), Some(long_ago()), |_| Telling::default());
    assert!(matches!(told, Err(LedgerError::OnlyLooking { .. })));
    assert!(matches!(
        ledger.sending(),
        Err(LedgerError::OnlyLooking { .. })
    ));
}

/// What is told once for all packages is told again of one that had recovered, and falls back.
#[test]
fn a_notice_tells_again_of_a_line_that_falls_back() {
    let place = Place::new();
    let ledger = place.open();
    let facts = lines::facts();
    let carrying = |version| lines::line("demo", [Some(version); 5], &facts);
    let told = |line: &LineReport, are_facts_known| {
        let notices = notice::untold(&ledger, &[line], are_facts_known, now()).unwrap();
        notice::tell(&ledger, &notices, now()).unwrap();
        notices.len()
    };
    let (old, new) = (carrying("3.5.4"), carrying("3.5.9"));
    assert_eq!(told(&old, true), 1);
    assert_eq!(told(&old, true), 0);
    // Where the facts are not those of now, nothing is known to be over.
    assert_eq!(told(&new, false), 0);
    assert_eq!(told(&old, true), 0);
    assert_eq!(told(&new, true), 0);
    assert_eq!(told(&old, true), 1);
}
