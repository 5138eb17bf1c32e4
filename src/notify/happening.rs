//! What may be told of a cycle, before it is known who wants to know it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::config::Occasion;
use crate::model::{OpensslVersion, Severity};
use crate::policy::Target;
use crate::report::Notice;
use crate::report::printable::printable;

/// The most letters of one text from outside.
const LETTERS: usize = 400;

/// One thing that is told once.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// What kind of thing it is.
    pub occasion: Occasion,
    /// What makes it this thing, in this cycle and in later ones.
    pub key: String,
    /// The release that it is about: things of one kind about one release make one message.
    pub openssl: Option<Openssl>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// What it says.
    pub item: Item,
}

/// A release of OpenSSL, or a series whose support has ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Openssl {
    /// The series.
    pub series: String,
    /// The release that wheels are to carry; none where the series has ended.
    pub version: Option<String>,
    /// The day of the release.
    pub published: Option<NaiveDate>,
}

/// What is said of one line, project or feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The version of the package whose wheels were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// A sentence without its full stop: printable, of one line, and bounded.
    pub text: String,
    /// Where it can be seen: http or https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a look at something came to that is told when it fails again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What was looked at.
    pub subject: Subject,
    /// Why it failed; none where it went well.
    pub failure: Option<String>,
    /// Whether something was left undone, so that nobody knows how it would go.
    pub has_skipped: bool,
}

/// What may fail again and again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A feed, by its name.
    Feed(String),
    /// A project, by its package.
    Project(String),
}

/// What was seen in a cycle, as far as it may be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// When the cycle began.
    pub at: DateTime<Utc>,
    /// What holds now, whether it was told or not.
    pub happenings: Vec<Happening>,
    /// What was looked at.
    pub looks: Vec<Look>,
    /// Actions that failed.
    pub failures: Vec<Happening>,
    /// The lines, as `package/line`, whose actions are known: those that did not fail went well.
    pub known_lines: Vec<String>,
    /// Whether nothing of any line is left for a later cycle.
    pub is_whole: bool,
    /// The lines, as `package/line`, of which all is known: what they do not say does not hold.
    pub all_lines: BTreeSet<String>,
}

impl Subject {
    /// What it is called in the ledger.
    pub fn key(&self) -> String {
        match self {
            Self::Feed(name) => format!("feed/{name}"),
            Self::Project(package) => format!("project/{package}"),
        }
    }

    /// What is said of it.
    pub fn item(&self, text: &str) -> Item {
        let mut item = Item {
            text: sentence(text),
            ..Item::default()
        };
        match self {
            Self::Feed(name) => item.feed = Some(name.clone()),
            Self::Project(package) => item.package = Some(package.clone()),
        }
        item
    }
}

impl Openssl {
    /// What wheels of a series are to carry.
    pub fn of(target: &Target) -> Self {
        Self {
            series: target.series.to_string(),
            version: target.version.as_ref().map(OpensslVersion::to_string),
            published: target.published,
        }
    }

    /// What a notice is about.
    pub fn of_notice(notice: &Notice) -> Self {
        Self {
            series: notice.series.to_string(),
            version: notice.release.as_ref().map(OpensslVersion::to_string),
            published: notice.published,
        }
    }

    /// `3.5.9`, or `1.1.1 ended`.
    pub fn key(&self) -> String {
        match &self.version {
            Some(version) => version.clone(),
            None => format!("{} ended", self.series),
        }
    }
}

/// A text from outside as one line that nothing in it can act from, and not without end.
pub fn sentence(text: &str) -> String {
    let one_line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean = printable(&one_line);
    if clean.chars().count() <= LETTERS {
        return clean.into_owned();
    }
    let mut short: String = clean.chars().take(LETTERS).collect();
    short.push('…');
    short
}

impl Item {
    /// What it is about, for people: `demo 1.0 (~=46.0)`.
    pub fn name(&self) -> String {
        let mut text = match (&self.package, &self.feed) {
            (Some(package), _) => package.clone(),
            (None, Some(feed)) => format!("the feed {feed}"),
            (None, None) => String::new(),
        };
        if let Some(version) = &self.version {
            text.push_str(&format!(" {version}"));
        }
        if let Some(line) = self.line.as_ref().filter(|line| *line != "main") {
            text.push_str(&format!(" ({line})"));
        }
        text
    }
}
