//! Steps that are waited for: a run of others succeeded on what the step needs.

use chrono::{NaiveTime, TimeDelta};

use crate::github::{Conclusion, Run, RunFilter, RunStatus};
use crate::model::{Step, StepKind};
use crate::policy::steps::waited::{After, is_own_event};
use crate::policy::steps::{StepState, file, order};
use crate::source::Sha256Sum;

use super::places::Place;
use super::values::Values;
use super::verdict::Verdict;
use super::{DueTarget, Round};

/// How many of the newest runs are looked at.
const NEWEST_RUNS: usize = 50;

/// A text that a file must hold at the commit of a run.
struct Demand {
    path: String,
    text: String,
}

impl Round<'_> {
    pub(super) async fn run_step(
        &self,
        step: &Step,
        place: &Place,
        workflow: &str,
        reference: Option<&str>,
        due: &DueTarget,
    ) -> Verdict {
        let demands = match self.demands(step, due) {
            Ok(demands) => demands,
            Err(verdict) => return verdict,
        };
        let filter = RunFilter {
            branch: reference.map(str::to_owned),
            // What is built of a release is built after its tag; a day allows for time zones.
            created_since: due.published.and_then(|day| {
                let start = day.and_time(NaiveTime::MIN).and_utc();
                start.checked_sub_signed(TimeDelta::days(1))
            }),
            ..RunFilter::default()
        };
        let listed = self
            .request
            .github
            .runs(&place.name, Some(workflow), &filter, NEWEST_RUNS)
            .await;
        let runs: Vec<Run> = match listed {
            Ok(runs) => runs
                .into_iter()
                .filter(|run| is_own_event(&run.event))
                .collect(),
            Err(error) => return Verdict::of_read(&error),
        };
        let branch = reference.map_or_else(String::new, |branch| format!(" on {branch}"));
        let what = format!("{workflow} of {}{branch}", place.name);
        if demands.is_empty() {
            return self.after_needs(step, place, due, &runs, &what).await;
        }
        self.on_demanded(place, &demands, &runs, &what).await
    }

    /// The texts that the needed files of the same repository must hold.
    fn demands(&self, step: &Step, due: &DueTarget) -> Result<Vec<Demand>, Verdict> {
        let request = self.request;
        let files = order::files_needed(step, request.steps, &due.version, request.repository);
        let values = Values::new(&request.project, due, None);
        let mut demands = Vec::new();
        for need in files {
            if let StepKind::File { path, contains, .. } = &need.kind {
                let text = values.render(&format!("`contains` of {}", need.name), contains)?;
                demands.push(Demand {
                    path: path.clone(),
                    text,
                });
            }
        }
        Ok(demands)
    }

    /// The newest successful run on a commit that holds what is demanded.
    async fn on_demanded(
        &self,
        place: &Place,
        demands: &[Demand],
        runs: &[Run],
        what: &str,
    ) -> Verdict {
        for run in runs.iter().filter(|run| is_success(run)) {
            match self.commit_holds(place, &run.head_sha, demands).await {
                Ok(false) => {}
                Ok(true) => {
                    let commit = run.head_sha.get(..12).unwrap_or(&run.head_sha);
                    let sentence = format!(
                        "{what} succeeded on {commit}, which holds {}",
                        quoted(demands)
                    );
                    return Verdict::held(sentence).with_runs(std::slice::from_ref(run));
                }
                Err(verdict) => return verdict,
            }
        }
        // One that failed, or is on its way, counts when it is of such a commit.
        for run in runs.iter().filter(|run| !is_success(run)) {
            match self.commit_holds(place, &run.head_sha, demands).await {
                Ok(false) => {}
                Ok(true) => return self.not_yet(place, run, what).await,
                Err(verdict) => return verdict,
            }
        }
        Verdict::new(
            StepState::Waiting,
            format!(
                "no run of {what} is of a commit that holds {}",
                quoted(demands)
            ),
        )
    }

    /// Without such a file only the order in time tells.
    async fn after_needs(
        &self,
        step: &Step,
        place: &Place,
        due: &DueTarget,
        runs: &[Run],
        what: &str,
    ) -> Verdict {
        let needs = order::needs(step, self.request.steps, due.version.series());
        let ended = needs
            .iter()
            .filter_map(|need| self.ended.get(&(need.name.clone(), due.version.clone())))
            .max();
        let after = After {
            released: due.published,
            needs_ended: ended.copied(),
        };
        let target = &due.version;
        let Some(day) = due.published else {
            return Verdict::new(
                StepState::Waiting,
                format!(
                    "no file that the step needs tells what {what} builds, and the day on which \
                     OpenSSL {target} was released is not known, so no run can prove it"
                ),
            );
        };
        let since = match ended {
            Some(ended) => format!("{day} and {}", ended.format("%Y-%m-%d %H:%M UTC")),
            None => day.to_string(),
        };
        let later: Vec<&Run> = runs
            .iter()
            .filter(|run| after.allows(run.created_at))
            .collect();
        if let Some(run) = later.iter().find(|run| is_success(run)) {
            let sentence = format!(
                "{what} succeeded after {since}; no file that the step needs tells what it built, \
                 only the order in time does"
            );
            return Verdict::held(sentence).with_runs(std::slice::from_ref(*run));
        }
        match later.first() {
            Some(run) => self.not_yet(place, run, what).await,
            None => Verdict::new(
                StepState::Waiting,
                format!("no run of {what} began after {since}"),
            ),
        }
    }

    /// A run of somebody else that did not succeed, which is shown and left alone.
    async fn not_yet(&self, place: &Place, run: &Run, what: &str) -> Verdict {
        let runs = std::slice::from_ref(run);
        if run.status != RunStatus::Completed {
            let sentence = format!("a run of {what} is on its way");
            return Verdict::new(StepState::Running, sentence).with_runs(runs);
        }
        let word = run.conclusion.as_ref().map_or("", Conclusion::as_str);
        let sentence = format!(
            "the newest run of {what} ended as \"{word}\"; it is not ours, so it is not run again"
        );
        let jobs = self.failed_jobs(place, run.id).await;
        Verdict::new(StepState::Failed, sentence)
            .with_runs(runs)
            .with_failed_jobs(jobs)
    }

    /// Whether all texts stand in their files at a commit, which never changes.
    async fn commit_holds(
        &self,
        place: &Place,
        commit: &str,
        demands: &[Demand],
    ) -> Result<bool, Verdict> {
        // A commit's name is asked for as a reference.
        if commit.is_empty() || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(false);
        }
        for demand in demands {
            if !self.holds_at(place, commit, demand).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn holds_at(
        &self,
        place: &Place,
        commit: &str,
        demand: &Demand,
    ) -> Result<bool, Verdict> {
        let ledger = self.request.ledger;
        let sum = Sha256Sum::of(demand.text.as_bytes());
        let subject = format!("holds/{}/{commit}/{}/{sum}", place.name, demand.path);
        let known = ledger
            .seen(&subject)
            .map_err(|error| Verdict::of_ledger(&error))?;
        if let Some(known) = known {
            return Ok(known.value == "yes");
        }
        let content = self
            .request
            .github
            .file(&place.name, &demand.path, Some(commit))
            .await
            .map_err(|error| Verdict::of_read(&error))?;
        // What may not be read today may be read tomorrow, so only a file that was read is noted.
        let Some(content) = content else {
            return Ok(false);
        };
        let holds = file::holds(&content, &demand.text);
        let value = if holds { "yes" } else { "no" };
        self.note(&subject, value);
        Ok(holds)
    }
}

fn is_success(run: &Run) -> bool {
    run.status == RunStatus::Completed && run.conclusion == Some(Conclusion::Success)
}

fn quoted(demands: &[Demand]) -> String {
    let texts: Vec<String> = demands
        .iter()
        .map(|demand| format!("\"{}\" in {}", demand.text, demand.path))
        .collect();
    texts.join(" and ")
}
