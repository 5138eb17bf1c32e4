//! How telling people goes.

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::notify::figures::State;

use super::{Counters, Gauges, add};

/// The figures of every receiver, and of the ping.
pub(super) fn register(registry: &mut Registry, state: &State) {
    let (waiting, given_up) = (Gauges::default(), Gauges::default());
    let (last, failed) = (Gauges::default(), Counters::default());
    if !state.receivers.is_empty() {
        let help = "Messages that wait for a receiver";
        registry.register("notifications_waiting", help, waiting.clone());
        let help =
            "Messages of the last 30 days that a receiver did not take and that were given up";
        registry.register("notifications_given_up", help, given_up.clone());
        let help = "When a receiver took a message the last time";
        registry.register("notification_last_timestamp_seconds", help, last.clone());
        let help = "Attempts to tell a receiver that failed";
        registry.register("notification_failures", help, failed.clone());
    }
    for receiver in &state.receivers {
        let labels = vec![("receiver", receiver.name.clone())];
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        waiting.get_or_create(&labels).set(number(receiver.waiting));
        given_up
            .get_or_create(&labels)
            .set(number(receiver.given_up));
        if let Some(at) = receiver.last_delivered {
            last.get_or_create(&labels).set(at.timestamp());
        }
        add(&failed, labels, receiver.failed_attempts);
    }
    if let Some(ping) = &state.ping {
        let failed = Counters::default();
        registry.register("ping_failures", "Pings that were not heard", failed.clone());
        add(&failed, Vec::new(), ping.failed);
        if let Some(at) = ping.last {
            let gauge = Gauge::<i64>::default();
            gauge.set(at.timestamp());
            let help = "When the last ping was heard";
            registry.register("ping_last_timestamp_seconds", help, gauge);
        }
    }
}
