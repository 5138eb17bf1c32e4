//! Acting: the tracking issues and the steps of every line, one write at a time.
//!
//! Everything is looked at before anything is written. Each write is recorded before it is sent and
//! after it is answered; what is in doubt is looked at before it is tried again. What stands on
//! GitHub and in the index is the truth; the ledger holds what cannot be seen there, and without it
//! the next cycle comes to the same end.

mod closed;
mod find;
mod follow;
mod issue;
mod observe;
mod perform;
mod performed;
mod place;
mod several;
mod text;
mod turns;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::config::ProjectSettings;
use crate::fetch::is_parked;
use crate::github::Github;
use crate::model::Severity;
use crate::policy::tracking::IssueStep;
use crate::policy::{Event, ReasonCode};
use crate::report::{Action, ActionKind, ActionState, CheckReport, LineReport};
use crate::scan;
use crate::source::WheelLimits;
use crate::store::ledger::{Ledger, LedgerError};

use observe::{Observed, observe};
use perform::Performer;
use place::Places;

pub use turns::Turns;

/// Whether acting writes.
pub use super::steps::Mode;

/// Under what the ledger keeps until when GitHub wants to be left alone.
const PARKED: &str = "github:parked";

/// Why something was left undone by a process that is about to end.
const STOPPING: &str = "rewheel was told to stop before its turn came; the next cycle goes on";

/// Who acts, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// GitHub, in whose name is written.
    pub github: &'a Github,
    /// What was seen and what was done.
    pub ledger: &'a Ledger,
    /// The projects; those without a repository are reported on only.
    pub projects: &'a [ProjectSettings],
    /// How many new issues one cycle may open.
    pub new_issues: usize,
    /// Whether anything is written.
    pub mode: Mode,
    /// What artifacts are scanned with.
    pub scanners: &'a Arc<scan::Scanners>,
    /// Bounds on what scanning one artifact may cost.
    pub scan_limits: scan::Limits,
    /// Bounds on what fetching one artifact may cost.
    pub wheel_limits: &'a WheelLimits,
    /// The SHA-256 of source archives that the list of releases and the release's own file agree
    /// on, by version.
    pub digests: &'a BTreeMap<String, String>,
    /// The moment for which everything was judged.
    pub now: DateTime<Utc>,
    /// How long a line may take, where others wait.
    pub turns: &'a Turns,
    /// Nothing more is begun once this is cancelled; what is under way is finished.
    pub stop: &'a CancellationToken,
}

