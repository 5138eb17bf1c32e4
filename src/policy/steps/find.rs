//! Which run came of a dispatch whose answer did not say.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::claim::{Claim, later};

/// What every correlation begins with; what follows are twelve hexadecimal digits.
pub const CORRELATION_PREFIX: &str = "rewheel-";

/// How much earlier than the claim a run may be dated, for clocks of GitHub's that differ.
const SLACK: TimeDelta = TimeDelta::minutes(1);

/// A run that may have come of a dispatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number.
    pub id: u64,
    /// The number of its workflow.
    pub workflow: u64,
    /// Who started it.
    pub actor: Option<String>,
    /// What its list shows: the workflow's `run-name`.
    pub title: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// The claim by which the dispatch was sent.
    pub claim: &'a Claim,
    /// What its inputs said, if the workflow takes it.
    pub correlation: &'a str,
    /// Runs that came of other dispatches.
    pub known: &'a BTreeSet<u64>,
    /// Whether the dispatch may start several workflows (`repository_dispatch`).
    pub is_event: bool,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No run.
    Nothing,
    /// The run; of an event one of each workflow that listens to it.
    Runs(Vec<u64>),
    /// More than one could be it, and nothing tells them apart.
    Several(Vec<u64>),
}

/// Looks for the runs of a dispatch: by the correlation that their titles show, else the only one
/// that the claim's author started while the claim lived.
pub fn find(candidates: &[Candidate], sought: &Sought<'_>) -> Found {
    let claim = sought.claim;
    let from = claim
        .created_at
        .checked_sub_signed(SLACK)
        .unwrap_or(claim.created_at);
    let until = later(claim.ends(), SLACK);
    let possible: Vec<&Candidate> = candidates
        .iter()
        .filter(|run| {
            (from..=until).contains(&run.created_at)
                && !sought.known.contains(&run.id)
                && run
                    .actor
                    .as_ref()
                    .is_some_and(|actor| actor.eq_ignore_ascii_case(&claim.author))
        })
        .collect();
    let shows = |run: &&Candidate| {
        run.title
            .as_ref()
            .is_some_and(|title| title.contains(sought.correlation))
    };
    let shown: Vec<&Candidate> = possible.iter().copied().filter(shows).collect();
    if shown.is_empty() {
        let silent = possible.into_iter().filter(|run| !shows_any(run)).collect();
        return only(silent, sought.is_event);
    }
    // A correlation is sent once, so the earliest run that shows it is the one.
    let mut first: BTreeMap<u64, u64> = BTreeMap::new();
    for run in shown {
        let workflow = if sought.is_event { run.workflow } else { 0 };
        let id = first.entry(workflow).or_insert(run.id);
        *id = (*id).min(run.id);
    }
    Found::Runs(sorted(first.into_values().collect()))
}

fn only(runs: Vec<&Candidate>, is_event: bool) -> Found {
    let groups: BTreeSet<u64> = runs
        .iter()
        .map(|run| if is_event { run.workflow } else { 0 })
        .collect();
    let ids = sorted(runs.iter().map(|run| run.id).collect());
    if ids.is_empty() {
        Found::Nothing
    } else if ids.len() == groups.len() {
        Found::Runs(ids)
    } else {
        Found::Several(ids)
    }
}

fn sorted(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids
}

/// Whether the title shows a correlation at all: then the run is of another dispatch.
fn shows_any(run: &Candidate) -> bool {
    let title = run.title.as_deref().unwrap_or_default();
    title.match_indices(CORRELATION_PREFIX).any(|(at, prefix)| {
        let digits = title.get(at.saturating_add(prefix.len())..);
        digits
            .and_then(|rest| rest.get(..12))
            .is_some_and(|digits| {
                digits
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            })
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::claim::ClaimState;
    use super::*;

    const OURS: &str = "rewheel-0123456789ab";
    const OTHER: &str = "rewheel-ba9876543210";

    fn moment(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(86_400 + minute * 60, 0).unwrap()
    }

    fn run(id: u64, workflow: u64, actor: &str, title: &str, minute: i64) -> Candidate {
        Candidate {
            id,
            workflow,
            actor: (!actor.is_empty()).then(|| actor.to_owned()),
            title: (!title.is_empty()).then(|| title.to_owned()),
            created_at: moment(minute),
        }
    }

    #[rstest]
    #[case::none(vec![], false, Found::Nothing)]
    #[case::only_one(vec![run(3, 1, "Bot", "Wheels", 0)], false, Found::Runs(vec![3]))]
    #[case::no_title(vec![run(3, 1, "bot", "", 59)], false, Found::Runs(vec![3]))]
    #[case::two(vec![run(3, 1, "bot", "Wheels", 0), run(4, 1, "bot", "Wheels", 1)], false, Found::Several(vec![3, 4]))]
    #[case::shown(vec![run(3, 1, "bot", "Wheels", 0), run(4, 1, "bot", &format!("Wheels {OURS}"), 1)], false, Found::Runs(vec![4]))]
    #[case::another_is_shown(vec![run(3, 1, "bot", OTHER, 0)], false, Found::Nothing)]
    #[case::another_beside(vec![run(3, 1, "bot", OTHER, 0), run(4, 1, "bot", "rewheel-x", 0)], false, Found::Runs(vec![4]))]
    #[case::shown_twice(vec![run(5, 1, "bot", OURS, 2), run(4, 1, "bot", OURS, 1)], false, Found::Runs(vec![4]))]
    #[case::somebody_else(vec![run(3, 1, "alex", OURS, 0), run(4, 1, "", OURS, 0)], false, Found::Nothing)]
    #[case::known(vec![run(9, 1, "bot", OURS, 0)], false, Found::Nothing)]
    #[case::too_early(vec![run(3, 1, "bot", OURS, -2)], false, Found::Nothing)]
    #[case::clocks_differ(vec![run(3, 1, "bot", OURS, -1)], false, Found::Runs(vec![3]))]
    #[case::too_late(vec![run(3, 1, "bot", OURS, 62)], false, Found::Nothing)]
    #[case::one_of_each(vec![run(3, 1, "bot", "e", 0), run(4, 2, "bot", "e", 0)], true, Found::Runs(vec![3, 4]))]
    #[case::two_of_one(vec![run(3, 1, "bot", "e", 0), run(4, 1, "bot", "e", 0)], true, Found::Several(vec![3, 4]))]
    #[case::shown_of_each(vec![run(5, 1, "bot", OURS, 0), run(4, 2, "bot", OURS, 0), run(6, 1, "bot", OURS, 0)], true, Found::Runs(vec![4, 5]))]
    fn a_run_is_found_or_not_guessed(
        #[case] candidates: Vec<Candidate>,
        #[case] is_event: bool,
        #[case] expected: Found,
    ) {
        let claim = Claim {
            comment: 1,
            attempt: 1,
            id: "x".to_owned(),
            author: "bot".to_owned(),
            is_ours: true,
            created_at: moment(0),
            state: ClaimState::Open,
        };
        let sought = Sought {
            claim: &claim,
            correlation: OURS,
            known: &BTreeSet::from([9]),
            is_event,
        };
        assert_eq!(find(&candidates, &sought), expected);
    }
}
