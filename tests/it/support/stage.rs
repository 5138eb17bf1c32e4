//! A project on a fake index with its repository on a fake GitHub, and the cycles that act on it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rewheel::config::{self, ProjectSettings};
use rewheel::cycle::act::{Actor, Mode, Turns};
use rewheel::cycle::{LineRequest, Silent};
use rewheel::github::{Github, GithubSettings, Identity};
use rewheel::model::Wanted;
use rewheel::report::{ActionState, CheckReport, LineReport};
use rewheel::source::WheelLimits;
use rewheel::store::ledger::{Access as LedgerAccess, Ledger, StateLocation};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::binary::wheel_carrying;
use super::client::settings;
use super::fake_github::{Access, FakeGithub, Token};
use super::fake_index::{FakeFile, FakeIndex};
use super::round;

/// The repository of the project.
pub const REPOSITORY: &str = "pyca/demo";
/// Who rewheel is on GitHub.
pub const ME: &str = "rewheel";
/// What the project's wheels carry at first.
pub const OLD: &str = "OpenSSL 3.5.4 30 Sep 2025";
/// What they are to carry.
pub const NEW: &str = "OpenSSL 3.5.9 29 Sep 2026";
/// The platforms of its wheels.
pub const PLATFORMS: [&str; 2] = ["manylinux_2_28_x86_64", "win_amd64"];

/// The project `demo` in its world.
pub struct Stage {
    pub index: FakeIndex,
    pub github: FakeGithub,
    folder: TempDir,
    project: ProjectSettings,
    /// How many new issues a cycle may open.
    pub new_issues: usize,
}

impl Stage {
    /// Wheels of `demo 1.0` that carry what is vulnerable, and a project that only wants the issue.
    pub fn new() -> Self {
        Self::with("")
    }

    /// The same, with more of the project's section.
    pub fn with(more: &str) -> Self {
        let index = FakeIndex::start_blocking();
        let github = FakeGithub::start();
        github.repository(REPOSITORY);
        github.token("t", Token::person(ME).everywhere(Access::all()));
        let stage = Self {
            folder: tempfile::tempdir().unwrap(),
            project: project(more),
            new_issues: 20,
            index,
            github,
        };
        stage.publish("1.0", OLD);
        stage
    }

    /// The project's section says this from now on.
    pub fn configure(&mut self, more: &str) {
        self.project = project(more);
    }

    /// Publishes a version for every platform.
    pub fn publish(&self, version: &str, openssl: &str) {
        for platform in PLATFORMS {
            self.publish_for(version, platform, openssl);
        }
    }

    /// Publishes a version for one platform.
    pub fn publish_for(&self, version: &str, platform: &str, openssl: &str) {
        let name = format!("demo-{version}-cp39-abi3-{platform}.whl");
        let file = FakeFile::new(&name, wheel_carrying(openssl));
        self.index.publish("demo", file);
    }

    /// Where the ledger is.
    pub fn ledger_path(&self) -> PathBuf {
        self.folder.path().join("rewheel.db")
    }

    /// The ledger, opened anew as each process does.
    pub fn ledger(&self) -> Ledger {
        let location = StateLocation::File(self.ledger_path());
        Ledger::open(&location, LedgerAccess::Write).unwrap()
    }

    /// One cycle with the ledger.
    pub async fn cycle(&self) -> Cycled {
        let ledger = self.ledger();
        self.cycle_as("t", &ledger, Mode::Act).await
    }

    /// One cycle of somebody with a token and a ledger.
    pub async fn cycle_as(&self, token: &str, ledger: &Ledger, mode: Mode) -> Cycled {
        let report = self.decided().await;
        let github = client(&self.github, token);
        act(
            &github,
            ledger,
            &self.project,
            self.new_issues,
            mode,
            report,
        )
        .await
    }

    /// The project as it is configured.
    pub fn project(&self) -> ProjectSettings {
        self.project.clone()
    }

    /// What is decided, before anything is done.
    pub async fn decided(&self) -> CheckReport {
        let requests: Vec<LineRequest> = self
            .project
            .lines
            .iter()
            .map(|line| LineRequest {
                package: "demo".to_owned(),
                line: line.name(),
                wanted: Wanted {
                    versions: line.versions.clone(),
                    pre_releases: false,
                },
                every_version: false,
                settings: self.project.settings.clone(),
            })
            .collect();
        let cycle = round::of(&self.index.url());
        cycle.check(&requests, Arc::new(Silent)).await.0
    }