impl Actor<'_> {
    /// Acts on what was decided, and puts what came of it into the report.
    pub async fn act(&self, report: &mut CheckReport) {
        let acting = match (self.mode, self.ledger.acting()) {
            (Mode::Plan, _) => None,
            (Mode::Act, Ok(Some(acting))) => Some(acting),
            (Mode::Act, Ok(None)) => {
                let why = "another rewheel is acting with this ledger; this one only reports";
                return self.leave(report, ActionState::Skipped, why);
            }
            (Mode::Act, Err(error)) => {
                return self.leave(report, ActionState::Failed, &error.to_string());
            }
        };
        self.recall_parking();
        let mut places = Places::new(self);
        // Those whose last turn was too short come when all others had theirs.
        let (slow, quick): (Vec<usize>, Vec<usize>) = (0..report.lines.len()).partition(|at| {
            let line = report.lines.get(*at);
            line.is_some_and(|line| self.turns.is_slow(&scope_of(line)))
        });
        let mut room = self.new_issues;
        for group in [quick, slow] {
            let mut observed = self.observe(report, &group, &mut places).await;
            self.stop_flood(&mut observed, report, &mut room);
            observed.sort_by_key(|(at, _)| (std::cmp::Reverse(weight(report.lines.get(*at))), *at));
            self.perform(report, observed).await;
        }
        self.remember_parking();
        drop(acting);
    }

    /// Looks for the issues of these lines.
    async fn observe<'b>(
        &'b self,
        report: &mut CheckReport,
        group: &[usize],
        places: &mut Places<'b>,
    ) -> Vec<(usize, Observed<'b>)> {
        let mut observed = Vec::new();
        for at in group {
            let Some(line) = report.lines.get_mut(*at) else {
                continue;
            };
            let Some(project) = self.project_of(line) else {
                continue;
            };
            if self.stop.is_cancelled() {
                line.actions = left(line.planned(), ActionState::Skipped, STOPPING);
                continue;
            }
            let skipped = |kind, why: String| {
                let key = format!("{}/issue", scope_of(line));
                Action::new(kind, key, ActionState::Skipped).because(why)
            };
            if let Some(why) = blind(line) {
                let action = skipped(ActionKind::UpdateIssue, why);
                line.actions.push(action);
                continue;
            }
            let span = span(line);
            let looked = observe(self, places, project, line).instrument(span);
            match self.turns.within(&scope_of(line), looked).await {
                Ok(Ok(one)) => observed.push((*at, one)),
                Ok(Err(action)) => line.actions.push(*action),
                Err(late) => {
                    let action = skipped(ActionKind::FindIssue, late.to_string());
                    line.actions.push(action);
                }
            }
        }
        observed
    }

    /// Does what is to be done, in this order.
    async fn perform(&self, report: &mut CheckReport, observed: Vec<(usize, Observed<'_>)>) {
        let mut performer = Performer::new(self);
        for (at, one) in observed {
            let Some(line) = report.lines.get_mut(at) else {
                continue;
            };
            if self.stop.is_cancelled() {
                let undone = left(line.planned(), ActionState::Skipped, STOPPING);
                line.actions.extend(undone);
                continue;
            }
            let span = span(line);
            let performing = performer.perform(&one, line).instrument(span);
            match self.turns.within(&one.scope, performing).await {
                Ok(performed) => {
                    self.turns.done(&one.scope);
                    line.open_runs = performed.open_runs;
                    line.tracking = performed.tracking;
                    line.actions.extend(performed.actions);
                }
                Err(late) => {
                    let undone = left(line.planned(), ActionState::Skipped, &late.to_string());
                    line.actions.extend(undone);
                }
            }
        }
    }

    /// A server that wanted to be left alone by an earlier process still does.
    fn recall_parking(&self) {
        let Ok(Some(seen)) = self.ledger.seen(PARKED) else {
            return;
        };
        let until = DateTime::parse_from_rfc3339(&seen.value).ok();
        let until = until.map(|until| until.to_utc());
        if let Some(until) = until.filter(|until| is_parked(*until, Some(seen.last), self.now)) {
            self.github.park(Some(until));
        }
    }

    fn remember_parking(&self) {
        if let (Mode::Act, Some(until)) = (self.mode, self.github.parked_until()) {
            // Without it GitHub is asked once too often, and says so again.
            let _ = self.ledger.see(PARKED, &until.to_rfc3339(), self.now);
        }
    }

    /// Leaves out of the decisions what is told once and was told in an earlier cycle: platforms
    /// that are gone.
    ///
    /// # Errors
    /// The ledger cannot tell.
    pub fn tell_once(&self, report: &mut CheckReport) -> Result<(), LedgerError> {
        for line in &mut report.lines {
            let reasons = &line.decision.reasons;
            let shrank = reasons
                .iter()
                .find(|reason| reason.code == ReasonCode::CoverageShrank);
            let (Some(reason), Some(version)) = (shrank, &line.version) else {
                continue;
            };
            let subject = format!("told:{}/{}/coverage-shrank", line.package, line.line);
            let what = format!("{version}: {}", reason.message);
            let sighting = self.ledger.see_daily(&subject, &what, self.now)?;
            if !sighting.is_new && sighting.before.is_none() {
                line.decision = line.decision.clone().without_told(Event::CoverageShrank);
            }
        }
        Ok(())
    }

    fn project_of(&self, line: &LineReport) -> Option<&ProjectSettings> {
        self.projects.iter().find(|project| {
            project.repository.is_some()
                && project.package == line.package
                && project.lines.iter().any(|own| own.name() == line.line)
        })
    }

    /// Leaves everything that is planned undone, for one reason.
    pub fn leave(&self, report: &mut CheckReport, state: ActionState, why: &str) {
        for line in &mut report.lines {
            if self.project_of(line).is_some() {
                line.actions = left(line.planned(), state, why);
            }
        }
    }

    /// What would be done, as far as it can be told without asking GitHub.
    pub fn plan_unseen(&self, report: &mut CheckReport) {
        for line in &mut report.lines {
            if self.project_of(line).is_some() {
                line.actions = line.planned();
            }
        }
    }

    /// More new issues at once than are allowed mean that something is wrong, most likely with us:
    /// then nothing is written at all.
    fn stop_flood(
        &self,
        observed: &mut Vec<(usize, Observed<'_>)>,
        report: &mut CheckReport,
        room: &mut usize,
    ) {
        let is_new = |one: &Observed<'_>| matches!(one.plan.step, IssueStep::Create { .. });
        let count = observed
            .iter()
            .filter(|(_, one)| is_new(one) && !one.is_first_cycle)
            .count();
        if let Some(left) = room.checked_sub(count) {
            *room = left;
            return;
        }
        let why = format!(
            "{count} new issues at once are more than `new-issues-per-cycle` ({}) allows, so \
             nothing was written; look at the report, then raise it if all of them are right",
            self.new_issues
        );
        for (at, one) in observed.drain(..) {
            if let Some(line) = report.lines.get_mut(at) {
                let action = Action::new(
                    ActionKind::OpenIssue,
                    one.key("issue"),
                    if is_new(&one) {
                        ActionState::Failed
                    } else {
                        ActionState::Skipped
                    },
                );
                line.actions.push(action.because(&*why));
            }
        }
    }
}

fn scope_of(line: &LineReport) -> String {
    format!("{}/{}", line.package, line.line)
}

fn span(line: &LineReport) -> tracing::Span {
    tracing::info_span!("project", package = line.package, line = line.line)
}

/// What was planned and is left undone, for one reason.
fn left(planned: Vec<Action>, state: ActionState, why: &str) -> Vec<Action> {
    let undone = |action| Action { state, ..action }.because(why);
    planned.into_iter().map(undone).collect()
}

/// Why nothing can be said of a line, so that its issue is to stay as it is.
fn blind(line: &LineReport) -> Option<String> {
    let codes = [
        ReasonCode::IndexUnavailable,
        ReasonCode::UnknownPackage,
        ReasonCode::NoSuchVersion,
        ReasonCode::UnknownSeries,
    ];
    let is_blind = |code: ReasonCode| {
        codes.contains(&code)
            || (code == ReasonCode::LookTooSlow && line.decision.wheels.is_empty())
    };
    let reasons = &line.decision.reasons;
    let found = reasons.iter().find(|reason| is_blind(reason.code))?;
    Some(if found.code == ReasonCode::UnknownSeries {
        found.message.clone()
    } else {
        format!("nothing is known of the wheels: {}", found.message)
    })
}

/// The order of writing: the worst severity first.
fn weight(line: Option<&LineReport>) -> u8 {
    line.and_then(|line| line.decision.severity)
        .map_or(0, |severity: Severity| severity.weight().saturating_add(1))
}
