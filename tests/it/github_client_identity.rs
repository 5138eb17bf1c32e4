//! In whose name GitHub is asked: tokens, files with tokens, Apps; and that none of it is shown.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rewheel::github::{Account, Github, GithubError, Identity, Me, NewIssue};
use rewheel::model::RepositoryName;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rstest::rstest;
use serde_json::{Value, json};

use crate::github_client_server::{
    START, Scripted, TOKEN, date, issue, json_reply, message, repository, settings_for,
    subject_with, token,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/github-app")
        .join(name)
}

fn app(key: &str) -> Identity {
    Identity::App {
        id: 4711,
        key_file: fixture(key),
    }
}

fn decoded(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// The claims of an `Authorization`, whose signature must hold.
fn claims(authorization: &str) -> Value {
    let jwt = authorization.strip_prefix("Bearer ").unwrap();
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let public = std::fs::read(fixture("public.der")).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
        .verify(signed.as_bytes(), &decoded(signature))
        .unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decoded(header)).unwrap();
    assert_eq!(header["alg"], "RS256");
    serde_json::from_slice(&decoded(claims)).unwrap()
}

const INSTALLATION: &str = "GET /repos/pyca/demo/installation";
const MINT: &str = "POST /app/installations/55/access_tokens";
const READ: &str = "GET /repos/pyca/demo/issues/7";
const WRITE: &str = "POST /repos/pyca/demo/issues";

fn minted(token: &str, life: i64) -> crate::support::reply::Reply {
    let ends = chrono::DateTime::from_timestamp(START + life, 0).unwrap();
    json_reply(
        201,
        &json!({"token": token, "expires_at": ends.to_rfc3339()}),
    )
}

fn installed(server: &Scripted) -> &Scripted {
    server
        .reply(INSTALLATION, json_reply(200, &json!({"id": 55})))
        .reply(READ, json_reply(200, &issue(7, "a")))
}

#[rstest]
#[case("pkcs1.pem")]
#[case("pkcs8.pem")]
#[tokio::test]
async fn an_app_asks_as_its_installation(#[case] key: &str) {
    let server = Scripted::start();
    installed(&server).reply(MINT, minted("ghs_ONE.two-three", 3600));
    let subject = subject_with(&server.origin(), app(key), |_| {});
    for _ in 0..2 {
        subject.github.issue(&repository(), 7).await.unwrap();
    }
    assert_eq!(server.lines(), [INSTALLATION, MINT, READ, READ]);
    let got = server.got();
    for asked in &got[..2] {
        let claims = claims(asked.header("authorization"));
        assert_eq!(claims["iss"], "4711");
        assert_eq!(claims["iat"], START - 60);
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert!((300..=600).contains(&life), "{life}");
    }
    assert_eq!(got[2].header("authorization"), "Bearer ghs_ONE.two-three");
}

#[tokio::test]
async fn an_apps_token_is_replaced_five_minutes_before_its_end() {
    let server = Scripted::start();
    server
        .reply(INSTALLATION, json_reply(200, &json!({"id": 55})))
        .reply(MINT, minted("one", 3600))
        .reply(MINT, minted("two", 7200));
    let subject = subject_with(&server.origin(), app("pkcs1.pem"), |_| {});
    let mut passed = 0;
    for seconds in [0, 3600 - 301, 2] {
        passed += seconds;
        subject.time.pass(Duration::from_secs(seconds));
        let read = json_reply(200, &issue(7, "a"));
        let now = i64::try_from(passed).unwrap();
        server.only(READ, read.header("date", date(now)));
        subject.github.issue(&repository(), 7).await.unwrap();
    }
    let tokens: Vec<String> = server
        .got()
        .into_iter()
        .filter(|got| got.line == READ)
        .map(|got| got.header("authorization").to_owned())
        .collect();
    assert_eq!(tokens, ["Bearer one", "Bearer one", "Bearer two"]);
}

