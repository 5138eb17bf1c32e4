//! Which series is followed, and what that leads to.

use super::*;

#[rstest]
#[case(Follow::Series, "2026-12-01", "4.0")]
#[case(Follow::Latest, "2026-11-10", "4.0")]
#[case(Follow::Latest, "2026-12-01", "4.1")]
#[case(Follow::Lts, "2026-12-01", "3.5")]
#[case(Follow::Named("4.1".parse().unwrap()), "2026-12-01", "4.1")]
fn the_followed_series(#[case] follow: Follow, #[case] today: &str, #[case] expected: &str) {
    let settings = Settings {
        follow,
        ..Settings::default()
    };
    let decision = decide_on(today, &[wheel("win_amd64", &["4.0.3"])], &settings);
    assert_eq!(decision.targets[0].series.to_string(), expected);
    let unfollowed = decision.wheels[0].findings[0]
        .assessment
        .has(ReasonCode::NotInFollowedSeries);
    assert_eq!(unfollowed, expected != "4.0");
}

#[rstest]
// 4.1 is 18 days old: others wait, and who has it already does not go back.
#[case(Follow::Latest, "4.1.0", "4.1")]
#[case(Follow::Latest, "4.0.3", "4.0")]
#[case(Follow::Latest, "3.6.5", "4.0")]
#[case(Follow::Lts, "4.1.0", "3.5")]
#[case(Follow::Series, "3.6.5", "3.6")]
fn following_never_leads_back(
    #[case] follow: Follow,
    #[case] version: &str,
    #[case] expected: &str,
) {
    let settings = Settings {
        follow,
        ..Settings::default()
    };
    let decision = decide_on("2026-11-10", &[wheel("win32", &[version])], &settings);
    assert_eq!(decision.targets[0].series.to_string(), expected);
}

#[test]
fn a_series_that_is_not_known_is_named_and_nothing_is_done() {
    let settings = Settings {
        follow: Follow::Named("9.9".parse().unwrap()),
        ..Settings::default()
    }
    .with_reaction(Event::Security, Reaction::Steps);
    let decision = decide_on("2026-12-01", &[wheel("win32", &["3.5.8"])], &settings);
    assert_eq!(
        (decision.kind, decision.plan.len(), decision.tracked.len()),
        (DecisionKind::Inform, 0, 0)
    );
    assert!(decision.targets.is_empty() && decision.is_unclear && decision.is_due);
    let reasons = decision.reasons.iter();
    let told: Vec<&str> = reasons
        .filter(|one| one.code == ReasonCode::UnknownSeries)
        .map(|one| one.message.as_str())
        .collect();
    assert!(told[0].contains("names 9.9, a series that"), "{told:?}");
    assert!(told[0].contains("the newest being 4.1"), "{told:?}");
}

#[rstest]
// Of two followed series only one has anything newer.
#[case(Follow::Series, &["3.5.8", "4.0.3"], &[true, false])]
#[case(Follow::Series, &["3.5.9", "4.0.2"], &[false, true])]
#[case(Follow::Series, &["3.5.9"], &[false])]
// To move is due only where somebody asks for it.
#[case(Follow::Named("4.0".parse().unwrap()), &["3.5.9"], &[false])]
#[case(Follow::Named("4.0".parse().unwrap()), &["3.5.8"], &[true])]
fn only_what_a_wheel_is_to_be_built_with_is_due(
    #[case] follow: Follow,
    #[case] linked: &[&str],
    #[case] expected: &[bool],
) {
    let settings = Settings {
        follow,
        ..Settings::default()
    };
    let due = |settings: &Settings| -> Vec<bool> {
        let decision = decide_on("2026-11-10", &[wheel("win32", linked)], settings);
        decision.targets.iter().map(|one| one.is_due).collect()
    };
    assert_eq!(due(&settings), expected);
    if let Follow::Named(_) = follow {
        let settings = settings.with_reaction(Event::NewSeries, Reaction::Issue);
        assert_eq!(due(&settings), [true]);
    }
}

#[test]
fn nothing_is_built_for_a_dead_series() {
    let steps = Settings::default().with_reaction(Event::EndOfLife, Reaction::Steps);
    let decision = decide_on("2026-11-10", &[wheel("win32", &["3.6.5"])], &steps);
    assert_eq!(
        (decision.kind, decision.plan.as_slice()),
        (DecisionKind::Track, &[PlannedAction::OpenIssue][..])
    );
}

#[test]
fn a_dead_series_is_no_target() {
    let decision = decide_on(
        "2026-11-10",
        &[wheel("win_amd64", &["3.6.5"])],
        &Settings::default(),
    );
    let target = &decision.targets[0];
    assert_eq!(target.version, None);
    assert_eq!(target.minimum, Some("3.6.5".parse().unwrap()));
    let successor = target.successor.unwrap();
    assert_eq!(successor.lts, Some("3.5".parse().unwrap()));
    assert_eq!(successor.newest, Some("4.1".parse().unwrap()));
}
