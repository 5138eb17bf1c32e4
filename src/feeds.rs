//! OpenSSL's word: releases, advisories and life times, each from its own source.

pub mod built_in;
pub mod facts_file;
pub mod life_times;
pub mod record;

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
    pub as_of: chrono::NaiveDate,
    /// Why they are not from the network, where that was tried and failed.
    pub error: Option<String>,
}
