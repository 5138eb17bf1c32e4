//! Answers that are asked for again and again: a 304 costs nothing of the rate limit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// An answer with what GitHub needs to say that nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedAnswer {
    /// `ETag`.
    pub etag: String,
    /// `Link`, which leads to the next page.
    pub link: Option<String>,
    /// The body.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// Something that remembers answers between rounds, by their address with its query. It never
/// fails: what cannot be remembered is asked for again. It holds what private repositories say,
/// so it is as secret as they are.
pub trait AnswerMemory: Send + Sync {
    /// The answer that was last seen under an address.
    fn recall(&self, address: &str) -> Option<RememberedAnswer>;

    /// Remembers an answer.
    fn remember(&self, address: &str, answer: &RememberedAnswer);

    /// Forgets an answer that turned out to be none: else GitHub would say for ever that it still
    /// holds.
    fn forget(&self, address: &str) {
        // One without an `ETag` is never asked for again.
        let nothing = RememberedAnswer {
            etag: String::new(),
            link: None,
            body: Vec::new(),
        };
        self.remember(address, &nothing);
    }
}

/// A bound on what a client remembers by itself, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// Remembers for as long as a client lives.
#[derive(Default)]
pub(super) struct WithinLife {
    answers: Mutex<HashMap<String, RememberedAnswer>>,
}

impl AnswerMemory for WithinLife {
    fn recall(&self, address: &str) -> Option<RememberedAnswer> {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(address)
            .cloned()
    }

    fn remember(&self, address: &str, answer: &RememberedAnswer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let size = |answer: &RememberedAnswer| answer.body.len() + answer.etag.len();
        answers.remove(address);
        let held: usize = answers.values().map(size).sum();
        if held.saturating_add(size(answer)) > MOST_BYTES {
            answers.clear();
        }
        if size(answer) <= MOST_BYTES {
            answers.insert(address.to_owned(), answer.clone());
        }
    }
}
