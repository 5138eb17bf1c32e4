//! A project on the fake GitHub, and watchers of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rewheel::cycle::steps::{
    DueTarget, KnownRun, Mode, ProjectValues, StepsOutcome, StepsRequest, follow,
};
use rewheel::github::{Github, GithubSettings, Identity};
use rewheel::model::{RepositoryName, Start, Step, StepKind};
use rewheel::policy::steps::{StepProgress, StepState};
use rewheel::scan;
use rewheel::source::WheelLimits;
use rewheel::store::ledger::{Access as LedgerAccess, Ledger, StateLocation};
use secrecy::SecretString;

use crate::support::binary::wheel_carrying;
use crate::support::client::settings;
use crate::support::fake_github::{Access, Artifact, FakeGithub, Input, Run, Token, Workflow};

pub const PROJECT: &str = "pyca/cryptography";
pub const INFRA: &str = "pyca/infra";
pub const ME: &str = "rewheel[bot]";
pub const OTHER: &str = "github-actions[bot]";
pub const TARGET: &str = "3.5.4";

/// A project on GitHub with its steps and what is due.
pub struct Setting {
    pub fake: FakeGithub,
    pub issue: u64,
    pub steps: Vec<Step>,
    pub due: Vec<DueTarget>,
    pub limits: WheelLimits,
    /// What time it is for the watchers: GitHub's, as it was when their round began.
    clock: Arc<Mutex<DateTime<Utc>>>,
}

/// Somebody who follows the steps.
pub struct Watcher {
    pub github: Github,
    pub ledger: Ledger,
    pub login: String,
    pub known: Vec<KnownRun>,
    pub mode: Mode,
    /// Whether the tracking issue is there.
    pub has_issue: bool,
}

impl Setting {
    /// One repository with `wheels.yml`, which takes a version and a correlation, and one step
    /// that starts it.
    pub fn one_workflow() -> Self {
        let setting = Self::with(vec![wheels()]);
        let inputs = [Input::required("openssl"), Input::optional("correlation")];
        let workflow = Workflow::new("wheels.yml").dispatched(inputs);
        setting.fake.workflow(PROJECT, workflow);
        setting
    }

    /// The same, and the workflow shows the correlation.
    pub fn one_telling_workflow() -> Self {
        let setting = Self::with(vec![wheels()]);
        let inputs = [Input::required("openssl"), Input::optional("correlation")];
        let workflow = Workflow::new("wheels.yml")
            .dispatched(inputs)
            .run_name("Wheels ${{ inputs.correlation }}");
        setting.fake.workflow(PROJECT, workflow);
        setting
    }

    pub fn with(steps: Vec<Step>) -> Self {
        let fake = FakeGithub::start();
        fake.repository(PROJECT);
        fake.repository(INFRA);
        for login in [ME, OTHER] {
            fake.token(login, Token::bot(login).everywhere(Access::all()));
        }
        let issue = fake.open_issue(PROJECT, ME, "OpenSSL", "body");
        Self {
            fake,
            issue,
            steps,
            due: vec![due(TARGET)],
            limits: WheelLimits::default(),
            clock: Arc::default(),
        }
    }

    /// Somebody with a ledger in memory, as a process that keeps none.
    pub fn watcher(&self, login: &str) -> Watcher {
        self.watcher_with(login, &StateLocation::None)
    }

    /// Somebody with a ledger in this file.
    pub fn watcher_at(&self, login: &str, path: &Path) -> Watcher {
        self.watcher_with(login, &StateLocation::File(path.to_owned()))
    }

    fn watcher_with(&self, login: &str, location: &StateLocation) -> Watcher {
        Watcher {
            github: self.client(login, |_| {}),
            ledger: Ledger::open(location, LedgerAccess::Write).unwrap(),
            login: login.to_owned(),
            known: Vec::new(),
            mode: Mode::Act,
            has_issue: true,
        }
    }

    pub fn client(&self, login: &str, change: impl FnOnce(&mut GithubSettings)) -> Github {
        let api = self.fake.url().parse().unwrap();
        let token = Identity::Token(SecretString::from(login.to_owned()));
        let mut github = GithubSettings::new(api, token);
        github.client = settings().0;
        github.client.read_timeout = Duration::from_millis(500);
        github.write_interval = Duration::ZERO;
        let clock = Arc::clone(&self.clock);
        github.clock = Arc::new(move || *clock.lock().unwrap());
        github.archive_hosts = vec!["localhost".to_owned()];
        change(&mut github);
        Github::new(github).unwrap()
    }

