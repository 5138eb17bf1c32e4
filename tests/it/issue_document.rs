//! The tracking issue of a real project at a real moment, as `docs/tracking-issue.md` shows it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rewheel::config;
use rewheel::cycle::act::Mode;
use rewheel::cycle::{LineRequest, Silent};
use rewheel::feeds::watch::FeedSource;
use rewheel::feeds::{Known, Watch, built_in};
use rewheel::index::{Index, IndexLimits, IndexLocation, Surroundings};
use rewheel::model::{ReleaseAssets, Wanted};
use rewheel::store::Store;
use rewheel::store::ledger::{Access as LedgerAccess, Ledger, StateLocation};

use crate::support::client::client;
use crate::support::fake_github::{Access, FakeGithub, Input, Job, Token, Workflow};
use crate::support::{round, stage};

const PROJECT: &str = "pyca/cryptography";
const INFRA: &str = "pyca/infra";
/// The version whose wheels are looked at.
const LINE: &str = "==46.0.3";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The repositories as they were in the middle of a rebuild: the version is bumped, Linux is
/// built, macOS is being built, Windows failed.
fn repositories() -> FakeGithub {
    let fake = FakeGithub::start();
    for repository in [PROJECT, INFRA] {
        fake.repository(repository);
    }
    fake.token("t", Token::person("rewheel").everywhere(Access::all()));
    let bump = b"export OPENSSL_VERSION=\"openssl-3.5.9\"\n";
    fake.commit(INFRA, "main", "cryptography-linux/openssl-version.sh", bump);
    for file in [
        "build-docker-images.yml",
        "build-macos-openssl.yml",
        "build-windows-openssl.yml",
    ] {
        fake.workflow(INFRA, Workflow::new(file));
    }
    let builder = Workflow::new("wheel-builder.yml").dispatched([Input::optional("version")]);
    fake.workflow(PROJECT, builder);
    let linux = fake.start_run(INFRA, "build-docker-images.yml", "main", "push", "alex");
    fake.finish_run(
        linux,
        "success",
        vec![Job::new("images", "success")],
        Vec::new(),
    );
    let macos = fake.start_run(INFRA, "build-macos-openssl.yml", "main", "push", "alex");
    fake.begin_run(macos);
    let windows = fake.start_run(INFRA, "build-windows-openssl.yml", "main", "push", "alex");
    let jobs = vec![
        Job::new("windows (x86)", "success"),
        Job::new("windows (arm64)", "failure"),
    ];
    fake.finish_run(windows, "failure", jobs, Vec::new());
    fake.advance(Duration::from_secs(600));
    fake
}

/// Reads 53 published wheels from the public index, so it runs only where it is asked for; with
/// `REWHEEL_WRITE` it writes the document anew.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "reads 200 MB from the public index"]
async fn the_document_shows_what_is_written() {
    let text = std::fs::read_to_string(root().join("deploy/github/cryptography.toml")).unwrap();
    let text = text.replace(
        "repository = \"pyca/cryptography\"",
        &format!("repository = \"pyca/cryptography\"\nlines = [\"{LINE}\"]"),
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    let project = config::load(Some(&path), []).unwrap().projects.remove(0);
    let location = IndexLocation::find(None, None, Surroundings::of_process()).unwrap();
    let mut cycle = round::of("http://127.0.0.1:1/simple/");
    let mut openssl = built_in::load().unwrap();
    openssl.as_of = cycle.now.date_naive();
    let known = Known {
        reports: built_in::reports(&openssl),
        facts: openssl.cut(cycle.now.date_naive()),
        assets: ReleaseAssets::default(),
        warnings: Vec::new(),
    };
    cycle.watch = Watch::new(FeedSource::Fixed(Box::new(known)), Vec::new()).unwrap();
    cycle.index = Index::new(&client(), &location, IndexLimits::default());
    cycle.store = Store::of_user(&|name| std::env::var(name).ok());
    let request = LineRequest {
        package: "cryptography".to_owned(),
        line: project.lines[0].name(),
        wanted: Wanted {
            versions: project.lines[0].versions.clone(),
            pre_releases: false,
        },
        every_version: false,
        settings: project.settings.clone(),
    };
    let report = cycle.check(&[request], Arc::new(Silent)).await.0;
    let github = repositories();
    let ledger = Ledger::open(&StateLocation::None, LedgerAccess::Write).unwrap();
    let client = stage::client(&github, "t");
    let cycled = stage::act(&client, &ledger, &project, 1, Mode::Act, report).await;
    cycled.is_clean();
    let issue = &github.open_issues(PROJECT)[0];
    let body = issue.body.as_deref().unwrap_or_default();
    let written =
        format!("# {}\n\n{body}\n", issue.title).replace(&github.url(), "https://github.com");
    let document = root().join("docs/tracking-issue.md");
    if std::env::var_os("REWHEEL_WRITE").is_some() {
        std::fs::write(&document, &written).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&document).unwrap(), written);
}
