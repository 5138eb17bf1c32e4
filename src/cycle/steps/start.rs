//! The writes of a dispatch, in their order: intent and claim, intent and dispatch, its run's name.

use serde_json::json;

use crate::github::{Comment, GithubError};
use crate::model::{Start, Step};
use crate::policy::steps::StepState;
use crate::policy::steps::claim::{Claim, ClaimState};
use crate::report::{Action, ActionKind, ActionState};
use crate::store::ledger::{Intent, LedgerError, Outcome};

use super::check::Dispatch;
use super::claim::{Purpose, comment, new_id, sentence};
use super::places::Place;
use super::traces::claim_id;
use super::verdict::Verdict;
use super::{DueTarget, Round};

/// The ledger's word for the act of starting a step.
pub(super) const DISPATCH: &str = "dispatch";

const CLAIM: &str = "claim";

/// What came of sending a dispatch.
#[derive(Debug)]
pub(super) enum Answer {
    /// GitHub took it.
    Taken,
    /// Nobody knows whether it took it.
    Unknown(GithubError),
    /// It will take it later: nothing was started.
    Later(GithubError),
    /// It refused: nothing was started.
    Refused(GithubError),
}

impl Round<'_> {
    pub(super) fn dispatch_prefix(&self, step: &Step, due: &DueTarget) -> String {
        let scope = self.request.scope;
        format!("{scope}/dispatch/{}/{}/", step.name, due.version)
    }

    pub(super) fn dispatch_key(&self, step: &Step, due: &DueTarget, attempt: u32) -> String {
        format!("{}{attempt}", self.dispatch_prefix(step, due))
    }

    pub(super) fn claim_key(&self, step: &Step, due: &DueTarget, attempt: u32) -> String {
        let scope = self.request.scope;
        format!("{scope}/claim/{}/{}/{attempt}", step.name, due.version)
    }

    /// Posts a claim, and says under which comment it stands.
    pub(super) async fn claim(
        &mut self,
        step: &Step,
        due: &DueTarget,
        attempt: u32,
    ) -> Result<u64, Verdict> {
        let Some(issue) = self.request.issue else {
            return Err(no_issue());
        };
        let key = self.claim_key(step, due, attempt);
        // A claim of which nobody knows whether it was posted keeps its identifier, so that it is
        // ours in whichever comment it turns up.
        let open = self.act(&key)?.filter(|act| act.outcome.is_none());
        let id = open.as_ref().and_then(claim_id).cloned();
        let purpose = Purpose {
            step: step.name.clone(),
            target: due.version.clone(),
            attempt,
            id: id.unwrap_or_else(|| new_id(&key)),
        };
        self.intend(&key, CLAIM, json!({ "claim": purpose.id, "issue": issue }))?;
        let what = "rewheel claims it and starts it now.";
        let body = comment(
            &purpose,
            &ClaimState::Open,
            &sentence(&purpose, step.attempts, what),
        );
        let posted = self
            .request
            .github
            .create_comment(self.request.repository, issue, &body)
            .await;
        self.comments = None;
        match posted {
            Ok(posted) => {
                let detail = json!({ "comment": posted.id });
                self.conclude(&key, Some(posted.html_url), detail);
                Ok(posted.id)
            }
            Err(error) => {
                if !error.is_ambiguous() {
                    self.failed(&key, &error);
                }
                let mut verdict = Verdict::of_read(&error);
                verdict.sentence = format!("its claim could not be posted: {error}");
                let key = self.dispatch_key(step, due, attempt);
                self.act_failed(ActionKind::Dispatch, key, verdict.sentence.clone());
                Err(verdict)
            }
        }
    }

    /// Sends the dispatch. What it came to is in the ledger when this returns.
    pub(super) async fn send(
        &mut self,
        step: &Step,
        place: &Place,
        due: &DueTarget,
        claim: &Claim,
        dispatch: &Dispatch,
    ) -> Result<Answer, Verdict> {
        let key = self.dispatch_key(step, due, claim.attempt);
        let detail = json!({ "claim": claim.id, "comment": claim.comment });
        self.intend(&key, DISPATCH, detail)?;
        let github = self.request.github;
        let Dispatch {
            start,
            reference,
            inputs,
        } = dispatch;
        let answer = match start {
            Start::Workflow(file) => github
                .dispatch_workflow(&place.name, file, reference, inputs)
                .await
                .map(|dispatched| dispatched.map(|one| (one.run, one.html_url))),
            Start::Event(event) => github
                .dispatch_event(&place.name, event, inputs)
                .await
                .map(|()| None),
        };
        Ok(match answer {
            Ok(Some((run, url))) => {
                self.conclude(&key, Some(url), json!({ "runs": [run] }));
                Answer::Taken
            }
            Ok(None) => Answer::Taken,
            Err(error) if error.is_ambiguous() => Answer::Unknown(error),
            Err(error) => {
                self.failed(&key, &error);
                if is_refusal(&error) {
                    Answer::Refused(error)
                } else {
                    Answer::Later(error)
                }
            }
        })
    }

    /// Writes into the ledger and into our claims which runs came of an attempt, where that is not
    /// written yet.
    pub(super) async fn name_runs(
        &mut self,
        step: &Step,
        due: &DueTarget,
        attempt: u32,
        runs: &[u64],
        claims: &[Claim],
        urls: &[String],
    ) {
        let key = self.dispatch_key(step, due, attempt);
        if let Ok(Some(act)) = self.act(&key)
            && act.outcome.is_none()
        {
            self.conclude(&key, urls.first().cloned(), json!({ "runs": runs }));
        }
        let me = self.request.me;
        let unnamed = claims.iter().filter(|claim| {
            claim.attempt == attempt
                && claim.state == ClaimState::Open
                && claim.author.eq_ignore_ascii_case(me)
        });
        for claim in unnamed {
            let what = format!("rewheel started it: {}", urls.join(", "));
            self.rewrite(step, due, claim, &ClaimState::Named(runs.to_vec()), &what)
                .await;
        }
    }

    /// Says in our claim what became of it. A claim that cannot be rewritten ends by itself.
    pub(super) async fn rewrite(
        &mut self,
        step: &Step,
        due: &DueTarget,
        claim: &Claim,
        state: &ClaimState,
        what: &str,
    ) {
        let purpose = Purpose {
            step: step.name.clone(),
            target: due.version.clone(),
            attempt: claim.attempt,
            id: claim.id.clone(),
        };
        let body = comment(&purpose, state, &sentence(&purpose, step.attempts, what));
        let request = self.request;
        let edited = request
            .github
            .edit_comment(request.repository, claim.comment, &body)
            .await;
        match edited {
            Ok(edited) => self.replace(edited),
            Err(error) => tracing::warn!("a claim could not be rewritten: {error}"),
        }
    }

    fn replace(&mut self, edited: Comment) {
        let comments = self.comments.iter_mut().flatten();
        for comment in comments.filter(|comment| comment.id == edited.id) {
            comment.body.clone_from(&edited.body);
        }
    }

    pub(super) fn intend(
        &self,
        key: &str,
        kind: &str,
        detail: serde_json::Value,
    ) -> Result<(), Verdict> {
        let intent = Intent {
            key: key.to_owned(),
            scope: self.request.scope.to_owned(),
            kind: kind.to_owned(),
            detail,
            at: self.now(),
        };
        let noted = self.request.ledger.intend(&intent);
        noted.map_err(|error| Verdict::of_ledger(&error))
    }

    pub(super) fn conclude(&self, key: &str, url: Option<String>, detail: serde_json::Value) {
        let outcome = Outcome::Done { url, detail };
        warn(self.request.ledger.conclude(key, &outcome, self.now()));
    }

    pub(super) fn failed(&self, key: &str, error: &GithubError) {
        let outcome = Outcome::Failed {
            error: error.to_string(),
        };
        warn(self.request.ledger.conclude(key, &outcome, self.now()));
    }

    pub(super) fn acted(
        &mut self,
        kind: ActionKind,
        key: String,
        state: ActionState,
        url: Option<String>,
    ) {
        self.outcome.actions.push(Action {
            kind,
            key,
            state,
            url,
            error: None,
            note: None,
        });
    }

    pub(super) fn act_failed(&mut self, kind: ActionKind, key: String, error: String) {
        self.outcome.actions.push(Action {
            kind,
            key,
            state: ActionState::Failed,
            url: None,
            error: Some(error),
            note: None,
        });
    }
}

pub(super) fn no_issue() -> Verdict {
    let sentence = "nothing is started before the tracking issue is there";
    Verdict::new(StepState::Waiting, sentence)
}

/// Whether GitHub looked at the request and said no, so that the same one is refused again.
fn is_refusal(error: &GithubError) -> bool {
    error
        .status()
        .is_some_and(|status| (400..500).contains(&status) && status != 408 && status != 429)
}

/// An outcome that is not written down is found out again in the next round.
fn warn(noted: Result<(), LedgerError>) {
    if let Err(error) = noted {
        tracing::warn!("{error}");
    }
}
