//! What is done about a step that is started by us.
//!
//! An attempt leaves traces in this order: a claim on the tracking issue, an intent in the ledger,
//! the dispatch itself, its run, the run's name in ledger and claim. Each time everything that is
//! left is read, and what is missing next is done. Where a watcher was stopped:
//!
//! | stopped after | what is left | what comes next |
//! |---|---|---|
//! | nothing | no claim | claim |
//! | the claim, with a ledger | our claim, no intent: nothing was sent | start by the same claim |
//! | the claim, without a ledger | a claim that may have been used | look for a run; after its hour the next attempt |
//! | the intent | our claim, an intent: it may have been sent | look for a run; after the hour the next attempt |
//! | the dispatch, its answer lost | the same | the same; the run is found |
//! | the answer in the ledger | a run that is known | follow it, name it in the claim |
//! | the run's name in the claim | a run that everybody knows | follow it |
//!
//! Another watcher sees the claims only: one that lives is waited for, one that names a run is
//! followed, and one that ended without a run is followed by the next attempt.

use chrono::{DateTime, TimeDelta, Utc};

use super::claim::{CLAIM_LIFE, Claim, ClaimState, later, winner};

/// How long after a refusal the start is tried again, at first; twice as long after each more.
const REFUSED_WAIT: TimeDelta = TimeDelta::hours(1);

/// The longest of these waits.
const LONGEST_REFUSED_WAIT: TimeDelta = TimeDelta::days(7);

/// The newest attempt to start a step for a target, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Its number; the first is 1.
    pub number: u32,
    /// What the ledger says of sending it.
    pub sent: Option<Sent>,
    /// The runs that came of it.
    pub runs: Vec<u64>,
    /// Whether these runs succeeded with wheels that lack the target.
    pub is_stale: bool,
    /// Runs of which one may have come of it, when nothing tells them apart.
    pub several: Vec<u64>,
}

/// What the ledger says of sending a dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It may have been sent, from this moment on.
    Perhaps(DateTime<Utc>),
    /// GitHub did not take it, so nothing runs.
    NotTaken,
}

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A claim for this attempt is posted.
    Claim(u32),
    /// The step is started.
    Send {
        /// The attempt.
        attempt: u32,
        /// The comment with our claim.
        claim: u64,
    },
    /// One of these would be done, if the step might begin.
    NotYet,
    /// Its runs are followed.
    Follow(Vec<u64>),
    /// Another watcher, or this one before it lost its memory, is about to start it.
    OtherActs {
        /// Whose claim it is.
        author: String,
        /// When that claim ends.
        until: DateTime<Utc>,
        /// Comments with claims of ours that are higher.
        yielding: Vec<u64>,
    },
    /// Claims of ours grew old before anything was sent by them.
    LetGo(Vec<u64>),
    /// It may have been started; a run is looked for until this moment.
    Unconfirmed(DateTime<Utc>),
    /// One of these runs may be it.
    Several(Vec<u64>),
    /// GitHub refused it; it is tried again at this moment.
    Refused(DateTime<Utc>),
    /// It was tried as often as allowed.
    Exhausted,
}

/// The newest attempt of which claims or the ledger know. `sent` and `runs` are what the ledger
/// says of attempts, `unplaced` runs whose attempt is not known.
pub fn newest_attempt(
    claims: &[Claim],
    sent: &[(u32, Sent)],
    runs: &[(u32, u64)],
    unplaced: &[u64],
) -> Option<Attempt> {
    let numbers = claims.iter().map(|claim| claim.attempt);
    let numbers = numbers.chain(sent.iter().map(|(number, _)| *number));
    let numbers = numbers.chain(runs.iter().map(|(number, _)| *number));
    let placed = numbers.max();
    let number = placed.or_else(|| (!unplaced.is_empty()).then_some(1))?;
    let own = claims.iter().filter(|claim| claim.attempt == number);
    let named = own.flat_map(|claim| match &claim.state {
        ClaimState::Named(runs) => runs.clone(),
        _ => Vec::new(),
    });
    let recorded = runs.iter().filter(|(of, _)| *of == number);
    let mut found: Vec<u64> = named.chain(recorded.map(|(_, run)| *run)).collect();
    if found.is_empty() {
        found.extend_from_slice(unplaced);
    }
    found.sort_unstable();
    found.dedup();
    Some(Attempt {
        number,
        sent: sent
            .iter()
            .find(|(of, _)| *of == number)
            .map(|(_, sent)| *sent),
        runs: found,
        ..Attempt::default()
    })
}

