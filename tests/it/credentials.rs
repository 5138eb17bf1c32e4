//! Logins go to the origin they belong to and nowhere else.

use rewheel::fetch::{Client, Credentials, Forgetful};
use rewheel::index::{Index, IndexLimits};
use rewheel::source::{WheelLimits, read_wheel};
use url::Url;

use crate::support::client::{client, location, settings};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::reply::Fault;
use crate::support::wheel;

/// `me:s3cret`, as RFC 7617 writes it.
const BASIC: &str = "Basic bWU6czNjcmV0";
const WHEEL: &str = "demo-1.0-py3-none-any.whl";

fn with_login(url: &str) -> String {
    url.replace("http://", "http://me:s3cret@")
}

fn file() -> FakeFile {
    FakeFile::new(WHEEL, wheel::build(&[("demo.py", b"")]))
}

#[tokio::test]
async fn an_indexs_login_goes_to_its_pages_and_files() {
    let fake = FakeIndex::start().await;
    fake.publish("demo", file()).requires(BASIC);
    let index = Index::new(
        &client(),
        &location(&with_login(&fake.url())),
        IndexLimits::default(),
    );
    let project = index.project("demo", &Forgetful).await.unwrap();
    assert!(!format!("{project:?}{index:?}").contains("s3cret"));
    let limits = WheelLimits::default();
    let read = read_wheel(
        index.client(),
        &project.files[0],
        &limits,
        |_| {},
        |_| Ok(()),
    )
    .await;
    assert!(read.unwrap().hash_verified);
    assert!(
        fake.requests()
            .iter()
            .all(|request| request.header("authorization") == BASIC)
    );
}

#[tokio::test]
async fn it_does_not_go_to_other_origins() {
    let (fake, other) = (FakeIndex::start().await, FakeIndex::start().await);
    other.publish("demo", file());
    fake.publish("demo", file().at(&other.file_url("demo", WHEEL)))
        .requires(BASIC);
    let index = Index::new(
        &client(),
        &location(&with_login(&fake.url())),
        IndexLimits::default(),
    );
    let project = index.project("demo", &Forgetful).await.unwrap();
    let limits = WheelLimits::default();
    read_wheel(
        index.client(),
        &project.files[0],
        &limits,
        |_| {},
        |_| Ok(()),
    )
    .await
    .unwrap();
    assert_eq!(other.requests().len(), 1);
    assert!(!other.requests()[0].has_login());
}

#[tokio::test]
async fn it_is_dropped_by_a_redirect_to_another_origin() {
    let (fake, other) = (FakeIndex::start().await, FakeIndex::start().await);
    other.publish("demo", file());
    fake.always(
        "/simple/demo/",
        Fault::Redirect(format!("{}demo/", other.url())),
    );
    let index = Index::new(
        &client(),
        &location(&with_login(&fake.url())),
        IndexLimits::default(),
    );
    index.project("demo", &Forgetful).await.unwrap();
    assert!(fake.requests()[0].has_login());
    assert!(!other.requests()[0].has_login());
}

#[tokio::test]
async fn a_login_that_the_index_names_is_not_used() {
    let fake = FakeIndex::start().await;
    let url = with_login(&fake.file_url("demo", WHEEL));
    fake.publish("demo", file().at(&url));
    let index = Index::new(&client(), &location(&fake.url()), IndexLimits::default());
    let project = index.project("demo", &Forgetful).await.unwrap();
    let limits = WheelLimits::default();
    read_wheel(
        index.client(),
        &project.files[0],
        &limits,
        |_| {},
        |_| Ok(()),
    )
    .await
    .unwrap();
    assert!(fake.requests().iter().all(|request| !request.has_login()));
}

#[tokio::test]
async fn an_address_given_by_hand_may_carry_one() {
    let fake = FakeIndex::start().await;
    fake.publish("demo", file()).requires(BASIC);
    let url = Url::parse(&with_login(&fake.file_url("demo", WHEEL))).unwrap();
    let limits = WheelLimits::default();
    let read = read_wheel(&client(), url, &limits, |_| {}, |_| Ok(()))
        .await
        .unwrap();
    assert!(!read.hash_verified);
}

#[tokio::test]
async fn a_missing_login_is_a_sentence_without_secrets() {
    let fake = FakeIndex::start().await;
    fake.publish("demo", file()).requires("Basic other");
    let index = Index::new(
        &client(),
        &location(&with_login(&fake.url())),
        IndexLimits::default(),
    );
    let error = index
        .project("demo", &Forgetful)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("401 (a login is needed"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn netrc_is_used_for_an_index_that_a_person_named() {
    let folder = tempfile::tempdir().unwrap();
    let netrc = folder.path().join("netrc");
    std::fs::write(&netrc, "machine 127.0.0.1 login me password s3cret\n").unwrap();
    let fake = FakeIndex::start().await;
    fake.publish("demo", file()).requires(BASIC);
    let client = Client::new(settings().0, Credentials::from_netrc(&netrc)).unwrap();
    let index = Index::new(&client, &location(&fake.url()), IndexLimits::default());
    assert_eq!(
        index.project("demo", &Forgetful).await.unwrap().files.len(),
        1
    );
}
