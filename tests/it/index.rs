//! The package index: pages in both forms, what is left out, and what is an error.

use chrono::{TimeZone, Utc};
use rewheel::fetch::{Forgetful, Reach};
use rewheel::index::{Index, IndexError, IndexLimits};
use rewheel::source::Sha256Sum;
use rewheel::store::Store;
use rstest::rstest;

use crate::support::client::{client, index, location};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::reply::Fault;
use crate::support::wheel;

const LINUX: &str = "demo-1.0-cp311-abi3-manylinux_2_28_x86_64.whl";
const MACOS: &str = "demo-1.0-cp311-abi3-macosx_11_0_arm64.whl";
const SOURCE: &str = "demo-1.0.tar.gz";
const PAGE: &str = "/simple/demo/";

fn file(name: &str) -> FakeFile {
    FakeFile::new(name, wheel::build(&[("demo.py", name.as_bytes())]))
}

fn page(content_type: &'static str, body: &str) -> Fault {
    Fault::Page {
        content_type,
        body: body.into(),
    }
}

#[rstest]
#[tokio::test]
async fn lists_the_files_of_a_project(#[values(false, true)] html: bool) {
    let fake = FakeIndex::start().await;
    fake.publish("demo", file(LINUX).uploaded("2026-10-11T10:00:00.5Z"))
        .publish("demo", file(MACOS).yanked("it's \"broken\""))
        .publish("demo", file(SOURCE).yanked(""));
    if html {
        fake.html_only();
    }
    let project = index(&fake).project("Demo", &Forgetful).await.unwrap();
    assert_eq!(project.name, "demo");
    assert!(project.warnings.is_empty(), "{:?}", project.warnings);
    let [linux, macos, source] = project.files.as_slice() else {
        panic!("{project:?}");
    };
    assert_eq!(linux.url.as_str(), fake.file_url("demo", LINUX));
    assert_eq!(linux.sha256, file(LINUX).sha256);
    assert_eq!(linux.yanked, None);
    assert_eq!(linux.wheel.as_ref().unwrap().version.to_string(), "1.0");
    assert_eq!(linux.reach, Reach::Anywhere);
    assert_eq!(macos.yanked.as_deref(), Some("it's \"broken\""));
    assert_eq!(source.yanked.as_deref(), Some(""));
    assert_eq!(source.wheel, None);
    let uploaded = Utc.timestamp_millis_opt(1_791_712_800_500).unwrap();
    assert_eq!(linux.uploaded, (!html).then_some(uploaded));
    assert_eq!(
        linux.size,
        (!html).then_some(file(LINUX).bytes.len() as u64)
    );
}

#[tokio::test]
async fn asks_for_json_rather_than_html() {
    let fake = FakeIndex::start().await;
    fake.add_project("demo");
    index(&fake).project("demo", &Forgetful).await.unwrap();
    let accept = fake.requests()[0].header("accept").to_owned();
    assert!(
        accept.starts_with("application/vnd.pypi.simple.v1+json,"),
        "{accept}"
    );
    assert!(accept.contains("text/html;q=0.1"), "{accept}");
}

#[tokio::test]
async fn addresses_are_relative_to_the_page_that_answered() {
    let (fake, mirror) = (FakeIndex::start().await, FakeIndex::start().await);
    mirror.publish("demo", file(LINUX));
    fake.always(PAGE, Fault::Redirect(format!("{}demo/", mirror.url())));
    let project = index(&fake).project("demo", &Forgetful).await.unwrap();
    assert_eq!(
        project.files[0].url.as_str(),
        mirror.file_url("demo", LINUX)
    );
}

#[tokio::test]
async fn a_login_in_the_address_of_the_page_does_not_spread() {
    let fake = FakeIndex::start().await;
    fake.publish("demo", file(LINUX));
    let url = fake.url().replace("http://", "http://me:s3cret@");
    let index = Index::new(&client(), &location(&url), IndexLimits::default());
    let project = index.project("demo", &Forgetful).await.unwrap();
    assert_eq!(project.files[0].url.as_str(), fake.file_url("demo", LINUX));
}

#[tokio::test]
async fn entries_that_make_no_sense_are_left_out_with_a_warning() {
    let fake = FakeIndex::start().await;
    let mut bad_hash = file("demo-1.1.tar.gz");
    bad_hash.sha256 = Some("00".into());
    fake.publish("demo", file(LINUX))
        .publish("demo", file("other-1.0-py3-none-any.whl"))
        .publish("demo", file(SOURCE).at("file:///etc/passwd"))
        .publish("demo", bad_hash);
    let project = index(&fake).project("demo", &Forgetful).await.unwrap();
    assert_eq!(project.files.len(), 1);
    assert_eq!(project.warnings.len(), 3);
}

#[tokio::test]
async fn wheels_that_cannot_be_read_stay_with_the_reason() {
    let fake = FakeIndex::start().await;
    let mut bad_hash = file(LINUX);
    bad_hash.sha256 = Some("00".into());
    fake.publish("demo", bad_hash)
        .publish("demo", file(MACOS).at("ftp://files.example/demo.whl"));
    let project = index(&fake).project("demo", &Forgetful).await.unwrap();
    assert_eq!(project.warnings.len(), 0);
    let problems: Vec<&str> = project
        .files
        .iter()
        .map(|file| file.problem.as_deref().unwrap())
        .collect();
    assert!(problems[0].contains("SHA-256"), "{problems:?}");
    assert!(problems[1].contains("scheme \"ftp\""), "{problems:?}");
}

