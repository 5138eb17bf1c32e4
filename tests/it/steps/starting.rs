//! Starting: what stands against it, the older way, answers that are lost.

use std::time::Duration;

use rewheel::cycle::steps::{KnownRun, Mode};
use rewheel::model::Start;
use rewheel::policy::steps::StepState;
use rstest::rstest;

use super::setting::*;
use crate::support::fake_github::{
    Access, Fault, Input, Lag, Level, Listed, Matcher, Token, When, Workflow,
};

const DISPATCHES: &str = "/repos/pyca/cryptography/actions/workflows/wheels.yml/dispatches";

#[tokio::test]
async fn a_plan_tells_what_would_start_and_writes_nothing() {
    let setting = Setting::one_workflow();
    let mut watcher = setting.watcher(ME);
    watcher.mode = Mode::Plan;
    for has_issue in [true, false] {
        watcher.has_issue = has_issue;
        let outcome = setting.round(&watcher).await;
        assert_eq!(states(&outcome), [("wheels", StepState::Planned)]);
        assert_eq!(
            actions(&outcome),
            ["planned cryptography/main/dispatch/wheels/3.5.4/1"]
        );
    }
    assert_eq!(setting.fake.writes().len(), 0);
}

#[tokio::test]
async fn without_an_issue_or_a_decision_nothing_starts() {
    let mut setting = Setting::one_workflow();
    let mut watcher = setting.watcher(ME);
    watcher.has_issue = false;
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Waiting);
    assert_eq!(
        seen.sentence,
        "nothing is started before the tracking issue is there"
    );
    watcher.has_issue = true;
    setting.due[0].may_start = false;
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Waiting);
    assert_eq!(
        seen.sentence,
        "the decision does not ask for it to be started"
    );
    assert_eq!(setting.fake.writes().len(), 0);
}

/// What stands against a dispatch is told before anything is claimed.
#[rstest]
#[case::no_workflow("", &["openssl"], "has no workflow wheels.yml")]
#[case::no_trigger("push", &["openssl"], "add `workflow_dispatch:`")]
#[case::unknown_input("inputs", &["openssl", "versoin"], "versoin")]
#[case::required_input("inputs", &[], "openssl")]
#[case::switched_off("off", &["openssl"], "switch it on")]
#[case::archived("archived", &["openssl"], "is archived")]
#[tokio::test]
async fn what_stands_against_it_is_a_sentence(
    #[case] how: &str,
    #[case] inputs: &[&str],
    #[case] expected: &str,
) {
    let inputs: Vec<(&str, &str)> = inputs.iter().map(|name| (*name, "x")).collect();
    let start = Start::Workflow("wheels.yml".to_owned());
    let setting = Setting::with(vec![dispatch("wheels", start, &inputs)]);
    let workflow = Workflow::new("wheels.yml");
    let with_inputs = workflow.clone().dispatched([Input::required("openssl")]);
    match how {
        "" => {}
        "push" => drop(setting.fake.workflow(PROJECT, workflow)),
        _ => drop(setting.fake.workflow(PROJECT, with_inputs)),
    }
    setting.fake.edit_repository(PROJECT, |repository| {
        repository.archived = how == "archived";
        for workflow in &mut repository.workflows {
            if how == "off" {
                workflow.state = "disabled_manually".to_owned();
            }
        }
    });
    let watcher = setting.watcher(ME);
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Blocked, "{}", seen.sentence);
    assert!(seen.sentence.contains(expected), "{}", seen.sentence);
    assert_eq!(setting.fake.writes().len(), 0);
}