impl Attempt {
    /// The claims by which it may have been sent, so that a run is looked for: those without an
    /// end, except ours of which the ledger knows that nothing was sent by them.
    pub fn claims_to_look_for<'a>(&self, claims: &'a [Claim]) -> Vec<&'a Claim> {
        if !self.runs.is_empty() {
            return Vec::new();
        }
        let may_be_sent = |claim: &&Claim| {
            claim.attempt == self.number
                && claim.state == ClaimState::Open
                && (!claim.is_ours || matches!(self.sent, Some(Sent::Perhaps(_))))
        };
        claims.iter().filter(may_be_sent).collect()
    }
}

/// Decides what is done next. `limit` is how many attempts are allowed, `may_begin` whether what
/// the step needs holds and its start is asked for.
pub fn next(
    attempt: Option<&Attempt>,
    claims: &[Claim],
    limit: u32,
    may_begin: bool,
    now: DateTime<Utc>,
) -> Next {
    let next = ungated(attempt, claims, limit, now);
    match next {
        Next::Claim(_) | Next::Send { .. } if !may_begin => Next::NotYet,
        next => next,
    }
}

fn ungated(attempt: Option<&Attempt>, claims: &[Claim], limit: u32, now: DateTime<Utc>) -> Next {
    let wanted = match attempt {
        None => 1,
        Some(attempt) => match after(attempt, claims, now) {
            Ok(wanted) => wanted,
            Err(next) => return next,
        },
    };
    let ours = claims
        .iter()
        .filter(|claim| claim.is_ours && claim.state == ClaimState::Open);
    match winner(claims, now) {
        Some(claim) if !claim.is_ours => Next::OtherActs {
            author: claim.author.clone(),
            until: claim.ends(),
            yielding: comments(ours),
        },
        Some(claim) if claim.attempt != wanted => Next::Unconfirmed(claim.ends()),
        Some(claim) if claim.is_usable(now) => Next::Send {
            attempt: claim.attempt,
            claim: claim.comment,
        },
        // Nothing was sent by these: the attempt that they are for is still to be made.
        _ => match comments(ours.filter(|claim| claim.attempt == wanted)) {
            unused if !unused.is_empty() => Next::LetGo(unused),
            _ if wanted > limit => Next::Exhausted,
            _ => Next::Claim(wanted),
        },
    }
}

/// The attempt that comes next, or what is done without one.
fn after(attempt: &Attempt, claims: &[Claim], now: DateTime<Utc>) -> Result<u32, Next> {
    let following = attempt.number.saturating_add(1);
    if !attempt.runs.is_empty() {
        return if attempt.is_stale {
            Ok(following)
        } else {
            Err(Next::Follow(attempt.runs.clone()))
        };
    }
    if !attempt.several.is_empty() {
        return Err(Next::Several(attempt.several.clone()));
    }
    let own = || claims.iter().filter(|one| one.attempt == attempt.number);
    let open = || own().filter(|claim| claim.state == ClaimState::Open);
    if let Some(Sent::Perhaps(at)) = attempt.sent {
        let ends = open().map(Claim::ends).max();
        let until = later(at, CLAIM_LIFE).max(ends.unwrap_or(at));
        return if now < until {
            Err(Next::Unconfirmed(until))
        } else {
            Ok(following)
        };
    }
    if open().any(|claim| !claim.is_ours && !claim.is_live(now)) {
        return Ok(following);
    }
    let refused: Vec<&Claim> = own()
        .filter(|claim| claim.state == ClaimState::Refused)
        .collect();
    if let Some(last) = refused.iter().map(|claim| claim.created_at).max()
        && winner(claims, now).is_none()
    {
        let times = u32::try_from(refused.len()).unwrap_or(u32::MAX);
        let again = later(last, refused_wait(times));
        if now < again {
            return Err(Next::Refused(again));
        }
    }
    Ok(attempt.number)
}

fn refused_wait(times: u32) -> TimeDelta {
    // Eight doublings are more than the longest wait.
    let factor = 1_i32 << times.saturating_sub(1).min(8);
    REFUSED_WAIT
        .checked_mul(factor)
        .map_or(LONGEST_REFUSED_WAIT, |wait| wait.min(LONGEST_REFUSED_WAIT))
}

fn comments<'a>(claims: impl Iterator<Item = &'a Claim>) -> Vec<u64> {
    claims.map(|claim| claim.comment).collect()
}

#[cfg(test)]
mod tests;
