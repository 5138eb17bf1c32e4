//! The ledger: what is noted comes back, in this process and in the next.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use rewheel::model::WheelScan;
use rewheel::scan::Scanned;
use rewheel::store::Store;
use rewheel::store::ledger::{
    Access, Act, Intent, Ledger, LedgerError, Outcome, Seen, StateLocation,
};
use serde_json::json;
use url::Url;

use crate::support::ledger::{files, intent, look, moment, open, state};

fn done(url: &str) -> Outcome {
    Outcome::Done {
        url: Some(url.to_owned()),
        detail: json!({ "number": 7 }),
    }
}

#[test]
fn what_was_seen_comes_back_with_the_value_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let ledger = open(&path).unwrap();
    assert_eq!(ledger.seen("release/3.5").unwrap(), None);

    let first = ledger.see("release/3.5", "3.5.7", moment(1)).unwrap();
    assert!(first.is_new);
    assert_eq!(
        (first.first, first.since, first.last),
        (moment(1), moment(1), moment(1))
    );
    let same = ledger.see("release/3.5", "3.5.7", moment(2)).unwrap();
    assert!(!same.is_new);
    assert_eq!(
        (same.since, same.last, same.before),
        (moment(1), moment(2), None)
    );

    drop(ledger);
    let ledger = open(&path).unwrap();
    let changed = ledger.see("release/3.5", "3.5.8", moment(3)).unwrap();
    assert_eq!(changed.before.as_deref(), Some("3.5.7"));
    assert_eq!((changed.first, changed.since), (moment(1), moment(3)));
    // The clock was set back.
    let earlier = ledger.see("release/3.5", "3.5.8", moment(0)).unwrap();
    assert_eq!((earlier.first, earlier.last), (moment(1), moment(3)));

    assert_eq!(ledger.forget_seen_before(moment(3)).unwrap(), 0);
    assert_eq!(ledger.forget_seen_before(moment(4)).unwrap(), 1);
    assert_eq!(ledger.seen("release/3.5").unwrap(), None);
}

#[test]
fn an_intent_stays_open_until_its_outcome_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let ledger = open(&path).unwrap();
    for (key, scope, seconds) in [
        ("b", "demo/main", 1),
        ("a", "demo/main", 2),
        ("c", "other", 0),
    ] {
        ledger.intend(&intent(key, scope, seconds)).unwrap();
    }
    drop(ledger);

    let ledger = open(&path).unwrap();
    let keys = |acts: Vec<Act>| acts.into_iter().map(|act| act.key).collect::<Vec<_>>();
    assert_eq!(keys(ledger.open_acts("demo/main").unwrap()), ["b", "a"]);
    assert_eq!(keys(ledger.latest_acts(2).unwrap()), ["a", "b"]);
    ledger
        .conclude("b", &done("https://github.example/1"), moment(5))
        .unwrap();
    assert_eq!(keys(ledger.open_acts("demo/main").unwrap()), ["a"]);
    let act = ledger.act("b").unwrap().unwrap();
    assert_eq!(act.outcome, Some(done("https://github.example/1")));
    assert_eq!((act.attempts, act.concluded_at), (1, Some(moment(5))));

    ledger.intend(&intent("b", "demo/main", 9)).unwrap();
    let again = ledger.act("b").unwrap().unwrap();
    assert_eq!(
        (again.attempts, again.outcome, again.concluded_at),
        (2, None, None)
    );
    assert_eq!(again.intended_at, moment(9));
}

#[test]
fn an_outcome_without_an_intent_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder.path().join("rewheel.db")).unwrap();
    let error = ledger
        .conclude("key", &Outcome::Abandoned, moment(1))
        .unwrap_err();
    assert!(matches!(error, LedgerError::NotIntended { .. }), "{error}");
    assert_eq!(ledger.latest_acts(9).unwrap(), []);
}

#[test]
fn one_has_the_right_to_act_until_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let (one, other) = (open(&path).unwrap(), open(&path).unwrap());
    let acting = one.acting().unwrap();
    assert!(acting.is_some());
    assert!(other.acting().unwrap().is_none());
    assert!(one.acting().unwrap().is_none());
    drop(acting);
    assert!(other.acting().unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn two_names_of_one_file_share_the_right_to_act() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let name = folder.path().join("link.db");
    let one = open(&path).unwrap();
    std::os::unix::fs::symlink(&path, &name).unwrap();
    let _acting = one.acting().unwrap().unwrap();
    assert!(open(&name).unwrap().acting().unwrap().is_none());
}

