//! What one check came to.

use chrono::{DateTime, NaiveDate, Utc};
use pep440_rs::Version;

use crate::feeds::FeedReport;
use crate::policy::{
    Decision, DecisionKind, PlannedAction, Reason, ReasonCode, Status, WheelVerdict,
};

use super::action::{Action, ActionKind, ActionState};
use super::tracking::Tracking;
use super::wording;

/// What one check came to.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// The moment for which everything was judged.
    pub checked_at: DateTime<Utc>,
    /// Whether nothing was to be written anywhere.
    pub dry_run: bool,
    /// Where OpenSSL's facts came from.
    pub feeds: Vec<FeedReport>,
    /// The lines, in the order in which they were asked for; of one project newest version first.
    pub lines: Vec<LineReport>,
}

/// What was found about one line of a project, or one version of it.
#[derive(Clone, Debug)]
pub struct LineReport {
    /// The project's name, normalized.
    pub package: String,
    /// The line's name.
    pub line: String,
    /// The judged version.
    pub version: Option<Version>,
    /// When its first file was uploaded.
    pub uploaded: Option<DateTime<Utc>>,
    /// What was decided.
    pub decision: Decision,
    /// The moment for which it was judged.
    pub checked_at: DateTime<Utc>,
    /// How many runs that rewheel started, or waits for, have not come to an end.
    pub open_runs: usize,
    /// What is done about it; nothing where only a report was asked for.
    pub actions: Vec<Action>,
    /// The versions that the project has published wheels of, with the days, newest version first.
    pub published: Vec<(Version, NaiveDate)>,
    /// The tracking issue and the steps, as they were seen while acting.
    pub tracking: Tracking,
}

/// What a check says to the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// All is well.
    Well,
    /// Something is due.
    Due,
    /// Usage or configuration is wrong.
    Usage,
    /// Something that was to be done was not.
    Failed,
    /// It could not be told.
    Unclear,
}

impl ExitStatus {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::Due => 1,
            Self::Usage => 2,
            Self::Failed => 4,
            Self::Unclear => 3,
        }
    }
}

impl LineReport {
    /// A line about which nothing could be found out.
    pub fn failed(package: &str, line: &str, checked_at: DateTime<Utc>, reason: Reason) -> Self {
        Self {
            package: package.to_owned(),
            line: line.to_owned(),
            version: None,
            uploaded: None,
            decision: Decision {
                kind: DecisionKind::Inform,
                severity: None,
                events: Vec::new(),
                tracked: Vec::new(),
                targets: Vec::new(),
                wheels: Vec::new(),
                reasons: vec![reason],
                plan: Vec::new(),
                is_due: false,
                is_unclear: true,
            },
            checked_at,
            open_runs: 0,
            actions: Vec::new(),
            published: Vec::new(),
            tracking: Tracking::default(),
        }
    }

    /// What the decision asks for, as actions that are planned.
    pub fn planned(&self) -> Vec<Action> {
        let Self { package, line, .. } = self;
        let of = |planned: &PlannedAction| {
            let (kind, key) = match planned {
                PlannedAction::OpenIssue => {
                    (ActionKind::OpenIssue, format!("{package}/{line}/issue"))
                }
                PlannedAction::StartSteps { target } => (
                    ActionKind::Dispatch,
                    format!("{package}/{line}/dispatch/{target}"),
                ),
            };
            Action::new(kind, key, ActionState::Planned)
        };
        self.decision.plan.iter().map(of).collect()
    }

    /// Whether something that was to be done was not.
    pub fn has_failed(&self) -> bool {
        self.actions
            .iter()
            .any(|action| action.state == ActionState::Failed)
    }

    /// Why something is done about it, in a few words: "security, end-of-life (severity high); to
    /// OpenSSL 3.5.9".
    pub fn cause(&self) -> String {
        wording::cause(&self.decision)
    }

    /// Whether the index did not answer for it.
    pub fn is_unanswered(&self) -> bool {
        self.has(ReasonCode::IndexUnavailable)
    }

