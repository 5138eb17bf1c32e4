//! The client: bounds, retries, redirects.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rewheel::fetch::{Client, Credentials, FetchError, Fetched, Get, Heard, Reach};
use rstest::rstest;
use url::Url;

use crate::support::client::{client, impatient_client, settings};
use crate::support::fake_index::FakeIndex;
use crate::support::reply::Fault;

fn page(fake: &FakeIndex, path: &str) -> Get {
    Get::page(Url::parse(&format!("{}{path}", fake.origin())).unwrap())
}

fn said(text: &str) -> Fault {
    Fault::Page {
        content_type: "text/plain",
        body: text.as_bytes().to_vec(),
    }
}

async fn text(client: &Client, request: &Get) -> Result<String, FetchError> {
    match client.page(request, None, 1 << 20).await? {
        Fetched::Fresh(page) => Ok(String::from_utf8(page.body).unwrap()),
        Fetched::NotModified => panic!("nothing was known"),
    }
}

#[tokio::test]
async fn says_who_asks() {
    let fake = FakeIndex::start().await;
    fake.always("/", said("hello"));
    assert_eq!(text(&client(), &page(&fake, "/")).await.unwrap(), "hello");
    let requests = fake.requests();
    assert!(requests[0].header("user-agent").starts_with("rewheel/"));
    assert!(requests[0].header("user-agent").contains("(+https://"));
    assert_eq!(requests[0].header("accept-encoding"), "gzip");
}

