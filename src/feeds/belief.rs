//! Whom to believe: the network or mirror, the last good copy, the built-in facts, in this order.

use chrono::NaiveDate;

use crate::model::FactsOrigin;

use super::FeedReport;
use super::error::Failure;

/// What a feed says now, or said when it was last believed.
#[derive(Debug)]
pub struct Heard<T> {
    /// What it says now, or why that cannot be had.
    pub now: Result<T, Failure>,
    /// Where that is from: the network, or a mirror.
    pub from: FactsOrigin,
    /// The day up to which that is complete.
    pub as_of: NaiveDate,
    /// The last good copy, and the day up to which it is complete.
    pub copy: Option<(T, NaiveDate)>,
}

/// What is believed of a feed; none means the built-in facts alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Believed<T> {
    /// What the feed says.
    pub said: Option<T>,
    /// What is told about it.
    pub report: FeedReport,
}

/// Chooses. Built-in facts that are newer than the copy stand before it: rewheel was updated since.
pub fn choose<T>(name: &'static str, heard: Heard<T>, built_in: NaiveDate) -> Believed<T> {
    let is_down = matches!(&heard.now, Err(error) if !error.is_parked);
    let (said, source, as_of, error) = match (heard.now, heard.copy) {
        // What the network says now cannot be older than anything.
        (Ok(said), _) if heard.from == FactsOrigin::Network || heard.as_of >= built_in => {
            (Some(said), heard.from, heard.as_of, None)
        }
        (Ok(_), _) => {
            let sentence = format!(
                "the mirror is of {} and older than they are; `rewheel openssl pull` renews it",
                heard.as_of
            );
            (None, FactsOrigin::BuiltIn, built_in, Some(sentence))
        }
        (Err(error), Some((copy, as_of))) if as_of >= built_in => {
            (Some(copy), FactsOrigin::Cache, as_of, Some(error.sentence))
        }
        (Err(error), _) => (None, FactsOrigin::BuiltIn, built_in, Some(error.sentence)),
    };
    Believed {
        said,
        report: FeedReport {
            name,
            source,
            as_of,
            is_down,
            error,
        },
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The table of docs/feeds.md. The built-in facts are of 23 October.
    #[rstest]
    #[case::network(true, Some("2026-11-21"), FactsOrigin::Network, "2026-11-22", "now")]
    #[case::network_without_copy(true, None, FactsOrigin::Network, "2026-11-22", "now")]
    #[case::copy(false, Some("2026-11-21"), FactsOrigin::Cache, "2026-11-21", "copy")]
    #[case::copy_of_the_same_day(
        false,
        Some("2026-10-23"),
        FactsOrigin::Cache,
        "2026-10-23",
        "copy"
    )]
    #[case::copy_older_than_built_in(
        false,
        Some("2026-10-22"),
        FactsOrigin::BuiltIn,
        "2026-10-23",
        "-"
    )]
    #[case::built_in(false, None, FactsOrigin::BuiltIn, "2026-10-23", "-")]
    fn the_order_of_belief(
        #[case] answers: bool,
        #[case] copy: Option<&str>,
        #[case] source: FactsOrigin,
        #[case] as_of: &str,
        #[case] said: &str,
    ) {
        let refused = || Failure {
            sentence: "it is empty".into(),
            is_parked: false,
        };
        let heard = Heard {
            now: if answers { Ok("now") } else { Err(refused()) },
            from: FactsOrigin::Network,
            as_of: day("2026-11-22"),
            copy: copy.map(|as_of| ("copy", day(as_of))),
        };
        let believed = choose("releases", heard, day("2026-10-23"));
        assert_eq!(believed.said.unwrap_or("-"), said);
        assert_eq!(believed.report.source, source);
        assert_eq!(believed.report.as_of, day(as_of));
        assert_eq!(believed.report.error.is_some(), !answers);
        assert_eq!(believed.report.is_down, !answers);
    }

    #[test]
    fn a_mirror_older_than_the_built_in_facts_adds_nothing() {
        let heard = Heard {
            now: Ok("mirror"),
            from: FactsOrigin::Directory,
            as_of: day("2026-01-01"),
            copy: None,
        };
        let believed = choose("releases", heard, day("2026-10-23"));
        assert_eq!(believed.said, None);
        assert_eq!(believed.report.source, FactsOrigin::BuiltIn);
        assert_eq!(
            believed.report.error.as_deref(),
            Some(
                "the mirror is of 2026-01-01 and older than they are; `rewheel openssl pull` \
                 renews it"
            )
        );
        assert!(!believed.report.is_down);
    }
}
