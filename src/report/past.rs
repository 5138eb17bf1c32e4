//! Actions of earlier cycles, as they are shown and kept.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Action, ActionKind, LineReport};

/// The most characters of a text that are kept.
const TEXT: usize = 400;

/// What was done, or was to be done, about a line, and why. The same in several cycles in a row is
/// one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastAction {
    /// Which line it was about: `cryptography/main`.
    pub scope: String,
    /// The kind of action, in the ledger's word.
    pub kind: String,
    /// What makes it the same action in another cycle.
    pub key: String,
    /// How far it came, in the report's word.
    pub state: String,
    /// Why it was decided on; nothing where that is not known any more.
    pub cause: String,
    /// What it changed, why it failed or was left undone.
    pub detail: String,
    /// Where it can be seen.
    pub url: Option<String>,
    /// In which cycle it was first so.
    pub first_at: DateTime<Utc>,
    /// In which cycle it was last so.
    pub last_at: DateTime<Utc>,
    /// In how many cycles it was so.
    pub times: u32,
}

impl PastAction {
    /// An action of the cycle that began at that moment.
    pub fn of(line: &LineReport, action: &Action, at: DateTime<Utc>) -> Self {
        let details: Vec<&str> = [&action.note, &action.error]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        Self {
            scope: format!("{}/{}", line.package, line.line),
            kind: action.kind.as_str().to_owned(),
            key: action.key.clone(),
            state: action.state.as_str().to_owned(),
            cause: line.cause(),
            detail: details.join(": "),
            url: action.url.clone(),
            first_at: at,
            last_at: at,
            times: 1,
        }
        .cut()
    }

    /// The same with texts of bounded length.
    #[must_use]
    pub fn cut(self) -> Self {
        Self {
            scope: cut(&self.scope),
            kind: cut(&self.kind),
            key: cut(&self.key),
            state: cut(&self.state),
            cause: cut(&self.cause),
            detail: cut(&self.detail),
            // A part of an address leads elsewhere.
            url: self.url.filter(|url| url.len() <= TEXT),
            ..self
        }
    }

    /// What it did, for people: in the words of its kind where that is known.
    pub fn words(&self) -> String {
        let kind = ActionKind::of_word(&self.kind);
        kind.map_or_else(|| self.kind.clone(), |kind| kind.words().to_owned())
    }

    /// Whether it is the other one once more.
    pub fn is_again(&self, other: &Self) -> bool {
        self.key == other.key
            && self.kind == other.kind
            && self.state == other.state
            && self.cause == other.cause
            && self.detail == other.detail
            && self.url == other.url
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