#[rstest]
#[case(500)]
#[case(503)]
#[case(429)]
#[case(408)]
#[tokio::test]
async fn tries_again_what_may_pass(#[case] status: u16) {
    let fake = FakeIndex::start().await;
    let path = "/simple/demo/";
    fake.add_project("demo")
        .once(path, Fault::Status(status, vec![]))
        .once(path, Fault::CutAfter(5));
    let (settings, waits) = settings();
    let client = Client::new(settings, Credentials::none()).unwrap();
    let whole = text(&client, &page(&fake, path)).await.unwrap();
    assert!(whole.contains("api-version"), "{whole}");
    assert_eq!(waits.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn waits_as_long_as_the_server_asks() {
    let fake = FakeIndex::start().await;
    let after = |seconds: &str| vec![("retry-after", seconds.to_owned())];
    fake.once("/", Fault::Status(429, after("42")))
        .always("/", said("hello"));
    let (settings, waits) = settings();
    let client = Client::new(settings, Credentials::none()).unwrap();
    assert_eq!(text(&client, &page(&fake, "/")).await.unwrap(), "hello");
    assert_eq!(*waits.lock().unwrap(), [Duration::from_secs(42)]);
}

#[tokio::test]
async fn gives_up_when_the_server_asks_for_too_much() {
    let fake = FakeIndex::start().await;
    let headers = vec![("retry-after", "86400".to_owned())];
    fake.always("/", Fault::Status(429, headers));
    let (settings, waits) = settings();
    let client = Client::new(settings, Credentials::none()).unwrap();
    let error = text(&client, &page(&fake, "/")).await.unwrap_err();
    assert_eq!(error.status(), Some(429));
    assert!(error.is_transient());
    assert!(waits.lock().unwrap().is_empty());
}

#[rstest]
#[case(404, 1)]
#[case(403, 1)]
#[case(500, 4)]
#[tokio::test]
async fn attempts_have_a_bound(#[case] status: u16, #[case] attempts: usize) {
    let fake = FakeIndex::start().await;
    fake.always("/", Fault::Status(status, vec![]));
    let error = text(&client(), &page(&fake, "/")).await.unwrap_err();
    assert_eq!(error.status(), Some(status));
    assert_eq!(fake.requests().len(), attempts);
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let fake = FakeIndex::start().await;
    fake.always("/", Fault::NeverAnswer);
    let error = text(&impatient_client(), &page(&fake, "/"))
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::TimedOut { .. }), "{error}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_page_has_a_bound_in_time_with_all_its_attempts() {
    let fake = FakeIndex::start().await;
    fake.always("/", Fault::NeverAnswer);
    let (mut settings, _) = settings();
    settings.page_timeout = Duration::from_millis(50);
    let client = Client::new(settings, Credentials::none()).unwrap();
    let error = text(&client, &page(&fake, "/")).await.unwrap_err();
    assert!(matches!(error, FetchError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn nobody_listening_is_a_sentence() {
    let fake = FakeIndex::start().await;
    let request = page(&fake, "/");
    drop(fake);
    let error = text(&client(), &request).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("check the network"), "{error}");
}

#[tokio::test]
async fn a_packed_page_is_counted_unpacked() {
    let fake = FakeIndex::start().await;
    fake.always("/", Fault::GzipBomb(64 << 20));
    let error = text(&client(), &page(&fake, "/")).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn redirects_are_followed() {
    let (fake, other) = (FakeIndex::start().await, FakeIndex::start().await);
    fake.always("/a", Fault::Redirect("b".into()))
        .always("/b", Fault::Redirect(format!("{}/c", other.origin())));
    other.always("/c", said("hello"));
    assert_eq!(text(&client(), &page(&fake, "/a")).await.unwrap(), "hello");
}

#[rstest]
#[case("/loop", "redirects more than 10 times")]
#[case("file:///etc/passwd", "scheme \"file\"")]
#[case("ftp://files.example/x", "scheme \"ftp\"")]
#[case("http://", "not to a readable address")]
#[tokio::test]
async fn bad_redirects_are_refused(#[case] to: &str, #[case] reason: &str) {
    let fake = FakeIndex::start().await;
    fake.always("/loop", Fault::Redirect(to.into()));
    let error = text(&client(), &page(&fake, "/loop")).await.unwrap_err();
    assert!(error.to_string().contains(reason), "{error}");
    assert!(!error.is_transient());
}

#[rstest]
#[case("127.0.0.1")]
#[case("localhost")]
#[case("[::ffff:127.0.0.1]")]
#[tokio::test]
async fn a_public_server_cannot_lead_into_a_private_network(#[case] host: &str) {
    let fake = FakeIndex::start().await;
    fake.always("/", said("secret"));
    let url = page(&fake, "/").url.as_str().replace("127.0.0.1", host);
    let mut request = Get::page(Url::parse(&url).unwrap());
    request.reach = Reach::Public;
    let error = text(&client(), &request).await.unwrap_err();
    assert!(
        matches!(error, FetchError::PrivateAddress { .. }),
        "{error}"
    );
    assert_eq!(fake.requests().len(), 0);
}

#[tokio::test]
async fn a_page_is_asked_for_conditionally() {
    let fake = FakeIndex::start().await;
    fake.add_project("demo");
    let (client, request) = (client(), page(&fake, "/simple/demo/"));
    let Fetched::Fresh(known) = client.page(&request, None, 1 << 20).await.unwrap() else {
        panic!("nothing was known");
    };
    let again = client.page(&request, Some(&known), 1 << 20).await.unwrap();
    assert_eq!(again, Fetched::NotModified);
    fake.html_only();
    let changed = client.page(&request, Some(&known), 1 << 20).await.unwrap();
    assert!(matches!(changed, Fetched::Fresh(page) if page.etag != known.etag));
}

#[tokio::test]
async fn an_unasked_304_is_an_error() {
    let fake = FakeIndex::start().await;
    fake.always("/", Fault::Status(304, vec![]));
    let error = text(&client(), &page(&fake, "/")).await.unwrap_err();
    assert!(
        matches!(error, FetchError::Unexpected { status: 304, .. }),
        "{error}"
    );
}

/// Whoever watches whether a process hangs is told that it goes on: with each answer, each attempt
/// that failed, each piece and each minute of a wait.
#[tokio::test]
async fn waiting_is_told_from_hanging() {
    let fake = FakeIndex::start().await;
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let (mut settings, waits) = settings();
    settings.heard = Heard::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let client = Client::new(settings, Credentials::none()).unwrap();
    let told = || told.swap(0, Ordering::Relaxed);
    fake.always("/", said("hello"));
    text(&client, &page(&fake, "/")).await.unwrap();
    assert!(told() >= 2, "the answer and its body");
    fake.once("/again", Fault::Status(503, vec![]));
    fake.always("/again", said("hello"));
    text(&client, &page(&fake, "/again")).await.unwrap();
    assert!(
        told() >= 4,
        "and the attempt that failed, and the wait after it"
    );
    waits.lock().unwrap().clear();
    client.pause(Duration::from_secs(150)).await;
    assert_eq!(told(), 3);
    let parts = [60, 60, 30].map(Duration::from_secs);
    assert_eq!(*waits.lock().unwrap(), parts);
    assert_eq!(client.requests(), 3);
}
