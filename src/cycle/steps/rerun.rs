//! Runs of ours that failed: their failed jobs are run again, up to a limit.

use chrono::SecondsFormat;
use serde_json::json;

use crate::github::{Conclusion, Run, RunStatus};
use crate::model::Step;
use crate::policy::steps::rerun::{FailedRun, Rerun, Tried, rerun};
use crate::policy::steps::{FailedJob, StepState};
use crate::report::{ActionKind, ActionState};

use super::places::Place;
use super::verdict::Verdict;
use super::{DueTarget, Round};

/// The ledger's word for the act of running failed jobs again.
const RERUN: &str = "rerun";

/// How many failed jobs are named.
const MOST_JOBS: usize = 20;

impl Round<'_> {
    /// Decides about a run that failed, and runs its failed jobs again when it is time.
    pub(super) async fn failed_run(
        &mut self,
        step: &Step,
        place: &Place,
        due: &DueTarget,
        run: &Run,
    ) -> Verdict {
        let word = run.conclusion.as_ref().map_or("", Conclusion::as_str);
        let what = format!("run {} ended as \"{word}\"", run.id);
        let jobs = self.failed_jobs(place, run.id).await;
        let say = |state, rest: String| {
            Verdict::new(state, format!("{what}; {rest}")).with_failed_jobs(jobs.clone())
        };
        let actor = run.actor.as_deref().unwrap_or("nobody");
        let is_ours = actor.eq_ignore_ascii_case(self.request.me);
        let is_trusted = self
            .request
            .trusted
            .iter()
            .any(|one| one.eq_ignore_ascii_case(actor));
        if !is_ours && !is_trusted {
            let rest = format!("{actor} started it, so it is not run again from here");
            return say(StepState::Failed, rest);
        }
        let key = format!(
            "{}/rerun/{}/{}/{}",
            self.request.scope, step.name, run.id, run.run_attempt
        );
        let act = match self.act(&key) {
            Ok(act) => act,
            Err(verdict) => return verdict,
        };
        let tried = act.as_ref().map(|act| Tried {
            at: act.intended_at,
            times: u64::from(act.attempts),
        });
        let failed = FailedRun {
            attempt: run.run_attempt,
            ended_at: run.updated_at,
        };
        let again = run.run_attempt.saturating_sub(1);
        let limit = step.reruns;
        match rerun(failed, limit, tried, self.now()) {
            Rerun::LimitReached => {
                let rest = format!(
                    "its failed jobs were run again {again} times, and no more than {limit} are \
                     allowed: look at them, and run them again by hand"
                );
                say(StepState::Failed, rest)
            }
            Rerun::At(moment) => {
                let moment = moment.to_rfc3339_opts(SecondsFormat::Secs, true);
                let rest = format!("its failed jobs are run again from {moment} on");
                say(StepState::Failed, rest)
            }
            // Another watcher says of it what we say, so that neither writes over the other.
            Rerun::Now if !is_ours => {
                let rest = format!("its failed jobs are run again by {actor}");
                say(StepState::Failed, rest)
            }
            Rerun::Now if !due.may_start => {
                let rest = "nothing asks for it any more, so it is not run again";
                say(StepState::Failed, rest.to_owned())
            }
            Rerun::Now if !self.acts() => {
                let url = Some(run.html_url.clone());
                self.acted(ActionKind::Rerun, key, ActionState::Planned, url);
                let rest = "its failed jobs would be run again now";
                say(StepState::Planned, rest.to_owned())
            }
            Rerun::Now => {
                let detail = json!({ "run": run.id, "attempt": run.run_attempt });
                if let Err(verdict) = self.intend(&key, RERUN, detail) {
                    return verdict;
                }
                let github = self.request.github;
                match github.rerun_failed_jobs(&place.name, run.id).await {
                    Ok(()) => {
                        let url = Some(run.html_url.clone());
                        self.conclude(&key, url.clone(), json!({ "run": run.id }));
                        self.acted(ActionKind::Rerun, key, ActionState::Done, url);
                        say(StepState::Running, "its failed jobs run again".to_owned())
                    }
                    Err(error) => {
                        // After an ambiguous one the intent stays open; the run itself tells.
                        if !error.is_ambiguous() {
                            self.failed(&key, &error);
                        }
                        let rest = format!("its failed jobs could not be run again: {error}");
                        self.act_failed(ActionKind::Rerun, key, error.to_string());
                        say(StepState::Failed, rest)
                    }
                }
            }
        }
    }

    /// The jobs of a run that failed; none when they cannot be had.
    pub(super) async fn failed_jobs(&self, place: &Place, run: u64) -> Vec<FailedJob> {
        let jobs = match self.request.github.jobs(&place.name, run).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!("the jobs of run {run} are not known: {error}");
                return Vec::new();
            }
        };
        jobs.into_iter()
            .filter(|job| job.status == RunStatus::Completed)
            .filter(|job| job.conclusion.as_ref().is_some_and(is_failure))
            .take(MOST_JOBS)
            .map(|job| FailedJob {
                name: job.name,
                url: job.html_url,
            })
            .collect()
    }
}

/// Whether running it again may help.
pub(super) fn is_failure(conclusion: &Conclusion) -> bool {
    matches!(
        conclusion,
        Conclusion::Failure | Conclusion::TimedOut | Conclusion::StartupFailure
    )
}