    /// Whether the index knows no such project.
    pub fn is_unknown_package(&self) -> bool {
        self.has(ReasonCode::UnknownPackage) || self.has(ReasonCode::NoSuchVersion)
    }

    /// Whether OpenSSL's code is in one of its wheels, so that OpenSSL's word matters.
    pub fn carries_openssl(&self) -> bool {
        self.decision
            .wheels
            .iter()
            .any(WheelVerdict::carries_openssl)
    }

    /// Since when something could have been done about one of its wheels.
    pub fn due_since(&self) -> Option<NaiveDate> {
        let findings = self
            .decision
            .wheels
            .iter()
            .flat_map(|wheel| &wheel.findings);
        let due = findings.filter(|finding| finding.accepted.is_none());
        due.filter_map(|finding| finding.assessment.due_since).min()
    }

    /// Whether something of it was left for a later cycle: a wheel that was not read yet, a look
    /// that takes longer than a cycle waits.
    pub fn is_unfinished(&self) -> bool {
        let mut wheels = self.decision.wheels.iter();
        self.has(ReasonCode::LookTooSlow) || wheels.any(|one| one.has(ReasonCode::NotReadYet))
    }

    /// Whether all of its wheels were read as they are published now.
    pub fn is_known(&self) -> bool {
        let mut wheels = self.decision.wheels.iter();
        self.version.is_some()
            && !self.is_unfinished()
            && !wheels.any(|one| one.has(ReasonCode::Unreadable))
    }

    /// Since when something could have been done about one of its wheels that is in danger: one
    /// that is merely outdated is not.
    pub fn exposed_since(&self) -> Option<NaiveDate> {
        let wheels = self.decision.wheels.iter();
        let findings = wheels.flat_map(|wheel| &wheel.findings);
        findings
            .filter(|finding| finding.accepted.is_none())
            .filter(|finding| {
                matches!(
                    finding.assessment.status,
                    Status::Vulnerable | Status::Exposed | Status::Withdrawn | Status::EndOfLife
                )
            })
            .filter_map(|finding| finding.assessment.due_since)
            .min()
    }

    /// Whether one of the line's reasons has this code.
    pub fn has(&self, code: ReasonCode) -> bool {
        self.decision
            .reasons
            .iter()
            .any(|reason| reason.code == code)
    }
}

/// Whether the watcher did what it is for: the feeds answered, and at least one line could be looked
/// at without that anything failed that was to be done for it. That something is due, or that one
/// package is unknown or cannot be acted on, is in the report, and told as such.
pub fn went_well(feeds: &[FeedReport], lines: &[&LineReport]) -> bool {
    let is_blind = |line: &LineReport| line.version.is_none() && line.decision.is_unclear;
    let is_bad = |line: &&LineReport| is_blind(line) || line.has_failed();
    !feeds.iter().any(|feed| feed.is_down) && (lines.is_empty() || !lines.iter().all(is_bad))
}

impl CheckReport {
    /// Whether the watcher did what it is for, where every line was looked at; see [`went_well`].
    pub fn is_good(&self) -> bool {
        went_well(&self.feeds, &self.lines.iter().collect::<Vec<_>>())
    }

    /// What the check says to the shell, the first that applies.
    pub fn exit_status(&self) -> ExitStatus {
        let any = |holds: &dyn Fn(&LineReport) -> bool| self.lines.iter().any(holds);
        if any(&LineReport::is_unknown_package) {
            ExitStatus::Usage
        } else if any(&LineReport::has_failed) {
            ExitStatus::Failed
        } else if any(&|line| line.decision.is_due) {
            ExitStatus::Due
        } else if any(&|line| line.decision.is_unclear)
            || (self.feeds.iter().any(|feed| feed.is_down) && any(&LineReport::carries_openssl))
        {
            ExitStatus::Unclear
        } else {
            ExitStatus::Well
        }
    }
}
