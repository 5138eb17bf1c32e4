//! Which part of what is known is asked for.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use url::form_urlencoded::Serializer;

use crate::fetch::RateLimit;
use crate::model::Releases;
use crate::report::{CheckReport, LineReport, PastAction};

use super::plain;

/// The most of a filter that is looked for, in characters.
const FILTER: usize = 100;

/// What is shown, to whom, and when.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The moment at which somebody looks.
    pub now: DateTime<Utc>,
    /// Which part is asked for.
    pub asked: Asked,
    /// What the last cycle found; nothing before its end.
    pub report: Option<&'a CheckReport>,
    /// OpenSSL's releases as they were known then.
    pub releases: &'a Releases,
    /// What the daemon says of itself.
    pub watcher: Watcher<'a>,
}

/// Which lines, and which page of them.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Only packages whose name holds this; nothing for all.
    pub filter: String,
    /// Only lines that are so.
    pub show: Show,
    /// Which page, from 1; one past the end is the last.
    pub page: usize,
}

/// Lines by what is to be said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// All.
    #[default]
    All,
    /// Those with something due.
    Due,
    /// Those of which something could not be told.
    Unclear,
    /// Those of which nothing is due and everything is known.
    Well,
}

/// What the daemon says of itself.
#[derive(Clone, Debug, Default)]
pub struct Watcher<'a> {
    /// When the last good cycle ended.
    pub last_good: Option<DateTime<Utc>>,
    /// How old it may be.
    pub ready_within: TimeDelta,
    /// How many messages wait for those who are told, and how many were given up; none where nobody
    /// is told.
    pub messages: Option<(u64, u64)>,
    /// When the next cycle begins.
    pub next: Option<DateTime<Utc>>,
    /// Since when a cycle is under way.
    pub under_way: Option<DateTime<Utc>>,
    /// Why the last cycle could not be made, when that is so.
    pub error: Option<&'a str>,
    /// When the cycle ended in which each feed last answered.
    pub feeds_good: BTreeMap<&'static str, DateTime<Utc>>,
    /// What is left of the rate limits, by whose they are.
    pub budgets: BTreeMap<&'static str, RateLimit>,
    /// What was done, newest first.
    pub recent: &'a [PastAction],
}

impl<'a> View<'a> {
    /// All lines that are known.
    pub(super) fn lines(&self) -> &'a [LineReport] {
        self.report
            .map(|report| report.lines.as_slice())
            .unwrap_or_default()
    }
}

impl Asked {
    /// The filter as it is looked for.
    pub(super) fn filter(&self) -> String {
        plain(self.filter.trim()).chars().take(FILTER).collect()
    }
}

impl Show {
    pub(super) const ALL: [Self; 4] = [Self::All, Self::Due, Self::Unclear, Self::Well];

    /// What this word of an address asks for; every other word asks for all.
    pub fn of_word(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|show| show.as_str() == word)
            .unwrap_or_default()
    }

    /// The word in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Due => "due",
            Self::Unclear => "unclear",
            Self::Well => "well",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::All => "Everything",
            Self::Due => "Something due",
            Self::Unclear => "Could not be told",
            Self::Well => "All is well",
        }
    }

    pub(super) fn holds(self, line: &LineReport) -> bool {
        let decision = &line.decision;
        match self {
            Self::All => true,
            Self::Due => decision.is_due,
            Self::Unclear => decision.is_unclear,
            Self::Well => !decision.is_due && !decision.is_unclear,
        }
    }
}

/// The address of one page: everything that was asked for stands in it.
pub(super) fn address(filter: &str, show: Show, page: usize) -> String {
    let start = "/?";
    let mut query = Serializer::for_suffix(start.to_owned(), start.len());
    if !filter.is_empty() {
        query.append_pair("q", filter);
    }
    if show != Show::All {
        query.append_pair("show", show.as_str());
    }
    query.append_pair("page", &page.to_string());
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_was_asked_for() {
        assert_eq!(address("", Show::All, 2), "/?page=2");
        assert_eq!(
            address("a&b=\"<ü", Show::Due, 3),
            "/?q=a%26b%3D%22%3C%C3%BC&show=due&page=3"
        );
        for show in Show::ALL {
            assert_eq!(Show::of_word(show.as_str()), show);
        }
        assert_eq!(Show::of_word("<script>"), Show::All);
    }
}
