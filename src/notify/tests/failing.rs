//! A feed or a project that fails again and again is told once, and once when it is well again.

use proptest::prelude::*;
use rstest::rstest;

use crate::report::{Action, ActionKind, ActionState};

use super::*;

/// One cycle per letter: it fails, is well, or nothing is said of it.
fn told(letters: &str, of_feed: bool) -> Vec<String> {
    let mut memory = Memory::default();
    let mut all = Vec::new();
    for letter in letters.chars() {
        let report = match (letter, of_feed) {
            ('F', true) => report(vec![feed(Some("down"), true)], Vec::new()),
            ('W', true) => report(vec![feed(None, false)], Vec::new()),
            // A feed that wants to be left alone for now.
            (_, true) => report(vec![feed(Some("429"), false)], Vec::new()),
            ('F', false) => report(Vec::new(), vec![blind("demo")]),
            ('W', false) => report(Vec::new(), vec![line("demo", &["3.5.9"])]),
            (_, false) => report(Vec::new(), Vec::new()),
        };
        let new = memory.cycle(&report);
        all.extend(new.iter().map(|one| one.occasion.as_str().to_owned()));
    }
    all
}

#[rstest]
#[case("", "")]
#[case("W", "")]
#[case("FF", "")]
#[case("FFW", "")]
#[case("FFWFF", "")]
#[case("FFF", "failed")]
#[case("FFFFFF", "failed")]
#[case("FFFW", "failed recovered")]
#[case("FFFWW", "failed recovered")]
#[case("FUFUF", "failed")]
#[case("FFFUUW", "failed recovered")]
#[case("FFFWFFFW", "failed recovered failed recovered")]
#[case("FFFWFFW", "failed recovered")]
fn it_is_told_when_it_failed_three_times(#[case] letters: &str, #[case] expected: &str) {
    for (of_feed, what) in [(true, "feed"), (false, "project")] {
        let expected: Vec<String> = expected
            .split_whitespace()
            .map(|word| format!("{what}-{word}"))
            .collect();
        assert_eq!(told(letters, of_feed), expected, "{letters}");
    }
}

#[test]
fn it_says_how_often_since_when_and_why() {
    let mut memory = Memory::default();
    let failing = report(vec![feed(Some("it was silent"), true)], vec![blind("demo")]);
    let new: Vec<_> = (0..3).flat_map(|_| memory.cycle(&failing)).collect();
    let texts: Vec<&str> = new.iter().map(|one| one.item.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "it failed 3 times in a row, since 2026-10-23 12:00 UTC: it was silent",
            "it failed 3 times in a row, since 2026-10-23 12:00 UTC: the index did not answer in \
             time <!channel>",
        ]
    );
    memory.cycle(&failing);
    let well = report(vec![feed(None, false)], vec![line("demo", &["3.5.9"])]);
    let new = memory.cycle(&well);
    assert_eq!(
        words(&new),
        ["feed-recovered: releases", "project-recovered: demo"]
    );
    assert_eq!(
        new[0].item.text,
        "it is well again; it had failed 4 times in a row, since 2026-10-23 12:00 UTC"
    );
}

#[test]
fn a_project_that_was_not_looked_at_does_not_fail_once_more() {
    let report = report(Vec::new(), vec![blind("demo")]);
    let looked = BTreeSet::new();
    let part = EndedCycle {
        looked: Some(&looked),
        ..EndedCycle::of(&report)
    };
    let mut memory = Memory::default();
    assert!((0..9).all(|_| memory.cycle_of(&part).is_empty()));
}

/// Cycles may follow each other so closely that what the feeds said is taken again.
#[test]
fn what_a_feed_said_counts_once() {
    let report = report(vec![feed(Some("down"), true)], Vec::new());
    let again = EndedCycle {
        asked_feeds: false,
        ..EndedCycle::of(&report)
    };
    let mut memory = Memory::default();
    assert_eq!(memory.cycle(&report), []);
    assert!((0..9).all(|_| memory.cycle_of(&again).is_empty()));
    assert_eq!(memory.cycle(&report), []);
    assert_eq!(words(&memory.cycle(&report)), ["feed-failed: releases"]);
}

/// What was left undone neither failed nor went well.
#[test]
fn a_project_whose_actions_are_skipped_has_not_recovered() {
    let with = |state: ActionState| {
        let mut line = line("demo", &["3.5.9"]);
        let action = Action::new(ActionKind::OpenIssue, "demo/main/issue".to_owned(), state);
        line.actions.push(action.because("GitHub is left alone"));
        report(Vec::new(), vec![line])
    };
    let mut memory = Memory::default();
    let (failed, skipped) = (with(ActionState::Failed), with(ActionState::Skipped));
    let told: Vec<_> = [&failed, &skipped, &failed, &skipped, &failed, &skipped]
        .into_iter()
        .map(|report| words(&memory.cycle(report)))
        .collect();
    assert_eq!(told[0], ["action-failed: demo"]);
    assert_eq!(told[4], ["project-failed: demo"]);
    assert_eq!(told.concat().len(), 2, "{told:?}");
    // A step that waits for something is not what failed.
    let mut well = with(ActionState::Done);
    let key = "demo/main/dispatch/wheels/3.5.9".to_owned();
    let waits = Action::new(ActionKind::Dispatch, key, ActionState::Skipped);
    well.lines[0]
        .actions
        .push(waits.because("it waits for bump"));
    assert_eq!(words(&memory.cycle(&well)), ["project-recovered: demo"]);
    assert_eq!(words(&memory.cycle(&failed)), ["action-failed: demo"]);
}

proptest! {
    /// Failures and recoveries take turns, and each failure has three in a row before it.
    #[test]
    fn failures_and_recoveries_take_turns(letters in "[FWU]{0,40}") {
        let (mut row, mut is_told, mut expected) = (0, false, Vec::new());
        for letter in letters.chars() {
            match letter {
                'F' => row += 1,
                'W' => {
                    if is_told {
                        expected.push("feed-recovered".to_owned());
                    }
                    (row, is_told) = (0, false);
                }
                _ => {}
            }
            if row >= 3 && !is_told {
                expected.push("feed-failed".to_owned());
                is_told = true;
            }
        }
        prop_assert_eq!(told(&letters, true), expected);
    }
}
