//! Acting on the tracking issue: one for each line, whatever people and programs do to it.

use std::time::Duration;

use rewheel::cycle::act::Mode;
use rewheel::policy::{Event, ReasonCode};
use rewheel::store::ledger::{Access as LedgerAccess, Ledger, StateLocation};

use crate::support::binary::wheel_carrying;
use crate::support::fake_github::{Access, Fault, Issue, Lag, Listed, Matcher, Token, When};
use crate::support::fake_index::FakeFile;
use crate::support::stage::{Cycled, ME, NEW, OLD, PLATFORMS, REPOSITORY, Stage};

fn text(issue: &Issue) -> &str {
    issue.body.as_deref().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_cycle_reports_the_second_opens_the_issue_and_the_third_writes_nothing() {
    let stage = Stage::new();
    let first = stage.cycle().await;
    first.says("the first cycle of a project only reports");
    assert_eq!(first.actions(), ["open-issue demo/main/issue: skipped"]);
    assert_eq!(stage.github.writes().len(), 0);
    let second = stage.cycle().await;
    assert_eq!(
        second.is_clean().actions(),
        [
            "create-label demo/main/label/openssl: done",
            "open-issue demo/main/issue: done",
        ]
    );
    let open = stage.github.open_issues(REPOSITORY);
    assert_eq!(open.len(), 1);
    assert_eq!(
        open[0].title,
        "demo: rebuild the wheels with OpenSSL 3.5.9 (security, high)"
    );
    assert_eq!(open[0].labels, ["openssl"]);
    stage.github.forget_requests();
    let third = stage.cycle().await;
    assert_eq!(third.is_clean().actions(), Vec::<String>::new());
    let asked: Vec<String> = stage
        .github
        .requests()
        .iter()
        .map(|one| one.line())
        .collect();
    assert_eq!(
        asked,
        [
            "GET /repos/pyca/demo 200".to_owned(),
            "GET /user 200".to_owned(),
            format!(
                "GET /repos/pyca/demo/issues?creator={ME}&state=all&sort=created&direction=desc\
                 &per_page=100 200"
            ),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn published_wheels_close_it_and_nothing_less_does() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.publish_for("1.1", PLATFORMS[0], NEW);
    stage.cycle().await.is_clean();
    let issue = stage.github.issue(REPOSITORY, number);
    assert!(issue.open);
    assert!(
        text(&issue).contains("there were wheels for windows x86"),
        "{}",
        text(&issue)
    );
    stage.publish_for("1.1", PLATFORMS[1], NEW);
    let closing = stage.cycle().await;
    assert_eq!(
        closing.is_clean().actions(),
        [
            "comment demo/main/comment/settled: done",
            "close-issue demo/main/issue/text: done",
        ]
    );
    let issue = stage.github.issue(REPOSITORY, number);
    assert_eq!(
        (issue.open, issue.state_reason.as_deref()),
        (false, Some("completed"))
    );
    let comments = stage.github.comments(REPOSITORY, number);
    assert_eq!(comments.len(), 1);
    assert!(
        comments[0].body.contains("carry OpenSSL 3.5.9"),
        "{comments:?}"
    );
    stage.github.forget_requests();
    stage.cycle().await.is_clean();
    assert_eq!(stage.github.writes().len(), 0);
    // Somebody opens it again: it is theirs.
    stage
        .github
        .edit_issue(REPOSITORY, number, |issue| issue.open = true);
    stage.cycle().await.is_clean().says("left to them");
    assert_eq!(stage.github.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_lists_do_not_show_yet_is_not_posted_again() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.publish("1.1", NEW);
    stage.github.lag(Listed::Comments, Lag::Requests(9));
    stage
        .github
        .fault(Matcher::new("PATCH", "/repos/**"), Fault::Forbidden);
    stage.cycle().await;
    assert!(stage.github.issue(REPOSITORY, number).open);
    stage.cycle().await.is_clean();
    assert!(!stage.github.issue(REPOSITORY, number).open);
    assert_eq!(stage.github.comments(REPOSITORY, number).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_in_doubt_is_looked_for_before_it_is_posted_again() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.publish("1.1", NEW);
    stage
        .github
        .fault(Matcher::new("POST", "/repos/**"), Fault::Cut(When::Before));
    stage.cycle().await;
    stage
        .cycle()
        .await
        .says("whether GitHub took it is not known");
    assert!(stage.github.comments(REPOSITORY, number).is_empty());
    stage.github.advance(Duration::from_secs(16 * 60));
    stage.cycle().await.is_clean();
    assert!(!stage.github.issue(REPOSITORY, number).open);
    assert_eq!(stage.github.comments(REPOSITORY, number).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_closed_stays_closed_until_targets_or_events_change() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.github.close_issue(REPOSITORY, number, "alex");
    stage.github.forget_requests();
    stage.cycle().await.is_clean().says("a person closed it");
    assert_eq!(stage.github.writes().len(), 0);
    // Another series on one platform is another target.
    stage.publish_for("1.1", PLATFORMS[0], OLD);
    stage.publish_for("1.1", PLATFORMS[1], "OpenSSL 4.0.2 25 Aug 2026");
    stage.cycle().await.is_clean();
    let open = stage.github.open_issues(REPOSITORY);
    assert_eq!(open.len(), 1);
    assert!(open[0].number > number);
    assert!(
        text(&open[0]).contains(&format!("#{number}")),
        "{}",
        text(&open[0])
    );
}

/// What cannot be read for now takes a target away from what is asked for, and is no answer to the
/// person who closed the issue.
#[tokio::test(flavor = "multi_thread")]
async fn a_wheel_that_cannot_be_read_does_not_ask_a_person_again() {
    const OTHER_SERIES: &str = "OpenSSL 4.0.2 25 Aug 2026";
    let stage = Stage::new();
    stage.publish_for("1.1", PLATFORMS[0], OLD);
    stage.publish_for("1.1", PLATFORMS[1], OTHER_SERIES);
    let number = stage.opened().await;
    stage.github.close_issue(REPOSITORY, number, "alex");
    stage.publish_for("1.2", PLATFORMS[0], OLD);
    let name = format!("demo-1.2-cp39-abi3-{}.whl", PLATFORMS[1]);
    let broken = FakeFile::new(&name, wheel_carrying(OTHER_SERIES)).wrong_hash();
    stage.index.publish("demo", broken);
    stage.github.forget_requests();
    stage.cycle().await.is_clean().says("a person closed it");
    assert_eq!(stage.github.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_watchers_under_two_names_end_with_one_issue() {
    let stage = Stage::with("issue = { authors = [\"rewheel\", \"other\"] }");
    stage
        .github
        .token("o", Token::person("other").everywhere(Access::all()));
    let open = || Ledger::open(&StateLocation::None, LedgerAccess::Write).unwrap();
    let (one, other) = (open(), open());
    tokio::join!(
        stage.cycle_as("t", &one, Mode::Act),
        stage.cycle_as("o", &other, Mode::Act),
    );
    stage.cycle_as("o", &other, Mode::Act).await.is_clean();
    stage.cycle_as("t", &one, Mode::Act).await.is_clean();
    assert_eq!(stage.github.open_issues(REPOSITORY).len(), 1);
    stage.github.forget_requests();
    stage.cycle_as("o", &other, Mode::Act).await.is_clean();
    stage.cycle_as("t", &one, Mode::Act).await.is_clean();
    assert_eq!(stage.github.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_closed_is_opened_again() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.github.token("s", Token::bot("stale[bot]"));
    stage.github.close_issue(REPOSITORY, number, "stale[bot]");
    stage.cycle().await.is_clean();
    let open = stage.github.open_issues(REPOSITORY);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].number, number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_target_joins_the_issue_with_one_comment() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.publish_for("1.1", PLATFORMS[0], OLD);
    stage.publish_for("1.1", PLATFORMS[1], "OpenSSL 4.0.2 25 Aug 2026");
    stage.cycle().await.is_clean();
    stage.cycle().await.is_clean();
    let issue = stage.github.issue(REPOSITORY, number);
    assert_eq!(
        issue.title,
        "demo: rebuild the wheels with OpenSSL 3.5.9 and 4.0.3 (security, high)"
    );
    let comments = stage.github.comments(REPOSITORY, number);
    assert_eq!(comments.len(), 1, "{comments:?}");
    assert!(
        comments[0].body.contains("new target: 4.0.3"),
        "{comments:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_and_text_of_people_stay() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.github.edit_issue(REPOSITORY, number, |issue| {
        let theirs = text(issue)
            .replace("- [ ] Say in", "- [x] Say in")
            .replace("<!-- rewheel:state", "Ask @alex first.\n<!-- rewheel:state")
            .replace('\n', "\r\n");
        issue.body = Some(theirs);
    });
    stage.publish("1.1", "OpenSSL 4.0.2 25 Aug 2026");
    stage.cycle().await.is_clean();
    let body = text(&stage.github.issue(REPOSITORY, number)).to_owned();
    assert!(body.contains("4.0.3"), "{body}");
    assert!(body.contains("- [x] Say in"), "{body}");
    assert!(body.contains("Ask @alex first."), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_marker_does_not_silence_the_watcher() {
    let stage = Stage::new();
    let marker = "<!-- rewheel:v1 package=demo line=main -->\nnothing to see";
    stage
        .github
        .open_issue(REPOSITORY, "mallory", "demo: rebuild", marker);
    stage.cycle().await;
    stage.cycle().await.is_clean();
    let open = stage.github.open_issues(REPOSITORY);
    assert_eq!(open.iter().filter(|issue| issue.author == ME).count(), 1);
    // Whom the configuration trusts counts.
    let mut trusting = Stage::with("issue = { authors = [\"mallory\"] }");
    trusting
        .github
        .open_issue(REPOSITORY, "mallory", "demo: rebuild", marker);
    trusting.cycle().await.is_clean();
    trusting.cycle().await.is_clean();
    assert_eq!(trusting.github.open_issues(REPOSITORY).len(), 1);
    trusting.configure("");
    trusting.cycle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_open_issues_the_lower_number_stands() {
    let stage = Stage::new();
    let number = stage.opened().await;
    let body = text(&stage.github.issue(REPOSITORY, number)).to_owned();
    let second = stage.github.open_issue(REPOSITORY, ME, "again", &body);
    stage.cycle().await.is_clean();
    let open = stage.github.open_issues(REPOSITORY);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].number, number);
    let comments = stage.github.comments(REPOSITORY, second);
    assert!(comments[0].body.contains(&format!("#{number}")));
    stage.github.forget_requests();
    stage.cycle().await.is_clean();
    assert_eq!(stage.github.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_that_github_leaves_out_are_said_once() {
    let stage = Stage::new();
    let access = Access {
        push: false,
        ..Access::all()
    };
    stage
        .github
        .token("t", Token::person(ME).everywhere(access));
    stage.cycle().await;
    stage.cycle().await;
    stage.github.forget_requests();
    stage.cycle().await.is_clean();
    assert_eq!(stage.github.writes().len(), 0);
    let open = stage.github.open_issues(REPOSITORY);
    assert_eq!(open.len(), 1);
    assert!(text(&open[0]).contains("GitHub left out the labels openssl"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing_anywhere() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.publish("1.1", NEW);
    stage.github.forget_requests();
    let before = std::fs::read(stage.ledger_path()).unwrap();
    let looking = Ledger::open(
        &StateLocation::File(stage.ledger_path()),
        LedgerAccess::Look,
    )
    .unwrap();
    let planned = stage.cycle_as("t", &looking, Mode::Plan).await;
    assert_eq!(
        planned.is_clean().actions(),
        [
            "comment demo/main/comment/settled: planned",
            "close-issue demo/main/issue/text: planned",
        ]
    );
    planned.says("closed");
    assert_eq!(stage.github.writes().len(), 0);
    assert_eq!(std::fs::read(stage.ledger_path()).unwrap(), before);
    assert!(stage.github.issue(REPOSITORY, number).open);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_new_issues_than_are_allowed_stop_the_cycle() {
    let mut stage = Stage::with("lines = [\"main\", \"~=1.0\"]");
    stage.new_issues = 1;
    stage.cycle().await;
    stage.cycle().await.says("`new-issues-per-cycle` (1)");
    assert_eq!(stage.github.writes().len(), 0);
    stage.new_issues = 2;
    stage.cycle().await.is_clean();
    assert_eq!(stage.github.open_issues(REPOSITORY).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_repository_is_followed_and_another_of_its_name_is_not() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.github.rename(REPOSITORY, "pyca/renamed");
    stage.publish("1.1", NEW);
    stage.cycle().await.is_clean().says("is now pyca/renamed");
    assert!(!stage.github.issue("pyca/renamed", number).open);
    let other = Stage::new();
    other.opened().await;
    other.github.replace(REPOSITORY);
    other.github.forget_requests();
    other
        .cycle()
        .await
        .says("is another repository than it was");
    assert_eq!(other.github.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_processes_on_one_ledger_only_reports() {
    let stage = Stage::new();
    stage.cycle().await;
    let first = stage.ledger();
    let acting = first.acting().unwrap();
    assert!(acting.is_some());
    let second = stage.cycle().await;
    second.says("another rewheel is acting with this ledger");
    assert_eq!(
        stage
            .github
            .requests()
            .iter()
            .filter(|one| one.is_write())
            .count(),
        0
    );
    drop(acting);
    stage.cycle().await.is_clean();
    assert_eq!(stage.github.open_issues(REPOSITORY).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_gone_is_told_once() {
    let stage = Stage::new();
    stage.publish_for("1.1", PLATFORMS[0], "OpenSSL 3.5.9 29 Sep 2026");
    let told = |cycled: &Cycled| {
        let decision = &cycled.0.lines[0].decision;
        (
            decision.events.contains(&Event::CoverageShrank),
            cycled.0.lines[0].has(ReasonCode::CoverageShrank),
        )
    };
    assert_eq!(told(&stage.cycle().await), (true, true));
    assert_eq!(told(&stage.cycle().await), (false, true));
    stage.publish_for("1.2", PLATFORMS[1], "OpenSSL 3.5.9 29 Sep 2026");
    assert_eq!(told(&stage.cycle().await), (true, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_is_written_first() {
    let stage = Stage::with("lines = [\"~=0.9.0\", \"~=1.0\"]");
    stage.publish("0.9.1", "OpenSSL 1.1.0l  10 Sep 2019");
    stage.cycle().await;
    stage.cycle().await.is_clean();
    let open = stage.github.open_issues(REPOSITORY);
    let titles: Vec<&str> = open.iter().map(|issue| issue.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "demo ~=1.0: rebuild the wheels with OpenSSL 3.5.9 (security, high)",
            "demo ~=0.9.0: move the wheels off OpenSSL 1.1.0 (end-of-life)",
        ]
    );
    assert_eq!(stage.github.most_writes_at_once(), 1);
}
