//! The report as SARIF 2.1.0, for GitHub's code scanning and other programs that gather results.
//!
//! A result is one rule that one linked version breaks in one line of a project; its locations are
//! the members of all wheels in which that is so: it goes away only when all of them are rebuilt.
//! What is accepted on purpose gives none. Sources: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>
//! and GitHub's documentation, "SARIF support for code scanning".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::SecondsFormat;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::policy::{FindingVerdict, ReasonCode, Status, WheelVerdict};

use super::check::{CheckReport, ExitStatus, LineReport};
use super::json::render;
use super::printable::printable;

use rule::Rule;

mod rule;

/// The most locations of one result. Source: GitHub refuses more.
const MOST_LOCATIONS: usize = 1000;

/// What makes a result the same one in another run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    rule: Rule,
    package: &'a str,
    line: &'a str,
    library: &'static str,
    /// The linked version, as far as it is known.
    linked: &'a str,
}

/// Where a result is, and what it says.
#[derive(Default)]
struct Found<'a> {
    sentence: String,
    /// Addresses with what is to be said of each; in an order that no index decides.
    places: BTreeSet<(String, String)>,
    wheels: BTreeSet<&'a str>,
}

/// The check as a SARIF log.
///
/// # Errors
/// Only when a value cannot be written as JSON, which the types exclude.
pub fn check(report: &CheckReport) -> serde_json::Result<String> {
    let mut found: BTreeMap<Key<'_>, Found<'_>> = BTreeMap::new();
    for line in &report.lines {
        for wheel in &line.decision.wheels {
            of_wheel(line, wheel, &mut found);
        }
    }
    let mut rules: Vec<&Rule> = found.keys().map(|key| &key.rule).collect();
    rules.dedup();
    let results: Vec<Value> = found
        .iter()
        .map(|(key, found)| result(key, found, rules.binary_search(&&key.rule).ok()))
        .collect();
    render(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "rewheel",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(|rule| rule.descriptor()).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "rewheel/" },
            "invocations": [invocation(report)],
            "artifacts": artifacts(report),
            "results": results,
        }],
    }))
}

/// Whether the run could tell everything, and what it could not.
fn invocation(report: &CheckReport) -> Value {
    let status = report.exit_status();
    let of_lines = report.lines.iter().flat_map(|line| {
        let reasons = line.decision.reasons.iter();
        let untold = reasons.filter(|reason| is_untold(reason.code));
        let of_line = untold.map(|reason| reason.message.clone());
        let wheels = line.decision.wheels.iter();
        let of_wheels = wheels.filter(|wheel| !wheel.is_read()).map(|wheel| {
            let file = &wheel.name.file;
            format!("{file}: it was not read, or not all of it")
        });
        let name = format!("{}, {}", line.package, line.line);
        let untold = of_line.chain(of_wheels);
        untold.map(move |sentence| format!("{name}: {sentence}"))
    });
    let of_feeds = report.feeds.iter().filter_map(|feed| {
        let error = feed.error.as_ref()?;
        Some(format!("OpenSSL's {}: {error}", feed.name))
    });
    let of_lines: Vec<String> = of_lines.collect();
    // An exit code cannot tell it: that something is due goes before that not all could be told.
    let untold = !of_lines.is_empty() || matches!(status, ExitStatus::Usage | ExitStatus::Unclear);
    let notifications: Vec<Value> = of_lines
        .into_iter()
        .map(|sentence| ("error", sentence))
        .chain(of_feeds.map(|sentence| ("warning", sentence)))
        .map(|(level, text)| json!({ "level": level, "message": { "text": message(&text) } }))
        .collect();
    json!({
        "executionSuccessful": !untold,
        "exitCode": status.code(),
        "endTimeUtc": report.checked_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "toolExecutionNotifications": notifications,
    })
}

/// Reasons of a line for which its wheels, or what is known of them, are missing.
const fn is_untold(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::IndexUnavailable
            | ReasonCode::UnknownPackage
            | ReasonCode::NoSuchVersion
            | ReasonCode::FactsTooOld
            | ReasonCode::UnknownSeries
            | ReasonCode::LookTooSlow
    )
}

