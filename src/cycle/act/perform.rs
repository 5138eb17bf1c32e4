//! Doing what was planned for one line.

use crate::github::{Issue, IssueEdit, NewIssue, StateReason};
use crate::policy::ReasonCode;
use crate::policy::tracking::{IssueStep, Standing};
use crate::report::issue::body::Written;
use crate::report::issue::marker::{self, Closed, Memory};
use crate::report::issue::{self as text, comment};
use crate::report::{Action, ActionKind, ActionState, LineReport, Tracking};

use super::Actor;
use super::closed;
use super::find::Tracked;
use super::follow::{self, Followed};
use super::observe::Observed;
use super::performed::{Performed, seen};
use super::several::{all_open, close_as_duplicate, dropped, first_open, moved};
use super::text::{body_of, closing, memory_of};
use super::write::{IN_DOUBT, Stop, Write, Writer};

/// What an issue is to say, and what else is to change of it.
struct Draft {
    steps: Followed,
    memory: Memory,
    edit: IssueEdit,
}

/// Does what was planned, one line after the other.
pub(super) struct Performer<'a, 'b> {
    pub(super) actor: &'b Actor<'a>,
}

impl<'a, 'b> Performer<'a, 'b> {
    pub(super) const fn new(actor: &'b Actor<'a>) -> Self {
        Self { actor }
    }

    /// Does what was planned for a line, as far as it goes; and what was seen of its issue and its
    /// steps.
    pub(super) async fn perform(
        &mut self,
        observed: &Observed<'a>,
        line: &LineReport,
    ) -> Performed {
        let mut writer = Writer::new(
            self.actor.github,
            self.actor.ledger,
            self.actor.mode,
            observed.scope.clone(),
            self.actor.now,
        );
        if let Some(moved) = moved(observed) {
            writer.actions.push(moved);
        }
        // Why it stopped is among the actions.
        let _stopped = self.go(observed, line, &mut writer).await;
        Performed {
            actions: writer.actions,
            open_runs: writer.open_runs,
            tracking: writer.tracking,
        }
    }

