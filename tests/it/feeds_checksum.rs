//! The SHA-256 of a source archive: believed when the list of releases and the release's own file
//! agree, over real HTTP.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use rewheel::feeds::github::{GithubFeeds, client_settings};
use rewheel::model::{Asset, ReleaseAssets};
use rstest::rstest;

use crate::support::server::Server;

const HASH: &str = "b3c4e1d2a5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcdef0";
const OTHER: &str = "a3c4e1d2a5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcdef0";

/// A server of files: one with the hash, one that leads to another host, one that never ends.
fn files() -> Server {
    let endless = "x".repeat(1 << 16);
    Server::start(
        Router::new()
            .route(
                "/good.sha256",
                get(|| async { format!("{HASH} *openssl-3.5.9.tar.gz\n") }),
            )
            .route(
                "/moved.sha256",
                get(|| async { Redirect::temporary("http://localhost:9/good.sha256") }),
            )
            .route("/long.sha256", get(|| async { endless })),
    )
}

async fn asked(listed: Option<&str>, file: &str) -> Result<String, String> {
    let server = files();
    let origin = format!("http://{}", server.address());
    let asset = |name: &str, url: String, sha256: Option<&str>| Asset {
        name: name.to_owned(),
        size: 1,
        sha256: sha256.map(str::to_owned),
        url,
    };
    let version = "3.5.9".parse().unwrap();
    let name = "openssl-3.5.9.tar.gz";
    let assets = ReleaseAssets::new([(
        version,
        vec![
            asset(name, format!("{origin}/{name}"), listed),
            asset(
                &format!("{name}.sha256"),
                file.replace("ORIGIN", &origin),
                None,
            ),
        ],
    )]);
    let version = "3.5.9".parse().unwrap();
    let source = assets.source_archive(&version).unwrap();
    let api = origin.parse().unwrap();
    let mut settings = client_settings();
    settings.system_proxies = false;
    let feeds = GithubFeeds::new(settings, api, None, Vec::new(), 1 << 20).unwrap();
    let now = "2026-10-23T12:00:00Z".parse().unwrap();
    let answer = feeds.archive_sha256(&source, now).await;
    answer.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sources_that_agree_are_believed() {
    let answer = asked(Some(HASH), "ORIGIN/good.sha256").await;
    assert_eq!(answer.as_deref(), Ok(HASH));
}

#[rstest]
#[case::they_disagree(Some(OTHER), "ORIGIN/good.sha256", "one of them was changed")]
#[case::the_list_is_silent(None, "ORIGIN/good.sha256", "tells no SHA-256")]
#[case::no_file(Some(HASH), "ORIGIN/none.sha256", "404")]
#[case::another_server(Some(HASH), "http://evil.example/good.sha256", "on another server")]
#[case::led_elsewhere(Some(HASH), "ORIGIN/moved.sha256", "localhost")]
#[case::too_long(Some(HASH), "ORIGIN/long.sha256", "larger than the limit")]
#[tokio::test(flavor = "multi_thread")]
async fn anything_less_is_not(
    #[case] listed: Option<&str>,
    #[case] file: &str,
    #[case] says: &str,
) {
    let refused = asked(listed, file).await.unwrap_err();
    assert!(refused.contains(says), "{refused}");
}