/// The wheels with their digests.
fn artifacts(report: &CheckReport) -> Vec<Value> {
    let wheels = report.lines.iter().flat_map(|line| &line.decision.wheels);
    let mut digests: Vec<(&str, Option<&str>)> = wheels
        .map(|wheel| (wheel.name.file.as_str(), wheel.sha256.as_deref()))
        .collect();
    digests.sort_unstable();
    digests.dedup();
    let artifact = |(file, sha256): (&str, Option<&str>)| {
        let location = json!({ "uri": address(file, "") });
        match sha256 {
            Some(digest) => json!({ "location": location, "hashes": { "sha-256": digest } }),
            None => json!({ "location": location }),
        }
    };
    digests.into_iter().map(artifact).collect()
}

fn of_wheel<'a>(
    line: &'a LineReport,
    wheel: &'a WheelVerdict,
    found: &mut BTreeMap<Key<'a>, Found<'a>>,
) {
    let file = wheel.name.file.as_str();
    for finding in wheel.findings.iter().filter(|one| one.accepted.is_none()) {
        let (path, linkage) = (&finding.finding.path, finding.finding.linkage);
        let note = format!("{}, {linkage}", finding.finding.arch);
        for (rule, sentence) in of_finding(finding) {
            let linked = finding.finding.version.as_deref().unwrap_or_default();
            let key = Key {
                rule,
                package: &line.package,
                line: &line.line,
                library: finding.finding.library.as_str(),
                linked,
            };
            add(found.entry(key).or_default(), file, path, &note, sentence);
        }
    }
    for reason in &wheel.reasons {
        if matches!(
            reason.code,
            ReasonCode::Unreadable | ReasonCode::NotReadYet | ReasonCode::SbomDisagrees
        ) {
            let key = Key {
                rule: Rule::Reason(reason.code),
                package: &line.package,
                line: &line.line,
                library: "",
                // Each such wheel is a matter of its own.
                linked: file,
            };
            let sentence = reason.message.clone();
            add(found.entry(key).or_default(), file, "", "", sentence);
        }
    }
}

fn add<'a>(found: &mut Found<'a>, file: &'a str, path: &str, note: &str, sentence: String) {
    found.places.insert((address(file, path), note.to_owned()));
    found.wheels.insert(file);
    found.sentence = sentence;
}

/// The rules that a finding breaks, each with what is to be said.
fn of_finding(finding: &FindingVerdict) -> Vec<(Rule, String)> {
    let assessment = &finding.assessment;
    let advisories = assessment.advisories.iter().map(|advisory| {
        let fix = match &advisory.fixed_in {
            Some(fix) => format!("OpenSSL {fix} fixes it"),
            None => "no public release of its series fixes it".to_owned(),
        };
        let (cve, severity) = (advisory.cve.clone(), advisory.severity);
        let sentence = format!("it is in the affected range of {cve} ({severity}); {fix}");
        (Rule::Advisory { cve, severity }, sentence)
    });
    let reason =
        |reason: &crate::policy::Reason| (Rule::Reason(reason.code), reason.message.clone());
    let told = assessment
        .reasons
        .iter()
        .filter(|one| rule::is_told(one.code, assessment.status));
    let mut rules: Vec<(Rule, String)> = advisories.chain(told.map(reason)).collect();
    // Nothing that is not well goes without a result.
    if rules.is_empty() && assessment.status > Status::Current {
        rules.extend(assessment.reasons.first().map(reason));
    }
    rules
}