#[test]
fn what_is_kept_nowhere_lasts_as_long_as_the_ledger() {
    let ledger = Ledger::open(&StateLocation::None, Access::Write).unwrap();
    assert!(!ledger.is_kept());
    ledger.intend(&intent("a", "demo/main", 1)).unwrap();
    assert_eq!(ledger.clone().open_acts("demo/main").unwrap().len(), 1);
    assert!(ledger.acting().unwrap().is_some());
    let other = Ledger::open(&StateLocation::None, Access::Write).unwrap();
    assert_eq!(other.act("a").unwrap(), None);
}

#[test]
fn looking_reads_all_and_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let empty = look(&path).unwrap();
    assert_eq!(empty.latest_acts(9).unwrap(), []);
    assert!(empty.see("a", "1", moment(1)).unwrap().is_new);
    assert!(empty.see("a", "1", moment(1)).unwrap().is_new);
    assert_eq!(state(folder.path()), []);

    let ledger = open(&path).unwrap();
    ledger.intend(&intent("a", "demo/main", 1)).unwrap();
    ledger.see("a", "1", moment(1)).unwrap();
    // While it is written, and what is noted stands in the write-ahead log.
    let looked = look(&path).unwrap();
    assert_eq!(looked.act("a").unwrap(), ledger.act("a").unwrap());
    drop(ledger);

    let before = state(folder.path());
    let looked = look(&path).unwrap();
    assert!(looked.is_kept());
    assert_eq!(looked.open_acts("demo/main").unwrap().len(), 1);
    assert_eq!(
        looked.see("a", "2", moment(2)).unwrap().before.as_deref(),
        Some("1")
    );
    for refused in [
        looked.intend(&intent("b", "demo/main", 1)),
        looked.conclude("a", &Outcome::Abandoned, moment(1)),
        looked.forget_seen_before(moment(9)).map(|_| ()),
        looked.acting().map(|_| ()),
    ] {
        assert!(matches!(refused, Err(LedgerError::OnlyLooking { .. })));
    }
    assert_eq!(state(folder.path()), before);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder.path().join("rewheel.db")).unwrap();
    ledger.intend(&intent("a", "demo/main", 1)).unwrap();
    let _acting = ledger.acting().unwrap();
    let mut names = Vec::new();
    for (path, _) in files(folder.path()) {
        assert_eq!(
            path.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{path:?}"
        );
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    let expected = ["", ".acting-lock", ".open-lock", "-shm", "-wal"];
    names.sort();
    let mut expected = expected
        .map(|ending| format!("rewheel.db{ending}"))
        .to_vec();
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn its_debug_form_tells_nothing_that_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&folder.path().join("rewheel.db")).unwrap();
    ledger.see("subject", "value", moment(1)).unwrap();
    assert_eq!(format!("{ledger:?}"), "Ledger { kept: \"in a file\" }");
}

#[test]
fn a_store_remembers_in_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let url = Url::parse("https://files.example/a.whl").unwrap();
    let scanned = Scanned {
        scan: WheelScan::default(),
        tail_only: false,
    };
    let key = "a".repeat(64);
    let store = Store::in_ledger(open(&path).unwrap());
    store.remember_scan(&key, &url, &scanned);
    drop(store);
    assert_eq!(
        Store::in_ledger(open(&path).unwrap())
            .scan(&key, &url)
            .as_ref(),
        Some(&scanned)
    );

    let before = state(folder.path());
    let looking = Store::in_ledger(look(&path).unwrap());
    assert_eq!(looking.scan(&key, &url), Some(scanned.clone()));
    looking.remember_scan(&"b".repeat(64), &url, &scanned);
    assert_eq!(looking.scan(&"b".repeat(64), &url), None);
    assert_eq!(state(folder.path()), before);

    let nowhere = Store::in_ledger(Ledger::open(&StateLocation::None, Access::Write).unwrap());
    nowhere.remember_scan(&key, &url, &scanned);
    assert_eq!(nowhere.scan(&key, &url), None);
}

