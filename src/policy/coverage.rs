//! Platforms that come late, and platforms that are gone.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{CoverageKey, Os};

use super::reason::{Reason, ReasonCode};

/// How long after the first upload of a version its platforms may still be arriving.
const ARRIVAL: TimeDelta = TimeDelta::hours(24);

/// What is to be said of the platforms that the previous version covered and this one does not:
/// those that were dropped on purpose, and the others.
///
/// `first_upload` is that of this version; while it is not known, platforms count as arriving.
pub fn missing(
    previous: &BTreeSet<CoverageKey>,
    current: &BTreeSet<CoverageKey>,
    dropped: &BTreeSet<CoverageKey>,
    first_upload: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Vec<Reason> {
    if current.iter().any(|key| key.os == Os::Any) {
        return Vec::new();
    }
    let (on_purpose, gone): (Vec<CoverageKey>, Vec<CoverageKey>) = previous
        .difference(current)
        .filter(|key| key.os != Os::Any)
        .partition(|key| dropped.contains(key));
    let settled = first_upload.is_some_and(|first| now.signed_duration_since(first) >= ARRIVAL);
    let mut reasons = Vec::new();
    if !gone.is_empty() {
        let gone = names(&gone);
        reasons.push(if settled {
            Reason::new(
                ReasonCode::CoverageShrank,
                format!("the previous version had wheels for {gone}; this one has none"),
            )
        } else {
            Reason::new(
                ReasonCode::PlatformsArriving,
                format!(
                    "the previous version had wheels for {gone}; they may still be arriving, 24 \
                     hours after the first upload they count as missing"
                ),
            )
        });
    }
    if !on_purpose.is_empty() {
        reasons.push(Reason::new(
            ReasonCode::CoverageDropped,
            format!(
                "the previous version had wheels for {}; the configuration says that they were \
                 dropped",
                names(&on_purpose)
            ),
        ));
    }
    reasons
}

fn names(keys: &[CoverageKey]) -> String {
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    names.join(", ")
}
