//! What asking GitHub about a configuration found.

use crate::github::GithubError;

/// How good a finding is; the order is that of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// It works.
    Good,
    /// It could not be told.
    Untold,
    /// It cannot work as it is configured.
    Wrong,
}

impl Grade {
    /// The word before a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Untold => "could not tell",
            Self::Wrong => "wrong",
        }
    }

    /// The exit code, when this is the worst of all findings.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Untold => 3,
            Self::Wrong => 2,
        }
    }
}

/// One thing that works, or a sentence that says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How good it is.
    pub grade: Grade,
    /// The sentence.
    pub sentence: String,
}

impl Finding {
    /// It works.
    pub fn good(sentence: impl Into<String>) -> Self {
        Self::new(Grade::Good, sentence)
    }

    /// It could not be told.
    pub fn untold(sentence: impl Into<String>) -> Self {
        Self::new(Grade::Untold, sentence)
    }

    /// It cannot work.
    pub fn wrong(sentence: impl Into<String>) -> Self {
        Self::new(Grade::Wrong, sentence)
    }

    fn new(grade: Grade, sentence: impl Into<String>) -> Self {
        Self {
            grade,
            sentence: sentence.into(),
        }
    }

    /// The same about a step.
    #[must_use]
    pub fn of_step(self, name: &str) -> Self {
        let sentence = format!("step `{name}`: {}", self.sentence);
        Self { sentence, ..self }
    }
}

impl From<&GithubError> for Finding {
    /// What GitHub refuses is wrong; what it could not answer is not told.
    fn from(error: &GithubError) -> Self {
        let is_answer = match error {
            GithubError::Parked { .. }
            | GithubError::Transport { .. }
            | GithubError::Shape { .. }
            | GithubError::TooLarge { .. }
            | GithubError::TooManyPages { .. } => false,
            other => !other.is_transient(),
        };
        let grade = if is_answer {
            Grade::Wrong
        } else {
            Grade::Untold
        };
        Self::new(grade, error.to_string())
    }
}
