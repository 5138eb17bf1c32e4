//! Watchers without a common ledger, and what others can write.

use rewheel::cycle::steps::Mode;
use rewheel::policy::steps::StepState;
use rstest::rstest;

use super::setting::*;
use crate::support::fake_github::{Fault, Lag, Listed, Matcher, When};

/// A claim of somebody, as it stands in a comment.
fn claim(attempt: u32, rest: &str) -> String {
    format!(
        "<!-- rewheel:claim v1 step=wheels target=3.5.4 attempt={attempt} id=00112233aabbccdd{rest} -->\nx"
    )
}

#[rstest]
#[case(ME, OTHER)]
#[case(OTHER, ME)]
#[tokio::test]
async fn the_second_follows_what_the_first_started(#[case] first: &str, #[case] second: &str) {
    let setting = Setting::one_workflow();
    let (first, second) = (setting.watcher(first), setting.watcher(second));
    assert_eq!(setting.only(&first).await.state, StepState::Running);
    for watcher in [&second, &first, &second] {
        setting.minutes(15);
        let outcome = setting.round(watcher).await;
        assert_eq!(states(&outcome), [("wheels", StepState::Running)]);
        assert!(outcome.actions.is_empty());
        assert_eq!(outcome.runs.len(), 1);
    }
    assert_eq!(setting.dispatched().len(), 1);
    assert_eq!(setting.claims().len(), 1);
}

/// Both look before either claims: each order of their claims and lists ends with one run.
#[rstest]
#[case(ME, OTHER)]
#[case(OTHER, ME)]
#[tokio::test]
async fn two_at_once_start_it_once(#[case] first: &str, #[case] second: &str) {
    let setting = Setting::one_workflow();
    let (a, b) = (setting.watcher(first), setting.watcher(second));
    let comments = format!("/repos/pyca/cryptography/issues/{}/comments", setting.issue);
    // The first one's claim is stored, and its answer held until the second one has claimed, too.
    let mut hold = setting
        .fake
        .hold(Matcher::new("POST", &comments), When::After);
    let ahead = setting.round(&a);
    let behind = async {
        hold.arrived().await;
        let outcome = setting.round(&b).await;
        hold.release();
        outcome
    };
    let (ahead, behind) = tokio::join!(ahead, behind);
    assert_eq!(states(&ahead), [("wheels", StepState::Running)]);
    assert_eq!(states(&behind), [("wheels", StepState::Waiting)]);
    assert_eq!(
        actions(&behind),
        ["skipped cryptography/main/dispatch/wheels/3.5.4/1"]
    );
    assert_eq!(setting.dispatched().len(), 1);
    assert_eq!(setting.dispatched()[0].actor, first);
    setting.minutes(15);
    assert_eq!(setting.only(&b).await.state, StepState::Running);
    assert_eq!(setting.dispatched().len(), 1);
}

/// The higher claim yields, and says so, also when both were posted before either list.
#[tokio::test]
async fn the_higher_claim_yields() {
    let setting = Setting::one_workflow();
    let (a, b) = (setting.watcher(ME), setting.watcher(OTHER));
    let comments = format!("/repos/pyca/cryptography/issues/{}/comments", setting.issue);
    // The second one's list before its claim does not show the first one's claim.
    let mut claimed = setting
        .fake
        .hold(Matcher::new("POST", &comments), When::After);
    let ahead = setting.round(&a);
    let behind = async {
        claimed.arrived().await;
        setting.fake.edit_issue(PROJECT, setting.issue, |_| {});
        let hidden = setting.fake.comments(PROJECT, setting.issue).remove(0);
        setting
            .fake
            .edit_issue(PROJECT, setting.issue, |issue| issue.comments.clear());
        let mut posting = setting
            .fake
            .hold(Matcher::new("POST", &comments), When::After);
        let round = setting.round(&b);
        let back = async {
            posting.arrived().await;
            setting.fake.edit_issue(PROJECT, setting.issue, |issue| {
                issue.comments.insert(0, hidden);
            });
            posting.release();
        };
        let (outcome, ()) = tokio::join!(round, back);
        claimed.release();
        outcome
    };
    let (ahead, behind) = tokio::join!(ahead, behind);
    assert_eq!(states(&ahead), [("wheels", StepState::Running)]);
    assert_eq!(states(&behind), [("wheels", StepState::Waiting)]);
    let claims = setting.claims();
    assert_eq!(claims.len(), 2);
    assert!(claims[0].contains("run="), "{claims:?}");
    assert!(claims[1].contains("state=yielded"), "{claims:?}");
    assert_eq!(setting.dispatched().len(), 1);
}

