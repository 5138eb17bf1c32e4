//! Whether the daemon does what it is for.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::daemon::Pulse;
use crate::daemon::board::Board;
use crate::model::FactsOrigin;

/// How long nothing may come of a cycle: longer than anything in it is waited for.
const LONGEST_SILENCE: Duration = Duration::from_secs(15 * 60);

/// Alive is who waits for the next cycle, or whose cycle comes on.
pub(super) fn liveness(pulse: &Pulse) -> (StatusCode, String) {
    let silence = pulse.silence();
    if silence <= LONGEST_SILENCE {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    let minutes = silence.as_secs() / 60;
    let sentence = format!("the cycle under way has come no further for {minutes} minutes\n");
    (StatusCode::SERVICE_UNAVAILABLE, sentence)
}

#[derive(Serialize)]
pub(super) struct Readiness {
    ready: bool,
    /// Why not, as sentences.
    because: Vec<String>,
    last_good_cycle: Option<DateTime<Utc>>,
    last_good_cycle_within_seconds: i64,
    cycle_under_way_since: Option<DateTime<Utc>>,
    next_cycle: Option<DateTime<Utc>>,
    error: Option<String>,
    feeds: Vec<Feed>,
}

#[derive(Serialize)]
struct Feed {
    name: &'static str,
    ready: bool,
    source: FactsOrigin,
    as_of: chrono::NaiveDate,
    up: bool,
    last_good_cycle: Option<DateTime<Utc>>,
    error: Option<String>,
}

/// Ready is who had a good cycle that is young enough; of each feed it is said whether it is why not.
pub(super) fn readiness(
    board: &Board,
    within: TimeDelta,
    now: DateTime<Utc>,
) -> (StatusCode, Json<Readiness>) {
    let tally = board.tally();
    let within = tally.ready_within.unwrap_or(within);
    let is_young =
        |good: &Option<DateTime<Utc>>| good.is_some_and(|good| (now - good).abs() <= within);
    let latest = board.latest();
    let feeds: Vec<Feed> = latest
        .iter()
        .flat_map(|cycle| &cycle.report.feeds)
        .map(|feed| {
            let good = tally.feeds_good.get(feed.name).copied();
            Feed {
                name: feed.name,
                ready: is_young(&good),
                source: feed.source,
                as_of: feed.as_of,
                up: !feed.is_down,
                last_good_cycle: good,
                error: feed.error.clone(),
            }
        })
        .collect();
    let mut because = Vec::new();
    if !is_young(&tally.last_good) {
        because.push(match tally.last_good {
            Some(good) => format!("the last good cycle ended at {good}, which is too long ago"),
            None => "no cycle of this process was good yet".to_owned(),
        });
    }
    for feed in feeds.iter().filter(|feed| !feed.ready) {
        because.push(match feed.last_good_cycle {
            Some(good) => format!("the feed {} answered last at {good}", feed.name),
            None => format!("the feed {} has not answered this process yet", feed.name),
        });
    }
    let ready = because.is_empty();
    let readiness = Readiness {
        ready,
        because,
        last_good_cycle: tally.last_good,
        last_good_cycle_within_seconds: within.num_seconds(),
        cycle_under_way_since: tally.under_way,
        next_cycle: tally.next,
        error: tally.error,
        feeds,
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}
