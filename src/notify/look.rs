//! What a finished cycle holds that may be told. Pure: nothing is known here of what was told.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::config::Occasion;
use crate::feeds::FeedReport;
use crate::report::notice::notices;
use crate::report::{ActionKind, ActionState, CheckReport, LineReport};

use super::events;
use super::happening::{Happening, Item, Look, Openssl, Seen, Subject, sentence};

/// A cycle that came to an end.
#[derive(Clone, Copy, Debug)]
pub struct EndedCycle<'a> {
    /// What it came to; of projects that were not looked at, what an earlier one came to.
    pub report: &'a CheckReport,
    /// The packages that were looked at; none says that all were.
    pub looked: Option<&'a BTreeSet<String>>,
    /// Whether the feeds were asked in it; else nothing is known of them that was not before.
    pub asked_feeds: bool,
    /// Whether nothing of any line is left for a later cycle.
    pub is_whole: bool,
    /// Whether the watcher did what it is for.
    pub is_good: bool,
    /// When it began.
    pub began: DateTime<Utc>,
    /// Whether that is known to be right, so that what is long over may be forgotten by it.
    pub may_forget: bool,
}

impl<'a> EndedCycle<'a> {
    /// A cycle in which everything was looked at, such as one by hand.
    pub fn of(report: &'a CheckReport) -> Self {
        Self {
            report,
            looked: None,
            asked_feeds: true,
            is_whole: true,
            is_good: report.is_good(),
            began: report.checked_at,
            may_forget: false,
        }
    }

    /// The lines that were looked at in it.
    fn lines(&self) -> impl Iterator<Item = &'a LineReport> {
        let looked = self.looked;
        let lines = self.report.lines.iter();
        lines.filter(move |line| looked.is_none_or(|looked| looked.contains(&line.package)))
    }

    /// What may be told of it.
    pub fn seen(&self) -> Seen {
        let mut happenings = releases(&self.report.lines);
        happenings.extend(self.lines().flat_map(events::of));
        let feeds = self.report.feeds.iter().filter(|_| self.asked_feeds);
        let feeds = feeds.filter_map(feed);
        Seen {
            at: self.began,
            happenings,
            looks: feeds.chain(self.projects()).collect(),
            failures: self.lines().flat_map(failures).collect(),
            known_lines: self
                .lines()
                .filter(|line| blindness(line).is_none() && !has_skipped(line))
                .map(|line| format!("{}/{}", line.package, line.line))
                .collect(),
            is_whole: self.is_whole,
            all_lines: self.all_lines(),
        }
    }

    /// The lines of which all is known: what they do not say does not hold any more.
    fn all_lines(&self) -> BTreeSet<String> {
        if self.report.feeds.iter().any(|feed| feed.is_down) {
            return BTreeSet::new();
        }
        self.lines()
            .filter(|line| line.is_known())
            .map(|line| format!("{}/{}", line.package, line.line))
            .collect()
    }

    /// What the look at each project came to: the worst of its lines.
    fn projects(&self) -> Vec<Look> {
        let mut found: BTreeMap<&str, Vec<&LineReport>> = BTreeMap::new();
        for line in self.lines() {
            found.entry(&line.package).or_default().push(line);
        }
        let look = |(package, lines): (&str, Vec<&LineReport>)| Look {
            subject: Subject::Project(package.to_owned()),
            failure: lines.iter().find_map(|line| failure(line)),
            has_skipped: lines.into_iter().any(has_skipped),
        };
        found.into_iter().map(look).collect()
    }
}

/// What the look at a feed came to. One that wants to be left alone for now says nothing.
fn feed(feed: &FeedReport) -> Option<Look> {
    let failure = match (&feed.error, feed.is_down) {
        (Some(error), true) => Some(sentence(error)),
        (None, true) => Some("it gave no answer that is believed".to_owned()),
        (Some(_), false) => return None,
        (None, false) => None,
    };
    Some(Look {
        subject: Subject::Feed(feed.name.to_owned()),
        failure,
        has_skipped: false,
    })
}

/// Why a line counts as failed.
fn failure(line: &LineReport) -> Option<String> {
    let failed = line.actions.iter();
    let failed = failed.filter(|action| action.state == ActionState::Failed);
    blindness(line).or_else(|| failed.map(|action| sentence(&action.sentence())).next())
}

/// Whether something was to be done and was left undone, so that nobody knows how it would go. A step
/// that was looked at and cannot begin yet, for a reason that is said, is none of that.
fn has_skipped(line: &LineReport) -> bool {
    let mut actions = line.actions.iter();
    actions.any(|action| {
        let is_looked_at = action.kind == ActionKind::Dispatch && action.error.is_some();
        action.state == ActionState::Skipped && !is_looked_at
    })
}

/// Why nothing is known of a line's wheels.
fn blindness(line: &LineReport) -> Option<String> {
    if line.version.is_some() || !line.decision.is_unclear {
        return None;
    }
    let reason = line.decision.reasons.first();
    Some(reason.map_or_else(
        || "nothing is known of its wheels".to_owned(),
        |reason| sentence(&reason.message),
    ))
}

/// The releases that wheels are to be rebuilt with, line by line.
fn releases(lines: &[LineReport]) -> Vec<Happening> {
    let by_name: BTreeMap<(&str, &str), &LineReport> = lines
        .iter()
        .map(|line| ((line.package.as_str(), line.line.as_str()), line))
        .collect();
    let mut found = Vec::new();
    for notice in notices(lines) {
        let openssl = Openssl::of_notice(&notice);
        for (package, name) in &notice.lines {
            let Some(line) = by_name.get(&(package.as_str(), name.as_str())) else {
                continue;
            };
            let events: Vec<&str> = line
                .decision
                .events
                .iter()
                .filter(|event| notice.events.contains(event))
                .map(|event| event.as_str())
                .collect();
            found.push(Happening {
                occasion: Occasion::Release,
                key: format!("release/{}/{package}/{name}", openssl.key()),
                openssl: Some(openssl.clone()),
                severity: line.decision.severity,
                item: Item {
                    text: sentence(&events.join(", ")),
                    ..events::item(line)
                },
            });
        }
    }
    found
}

/// The actions of a line that failed.
fn failures(line: &LineReport) -> Vec<Happening> {
    let failed = line.actions.iter();
    failed
        .filter(|action| action.state == ActionState::Failed)
        .map(|action| Happening {
            occasion: Occasion::ActionFailed,
            key: format!(
                "action/{}/{}/{}/{}",
                line.package,
                line.line,
                action.kind.as_str(),
                action.key
            ),
            openssl: None,
            severity: None,
            item: Item {
                text: sentence(&action.sentence()),
                ..events::item(line)
            },
        })
        .collect()
}
