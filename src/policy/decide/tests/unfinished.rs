//! What was left for a later cycle.

use super::*;

#[test]
fn what_was_not_read_yet_is_unknown_and_raises_nothing() {
    let unread = WheelFacts {
        content: WheelContent::Unread("its turn comes later".to_owned()),
        ..wheel("win32", &[])
    };
    let decision = decide_on("2026-10-01", &[unread], &Settings::default());
    assert_eq!(decision.kind, DecisionKind::Inform);
    assert_eq!(decision.events, []);
    assert!(decision.is_unclear && !decision.is_due);
    assert_eq!(decision.wheels[0].status, Status::Unknown);
    assert!(decision.wheels[0].has(ReasonCode::NotReadYet));
}

#[test]
fn a_look_that_was_cut_short_is_never_none() {
    let current = [wheel("win32", &["3.5.9"])];
    let decision = decide_on("2026-10-01", &current, &Settings::default());
    assert_eq!(decision.kind, DecisionKind::None);
    let reason = Reason::new(ReasonCode::LookTooSlow, "it takes too long");
    let unclear = decision.unclear_because(reason);
    assert_eq!(unclear.kind, DecisionKind::Inform);
    assert!(unclear.is_unclear && !unclear.is_due);
}
