//! All that is left of the attempts to start a step: claims, the ledger's acts, runs.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::github::{Run, RunFilter};
use crate::model::{OpensslVersion, Start, Step, StepKind};
use crate::policy::steps::claim::{Claim, ClaimState};
use crate::policy::steps::dispatch::{Attempt, Sent, newest_attempt};
use crate::policy::steps::find::{Candidate, Found, Sought, find};
use crate::store::ledger::{Act, Outcome};

use super::claim::{Posted, posted};
use super::places::Place;
use super::values::correlation;
use super::verdict::Verdict;
use super::{DueTarget, Round};

/// How many runs are looked at when one is looked for.
const MOST_CANDIDATES: usize = 100;

/// How many acts of the ledger are looked at for runs that are known.
const MOST_ACTS: usize = 500;

/// What is left of the attempts to start a step for a target.
#[derive(Debug)]
pub(super) struct Traces {
    /// Claims on it, in the order of their comments.
    pub claims: Vec<Claim>,
    /// The newest attempt.
    pub attempt: Option<Attempt>,
}

impl Round<'_> {
    /// Reads everything, and looks for a run where something may have been sent.
    pub(super) async fn traces(
        &mut self,
        step: &Step,
        start: &Start,
        place: &Place,
        due: &DueTarget,
    ) -> Result<Traces, Verdict> {
        let all = self.posted().await?;
        let is_own = |one: &Posted| one.step == step.name && one.target == due.version;
        let mut claims = Vec::new();
        for one in all.iter().filter(|one| is_own(one)) {
            let mut claim = one.claim.clone();
            claim.is_ours = self.is_ours(step, due, &claim)?;
            claims.push(claim);
        }
        let highest = claims.iter().map(|claim| claim.attempt).max().unwrap_or(0);
        let (mut sent, mut runs) = (Vec::new(), Vec::new());
        for number in 1..=highest.max(step.attempts) {
            let key = self.dispatch_key(step, due, number);
            let Some(act) = self.act(&key)? else { continue };
            let own = runs_of(&act);
            runs.extend(own.iter().map(|run| (number, *run)));
            match act.outcome {
                Some(Outcome::Failed { .. }) => sent.push((number, Sent::NotTaken)),
                Some(Outcome::Done { .. }) if !own.is_empty() => {}
                _ => sent.push((number, Sent::Perhaps(act.intended_at))),
            }
        }
        let placed: BTreeSet<u64> = claims
            .iter()
            .flat_map(named)
            .chain(runs.iter().map(|(_, run)| *run))
            .collect();
        let unplaced = self.hinted(step, start, place, due, &placed).await;
        let mut attempt = newest_attempt(&claims, &sent, &runs, &unplaced);
        if let Some(attempt) = &mut attempt {
            let mut known = self.known_elsewhere(step, due, &all)?;
            known.extend(placed.iter().filter(|run| !attempt.runs.contains(run)));
            self.look(step, start, place, due, attempt, &claims, &known)
                .await?;
        }
        Ok(Traces { claims, attempt })
    }

    /// The claims on the tracking issue by trusted authors.
    async fn posted(&mut self) -> Result<Vec<Posted>, Verdict> {
        let request = self.request;
        let Some(issue) = request.issue else {
            return Ok(Vec::new());
        };
        if self.comments.is_none() {
            let listed = request.github.comments(request.repository, issue).await;
            self.comments = Some(listed.map_err(|error| Verdict::of_read(&error))?);
        }
        let mut found: Vec<Posted> = self
            .comments
            .iter()
            .flatten()
            .filter_map(|comment| posted(comment, |author| self.is_trusted(author)))
            .collect();
        found.sort_by_key(|one| one.claim.comment);
        Ok(found)
    }

    /// Whether the account's claims and runs are believed.
    pub(super) fn is_trusted(&self, author: &str) -> bool {
        let request = self.request;
        let is = |name: &str| name.eq_ignore_ascii_case(author);
        is(request.me) || request.trusted.iter().any(|name| is(name))
    }

    /// Whether the ledger knows the claim as ours. Its author alone does not tell: another process
    /// may write in the same name.
    fn is_ours(&self, step: &Step, due: &DueTarget, claim: &Claim) -> Result<bool, Verdict> {
        if !claim.author.eq_ignore_ascii_case(self.request.me) {
            return Ok(false);
        }
        let act = self.act(&self.claim_key(step, due, claim.attempt))?;
        Ok(act.is_some_and(|act| claim_id(&act) == Some(&claim.id)))
    }

    /// Runs that the hidden state names and that fit: it is a hint that others can write to.
    async fn hinted(
        &self,
        step: &Step,
        start: &Start,
        place: &Place,
        due: &DueTarget,
        placed: &BTreeSet<u64>,
    ) -> Vec<u64> {
        let mut found = Vec::new();
        let hints = self.request.known_runs.iter().filter(|known| {
            known.step == step.name && known.target == due.version && !placed.contains(&known.run)
        });
        for hint in hints {
            let run = self.request.github.run(&place.name, hint.run).await;
            if let Ok(Some(run)) = run
                && is_of(&run, start)
                && run
                    .actor
                    .as_deref()
                    .is_some_and(|actor| self.is_trusted(actor))
            {
                found.push(run.id);
            }
        }
        found
    }

    /// Runs that came of other steps, targets and projects.
    fn known_elsewhere(
        &self,
        step: &Step,
        due: &DueTarget,
        all: &[Posted],
    ) -> Result<BTreeSet<u64>, Verdict> {
        let is_own =
            |name: &str, target: &OpensslVersion| name == step.name && *target == due.version;
        let claimed = all
            .iter()
            .filter(|one| !is_own(&one.step, &one.target))
            .flat_map(|one| named(&one.claim));
        let hinted = self.request.known_runs.iter().chain(&self.outcome.runs);
        let hinted = hinted
            .filter(|known| !is_own(&known.step, &known.target))
            .map(|known| known.run);
        let mut known: BTreeSet<u64> = claimed.chain(hinted).collect();
        let own = self.dispatch_prefix(step, due);
        let ledger = self.request.ledger;
        let acts = ledger
            .latest_acts(MOST_ACTS)
            .map_err(|error| Verdict::of_ledger(&error))?;
        let others = acts
            .iter()
            .filter(|act| act.kind == super::start::DISPATCH && !act.key.starts_with(&own));
        known.extend(others.flat_map(runs_of));
        Ok(known)
    }

    /// Looks for the runs of an attempt that may have been sent.
    #[expect(clippy::too_many_arguments, reason = "they are the traces themselves")]
    async fn look(
        &self,
        step: &Step,
        start: &Start,
        place: &Place,
        due: &DueTarget,
        attempt: &mut Attempt,
        claims: &[Claim],
        known: &BTreeSet<u64>,
    ) -> Result<(), Verdict> {
        let mut sought: Vec<Claim> = attempt
            .claims_to_look_for(claims)
            .into_iter()
            .cloned()
            .collect();
        sought.extend(self.claim_that_is_gone(step, due, attempt, &sought)?);
        for claim in &sought {
            let target = due.version.to_string();
            let request = self.request;
            let correlation =
                correlation(request.scope, &step.name, &target, claim.attempt, &claim.id);
            let candidates = self.candidates(step, start, place, claim).await?;
            let sought = Sought {
                claim,
                correlation: &correlation,
                known,
                is_event: matches!(start, Start::Event(_)),
            };
            match find(&candidates, &sought) {
                Found::Nothing => {}
                Found::Runs(runs) => attempt.runs.extend(runs),
                Found::Several(runs) => attempt.several.extend(runs),
            }
        }
        attempt.runs.sort_unstable();
        attempt.runs.dedup();
        Ok(())
    }

    /// The claim by which something may have been sent, when its comment is not there any more.
    fn claim_that_is_gone(
        &self,
        step: &Step,
        due: &DueTarget,
        attempt: &Attempt,
        there: &[Claim],
    ) -> Result<Option<Claim>, Verdict> {
        let Some(Sent::Perhaps(at)) = attempt.sent else {
            return Ok(None);
        };
        if !attempt.runs.is_empty() || there.iter().any(|claim| claim.is_ours) {
            return Ok(None);
        }
        let act = self.act(&self.dispatch_key(step, due, attempt.number))?;
        let id = act.as_ref().and_then(claim_id).cloned();
        Ok(Some(Claim {
            comment: 0,
            attempt: attempt.number,
            id: id.unwrap_or_default(),
            author: self.request.me.to_owned(),
            is_ours: true,
            created_at: at,
            state: ClaimState::Open,
        }))
    }

    async fn candidates(
        &self,
        step: &Step,
        start: &Start,
        place: &Place,
        claim: &Claim,
    ) -> Result<Vec<Candidate>, Verdict> {
        let (workflow, event) = match start {
            Start::Workflow(file) => (Some(file.as_str()), "workflow_dispatch"),
            Start::Event(_) => (None, "repository_dispatch"),
        };
        let filter = RunFilter {
            event: Some(event.to_owned()),
            actor: Some(claim.author.clone()),
            created_since: claim.created_at.checked_sub_signed(TimeDelta::minutes(1)),
            ..RunFilter::default()
        };
        let listed = self
            .request
            .github
            .runs(&place.name, workflow, &filter, MOST_CANDIDATES)
            .await
            .map_err(|error| Verdict::of_read(&error))?;
        // Without a name of its own, a run of an event shows the event's.
        let other_events: BTreeSet<&str> = self
            .request
            .steps
            .iter()
            .filter(|other| other.name != step.name)
            .filter_map(|other| match &other.kind {
                StepKind::Dispatch {
                    start: Start::Event(event),
                    ..
                } => Some(event.as_str()),
                _ => None,
            })
            .collect();
        Ok(listed
            .into_iter()
            .filter(|run| is_of(run, start))
            .filter(|run| {
                let title = run.display_title.as_deref().unwrap_or_default();
                workflow.is_some() || !other_events.contains(title)
            })
            .map(|run| Candidate {
                id: run.id,
                workflow: run.workflow_id,
                actor: run.actor,
                title: run.display_title,
                created_at: run.created_at,
            })
            .collect())
    }

    pub(super) fn act(&self, key: &str) -> Result<Option<Act>, Verdict> {
        let act = self.request.ledger.act(key);
        act.map_err(|error| Verdict::of_ledger(&error))
    }
}

/// Whether a run can have come of such a start: by its event, and by its workflow's file where
/// GitHub names it.
pub(super) fn is_of(run: &Run, start: &Start) -> bool {
    match start {
        Start::Event(_) => run.event == "repository_dispatch",
        Start::Workflow(file) => {
            let path = run.path.as_deref().unwrap_or_default();
            let path = path.split('@').next().unwrap_or_default();
            let own = path.rsplit('/').next().unwrap_or_default();
            run.event == "workflow_dispatch" && (own.is_empty() || own == file)
        }
    }
}

fn named(claim: &Claim) -> Vec<u64> {
    match &claim.state {
        ClaimState::Named(runs) => runs.clone(),
        _ => Vec::new(),
    }
}

/// The identifier of the claim in an intent.
pub(super) fn claim_id(act: &Act) -> Option<&String> {
    match act.detail.get("claim") {
        Some(serde_json::Value::String(id)) => Some(id),
        _ => None,
    }
}

fn runs_of(act: &Act) -> Vec<u64> {
    match &act.outcome {
        Some(Outcome::Done { detail, .. }) => detail
            .get("runs")
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_u64)
            .collect(),
        _ => Vec::new(),
    }
}
