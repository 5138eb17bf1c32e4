//! Why a feed's newest word could not be had.

use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::fetch::FetchError;

/// A feed that could not be asked, or whose answer is not believed. The text of each is a sentence
/// for people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// A request failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The server wants not to be asked for some time.
    #[error(
        "{host} allows no more requests until {}: it is asked again after that (a token raises \
         the limit, see `openssl.token-env`)",
        until.to_rfc3339_opts(SecondsFormat::Secs, true)
    )]
    Parked {
        /// Who.
        host: String,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The answer is not what it used to be.
    #[error("{place} is not believed: {reason}")]
    Shape {
        /// Which answer.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// All requests of a feed together took too long.
    #[error("{place} could not be had within {seconds} seconds; try again later")]
    TooSlow {
        /// What was asked for.
        place: String,
        /// The limit.
        seconds: u64,
    },
    /// The local mirror cannot be used.
    #[error(
        "the mirror {} cannot be used: {reason}; `rewheel openssl pull` makes one", path.display()
    )]
    Mirror {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl FeedError {
    /// Whether the server answered, and only asks to be left alone for now.
    pub const fn is_parked(&self) -> bool {
        matches!(self, Self::Parked { .. })
    }

    pub(super) fn shape(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Shape {
            place: place.into(),
            reason: reason.into(),
        }
    }
}

/// Why a feed's newest word could not be had, for a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A sentence.
    pub sentence: String,
    /// Whether the server only asks to be left alone for now.
    pub is_parked: bool,
}

impl From<FeedError> for Failure {
    fn from(error: FeedError) -> Self {
        Self {
            is_parked: error.is_parked(),
            sentence: error.to_string(),
        }
    }
}