#[tokio::test]
async fn an_apps_token_that_is_refused_is_replaced_once() {
    let server = Scripted::start();
    installed(&server)
        .reply(MINT, minted("one", 3600))
        .reply(MINT, minted("two", 3600))
        .reply(WRITE, message(401, "Bad credentials"))
        .reply(WRITE, json_reply(201, &issue(8, "a")))
        .reply(WRITE, message(401, "Bad credentials"));
    let github = subject_with(&server.origin(), app("pkcs1.pem"), |_| {}).github;
    let created = github
        .create_issue(&repository(), &NewIssue::default())
        .await;
    assert_eq!(created.unwrap().number, 8);
    assert_eq!(server.lines(), [INSTALLATION, MINT, WRITE, MINT, WRITE]);

    let failure = github
        .create_issue(&repository(), &NewIssue::default())
        .await;
    assert!(matches!(failure, Err(GithubError::Unauthorized { .. })));
    assert_eq!(server.lines().len(), 5 + 3);
}

#[rstest]
#[case::behind(-3600)]
#[case::ahead(3600)]
#[tokio::test]
async fn an_app_whose_clock_is_wrong_goes_by_githubs(#[case] wrong: i64) {
    let server = Scripted::start();
    let early = message(
        401,
        "'Issued at' claim ('iat') must be an Integer in the past",
    );
    server
        .reply(INSTALLATION, early.header("date", date(-wrong)))
        .reply(
            INSTALLATION,
            json_reply(200, &json!({"id": 55})).header("date", date(-wrong)),
        )
        .reply(
            MINT,
            minted("one", 3600 - wrong).header("date", date(-wrong)),
        )
        .reply(
            READ,
            json_reply(200, &issue(7, "a")).header("date", date(-wrong)),
        );
    let subject = subject_with(&server.origin(), app("pkcs8.pem"), |_| {});
    subject.github.issue(&repository(), 7).await.unwrap();
    assert_eq!(server.lines(), [INSTALLATION, INSTALLATION, MINT, READ]);
    let dated: Vec<i64> = server.got()[..3]
        .iter()
        .map(|got| claims(got.header("authorization"))["iat"].as_i64().unwrap() - START + 60)
        .collect();
    assert_eq!(dated, [0, -wrong, -wrong]);
    assert_eq!(
        subject.github.server_time().unwrap().timestamp(),
        START - wrong
    );
}

#[tokio::test]
async fn a_claim_that_is_refused_for_another_reason_is_not_repeated() {
    let server = Scripted::start();
    let refused = message(401, "A JSON web token could not be decoded");
    server.reply(INSTALLATION, refused.header("date", date(1)));
    let github = subject_with(&server.origin(), app("pkcs8.pem"), |_| {}).github;
    let failure = github.issue(&repository(), 7).await.unwrap_err();
    assert!(
        matches!(failure, GithubError::Unauthorized { .. }),
        "{failure}"
    );
    assert_eq!(server.lines(), [INSTALLATION]);
}

#[tokio::test]
async fn an_app_that_is_not_installed_says_where_to_install_it() {
    let server = Scripted::start();
    let github = subject_with(&server.origin(), app("pkcs8.pem"), |_| {}).github;
    let failure = github
        .create_issue(&repository(), &NewIssue::default())
        .await
        .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "the GitHub App 4711 is not installed for pyca/demo: install it there, with \"issues: write\""
    );
    assert!(!failure.is_ambiguous());
}

#[tokio::test]
async fn an_app_that_was_installed_anew_is_found_again() {
    let server = Scripted::start();
    // A token that ends within five minutes is used for one request only.
    installed(&server)
        .reply(MINT, minted("one", 200))
        .reply(MINT, message(404, "Not Found"));
    let github = subject_with(&server.origin(), app("pkcs8.pem"), |_| {}).github;
    github.issue(&repository(), 7).await.unwrap();
    let again = "POST /app/installations/56/access_tokens";
    server
        .only(INSTALLATION, json_reply(200, &json!({"id": 56})))
        .reply(again, minted("new", 3600));
    github.issue(&repository(), 7).await.unwrap();
    assert_eq!(
        server.lines(),
        [INSTALLATION, MINT, READ, MINT, INSTALLATION, again, READ]
    );
}

