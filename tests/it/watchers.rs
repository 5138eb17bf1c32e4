//! Two watchers under two names, without a common ledger: a daemon and a job in GitHub Actions.
//! Whatever comes in between, there is one open issue, and one run of the step for each target.

use std::sync::Arc;
use std::time::Duration;

use rewheel::config::ProjectSettings;
use rewheel::cycle::act::Mode;
use rewheel::github::Github;
use rewheel::report::CheckReport;
use rewheel::store::ledger::{Access as LedgerAccess, Ledger, StateLocation};
use rstest::rstest;

use crate::support::fake_github::{Access, FakeGithub, Hold, Lag, Listed, Matcher, Token, When};
use crate::support::life::{self, STEPS};
use crate::support::stage::{self, ME, OLD, PLATFORMS, REPOSITORY, Stage};

const BOT: &str = "github-actions[bot]";

/// How many targets are due.
const TARGETS: usize = 2;

struct Watcher {
    client: Github,
    ledger: Ledger,
}

/// The two, and what both decide.
struct Two {
    github: FakeGithub,
    project: ProjectSettings,
    report: CheckReport,
    watchers: [Watcher; 2],
    _folders: [tempfile::TempDir; 2],
}

impl Two {
    /// Both have reported once, as on a project that is new to them.
    async fn new() -> Arc<Self> {
        let more = format!("issue = {{ authors = [\"{ME}\", \"{BOT}\"] }}\n{STEPS}");
        let stage = Stage::with(&more);
        stage.publish_for("1.1", PLATFORMS[0], OLD);
        stage.publish_for("1.1", PLATFORMS[1], "OpenSSL 4.0.2 25 Aug 2026");
        let github = life::world(FakeGithub::start());
        github.token("w", Token::workflow().everywhere(Access::all()));
        let clients = [
            stage::client(&github, "t"),
            stage::client_named(&github, "w", BOT),
        ];
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let mut paths = folders.iter().map(|one| one.path().join("rewheel.db"));
        let watchers = clients.map(|client| {
            let location = StateLocation::File(paths.next().unwrap());
            let ledger = Ledger::open(&location, LedgerAccess::Write).unwrap();
            Watcher { client, ledger }
        });
        drop(paths);
        let two = Arc::new(Self {
            github,
            project: stage.project(),
            report: stage.decided().await,
            watchers,
            _folders: folders,
        });
        two.cycle(0).await;
        two.cycle(1).await;
        assert!(two.github.writes().is_empty());
        two
    }

    async fn cycle(&self, who: usize) {
        let Watcher { client, ledger } = &self.watchers[who];
        let report = self.report.clone();
        stage::act(client, ledger, &self.project, 20, Mode::Act, report).await;
    }

    /// Begins a cycle, and waits until GitHub holds one of its requests.
    async fn begin(self: &Arc<Self>, who: usize, hold: &mut Hold) -> tokio::task::JoinHandle<()> {
        let own = Arc::clone(self);
        let cycle = tokio::spawn(async move { own.cycle(who).await });
        hold.arrived().await;
        cycle
    }

    /// Both look before either writes by this request; then they go on, `first` before the other
    /// one.
    async fn both_at(self: &Arc<Self>, path: &str, first: usize) {
        let [mut one, mut other] = [1, 2].map(|nth| {
            let matcher = Matcher::new("POST", path).nth(nth);
            self.github.hold(matcher, When::Before)
        });
        let begun = [
            self.begin(0, &mut one).await,
            self.begin(1, &mut other).await,
        ];
        let mut begun = begun.map(Some);
        let mut holds = [Some(one), Some(other)];
        for who in [first, 1 - first] {
            holds[who].take().unwrap().release();
            begun[who].take().unwrap().await.unwrap();
        }
    }

    /// More cycles of both, half an hour apart, until neither writes any more.
    async fn settle(&self) {
        self.github.unbroken();
        for _ in 0..8 {
            self.github.advance(Duration::from_secs(1800));
            self.github.forget_requests();
            self.cycle(1).await;
            self.cycle(0).await;
            // What waits for a claim to end writes nothing meanwhile.
            if self.github.writes().is_empty() && self.github.runs(REPOSITORY).len() >= TARGETS {
                break;
            }
        }
        let open = self.github.open_issues(REPOSITORY);
        assert_eq!(open.len(), 1, "{open:#?}");
        for issue in self.github.issues(REPOSITORY) {
            assert!(issue.number >= open[0].number, "the lowest stands");
        }
        let mut titles: Vec<String> = self
            .github
            .runs(REPOSITORY)
            .iter()
            .map(|run| run.inputs["openssl"].clone())
            .collect();
        titles.sort();
        assert_eq!(titles, ["3.5.9", "4.0.3"]);
        let body = open[0].body.clone().unwrap_or_default();
        for run in self.github.runs(REPOSITORY) {
            assert!(
                body.contains(&format!("/actions/runs/{}", run.id)),
                "{body}"
            );
        }
        let writes: Vec<String> = self.github.writes().iter().map(|one| one.line()).collect();
        assert_eq!(writes, Vec::<String>::new());
    }
}

fn lagging(two: &Two, listed: Option<Listed>, lists: usize) {
    if let Some(listed) = listed {
        two.github.lag(listed, Lag::Requests(lists));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn both_open_the_issue_at_once(
    #[values(0, 1)] first: usize,
    #[values(0, 1, 3, 6)] lists: usize,
) {
    let two = Two::new().await;
    lagging(&two, (lists > 0).then_some(Listed::Issues), lists);
    two.both_at("/repos/pyca/demo/issues", first).await;
    // While the lists still lag.
    two.cycle(first).await;
    two.cycle(1 - first).await;
    two.settle().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn both_claim_a_step_at_once(
    #[values(0, 1)] first: usize,
    #[values(None, Some(Listed::Comments), Some(Listed::Runs))] listed: Option<Listed>,
    #[values(1, 4)] lists: usize,
) {
    let two = Two::new().await;
    // Of a new issue the steps wait, as another one may be opened at the same time.
    two.cycle(0).await;
    assert!(two.github.runs(REPOSITORY).is_empty());
    lagging(&two, listed, lists);
    two.both_at("/repos/pyca/demo/issues/*/comments", first)
        .await;
    two.cycle(1 - first).await;
    two.settle().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_dies_after_its_claim_and_the_other_goes_on(
    #[values(0, 1)] dies: usize,
    #[values(When::Before, When::After)] when: When,
    #[values(true, false)] comes_back: bool,
) {
    let two = Two::new().await;
    two.cycle(dies).await;
    let path = "/repos/pyca/demo/actions/workflows/wheels.yml/dispatches";
    let mut hold = two.github.hold(Matcher::new("POST", path), when);
    let cycle = two.begin(dies, &mut hold).await;
    cycle.abort();
    assert!(cycle.await.unwrap_err().is_cancelled());
    match when {
        When::Before => hold.forget(),
        When::After => hold.release(),
    }
    two.github.settle();
    let started = two.github.runs(REPOSITORY).len();
    assert_eq!(started, usize::from(when == When::After));
    // Its claim lives for an hour: until then nothing of that target is started by anybody.
    two.cycle(1 - dies).await;
    let first = two.github.runs(REPOSITORY);
    let count = first.iter().filter(|run| run.inputs["openssl"] == "3.5.9");
    assert_eq!(count.count(), started);
    if comes_back {
        two.cycle(dies).await;
    }
    for _ in 0..5 {
        two.github.advance(Duration::from_secs(1800));
        two.cycle(1 - dies).await;
    }
    two.settle().await;
}
