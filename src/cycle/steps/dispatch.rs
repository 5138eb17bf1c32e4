//! Steps that are started by us: what is left is read, and what is missing next is done.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::model::{Step, StepKind};
use crate::policy::steps::claim::{Claim, ClaimState};
use crate::policy::steps::dispatch::{Next, next};
use crate::policy::steps::{KnownRun, StepState};
use crate::report::{ActionKind, ActionState};

use super::check::Wanted;
use super::follow::Followed;
use super::places::Place;
use super::start::{Answer, no_issue};
use super::traces::Traces;
use super::verdict::Verdict;
use super::{DueTarget, Round};

impl Round<'_> {
    pub(super) async fn dispatch_step(
        &mut self,
        step: &Step,
        place: &Place,
        due: &DueTarget,
        needs: &[String],
    ) -> Verdict {
        let done = self.dispatched(step, place, due, needs).await;
        done.unwrap_or_else(|verdict| verdict)
    }

    async fn dispatched(
        &mut self,
        step: &Step,
        place: &Place,
        due: &DueTarget,
        needs: &[String],
    ) -> Result<Verdict, Verdict> {
        let StepKind::Dispatch {
            start,
            reference,
            inputs,
        } = &step.kind
        else {
            return Err(Verdict::blocked("it is nothing that could be started"));
        };
        let wanted = Wanted {
            start,
            reference: reference.as_deref(),
            inputs,
        };
        let mut traces = self.traces(step, start, place, due).await?;
        let mut followed = self
            .follow_attempt(step, &wanted, place, due, &mut traces)
            .await;
        let may_begin =
            needs.is_empty() && due.may_start && (self.request.issue.is_some() || !self.acts());
        let mut wanted_next = self.next(step, &traces, may_begin);
        if let Next::Claim(attempt) = wanted_next
            && self.acts()
        {
            let dispatch = self.rendered(step, &wanted, place, due, attempt, "")?;
            self.check(place, &dispatch).await?;
            let comment = self.claim(step, due, attempt).await?;
            traces = self.traces(step, start, place, due).await?;
            followed = self
                .follow_attempt(step, &wanted, place, due, &mut traces)
                .await;
            // Whoever does not see the own claim does not see the others' either.
            if !traces.claims.iter().any(|claim| claim.comment == comment) {
                let sentence = "its claim is posted, but GitHub's list of comments does not show \
                                it yet; the next round goes on";
                return Ok(Verdict::new(StepState::Unclear, sentence));
            }
            wanted_next = self.next(step, &traces, may_begin);
        }
        let before = followed.map(|followed| followed.verdict);
        match wanted_next {
            Next::Follow(_) => {
                Ok(before.unwrap_or_else(|| Verdict::new(StepState::Unclear, "its runs are lost")))
            }
            Next::Claim(attempt) | Next::Send { attempt, .. } if !self.acts() => {
                let dispatch = self.rendered(step, &wanted, place, due, attempt, "")?;
                self.check(place, &dispatch).await?;
                let key = self.dispatch_key(step, due, attempt);
                self.acted(ActionKind::Dispatch, key, ActionState::Planned, None);
                let sentence = format!("attempt {attempt} of {} would start now", step.attempts);
                Ok(after(before, StepState::Planned, sentence))
            }
            Next::Claim(_) => Ok(after(
                before,
                StepState::Unclear,
                "the claim that was just posted does not count; the next round looks again"
                    .to_owned(),
            )),
            Next::Send { claim, .. } => {
                let claim = traces.claims.iter().find(|one| one.comment == claim);
                let claim = claim.cloned();
                let claim = claim.ok_or_else(|| Verdict::blocked("its claim is lost"))?;
                self.start(step, &wanted, place, due, &claim).await
            }
            Next::NotYet => Ok(not_begun(due, needs, before)),
            other => Ok(self.left_alone(step, due, &traces, other, before).await),
        }
    }

    fn next(&self, step: &Step, traces: &Traces, may_begin: bool) -> Next {
        let attempt = traces.attempt.as_ref();
        next(
            attempt,
            &traces.claims,
            step.attempts,
            may_begin,
            self.now(),
        )
    }

    /// Follows the runs of the newest attempt, if there are any, and writes down what is not.
    async fn follow_attempt(
        &mut self,
        step: &Step,
        wanted: &Wanted<'_>,
        place: &Place,
        due: &DueTarget,
        traces: &mut Traces,
    ) -> Option<Followed> {
        let attempt = traces.attempt.as_mut()?;
        if attempt.runs.is_empty() {
            return None;
        }
        let runs = attempt.runs.clone();
        for run in &runs {
            let known = KnownRun {
                step: step.name.clone(),
                target: due.version.clone(),
                run: *run,
            };
            if !self.outcome.runs.contains(&known) {
                self.outcome.runs.push(known);
            }
        }
        let followed = self.follow(step, wanted.start, place, due, &runs).await;
        attempt.is_stale = followed.is_stale;
        let number = attempt.number;
        if self.acts() && !followed.urls.is_empty() {
            self.name_runs(step, due, number, &runs, &traces.claims, &followed.urls)
                .await;
        }
        Some(followed)
    }

    /// Sends the dispatch by a claim of ours that won.
    async fn start(
        &mut self,
        step: &Step,
        wanted: &Wanted<'_>,
        place: &Place,
        due: &DueTarget,
        claim: &Claim,
    ) -> Result<Verdict, Verdict> {
        let dispatch = self.rendered(step, wanted, place, due, claim.attempt, &claim.id)?;
        self.check(place, &dispatch).await?;
        let key = self.dispatch_key(step, due, claim.attempt);
        match self.send(step, place, due, claim, &dispatch).await? {
            Answer::Taken => Ok(self
                .look_for_run(step, wanted, place, due, claim, None)
                .await),
            Answer::Unknown(error) => Ok(self
                .look_for_run(step, wanted, place, due, claim, Some(error.to_string()))
                .await),
            Answer::Later(error) => {
                self.act_failed(ActionKind::Dispatch, key, error.to_string());
                let sentence = format!("nothing was started; it is tried again: {error}");
                Ok(Verdict::new(StepState::Unclear, sentence))
            }
            Answer::Refused(error) => {
                self.act_failed(ActionKind::Dispatch, key, error.to_string());
                let what = "GitHub refused to start it, so nothing runs.";
                self.rewrite(step, due, claim, &ClaimState::Refused, what)
                    .await;
                Ok(Verdict::blocked(format!(
                    "GitHub refused to start it: {error}"
                )))
            }
        }
    }

    /// Finds and names the run of a dispatch that was just sent. `doubt` is why it is not sure
    /// that it was.
    async fn look_for_run(
        &mut self,
        step: &Step,
        wanted: &Wanted<'_>,
        place: &Place,
        due: &DueTarget,
        claim: &Claim,
        doubt: Option<String>,
    ) -> Verdict {
        let key = self.dispatch_key(step, due, claim.attempt);
        let traces = self.traces(step, wanted.start, place, due).await;
        let followed = match traces {
            Ok(mut traces) => {
                let followed = self
                    .follow_attempt(step, wanted, place, due, &mut traces)
                    .await;
                followed.filter(|_| {
                    let number = traces.attempt.as_ref().map(|attempt| attempt.number);
                    number == Some(claim.attempt)
                })
            }
            Err(verdict) => {
                tracing::warn!("the run that was started is not seen: {}", verdict.sentence);
                None
            }
        };
        if let Some(followed) = followed {
            let url = followed.urls.first().cloned();
            self.acted(ActionKind::Dispatch, key, ActionState::Done, url);
            let mut verdict = followed.verdict;
            verdict.sentence = format!("it was started now; {}", verdict.sentence);
            return verdict;
        }
        let sentence = match &doubt {
            None => "it was started; its run is not in GitHub's list yet".to_owned(),
            Some(error) => format!(
                "whether it was started is not known: {error}; its run is looked for until the \
                 claim ends at {}",
                told(claim.ends())
            ),
        };
        match doubt {
            None => self.acted(ActionKind::Dispatch, key, ActionState::Done, None),
            Some(_) => self.act_failed(ActionKind::Dispatch, key, sentence.clone()),
        }
        Verdict::new(StepState::Unconfirmed, sentence)
    }

    /// What is said when nothing is started.
    async fn left_alone(
        &mut self,
        step: &Step,
        due: &DueTarget,
        traces: &Traces,
        next: Next,
        before: Option<Verdict>,
    ) -> Verdict {
        match next {
            Next::OtherActs {
                author,
                until,
                yielding,
            } => {
                let attempt = traces.attempt.as_ref().map_or(1, |attempt| attempt.number);
                let key = self.dispatch_key(step, due, attempt);
                self.acted(ActionKind::Dispatch, key, ActionState::Skipped, None);
                let what = "another watcher was first and starts it.";
                self.yield_claims(step, due, traces, &yielding, what).await;
                let sentence = format!(
                    "{author} claimed it and starts it; without a run that claim ends at {}",
                    told(until)
                );
                after(before, StepState::Waiting, sentence)
            }
            Next::LetGo(unused) => {
                let what = "nothing was started by this claim before it grew old.";
                self.yield_claims(step, due, traces, &unused, what).await;
                let sentence = "its claim grew old before it could be started; the next round \
                                claims it anew";
                after(before, StepState::Waiting, sentence.to_owned())
            }
            Next::Unconfirmed(until) => {
                let sentence = format!(
                    "it may have been started, but no run of it is found; it is looked for until \
                     {}, and nothing is started before",
                    told(until)
                );
                after(before, StepState::Unconfirmed, sentence)
            }
            Next::Several(runs) => {
                let runs: Vec<String> = runs.iter().map(u64::to_string).collect();
                let sentence = format!(
                    "one of the runs {} came of it, and nothing tells which; it is not started \
                     again. A `run-name` with `rewheel.correlation` among its inputs would tell",
                    runs.join(", ")
                );
                after(before, StepState::Unconfirmed, sentence)
            }
            Next::Refused(again) => {
                let sentence = format!(
                    "GitHub refused to start it; it is tried again at {}",
                    told(again)
                );
                after(before, StepState::Blocked, sentence)
            }
            _ => {
                let sentence = format!(
                    "it was started as often as allowed ({}); nothing more is started by itself",
                    step.attempts
                );
                let state = before
                    .as_ref()
                    .map_or(StepState::Failed, |before| before.state);
                after(before, state, sentence)
            }
        }
    }

    async fn yield_claims(
        &mut self,
        step: &Step,
        due: &DueTarget,
        traces: &Traces,
        comments: &[u64],
        what: &str,
    ) {
        if !self.acts() {
            return;
        }
        let ours = traces
            .claims
            .iter()
            .filter(|claim| comments.contains(&claim.comment));
        for claim in ours {
            self.rewrite(step, due, claim, &ClaimState::Yielded, what)
                .await;
        }
    }
}

/// Why it may not begin.
fn not_begun(due: &DueTarget, needs: &[String], before: Option<Verdict>) -> Verdict {
    let reason = if !needs.is_empty() {
        Verdict::waiting_for(needs)
    } else if !due.may_start {
        let sentence = "the decision does not ask for it to be started";
        Verdict::new(StepState::Waiting, sentence)
    } else {
        no_issue()
    };
    match before {
        // What a stale run showed stays said.
        Some(before) => after(Some(before.clone()), before.state, reason.sentence),
        None => reason,
    }
}

/// What was found out before, and what is added to it.
fn after(before: Option<Verdict>, state: StepState, sentence: String) -> Verdict {
    match before {
        None => Verdict::new(state, sentence),
        Some(mut before) => {
            before.sentence = format!("{}; {sentence}", before.sentence);
            before.state = state;
            before
        }
    }
}

fn told(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}
