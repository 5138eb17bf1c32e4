//! The daemon's server over real sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use rewheel::daemon::Pulse;
use rewheel::daemon::board::FinishedCycle;
use rewheel::daemon::server::ServerLimits;
use rewheel::feeds::built_in;
use rewheel::fetch::RateLimit;
use rewheel::report::{Action, ActionKind, ActionState};

use crate::support::binary::wheel_carrying;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::lines::moment;
use crate::support::page::{start, start_with};
use crate::support::round;

async fn cycle() -> FinishedCycle {
    let index = FakeIndex::start().await;
    let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
    index.publish(
        "demo",
        FakeFile::new(name, wheel_carrying("OpenSSL 3.5.4 30 Sep 2025")),
    );
    let report = round::check(&index, "demo", false).await;
    let releases = built_in::load().unwrap().releases;
    let left = RateLimit {
        remaining: 4_711,
        reset: 1_795_374_000,
    };
    FinishedCycle {
        received_bytes: 7,
        budgets: BTreeMap::from([("github", left)]),
        ..FinishedCycle::of(report, releases, moment())
    }
}

#[tokio::test]
async fn before_the_first_cycle_it_lives_and_is_not_ready() {
    let served = start(None, moment()).await;
    for (path, code) in [
        ("/healthz", 200),
        ("/readyz", 503),
        ("/metrics", 200),
        ("/api/v1/status", 503),
        ("/", 200),
        ("/nowhere", 404),
    ] {
        assert_eq!(served.get(path).await.0, code, "{path}");
    }
    assert_eq!(served.ask("POST", "/", "localhost", "").await.0, 405);
    served.stop.cancel();
    served.task.await.unwrap().unwrap();
}

/// Who is asked whether it lives must not say yes while its cycle hangs.
#[tokio::test]
async fn it_is_not_alive_when_nothing_comes_of_its_cycle() {
    let seconds = Arc::new(AtomicU64::new(0));
    let own = Arc::clone(&seconds);
    let pulse = Pulse::timed_by(move || Duration::from_secs(own.load(Ordering::SeqCst)));
    let served = start_with(None, moment(), ServerLimits::default(), pulse).await;
    seconds.store(900, Ordering::SeqCst);
    assert_eq!(served.get("/healthz").await.0, 200);
    seconds.store(960, Ordering::SeqCst);
    let (code, said) = served.get("/healthz").await;
    assert_eq!(code, 503);
    assert!(
        said.ends_with("the cycle under way has come no further for 16 minutes\n"),
        "{said}"
    );
}

/// A cycle that asks for OpenSSL's facts alone proves nothing of the index.
#[tokio::test]
async fn a_cycle_that_looked_at_no_project_is_neither_good_nor_bad() {
    let served = start(None, moment()).await;
    let alone = FinishedCycle {
        looked: BTreeSet::new(),
        ..cycle().await
    };
    assert!(!alone.is_good());
    served.board.ended(alone);
    assert_eq!(served.get("/readyz").await.0, 503);
    let (_, metrics) = served.get("/metrics").await;
    for line in [
        "rewheel_cycles_total{result=\"good\"} 0",
        "rewheel_cycles_total{result=\"facts\"} 1",
        "rewheel_cycles_total{result=\"incomplete\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

/// A configuration that was taken anew may have another schedule.
#[tokio::test]
async fn how_old_a_cycle_may_be_goes_by_the_schedule_in_force() {
    let served = start(None, moment() + TimeDelta::hours(20)).await;
    served.board.ended(cycle().await);
    assert_eq!(served.get("/readyz").await.0, 503);
    served.board.expect_within(TimeDelta::days(1));
    assert_eq!(served.get("/readyz").await.0, 200);
}

#[tokio::test]
async fn foreign_names_are_refused() {
    let served = start(None, moment()).await;
    for (host, code) in [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("status.example", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
    ] {
        assert_eq!(
            served.ask("GET", "/healthz", host, "").await.0,
            code,
            "{host}"
        );
    }
}

#[tokio::test]
async fn only_the_token_asks_for_a_check() {
    let served = start(Some("secret"), moment()).await;
    for more in [
        "",
        "Authorization: Bearer wrong\r\n",
        "Authorization: secret\r\n",
    ] {
        let (code, _) = served.ask("POST", "/api/v1/check", "localhost", more).await;
        assert_eq!(code, 401, "{more}");
    }
    let right = "Authorization: Bearer secret\r\n";
    let (code, _) = served
        .ask("POST", "/api/v1/check", "localhost", right)
        .await;
    assert_eq!(code, 202);
    served.wake.notified().await;
    let closed = start(None, moment()).await;
    assert_eq!(
        closed
            .ask("POST", "/api/v1/check", "localhost", right)
            .await
            .0,
        403
    );
}

#[tokio::test]
async fn what_the_cycle_came_to_is_shown_and_escaped() {
    let served = start(None, moment()).await;
    let mut cycle = cycle().await;
    let line = &mut cycle.report.lines[0];
    line.package = "<script>alert(1)</script>".to_owned();
    cycle.looked.insert(line.package.clone());
    for url in ["javascript:alert(1)", "https://github.com/a/b/issues/1"] {
        let action = Action::new(ActionKind::OpenIssue, "k".to_owned(), ActionState::Done);
        line.actions.push(action.at(url));
    }
    served.board.ended(cycle);
    let (code, page) = served.get("/").await;
    assert_eq!(code, 200);
    assert!(
        page.contains("&lt;script&gt;") && !page.contains("<script"),
        "{page}"
    );
    assert!(!page.contains("href=\"javascript"), "{page}");
    assert!(
        page.contains(">vulnerable<") && page.contains("3.5.4"),
        "{page}"
    );
    assert!(page.contains("default-src 'none'"), "{page}");
    assert!(
        page.contains("<svg") && page.contains("class=\"solid vulnerable\""),
        "{page}"
    );
    assert_eq!(served.get("/readyz").await.0, 200);
    assert_eq!(served.get("/style.css").await.0, 200);
    assert!(
        served
            .get("/api/v1/status")
            .await
            .1
            .contains("rewheel/check/v1")
    );
    let (_, metrics) = served.get("/metrics").await;
    for text in [
        "rewheel_cycles_total{result=\"good\"} 1",
        "rewheel_wheels{status=\"vulnerable\",severity=\"high\"} 1",
        "rewheel_received_bytes_total 7",
        "rewheel_api_requests_remaining{api=\"github\"} 4711",
        "rewheel_api_requests_reset_timestamp_seconds{api=\"github\"} 1795374000",
        "rewheel_cycle_duration_seconds_count 1",
        "rewheel_exposed_seconds{package=\"<script>alert(1)</script>\",line=\"main\"} ",
        "rewheel_actions_total{kind=\"open-issue\",state=\"done\"} 2",
    ] {
        assert!(metrics.contains(text), "{text} in {metrics}");
    }
    assert!(
        served
            .get("/?q=nothing")
            .await
            .1
            .contains("No line fits the filter")
    );
}

#[tokio::test]
async fn an_old_cycle_is_not_ready() {
    let served = start(None, moment() + TimeDelta::hours(3)).await;
    served.board.ended(cycle().await);
    assert_eq!(served.get("/readyz").await.0, 503);
}
