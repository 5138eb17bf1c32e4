//! How telling people goes.

use crate::notify::figures::State;

use super::families::{Families, labels};

/// The figures of every receiver, and of the ping.
pub(super) fn register(families: &mut Families, state: &State) {
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let receivers = || {
        let each = state.receivers.iter();
        each.map(|one| (labels([("receiver", one.name.as_str())]), one))
    };
    families.gauge(
        "notifications_waiting",
        "Messages that wait for a receiver",
        receivers().map(|(labels, one)| (labels, whole(one.waiting))),
    );
    families.gauge(
        "notifications_given_up",
        "Messages of the last 30 days that a receiver did not take and that were given up",
        receivers().map(|(labels, one)| (labels, whole(one.given_up))),
    );
    families.gauge(
        "notification_last_timestamp_seconds",
        "When a receiver took a message the last time",
        receivers().filter_map(|(labels, one)| Some((labels, one.last_delivered?.timestamp()))),
    );
    families.counter(
        "notification_failures",
        "Attempts to tell a receiver that failed",
        receivers().map(|(labels, one)| (labels, one.failed_attempts)),
    );
    let ping = || state.ping.iter();
    families.counter(
        "ping_failures",
        "Pings that were not heard",
        ping().map(|ping| (Vec::new(), ping.failed)),
    );
    families.gauge(
        "ping_last_timestamp_seconds",
        "When the last ping was heard",
        ping().filter_map(|ping| Some((Vec::new(), ping.last?.timestamp()))),
    );
}
