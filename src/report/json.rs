//! The documents for scripts: `rewheel/check/v1` and `rewheel/inspect/v1`, and how documents are
//! written.

use std::io;

use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::feeds::FeedReport;
use crate::model::{
    Architecture, Finding, Library, Linkage, OpensslVersion, Problem, SbomEntry, Severity,
};
use crate::policy::{
    AdvisoryMatch, DecisionKind, Event, FindingVerdict, Reason, Status, Target, WheelVerdict,
};

use super::action::Action;
use super::check::{CheckReport, LineReport};
use super::inspection::{self, InspectedWheel, InspectionReport};
use super::tracking::TrackedIssue;

#[derive(Serialize)]
struct CheckDocument<'a> {
    schema: &'static str,
    checked_at: String,
    dry_run: bool,
    feeds: &'a [FeedReport],
    projects: Vec<Project<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifications: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Project<'a> {
    package: &'a str,
    line: &'a str,
    version: Option<String>,
    checked_at: String,
    decision: DecisionKind,
    severity: Option<Severity>,
    due: bool,
    events: &'a [Event],
    targets: &'a [Target],
    wheels: Vec<Wheel<'a>>,
    reasons: &'a [Reason],
    actions: &'a [Action],
    issue: Option<Issue<'a>>,
}

#[derive(Serialize)]
struct Issue<'a> {
    number: u64,
    title: &'a str,
    url: &'a str,
    open: bool,
}

#[derive(Serialize)]
struct Wheel<'a> {
    file: &'a str,
    sha256: Option<&'a str>,
    platforms: Vec<&'static str>,
    status: Status,
    findings: Vec<CheckedFinding<'a>>,
    reasons: &'a [Reason],
}

#[derive(Serialize)]
struct CheckedFinding<'a> {
    path: &'a str,
    arch: Architecture,
    library: Library,
    linked: Option<&'a str>,
    linkage: Linkage,
    status: Status,
    accepted: Option<&'a str>,
    since: Option<chrono::NaiveDate>,
    advisories: Vec<Advisory<'a>>,
    reasons: &'a [Reason],
}

#[derive(Serialize)]
struct Advisory<'a> {
    cve: &'a str,
    severity: Severity,
    fixed_in: Option<&'a OpensslVersion>,
}

#[derive(Serialize)]
struct InspectDocument<'a> {
    schema: &'static str,
    wheels: Vec<Inspected<'a>>,
}

#[derive(Serialize)]
struct Inspected<'a> {
    file: &'a str,
    sha256: Option<&'a str>,
    hash_verified: bool,
    size: u64,
    bytes_read: u64,
    package: Option<&'a str>,
    version: Option<String>,
    platforms: Vec<&'static str>,
    tags: Vec<String>,
    findings: &'a [Finding],
    sbom: &'a [SbomEntry],
    problems: &'a [Problem],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unmet: &'a [String],
}

/// The check as a `rewheel/check/v1` document.
///
/// # Errors
/// Only when a value cannot be written as JSON, which the types exclude.
pub fn check(report: &CheckReport) -> serde_json::Result<String> {
    check_with(report, None)
}

/// The same with how telling people goes.
///
/// # Errors
/// As [`check`].
pub fn check_with(
    report: &CheckReport,
    notifications: Option<serde_json::Value>,
) -> serde_json::Result<String> {
    render(&CheckDocument {
        schema: "rewheel/check/v1",
        checked_at: report.checked_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        dry_run: report.dry_run,
        feeds: &report.feeds,
        projects: report.lines.iter().map(project).collect(),
        notifications,
    })
}

/// The inspection as a `rewheel/inspect/v1` document.
///
/// # Errors
/// Only when a value cannot be written as JSON, which the types exclude.
pub fn inspection(report: &InspectionReport) -> serde_json::Result<String> {
    render(&InspectDocument {
        schema: "rewheel/inspect/v1",
        wheels: report.wheels.iter().map(inspected).collect(),
    })
}

