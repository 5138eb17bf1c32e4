//! Every fault at every request of every part of an issue's life: afterwards there is one issue,
//! one run, and the right text.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use rewheel::config::ProjectSettings;
use rewheel::cycle::act::Mode;
use rewheel::github::Github;
use rewheel::report::CheckReport;
use rewheel::store::ledger::{Access as LedgerAccess, Ledger, StateLocation};

use crate::support::fake_github::{FakeGithub, Fault, Matcher, When};
use crate::support::life::{self, Part, STEPS};
use crate::support::stage::{self, NEW, OLD, PLATFORMS, REPOSITORY, Stage};

/// What the cycles decide, which is the same for every case.
struct Decided {
    project: ProjectSettings,
    vulnerable: CheckReport,
    changed: CheckReport,
    fixed: CheckReport,
}

impl Decided {
    async fn new() -> Self {
        let stage = Stage::with(STEPS);
        let vulnerable = stage.decided().await;
        stage.publish_for("1.1", PLATFORMS[0], OLD);
        stage.publish_for("1.1", PLATFORMS[1], "OpenSSL 4.0.2 25 Aug 2026");
        let changed = stage.decided().await;
        stage.publish("1.2", NEW);
        let fixed = stage.decided().await;
        Self {
            project: stage.project(),
            vulnerable,
            changed,
            fixed,
        }
    }

    const fn report(&self, part: Part) -> &CheckReport {
        match part {
            Part::Opens | Part::RunsAgain => &self.vulnerable,
            Part::Changes => &self.changed,
            Part::Closes => &self.fixed,
        }
    }
}

/// One repository and one watcher.
struct Case {
    decided: Arc<Decided>,
    github: FakeGithub,
    client: Github,
    ledger: Ledger,
    _folder: tempfile::TempDir,
}

impl Case {
    /// The state in which a part begins.
    async fn before(decided: &Arc<Decided>, part: Part, is_kept: bool) -> Self {
        let github = life::world(FakeGithub::start());
        let folder = tempfile::tempdir().unwrap();
        let location = if is_kept {
            StateLocation::File(folder.path().join("rewheel.db"))
        } else {
            StateLocation::None
        };
        let case = Self {
            decided: Arc::clone(decided),
            client: stage::client(&github, "t"),
            github,
            ledger: Ledger::open(&location, LedgerAccess::Write).unwrap(),
            _folder: folder,
        };
        if is_kept {
            // The first cycle only reports.
            case.cycle(&decided.vulnerable).await;
        }
        if part != Part::Opens {
            case.cycle(&decided.vulnerable).await.is_clean();
            assert_eq!(case.github.runs(REPOSITORY).len(), 1);
        }
        if part == Part::RunsAgain {
            life::fail_run(&case.github);
        }
        case.github.forget_requests();
        case
    }

    async fn cycle(&self, report: &CheckReport) -> stage::Cycled {
        self.cycle_with(&self.client, report).await
    }

    async fn cycle_with(&self, client: &Github, report: &CheckReport) -> stage::Cycled {
        let project = &self.decided.project;
        let mut report = report.clone();
        // A server that wanted to be left alone wants it until a moment, not for ever.
        report.checked_at = self.github.now();
        stage::act(client, &self.ledger, project, 20, Mode::Act, report).await
    }

    /// Cycles without faults, hours apart, until nothing is written any more. A claim of which no
    /// run came to light ends after an hour, so it takes several.
    async fn recover(&self, report: &CheckReport) {
        self.github.unbroken();
        for _ in 0..6 {
            self.github.advance(Duration::from_secs(2 * 3600));
            self.github.forget_requests();
            let cycled = self.cycle(report).await;
            // One that failed says nothing of what is left to do.
            if self.github.writes().is_empty() && !cycled.has_failed() {
                return;
            }
        }
    }

    /// What is wrong with the end state.
    fn wrong(&self, part: Part) -> Vec<String> {
        life::wrong(&self.github, part, "4.0.3")
    }
}

/// A read changes nothing, so one fault of each class says what the others would.
fn faults_of_reads() -> Vec<Fault> {
    vec![
        Fault::Status(When::Before, 500),
        Fault::Cut(When::After),
        Fault::Malformed,
        Fault::Endless,
        Fault::Unauthorized,
        Fault::RateLimited(Duration::from_secs(600)),
        Fault::NotFound,
        Fault::Gone,
    ]
}

/// What is wrong after one fault.
async fn one_fault(
    decided: Arc<Decided>,
    part: Part,
    is_kept: bool,
    nth: usize,
    fault: Fault,
) -> Vec<String> {
    let case = Case::before(&decided, part, is_kept).await;
    let patience = match fault {
        Fault::Silent(_) => Duration::from_millis(300),
        _ => Duration::from_secs(30),
    };
    // A fault that one more try would heal is no fault.
    case.github.fault(Matcher::any().nth(nth).times(2), fault);
    let client = stage::client_within(&case.github, "t", patience);
    case.cycle_with(&client, decided.report(part)).await;
    case.recover(decided.report(part)).await;
    case.wrong(part)
}

/// Runs every case of a part and returns how many there were.
async fn every_fault(part: Part, is_kept: bool) -> usize {
    let decided = &Arc::new(Decided::new().await);
    let healthy = Case::before(decided, part, is_kept).await;
    healthy.cycle(decided.report(part)).await.is_clean();
    let requests: Vec<String> = healthy
        .github
        .requests()
        .iter()
        .map(|one| one.line())
        .collect();
    healthy.recover(decided.report(part)).await;
    assert_eq!(healthy.wrong(part), Vec::<String>::new());
    let cases: Vec<(usize, Fault)> = requests
        .iter()
        .zip(1..)
        .flat_map(|(request, nth)| {
            let of_reads = faults_of_reads();
            let is_read = request.starts_with("GET");
            Fault::every_kind()
                .into_iter()
                .filter(move |fault| !is_read || of_reads.contains(fault))
                .map(move |fault| (nth, fault))
        })
        .collect();
    let count = cases.len();
    let failures: Vec<String> = stream::iter(cases)
        .map(|(nth, fault)| {
            let request = requests.get(nth - 1).cloned().unwrap_or_default();
            let decided = Arc::clone(decided);
            let case = tokio::spawn(one_fault(decided, part, is_kept, nth, fault.clone()));
            async move {
                let wrong = case.await.unwrap();
                (!wrong.is_empty()).then(|| format!("{fault:?} at {nth} ({request}): {wrong:?}"))
            }
        })
        .buffer_unordered(4)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(
        failures.is_empty(),
        "{} of {count} cases:\n{}",
        failures.len(),
        failures.join("\n")
    );
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_while_the_issue_is_opened_and_the_workflow_started() {
    assert!(every_fault(Part::Opens, true).await > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_while_a_target_joins() {
    assert!(every_fault(Part::Changes, true).await > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_while_a_run_is_run_again() {
    assert!(every_fault(Part::RunsAgain, true).await > 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_while_the_issue_is_closed() {
    assert!(every_fault(Part::Closes, true).await > 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_without_a_ledger() {
    assert!(every_fault(Part::Opens, false).await > 100);
}