#[derive(Clone, Debug)]
enum Step {
    See(String, String, u32),
    Forget(u32),
    Intend(Intent),
    Conclude(String, Outcome, u32),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let text = || prop_oneof![Just(String::new()), "[a-c]", "\\PC{0,6}"];
    let outcome = prop_oneof![
        (proptest::option::of(text()), any::<i64>()).prop_map(|(url, number)| Outcome::Done {
            url,
            detail: json!({ "number": number }),
        }),
        text().prop_map(|error| Outcome::Failed { error }),
        Just(Outcome::Abandoned),
    ];
    let intent =
        (text(), text(), text(), text(), 0..9_u32).prop_map(|(key, scope, kind, detail, at)| {
            Intent {
                key,
                scope,
                kind,
                detail: json!([detail, null, { "": at }]),
                at: moment(at),
            }
        });
    prop_oneof![
        4 => (text(), text(), 0..9_u32).prop_map(|(subject, value, at)| Step::See(subject, value, at)),
        1 => (0..9_u32).prop_map(Step::Forget),
        4 => intent.prop_map(Step::Intend),
        4 => (text(), outcome, 0..9_u32).prop_map(|(key, outcome, at)| Step::Conclude(key, outcome, at)),
        1 => Just(Step::Reopen),
    ]
}

/// What a ledger should hold, in the plainest way.
#[derive(Default)]
struct Model {
    seen: BTreeMap<String, Seen>,
    acts: BTreeMap<String, Act>,
}

impl Model {
    fn see(&mut self, subject: String, value: String, now: DateTime<Utc>) {
        let seen = self.seen.entry(subject).or_insert_with(|| Seen {
            first: now,
            since: now,
            last: now,
            value: value.clone(),
        });
        if seen.value != value {
            seen.since = now;
        }
        seen.value = value;
        seen.last = seen.last.max(now);
    }

    fn intend(&mut self, intent: Intent) {
        let attempts = self.acts.get(&intent.key).map_or(0, |act| act.attempts) + 1;
        let act = Act {
            key: intent.key.clone(),
            scope: intent.scope,
            kind: intent.kind,
            detail: intent.detail,
            intended_at: intent.at,
            attempts,
            outcome: None,
            concluded_at: None,
        };
        self.acts.insert(intent.key, act);
    }

    fn assert_holds(&self, ledger: &Ledger) {
        for (subject, seen) in &self.seen {
            assert_eq!(ledger.seen(subject).unwrap().as_ref(), Some(seen));
        }
        let mut latest: Vec<Act> = self.acts.values().cloned().collect();
        latest.sort_by_key(|act| std::cmp::Reverse((act.intended_at, act.key.clone())));
        assert_eq!(ledger.latest_acts(usize::MAX).unwrap(), latest);
        for act in &latest {
            let mut open: Vec<Act> = latest
                .iter()
                .filter(|other| other.scope == act.scope && other.outcome.is_none())
                .cloned()
                .collect();
            open.reverse();
            assert_eq!(ledger.open_acts(&act.scope).unwrap(), open);
            assert_eq!(ledger.act(&act.key).unwrap().as_ref(), Some(act));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_history_comes_back(steps in proptest::collection::vec(step(), 0..24)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rewheel.db");
        let mut ledger = open(&path).unwrap();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::See(subject, value, at) => {
                    let sighting = ledger.see(&subject, &value, moment(at)).unwrap();
                    let before = model.seen.get(&subject).map(|seen| seen.value.clone());
                    prop_assert_eq!(sighting.is_new, before.is_none());
                    prop_assert_eq!(sighting.before, before.filter(|before| *before != value));
                    model.see(subject, value, moment(at));
                }
                Step::Forget(at) => {
                    let count = model.seen.len();
                    model.seen.retain(|_, seen| seen.last >= moment(at));
                    let gone = (count - model.seen.len()) as u64;
                    prop_assert_eq!(ledger.forget_seen_before(moment(at)).unwrap(), gone);
                }
                Step::Intend(intent) => {
                    ledger.intend(&intent).unwrap();
                    model.intend(intent);
                }
                Step::Conclude(key, outcome, at) => {
                    let result = ledger.conclude(&key, &outcome, moment(at));
                    match model.acts.get_mut(&key) {
                        Some(act) => {
                            result.unwrap();
                            act.outcome = Some(outcome);
                            act.concluded_at = Some(moment(at));
                        }
                        None => {
                            let is_refused = matches!(result, Err(LedgerError::NotIntended { .. }));
                            prop_assert!(is_refused);
                        }
                    }
                }
                Step::Reopen => {
                    drop(ledger);
                    ledger = open(&path).unwrap();
                }
            }
        }
        model.assert_holds(&ledger);
        model.assert_holds(&look(&path).unwrap());
        drop(ledger);
        model.assert_holds(&look(&path).unwrap());
        model.assert_holds(&open(&path).unwrap());
    }
}
