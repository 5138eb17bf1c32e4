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
