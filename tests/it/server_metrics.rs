//! The daemon's figures: their names, their labels, and what promtool says of them.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use chrono::TimeDelta;
use regex::Regex;
use rewheel::daemon::board::FinishedCycle;
use rewheel::fetch::RateLimit;
use rewheel::notify::Figures;
use rewheel::notify::figures::{PingState, ReceiverState, State};
use rewheel::report::{Action, ActionKind, ActionState};

use crate::support::lines::{self, cycle, facts, line, many, moment};
use crate::support::page::{Served, start};

/// A daemon that has seen much, and names that are meant to do harm.
async fn busy() -> Served {
    let served = start(None, moment()).await;
    let facts = facts();
    let mut lines = many(8, &facts);
    let mut hostile = line("evil\"} 1\nrewheel_up 1 #\\", [Some("3.5.7"); 5], &facts);
    lines::tracked(
        &mut hostile,
        "title",
        "https://github.example/a/b/issues/17",
    );
    let failed = Action::new(ActionKind::Comment, "k".to_owned(), ActionState::Failed);
    hostile.actions.push(failed.because("no"));
    lines.push(hostile);
    served.board.ended(cycle(many(1, &facts), &facts));
    let reset = moment() + TimeDelta::minutes(30);
    let left = RateLimit {
        remaining: 4321,
        reset: u64::try_from(reset.timestamp()).unwrap(),
    };
    served.board.ended(FinishedCycle {
        budgets: [("github", left)].into(),
        ..cycle(lines, &facts)
    });
    served.board.show(Figures::from(telling()));
    served.board.failed("the disk is full".to_owned());
    served.board.next(moment() + TimeDelta::minutes(4));
    served
}

fn telling() -> State {
    State {
        receivers: vec![ReceiverState {
            name: "on-call".to_owned(),
            waiting: 2,
            delivered: 5,
            given_up: 1,
            failed_attempts: 21,
            last_delivered: Some(moment()),
            error: Some("it answered 503".to_owned()),
        }],
        ping: Some(PingState {
            last: Some(moment()),
            failed: 3,
            error: None,
        }),
    }
}

async fn scrape(served: &Served, accept: &str) -> (String, String) {
    let (code, answer) = served
        .ask(
            "GET",
            "/metrics",
            "localhost",
            &format!("Accept: {accept}\r\n"),
        )
        .await;
    assert_eq!(code, 200);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn everything_that_is_watched_is_told() {
    let (head, text) = scrape(&busy().await, "text/plain").await;
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    for line in [
        concat!(
            "rewheel_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        ),
        "rewheel_cycles_total{result=\"good\"} 2",
        "rewheel_cycles_total{result=\"incomplete\"} 0",
        "rewheel_cycles_total{result=\"failed\"} 1",
        "rewheel_actions_total{kind=\"open-issue\",state=\"done\"} 1",
        "rewheel_actions_total{kind=\"comment\",state=\"failed\"} 1",
        "rewheel_received_bytes_total 14",
        "rewheel_cycle_duration_seconds_count 2",
        "rewheel_last_cycle_duration_seconds 60.0",
        "rewheel_last_good_cycle_timestamp_seconds 1792756620",
        "rewheel_cycle_under_way_since_timestamp_seconds 0",
        "rewheel_next_cycle_timestamp_seconds 1792757040",
        "rewheel_api_requests_remaining{api=\"github\"} 4321",
        "rewheel_api_requests_reset_timestamp_seconds{api=\"github\"} 1792758600",
        "rewheel_notifications_waiting{receiver=\"on-call\"} 2",
        "rewheel_notifications_given_up{receiver=\"on-call\"} 1",
        "rewheel_notification_failures_total{receiver=\"on-call\"} 21",
        "rewheel_notification_last_timestamp_seconds{receiver=\"on-call\"} 1792756800",
        "rewheel_ping_failures_total 3",
        "rewheel_ping_last_timestamp_seconds 1792756800",
        "rewheel_feed_up{feed=\"advisories\"} 1",
        "rewheel_feed_as_of_timestamp_seconds{feed=\"releases\"} 1792713600",
        "rewheel_feed_last_good_timestamp_seconds{feed=\"life-times\"} 1792756620",
        "rewheel_wheels{status=\"none\",severity=\"none\"} 64",
        "rewheel_wheels{status=\"vulnerable\",severity=\"high\"} 100",
        "rewheel_lines{decision=\"track\"} 7",
        "rewheel_due_lines{severity=\"high\"} 7",
        "rewheel_open_issues 1",
        "rewheel_exposed_lines_untold 0",
        "rewheel_exposed_seconds{package=\"package-000\",line=\"main\"} 2116800",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
    }
    // A line break in a name would begin a figure of its own.
    assert!(!text.contains("\nrewheel_up"), "{text}");
}

#[tokio::test]
async fn promtool_finds_nothing_to_say() {
    let (_, text) = scrape(&busy().await, "text/plain").await;
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        let must = cfg!(target_os = "linux")
            && std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!must, "no promtool: see .ci/install");
        let told = "no promtool: the metrics are not checked with it\n";
        let _ = std::io::stderr().write_all(told.as_bytes());
        return;
    };
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

#[tokio::test]
async fn who_asks_for_the_newer_format_gets_it() {
    let newer = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let (head, text) = scrape(&busy().await, newer).await;
    assert!(head.contains("application/openmetrics-text"), "{head}");
    assert!(text.contains("# TYPE rewheel_cycles counter\n"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn ever_so_many_lines_make_a_bounded_number_of_series() {
    let served = start(None, moment()).await;
    let facts = facts();
    let kind = line("x", [Some("3.5.8"); 5], &facts);
    let lines = (0..2000).map(|at| {
        let mut line = kind.clone();
        line.package = format!("{}-{at}", "long".repeat(100 - at % 2));
        line
    });
    served.board.ended(cycle(lines.collect(), &facts));
    let (_, text) = scrape(&served, "text/plain").await;
    let series = text.lines().filter(|line| !line.starts_with('#'));
    assert!(series.clone().count() < 600, "{}", series.count());
    assert!(text.contains("rewheel_exposed_lines_untold 1500"), "{text}");
    assert!(text.lines().all(|line| line.len() < 400));
}

/// The names of rewheel's figures in a text.
fn figures(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\brewheel_\w+").unwrap();
    name.find_iter(text)
        .map(|name| name.as_str().to_owned())
        .collect()
}

#[tokio::test]
async fn rules_and_dashboard_name_figures_that_there_are_and_miss_none() {
    let (_, text) = scrape(&busy().await, "text/plain").await;
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let told = figures(&samples.join("\n"));
    let shown = figures(include_str!("../../deploy/grafana/rewheel.json"));
    let watched = figures(include_str!("../../deploy/prometheus/rules.yaml"));
    let unknown: Vec<_> = shown
        .union(&watched)
        .filter(|name| !told.contains(*name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let of_histogram = ["_sum", "_count"].map(|end| format!("rewheel_cycle_duration_seconds{end}"));
    // When a limit is full again is a moment that the page tells.
    let limit = "rewheel_api_requests_reset_timestamp_seconds".to_owned();
    let left_out: BTreeSet<String> = of_histogram.into_iter().chain([limit]).collect();
    let missing: Vec<_> = told
        .difference(&shown)
        .filter(|name| !left_out.contains(*name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
