//! From what was seen of a line to what is decided about it.

use chrono::{DateTime, Utc};

use crate::feeds::Known;
use crate::model::PublishedVersion;
use crate::model::wheel::normalize_package;
use crate::policy::{LineFacts, Reason, WheelFacts, decide};
use crate::report::{LineReport, Tracking};

use super::LineRequest;
use super::published::Observed;
use super::sight::{SeenLine, SeenVersions};

/// One report for each version that is looked at.
pub(super) fn judge(
    request: &LineRequest,
    seen: SeenLine,
    known: &Known,
    now: DateTime<Utc>,
) -> Vec<LineReport> {
    let one = |observed: Option<&Observed>, wheels: &[WheelFacts], unclear: Option<&Reason>| {
        version(request, observed, wheels, unclear, known, now)
    };
    match seen {
        SeenLine::Failed(reason) => vec![LineReport::failed(
            &request.package,
            &request.line,
            now,
            reason,
        )],
        SeenLine::Seen { versions, unclear } => match versions {
            SeenVersions::NoWheels => vec![one(None, &[], unclear.as_ref())],
            SeenVersions::Versions(versions) => versions
                .iter()
                .map(|(observed, wheels)| one(Some(observed), wheels, unclear.as_ref()))
                .collect(),
        },
    }
}

fn version(
    request: &LineRequest,
    observed: Option<&Observed>,
    wheels: &[WheelFacts],
    unclear: Option<&Reason>,
    known: &Known,
    now: DateTime<Utc>,
) -> LineReport {
    let package = normalize_package(&request.package);
    let previous = observed.and_then(|one| one.previous.as_ref());
    let version = observed.map(|one| &one.version);
    let facts = LineFacts {
        package: &package,
        line: &request.line,
        openssl: &known.facts,
        version: version.map(|version| &version.version),
        wheels,
        awaiting: observed.and_then(|one| one.awaiting.as_ref()),
        previous_coverage: &previous.map(PublishedVersion::coverage).unwrap_or_default(),
        first_upload: version.and_then(|version| version.first_upload),
        superseded: observed.is_some_and(|one| one.superseded),
    };
    let mut decision = decide(&facts, &request.settings, now);
    if let Some(reason) = unclear {
        decision = decision.unclear_because(reason.clone());
    }
    LineReport {
        decision,
        line: request.line.clone(),
        version: version.map(|version| version.version.clone()),
        uploaded: facts.first_upload,
        checked_at: now,
        actions: Vec::new(),
        open_runs: 0,
        published: observed
            .map(|one| one.published.clone())
            .unwrap_or_default(),
        tracking: Tracking::default(),
        package,
    }
}