fn project(line: &LineReport) -> Project<'_> {
    let decision = &line.decision;
    Project {
        package: &line.package,
        line: &line.line,
        version: line.version.as_ref().map(ToString::to_string),
        checked_at: line.checked_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        decision: decision.kind,
        severity: decision.severity,
        due: decision.is_due,
        events: &decision.events,
        targets: &decision.targets,
        wheels: decision.wheels.iter().map(wheel).collect(),
        reasons: &decision.reasons,
        actions: &line.actions,
        issue: line.tracking.issue.as_ref().map(issue),
    }
}

fn issue(seen: &TrackedIssue) -> Issue<'_> {
    Issue {
        number: seen.number,
        title: &seen.title,
        url: &seen.url,
        open: seen.is_open,
    }
}

fn wheel(verdict: &WheelVerdict) -> Wheel<'_> {
    Wheel {
        file: &verdict.name.file,
        sha256: verdict.sha256.as_deref(),
        platforms: inspection::platforms(Some(&verdict.name)),
        status: verdict.status,
        findings: verdict.findings.iter().map(finding).collect(),
        reasons: &verdict.reasons,
    }
}

fn finding(verdict: &FindingVerdict) -> CheckedFinding<'_> {
    let FindingVerdict {
        finding,
        assessment,
        accepted,
    } = verdict;
    CheckedFinding {
        path: &finding.path,
        arch: finding.arch,
        library: finding.library,
        linked: finding.version.as_deref(),
        linkage: finding.linkage,
        status: assessment.status,
        accepted: accepted.as_deref(),
        since: assessment.due_since,
        advisories: assessment.advisories.iter().map(advisory).collect(),
        reasons: &assessment.reasons,
    }
}

fn advisory(one: &AdvisoryMatch) -> Advisory<'_> {
    Advisory {
        cve: &one.cve,
        severity: one.severity,
        fixed_in: one.fixed_in.as_ref(),
    }
}

fn inspected(wheel: &InspectedWheel) -> Inspected<'_> {
    Inspected {
        file: &wheel.file,
        sha256: wheel.sha256.as_deref(),
        hash_verified: wheel.hash_verified,
        size: wheel.size,
        bytes_read: wheel.bytes_read,
        package: wheel.name.as_ref().map(|name| name.package.as_str()),
        version: wheel.name.as_ref().map(|name| name.version.to_string()),
        platforms: inspection::platforms(wheel.name.as_ref()),
        tags: wheel
            .name
            .as_ref()
            .map(crate::model::WheelName::tags)
            .unwrap_or_default(),
        findings: &wheel.scan.findings,
        sbom: &wheel.scan.sbom,
        problems: &wheel.scan.problems,
        unmet: &wheel.unmet,
    }
}

/// JSON in which everything but ASCII is escaped: no mark that changes the direction of writing and
/// no control character stands in what a terminal shows.
pub(super) fn render<T: Serialize>(document: &T) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    let formatter = AsciiFormatter(PrettyFormatter::new());
    document.serialize(&mut serde_json::Serializer::with_formatter(
        &mut bytes, formatter,
    ))?;
    bytes.push(b'\n');
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

struct AsciiFormatter(PrettyFormatter<'static>);

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for c in fragment.chars() {
            if c.is_ascii() && !c.is_ascii_control() {
                let mut buffer = [0; 4];
                writer.write_all(c.encode_utf8(&mut buffer).as_bytes())?;
            } else {
                let mut buffer = [0; 2];
                for unit in c.encode_utf16(&mut buffer) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ascii_leaves_in_a_document() {
        let text = render(&vec![
            "a\u{202e}b",
            "\u{1b}[31m",
            "\u{1f600}",
            "plain \"quoted\"",
        ])
        .unwrap();
        assert!(text.is_ascii());
        assert!(
            !text
                .bytes()
                .any(|byte| byte.is_ascii_control() && byte != b'\n')
        );
        let back: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(
            back,
            ["a\u{202e}b", "\u{1b}[31m", "\u{1f600}", "plain \"quoted\""]
        );
    }
}