    async fn go(
        &self,
        observed: &Observed<'a>,
        line: &LineReport,
        writer: &mut Writer<'a>,
    ) -> Result<(), Stop> {
        closed::conclude(observed, writer)?;
        for number in &observed.plan.duplicates {
            // One that cannot be closed is told, and holds nothing else back.
            let _stopped = self.close_duplicate(observed, *number, writer).await;
        }
        let leave = |writer: &mut Writer<'a>, number: u64, why: &str| {
            let mut write = Write::new(ActionKind::UpdateIssue, observed.key("issue"));
            write.url = observed.issue(number).map(|one| one.issue.html_url.clone());
            writer.tracking.issue = observed.issue(number).map(|one| seen(&one.issue));
            let _ = writer.stop(&write, ActionState::Skipped, why);
            Ok(())
        };
        match observed.plan.step {
            IssueStep::Nothing => Ok(()),
            IssueStep::LeaveClosed(number) => leave(
                writer,
                number,
                "a person closed it: it stays closed until targets or events change",
            ),
            IssueStep::LeaveOpen(number) => leave(
                writer,
                number,
                "its reasons are gone and a person opened it again: it is left to them",
            ),
            IssueStep::Create { after } => self.create(observed, line, after, writer).await,
            IssueStep::Keep(number) | IssueStep::Reopen(number) => {
                let Some(tracked) = observed.issue(number) else {
                    return Ok(());
                };
                self.keep(observed, line, tracked, writer).await
            }
            IssueStep::Close(number) => {
                let Some(tracked) = observed.issue(number) else {
                    return Ok(());
                };
                self.close(observed, line, tracked, writer).await
            }
        }
    }

    async fn close_duplicate(
        &self,
        observed: &Observed<'a>,
        number: u64,
        writer: &mut Writer<'a>,
    ) -> Result<(), Stop> {
        let (Some(tracked), Some(first)) = (observed.issue(number), first_open(observed)) else {
            return Ok(());
        };
        close_as_duplicate(writer, observed, &tracked.issue, first).await
    }

    async fn create(
        &self,
        observed: &Observed<'a>,
        line: &LineReport,
        after: Option<u64>,
        writer: &mut Writer<'a>,
    ) -> Result<(), Stop> {
        let mut write = Write::new(ActionKind::OpenIssue, observed.key("issue"));
        if observed.is_first_cycle {
            write.note = Some(text::title(line, &observed.cause));
            let why = "the first cycle of a project only reports: look at what it says; the next \
                       one acts";
            return Err(writer.stop(&write, ActionState::Skipped, why));
        }
        if line.has(ReasonCode::FactsTooOld) {
            let why = "the facts about OpenSSL are too old to open an issue or to start anything";
            return Err(writer.stop(&write, ActionState::Skipped, why));
        }
        if let Some(asked) = observed.in_doubt {
            let now = self.actor.github.server_time().unwrap_or(self.actor.now);
            // A clock that was ahead then must not stop it for as long as that.
            if now.signed_duration_since(asked).abs() < IN_DOUBT {
                let why = format!(
                    "an issue was asked for at {asked} and whether GitHub opened it is not known: \
                     lists lag behind, so it is looked for until 15 minutes later"
                );
                return Err(writer.stop(&write, ActionState::Failed, why));
            }
        }
        let repository = &observed.repository.full_name;
        let settings = &observed.project.issue;
        let mut memory = memory_of(observed, line, None);
        memory.after = after;
        memory.title = text::title(line, &observed.cause);
        let body = body_of(observed, line, &[], &memory, &Written::default());
        let body = match body {
            Ok(body) => body,
            Err(why) => return Err(writer.stop(&write, ActionState::Failed, why)),
        };
        writer
            .create_labels(repository, &observed.scope, &settings.labels)
            .await;
        let new = NewIssue {
            title: memory.title.clone(),
            body,
            labels: settings.labels.clone(),
            assignees: settings.assignees.clone(),
        };
        let github = self.actor.github;
        let find = || async {
            let mut all = all_open(github, observed, line).await?;
            all.sort_by_key(|issue| issue.number);
            Ok(all.into_iter().next())
        };
        let key = observed.key("issue");
        let Some(issue) = writer.create(repository, key, &new, find).await? else {
            // A dry run: what would be started once the issue is there.
            follow::steps(self.actor, observed, line, None, &memory, writer).await;
            return Ok(());
        };
        // Another watcher may have done the same at the same time: the lower number stands.
        let mut all = all_open(github, observed, line).await.unwrap_or_default();
        if all.iter().all(|one| one.number != issue.number) {
            all.push(issue);
        }
        all.sort_by_key(|one| one.number);
        let Some((first, others)) = all.split_first() else {
            return Ok(());
        };
        for other in others {
            close_as_duplicate(writer, observed, other, first.number).await?;
        }
        memory.dropped = dropped(first, &new);
        // Somebody else may watch too, and lists lag behind: steps wait until both see one issue.
        let steps = if observed.trusted.len() > 1 {
            Followed::default()
        } else {
            follow::steps(
                self.actor,
                observed,
                line,
                Some(first.number),
                &memory,
                writer,
            )
            .await
        };
        self.rewrite(
            observed,
            line,
            first,
            Draft {
                steps,
                memory,
                edit: IssueEdit::default(),
            },
            writer,
        )
        .await
    }

    async fn keep(
        &self,
        observed: &Observed<'a>,
        line: &LineReport,
        tracked: &Tracked,
        writer: &mut Writer<'a>,
    ) -> Result<(), Stop> {
        let before = tracked.memory.clone().unwrap_or_default();
        writer.tracking.issue = Some(seen(&tracked.issue));
        if line.has(ReasonCode::FactsTooOld) {
            let mut write = Write::new(ActionKind::UpdateIssue, observed.key("issue"));
            write.url = Some(tracked.issue.html_url.clone());
            let why = "the facts about OpenSSL are too old to write the issue anew";
            return Err(writer.stop(&write, ActionState::Skipped, why));
        }
        let mut memory = memory_of(observed, line, Some(&before));
        let mut edit = IssueEdit::default();
        let is_changed = tracked.memory.is_some() && before.cause != observed.cause;
        if is_changed {
            let change = comment::change(&before.cause, &observed.cause, line);
            self.comment(observed, &tracked.issue, "comment/change", &change, writer)
                .await?;
        }
        let title = text::title(line, &observed.cause);
        let is_ours = before.title.is_empty() || before.title == tracked.issue.title;
        let is_wanted = observed.standing == Standing::Wanted;
        if is_wanted && title != before.title && (is_changed || is_ours) {
            edit.title = Some(title.clone());
            memory.title = title;
        }
        if matches!(observed.plan.step, IssueStep::Reopen(_)) {
            edit = edit.reopen();
        }
        let number = tracked.issue.number;
        let steps = follow::steps(self.actor, observed, line, Some(number), &memory, writer).await;
        self.rewrite(
            observed,
            line,
            &tracked.issue,
            Draft {
                steps,
                memory,
                edit,
            },
            writer,
        )
        .await
    }

    async fn close(
        &self,
        observed: &Observed<'a>,
        line: &LineReport,
        tracked: &Tracked,
        writer: &mut Writer<'a>,
    ) -> Result<(), Stop> {
        let before = tracked.memory.clone().unwrap_or_default();
        writer.tracking.issue = Some(seen(&tracked.issue));
        let settled = comment::settled(line, &before.events);
        self.comment(
            observed,
            &tracked.issue,
            "comment/settled",
            &settled,
            writer,
        )
        .await?;
        let mut memory = memory_of(observed, line, Some(&before));
        memory.closed = Some(Closed::Proof);
        // What it says of the wheels, the steps and their runs stays as the record of what happened.
        let edit = IssueEdit {
            body: Some(closing(&tracked.issue.body, &memory)),
            ..IssueEdit::default()
        };
        let repository = &observed.repository.full_name;
        let key = observed.key("issue/text");
        let edit = edit.close(StateReason::Completed);
        writer
            .edit(
                repository,
                ActionKind::CloseIssue,
                key,
                &tracked.issue,
                &edit,
            )
            .await
            .map(|_| ())?;
        let is_open = writer.is_dry();
        if let Some(one) = &mut writer.tracking.issue {
            one.is_open = is_open;
        }
        Ok(())
    }

    async fn comment(
        &self,
        observed: &Observed<'a>,
        issue: &Issue,
        what: &str,
        marked: &(String, String),
        writer: &mut Writer<'a>,
    ) -> Result<(), Stop> {
        let repository = &observed.repository.full_name;
        let key = observed.key(what);
        if issue.locked {
            // Said beside the issue's text; whoever may not write a comment may still edit.
            return Ok(());
        }
        writer
            .comment(repository, key, issue, &observed.trusted, marked)
            .await
    }

    /// Writes title, body and state as they are to be, unless they are so already.
    async fn rewrite(
        &self,
        observed: &Observed<'a>,
        line: &LineReport,
        issue: &Issue,
        draft: Draft,
        writer: &mut Writer<'a>,
    ) -> Result<(), Stop> {
        let Draft {
            steps,
            mut memory,
            mut edit,
        } = draft;
        writer.tracking = Tracking {
            issue: Some(seen(issue)),
            steps: steps.views.clone(),
        };
        let said = marker::memory(&issue.body).unwrap_or_default().dropped;
        if steps.is_unclear && edit == IssueEdit::default() && memory.dropped == said {
            // What cannot be told for a moment is in the report; the issue keeps what was known.
            return Ok(());
        }
        if steps.is_known {
            memory.runs = steps.runs;
        }
        let kind = match observed.plan.step {
            IssueStep::Reopen(_) => ActionKind::ReopenIssue,
            _ => ActionKind::UpdateIssue,
        };
        let written = Written::of(&issue.body);
        match body_of(observed, line, &steps.views, &memory, &written) {
            Ok(body) => edit.body = Some(body),
            Err(why) => {
                let mut write = Write::new(kind, observed.key("issue/text"));
                write.url = Some(issue.html_url.clone());
                return Err(writer.stop(&write, ActionState::Failed, why));
            }
        }
        let repository = &observed.repository.full_name;
        let key = observed.key("issue/text");
        writer.edit(repository, kind, key, issue, &edit).await?;
        if let Some(one) = &mut writer.tracking.issue {
            one.is_open |= kind == ActionKind::ReopenIssue;
        }
        if issue.locked {
            let action = Action::new(
                ActionKind::UpdateIssue,
                observed.key("issue/locked"),
                ActionState::Skipped,
            );
            let why = "the issue is locked: only people who may write to the repository can answer";
            writer
                .actions
                .push(action.because(why).at(&*issue.html_url));
        }
        Ok(())
    }
}
