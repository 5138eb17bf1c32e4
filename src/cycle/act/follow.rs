//! The steps of a line, followed for the issue.

use crate::model::{OpensslVersion, StepKind};
use crate::policy::next_version::next_version;
use crate::policy::steps::{StepProgress, StepState};
use crate::policy::{Follow, PlannedAction};
use crate::report::issue::marker::{Memory, RememberedRun};
use crate::report::issue::{RunView, StepView};
use crate::report::{Action, ActionKind, ActionState, LineReport};

use super::Actor;
use super::observe::Observed;
use super::write::Writer;
use crate::cycle::steps::{self, DueTarget, KnownRun, ProjectValues, StepsOutcome, StepsRequest};

/// What following the steps came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed {
    pub(super) views: Vec<StepView>,
    pub(super) runs: Vec<RememberedRun>,
    /// Whether they were followed at all.
    pub(super) is_known: bool,
    /// Whether something of them could not be told for now.
    pub(super) is_unclear: bool,
}

/// Follows the steps of every target that is due, and starts what is to be started.
pub(super) async fn steps<'a>(
    actor: &Actor<'a>,
    observed: &Observed<'a>,
    line: &LineReport,
    issue: Option<u64>,
    memory: &Memory,
    writer: &mut Writer<'a>,
) -> Followed {
    let settings = observed.project;
    let Some(version) = line.version.as_ref().filter(|_| !settings.steps.is_empty()) else {
        return Followed::default();
    };
    let due = due(actor, observed, line);
    if due.is_empty() {
        return Followed::default();
    }
    let outcome = steps::follow(StepsRequest {
        github: actor.github,
        ledger: actor.ledger,
        scanners: actor.scanners,
        scan_limits: actor.scan_limits,
        wheel_limits: actor.wheel_limits,
        repository: &observed.repository.full_name,
        issue,
        scope: &observed.scope,
        trusted: &observed.trusted,
        me: &observed.me.login,
        steps: &settings.steps,
        due: &due,
        project: ProjectValues {
            package: line.package.clone(),
            line: line.line.clone(),
            version: version.to_string(),
            next: next_version(version).to_string(),
        },
        known_runs: memory.runs.iter().filter_map(known_run).collect(),
        mode: actor.mode,
        server_time: actor.github.server_time().unwrap_or(actor.now),
    })
    .await;
    let left = left_undone(observed, &due, &outcome);
    writer.actions.extend(outcome.actions);
    writer.actions.extend(left);
    writer.open_runs = outcome
        .progress
        .iter()
        .filter(|one| matches!(one.state, StepState::Running | StepState::Unconfirmed))
        .count();
    Followed {
        views: outcome
            .progress
            .iter()
            .map(|one| view(one, observed))
            .collect(),
        runs: outcome.runs.iter().map(remembered).collect(),
        is_known: true,
        is_unclear: outcome
            .progress
            .iter()
            .any(|one| one.state == StepState::Unclear),
    }
}

/// What was to be started and is not, each with its reason: who reads no more than what was done must
/// not take silence for a build that is on its way.
fn left_undone(observed: &Observed<'_>, due: &[DueTarget], outcome: &StepsOutcome) -> Vec<Action> {
    let is_left = |one: &&StepProgress| {
        let is_asked_for = due
            .iter()
            .any(|target| target.version == one.target && target.may_start);
        let steps = &observed.project.steps;
        let is_ours = steps
            .iter()
            .any(|step| step.name == one.step && matches!(step.kind, StepKind::Dispatch { .. }));
        let is_not_begun = matches!(
            one.state,
            StepState::Blocked | StepState::ForPeople | StepState::Waiting
        );
        is_asked_for && is_ours && is_not_begun && one.runs.is_empty()
    };
    let action = |one: &StepProgress| {
        let key = observed.key(&format!("dispatch/{}/{}", one.step, one.target));
        let is_told = outcome
            .actions
            .iter()
            .any(|action| action.key.starts_with(&format!("{key}/")));
        let action = Action::new(ActionKind::Dispatch, key, ActionState::Skipped);
        (!is_told).then(|| action.because(one.sentence.clone()))
    };
    let left = outcome.progress.iter().filter(is_left);
    left.filter_map(action).collect()
}

/// The targets, those that may be started first, in the order of severity.
fn due(actor: &Actor<'_>, observed: &Observed<'_>, line: &LineReport) -> Vec<DueTarget> {
    let decision = &line.decision;
    let mut versions: Vec<(OpensslVersion, bool)> = decision
        .plan
        .iter()
        .filter_map(|planned| match planned {
            PlannedAction::StartSteps { target } => Some((target.clone(), true)),
            PlannedAction::OpenIssue => None,
        })
        .collect();
    let follows_linked = observed.project.settings.follow == Follow::Series;
    for target in &decision.targets {
        let is_due = decision
            .wheels
            .iter()
            .flat_map(|wheel| &wheel.findings)
            .any(|finding| {
                finding.is_due()
                    && (!follows_linked
                        || finding
                            .linked()
                            .is_some_and(|linked| linked.series() == target.series))
            });
        if let Some(version) = target.version.as_ref().filter(|_| is_due)
            && versions.iter().all(|(known, _)| known != version)
        {
            versions.push((version.clone(), false));
        }
    }
    // What an issue was about is followed to its end, although nothing asks for it any more.
    for target in &observed.cause.targets {
        if let Ok(version) = target.parse::<OpensslVersion>()
            && versions.iter().all(|(known, _)| *known != version)
        {
            versions.push((version, false));
        }
    }
    versions
        .into_iter()
        .map(|(version, may_start)| DueTarget {
            published: decision
                .targets
                .iter()
                .find(|target| target.version.as_ref() == Some(&version))
                .and_then(|target| target.published),
            sha256: actor.digests.get(&version.to_string()).cloned(),
            version,
            may_start,
        })
        .collect()
}

fn known_run(run: &RememberedRun) -> Option<KnownRun> {
    Some(KnownRun {
        step: run.step.clone(),
        target: run.target.parse().ok()?,
        run: run.run,
    })
}

fn remembered(run: &KnownRun) -> RememberedRun {
    RememberedRun {
        step: run.step.clone(),
        target: run.target.to_string(),
        run: run.run,
    }
}

fn view(progress: &StepProgress, observed: &Observed<'_>) -> StepView {
    let step = observed
        .project
        .steps
        .iter()
        .find(|step| step.name == progress.step);
    let platforms = step.map(|step| step.platforms.iter().map(|os| os.as_str().to_owned()));
    StepView {
        name: progress.step.clone(),
        target: progress.target.to_string(),
        platforms: platforms.map(Iterator::collect).unwrap_or_default(),
        is_proven: progress.state.is_held(),
        sentence: progress.sentence.clone(),
        runs: progress
            .runs
            .iter()
            .map(|run| RunView {
                id: run.id,
                url: run.url.clone(),
                attempt: run.attempt,
                state: run.state.clone(),
            })
            .collect(),
        failed_jobs: progress
            .failed_jobs
            .iter()
            .map(|job| (job.name.clone(), job.url.clone().unwrap_or_default()))
            .collect(),
    }
}
