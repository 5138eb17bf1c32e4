//! The words of GitHub's closed lists. A word that is new to us is kept, not refused.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "Option<String>", into = "String")]
        pub enum $name {
            $($(#[$what])* $variant,)+
            /// Another word, or none, which is the empty one.
            Other(String),
        }

        impl $name {
            /// The word, as the API writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<Option<String>> for $name {
            fn from(word: Option<String>) -> Self {
                match word.as_deref() {
                    $(Some($word) => Self::$variant,)+
                    _ => Self::Other(word.unwrap_or_default()),
                }
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Whether an issue is open.
    IssueState {
        /// It is open.
        Open = "open",
        /// It is closed.
        Closed = "closed",
    }
}

words! {
    /// Why an issue is in its state.
    StateReason {
        /// It is done.
        Completed = "completed",
        /// Nothing will be done.
        NotPlanned = "not_planned",
        /// There is another issue about it.
        Duplicate = "duplicate",
        /// It was closed, and is open again.
        Reopened = "reopened",
    }
}

words! {
    /// How far a run or a job is.
    RunStatus {
        /// It waits for a runner.
        Queued = "queued",
        /// It runs.
        InProgress = "in_progress",
        /// It has ended; its conclusion says how.
        Completed = "completed",
        /// It waits for somebody's approval of a deployment.
        Waiting = "waiting",
        /// It was asked for, and is not queued yet.
        Requested = "requested",
        /// It waits for another run of its concurrency group.
        Pending = "pending",
    }
}

words! {
    /// How a run or a job ended.
    Conclusion {
        /// It did what it should.
        Success = "success",
        /// It failed.
        Failure = "failure",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// Its condition did not hold.
        Skipped = "skipped",
        /// It took too long.
        TimedOut = "timed_out",
        /// Somebody must do something first.
        ActionRequired = "action_required",
        /// Neither good nor bad.
        Neutral = "neutral",
        /// GitHub gave it up.
        Stale = "stale",
        /// It could not be started, mostly because its file has errors.
        StartupFailure = "startup_failure",
    }
}

words! {
    /// Whether a workflow can run.
    WorkflowState {
        /// It can.
        Active = "active",
        /// Its file is gone.
        Deleted = "deleted",
        /// It is of a fork, where none runs until somebody allows it.
        DisabledFork = "disabled_fork",
        /// The repository had no activity for 60 days.
        DisabledInactivity = "disabled_inactivity",
        /// Somebody disabled it.
        DisabledManually = "disabled_manually",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#""in_progress""#, RunStatus::InProgress, "in_progress")]
    #[case(r#""on_the_moon""#, RunStatus::Other("on_the_moon".into()), "on_the_moon")]
    #[case("null", RunStatus::Other(String::new()), "")]
    fn no_word_is_refused(#[case] json: &str, #[case] status: RunStatus, #[case] word: &str) {
        let read: RunStatus = serde_json::from_str(json).unwrap();
        assert_eq!(read, status);
        assert_eq!(read.to_string(), word);
    }
}
