//! A watcher that is stopped at each of its requests, before and after GitHub took it, and begins
//! anew: in the end there is one run for each step and target.

use std::path::Path;

use rewheel::policy::steps::StepState;
use rewheel::store::ledger::{Access, Ledger, StateLocation};

use super::setting::*;
use crate::support::fake_github::{Job, Matcher, When};

/// A watcher whose memory is this file, or none.
fn watcher(setting: &Setting, path: Option<&Path>) -> Watcher {
    path.map_or_else(|| setting.watcher(ME), |path| setting.watcher_at(ME, path))
}

/// One round that is dropped while GitHub holds the request with this number. Says whether there
/// was such a request.
async fn stopped_at(setting: &Setting, path: Option<&Path>, number: usize, when: When) -> bool {
    let watcher = watcher(setting, path);
    let mut hold = setting.fake.hold(Matcher::any().nth(number), when);
    let was_held = {
        let round = setting.round(&watcher);
        tokio::select! {
            biased;
            () = hold.arrived() => true,
            _ = round => false,
        }
    };
    // What was sent before the end arrives all the same.
    hold.release();
    setting.fake.unbroken();
    was_held
}

/// Stops a round at each of its requests, or at every so many of them, and counts the cases.
async fn at_every_request(
    make: impl Fn() -> Setting,
    is_kept: bool,
    every: usize,
    prepare: impl AsyncFn(&Setting, Option<&Path>),
    check: impl AsyncFn(&Setting, Option<&Path>, &str),
) -> usize {
    let mut cases = 0;
    for when in [When::Before, When::After] {
        for number in (1..).step_by(every) {
            let setting = make();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("rewheel.db");
            let path = is_kept.then_some(path.as_path());
            prepare(&setting, path).await;
            let was_held = stopped_at(&setting, path, number, when).await;
            let case = format!("stopped {when:?} request {number}, ledger: {is_kept}");
            check(&setting, path, &case).await;
            cases += 1;
            if !was_held {
                break;
            }
        }
    }
    cases
}

/// Rounds of a new process, until long after a claim of the old one ended.
async fn rounds(setting: &Setting, path: Option<&Path>) -> StepState {
    let watcher = watcher(setting, path);
    let mut state = StepState::Unclear;
    for minutes in [1, 15, 25, 25, 25] {
        setting.minutes(minutes);
        state = setting.only(&watcher).await.state;
    }
    state
}

async fn nothing(_: &Setting, _: Option<&Path>) {}

async fn one_run(setting: &Setting, path: Option<&Path>, case: &str) {
    assert_eq!(rounds(setting, path).await, StepState::Running, "{case}");
    let started = setting.dispatched();
    assert_eq!(started.len(), 1, "{case}: {:?}", setting.claims());
    let named = format!("run={}", started[0].id);
    let claims = setting.claims();
    assert!(
        claims.iter().any(|claim| claim.contains(&named)),
        "{case}: {claims:?}"
    );
}

#[tokio::test]
async fn a_start_that_is_stopped_anywhere_ends_with_one_run() {
    let mut cases = 0;
    for (is_kept, is_telling, is_older) in [
        (true, true, false),
        (true, false, true),
        (false, true, true),
        (false, false, false),
    ] {
        let make = || {
            let mut setting = match is_telling {
                true => Setting::one_telling_workflow(),
                false => Setting::one_workflow(),
            };
            if is_older {
                setting.fake = setting.fake.enterprise();
            }
            setting
        };
        cases += at_every_request(make, is_kept, 1, nothing, one_run).await;
    }
    // Each request of a start, before and after GitHub took it.
    assert!(cases > 100, "{cases}");
}

/// With a ledger that survives, a claim by which nothing was sent is used at once.
#[tokio::test]
async fn a_claim_without_a_start_is_taken_up_at_once() {
    let setting = Setting::one_workflow();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let comments = format!("/repos/pyca/cryptography/issues/{}/comments", setting.issue);
    let first = setting.watcher_at(ME, &path);
    let mut hold = setting
        .fake
        .hold(Matcher::new("POST", &comments), When::After);
    tokio::select! {
        biased;
        () = hold.arrived() => {}
        _ = setting.round(&first) => panic!("it was not held"),
    }
    hold.release();
    drop(first);
    let second = setting.watcher_at(ME, &path);
    assert_eq!(setting.only(&second).await.state, StepState::Running);
    assert_eq!(setting.claims().len(), 1);
    assert_eq!(setting.dispatched().len(), 1);
}

#[tokio::test]
async fn a_rerun_that_is_stopped_anywhere_happens_once() {
    let failed = async |setting: &Setting, path: Option<&Path>| {
        let watcher = watcher(setting, path);
        assert_eq!(setting.only(&watcher).await.state, StepState::Running);
        let run = setting.dispatched()[0].id;
        let jobs = vec![Job::new("linux", "failure")];
        setting.fake.finish_run(run, "failure", jobs, Vec::new());
        setting.minutes(11);
    };
    let again_once = async |setting: &Setting, path: Option<&Path>, case: &str| {
        assert_eq!(rounds(setting, path).await, StepState::Running, "{case}");
        let run = &setting.dispatched()[0];
        assert_eq!((setting.dispatched().len(), run.attempt), (1, 2), "{case}");
    };
    for is_kept in [true, false] {
        at_every_request(Setting::one_workflow, is_kept, 1, failed, again_once).await;
    }
}

/// Two targets and two steps at once: one run each.
#[tokio::test]
async fn every_step_and_target_has_its_own_run() {
    let make = || {
        let mut setting = Setting::one_telling_workflow();
        let mut second = wheels();
        second.name = "more-wheels".to_owned();
        setting.steps.push(second);
        setting.due.push(due("3.0.18"));
        setting
    };
    let check = async |setting: &Setting, path: Option<&Path>, case: &str| {
        let watcher = watcher(setting, path);
        for minutes in [1, 15, 25, 25, 25] {
            setting.minutes(minutes);
            setting.round(&watcher).await;
        }
        let outcome = setting.round(&watcher).await;
        let mut followed: Vec<u64> = outcome.runs.iter().map(|known| known.run).collect();
        followed.sort_unstable();
        let mut started: Vec<u64> = setting.dispatched().iter().map(|run| run.id).collect();
        started.sort_unstable();
        assert_eq!(started.len(), 4, "{case}: {:?}", setting.claims());
        assert_eq!(followed, started, "{case}");
    };
    at_every_request(make, true, 3, nothing, check).await;
}

/// A ledger that cannot be written starts nothing.
#[tokio::test]
async fn without_a_note_nothing_starts() {
    let setting = Setting::one_workflow();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let mut watcher = setting.watcher_at(ME, &path);
    watcher.ledger = Ledger::open(&StateLocation::File(path), Access::Look).unwrap();
    let seen = setting.only(&watcher).await;
    assert_eq!(seen.state, StepState::Unclear);
    assert!(
        seen.sentence
            .starts_with("nothing is started, as it could not be noted")
    );
    assert_eq!(setting.fake.writes().len(), 0);
}