#[tokio::test]
async fn an_app_is_its_slug() {
    let server = Scripted::start();
    server.reply(
        "GET /app",
        json_reply(200, &json!({"slug": "rewheel-bot", "id": 4711})),
    );
    let github = subject_with(&server.origin(), app("pkcs8.pem"), |_| {}).github;
    for _ in 0..2 {
        let me = github.me(&repository()).await.unwrap();
        assert_eq!(
            (me.login.as_str(), me.kind),
            ("rewheel-bot[bot]", Account::App)
        );
    }
    assert_eq!(server.lines(), ["GET /app"]);
    claims(server.got()[0].header("authorization"));
}

#[rstest]
#[case::user(200, None, false, Some(("alice", Account::User)), 1)]
#[case::installation(403, Some("my-app[bot]"), false, Some(("my-app[bot]", Account::App)), 1)]
#[case::told(403, Some("somebody"), false, Some(("somebody", Account::Unknown)), 1)]
#[case::untold(403, None, false, None, 1)]
#[case::in_actions(403, None, true, Some(("github-actions[bot]", Account::App)), 0)]
#[tokio::test]
async fn a_token_is_its_user_or_what_the_settings_say(
    #[case] status: u16,
    #[case] login: Option<&str>,
    #[case] in_actions: bool,
    #[case] expected: Option<(&str, Account)>,
    #[case] asked: usize,
) {
    let server = Scripted::start();
    let user = json!({"login": "alice", "type": "User", "message": "Resource not accessible"});
    server.reply("GET /user", json_reply(status, &user));
    let subject = subject_with(&server.origin(), token(), |settings| {
        settings.login = login.map(str::to_owned);
        settings.in_actions = in_actions;
    });
    let me = subject.github.me(&repository()).await;
    match expected {
        Some((login, kind)) => {
            let login = login.to_owned();
            assert_eq!(me.unwrap(), Me { login, kind });
        }
        None => {
            let failure = me.unwrap_err().to_string();
            assert!(failure.contains("set `login`"), "{failure}");
        }
    }
    assert_eq!(server.lines().len(), asked);
}

