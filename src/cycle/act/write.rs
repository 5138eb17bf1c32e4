//! Writes: the intent before, the result after, and a look in between where something is in doubt.

use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::github::{Github, GithubError};
use crate::report::{Action, ActionKind, ActionState, Tracking};
use crate::store::ledger::{Intent, Ledger, Outcome};

use super::Mode;

/// How long after something was asked for without an answer it is looked for before it is asked for
/// again: lists lag behind, and a request may be worked on after its connection ended.
pub(super) const IN_DOUBT: TimeDelta = TimeDelta::minutes(15);

/// Why a line's writing ends before its end; the action that tells it is noted already.
#[derive(Debug)]
pub(super) struct Stop;

/// Writes for one line, and what came of them.
pub(super) struct Writer<'a> {
    pub(super) github: &'a Github,
    ledger: &'a Ledger,
    mode: Mode,
    scope: String,
    now: DateTime<Utc>,
    /// What was done, in its order.
    pub(super) actions: Vec<Action>,
    /// How many runs have not come to an end.
    pub(super) open_runs: usize,
    /// What was seen of the issue and of the steps.
    pub(super) tracking: Tracking,
}

/// What the ledger knows of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It took effect.
    Done,
    /// It was sent at this moment, and whether it took effect may still come to light.
    InDoubt(DateTime<Utc>),
    /// Nothing that keeps it from being sent.
    Nothing,
}

/// When a write was sent, by GitHub's clock, as its intent says.
pub(super) fn sent_at(detail: &Value) -> Option<DateTime<Utc>> {
    let text = detail.get("server-time")?.as_str()?;
    Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}

/// One write.
pub(super) struct Write {
    pub(super) kind: ActionKind,
    pub(super) key: String,
    pub(super) note: Option<String>,
    /// Where it is, if that is known before.
    pub(super) url: Option<String>,
    /// What tells it from others of the same key, for the ledger.
    pub(super) what: Option<String>,
}

impl Write {
    pub(super) const fn new(kind: ActionKind, key: String) -> Self {
        Self {
            kind,
            key,
            note: None,
            url: None,
            what: None,
        }
    }

    fn action(&self, state: ActionState) -> Action {
        let action = Action::new(self.kind, self.key.clone(), state);
        Action {
            url: self.url.clone(),
            note: self.note.clone(),
            ..action
        }
    }
}

impl<'a> Writer<'a> {
    pub(super) const fn new(
        github: &'a Github,
        ledger: &'a Ledger,
        mode: Mode,
        scope: String,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            github,
            ledger,
            mode,
            scope,
            now,
            actions: Vec::new(),
            tracking: Tracking {
                issue: None,
                steps: Vec::new(),
            },
            open_runs: 0,
        }
    }

    pub(super) const fn is_dry(&self) -> bool {
        matches!(self.mode, Mode::Plan)
    }

    /// Notes an action that was left undone or failed, and stops.
    pub(super) fn stop(
        &mut self,
        write: &Write,
        state: ActionState,
        why: impl Into<String>,
    ) -> Stop {
        self.actions.push(write.action(state).because(why));
        Stop
    }

    /// What the ledger knows of this very write, and of none that only has its key.
    pub(super) fn known(&mut self, write: &Write) -> Result<Known, Stop> {
        let act = match self.ledger.act(&write.key) {
            Ok(act) => act,
            Err(error) => return Err(self.stop(write, ActionState::Failed, error.to_string())),
        };
        let same = act.filter(|act| {
            let what = act.detail.get("what").and_then(Value::as_str);
            what == write.what.as_deref()
        });
        Ok(match same {
            Some(act) if matches!(act.outcome, Some(Outcome::Done { .. })) => Known::Done,
            Some(act) if act.outcome.is_none() => {
                let now = self.github.server_time().unwrap_or(self.now);
                match sent_at(&act.detail) {
                    Some(sent) if now.signed_duration_since(sent) < IN_DOUBT => {
                        Known::InDoubt(sent)
                    }
                    _ => Known::Nothing,
                }
            }
            _ => Known::Nothing,
        })
    }

    /// Does one write: `send` sends it; `look` finds out whether it took effect when its answer
    /// leaves that open; `result` tells what is to be remembered of it. None in a dry run.
    pub(super) async fn write<T, Sent, Looked>(
        &mut self,
        write: Write,
        send: impl FnOnce() -> Sent,
        look: impl FnOnce() -> Looked,
        result: impl Fn(&T) -> (Option<String>, Value),
    ) -> Result<Option<T>, Stop>
    where
        Sent: Future<Output = Result<T, GithubError>>,
        Looked: Future<Output = Result<Option<T>, GithubError>>,
    {
        if self.is_dry() {
            self.actions.push(write.action(ActionState::Planned));
            return Ok(None);
        }
        let sent_at = self.github.server_time().unwrap_or(self.now);
        let intent = Intent {
            key: write.key.clone(),
            scope: self.scope.clone(),
            kind: write.kind.as_str().to_owned(),
            detail: json!({ "server-time": sent_at.to_rfc3339(), "what": write.what }),
            at: self.now,
        };
        if let Err(error) = self.ledger.intend(&intent) {
            return Err(self.stop(&write, ActionState::Failed, error.to_string()));
        }
        let done = match send().await {
            Ok(value) => value,
            Err(error) if error.is_ambiguous() => match look().await {
                Ok(Some(value)) => value,
                Ok(None) => {
                    let why = format!(
                        "{error}; whether it took effect is not known, and it is not to be seen \
                         yet: the next cycle looks again"
                    );
                    return Err(self.stop(&write, ActionState::Failed, why));
                }
                Err(second) => {
                    let why = format!(
                        "{error}; whether it took effect could not be looked up: {second}; the \
                         next cycle looks again"
                    );
                    return Err(self.stop(&write, ActionState::Failed, why));
                }
            },
            Err(error) => {
                let why = error.to_string();
                let outcome = Outcome::Failed { error: why.clone() };
                self.conclude(&write, &outcome)?;
                return Err(self.stop(&write, ActionState::Failed, why));
            }
        };
        let (url, detail) = result(&done);
        let outcome = Outcome::Done {
            url: url.clone(),
            detail,
        };
        self.conclude(&write, &outcome)?;
        let mut action = write.action(ActionState::Done);
        action.url = url.or(action.url);
        self.actions.push(action);
        Ok(Some(done))
    }

    /// When a write of this key and kind was sent, while nobody knows what came of it. None in a
    /// dry run.
    pub(super) fn open_since(&mut self, write: &Write) -> Result<Option<DateTime<Utc>>, Stop> {
        if self.is_dry() {
            return Ok(None);
        }
        let act = match self.ledger.act(&write.key) {
            Ok(act) => act,
            Err(error) => return Err(self.stop(write, ActionState::Failed, error.to_string())),
        };
        let open = act.filter(|act| act.outcome.is_none() && act.kind == write.kind.as_str());
        Ok(open.and_then(|act| sent_at(&act.detail)))
    }

    /// It came to light that a write took effect whose answer was lost.
    pub(super) fn took_effect(&mut self, write: Write, url: &str) -> Result<(), Stop> {
        let outcome = Outcome::Done {
            url: Some(url.to_owned()),
            detail: json!({}),
        };
        self.conclude(&write, &outcome)?;
        self.actions.push(write.action(ActionState::Done).at(url));
        Ok(())
    }

    fn conclude(&mut self, write: &Write, outcome: &Outcome) -> Result<(), Stop> {
        match self.ledger.conclude(&write.key, outcome, self.now) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.stop(write, ActionState::Failed, error.to_string())),
        }
    }
}
