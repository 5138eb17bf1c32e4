//! Steps that are looked at and waited for.

use rewheel::policy::steps::StepState;
use rstest::rstest;

use super::setting::*;
use crate::support::fake_github::{Fault, Job, Matcher, When, Workflow};

#[rstest]
#[case::held(Some("V=3.5.4\n"), StepState::Held, "holds \"3.5.4\"")]
#[case::longer(
    Some("V=3.5.40\n"),
    StepState::ForPeople,
    "does not hold \"3.5.4\" yet"
)]
#[case::missing(
    None,
    StepState::ForPeople,
    "there is no version.txt of pyca/cryptography at main"
)]
#[tokio::test]
async fn a_file_holds_the_text_or_not(
    #[case] content: Option<&str>,
    #[case] state: StepState,
    #[case] sentence: &str,
) {
    let setting = Setting::with(vec![file("bump", "version.txt", "{{ openssl.version }}")]);
    if let Some(content) = content {
        setting
            .fake
            .commit(PROJECT, "main", "version.txt", content.as_bytes());
    }
    let watcher = setting.watcher(ME);
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, state);
    assert!(seen.sentence.contains(sentence), "{}", seen.sentence);
}

#[tokio::test]
async fn a_file_that_cannot_be_looked_at_is_unclear() {
    let setting = Setting::with(vec![file("bump", "version.txt", "x")]);
    let contents = Matcher::new("GET", "/repos/*/*/contents/**").times(9);
    setting
        .fake
        .fault(contents, Fault::Status(When::Before, 503));
    let watcher = setting.watcher(ME);
    assert_eq!(setting.only(&watcher).await.state, StepState::Unclear);
}

/// Without a file that tells, the order in time does.
#[rstest]
#[case::later("push", "success", 20, StepState::Held, "only the order in time does")]
#[case::not_ours(
    "push",
    "failure",
    20,
    StepState::Failed,
    "it is not ours, so it is not run again"
)]
#[case::on_its_way("schedule", "", 20, StepState::Running, "is on its way")]
#[case::pull_request("pull_request", "success", 20, StepState::Waiting, "no run of")]
#[case::too_early("push", "success", 23, StepState::Waiting, "no run of")]
#[tokio::test]
async fn a_run_of_others_counts_by_time(
    #[case] event: &str,
    #[case] conclusion: &str,
    #[case] released: u32,
    #[case] state: StepState,
    #[case] sentence: &str,
) {
    let mut setting = Setting::with(vec![run("build", "build.yml", &[])]);
    setting.fake.workflow(PROJECT, Workflow::new("build.yml"));
    let id = setting
        .fake
        .start_run(PROJECT, "build.yml", "main", event, "alex");
    if !conclusion.is_empty() {
        let jobs = vec![Job::new("linux", conclusion)];
        setting.fake.finish_run(id, conclusion, jobs, Vec::new());
    }
    setting.due[0].published = Some(format!("2026-10-{released}").parse().unwrap());
    let watcher = setting.watcher(ME);
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, state, "{}", seen.sentence);
    assert!(seen.sentence.contains(sentence), "{}", seen.sentence);
    assert_eq!(
        seen.failed_jobs.len(),
        usize::from(state == StepState::Failed)
    );
    setting.hours(9);
    setting.round(&watcher).await;
    assert_eq!(setting.fake.writes().len(), 0);
}

#[tokio::test]
async fn what_a_commit_holds_is_asked_once() {
    let mut build = run("build", "build.yml", &["bump"]);
    build.needs = vec!["bump".to_owned()];
    let bump = file("bump", "version.txt", "{{ openssl.version }}");
    let setting = Setting::with(vec![bump, build]);
    let fake = &setting.fake;
    fake.workflow(PROJECT, Workflow::new("build.yml"));
    for content in ["3.5.2", "3.5.3", "3.5.4"] {
        fake.commit(PROJECT, "main", "version.txt", content.as_bytes());
        let id = fake.start_run(PROJECT, "build.yml", "main", "push", "alex");
        let conclusion = if content == "3.5.4" {
            "failure"
        } else {
            "success"
        };
        fake.finish_run(id, conclusion, vec![Job::new("a", conclusion)], Vec::new());
    }
    let watcher = setting.watcher(ME);
    let outcome = setting.round(&watcher).await;
    assert_eq!(
        states(&outcome),
        [("bump", StepState::Held), ("build", StepState::Failed)]
    );
    fake.forget_requests();
    setting.round(&watcher).await;
    let looked = fake.requests();
    let looked = looked
        .iter()
        .filter(|entry| entry.path.contains("/contents/"));
    // Only the step's own look at the branch.
    assert_eq!(looked.count(), 1);
}

#[tokio::test]
async fn a_missing_workflow_is_a_sentence() {
    let setting = Setting::with(vec![run("build", "biuld.yml", &[])]);
    let watcher = setting.watcher(ME);
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Blocked);
    assert!(seen.sentence.contains("404"), "{}", seen.sentence);
}