#[tokio::test]
async fn platforms_arrive_one_after_another() {
    let fake = FakeIndex::start().await;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path().to_owned());
    fake.publish("demo", file(SOURCE));
    let index = index(&fake);
    let count = async || {
        let project = index.project("demo", &store).await.unwrap();
        (project.files.len(), project.from_memory)
    };
    assert_eq!(count().await, (1, false));
    assert_eq!(count().await, (1, true));
    fake.publish("demo", file(LINUX));
    assert_eq!(count().await, (2, false));
    fake.publish("demo", file(MACOS));
    assert_eq!(count().await, (3, false));
    assert_eq!(count().await, (3, true));
    let statuses: Vec<u16> = fake
        .requests()
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [200, 304, 200, 200, 304]);
}

#[tokio::test]
async fn what_is_remembered_but_unusable_is_fetched_again() {
    let fake = FakeIndex::start().await;
    fake.publish("demo", file(LINUX));
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path().to_owned());
    let index = index(&fake);
    index.project("demo", &store).await.unwrap();
    let url = format!("{}demo/", fake.url()).parse().unwrap();
    let mut page = rewheel::fetch::PageMemory::recall(&store, &url).unwrap();
    page.body = b"{}".to_vec();
    rewheel::fetch::PageMemory::remember(&store, &url, &page);
    let project = index.project("demo", &store).await.unwrap();
    assert_eq!((project.files.len(), project.from_memory), (1, false));
}

#[tokio::test]
async fn an_unknown_package_is_a_sentence() {
    let fake = FakeIndex::start().await;
    let error = index(&fake)
        .project("Demo_Project", &Forgetful)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, IndexError::UnknownPackage { package, .. } if package == "demo-project")
    );
    assert!(error.to_string().contains("check the spelling"), "{error}");
    assert!(!error.is_transient());
}

#[rstest]
#[case("../../admin")]
#[case("")]
#[case("demo?x=y")]
#[tokio::test]
async fn what_is_no_name_is_not_asked_for(#[case] name: &str) {
    let fake = FakeIndex::start().await;
    let error = index(&fake).project(name, &Forgetful).await.unwrap_err();
    assert!(matches!(error, IndexError::BadName(_)), "{error}");
    assert_eq!(fake.requests().len(), 0);
}

#[rstest]
#[case(
    "text/html",
    "<html><title>Service Unavailable</title></html>",
    "lists no files"
)]
#[case("application/json", "{\"message\": \"no\"}", "no API version")]
#[case("application/json", "<html>", "no API version")]
#[case(
    "application/json",
    r#"{"meta": {"api-version": "1.1"}, "name": "Other_Project", "files": []}"#,
    "the page of the package \"Other_Project\" and not of \"demo\""
)]
#[case(
    "application/json",
    r#"{"meta": {"api-version": "1.1"}, "name": "demo", "files": [7, {"url": "a"}, {"filename": "a.tar.gz"}]}"#,
    "none of its 3 entries"
)]
#[case("image/png", "PNG", "neither JSON nor HTML")]
#[case(
    "application/vnd.pypi.simple.v2+json",
    "{\"meta\":{\"api-version\":\"2.0\"}}",
    "version 2.0"
)]
#[case(
    "text/html",
    "<meta name=pypi:repository-version content=2.1>",
    "version 2.1"
)]
#[tokio::test]
async fn what_is_no_page_is_an_error(
    #[case] content_type: &'static str,
    #[case] body: &str,
    #[case] reason: &str,
) {
    let fake = FakeIndex::start().await;
    fake.always(PAGE, page(content_type, body));
    let error = index(&fake).project("demo", &Forgetful).await.unwrap_err();
    assert!(error.to_string().contains(reason), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn an_index_that_is_down_may_be_up_later() {
    let fake = FakeIndex::start().await;
    fake.always(PAGE, Fault::Status(503, vec![]));
    let error = index(&fake).project("demo", &Forgetful).await.unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().contains("try again later"), "{error}");
}

#[rstest]
#[case(IndexLimits { page_bytes: 1000, files: 10 }, "larger than the limit of 1000 bytes")]
#[case(IndexLimits { page_bytes: 1 << 20, files: 9 }, "index-files (9)")]
#[tokio::test]
async fn pages_have_bounds(#[case] limits: IndexLimits, #[case] reason: &str) {
    let fake = FakeIndex::start().await;
    for number in 0..10 {
        fake.publish("demo", file(&format!("demo-{number}.tar.gz")));
    }
    let index = Index::new(&client(), &location(&fake.url()), limits);
    let error = index.project("demo", &Forgetful).await.unwrap_err();
    assert!(error.to_string().contains(reason), "{error}");
}

#[tokio::test]
async fn a_plus_in_a_name_survives() {
    let fake = FakeIndex::start().await;
    let name = "demo-1.0+local-py3-none-any.whl";
    fake.publish("demo", file(name)).html_only();
    let project = index(&fake).project("demo", &Forgetful).await.unwrap();
    assert_eq!(project.files[0].name, name);
    assert_eq!(
        project.files[0].sha256,
        Some(Sha256Sum::of(&file(name).bytes))
    );
}
