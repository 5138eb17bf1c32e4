//! Feeds that changed their shape: each is an alarm with a sentence, and keeps the last good copy.

use std::io::Write;

use axum::body::Bytes;
use rewheel::feeds::{Known, built_in};
use rewheel::model::FactsOrigin;
use rstest::rstest;

use crate::feeds::{Watcher, at, sources};
use crate::support::fake_feeds::{FakeFeeds, HEAD, RELEASES};
use crate::support::reply::Fault;

const HTML: &[u8] = b"<!DOCTYPE html><html><body>Sign in</body></html>";

fn page(body: &[u8]) -> Fault {
    Fault::Page {
        content_type: "text/html",
        body: body.to_vec(),
    }
}

fn redirect(to: &str) -> Fault {
    Fault::Redirect(to.to_owned())
}

/// Holds the alarm: which feeds lost their newest word, why, and what stands in its place.
#[track_caller]
fn alarms(known: &Known, feeds: &[&str], sentence: &str, instead: FactsOrigin) {
    for report in &known.reports {
        let is_hit = feeds.contains(&report.name);
        let expected = if is_hit {
            instead
        } else {
            FactsOrigin::Network
        };
        assert_eq!(report.source, expected, "{report:?}");
        assert_eq!(report.is_down, is_hit, "{report:?}");
        let error = report.error.as_deref().unwrap_or_default();
        assert_eq!(
            error.contains(sentence) && !error.is_empty(),
            is_hit,
            "{report:?}"
        );
    }
}

type Spoil = fn(&FakeFeeds);

const METADATA: &[&str] = &["advisories", "life-times"];

#[rstest]
#[case::fields_gone(
    |fake: &FakeFeeds| { fake.edit_releases(|one| { one.as_object_mut().unwrap().remove("published_at"); }); },
    &["releases"],
    "is not believed: its form has changed: the release \"openssl-4.1.0\" cannot be read: missing field `published_at`"
)]
#[case::other_types(
    |fake: &FakeFeeds| { fake.edit_releases(|one| one["draft"] = "no".into()); },
    &["releases"],
    "its form has changed"
)]
#[case::html(
    |fake: &FakeFeeds| { fake.always(RELEASES, page(HTML)); },
    &["releases"],
    "it is HTML, not the JSON of a list of releases"
)]
#[case::an_object(
    |fake: &FakeFeeds| { fake.always(RELEASES, page(b"{\"message\": \"hello\"}")); },
    &["releases"],
    "it is no list of releases"
)]
#[case::empty_list(|fake: &FakeFeeds| { fake.keep_releases(|_| false); }, &["releases"], "it is empty")]
#[case::nothing(|fake: &FakeFeeds| { fake.always(RELEASES, page(b"")); }, &["releases"], "it is empty")]
#[case::other_tags(
    |fake: &FakeFeeds| { fake.edit_releases(|one| one["tag_name"] = "v1".into()); },
    &["releases"],
    "it names no release of an OpenSSL version"
)]
#[case::half_gone(
    |fake: &FakeFeeds| { fake.keep_releases(|tag| tag.starts_with("openssl-3.5")); },
    &["releases"],
    "releases that were known are gone from it"
)]
#[case::gigabytes(
    |fake: &FakeFeeds| { fake.always(RELEASES, Fault::GzipBomb(16 << 20)); },
    &["releases"],
    "it is larger than the limit feed-bytes (8388608)"
)]
#[case::a_strange_host(
    |fake: &FakeFeeds| { fake.always(RELEASES, redirect("http://localhost:9/repos/openssl/openssl/releases")); },
    &["releases"],
    "redirects to the host \"localhost\", which is not followed"
)]
#[case::no_such_repository(
    |fake: &FakeFeeds| { fake.always(RELEASES, Fault::Status(404, vec![])); },
    &["releases"],
    "answered 404 (there is no such page)"
)]
#[case::out_of_order(
    |fake: &FakeFeeds| { fake.always(HEAD, Fault::Status(502, vec![])); },
    METADATA,
    "answered 502 (the server has a problem; try again later)"
)]
#[case::head_is_html(|fake: &FakeFeeds| { fake.always(HEAD, page(HTML)); }, METADATA, "it names no commit")]
#[case::archive_is_html(|fake: &FakeFeeds| { fake.archive(HTML.to_vec()); }, METADATA, "it is no archive (.tar.gz)")]
#[case::archive_is_cut(
    |fake: &FakeFeeds| { fake.archive(packed(&[("x/secjson/CVE-2026-1000.json", b"{}")])[..40].to_vec()); },
    METADATA,
    "the archive is damaged"
)]
#[case::archive_of_something_else(
    |fake: &FakeFeeds| { fake.archive(packed(&[("x/README.md", b"hello")])); },
    METADATA,
    "the archive holds none of the expected files"
)]
#[case::archive_unpacks_to_gigabytes(
    |fake: &FakeFeeds| { fake.archive(bomb()); },
    METADATA,
    "the archive unpacks to more than the limit feed-bytes (8388608)"
)]
#[case::archive_elsewhere(
    |fake: &FakeFeeds| {
        fake.commit("README.md", "moved");
        fake.always(&fake.archive_path(), redirect("http://files.localhost:9/archive.tar.gz"));
    },
    METADATA,
    "redirects to the host \"files.localhost\", which is not followed"
)]
#[case::records_gone(
    |fake: &FakeFeeds| { fake.keep_files(|path| !path.starts_with("secjson/CVE-20")); },
    &["advisories"],
    "it holds no records of advisories"
)]
#[case::half_of_the_records_gone(
    |fake: &FakeFeeds| { fake.keep_files(|path| !path.starts_with("secjson/CVE-201")  && !path.starts_with("secjson/CVE-200")); },
    &["advisories"],
    "advisories that were known are gone from it"
)]
#[case::life_times_gone(
    |fake: &FakeFeeds| { fake.keep_files(|path| path != "data.json"); },
    &["life-times"],
    "it holds no data.json"
)]
#[case::life_times_changed(
    |fake: &FakeFeeds| { fake.commit("data.json", "{\"3.5\": {\"end\": \"08 Apr 2030\"}}"); },
    &["life-times"],
    "its data.json names no life time of a series"
)]
#[tokio::test]
async fn a_changed_shape_is_an_alarm(
    #[case] spoil: Spoil,
    #[case] feeds: &[&str],
    #[case] sentence: &str,
) {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    let good = watcher.known(at(0)).await;
    assert_eq!(sources(&good), [FactsOrigin::Network; 3]);
    spoil(&fake);
    let known = watcher.known(at(15)).await;
    alarms(&known, feeds, sentence, FactsOrigin::Cache);
    assert_eq!(known.facts, good.facts);
    // And again: the copy is not written over.
    let known = watcher.known(at(24 * 60)).await;
    alarms(&known, feeds, sentence, FactsOrigin::Cache);
    let lost = known.reports.iter().find(|report| report.is_down).unwrap();
    assert_eq!(
        lost.as_of,
        at(0).date_naive(),
        "the copy is as old as it is"
    );
    // Who never heard of it has the built-in facts.
    let known = Watcher::of(&fake).known(at(15)).await;
    alarms(&known, feeds, sentence, FactsOrigin::BuiltIn);
    assert_eq!(known.facts.advisories, built_in::load().unwrap().advisories);
}