#[tokio::test]
async fn a_sum_that_is_not_known_is_waited_for() {
    let start = Start::Workflow("wheels.yml".to_owned());
    let inputs = [("openssl", "{{ openssl.sha256 }}")];
    let mut setting = Setting::with(vec![dispatch("wheels", start, &inputs)]);
    let workflow = Workflow::new("wheels.yml").dispatched([Input::required("openssl")]);
    setting.fake.workflow(PROJECT, workflow);
    let watcher = setting.watcher(ME);
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Blocked);
    assert!(
        seen.sentence.contains("`openssl.sha256` is not known"),
        "{}",
        seen.sentence
    );
    assert_eq!(setting.fake.writes().len(), 0);
    setting.due[0].sha256 = Some("ab".repeat(32));
    assert_eq!(setting.only(&watcher).await.state, StepState::Running);
    assert_eq!(setting.dispatched()[0].inputs["openssl"], "ab".repeat(32));
}

#[tokio::test]
async fn a_missing_permission_is_told_and_tried_again_rarely() {
    let setting = Setting::one_workflow();
    let mut access = Access::all();
    access.actions = Level::Read;
    setting.fake.token(ME, Token::bot(ME).everywhere(access));
    let watcher = setting.watcher(ME);
    let outcome = setting.round(&watcher).await;
    assert_eq!(states(&outcome), [("wheels", StepState::Blocked)]);
    assert!(
        outcome.progress[0].sentence.contains("403"),
        "{}",
        outcome.progress[0].sentence
    );
    assert_eq!(
        actions(&outcome),
        ["failed cryptography/main/dispatch/wheels/3.5.4/1"]
    );
    let refused = "<!-- rewheel:claim v1 step=wheels target=3.5.4 attempt=1 state=refused -->";
    assert_eq!(setting.claims(), [refused]);
    for _ in 0..20 {
        setting.minutes(15);
        let seen = setting.only(&watcher).await;
        assert_eq!(seen.state, StepState::Blocked);
    }
    // Five hours: after one and three hours.
    assert_eq!(setting.claims(), [refused, refused, refused]);
    setting
        .fake
        .token(ME, Token::bot(ME).everywhere(Access::all()));
    setting.hours(4);
    assert_eq!(setting.only(&watcher).await.state, StepState::Running);
    assert_eq!(setting.dispatched().len(), 1);
}

#[rstest]
#[case::shown(true)]
#[case::not_shown(false)]
#[tokio::test]
async fn the_older_way_finds_its_run(#[case] is_shown: bool) {
    let mut setting = if is_shown {
        Setting::one_telling_workflow()
    } else {
        Setting::one_workflow()
    };
    setting.fake = setting.fake.enterprise();
    let watcher = setting.watcher(ME);
    let outcome = setting.round(&watcher).await;
    assert_eq!(states(&outcome), [("wheels", StepState::Running)]);
    let started = setting.dispatched();
    assert_eq!(started.len(), 1);
    assert_eq!(outcome.runs[0].run, started[0].id);
    assert!(setting.claims()[0].contains(&format!("run={}", started[0].id)));
}

#[tokio::test]
async fn a_run_that_the_list_does_not_show_yet_is_found_later() {
    let mut setting = Setting::one_workflow();
    setting.fake = setting.fake.enterprise();
    setting
        .fake
        .lag(Listed::Runs, Lag::For(Duration::from_secs(1000)));
    let watcher = setting.watcher(ME);
    let outcome = setting.round(&watcher).await;
    assert_eq!(states(&outcome), [("wheels", StepState::Unconfirmed)]);
    assert_eq!(
        actions(&outcome),
        ["done cryptography/main/dispatch/wheels/3.5.4/1"]
    );
    assert_eq!(setting.only(&watcher).await.state, StepState::Unconfirmed);
    setting.minutes(20);
    assert_eq!(setting.only(&watcher).await.state, StepState::Running);
    assert_eq!(setting.dispatched().len(), 1);
}