#[rstest]
#[case::claims_and_dies(OTHER, StepState::Waiting, 1)]
#[case::a_stranger("mallory", StepState::Running, 1)]
#[tokio::test]
async fn a_claim_without_a_run_ends_after_an_hour(
    #[case] author: &str,
    #[case] state: StepState,
    #[case] runs: usize,
) {
    let setting = Setting::one_workflow();
    let fake = &setting.fake;
    fake.add_comment(PROJECT, setting.issue, author, &claim(1, ""));
    let watcher = setting.watcher(ME);
    assert_eq!(setting.only(&watcher).await.state, state);
    setting.minutes(50);
    assert_eq!(setting.only(&watcher).await.state, state);
    setting.minutes(11);
    assert_eq!(setting.only(&watcher).await.state, StepState::Running);
    assert_eq!(setting.dispatched().len(), runs);
    let attempt = if state == StepState::Waiting { 2 } else { 1 };
    let own = format!("attempt={attempt} run=");
    assert!(setting.claims()[1].contains(&own), "{:?}", setting.claims());
}

/// Another watcher claimed and started, and died before it could name the run.
#[tokio::test]
async fn a_run_that_another_watcher_could_not_name_is_found() {
    let setting = Setting::one_workflow();
    let fake = &setting.fake;
    fake.add_comment(PROJECT, setting.issue, OTHER, &claim(1, ""));
    let run = fake.start_run(PROJECT, "wheels.yml", "main", "workflow_dispatch", OTHER);
    let watcher = setting.watcher(ME);
    for _ in 0..5 {
        let seen = setting.only(&watcher).await;
        assert_eq!(seen.state, StepState::Running);
        assert_eq!(seen.runs[0].id, run);
        setting.minutes(20);
    }
    assert_eq!(setting.dispatched().len(), 1);
    // The claim of somebody else is not rewritten.
    assert_eq!(fake.writes().len(), 0);
}

/// Somebody who may comment writes what a watcher writes.
#[rstest]
#[case::names_a_run(" run=9")]
#[case::yields(" state=yielded")]
#[case::refused(" state=refused")]
#[tokio::test]
async fn forged_claims_are_ignored(#[case] rest: &str) {
    let setting = Setting::one_workflow();
    let fake = &setting.fake;
    fake.add_comment(PROJECT, setting.issue, "mallory", &claim(1, rest));
    let quoted = format!("> {}", claim(1, rest));
    fake.add_comment(PROJECT, setting.issue, OTHER, &quoted);
    let watcher = setting.watcher(ME);
    assert_eq!(setting.only(&watcher).await.state, StepState::Running);
    assert_eq!(setting.dispatched().len(), 1);
}

/// Two processes write in one name; neither takes the other's claim for its own.
#[tokio::test]
async fn one_name_is_not_one_watcher() {
    let setting = Setting::one_workflow();
    let (a, b) = (setting.watcher(ME), setting.watcher(ME));
    let comments = format!("/repos/pyca/cryptography/issues/{}/comments", setting.issue);
    let mut hold = setting
        .fake
        .hold(Matcher::new("POST", &comments), When::After);
    let behind = async {
        hold.arrived().await;
        let outcome = setting.round(&b).await;
        hold.release();
        outcome
    };
    let (ahead, behind) = tokio::join!(setting.round(&a), behind);
    assert_eq!(states(&ahead), [("wheels", StepState::Running)]);
    assert_eq!(states(&behind), [("wheels", StepState::Waiting)]);
    assert_eq!(setting.dispatched().len(), 1);
}

/// The ledger is lost between two rounds: the claims alone tell.
#[tokio::test]
async fn a_lost_ledger_loses_no_run() {
    let setting = Setting::one_workflow();
    assert_eq!(
        setting.only(&setting.watcher(ME)).await.state,
        StepState::Running
    );
    let seen = setting.only(&setting.watcher(ME)).await;
    assert_eq!(seen.state, StepState::Running);
    assert_eq!(seen.runs[0].id, setting.dispatched()[0].id);
    assert_eq!(setting.dispatched().len(), 1);
}

/// A list that lags hides another watcher's claim: nothing starts by it.
#[tokio::test]
async fn a_list_that_lags_starts_nothing_twice() {
    let setting = Setting::one_workflow();
    let (a, b) = (setting.watcher(ME), setting.watcher(OTHER));
    setting.fake.lag(
        Listed::Comments,
        Lag::For(std::time::Duration::from_secs(1200)),
    );
    assert_eq!(setting.only(&a).await.state, StepState::Unclear);
    assert_eq!(setting.only(&b).await.state, StepState::Unclear);
    setting.minutes(25);
    assert_eq!(setting.only(&b).await.state, StepState::Waiting);
    assert_eq!(setting.only(&a).await.state, StepState::Running);
    assert_eq!(setting.only(&b).await.state, StepState::Running);
    assert_eq!(setting.dispatched().len(), 1);
}

#[tokio::test]
async fn a_plan_waits_for_nobody_and_writes_nothing() {
    let setting = Setting::one_workflow();
    let fake = &setting.fake;
    fake.add_comment(PROJECT, setting.issue, OTHER, &claim(1, ""));
    let mut watcher = setting.watcher(ME);
    watcher.mode = Mode::Plan;
    assert_eq!(setting.only(&watcher).await.state, StepState::Waiting);
    fake.fault(Matcher::writes().always(), Fault::Forbidden);
    assert_eq!(fake.writes().len(), 0);
}
