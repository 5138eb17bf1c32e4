//! On what people are told: the words of `events` under `[notify]`.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::policy::Event;

use super::nearest::unknown;

/// Something of which people can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// Wheels are to be rebuilt with a release, or because a series ended: one message for all
    /// projects.
    Release,
    /// An event of lines.
    Event(Event),
    /// A tracking issue was opened.
    IssueOpened,
    /// A tracking issue was opened again after a program had closed it.
    IssueReopened,
    /// A tracking issue was closed: its reasons are gone.
    IssueClosed,
    /// A step was started.
    RunStarted,
    /// The failed jobs of a run were started again.
    RunRestarted,
    /// Something that was to be written did not happen.
    ActionFailed,
    /// A feed has failed several times in a row.
    FeedFailed,
    /// A feed that was told as failed answers again.
    FeedRecovered,
    /// A project has failed several times in a row.
    ProjectFailed,
    /// A project that was told as failed does not fail any more.
    ProjectRecovered,
}

impl Occasion {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 23] = [
        Self::Release,
        Self::Event(Event::Withdrawn),
        Self::Event(Event::Security),
        Self::Event(Event::Exposed),
        Self::Event(Event::EndOfLife),
        Self::Event(Event::BugFix),
        Self::Event(Event::NewSeries),
        Self::Event(Event::AdvisoriesPending),
        Self::Event(Event::SbomDisagrees),
        Self::Event(Event::PlatformsDisagree),
        Self::Event(Event::CoverageShrank),
        Self::Event(Event::Unreadable),
        Self::Event(Event::ReleaseVanished),
        Self::IssueOpened,
        Self::IssueReopened,
        Self::IssueClosed,
        Self::RunStarted,
        Self::RunRestarted,
        Self::ActionFailed,
        Self::FeedFailed,
        Self::FeedRecovered,
        Self::ProjectFailed,
        Self::ProjectRecovered,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Event(event) => event.as_str(),
            Self::IssueOpened => "issue-opened",
            Self::IssueReopened => "issue-reopened",
            Self::IssueClosed => "issue-closed",
            Self::RunStarted => "run-started",
            Self::RunRestarted => "run-restarted",
            Self::ActionFailed => "action-failed",
            Self::FeedFailed => "feed-failed",
            Self::FeedRecovered => "feed-recovered",
            Self::ProjectFailed => "project-failed",
            Self::ProjectRecovered => "project-recovered",
        }
    }

    /// Whether it is told where no `events` are named. Events of lines are not: a release is told
    /// as one message already.
    pub const fn is_told_by_default(self) -> bool {
        !matches!(self, Self::Event(_))
    }

    /// What a word means.
    ///
    /// # Errors
    /// It means nothing.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str);
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| unknown("event", text, &known))
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for Occasion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_word_is_read_back_and_stands_once() {
        let words: BTreeSet<&str> = Occasion::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(words.len(), Occasion::ALL.len());
        for occasion in Occasion::ALL {
            assert_eq!(Occasion::parse(occasion.as_str()), Ok(occasion));
        }
    }

    #[test]
    fn a_word_that_is_nearly_right_is_told() {
        let sentence = Occasion::parse("feed-fail").unwrap_err();
        assert_eq!(
            sentence,
            "unknown event `feed-fail`; did you mean `feed-failed`?"
        );
    }
}