#[tokio::test]
async fn two_runs_that_nothing_tells_apart_are_not_guessed() {
    let mut setting = Setting::one_workflow();
    setting.fake = setting.fake.enterprise();
    setting
        .fake
        .lag(Listed::Runs, Lag::For(Duration::from_secs(1000)));
    let watcher = setting.watcher(ME);
    assert_eq!(setting.only(&watcher).await.state, StepState::Unconfirmed);
    // Somebody starts it by hand, in the same name.
    setting
        .fake
        .start_run(PROJECT, "wheels.yml", "main", "workflow_dispatch", ME);
    setting.minutes(20);
    for _ in 0..5 {
        let seen = setting.only(&watcher).await;
        assert_eq!(seen.state, StepState::Unconfirmed);
        assert!(
            seen.sentence.contains("nothing tells which"),
            "{}",
            seen.sentence
        );
        setting.hours(3);
    }
    assert_eq!(setting.dispatched().len(), 2);
    assert_eq!(setting.claims().len(), 1);
}

#[tokio::test]
async fn an_event_starts_every_workflow_that_listens() {
    let start = Start::Event("openssl".to_owned());
    let setting = Setting::with(vec![dispatch(
        "wheels",
        start,
        &[("v", "{{ openssl.tag }}")],
    )]);
    for file in ["linux.yml", "macos.yml"] {
        setting
            .fake
            .workflow(PROJECT, Workflow::new(file).on_event(&["openssl"]));
    }
    let watcher = setting.watcher(ME);
    let outcome = setting.round(&watcher).await;
    assert_eq!(states(&outcome), [("wheels", StepState::Running)]);
    let started = setting.dispatched();
    assert_eq!(started.len(), 2);
    assert_eq!(started[0].payload["v"], "openssl-3.5.4");
    assert_eq!(outcome.progress[0].runs.len(), 2);
    setting.build(started[0].id, TARGET);
    assert_eq!(setting.only(&watcher).await.state, StepState::Running);
    setting.build(started[1].id, TARGET);
    assert_eq!(setting.only(&watcher).await.state, StepState::Held);
    assert_eq!(setting.dispatched().len(), 2);
}

/// Whatever the answer to the dispatch is, in the end there is one run.
#[tokio::test]
async fn every_fault_at_the_dispatch_ends_with_one_run() {
    for is_telling in [true, false] {
        for fault in Fault::every_kind() {
            if matches!(fault, Fault::HugePage(_) | Fault::Endless) && !is_telling {
                continue;
            }
            let setting = if is_telling {
                Setting::one_telling_workflow()
            } else {
                Setting::one_workflow()
            };
            let case = format!("{fault:?}, telling: {is_telling}");
            let watcher = setting.watcher(ME);
            setting
                .fake
                .fault(Matcher::new("POST", DISPATCHES), fault.clone());
            let first = setting.round(&watcher).await;
            assert_eq!(
                setting.dispatched().len(),
                usize::from(fault.stores()),
                "{case}"
            );
            if fault.stores() {
                assert_eq!(states(&first), [("wheels", StepState::Running)], "{case}");
            }
            settle(&setting, &watcher, 1, &case).await;
        }
    }
}

/// The same, when the lists do not show the run for a while.
#[tokio::test]
async fn a_lost_answer_and_a_list_that_lags_end_with_one_run() {
    for when in [When::Before, When::After] {
        let setting = Setting::one_workflow();
        let watcher = setting.watcher(ME);
        setting
            .fake
            .lag(Listed::Runs, Lag::For(Duration::from_secs(900)));
        setting
            .fake
            .fault(Matcher::new("POST", DISPATCHES), Fault::Status(when, 502));
        let first = setting.only(&watcher).await;
        assert_eq!(first.state, StepState::Unconfirmed);
        assert!(
            first
                .sentence
                .contains("whether it was started is not known")
        );
        settle(&setting, &watcher, 1, &format!("{when:?}")).await;
    }
}

/// Whatever happens to the claim, in the end there is one run.
#[tokio::test]
async fn every_fault_at_the_claim_ends_with_one_run() {
    for fault in Fault::every_kind() {
        let setting = Setting::one_workflow();
        let watcher = setting.watcher(ME);
        let comments = format!("/repos/pyca/cryptography/issues/{}/comments", setting.issue);
        setting
            .fake
            .fault(Matcher::new("POST", &comments), fault.clone());
        let case = format!("{fault:?}");
        setting.round(&watcher).await;
        settle(&setting, &watcher, 1, &case).await;
        assert_eq!(setting.claims().len(), 1, "{case}");
    }
}

