//! Runs that were started, followed to their end.

use rewheel::policy::steps::StepState;
use rstest::rstest;

use super::setting::*;
use crate::support::binary::{wheel_carrying, wheel_without, wheel_without_version};
use crate::support::fake_github::{Artifact, Fault, Job, Matcher};

const WHEEL: &str = "cryptography-46.0.4-cp311-abi3-macosx_11_0_arm64.whl";

async fn started() -> (Setting, Watcher, u64) {
    let setting = Setting::one_workflow();
    let watcher = setting.watcher(ME);
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Running);
    let run = setting.dispatched()[0].id;
    (setting, watcher, run)
}

#[tokio::test]
async fn wheels_that_lack_the_target_are_built_again_up_to_the_limit() {
    let (setting, watcher, _) = started().await;
    for attempt in 1..=3 {
        let run = setting.dispatched().last().unwrap().id;
        setting.build(run, "3.5.3");
        let outcome = setting.round(&watcher).await;
        let last = &outcome.progress[0];
        if attempt < 3 {
            assert_eq!(last.state, StepState::Running, "{}", last.sentence);
            let key = format!(
                "done cryptography/main/dispatch/wheels/3.5.4/{}",
                attempt + 1
            );
            assert_eq!(actions(&outcome), [key]);
        } else {
            assert_eq!(last.state, StepState::Stale);
            assert!(
                last.sentence
                    .contains("its wheels lack OpenSSL 3.5.4: cryptography-46.0.4-")
                    && last.sentence.contains("carries OpenSSL 3.5.3")
                    && last.sentence.contains("as often as allowed (3)"),
                "{}",
                last.sentence
            );
        }
    }
    setting.hours(9);
    assert_eq!(setting.only(&watcher).await.state, StepState::Stale);
    assert_eq!(setting.dispatched().len(), 3);
    assert_eq!(setting.claims().len(), 3);
}

#[rstest]
#[case::nothing(vec![], "no wheel is among its artifacts")]
#[case::no_wheels(vec![Artifact::new("logs", &[("log.txt", b"text")])], "no wheel is among its artifacts")]
#[case::without_openssl(vec![Artifact::new("w", &[(WHEEL, &wheel_without())])], "none carries OpenSSL of the series 3.5")]
#[case::without_version(vec![Artifact::new("w", &[(WHEEL, &wheel_without_version())])], "cannot be proven")]
#[case::other_series(vec![Artifact::new("w", &[(WHEEL, &wheel_carrying(&text("3.0.18")))])], "none carries OpenSSL of the series 3.5")]
#[case::a_wheel_itself(vec![Artifact { name: WHEEL.to_owned(), archive: wheel_carrying(&text(TARGET)), ..Artifact::new("", &[]) }], "1 of 1 wheel carries OpenSSL 3.5.4 or later")]
#[case::later(vec![Artifact::new("w", &[(WHEEL, &wheel_carrying(&text("3.5.5")))])], "1 of 1 wheel carries OpenSSL 3.5.4 or later")]
#[case::expired(vec![Artifact { expired: true, ..Artifact::new("wheels-linux", &[(WHEEL, &wheel_carrying(&text(TARGET)))]) }], "not looked into: wheels-linux has expired")]
#[case::no_archive(vec![Artifact { archive: b"nothing".to_vec(), ..Artifact::new("w", &[]) }], "no wheel is among its artifacts")]
#[tokio::test]
async fn a_green_run_says_what_it_proves(#[case] artifacts: Vec<Artifact>, #[case] expected: &str) {
    let (setting, watcher, run) = started().await;
    setting
        .fake
        .finish_run(run, "success", Vec::new(), artifacts);
    for _ in 0..2 {
        let seen = setting.only(&watcher).await;
        assert_eq!(seen.state, StepState::Held);
        assert!(seen.sentence.contains(expected), "{}", seen.sentence);
    }
}

#[tokio::test]
async fn an_artifact_that_is_too_large_is_not_fetched() {
    let (mut setting, watcher, run) = started().await;
    setting.limits.wheel_bytes = 100;
    setting.build(run, TARGET);
    setting.fake.forget_requests();
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Held);
    assert!(
        seen.sentence
            .contains("wheels-linux is larger than the limit `wheel-bytes` allows (100)"),
        "{}",
        seen.sentence
    );
    assert!(setting.fake.requests().iter().all(|entry| !entry.archive));
}

