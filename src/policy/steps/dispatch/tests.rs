use proptest::prelude::*;
use rstest::rstest;

use super::*;

const OPEN: ClaimState = ClaimState::Open;

fn moment(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

fn claim(comment: u64, attempt: u32, is_ours: bool, minute: i64, state: ClaimState) -> Claim {
    Claim {
        comment,
        attempt,
        id: comment.to_string(),
        author: if is_ours { "me" } else { "other" }.to_owned(),
        is_ours,
        created_at: moment(minute),
        state,
    }
}

fn other(until: i64, yielding: Vec<u64>) -> Next {
    Next::OtherActs {
        author: "other".to_owned(),
        until: moment(until),
        yielding,
    }
}

fn perhaps(minute: i64) -> Vec<(u32, Sent)> {
    vec![(1, Sent::Perhaps(moment(minute)))]
}

#[rstest]
#[case::nothing(vec![], vec![], 0, Next::Claim(1))]
#[case::claimed(vec![claim(5, 1, true, 0, OPEN)], vec![], 1, Next::Send { attempt: 1, claim: 5 })]
#[case::lowest_of_two(vec![claim(5, 1, true, 0, OPEN), claim(6, 1, false, 0, OPEN)], vec![], 1, Next::Send { attempt: 1, claim: 5 })]
#[case::not_lowest(vec![claim(5, 1, false, 0, OPEN), claim(6, 1, true, 0, OPEN)], vec![], 1, other(60, vec![6]))]
#[case::others_first_attempt_lives(vec![claim(5, 1, false, 0, OPEN), claim(6, 2, true, 1, OPEN)], vec![], 2, other(60, vec![6]))]
#[case::grown_old(vec![claim(5, 1, true, 0, OPEN)], vec![], 50, Next::LetGo(vec![5]))]
#[case::long_dead(vec![claim(5, 1, true, 0, OPEN)], vec![], 500, Next::LetGo(vec![5]))]
#[case::let_go(vec![claim(5, 1, true, 0, ClaimState::Yielded)], vec![], 51, Next::Claim(1))]
#[case::other_alive(vec![claim(5, 1, false, 0, OPEN)], vec![], 59, other(60, vec![]))]
#[case::other_dead(vec![claim(5, 1, false, 0, OPEN)], vec![], 60, Next::Claim(2))]
#[case::last_dead(vec![claim(5, 3, false, 0, OPEN)], vec![], 60, Next::Exhausted)]
#[case::sent_perhaps(vec![claim(5, 1, true, 0, OPEN)], perhaps(2), 61, Next::Unconfirmed(moment(62)))]
#[case::sent_perhaps_long_ago(vec![claim(5, 1, true, 0, OPEN)], perhaps(2), 62, Next::Claim(2))]
#[case::sent_perhaps_claim_deleted(vec![], perhaps(2), 3, Next::Unconfirmed(moment(62)))]
#[case::not_taken(vec![claim(5, 1, true, 0, OPEN)], vec![(1, Sent::NotTaken)], 9, Next::Send { attempt: 1, claim: 5 })]
#[case::refused(vec![claim(5, 1, true, 0, ClaimState::Refused)], vec![(1, Sent::NotTaken)], 59, Next::Refused(moment(60)))]
#[case::refused_long_ago(vec![claim(5, 1, true, 0, ClaimState::Refused)], vec![], 60, Next::Claim(1))]
#[case::refused_again(vec![claim(5, 1, true, 0, ClaimState::Refused), claim(6, 1, false, 60, ClaimState::Refused)], vec![], 61, Next::Refused(moment(180)))]
#[case::claimed_after_refusal(vec![claim(5, 1, true, 0, ClaimState::Refused), claim(6, 1, true, 60, OPEN)], vec![(1, Sent::NotTaken)], 61, Next::Send { attempt: 1, claim: 6 })]
#[case::named(vec![claim(5, 1, false, 0, ClaimState::Named(vec![77]))], vec![], 1, Next::Follow(vec![77]))]
#[case::named_first_then_dead(vec![claim(5, 1, false, 0, ClaimState::Named(vec![77])), claim(6, 2, false, 1, OPEN)], vec![], 61, Next::Claim(3))]
fn what_is_missing_is_done_next(
    #[case] claims: Vec<Claim>,
    #[case] sent: Vec<(u32, Sent)>,
    #[case] now: i64,
    #[case] expected: Next,
) {
    let attempt = newest_attempt(&claims, &sent, &[], &[]);
    let now = moment(now);
    assert_eq!(next(attempt.as_ref(), &claims, 3, true, now), expected);
    let gated = next(attempt.as_ref(), &claims, 3, false, now);
    match expected {
        Next::Claim(_) | Next::Send { .. } => assert_eq!(gated, Next::NotYet),
        expected => assert_eq!(gated, expected),
    }
}

#[test]
fn stale_wheels_are_built_again_up_to_the_limit() {
    let claims = [claim(5, 1, true, 0, ClaimState::Named(vec![77]))];
    let mut attempt = newest_attempt(&claims, &[], &[(1, 77)], &[]).unwrap();
    assert_eq!(attempt.runs, [77]);
    attempt.is_stale = true;
    assert_eq!(
        next(Some(&attempt), &claims, 2, true, moment(9)),
        Next::Claim(2)
    );
    assert_eq!(
        next(Some(&attempt), &claims, 1, true, moment(9)),
        Next::Exhausted
    );
}

#[test]
fn runs_of_unknown_attempts_are_followed() {
    let attempt = newest_attempt(&[], &[], &[], &[9, 8]).unwrap();
    assert_eq!((attempt.number, attempt.runs), (1, vec![8, 9]));
}

#[test]
fn several_runs_are_never_guessed_and_never_started_anew() {
    let claims = [claim(5, 1, true, 0, OPEN)];
    let mut attempt = newest_attempt(&claims, &perhaps(1), &[], &[]).unwrap();
    attempt.several = vec![8, 9];
    for now in [2, 10_000] {
        assert_eq!(
            next(Some(&attempt), &claims, 3, true, moment(now)),
            Next::Several(vec![8, 9])
        );
    }
}

#[rstest]
#[case::just_posted(true, None, 0)]
#[case::sent(true, Some(Sent::Perhaps(moment(0))), 1)]
#[case::of_another(false, None, 1)]
#[case::not_taken(true, Some(Sent::NotTaken), 0)]
fn a_run_is_looked_for_where_something_may_have_been_sent(
    #[case] is_ours: bool,
    #[case] sent: Option<Sent>,
    #[case] expected: usize,
) {
    let claims = [
        claim(4, 1, false, 0, ClaimState::Yielded),
        claim(5, 1, is_ours, 0, OPEN),
    ];
    let sent: Vec<(u32, Sent)> = sent.into_iter().map(|sent| (1, sent)).collect();
    let attempt = newest_attempt(&claims, &sent, &[], &[]).unwrap();
    assert_eq!(attempt.claims_to_look_for(&claims).len(), expected);
}

fn any_state() -> impl Strategy<Value = ClaimState> {
    prop_oneof![
        4 => Just(ClaimState::Open),
        1 => Just(ClaimState::Yielded),
        1 => Just(ClaimState::Refused),
        1 => Just(ClaimState::Named(vec![70])),
    ]
}

prop_compose! {
    fn any_claims()(
        parts in proptest::collection::vec((1_u32..4, any::<bool>(), 0_i64..150, any_state()), 0..5)
    ) -> Vec<Claim> {
        let numbered = (1_u64..).zip(parts);
        numbered
            .map(|(comment, (attempt, is_ours, minute, state))| claim(comment, attempt, is_ours, minute, state))
            .collect()
    }
}

fn any_sent() -> impl Strategy<Value = Vec<(u32, Sent)>> {
    let one = prop_oneof![
        (0_i64..150).prop_map(|minute| Sent::Perhaps(moment(minute))),
        Just(Sent::NotTaken),
    ];
    proptest::collection::vec((1_u32..4, one), 0..3)
}

proptest! {
    #[test]
    fn nothing_is_started_twice_or_before_its_time(
        claims in any_claims(),
        sent in any_sent(),
        is_stale in any::<bool>(),
        limit in 1_u32..4,
        may_begin in any::<bool>(),
        now in 0_i64..300,
    ) {
        let now = moment(now);
        let mut attempt = newest_attempt(&claims, &sent, &[], &[]);
        if let Some(attempt) = &mut attempt {
            attempt.is_stale = is_stale && !attempt.runs.is_empty();
        }
        let next = next(attempt.as_ref(), &claims, limit, may_begin, now);
        let newest = attempt.clone().unwrap_or_default();
        let lives = |claim: &Claim| claim.is_live(now);
        match next {
            Next::Send { attempt: number, claim } => {
                prop_assert!(may_begin);
                let own = claims.iter().find(|one| one.comment == claim).unwrap();
                prop_assert!(own.is_ours && own.is_usable(now) && own.attempt == number);
                prop_assert!(claims.iter().filter(|one| lives(one)).all(|one| one.comment >= claim));
                prop_assert!(newest.runs.is_empty() || newest.is_stale);
                let perhaps = matches!(newest.sent, Some(Sent::Perhaps(_)));
                prop_assert!(!perhaps || number > newest.number);
            }
            Next::Claim(number) => {
                prop_assert!(may_begin && number <= limit);
                prop_assert!(!claims.iter().any(lives));
                prop_assert!(number == newest.number.max(1) || number == newest.number + 1);
                prop_assert!(newest.runs.is_empty() || (newest.is_stale && number > newest.number));
                if let Some(Sent::Perhaps(at)) = newest.sent
                    && newest.runs.is_empty()
                {
                    prop_assert!(number > newest.number && now >= later(at, CLAIM_LIFE));
                }
            }
            Next::LetGo(comments) => {
                for comment in comments {
                    let own = claims.iter().find(|one| one.comment == comment).unwrap();
                    prop_assert!(own.is_ours && own.state == ClaimState::Open);
                    let perhaps = matches!(newest.sent, Some(Sent::Perhaps(_)));
                    prop_assert!(own.attempt != newest.number || !perhaps || newest.is_stale);
                }
            }
            Next::Follow(runs) => prop_assert!(!runs.is_empty()),
            _ => {}
        }
    }
}
