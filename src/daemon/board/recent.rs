//! The last actions of all cycles, which outlive the process in the ledger.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::report::{ActionState, LineReport, PastAction};
use crate::store::ledger::{Act, Ledger, LedgerError, Outcome};

/// How many actions are kept.
const KEPT: usize = 60;

/// Under what the ledger keeps them.
const SUBJECT: &str = "daemon:last-actions";

/// The last actions, newest first. What is the same in every cycle, such as an issue that is left
/// alone, is there once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recent(VecDeque<PastAction>);

impl Recent {
    /// Takes in what a cycle did about the lines that it looked at, and says whether anything is to
    /// be kept anew.
    pub(super) fn add(&mut self, lines: &[&LineReport], at: DateTime<Utc>) -> bool {
        let mut is_changed = false;
        // The first thing that was done comes last, as the cycle before stands below this one.
        for line in lines.iter().rev() {
            for action in line.actions.iter().rev() {
                if action.state != ActionState::Planned {
                    self.put(PastAction::of(line, action, at));
                    is_changed = true;
                }
            }
        }
        is_changed
    }

    fn put(&mut self, action: PastAction) {
        // Only the newest of its key can be the same once more: in between it was otherwise.
        let known = self.0.iter().position(|one| one.key == action.key);
        let again = known.filter(|at| self.0.get(*at).is_some_and(|one| one.is_again(&action)));
        let action = match again.and_then(|at| self.0.remove(at)) {
            Some(known) => PastAction {
                first_at: known.first_at,
                times: known.times.saturating_add(1),
                ..action
            },
            None => action,
        };
        self.0.push_front(action);
        self.0.truncate(KEPT);
    }

    /// All of them, newest first.
    pub(super) fn list(&self) -> Vec<PastAction> {
        self.0.iter().cloned().collect()
    }

    /// What the ledger keeps of them. What it notes of acts beside is put in where it is newer: the
    /// process may have ended between an act and the end of its cycle.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(super) fn recall(ledger: &Ledger) -> Result<Self, LedgerError> {
        let kept = ledger.seen(SUBJECT)?;
        // A text of another version of rewheel that is no list of these is as good as none.
        let kept: Vec<PastAction> = kept
            .and_then(|seen| serde_json::from_str(&seen.value).ok())
            .unwrap_or_default();
        let newest = kept.iter().map(|one| one.last_at).max();
        let acts = ledger.latest_acts(KEPT)?;
        let mut all: Vec<PastAction> = acts
            .iter()
            .filter(|act| newest.is_none_or(|newest| act.intended_at > newest))
            .map(of_act)
            .chain(kept)
            .collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.last_at));
        all.truncate(KEPT);
        Ok(Self(all.into()))
    }

    /// Has the ledger keep them, the newest that fit.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub(super) fn keep(&self, ledger: &Ledger, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let text = serde_json::to_string(&self.0).unwrap_or_default();
        ledger.see(SUBJECT, &text, now).map(|_| ())
    }
}

/// What is shown of an act of which only the ledger's own note is left.
fn of_act(act: &Act) -> PastAction {
    let (state, url, detail) = match &act.outcome {
        Some(Outcome::Done { url, .. }) => (ActionState::Done.as_str(), url.clone(), String::new()),
        Some(Outcome::Failed { error }) => (ActionState::Failed.as_str(), None, error.clone()),
        Some(Outcome::Abandoned) => (ActionState::Skipped.as_str(), None, String::new()),
        None => ("in-doubt", None, String::new()),
    };
    PastAction {
        scope: act.scope.clone(),
        kind: act.kind.clone(),
        key: act.key.clone(),
        state: state.to_owned(),
        cause: String::new(),
        detail,
        url,
        first_at: act.intended_at,
        last_at: act.concluded_at.unwrap_or(act.intended_at),
        times: 1,
    }
    .cut()
}

#[cfg(test)]
mod tests {
    use crate::policy::ReasonCode;
    use crate::report::{Action, ActionKind};
    use crate::store::ledger::{Access, Intent, StateLocation};

    use super::*;

    fn moment(minute: i64) -> DateTime<Utc> {
        let first: DateTime<Utc> = "2026-11-27T10:00:00Z".parse().unwrap();
        first + chrono::TimeDelta::minutes(minute)
    }

    fn add(recent: &mut Recent, minute: i64, actions: Vec<Action>) -> bool {
        let code = ReasonCode::IndexUnavailable;
        let mut line = LineReport::failed("demo", "main", code, String::new());
        line.actions = actions;
        recent.add(&[&line], moment(minute))
    }

    fn action(kind: ActionKind, state: ActionState) -> Action {
        Action::new(kind, format!("demo/main/{}", kind.as_str()), state)
    }

    fn shown(recent: &Recent) -> Vec<String> {
        let one = |past: PastAction| format!("{} {} x{}", past.kind, past.state, past.times);
        recent.list().into_iter().map(one).collect()
    }

    #[test]
    fn the_same_in_every_cycle_is_told_once_and_a_change_anew() {
        let mut recent = Recent::default();
        let left = action(ActionKind::UpdateIssue, ActionState::Skipped);
        for minute in 0..3 {
            assert!(add(&mut recent, minute, vec![left.clone()]));
        }
        let done = action(ActionKind::UpdateIssue, ActionState::Done);
        let comment = action(ActionKind::Comment, ActionState::Done);
        add(&mut recent, 3, vec![comment, done]);
        add(&mut recent, 4, vec![left]);
        assert_eq!(
            shown(&recent),
            [
                "update-issue skipped x1",
                "comment done x1",
                "update-issue done x1",
                "update-issue skipped x3",
            ]
        );
        assert_eq!(recent.list()[3].first_at, moment(0));
        assert_eq!(recent.list()[3].last_at, moment(2));
        let planned = action(ActionKind::Dispatch, ActionState::Planned);
        assert!(!add(&mut recent, 5, vec![planned]));
    }

    #[test]
    fn they_are_bounded_in_number_and_length() {
        let mut recent = Recent::default();
        for minute in 0..300 {
            let long = "ä".repeat(100_000);
            let one = action(ActionKind::Comment, ActionState::Failed).because(long);
            let one = Action {
                key: minute.to_string(),
                ..one
            };
            add(&mut recent, minute, vec![one]);
        }
        assert_eq!(recent.list().len(), KEPT);
        let ledger = Ledger::open(&StateLocation::None, Access::Write).unwrap();
        recent.keep(&ledger, moment(300)).unwrap();
        assert_eq!(Recent::recall(&ledger).unwrap(), recent);
    }

    #[test]
    fn what_was_done_after_they_were_kept_is_told_from_the_acts() {
        let ledger = Ledger::open(&StateLocation::None, Access::Write).unwrap();
        let mut recent = Recent::default();
        let done = action(ActionKind::OpenIssue, ActionState::Done);
        add(&mut recent, 1, vec![done]);
        recent.keep(&ledger, moment(1)).unwrap();
        for (minute, key) in [(1, "demo/main/open-issue"), (2, "demo/main/comment")] {
            let intent = Intent {
                key: key.to_owned(),
                scope: "demo/main".to_owned(),
                kind: "comment".to_owned(),
                detail: serde_json::Value::Null,
                at: moment(minute),
            };
            ledger.intend(&intent).unwrap();
        }
        let recalled = Recent::recall(&ledger).unwrap();
        assert_eq!(
            shown(&recalled),
            ["comment in-doubt x1", "open-issue done x1"]
        );
    }
}