/// A claim that GitHub's list does not show is waited for.
#[tokio::test]
async fn nothing_starts_by_a_claim_that_is_not_seen() {
    let setting = Setting::one_workflow();
    let watcher = setting.watcher(ME);
    setting
        .fake
        .lag(Listed::Comments, Lag::For(Duration::from_secs(600)));
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Unclear);
    assert_eq!(setting.dispatched().len(), 0);
    setting.minutes(15);
    assert_eq!(setting.only(&watcher).await.state, StepState::Running);
    assert_eq!(setting.claims().len(), 1);
    assert_eq!(setting.dispatched().len(), 1);
}

#[tokio::test]
async fn hidden_runs_are_hints_that_are_read_again() {
    let setting = Setting::one_workflow();
    let fake = &setting.fake;
    fake.workflow(PROJECT, Workflow::new("other.yml").dispatched([]));
    let ours = fake.start_run(PROJECT, "wheels.yml", "main", "workflow_dispatch", ME);
    let pushed = fake.start_run(PROJECT, "wheels.yml", "main", "push", ME);
    let theirs = fake.start_run(
        PROJECT,
        "wheels.yml",
        "main",
        "workflow_dispatch",
        "mallory",
    );
    let other = fake.start_run(PROJECT, "other.yml", "main", "workflow_dispatch", ME);
    let known = |run| KnownRun {
        step: "wheels".to_owned(),
        target: TARGET.parse().unwrap(),
        run,
    };
    for (run, is_ours) in [
        (ours, true),
        (pushed, false),
        (theirs, false),
        (other, false),
        (1, false),
    ] {
        let mut watcher = setting.watcher(ME);
        watcher.known = vec![known(run)];
        watcher.mode = Mode::Plan;
        let outcome = setting.round(&watcher).await;
        let expected = if is_ours {
            StepState::Running
        } else {
            StepState::Planned
        };
        assert_eq!(states(&outcome), [("wheels", expected)], "{run}");
    }
}

#[tokio::test]
async fn a_run_that_was_deleted_is_for_people() {
    let setting = Setting::one_workflow();
    let watcher = setting.watcher(ME);
    setting.round(&watcher).await;
    setting
        .fake
        .edit_repository(PROJECT, |repository| repository.runs.clear());
    setting.hours(5);
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::ForPeople);
    assert!(
        seen.sentence.contains("it was deleted"),
        "{}",
        seen.sentence
    );
    assert_eq!(setting.dispatched().len(), 0);
}

#[tokio::test]
async fn another_repository_of_the_same_name_stops_everything() {
    let setting = Setting::one_workflow();
    let mut watcher = setting.watcher(ME);
    watcher.has_issue = false;
    setting.round(&watcher).await;
    setting.fake.replace(PROJECT);
    let workflow = Workflow::new("wheels.yml").dispatched([Input::required("openssl")]);
    setting.fake.workflow(PROJECT, workflow);
    for _ in 0..2 {
        let seen = setting.only(&watcher).await;
        assert_eq!(seen.state, StepState::Blocked);
        assert!(seen.sentence.contains("is another repository than before"));
    }
}

/// Rounds until the step runs, at most for some hours; then the number of runs is right, and stays.
pub async fn settle(setting: &Setting, watcher: &Watcher, runs: usize, case: &str) {
    let mut last = None;
    for _ in 0..14 {
        setting.minutes(16);
        last = Some(setting.only(watcher).await);
    }
    let last = last.unwrap();
    assert_eq!(last.state, StepState::Running, "{case}: {}", last.sentence);
    assert_eq!(setting.dispatched().len(), runs, "{case}");
    assert_eq!(last.runs[0].id, setting.dispatched()[0].id, "{case}");
    let named = format!("run={}", setting.dispatched()[0].id);
    let claims = setting.claims();
    assert!(
        claims.iter().any(|claim| claim.contains(&named)),
        "{case}: {claims:?}"
    );
}
