//! Claims: how two watchers without a common ledger settle who starts a step.
//!
//! Before a watcher starts a step it posts a claim on the tracking issue and lists the comments.
//! Comments are numbered in the order in which GitHub took them, so all watchers agree on the
//! lowest living claim, and only its owner starts. A watcher that does not see its own claim in the
//! list knows that the list lags, and starts nothing.

use chrono::{DateTime, TimeDelta, Utc};

/// How long a claim without a run lives, by GitHub's clock.
pub const CLAIM_LIFE: TimeDelta = TimeDelta::hours(1);

/// How long after its claim a step may be started. The rest of the claim's life is for what is
/// under way: a request that is sent late must not meet a claim that others believe dead.
pub const CLAIM_USE: TimeDelta = TimeDelta::minutes(50);

/// A claim on one step and target, by a trusted author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The comment's number.
    pub comment: u64,
    /// Which attempt to start the step it is for; the first is 1.
    pub attempt: u32,
    /// The claim's own identifier.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// Whether this watcher is known to have posted it, by its ledger or because it just did.
    pub is_ours: bool,
    /// When GitHub took it.
    pub created_at: DateTime<Utc>,
    /// What became of it.
    pub state: ClaimState,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimState {
    /// Nothing is said: the step is about to be started, or its watcher is gone.
    Open,
    /// Another claim was lower.
    Yielded,
    /// GitHub refused the start, so nothing runs.
    Refused,
    /// These runs came of it.
    Named(Vec<u64>),
}

impl Claim {
    /// Whether it keeps others from starting the step.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.state == ClaimState::Open && now < self.ends()
    }

    /// When it ends unless it names a run.
    pub fn ends(&self) -> DateTime<Utc> {
        later(self.created_at, CLAIM_LIFE)
    }

    /// Whether its owner may still start the step by it.
    pub fn is_usable(&self, now: DateTime<Utc>) -> bool {
        self.state == ClaimState::Open && now < later(self.created_at, CLAIM_USE)
    }
}

/// The claim that counts: the lowest that lives. All attempts of one step and target are looked at
/// together: whoever begins a second attempt yields to whoever is still at the first.
pub fn winner(claims: &[Claim], now: DateTime<Utc>) -> Option<&Claim> {
    claims
        .iter()
        .filter(|claim| claim.is_live(now))
        .min_by_key(|claim| claim.comment)
}

/// A moment plus a span; the last moment there is when that is beyond it.
pub(super) fn later(moment: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
    moment
        .checked_add_signed(span)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn claim(comment: u64, minute: i64, state: ClaimState) -> Claim {
        Claim {
            comment,
            attempt: 1,
            id: comment.to_string(),
            author: "rewheel[bot]".to_owned(),
            is_ours: false,
            created_at: moment(minute),
            state,
        }
    }

    fn moment(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    #[rstest]
    #[case::lowest(vec![claim(7, 0, ClaimState::Open), claim(5, 0, ClaimState::Open)], 1, Some(5))]
    #[case::dead(vec![claim(5, 0, ClaimState::Open), claim(7, 1, ClaimState::Open)], 60, Some(7))]
    #[case::all_dead(vec![claim(5, 0, ClaimState::Open)], 60, None)]
    #[case::yielded(vec![claim(5, 0, ClaimState::Yielded), claim(7, 0, ClaimState::Open)], 1, Some(7))]
    #[case::refused(vec![claim(5, 0, ClaimState::Refused)], 1, None)]
    #[case::named(vec![claim(5, 0, ClaimState::Named(vec![1]))], 1, None)]
    fn the_lowest_that_lives_wins(
        #[case] claims: Vec<Claim>,
        #[case] now: i64,
        #[case] expected: Option<u64>,
    ) {
        let found = winner(&claims, moment(now)).map(|claim| claim.comment);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_claim_is_used_before_others_believe_it_dead() {
        let open = claim(1, 0, ClaimState::Open);
        assert!(open.is_usable(moment(49)) && !open.is_usable(moment(50)));
        assert!(open.is_live(moment(59)) && !open.is_live(moment(60)));
    }
}
