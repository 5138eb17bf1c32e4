//! Families of figures, and those of one cycle.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::daemon::board::FinishedCycle;
use crate::policy::WheelVerdict;

/// Of how many lines the time is told one by one: every one of them is a series that Prometheus
/// keeps. Of more than that the longest exposed ones are told, and how many are not.
const LINES: usize = 500;

/// How many characters of a name become a label.
const LABEL: usize = 128;

pub(super) type Labels = Vec<(&'static str, String)>;

/// Labels with values of bounded length; quotes and line breaks are escaped where they are written.
pub(super) fn labels<const N: usize>(pairs: [(&'static str, &str); N]) -> Labels {
    let bounded = |value: &str| value.chars().take(LABEL).collect();
    pairs
        .into_iter()
        .map(|(name, value)| (name, bounded(value)))
        .collect()
}

/// All families.
pub(super) struct Families {
    pub(super) registry: Registry,
}

impl Families {
    pub(super) const fn new(registry: Registry) -> Self {
        Self { registry }
    }

    pub(super) fn counter(
        &mut self,
        name: &'static str,
        help: &'static str,
        samples: impl IntoIterator<Item = (Labels, u64)>,
    ) {
        let family = Family::<Labels, Counter<u64, AtomicU64>>::default();
        for (labels, count) in samples {
            family.get_or_create(&labels).inc_by(count);
        }
        self.registry.register(name, help, family);
    }

    /// Samples with the same labels are one, with the greatest value: names may differ after the
    /// part that becomes a label.
    pub(super) fn gauge(
        &mut self,
        name: &'static str,
        help: &'static str,
        samples: impl IntoIterator<Item = (Labels, i64)>,
    ) {
        let family = Family::<Labels, Gauge>::default();
        for (labels, value) in samples {
            let gauge = family.get_or_create(&labels);
            gauge.set(value.max(gauge.get()));
        }
        self.registry.register(name, help, family);
    }

    pub(super) fn seconds(&mut self, name: &'static str, help: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(value);
            self.registry.register(name, help, gauge);
        }
    }

    /// What the last cycle came to.
    pub(super) fn of_cycle(&mut self, latest: &FinishedCycle, now: DateTime<Utc>) {
        let feeds = &latest.report.feeds;
        self.gauge(
            "feed_as_of_timestamp_seconds",
            "The day up to which a feed's facts are complete",
            feeds.iter().map(|feed| {
                let day = feed.as_of.and_time(chrono::NaiveTime::MIN).and_utc();
                (labels([("feed", feed.name)]), day.timestamp())
            }),
        );
        self.gauge(
            "feed_up",
            "Whether a feed answers and is believed",
            feeds
                .iter()
                .map(|feed| (labels([("feed", feed.name)]), i64::from(!feed.is_down))),
        );
        let lines = &latest.report.lines;
        let wheels = lines.iter().flat_map(|line| &line.decision.wheels);
        self.counted(
            "wheels",
            "Wheels by status and by the worst severity of the advisories that hold them",
            wheels.map(|wheel| {
                let status = wheel.status.as_str();
                labels([("status", status), ("severity", severity(wheel))])
            }),
        );
        self.counted(
            "lines",
            "Lines by decision",
            lines
                .iter()
                .map(|line| labels([("decision", line.decision.kind.as_str())])),
        );
        let due = lines.iter().filter(|line| line.decision.is_due);
        self.counted(
            "due_lines",
            "Lines with something due, by severity",
            due.map(|line| {
                let severity = line.decision.severity;
                let severity = severity.map_or("none", |severity| severity.as_str());
                labels([("severity", severity)])
            }),
        );
        let open = |line: &&crate::report::LineReport| {
            let issue = line.tracking.issue.as_ref();
            issue.is_some_and(|issue| issue.is_open)
        };
        let open = lines.iter().filter(open).count();
        self.gauge(
            "open_issues",
            "Tracking issues that were seen open in the last cycle",
            [(Vec::new(), i64::try_from(open).unwrap_or(i64::MAX))],
        );
        self.exposed(latest, now);
    }

    /// How long lines have been exposed, the longest exposed ones.
    fn exposed(&mut self, latest: &FinishedCycle, now: DateTime<Utc>) {
        let lines = latest.report.lines.iter();
        let mut exposed: Vec<(i64, &str, &str)> = lines
            .filter_map(|line| {
                let day = line
                    .exposed_since()?
                    .and_time(chrono::NaiveTime::MIN)
                    .and_utc();
                Some((
                    (now - day).num_seconds().max(0),
                    line.package.as_str(),
                    line.line.as_str(),
                ))
            })
            .collect();
        exposed.sort_by_key(|(length, package, line)| (Reverse(*length), *package, *line));
        let untold = exposed.len().saturating_sub(LINES);
        self.gauge(
            "exposed_seconds",
            "Time since the day of the fix, of the longest exposed wheel of a line that is \
             vulnerable, exposed, withdrawn or out of support; a day is 86400",
            exposed
                .into_iter()
                .take(LINES)
                .map(|(length, package, line)| {
                    (labels([("package", package), ("line", line)]), length)
                }),
        );
        self.gauge(
            "exposed_lines_untold",
            "Exposed lines of which the time is not told, as there are too many",
            [(Vec::new(), i64::try_from(untold).unwrap_or(i64::MAX))],
        );
    }

    /// How many there are with each set of labels.
    fn counted(
        &mut self,
        name: &'static str,
        help: &'static str,
        each: impl Iterator<Item = Labels>,
    ) {
        let mut counts: BTreeMap<Labels, i64> = BTreeMap::new();
        for labels in each {
            let count = counts.entry(labels).or_default();
            *count = count.saturating_add(1);
        }
        self.gauge(name, help, counts);
    }
}

/// The worst severity of the advisories that hold a wheel, pending ones included.
fn severity(wheel: &WheelVerdict) -> &'static str {
    let of_findings = wheel
        .findings
        .iter()
        .filter_map(|finding| finding.assessment.severity);
    of_findings
        .max_by_key(|severity| (severity.weight(), *severity))
        .map_or("none", |severity| severity.as_str())
}
