//! What is new is told once.

use proptest::prelude::*;
use rstest::rstest;

use crate::report::{Action, ActionKind, ActionState};
use crate::store::ledger::{Act, Outcome};

use super::*;

#[rstest]
#[case::all_is_well(&["3.5.9"], &[])]
#[case::one_series(&["3.5.8"], &["release 3.5.9: demo", "security 3.5.9: demo"])]
#[case::two_series(
    &["3.5.8", "3.0.15"],
    &[
        "platforms-disagree: demo", "release 3.0.16: demo", "release 3.5.9: demo",
        "security 3.0.16: demo", "security 3.5.9: demo",
    ]
)]
#[case::only_one_of_two_is_due(
    &["3.5.9", "3.0.15"],
    &["platforms-disagree: demo", "release 3.0.16: demo", "security 3.0.16: demo"]
)]
fn each_event_is_told_by_its_target(#[case] carried: &[&str], #[case] expected: &[&str]) {
    let report = report(Vec::new(), vec![line("demo", carried)]);
    let mut memory = Memory::default();
    assert_eq!(words(&memory.cycle(&report)), expected);
    assert_eq!(memory.cycle(&report), []);
}

#[test]
fn another_target_is_another_event() {
    let mut memory = Memory::default();
    let known = report(Vec::new(), vec![line("demo", &["3.5.8"])]);
    memory.cycle(&known);
    let mut newer = openssl();
    let mut release = newer.releases.iter().last().unwrap().clone();
    release.version = "3.5.10".parse().unwrap();
    release.kind = ReleaseKind::BugFix;
    let all = newer.releases.iter().cloned().chain([release]);
    newer.releases = Releases::new(all.collect());
    let report = report(Vec::new(), vec![line_by(&newer, "demo", &["3.5.8"])]);
    assert_eq!(
        words(&memory.cycle(&report)),
        ["release 3.5.10: demo", "security 3.5.10: demo"]
    );
    // What was told before is not told anew when it comes back.
    assert_eq!(memory.cycle(&known), []);
}

#[test]
fn what_an_item_says_is_bounded_and_of_one_line() {
    let report = report(Vec::new(), vec![line("demo", &["3.5.8"])]);
    let new = Memory::default().cycle(&report);
    let security = new
        .iter()
        .find(|one| one.occasion.as_str() == "security")
        .unwrap();
    assert_eq!(security.item.text, "it carries 3.5.8; CVE-2026-1002");
    assert_eq!(security.item.name(), "demo 1.0");
    assert_eq!(security.severity, Some(Severity::High));
    let text = super::super::happening::sentence(&"a\u{1b}[31m\n\u{202e}".repeat(1000));
    assert!(text.chars().count() <= 401);
    assert!(!text.contains(['\u{1b}', '\n', '\u{202e}']), "{text}");
}

#[test]
fn a_package_that_comes_later_is_told_alone() {
    let mut memory = Memory::default();
    memory.cycle(&report(Vec::new(), vec![line("demo", &["3.5.8"])]));
    let both = vec![line("demo", &["3.5.8"]), line("other", &["3.5.8"])];
    let new = memory.cycle(&report(Vec::new(), both));
    assert_eq!(
        words(&new),
        ["release 3.5.9: other", "security 3.5.9: other"]
    );
}

#[test]
fn a_release_waits_for_packages_that_are_still_to_be_read_but_not_for_ever() {
    let report = report(Vec::new(), vec![line("demo", &["3.5.8"])]);
    let part = EndedCycle {
        is_whole: false,
        ..EndedCycle::of(&report)
    };
    let mut memory = Memory::default();
    assert_eq!(words(&memory.cycle_of(&part)), ["security 3.5.9: demo"]);
    for _ in 1..24 {
        assert_eq!(memory.cycle_of(&part), []);
    }
    assert_eq!(words(&memory.cycle_of(&part)), ["release 3.5.9: demo"]);
    assert_eq!(memory.cycle_of(&part), []);
    let mut memory = Memory::default();
    memory.cycle_of(&part);
    assert_eq!(words(&memory.cycle(&report)), ["release 3.5.9: demo"]);
}

#[test]
fn packages_that_were_not_looked_at_are_not_told_by_their_old_events() {
    let lines = vec![line("demo", &["3.5.8"]), line("other", &["3.5.8"])];
    let report = report(Vec::new(), lines);
    let looked = BTreeSet::from(["other".to_owned()]);
    let part = EndedCycle {
        looked: Some(&looked),
        ..EndedCycle::of(&report)
    };
    let new = Memory::default().cycle_of(&part);
    // The release is one message for all, as far as they are known.
    assert_eq!(
        words(&new),
        ["release 3.5.9: demo other", "security 3.5.9: other"]
    );
}

fn act(kind: &str, key: &str, minute: i64) -> Act {
    Act {
        key: key.to_owned(),
        scope: "demo/main".to_owned(),
        kind: kind.to_owned(),
        detail: serde_json::Value::Null,
        intended_at: start(),
        attempts: 1,
        outcome: Some(Outcome::Done {
            url: Some("https://github.com/pyca/demo/issues/7".to_owned()),
            detail: serde_json::Value::Null,
        }),
        concluded_at: Some(start() + TimeDelta::minutes(minute)),
    }
}

