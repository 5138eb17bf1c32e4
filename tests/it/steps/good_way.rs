//! The way that everything goes well: a bump in another repository, its build, the wheels.

use rewheel::policy::steps::StepState;

use super::setting::*;
use crate::support::fake_github::{Input, Workflow};

const VERSIONS: &str = "cryptography-linux/openssl-version.sh";

fn pyca() -> Setting {
    let mut bump = file("bump", VERSIONS, "openssl-{{ openssl.version }}");
    bump.repository = Some(INFRA.parse().unwrap());
    let mut build = run("openssl-macos", "build-macos-openssl.yml", &["bump"]);
    build.repository = Some(INFRA.parse().unwrap());
    let mut wheels = wheels();
    wheels.needs = vec!["openssl-macos".to_owned()];
    // Written in the wrong order on purpose.
    let setting = Setting::with(vec![wheels, build, bump]);
    let inputs = [Input::required("openssl"), Input::optional("correlation")];
    let workflow = Workflow::new("wheels.yml").dispatched(inputs);
    setting.fake.workflow(PROJECT, workflow);
    let workflow = Workflow::new("build-macos-openssl.yml");
    setting.fake.workflow(INFRA, workflow);
    setting
        .fake
        .commit(INFRA, "main", VERSIONS, b"V=openssl-3.5.3\n");
    setting
}

#[tokio::test]
async fn a_bump_leads_to_wheels() {
    let setting = pyca();
    let fake = &setting.fake;
    let watcher = setting.watcher(ME);

    let outcome = setting.round(&watcher).await;
    let expected = [
        ("bump", StepState::ForPeople),
        ("openssl-macos", StepState::Waiting),
        ("wheels", StepState::Waiting),
    ];
    assert_eq!(states(&outcome), expected);
    assert_eq!(
        outcome.progress[0].sentence,
        format!("{VERSIONS} of {INFRA} at main does not hold \"openssl-3.5.4\" yet")
    );
    assert_eq!(fake.writes().len(), 0);

    // A run of the commit before proves nothing of the bump.
    let early = fake.start_run(
        INFRA,
        "build-macos-openssl.yml",
        "main",
        "push",
        "maintainer",
    );
    fake.finish_run(early, "success", Vec::new(), Vec::new());
    fake.commit(INFRA, "main", VERSIONS, b"V=openssl-3.5.4\n");
    let outcome = setting.round(&watcher).await;
    let expected = [
        ("bump", StepState::Held),
        ("openssl-macos", StepState::Waiting),
        ("wheels", StepState::Waiting),
    ];
    assert_eq!(states(&outcome), expected);

    let build = fake.start_run(
        INFRA,
        "build-macos-openssl.yml",
        "main",
        "push",
        "maintainer",
    );
    let outcome = setting.round(&watcher).await;
    assert_eq!(outcome.progress[1].state, StepState::Running);
    assert_eq!(fake.writes().len(), 0);

    fake.finish_run(build, "success", Vec::new(), Vec::new());
    let outcome = setting.round(&watcher).await;
    let expected = [
        ("bump", StepState::Held),
        ("openssl-macos", StepState::Held),
        ("wheels", StepState::Running),
    ];
    assert_eq!(states(&outcome), expected);
    let started = setting.dispatched();
    assert_eq!(started.len(), 1);
    assert_eq!(started[0].inputs["openssl"], TARGET);
    assert_eq!(
        actions(&outcome),
        ["done cryptography/main/dispatch/wheels/3.5.4/1"]
    );
    let id = started[0].id;
    assert_eq!(
        outcome.actions[0].url,
        Some(outcome.progress[2].runs[0].url.clone())
    );
    let named = format!("<!-- rewheel:claim v1 step=wheels target=3.5.4 attempt=1 run={id} -->");
    assert_eq!(setting.claims(), [named]);
    assert_eq!(outcome.runs.len(), 1);
    assert_eq!(outcome.runs[0].run, id);

    // Nothing more is written while it runs, nor after it.
    fake.forget_requests();
    fake.begin_run(id);
    assert_eq!(
        setting.round(&watcher).await.progress[2].state,
        StepState::Running
    );
    setting.build(id, TARGET);
    let outcome = setting.round(&watcher).await;
    assert_eq!(outcome.progress[2].state, StepState::Held);
    assert_eq!(
        outcome.progress[2].sentence,
        format!(
            "run {id} succeeded: 1 of 1 wheel carries OpenSSL 3.5.4 or later of its series, and \
             none a lower one"
        )
    );
    assert_eq!(fake.writes().len(), 0);
    assert_eq!(setting.dispatched().len(), 1);
}

#[tokio::test]
async fn steps_of_another_series_are_left_out() {
    let mut setting = pyca();
    for step in &mut setting.steps {
        step.series = Some("3.0".parse().unwrap());
    }
    let watcher = setting.watcher(ME);
    assert!(setting.round(&watcher).await.progress.is_empty());
    setting.due = vec![due("3.5.4"), due("3.0.18")];
    let outcome = setting.round(&watcher).await;
    let targets: Vec<String> = outcome
        .progress
        .iter()
        .map(|one| format!("{} {}", one.target, one.step))
        .collect();
    assert_eq!(
        targets,
        ["3.0.18 bump", "3.0.18 openssl-macos", "3.0.18 wheels"]
    );
    assert_eq!(setting.fake.writes().len(), 0);
}
