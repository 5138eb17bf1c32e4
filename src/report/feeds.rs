//! Where OpenSSL's facts came from, and how old they are.

use chrono::NaiveDate;

use crate::feeds::FeedReport;
use crate::model::FactsOrigin;

use super::wording;

/// One line for the feeds whose facts came from the same place for the same reason.
pub(super) fn lines(feeds: &[FeedReport], today: NaiveDate) -> Vec<String> {
    let mut groups: Vec<(Vec<&str>, &FeedReport)> = Vec::new();
    for feed in feeds {
        let same = groups.iter_mut().find(|(_, first)| {
            (first.source, first.as_of, cause(first)) == (feed.source, feed.as_of, cause(feed))
        });
        match same {
            Some((names, _)) => names.push(name(feed)),
            None => groups.push((vec![name(feed)], feed)),
        }
    }
    groups
        .into_iter()
        .map(|(names, feed)| format!("{}: {}", listed(&names), origin(feed, today)))
        .collect()
}

/// "built-in facts of 2026-10-23, 30 days old; why no newer ones could be had".
pub(super) fn origin(feed: &FeedReport, today: NaiveDate) -> String {
    let error = feed.error.as_ref().map(|error| format!("; {error}"));
    format!("{}{}", place(feed, today), error.unwrap_or_default())
}

/// "built-in facts of 2026-10-23, 30 days old".
pub(super) fn place(feed: &FeedReport, today: NaiveDate) -> String {
    let place = match feed.source {
        FactsOrigin::Network => "live facts",
        FactsOrigin::Cache => "last good copy",
        FactsOrigin::BuiltIn => "built-in facts",
        FactsOrigin::Directory => "mirrored facts",
    };
    let age = match feed.days_old(today) {
        0 => String::new(),
        days => format!(", {} old", wording::days(days)),
    };
    format!("{place} of {}{age}", feed.as_of)
}

/// Why no newer facts could be had, whatever address that was said of: a network without a way out
/// is told once.
pub(super) fn cause(feed: &FeedReport) -> Option<Vec<&str>> {
    let words = feed.error.as_ref()?.split_whitespace();
    Some(words.filter(|word| !word.starts_with("http")).collect())
}

/// What it is called in sentences.
pub(super) fn name(feed: &FeedReport) -> &'static str {
    match feed.name {
        "life-times" => "life times",
        name => name,
    }
}

fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(
        name: &'static str,
        source: FactsOrigin,
        as_of: &str,
        error: Option<&str>,
    ) -> FeedReport {
        FeedReport {
            name,
            source,
            as_of: as_of.parse().unwrap(),
            error: error.map(str::to_owned),
            is_down: error.is_some(),
        }
    }

    #[test]
    fn feeds_are_told_together_where_they_agree() {
        let today = "2026-11-22".parse().unwrap();
        let down = Some("https://api.example/a did not answer in time; try again later");
        let also_down = Some("https://api.example/b did not answer in time; try again later");
        let feeds = [
            feed("releases", FactsOrigin::Network, "2026-11-22", None),
            feed("advisories", FactsOrigin::Cache, "2026-11-21", down),
            feed("life-times", FactsOrigin::Cache, "2026-11-21", also_down),
        ];
        assert_eq!(
            lines(&feeds, today),
            [
                "releases: live facts of 2026-11-22",
                "advisories and life times: last good copy of 2026-11-21, 1 day old; \
                 https://api.example/a did not answer in time; try again later",
            ]
        );
        let built_in = ["releases", "advisories", "life-times"]
            .map(|name| feed(name, FactsOrigin::BuiltIn, "2026-10-23", None));
        assert_eq!(
            lines(&built_in, today),
            ["releases, advisories and life times: built-in facts of 2026-10-23, 30 days old"]
        );
    }
}
