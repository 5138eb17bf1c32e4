//! What reports say in the same words, whatever they are written in.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, Utc};

use crate::model::OpensslVersion;
use crate::policy::{Decision, DecisionKind, Reason, ReasonCode, Target, WheelVerdict};

/// How many reasons of wheels are told unless all are asked for.
const SHOWN: usize = 12;

/// " of 2026-10-02", where it is known.
pub(super) fn uploaded(moment: Option<DateTime<Utc>>) -> String {
    moment.map_or_else(String::new, |moment| format!(" of {}", moment.date_naive()))
}

/// "1 day", "12 days".
pub(super) fn days(count: i64) -> String {
    if count == 1 {
        "1 day".to_owned()
    } else {
        format!("{count} days")
    }
}

/// One advisory with the linked versions it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AdvisoryRow {
    pub(super) cve: String,
    pub(super) severity: &'static str,
    /// Each linked version with the release that fixes it: `3.5.8 → 3.5.9`.
    pub(super) linked: String,
}

/// The advisories of all wheels, worst first.
pub(super) fn advisory_rows(decision: &Decision) -> Vec<AdvisoryRow> {
    type Fixes = BTreeMap<OpensslVersion, Option<OpensslVersion>>;
    let mut by_name: BTreeMap<(u8, &str), (&'static str, Fixes)> = BTreeMap::new();
    for finding in decision.wheels.iter().flat_map(|wheel| &wheel.findings) {
        let Some(linked) = finding.linked() else {
            continue;
        };
        for advisory in &finding.assessment.advisories {
            let key = (advisory.severity.weight(), advisory.cve.as_str());
            let entry = by_name
                .entry(key)
                .or_insert_with(|| (advisory.severity.as_str(), Fixes::new()));
            entry.1.insert(linked.clone(), advisory.fixed_in.clone());
        }
    }
    by_name
        .into_iter()
        .rev()
        .map(|((_, cve), (severity, fixes))| {
            let linked: Vec<String> = fixes
                .into_iter()
                .map(|(linked, fix)| match fix {
                    Some(fix) => format!("{linked} → {fix}"),
                    None => format!("{linked} → none"),
                })
                .collect();
            AdvisoryRow {
                cve: cve.to_owned(),
                severity,
                linked: linked.join(", "),
            }
        })
        .collect()
}

/// "track (severity high; security, new-series)".
pub(super) fn summary(decision: &Decision) -> String {
    let events: Vec<&str> = decision.events.iter().map(|event| event.as_str()).collect();
    let mut notes = Vec::new();
    if let Some(severity) = decision.severity {
        notes.push(format!("severity {severity}"));
    }
    if !events.is_empty() {
        notes.push(events.join(", "));
    }
    let what = match decision.kind {
        DecisionKind::None => "nothing is due",
        DecisionKind::Inform if decision.is_unclear && events.is_empty() => {
            "not everything could be told"
        }
        DecisionKind::Inform if decision.is_unclear => {
            "there is something to know, and not everything could be told"
        }
        DecisionKind::Inform => "there is something to know",
        DecisionKind::Track => "a tracking issue is due",
        DecisionKind::Rebuild => "a rebuild is due",
    };
    if notes.is_empty() {
        format!("{}: {what}", decision.kind.as_str())
    } else {
        format!("{}: {what} ({})", decision.kind.as_str(), notes.join("; "))
    }
}

/// "security, new-series (severity high); to OpenSSL 3.5.9".
pub(super) fn cause(decision: &Decision) -> String {
    let events: Vec<&str> = decision.events.iter().map(|event| event.as_str()).collect();
    let mut text = match events.as_slice() {
        [] => "nothing is due any more".to_owned(),
        some => some.join(", "),
    };
    if let Some(severity) = decision.severity {
        let _ = write!(text, " (severity {severity})");
    }
    let targets: Vec<String> = decision
        .targets
        .iter()
        .filter_map(|target| target.version.as_ref())
        .map(ToString::to_string)
        .collect();
    if !targets.is_empty() && !events.is_empty() {
        let _ = write!(text, "; to OpenSSL {}", targets.join(", "));
    }
    text
}

/// "4.0: OpenSSL 4.0.3 of 2026-09-29".
pub(super) fn target_sentence(target: &Target) -> String {
    let Target {
        series,
        version,
        published,
        minimum,
        successor,
        is_due: _,
    } = target;
    if let (Some(version), Some(published)) = (version, published) {
        return format!("{series}: OpenSSL {version} of {published}");
    }
    if successor.is_none() {
        return format!("{series}: no public release yet");
    }
    let mut text = format!("{series}: no longer supported");
    if let Some(minimum) = minimum {
        let _ = write!(text, "; its last public release is {minimum}");
    }
    if let Some(successor) = successor {
        let names: Vec<String> = [
            successor
                .lts
                .map(|series| format!("{series} (long-term support)")),
            successor.newest.map(|series| format!("{series} (newest)")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !names.is_empty() {
            let _ = write!(text, "; go to {}", names.join(" or "));
        }
    }
    text
}

/// The reasons of the wheels, each with the number of wheels that have it, then those of the line.
/// Wheels that are well give none unless all are asked for.
pub(super) fn all_reasons(decision: &Decision, verbose: bool) -> Vec<String> {
    let mut counted: BTreeMap<(usize, &Reason), usize> = BTreeMap::new();
    // Where nothing else is to be said, what is quiet is the answer.
    let all_quiet = decision.reasons.iter().all(|reason| is_detail(reason.code))
        && decision.wheels.iter().all(is_quiet_wheel);
    for wheel in &decision.wheels {
        let mut of_wheel: Vec<&Reason> = wheel
            .findings
            .iter()
            .flat_map(|finding| &finding.assessment.reasons)
            .chain(&wheel.reasons)
            .filter(|reason| verbose || all_quiet || !is_quiet(reason.code))
            .collect();
        of_wheel.sort();
        of_wheel.dedup();
        for reason in of_wheel {
            let order = reason.code as usize;
            let count = counted.entry((order, reason)).or_default();
            *count = count.saturating_add(1);
        }
    }
    let wheels = |count: usize| {
        if count == 1 {
            "1 wheel".to_owned()
        } else {
            format!("{count} wheels")
        }
    };
    let mut sentences: Vec<String> = counted
        .iter()
        .map(|((_, reason), count)| {
            format!("{}: {} [{}]", wheels(*count), reason.message, reason.code)
        })
        .collect();
    if !verbose && sentences.len() > SHOWN {
        let more = sentences.len().saturating_sub(SHOWN);
        sentences.truncate(SHOWN);
        sentences.push(format!("and {more} more reasons of wheels (-v shows all)"));
    }
    sentences.extend(
        decision
            .reasons
            .iter()
            .filter(|reason| verbose || !is_detail(reason.code))
            .map(|reason| format!("{} [{}]", reason.message, reason.code)),
    );
    sentences
}

fn is_quiet_wheel(wheel: &WheelVerdict) -> bool {
    wheel
        .findings
        .iter()
        .flat_map(|finding| &finding.assessment.reasons)
        .chain(&wheel.reasons)
        .all(|reason| is_quiet(reason.code))
}

/// Reasons that say nothing a reader waits for.
const fn is_quiet(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::NoLibrary | ReasonCode::SystemLibrary | ReasonCode::OtherLibrary
    )
}

/// Reasons of a line that answer "why not that release?", which only who asks wants to read.
const fn is_detail(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::NewerInFollowedSeries
            | ReasonCode::NewerInSettlingSeries
            | ReasonCode::NewerInOtherSeries
            | ReasonCode::NewerInEndedSeries
            | ReasonCode::NewerPreRelease
            | ReasonCode::NewerPremiumOnly
            | ReasonCode::NewerWithdrawn
            | ReasonCode::NewerNotComparable
            | ReasonCode::CoverageDropped
    )
}