#[tokio::test]
async fn an_artifact_is_read_once_and_again_only_when_it_could_not_be_had() {
    let (setting, watcher, run) = started().await;
    setting.build(run, TARGET);
    setting.fake.fault(
        Matcher::new("GET", "/repos/*/*/actions/artifacts/*/zip").times(9),
        Fault::Status(crate::support::fake_github::When::Before, 503),
    );
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Unclear, "{}", seen.sentence);
    setting.fake.unbroken();
    assert_eq!(setting.only(&watcher).await.state, StepState::Held);
    setting.fake.forget_requests();
    assert_eq!(setting.only(&watcher).await.state, StepState::Held);
    let read = setting.fake.requests();
    assert!(
        read.iter()
            .all(|entry| !entry.archive && !entry.path.contains("artifacts"))
    );
}

#[tokio::test]
async fn failed_jobs_run_again_with_patience_and_a_limit() {
    let (setting, watcher, run) = started().await;
    let jobs = || {
        vec![
            Job::new("linux (x86_64)", "failure"),
            Job::new("macos", "success"),
        ]
    };
    setting.fake.finish_run(run, "failure", jobs(), Vec::new());
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Failed);
    assert!(
        seen.sentence
            .contains("its failed jobs are run again from 2026-10-23T12:")
    );
    assert_eq!(seen.failed_jobs.len(), 1);
    assert_eq!(seen.failed_jobs[0].name, "linux (x86_64)");
    assert!(seen.failed_jobs[0].url.is_some());

    for (attempt, minutes) in [(1, 10), (2, 20)] {
        setting.minutes(minutes - 2);
        assert_eq!(setting.only(&watcher).await.state, StepState::Failed);
        assert_eq!(setting.fake.run(run).attempt, attempt);
        setting.minutes(2);
        let outcome = setting.round(&watcher).await;
        assert_eq!(states(&outcome), [("wheels", StepState::Running)]);
        let key = format!("done cryptography/main/rerun/wheels/{run}/{attempt}");
        assert_eq!(actions(&outcome), [key]);
        assert_eq!(setting.fake.run(run).attempt, attempt + 1);
        assert_eq!(setting.only(&watcher).await.state, StepState::Running);
        setting
            .fake
            .finish_run(run, "timed_out", jobs(), Vec::new());
    }
    setting.hours(30);
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Failed);
    assert!(
        seen.sentence
            .contains("were run again 2 times, and no more than 2 are allowed"),
        "{}",
        seen.sentence
    );
    assert_eq!(seen.failed_jobs.len(), 1);
    assert_eq!(setting.fake.run(run).attempt, 3);
    assert_eq!(setting.dispatched().len(), 1);
}

#[rstest]
#[case("cancelled")]
#[case("action_required")]
#[case("skipped")]
#[tokio::test]
async fn what_somebody_stopped_is_left_to_people(#[case] conclusion: &str) {
    let (setting, watcher, run) = started().await;
    setting
        .fake
        .finish_run(run, conclusion, Vec::new(), Vec::new());
    setting.hours(5);
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::ForPeople);
    assert!(seen.sentence.contains(conclusion));
    assert_eq!(setting.fake.run(run).attempt, 1);
    assert_eq!(setting.dispatched().len(), 1);
}

/// Whatever the answer to a re-run is, the failed jobs run again once for each failure.
#[tokio::test]
async fn every_fault_at_a_rerun_runs_it_again_once() {
    for fault in Fault::every_kind() {
        let (setting, watcher, run) = started().await;
        let case = format!("{fault:?}");
        setting
            .fake
            .finish_run(run, "failure", vec![Job::new("a", "failure")], Vec::new());
        setting.minutes(11);
        let path = format!("/repos/pyca/cryptography/actions/runs/{run}/rerun-failed-jobs");
        setting
            .fake
            .fault(Matcher::new("POST", &path), fault.clone());
        setting.round(&watcher).await;
        for _ in 0..9 {
            setting.minutes(16);
            setting.round(&watcher).await;
        }
        assert_eq!(setting.fake.run(run).attempt, 2, "{case}");
        assert_eq!(
            setting.only(&watcher).await.state,
            StepState::Running,
            "{case}"
        );
        assert_eq!(setting.dispatched().len(), 1, "{case}");
    }
}

#[tokio::test]
async fn a_run_of_another_watcher_is_not_run_again() {
    let (setting, _, run) = started().await;
    setting
        .fake
        .finish_run(run, "failure", vec![Job::new("a", "failure")], Vec::new());
    setting.hours(2);
    let other = setting.watcher(OTHER);
    let seen = setting.only(&other).await;
    assert_eq!(seen.state, StepState::Failed);
    assert!(
        seen.sentence
            .contains("its failed jobs are run again by rewheel[bot]"),
        "{}",
        seen.sentence
    );
    assert_eq!(setting.fake.run(run).attempt, 1);
    assert_eq!(setting.dispatched().len(), 1);
}