/// Only the silent feed is looked at: with so little patience the others may be too slow as well.
#[tokio::test]
async fn a_silent_feed_is_not_waited_for() {
    let fake = FakeFeeds::start();
    fake.always(HEAD, Fault::NeverAnswer);
    let known = Watcher::impatient(&fake).known(at(0)).await;
    let report = &known.reports[1];
    assert_eq!((report.name, report.is_down), ("advisories", true));
    let error = report.error.as_deref().unwrap();
    assert!(error.contains("did not answer in time"), "{error}");
}

#[tokio::test]
async fn an_archive_that_is_not_believed_is_not_fetched_again() {
    let fake = FakeFeeds::start();
    fake.archive(HTML.to_vec());
    let watcher = Watcher::of(&fake);
    watcher.known(at(0)).await;
    fake.statuses();
    let known = watcher.known(at(15)).await;
    alarms(&known, METADATA, "it is no archive", FactsOrigin::BuiltIn);
    assert_eq!(
        fake.statuses(),
        [200, 304, 304, 304],
        "only the branch is looked at"
    );
}

#[tokio::test]
async fn archives_are_fetched_from_listed_hosts_only() {
    let fake = FakeFeeds::start();
    let known = Watcher::with(&fake, &["codeload.github.com"], None)
        .known(at(0))
        .await;
    alarms(
        &known,
        METADATA,
        "redirects to the host \"localhost\"",
        FactsOrigin::BuiltIn,
    );
    let asked = fake.requests();
    assert!(
        asked.iter().all(|one| one.path.starts_with("/repos/")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn nobody_there_leaves_the_built_in_facts() {
    let fake = FakeFeeds::start();
    let watcher = Watcher::of(&fake);
    drop(fake);
    let known = watcher.known(at(0)).await;
    let all = ["releases", "advisories", "life-times"];
    alarms(&known, &all, "cannot be reached", FactsOrigin::BuiltIn);
    assert_eq!(known.facts, built_in::load().unwrap());
}

#[tokio::test]
async fn a_next_page_on_another_server_is_not_asked() {
    let fake = FakeFeeds::start();
    let next = "<http://localhost:9/releases?page=2>; rel=\"next\"";
    fake.always(
        RELEASES,
        Fault::Status(200, vec![("link", next.to_owned())]),
    );
    let known = Watcher::of(&fake).known(at(0)).await;
    alarms(
        &known,
        &["releases"],
        "its next page is on another server",
        FactsOrigin::BuiltIn,
    );
}

/// A server on loopback whose certificate nobody vouches for.
#[tokio::test]
async fn a_certificate_that_does_not_fit_is_an_alarm() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key =
        tokio_rustls::rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der())
            .unwrap();
    let provider = std::sync::Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let _ = acceptor.accept(stream).await;
        }
    });
    let known = Watcher::at(&url).known(at(0)).await;
    server.abort();
    let all = ["releases", "advisories", "life-times"];
    alarms(&known, &all, "cannot be proved", FactsOrigin::BuiltIn);
}

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gzip);
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// A file of many zeros, packed into little.
fn bomb() -> Vec<u8> {
    let zeros = Bytes::from(vec![0; 32 << 20]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut header = tar::Header::new_gnu();
    header.set_path("x/data.json.large").unwrap();
    header.set_size(zeros.len() as u64);
    header.set_cksum();
    gzip.write_all(header.as_bytes()).unwrap();
    gzip.write_all(&zeros).unwrap();
    gzip.finish().unwrap()
}
