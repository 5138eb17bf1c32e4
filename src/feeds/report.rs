//! What is told about each feed.

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::FactsOrigin;

/// What is told about one feed in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedReport {
    /// `releases`, `advisories` or `life-times`.
    pub name: &'static str,
    /// Where its facts came from.
    pub source: FactsOrigin,
    /// The UTC day up to which they are known to be complete.
    pub as_of: NaiveDate,
    /// Why its newest word could not be had, where that was tried and failed; a sentence.
    pub error: Option<String>,
    /// Whether the feed was asked and gave no answer that is believed. A feed that wants to be left
    /// alone for now is not down.
    #[serde(skip)]
    pub is_down: bool,
}

impl FeedReport {
    /// How many days old its facts are; 0 for those of today.
    pub fn days_old(&self, today: NaiveDate) -> i64 {
        today.signed_duration_since(self.as_of).num_days().max(0)
    }
}