    /// One round of a watcher.
    pub async fn round(&self, watcher: &Watcher) -> StepsOutcome {
        *self.clock.lock().unwrap() = self.fake.now();
        let scanners = Arc::new(scan::Scanners::default());
        let project: RepositoryName = PROJECT.parse().unwrap();
        let trusted = [ME.to_owned(), OTHER.to_owned()];
        follow(StepsRequest {
            github: &watcher.github,
            ledger: &watcher.ledger,
            scanners: &scanners,
            scan_limits: scan::Limits::default(),
            wheel_limits: &self.limits,
            repository: &project,
            issue: watcher.has_issue.then_some(self.issue),
            scope: "cryptography/main",
            trusted: &trusted,
            me: &watcher.login,
            steps: &self.steps,
            due: &self.due,
            project: ProjectValues {
                package: "cryptography".to_owned(),
                line: "main".to_owned(),
                version: "46.0.3".to_owned(),
                next: "46.0.4".to_owned(),
            },
            known_runs: watcher.known.clone(),
            mode: watcher.mode,
            server_time: self.fake.now(),
        })
        .await
    }

    /// One round, and what became of the only step.
    pub async fn only(&self, watcher: &Watcher) -> StepProgress {
        let mut outcome = self.round(watcher).await;
        assert_eq!(outcome.progress.len(), 1, "{:?}", outcome.progress);
        outcome.progress.remove(0)
    }

    /// The runs that were dispatched in the project's repository.
    pub fn dispatched(&self) -> Vec<Run> {
        let mut runs = self.fake.runs(PROJECT);
        runs.retain(|run| run.event.ends_with("_dispatch"));
        runs
    }

    /// The first lines of the comments on the tracking issue, without what differs each time.
    pub fn claims(&self) -> Vec<String> {
        let id = regex::Regex::new(" id=[0-9a-f]{16}").unwrap();
        self.fake
            .comments(PROJECT, self.issue)
            .iter()
            .map(|comment| {
                let line = comment.body.lines().next().unwrap_or_default();
                id.replace(line, "").into_owned()
            })
            .collect()
    }

    /// Ends the run with a wheel that carries this version.
    pub fn build(&self, run: u64, version: &str) {
        let wheel = wheel_carrying(&text(version));
        let name = "cryptography-46.0.4-cp311-abi3-manylinux_2_34_x86_64.whl";
        let artifact = Artifact::new("wheels-linux", &[(name, &wheel)]);
        self.fake
            .finish_run(run, "success", Vec::new(), vec![artifact]);
    }

    pub fn hours(&self, hours: u64) {
        self.fake.advance(Duration::from_secs(hours * 3600));
    }

    pub fn minutes(&self, minutes: u64) {
        self.fake.advance(Duration::from_secs(minutes * 60));
    }
}

/// OpenSSL's text in a binary for this version.
pub fn text(version: &str) -> String {
    format!("OpenSSL {version} 30 Sep 2025")
}

pub fn due(version: &str) -> DueTarget {
    DueTarget {
        version: version.parse().unwrap(),
        published: Some("2026-10-20".parse().unwrap()),
        may_start: true,
        sha256: None,
    }
}

pub fn step(name: &str, kind: StepKind, needs: &[&str]) -> Step {
    Step {
        name: name.to_owned(),
        repository: None,
        needs: needs.iter().map(|&need| need.to_owned()).collect(),
        platforms: Vec::new(),
        series: None,
        kind,
        attempts: 3,
        reruns: 2,
    }
}

/// Starts `wheels.yml` with the version and the correlation.
pub fn wheels() -> Step {
    let inputs = [
        ("openssl", "{{ openssl.version }}"),
        ("correlation", "{{ rewheel.correlation }}"),
    ];
    dispatch("wheels", Start::Workflow("wheels.yml".to_owned()), &inputs)
}

pub fn dispatch(name: &str, start: Start, inputs: &[(&str, &str)]) -> Step {
    let inputs: BTreeMap<String, String> = inputs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let kind = StepKind::Dispatch {
        start,
        reference: None,
        inputs,
    };
    step(name, kind, &[])
}

pub fn file(name: &str, path: &str, contains: &str) -> Step {
    let kind = StepKind::File {
        path: path.to_owned(),
        reference: Some("main".to_owned()),
        contains: contains.to_owned(),
    };
    step(name, kind, &[])
}

pub fn run(name: &str, workflow: &str, needs: &[&str]) -> Step {
    let kind = StepKind::Run {
        workflow: workflow.to_owned(),
        reference: Some("main".to_owned()),
    };
    step(name, kind, needs)
}

pub fn states(outcome: &StepsOutcome) -> Vec<(&str, StepState)> {
    outcome
        .progress
        .iter()
        .map(|one| (one.step.as_str(), one.state))
        .collect()
}

pub fn actions(outcome: &StepsOutcome) -> Vec<String> {
    outcome
        .actions
        .iter()
        .map(|action| format!("{} {}", action.state.as_str(), action.key))
        .collect()
}
