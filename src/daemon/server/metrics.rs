//! Figures for Prometheus. Source: the OpenMetrics text format 1.0, as `prometheus-client` writes it.

mod telling;

use std::fmt;
use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::daemon::board::{Board, FinishedCycle};

pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge>;
type Counters = Family<Labels, Counter>;

/// All figures as they are now.
pub(super) fn text(board: &Board, now: DateTime<Utc>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("rewheel");
    let tally = board.tally();
    let cycles = Counters::default();
    registry.register("cycles", "Cycles by what they came to", cycles.clone());
    for (result, count) in &tally.cycles {
        add(&cycles, vec![("result", (*result).to_owned())], *count);
    }
    let actions = Counters::default();
    registry.register("actions", "Actions by kind and state", actions.clone());
    for ((kind, state), count) in &tally.actions {
        let labels = vec![("kind", (*kind).to_owned()), ("state", (*state).to_owned())];
        add(&actions, labels, *count);
    }
    let received = Counter::<u64, AtomicU64>::default();
    received.inc_by(tally.received_bytes);
    registry.register(
        "received_bytes",
        "Bytes of wheels that were received",
        received,
    );
    let help = "How long cycles took";
    registry.register("cycle_duration_seconds", help, board.durations());
    let started = Gauge::<i64>::default();
    started.set(board.started().timestamp());
    registry.register(
        "started_timestamp_seconds",
        "When the process began",
        started,
    );
    if let Some(good) = tally.last_good {
        let gauge = Gauge::<i64>::default();
        gauge.set(good.timestamp());
        let help = "When the last good cycle ended";
        registry.register("last_good_cycle_timestamp_seconds", help, gauge);
    }
    if let Some(latest) = board.latest() {
        of_cycle(&mut registry, &latest, now);
    }
    if let Some(state) = board.notifications() {
        telling::register(&mut registry, &state);
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn of_cycle(registry: &mut Registry, latest: &FinishedCycle, now: DateTime<Utc>) {
    let (as_of, up) = (Gauges::default(), Gauges::default());
    let help = "The day up to which a feed's facts are complete";
    registry.register("feed_as_of_timestamp_seconds", help, as_of.clone());
    registry.register(
        "feed_up",
        "Whether a feed answers and is believed",
        up.clone(),
    );
    for feed in &latest.report.feeds {
        let labels = vec![("feed", feed.name.to_owned())];
        let day = feed.as_of.and_time(chrono::NaiveTime::MIN).and_utc();
        as_of.get_or_create(&labels).set(day.timestamp());
        up.get_or_create(&labels).set(i64::from(!feed.is_down));
    }
    let (wheels, lines) = (Gauges::default(), Gauges::default());
    let (due, days) = (Gauges::default(), Gauges::default());
    registry.register("wheels", "Wheels by status", wheels.clone());
    registry.register("lines", "Lines by decision", lines.clone());
    registry.register(
        "due_lines",
        "Lines with something due, by severity",
        due.clone(),
    );
    let help = "Days since the fix of the longest exposed wheel of a line";
    registry.register("exposed_days", help, days.clone());
    for line in &latest.report.lines {
        let decision = &line.decision;
        let kind = vec![("decision", decision.kind.as_str().to_owned())];
        lines.get_or_create(&kind).inc();
        if decision.is_due {
            let severity = decision
                .severity
                .map_or("none", |severity| severity.as_str());
            due.get_or_create(&vec![("severity", severity.to_owned())])
                .inc();
        }
        for wheel in &decision.wheels {
            let status = vec![("status", wheel.status.as_str().to_owned())];
            wheels.get_or_create(&status).inc();
        }
        if let Some(since) = line.due_since() {
            let labels = vec![
                ("package", line.package.clone()),
                ("line", line.line.clone()),
            ];
            let age = now.date_naive().signed_duration_since(since).num_days();
            days.get_or_create(&labels).set(age.max(0));
        }
    }
}

fn add(counters: &Counters, labels: Labels, count: u64) {
    counters.get_or_create(&labels).inc_by(count);
}
