//! A draft of the mail that announces the new wheels.

use std::fmt::Write;

use crate::model::advisory::advisory_url;
use crate::report::printable::printable;
use crate::report::wording;

use super::IssueFacts;

/// How many advisories the mail names.
const MOST: usize = 40;

/// The draft, as plain text. It stands in a code block: nothing in it may end one.
pub(super) fn draft(facts: &IssueFacts<'_>) -> String {
    let package = &facts.line.package;
    let next = facts.next.unwrap_or("NEXT");
    let versions: Vec<String> = facts
        .line
        .decision
        .targets
        .iter()
        .filter_map(|target| target.version.as_ref())
        .map(|version| format!("OpenSSL {version}"))
        .collect();
    let with = if versions.is_empty() {
        "another series of OpenSSL".to_owned()
    } else {
        versions.join(" and ")
    };
    let mut mail = String::new();
    if let Some(list) = facts.mailing_list {
        let _ = writeln!(mail, "To: {}", printable(list));
    }
    let _ = write!(
        mail,
        "Subject: {package} {next} released\n\n{package} {next} has been released to PyPI. Its \
         wheels for Windows, macOS and Linux are\nbuilt with {with}."
    );
    let advisories = wording::advisory_rows(&facts.line.decision);
    let named: Vec<&str> = advisories
        .iter()
        .map(|row| row.cve.as_str())
        .filter(|cve| advisory_url(cve).is_some())
        .collect();
    if !named.is_empty() {
        let version = facts.line.version.as_ref().map(ToString::to_string);
        let _ = write!(
            mail,
            "\n\nThe wheels of {} were in the affected range of:\n",
            version.as_deref().unwrap_or("earlier versions")
        );
        for row in advisories
            .iter()
            .filter(|row| named.contains(&row.cve.as_str()))
            .take(MOST)
        {
            let _ = write!(mail, "\n  {} ({})", row.cve, row.severity);
        }
        let more = named.len().saturating_sub(MOST);
        if more > 0 {
            let _ = write!(mail, "\n  and {more} more");
        }
        let _ = write!(
            mail,
            "\n\nDetails: https://openssl-library.org/news/vulnerabilities/"
        );
    }
    mail.push_str("\n\nWho builds from source is not affected by what the wheels carry.");
    mail.replace("```", "'''")
}