#[tokio::test]
async fn a_tokens_file_is_read_again_when_it_changes() {
    let server = Scripted::start();
    server
        .reply(READ, json_reply(200, &issue(7, "a")))
        .reply(READ, message(401, "Bad credentials"))
        .reply(READ, json_reply(200, &issue(7, "a")))
        .reply(READ, message(401, "Bad credentials"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "one\n").unwrap();
    let github = subject_with(&server.origin(), Identity::TokenFile(path.clone()), |_| {}).github;
    github.issue(&repository(), 7).await.unwrap();
    // Of the same length and time: only the refusal tells.
    let written = std::fs::metadata(&path).unwrap().modified().unwrap();
    std::fs::write(&path, "two\n").unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(written).unwrap();
    github.issue(&repository(), 7).await.unwrap();
    let sent = |server: &Scripted| -> Vec<String> {
        let got = server.got();
        got.iter()
            .map(|got| got.header("authorization").to_owned())
            .collect()
    };
    assert_eq!(sent(&server).last().unwrap(), "Bearer two");

    let before = server.lines().len();
    github.issue(&repository(), 7).await.unwrap_err();
    assert_eq!(
        server.lines().len(),
        before + 1,
        "the same token is not tried again"
    );
    std::fs::write(&path, "a-longer-one").unwrap();
    github.issue(&repository(), 7).await.unwrap_err();
    assert_eq!(sent(&server).last().unwrap(), "Bearer a-longer-one");
    std::fs::remove_file(&path).unwrap();
    let failure = github.issue(&repository(), 7).await.unwrap_err();
    assert!(
        failure.to_string().contains(&path.display().to_string()),
        "{failure}"
    );
}

#[rstest]
#[case("", "it is empty, or holds more than one word")]
#[case("TOP SECRET", "it is empty, or holds more than one word")]
#[case("SECRET\nSECRET", "it is empty, or holds more than one word")]
fn a_tokens_file_holds_a_token(#[case] text: &str, #[case] reason: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, text).unwrap();
    let (settings, ..) = settings_for("https://api.github.com", Identity::TokenFile(path.clone()));
    let failure = Github::new(settings).unwrap_err();
    let shown = format!("{failure} {failure:?}");
    assert!(
        shown.contains(reason) && shown.contains(&path.display().to_string()),
        "{shown}"
    );
    assert!(!shown.contains("SECRET"), "{shown}");
}

#[rstest]
#[case::missing("nowhere.pem", "No such file")]
#[case::no_key("public.der", "it holds no RSA private key in PEM form")]
#[case::locked("locked.pem", "it is locked with a passphrase")]
#[case::a_folder("", "it is no regular file")]
fn a_key_that_cannot_be_used_is_a_sentence(#[case] file: &str, #[case] reason: &str) {
    let (settings, ..) = settings_for("https://api.github.com", app(file));
    let failure = Github::new(settings).unwrap_err();
    assert!(matches!(failure, GithubError::KeyFile { .. }));
    let said = failure.to_string();
    assert!(said.contains(reason), "{said}");
    assert!(
        said.contains(&fixture(file).display().to_string()),
        "{said}"
    );
}

#[rstest]
#[case("")]
#[case(" ")]
#[case("a b")]
#[case("a\u{1b}b")]
fn a_token_that_cannot_be_one_is_refused(#[case] text: &str) {
    let identity = Identity::Token(text.to_owned().into());
    let (settings, ..) = settings_for("https://api.github.com", identity);
    let failure = Github::new(settings).unwrap_err().to_string();
    assert!(failure.contains("the GitHub token is empty"), "{failure}");
}

/// Everything that can be shown of everything that knows a secret.
#[tokio::test]
async fn no_secret_is_ever_shown() {
    let server = Scripted::start();
    installed(&server).reply(MINT, minted("ghs_SECRET", 3600));
    server.reply(WRITE, message(403, "no"));
    let mut shown = String::new();
    for identity in [token(), app("pkcs1.pem")] {
        let (settings, ..) = settings_for(&server.origin(), identity);
        shown += &format!("{settings:?} {:?}", settings.identity);
        let github = Github::new(settings).unwrap();
        github.issue(&repository(), 7).await.unwrap();
        let failure = github
            .create_issue(&repository(), &NewIssue::default())
            .await
            .unwrap_err();
        let elsewhere: RepositoryName = "a/b".parse().unwrap();
        let other = github.repository(&elsewhere).await.unwrap_err();
        shown += &format!("{github:?} {failure} {failure:?} {other} {other:?}");
    }
    let dead = Scripted::start().origin();
    let failure = subject_with(&dead, token(), |_| {})
        .github
        .issue(&repository(), 7)
        .await
        .unwrap_err();
    shown += &format!("{failure} {failure:?}");
    // What was sent held them, so they were there to be shown.
    let sent: Vec<String> = server
        .got()
        .iter()
        .map(|got| got.header("authorization").to_owned())
        .collect();
    assert!(sent.contains(&format!("Bearer {TOKEN}")));
    assert!(sent.contains(&"Bearer ghs_SECRET".to_owned()));
    for secret in [TOKEN, "ghs_SECRET", "PRIVATE KEY"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    for jwt in sent.iter().filter(|sent| sent.contains("Bearer ey")) {
        assert!(
            !shown.contains(jwt.strip_prefix("Bearer ").unwrap()),
            "{shown}"
        );
    }
}