fn result(key: &Key<'_>, found: &Found<'_>, index: Option<usize>) -> Value {
    let digest = fingerprint(key);
    let wheels = match (found.wheels.first(), found.wheels.len()) {
        (Some(wheel), 1) => (*wheel).to_owned(),
        (_, count) => format!("{count} wheels"),
    };
    let carried = match key.linked {
        "" => "OpenSSL".to_owned(),
        linked => format!("OpenSSL {linked}"),
    };
    let mut text = if key.library.is_empty() {
        format!(
            "{} ({}), {wheels}: {}",
            key.package, key.line, found.sentence
        )
    } else {
        format!(
            "{} ({}), {wheels} with {carried}: {}",
            key.package, key.line, found.sentence
        )
    };
    let places = found.places.iter().take(MOST_LOCATIONS);
    let shown: Vec<Value> = places
        .map(|(address, note)| location(address, note))
        .collect();
    if found.places.len() > shown.len() {
        let _ = write!(
            text,
            " ({} of {} places are listed)",
            shown.len(),
            found.places.len()
        );
    }
    let mut result = json!({
        "ruleId": message(key.rule.id()),
        "level": key.rule.level(),
        "message": { "text": message(&text) },
        "locations": shown,
        // The first is what GitHub tells alerts apart by.
        "partialFingerprints": { "primaryLocationLineHash": digest, "rewheel/v1": digest },
    });
    if let (Some(index), Some(members)) = (index, result.as_object_mut()) {
        members.insert("ruleIndex".to_owned(), json!(index));
    }
    result
}

/// What stays the same while the same thing is wrong, whichever wheels it is in.
fn fingerprint(key: &Key<'_>) -> String {
    let mut hash = Sha256::new();
    for part in [
        key.rule.id(),
        key.package,
        key.line,
        key.library,
        key.linked,
    ] {
        // No part holds the separator unescaped, so no two keys are one text.
        hash.update(part.replace('\\', "\\\\").replace('\0', "\\0"));
        hash.update([0]);
    }
    hash.finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn location(address: &str, note: &str) -> Value {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": address },
            // GitHub wants a line; a binary is one.
            "region": { "startLine": 1 },
        },
    });
    if let (false, Some(members)) = (note.is_empty(), location.as_object_mut()) {
        members.insert("message".to_owned(), json!({ "text": message(note) }));
    }
    location
}

/// `demo-1.0-….whl/demo/_native.so` as a relative address. Whatever a member is called, the address
/// stays below the wheel: no scheme, no host, no step upwards.
fn address(file: &str, path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    let mut address = String::new();
    for part in std::iter::once(file).chain(parts) {
        if !address.is_empty() {
            address.push('/');
        }
        if part == ".." {
            address.push('_');
            continue;
        }
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~!+".contains(&byte) {
                address.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address
}

/// A text for a message: what would act there, links in square brackets and places for arguments in
/// braces, is escaped. Source: SARIF 2.1.0, 3.11.5 and 3.11.6.
fn message(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '\\' | '[' | ']' => clean.extend(['\\', c]),
            '{' | '}' => clean.extend([c, c]),
            _ => clean.push(c),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("demo/_native.so", "a.whl/demo/_native.so")]
    #[case("outer.zip!inner.so", "a.whl/outer.zip!inner.so")]
    #[case("", "a.whl")]
    #[case("../../../README.md", "a.whl/_/_/_/README.md")]
    #[case("/etc/./passwd", "a.whl/etc/passwd")]
    #[case("https://evil.example/x", "a.whl/https%3A/evil.example/x")]
    #[case("a b#c?d\\e%2e", "a.whl/a%20b%23c%3Fd%5Ce%252e")]
    #[case("\u{202e}\u{1b}", "a.whl/%E2%80%AE%1B")]
    fn no_member_leaves_its_wheel(#[case] path: &str, #[case] expected: &str) {
        assert_eq!(address("a.whl", path), expected);
    }

    #[test]
    fn nothing_acts_in_a_message() {
        assert_eq!(
            message("see [this](https://evil.example) {0} \u{1b}"),
            "see \\[this\\](https://evil.example) {{0}} \\\\u{{1b}}"
        );
    }

    #[test]
    fn fingerprints_tell_apart() {
        let key = |package, line| Key {
            rule: Rule::Reason(ReasonCode::EndOfLife),
            package,
            line,
            library: "openssl",
            linked: "1.1.1w",
        };
        let first = fingerprint(&key("a", "b"));
        assert_eq!(first.len(), 64);
        assert_eq!(first, fingerprint(&key("a", "b")));
        assert_ne!(first, fingerprint(&key("a\0b", "")));
        assert_ne!(first, fingerprint(&key("ab", "")));
    }
}
