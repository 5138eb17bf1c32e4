//! Figures for Prometheus. Source: the OpenMetrics text format 1.0, as `prometheus-client` writes it.
//!
//! Who does not ask for that gets the older text format 0.0.4, which differs in three things:
//! a counter is described under the name of its samples, there is no end mark, and no `# UNIT`.

mod families;

mod telling;

use std::fmt;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::daemon::board::{Board, Tally};

use families::{Families, labels};

/// How figures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    OpenMetrics,
    Plain,
}

impl Format {
    /// What an `Accept` header asks for.
    pub(super) fn asked(accept: Option<&str>) -> Self {
        match accept {
            Some(accept) if accept.contains("application/openmetrics-text") => Self::OpenMetrics,
            _ => Self::Plain,
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// All figures as they are now.
pub(super) fn text(
    board: &Board,
    now: DateTime<Utc>,
    format: Format,
) -> Result<String, fmt::Error> {
    let mut families = Families::new(Registry::with_prefix("rewheel"));
    let tally = board.tally();
    of_process(&mut families, board, &tally);
    of_apis(&mut families, &tally);
    if let Some(latest) = board.latest() {
        families.of_cycle(&latest, now);
    }
    if let Some(state) = board.notifications() {
        telling::register(&mut families, &state);
    }
    let mut text = String::new();
    encode(&mut text, &families.registry)?;
    Ok(match format {
        Format::OpenMetrics => text,
        Format::Plain => plain(&text),
    })
}

fn of_process(families: &mut Families, board: &Board, tally: &Tally) {
    let version = labels([("version", env!("CARGO_PKG_VERSION"))]);
    families.gauge("build_info", "Which rewheel this is", [(version, 1)]);
    families.counter(
        "cycles",
        "Cycles by what they came to; those of the facts looked at no project",
        // A counter that begins at its first event hides it: what there can be begins at 0.
        ["good", "incomplete", "facts", "failed"].map(|result| {
            let count = tally.cycles.get(result).copied();
            (labels([("result", result)]), count.unwrap_or_default())
        }),
    );
    families.counter(
        "actions",
        "Actions by kind and state",
        tally
            .actions
            .iter()
            .map(|((kind, state), count)| (labels([("kind", *kind), ("state", *state)]), *count)),
    );
    families.counter(
        "received_bytes",
        "Bytes of wheels that were received to be scanned",
        [(Vec::new(), tally.received_bytes)],
    );
    let help = "How long cycles took";
    let durations = board.durations();
    families
        .registry
        .register("cycle_duration_seconds", help, durations);
    families.seconds(
        "last_cycle_duration_seconds",
        "How long the last cycle took",
        tally.last_seconds,
    );
    let under_way = tally.under_way.map(|since| since.timestamp());
    for (name, help, moment) in [
        (
            "started_timestamp_seconds",
            "When the process began",
            Some(board.started().timestamp()),
        ),
        (
            "last_good_cycle_timestamp_seconds",
            "When the last good cycle ended",
            tally.last_good.map(|good| good.timestamp()),
        ),
        (
            "cycle_under_way_since_timestamp_seconds",
            "When the cycle under way began, 0 while there is none",
            Some(under_way.unwrap_or_default()),
        ),
        (
            "next_cycle_timestamp_seconds",
            "When the next cycle begins, while none is under way",
            tally.next.map(|next| next.timestamp()),
        ),
    ] {
        if let Some(value) = moment {
            families.gauge(name, help, [(Vec::new(), value)]);
        }
    }
    families.gauge(
        "feed_last_good_timestamp_seconds",
        "When the cycle ended in which a feed last answered and was believed",
        tally
            .feeds_good
            .iter()
            .map(|(feed, good)| (labels([("feed", *feed)]), good.timestamp())),
    );
}

/// What is left of the rate limits.
fn of_apis(families: &mut Families, tally: &Tally) {
    let budgets = || tally.budgets.iter();
    families.gauge(
        "api_requests_remaining",
        "Requests that are left of an API's rate limit",
        budgets().map(|(api, left)| (labels([("api", *api)]), whole(left.remaining))),
    );
    families.gauge(
        "api_requests_reset_timestamp_seconds",
        "When there will be more requests of an API's rate limit",
        budgets().map(|(api, left)| (labels([("api", *api)]), whole(left.reset))),
    );
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The text in the format 0.0.4.
fn plain(open: &str) -> String {
    let is_counter = |name: &str| open.contains(&format!("# TYPE {name} counter\n"));
    let mut text = String::with_capacity(open.len());
    for line in open.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("EOF" | "UNIT"), ..) => continue,
            (Some("#"), Some(what), Some(name), Some(rest)) if is_counter(name) => {
                text.push_str(&format!("# {what} {name}_total {rest}"));
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_format_describes_counters_by_the_name_of_their_samples() {
        let open = "# HELP a_actions Actions.\n# TYPE a_actions counter\na_actions_total{k=\"# TYPE\"} 1\n\
                    # HELP a_up Up.\n# TYPE a_up gauge\n# UNIT a_up seconds\na_up 1\n# EOF\n";
        assert_eq!(
            plain(open),
            "# HELP a_actions_total Actions.\n# TYPE a_actions_total counter\n\
             a_actions_total{k=\"# TYPE\"} 1\n# HELP a_up Up.\n# TYPE a_up gauge\na_up 1\n"
        );
    }

    #[test]
    fn prometheus_says_which_format_it_takes() {
        let newer = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.3";
        assert_eq!(Format::asked(Some(newer)), Format::OpenMetrics);
        assert_eq!(Format::asked(Some("text/plain")), Format::Plain);
        assert_eq!(Format::asked(None), Format::Plain);
    }
}
