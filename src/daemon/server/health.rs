//! Whether the daemon does what it is for.

use axum::Json;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::daemon::board::Board;
use crate::model::FactsOrigin;

#[derive(Serialize)]
pub(super) struct Readiness {
    ready: bool,
    last_good_cycle: Option<DateTime<Utc>>,
    cycle_under_way_since: Option<DateTime<Utc>>,
    error: Option<String>,
    feeds: Vec<Feed>,
}

#[derive(Serialize)]
struct Feed {
    name: &'static str,
    source: FactsOrigin,
    as_of: chrono::NaiveDate,
    up: bool,
    error: Option<String>,
}

/// Ready is who had a good cycle that is young enough.
pub(super) fn readiness(
    board: &Board,
    within: TimeDelta,
    now: DateTime<Utc>,
) -> (StatusCode, Json<Readiness>) {
    let tally = board.tally();
    let within = tally.ready_within.unwrap_or(within);
    let ready = tally.last_good.is_some_and(|good| now - good <= within);
    let latest = board.latest();
    let feeds = latest.iter().flat_map(|cycle| &cycle.report.feeds);
    let readiness = Readiness {
        ready,
        last_good_cycle: tally.last_good,
        cycle_under_way_since: tally.under_way,
        error: tally.error,
        feeds: feeds
            .map(|feed| Feed {
                name: feed.name,
                source: feed.source,
                as_of: feed.as_of,
                up: !feed.is_down,
                error: feed.error.clone(),
            })
            .collect(),
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}
