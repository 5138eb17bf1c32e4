//! Runs that came of our dispatches, followed to their end.

use crate::github::{Conclusion, Run, RunStatus};
use crate::model::{Start, Step};
use crate::policy::steps::StepState;
use crate::policy::steps::wheels::{Proof, prove};

use super::places::Place;
use super::rerun::is_failure;
use super::traces::is_of;
use super::verdict::Verdict;
use super::{DueTarget, Round};

/// What became of the runs of an attempt.
#[derive(Debug)]
pub(super) struct Followed {
    pub verdict: Verdict,
    /// The runs' pages.
    pub urls: Vec<String>,
    /// Whether they succeeded with wheels that lack the target.
    pub is_stale: bool,
}

impl Followed {
    const fn new(verdict: Verdict, urls: Vec<String>) -> Self {
        Self {
            verdict,
            urls,
            is_stale: false,
        }
    }
}

impl Round<'_> {
    /// Looks at the runs of an attempt. A run that is gone, or that is not of this step, is for
    /// people: nothing is started in its place.
    pub(super) async fn follow(
        &mut self,
        step: &Step,
        start: &Start,
        place: &Place,
        due: &DueTarget,
        ids: &[u64],
    ) -> Followed {
        let mut runs = Vec::new();
        for id in ids {
            let run = match self.request.github.run(&place.name, *id).await {
                Ok(run) => run,
                Err(error) => return Followed::new(Verdict::of_read(&error), Vec::new()),
            };
            let Some(run) = run.filter(|run| is_of(run, start)) else {
                let sentence = format!(
                    "run {id} is said to be of this step, and {} has no such run of it: it was \
                     deleted, or never was; start the step by hand if it is still needed",
                    place.name
                );
                return Followed::new(Verdict::new(StepState::ForPeople, sentence), Vec::new());
            };
            runs.push(run);
        }
        let urls = runs.iter().map(|run| run.html_url.clone()).collect();
        let mut followed = self.judge(step, place, due, &runs).await;
        followed.verdict = followed.verdict.with_runs(&runs);
        followed.urls = urls;
        followed
    }

    async fn judge(
        &mut self,
        step: &Step,
        place: &Place,
        due: &DueTarget,
        runs: &[Run],
    ) -> Followed {
        let ended = |run: &&Run| run.status == RunStatus::Completed;
        if let Some(run) = runs.iter().find(|run| !ended(run)) {
            let sentence = format!("run {} is on its way ({})", run.id, run.status);
            return Followed::new(Verdict::new(StepState::Running, sentence), Vec::new());
        }
        let failed = runs
            .iter()
            .find(|run| run.conclusion.as_ref().is_some_and(is_failure));
        if let Some(run) = failed {
            return Followed::new(self.failed_run(step, place, due, run).await, Vec::new());
        }
        let unsuccessful = runs
            .iter()
            .find(|run| run.conclusion != Some(Conclusion::Success));
        if let Some(run) = unsuccessful {
            let word = run.conclusion.as_ref().map_or("", Conclusion::as_str);
            let sentence = format!(
                "run {} ended as \"{word}\", which somebody wanted so: it is not run again; do \
                 that by hand when it is time",
                run.id
            );
            return Followed::new(Verdict::new(StepState::ForPeople, sentence), Vec::new());
        }
        self.green(place, due, runs).await
    }

    /// A green run proves nothing by itself: its wheels do.
    async fn green(&self, place: &Place, due: &DueTarget, runs: &[Run]) -> Followed {
        let mut built = crate::policy::steps::wheels::Built::default();
        for run in runs {
            match self.built(place, run).await {
                Ok(own) => {
                    built.wheels.extend(own.wheels);
                    built.unread.extend(own.unread);
                }
                Err(verdict) => {
                    let sentence = format!(
                        "run {} succeeded; its artifacts could not be looked at: {}",
                        run.id, verdict.sentence
                    );
                    return Followed::new(Verdict::new(verdict.state, sentence), Vec::new());
                }
            }
        }
        let ids: Vec<String> = runs.iter().map(|run| run.id.to_string()).collect();
        let what = format!("run {} succeeded", ids.join(", "));
        match prove(&built, &due.version) {
            Proof::Carried(proof) => {
                Followed::new(Verdict::held(format!("{what}: {proof}")), Vec::new())
            }
            Proof::Nothing(why) => {
                Followed::new(Verdict::held(format!("{what}, but {why}")), Vec::new())
            }
            Proof::Lacking(why) => Followed {
                verdict: Verdict::new(StepState::Stale, format!("{what}, but {why}")),
                urls: Vec::new(),
                is_stale: true,
            },
        }
    }
}
