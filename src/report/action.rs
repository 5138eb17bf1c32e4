//! What is done about a decision, and how far it came.

use serde::{Deserialize, Serialize};

/// One thing that is done about a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// What it is.
    pub kind: ActionKind,
    /// What makes it the same action in another cycle.
    pub key: String,
    /// How far it came.
    pub state: ActionState,
    /// Where it can be seen.
    pub url: Option<String>,
    /// Why it failed, or was left undone.
    pub error: Option<String>,
    /// What it changes, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The kinds of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// GitHub is asked for the tracking issue.
    FindIssue,
    /// A label that the issue is to have is made.
    CreateLabel,
    /// The tracking issue is opened.
    OpenIssue,
    /// The tracking issue is written anew.
    UpdateIssue,
    /// The tracking issue is opened again after a program closed it.
    ReopenIssue,
    /// The tracking issue is closed: what is published proves that its reasons are gone.
    CloseIssue,
    /// A second tracking issue is closed.
    CloseDuplicate,
    /// A comment says what changed.
    Comment,
    /// A step is started for one target.
    Dispatch,
    /// The failed jobs of a run that was started are run again.
    Rerun,
}

/// How far an action came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionState {
    /// It would be done.
    Planned,
    /// It was done.
    Done,
    /// It was tried, and why it did not succeed is said.
    Failed,
    /// It was left undone on purpose, and why is said.
    Skipped,
}

impl ActionKind {
    /// The word in documents and in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FindIssue => "find-issue",
            Self::CreateLabel => "create-label",
            Self::OpenIssue => "open-issue",
            Self::UpdateIssue => "update-issue",
            Self::ReopenIssue => "reopen-issue",
            Self::CloseIssue => "close-issue",
            Self::CloseDuplicate => "close-duplicate",
            Self::Comment => "comment",
            Self::Dispatch => "dispatch",
            Self::Rerun => "rerun",
        }
    }

    /// The kind that has this word.
    pub fn of_word(word: &str) -> Option<Self> {
        use serde::de::IntoDeserializer;
        use serde::de::value::{Error, StrDeserializer};
        let word: StrDeserializer<'_, Error> = word.into_deserializer();
        Self::deserialize(word).ok()
    }

    /// What it does, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::FindIssue => "look for the tracking issue",
            Self::CreateLabel => "create a label",
            Self::OpenIssue => "open the tracking issue",
            Self::UpdateIssue => "write the tracking issue anew",
            Self::ReopenIssue => "open the tracking issue again",
            Self::CloseIssue => "close the tracking issue",
            Self::CloseDuplicate => "close a second tracking issue",
            Self::Comment => "comment what changed",
            Self::Dispatch => "start the steps",
            Self::Rerun => "run the failed jobs again",
        }
    }
}

impl ActionState {
    /// The word in reports and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Action {
    /// An action of which nothing else is to be said.
    pub const fn new(kind: ActionKind, key: String, state: ActionState) -> Self {
        Self {
            kind,
            key,
            state,
            url: None,
            error: None,
            note: None,
        }
    }

    /// The same action, to be seen there.
    #[must_use]
    pub fn at(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The same action with the reason why it failed or was left undone.
    #[must_use]
    pub fn because(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// The same action with what it changes.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// "open the tracking issue (cryptography/main/issue): …", for people.
    pub fn sentence(&self) -> String {
        let mut sentence = format!("{} ({})", self.kind.words(), self.key);
        for more in [&self.note, &self.error, &self.url].into_iter().flatten() {
            sentence.push_str(": ");
            sentence.push_str(more);
        }
        sentence
    }
}