    /// Two cycles: the first of a new project only reports.
    pub async fn opened(&self) -> u64 {
        self.cycle().await;
        self.cycle().await.is_clean();
        let open = self.github.open_issues(REPOSITORY);
        assert_eq!(open.len(), 1, "{open:?}");
        open[0].number
    }
}

/// A client of the fake with this token, which does not wait between attempts.
pub fn client(fake: &FakeGithub, token: &str) -> Github {
    client_within(fake, token, Duration::from_secs(30))
}

/// The same, which waits only so long for an answer.
pub fn client_within(fake: &FakeGithub, token: &str, patience: Duration) -> Github {
    client_of(fake, token, None, patience)
}

/// The same with a name in the configuration, for tokens of which GitHub does not tell whose they
/// are.
pub fn client_named(fake: &FakeGithub, token: &str, login: &str) -> Github {
    client_of(fake, token, Some(login), Duration::from_secs(30))
}

fn client_of(fake: &FakeGithub, token: &str, login: Option<&str>, patience: Duration) -> Github {
    let (mut client, _) = settings();
    client.read_timeout = patience;
    client.retry.attempts = 2;
    Github::new(GithubSettings {
        client,
        login: login.map(str::to_owned),
        write_interval: Duration::ZERO,
        archive_hosts: vec!["localhost".to_owned()],
        answer_bytes: 4 << 20,
        ..GithubSettings::new(
            fake.url().parse().unwrap(),
            Identity::Token(token.to_owned().into()),
        )
    })
    .unwrap()
}

/// Acts on what was decided.
pub async fn act(
    github: &Github,
    ledger: &Ledger,
    project: &ProjectSettings,
    new_issues: usize,
    mode: Mode,
    mut report: CheckReport,
) -> Cycled {
    let now = report.checked_at;
    let actor = Actor {
        turns: &Turns::default(),
        github,
        ledger,
        projects: std::slice::from_ref(project),
        new_issues,
        mode,
        scanners: &Arc::default(),
        scan_limits: rewheel::scan::Limits::default(),
        wheel_limits: &WheelLimits::default(),
        digests: &BTreeMap::new(),
        now,
        stop: &CancellationToken::new(),
    };
    actor.tell_once(&mut report).unwrap();
    actor.act(&mut report).await;
    Cycled(report)
}

fn project(more: &str) -> ProjectSettings {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let text = format!("[[project]]\npackage = \"demo\"\nrepository = \"{REPOSITORY}\"\n{more}\n");
    std::fs::write(&path, text).unwrap();
    let mut configuration = config::load(Some(&path), []).unwrap();
    configuration.projects.remove(0)
}

/// What a cycle came to.
#[derive(Debug)]
pub struct Cycled(pub CheckReport);

impl Cycled {
    /// The actions as `kind key: state`, in their order.
    pub fn actions(&self) -> Vec<String> {
        let actions = self.0.lines.iter().flat_map(|line| &line.actions);
        actions
            .map(|action| {
                let kind = serde_json::to_value(action.kind).unwrap();
                let state = action.state.as_str();
                format!("{} {}: {state}", kind.as_str().unwrap(), action.key)
            })
            .collect()
    }

    /// Whether something failed.
    pub fn has_failed(&self) -> bool {
        self.0.lines.iter().any(LineReport::has_failed)
    }

    /// Asserts that nothing failed.
    #[track_caller]
    pub fn is_clean(&self) -> &Self {
        let actions = self.0.lines.iter().flat_map(|line| &line.actions);
        let failed: Vec<_> = actions
            .filter(|action| action.state == ActionState::Failed)
            .collect();
        assert!(failed.is_empty(), "{failed:#?}");
        self
    }

    /// Asserts that an action was left undone or failed for a reason that holds this text.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let mut actions = self.0.lines.iter().flat_map(|line| &line.actions);
        let says = actions.any(|action| {
            [&action.error, &action.note]
                .into_iter()
                .flatten()
                .any(|said| said.contains(text))
        });
        assert!(says, "no {text:?} in {:#?}", self.0.lines[0].actions);
        self
    }
}
