//! Steps, followed: what is looked at, what is started, what became of it.
//!
//! The decisions are pure functions of [`crate::policy::steps`]; here is what they are fed with and
//! what is done about them. `places`: the repositories; `values`: templates; `file`, `run`,
//! `dispatch`: the kinds of steps. Of a dispatch: `claim` is what stands in comments, `traces` all
//! that is left of its attempts, `check` what would stand against it, `start` the writes in their
//! order, `follow` its runs, `rerun` their failures, `built` their wheels.

mod built;
mod check;
mod claim;
mod dispatch;
mod file;
mod follow;
mod places;
mod rerun;
mod run;
mod start;
mod traces;
mod values;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::github::{Comment, Github};
use crate::model::{OpensslVersion, RepositoryName, Step, StepKind};
pub use crate::policy::steps::KnownRun;
use crate::policy::steps::{StepProgress, StepState, order};
use crate::report::Action;
use crate::scan;
use crate::source::WheelLimits;
use crate::store::ledger::Ledger;

use places::Place;
use verdict::Verdict;

/// What is followed for one line.
#[derive(Clone, Debug)]
pub struct StepsRequest<'a> {
    /// GitHub.
    pub github: &'a Github,
    /// What is remembered.
    pub ledger: &'a Ledger,
    /// What artifacts are scanned with.
    pub scanners: &'a Arc<scan::Scanners>,
    /// Bounds on what scanning one artifact may cost.
    pub scan_limits: scan::Limits,
    /// Bounds on what fetching one artifact may cost.
    pub wheel_limits: &'a WheelLimits,
    /// The project's repository, as GitHub names it now.
    pub repository: &'a RepositoryName,
    /// The number of the tracking issue; without one nothing is started.
    pub issue: Option<u64>,
    /// `cryptography/main`, what every action's key begins with.
    pub scope: &'a str,
    /// Whose claims and runs are believed beside our own.
    pub trusted: &'a [String],
    /// In whose name this writes.
    pub me: &'a str,
    /// The project's steps.
    pub steps: &'a [Step],
    /// The targets, most severe first.
    pub due: &'a [DueTarget],
    /// What templates may say of the project.
    pub project: ProjectValues,
    /// Runs that the tracking issue's hidden state names.
    pub known_runs: Vec<KnownRun>,
    /// Whether anything is written.
    pub mode: Mode,
    /// What time it is for GitHub, until it says it anew.
    pub server_time: DateTime<Utc>,
}

/// A release that wheels are to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueTarget {
    /// Which.
    pub version: OpensslVersion,
    /// The UTC day on which it was released.
    pub published: Option<NaiveDate>,
    /// Whether the decision asks for steps: else they are followed only.
    pub may_start: bool,
    /// The SHA-256 of its source archive, when all who know it agree.
    pub sha256: Option<String>,
}

/// What templates may say of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectValues {
    /// The project's name, normalized.
    pub package: String,
    /// The line's name.
    pub line: String,
    /// The newest version.
    pub version: String,
    /// The version after it.
    pub next: String,
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Steps are started.
    Act,
    /// It is told what would be started.
    Plan,
}

/// What came of following the steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepsOutcome {
    /// Each step for each target, in the order of the targets and of the steps' needs.
    pub progress: Vec<StepProgress>,
    /// What was done, or would be.
    pub actions: Vec<Action>,
    /// The runs of our dispatches, for the tracking issue's hidden state.
    pub runs: Vec<KnownRun>,
}

/// Looks at every step of every target, and does what is next. It never fails: what cannot be had
/// or done is said in the progress, and the next cycle goes on.
pub async fn follow(request: StepsRequest<'_>) -> StepsOutcome {
    let mut round = Round {
        request: &request,
        places: BTreeMap::new(),
        comments: None,
        ended: BTreeMap::new(),
        outcome: StepsOutcome::default(),
    };
    for due in request.due {
        for step in order::in_order(request.steps, due.version.series()) {
            let verdict = round.step(step, due).await;
            round.keep(step, due, verdict);
        }
    }
    round.outcome
}

/// One round over the steps of a line.
struct Round<'a> {
    request: &'a StepsRequest<'a>,
    /// The repositories that were looked at, by their configured names in lower case.
    places: BTreeMap<String, Place>,
    /// The comments on the tracking issue.
    comments: Option<Vec<Comment>>,
    /// When the runs of steps ended, by step and target.
    ended: BTreeMap<(String, OpensslVersion), DateTime<Utc>>,
    outcome: StepsOutcome,
}

impl Round<'_> {
    async fn step(&mut self, step: &Step, due: &DueTarget) -> Verdict {
        let needs = self.open_needs(step, due);
        let waiting = Verdict::waiting_for(&needs);
        match &step.kind {
            StepKind::File { .. } | StepKind::Run { .. } if !needs.is_empty() => return waiting,
            // What was started before is followed whatever it needs.
            StepKind::File { .. } | StepKind::Run { .. } | StepKind::Dispatch { .. } => {}
        }
        let place = match self.place(step).await {
            Ok(place) => place,
            Err(verdict) => return verdict,
        };
        match &step.kind {
            StepKind::File {
                path,
                reference,
                contains,
            } => {
                self.file_step(&place, path, reference.as_deref(), contains, due)
                    .await
            }
            StepKind::Run {
                workflow,
                reference,
            } => {
                self.run_step(step, &place, workflow, reference.as_deref(), due)
                    .await
            }
            StepKind::Dispatch { .. } => self.dispatch_step(step, &place, due, &needs).await,
        }
    }

    /// The names of the steps that must hold first and do not.
    fn open_needs(&self, step: &Step, due: &DueTarget) -> Vec<String> {
        order::needs(step, self.request.steps, due.version.series())
            .into_iter()
            .filter(|need| !self.is_held(&need.name, due))
            .map(|need| need.name.clone())
            .collect()
    }

    fn is_held(&self, step: &str, due: &DueTarget) -> bool {
        self.outcome.progress.iter().any(|one| {
            one.step == step && one.target == due.version && one.state == StepState::Held
        })
    }

    fn keep(&mut self, step: &Step, due: &DueTarget, verdict: Verdict) {
        if let Some(ended) = verdict.ended {
            let key = (step.name.clone(), due.version.clone());
            self.ended.insert(key, ended);
        }
        self.outcome.progress.push(StepProgress {
            step: step.name.clone(),
            target: due.version.clone(),
            state: verdict.state,
            sentence: verdict.sentence,
            runs: verdict.runs,
            failed_jobs: verdict.failed_jobs,
        });
    }

    /// What time it is for GitHub: all ages are measured by it.
    fn now(&self) -> DateTime<Utc> {
        let said = self.request.github.server_time();
        said.map_or(self.request.server_time, |said| {
            said.max(self.request.server_time)
        })
    }

    /// Remembers what spares a request the next time; without it nothing is lost but that.
    fn note(&self, subject: &str, value: &str) {
        if !self.acts() {
            return;
        }
        let ledger = self.request.ledger;
        if let Err(error) = ledger.see(subject, value, self.now()) {
            tracing::warn!("{error}");
        }
    }

    fn acts(&self) -> bool {
        self.request.mode == Mode::Act
    }
}
