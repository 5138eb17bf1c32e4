//! A message in one line.

use std::collections::BTreeSet;

use crate::config::Occasion;
use crate::model::Severity;
use crate::policy::Event;

use super::happening::{Item, Openssl};

/// How many packages or feeds a title names.
const NAMED: usize = 3;

/// The most letters of one name in a title.
const LETTERS: usize = 64;

/// "OpenSSL 3.5.9 of 2026-09-29: 12 packages to rebuild (most severe: high): a, b, c and 9 more".
pub(super) fn title(
    occasion: Occasion,
    openssl: Option<&Openssl>,
    severity: Option<Severity>,
    items: &[Item],
) -> String {
    let names: BTreeSet<&str> = items.iter().filter_map(name).collect();
    let who = who(&names);
    if let (Occasion::Release, Some(openssl)) = (occasion, openssl) {
        let count = names.len();
        let packages = if count == 1 { "package" } else { "packages" };
        let severity = severity.map_or_else(String::new, |severity| {
            format!(" (most severe: {severity})")
        });
        return format!(
            "{}: {count} {packages} to rebuild{severity}: {who}",
            news(openssl)
        );
    }
    let version = openssl.and_then(|openssl| openssl.version.as_ref());
    let with = version.map_or_else(String::new, |version| {
        format!("; to be built with OpenSSL {version}")
    });
    let severity = severity.map_or_else(String::new, |severity| format!(" ({severity})"));
    format!("{}: {who}{severity}{with}", phrase(occasion))
}

/// "OpenSSL 3.5.9 of 2026-09-29".
fn news(openssl: &Openssl) -> String {
    match (&openssl.version, openssl.published) {
        (Some(version), Some(day)) => format!("OpenSSL {version} of {day}"),
        (Some(version), None) => format!("OpenSSL {version}"),
        (None, _) => format!("the support of OpenSSL {} has ended", openssl.series),
    }
}

fn name(item: &Item) -> Option<&str> {
    item.package.as_deref().or(item.feed.as_deref())
}

fn who(names: &BTreeSet<&str>) -> String {
    let named: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| name.chars().take(LETTERS).collect())
        .collect();
    match names.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

const fn phrase(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Release => "wheels are to be rebuilt",
        Occasion::Event(event) => of_event(event),
        Occasion::IssueOpened => "a tracking issue was opened",
        Occasion::IssueReopened => "a tracking issue was opened again",
        Occasion::IssueClosed => "a tracking issue was closed, its reasons are gone",
        Occasion::RunStarted => "a step was started",
        Occasion::RunRestarted => "failed jobs were started again",
        Occasion::ActionFailed => "an action failed",
        Occasion::FeedFailed => "a feed fails",
        Occasion::FeedRecovered => "a feed is well again",
        Occasion::ProjectFailed => "a project fails",
        Occasion::ProjectRecovered => "a project is well again",
    }
}

const fn of_event(event: Event) -> &'static str {
    match event {
        Event::Withdrawn => "wheels carry a withdrawn OpenSSL",
        Event::Security => "wheels are in the affected range of advisories",
        Event::Exposed => "wheels are in the affected range of advisories without a public fix",
        Event::EndOfLife => "wheels carry an OpenSSL whose support has ended",
        Event::BugFix => "a newer OpenSSL without security fixes is out",
        Event::NewSeries => "a new series of OpenSSL began",
        Event::AdvisoriesPending => "a security release is out, its advisories are not yet",
        Event::SbomDisagrees => "an SBOM names another OpenSSL than the binaries",
        Event::PlatformsDisagree => "wheels of one version carry different OpenSSL versions",
        Event::CoverageShrank => "a platform is no longer covered",
        Event::Unreadable => "wheels could not be read",
        Event::ReleaseVanished => "a release of OpenSSL is gone from the list of releases",
    }
}
