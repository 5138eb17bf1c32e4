//! Platforms that come late, and platforms that are gone.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{CoverageKey, Os};

use super::reason::{Reason, ReasonCode};

/// How long after the first upload of a version its platforms may still be arriving.
const ARRIVAL: TimeDelta = TimeDelta::hours(24);

/// What is to be said of the platforms that the previous version covered and this one does not.
///
/// `first_upload` is that of this version; while it is not known, platforms count as arriving.
pub fn missing(
    previous: &BTreeSet<CoverageKey>,
    current: &BTreeSet<CoverageKey>,
    first_upload: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<Reason> {
    if current.iter().any(|key| key.os == Os::Any) {
        return None;
    }
    let gone: Vec<String> = previous
        .difference(current)
        .filter(|key| key.os != Os::Any)
        .map(ToString::to_string)
        .collect();
    if gone.is_empty() {
        return None;
    }
    let gone = gone.join(", ");
    let settled = first_upload.is_some_and(|first| now.signed_duration_since(first) >= ARRIVAL);
    Some(if settled {
        Reason::new(
            ReasonCode::CoverageShrank,
            format!("the previous version had wheels for {gone}; this one has none"),
        )
    } else {
        Reason::new(
            ReasonCode::PlatformsArriving,
            format!(
                "the previous version had wheels for {gone}; they may still be arriving, 24 hours \
                 after the first upload they count as missing"
            ),
        )
    })
}