#[test]
fn what_was_done_is_told_from_the_ledger_even_in_a_later_cycle() {
    let mut memory = Memory::default();
    let nothing = report(Vec::new(), Vec::new());
    memory.told.acts = vec![
        act("open-issue", "demo/main/issue", 1),
        act("create-label", "demo/main/label", 1),
        act("dispatch", "demo/main/dispatch/wheels/3.5.9/1", 2),
        Act {
            outcome: None,
            ..act("close-issue", "demo/main/issue/text", 3)
        },
        Act {
            outcome: Some(Outcome::Failed {
                error: "no".to_owned(),
            }),
            ..act("rerun", "demo/main/rerun", 3)
        },
    ];
    let new = memory.cycle(&nothing);
    assert_eq!(words(&new), ["issue-opened: demo", "run-started: demo"]);
    assert_eq!(
        new[1].item.text,
        "a step was started (dispatch/wheels/3.5.9/1)"
    );
    let url = new[0].item.url.as_deref();
    assert_eq!(url, Some("https://github.com/pyca/demo/issues/7"));
    assert_eq!(memory.cycle(&nothing), []);
    // The same act at another time is another one: an issue that is opened after an earlier one.
    memory.told.acts = vec![act("open-issue", "demo/main/issue", 900)];
    assert_eq!(words(&memory.cycle(&nothing)), ["issue-opened: demo"]);
}

#[test]
fn what_was_done_before_anything_was_told_is_no_news() {
    let nothing = report(Vec::new(), Vec::new());
    let mut memory = Memory::default();
    memory.told.old_acts = vec![act("open-issue", "demo/main/issue", 0)];
    assert_eq!(memory.cycle(&nothing), []);
    memory.told.acts = std::mem::take(&mut memory.told.old_acts);
    assert_eq!(memory.cycle(&nothing), []);
}

#[test]
fn an_action_that_fails_is_told_once_until_it_does_not_fail() {
    let mut failing = line("demo", &["3.5.9"]);
    let key = "demo/main/issue".to_owned();
    let action = Action::new(ActionKind::OpenIssue, key, ActionState::Failed);
    failing.actions.push(action.because("403 <!channel>"));
    let failing = report(Vec::new(), vec![failing]);
    let well = report(Vec::new(), vec![line("demo", &["3.5.9"])]);
    let unknown = report(Vec::new(), vec![blind("demo")]);
    let mut memory = Memory::default();
    assert_eq!(words(&memory.cycle(&failing)), ["action-failed: demo"]);
    assert_eq!(memory.cycle(&failing), []);
    // That nothing is known of it does not say that it is well.
    assert_eq!(words(&memory.cycle(&unknown)), ["project-failed: demo"]);
    assert_eq!(memory.cycle(&failing), []);
    memory.cycle(&well);
    assert_eq!(words(&memory.cycle(&failing)), ["action-failed: demo"]);
}

/// A package that falls back to an old OpenSSL is told of again, but not for what is not known.
#[test]
fn what_comes_back_is_told_again() {
    let vulnerable = report(Vec::new(), vec![line("demo", &["3.5.8"])]);
    let well = report(Vec::new(), vec![line("demo", &["3.5.9"])]);
    let both = ["release 3.5.9: demo", "security 3.5.9: demo"];
    let mut memory = Memory::default();
    assert_eq!(words(&memory.cycle(&vulnerable)), both);
    assert_eq!(memory.cycle(&report(Vec::new(), vec![blind("demo")])), []);
    assert_eq!(memory.cycle(&vulnerable), []);
    let unsure = report(
        vec![feed(Some("down"), true)],
        vec![line("demo", &["3.5.9"])],
    );
    assert_eq!(memory.cycle(&unsure), []);
    assert_eq!(memory.cycle(&vulnerable), []);
    assert_eq!(memory.cycle(&well), []);
    assert_eq!(words(&memory.cycle(&vulnerable)), both);
    assert_eq!(memory.cycle(&vulnerable), []);
}

proptest! {
    /// Whatever holds in whichever cycle, in whatever order: each thing is told once, in the first
    /// cycle in which it holds, and again after one in which it did not.
    #[test]
    fn each_thing_is_told_once(cycles in prop::collection::vec(
        prop::collection::btree_map("[ab]", prop::sample::select(vec!["3.5.8", "3.0.15", "3.5.9"]), 0..3),
        1..8,
    )) {
        let mut memory = Memory::default();
        let mut held_before: BTreeSet<String> = BTreeSet::new();
        for carried in cycles {
            let lines = carried.iter().map(|(package, carried)| line(package, &[carried]));
            let report = report(Vec::new(), lines.collect());
            let new = memory.cycle(&report);
            let told: BTreeSet<String> = new.iter().map(|one| one.key.clone()).collect();
            prop_assert_eq!(told.len(), new.len());
            let held = EndedCycle::of(&report).seen().happenings;
            let held: BTreeSet<String> = held.into_iter().map(|one| one.key).collect();
            prop_assert_eq!(told, held.difference(&held_before).cloned().collect());
            // Of a package that is not in this cycle nothing is known; of one that is, what was told
            // is forgotten when nothing of its kind holds any more.
            let kinds: BTreeSet<_> = held.iter().map(|key| kind_and_line(key)).collect();
            held_before.retain(|key| {
                let is_unknown = carried.keys().all(|one| !key.contains(&format!("/{one}/")));
                is_unknown || kinds.contains(&kind_and_line(key))
            });
            held_before.extend(held);
        }
    }
}
