//! Telling by mail: over TLS, STARTTLS and in the open, and what becomes of it when the mail server
//! does not do its part.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rewheel::config;
use rewheel::notify::{EndedCycle, Figures, Teller, Variable};
use rewheel::report::CheckReport;
use rewheel::store::ledger::{Access, Ledger, StateLocation};
use rstest::rstest;
use tempfile::TempDir;

use crate::support::binary::wheel_carrying;
use crate::support::command::{Ran, User};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::fake_mail::{FakeMail, LOGIN, Trouble, Way};
use crate::support::round;
use crate::support::stage::OLD;

struct Scene {
    user: User,
    index: FakeIndex,
    mail: FakeMail,
}

impl Scene {
    fn new(way: Way) -> Self {
        let user = User::new();
        let scene = Self {
            mail: FakeMail::start(user.home(), way),
            index: FakeIndex::start_blocking(),
            user,
        };
        let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
        scene
            .index
            .publish("demo", FakeFile::new(name, wheel_carrying(OLD)));
        let encryption = match way {
            Way::Tls => "tls",
            Way::Starttls => "starttls",
            Way::Plain => "none",
        };
        let login = match way {
            Way::Plain => String::new(),
            _ => format!(
                "username = \"{}\"\npassword-env = \"MAIL_PASSWORD\"\n",
                LOGIN.0
            ),
        };
        let text = format!(
            "[watch]\nmax-fact-age = \"3650d\"\n[index]\nurl = \"{}\"\n[notify.mail]\nserver = \
             \"localhost\"\nport = {}\nencryption = \"{encryption}\"\nfrom = \"Räder \
             <rewheel@example.org>\"\nto = [\"team@example.org\", \"boss@example.org\"]\nevents = \
             [\"security\"]\n{login}[[project]]\npackage = \"demo\"\n",
            scene.index.url(),
            scene.mail.port(),
        );
        std::fs::write(scene.user.home().join("rewheel.toml"), text).unwrap();
        scene
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let authority = self.mail.authority().to_str().unwrap();
        let variables = [("SSL_CERT_FILE", authority), ("MAIL_PASSWORD", LOGIN.1)];
        self.user.run_with(arguments, &variables)
    }

    fn cycle(&self) -> Ran {
        self.run(&["check-now", "--offline", "--config", "rewheel.toml"])
    }
}

#[rstest]
#[case(Way::Tls)]
#[case(Way::Starttls)]
#[case(Way::Plain)]
fn mail_arrives_once_however_it_is_sent(#[case] way: Way) {
    let scene = Scene::new(way);
    let ran = scene.cycle();
    assert_eq!(ran.code, 1, "{ran:#?}");
    let mails = scene.mail.mails();
    let [mail] = mails.as_slice() else {
        panic!("{mails:#?} {ran:#?}");
    };
    for part in [
        "To: team@example.org, boss@example.org\r\n",
        "Message-ID: <msg_",
        "@example.org>\r\n",
        "Subject: [rewheel] wheels are in the affected range of advisories: demo",
        "\r\ndemo 1.0\r\n    it carries 3.5.4; CVE-",
    ] {
        assert!(mail.contains(part), "{part:?} is not in {mail}");
    }
    let open = scene.mail.said_in_the_open().join(" ");
    assert!(!open.contains("AUTH") && !open.contains("MAIL"), "{open}");
    scene.cycle();
    assert_eq!(scene.mail.mails().len(), 1);
}

#[rstest]
#[case::busy(
    Way::Tls,
    Trouble::Busy,
    "did not greet as a mail server (it answered 421)"
)]
#[case::endless(Way::Plain, Trouble::Endless, "it says more than 524288 bytes")]
#[case::endless_before_tls(Way::Starttls, Trouble::Endless, "it says more than 524288 bytes")]
#[case::chatty(Way::Plain, Trouble::Chatty, "it says more than 2000 lines")]
#[case::chatty_before_tls(Way::Starttls, Trouble::Chatty, "it says more than 2000 lines")]
#[case::chatty_under_tls(Way::Tls, Trouble::Chatty, "it says more than 2000 lines")]
#[case::no_starttls(Way::Starttls, Trouble::NoStarttls, "offers no STARTTLS")]
#[case::injects(Way::Starttls, Trouble::Injects, "did not begin TLS")]
#[case::other_name(Way::Tls, Trouble::OtherName, "its identity cannot be proved")]
#[case::other_name_later(Way::Starttls, Trouble::OtherName, "its identity cannot be proved")]
#[case::no_login(Way::Tls, Trouble::NoLogin, "did not take the login (it answered 535)")]
#[case::no_recipient(
    Way::Tls,
    Trouble::NoRecipient,
    "did not take the mail (it answered 550)"
)]
fn what_goes_wrong_is_told_and_holds_no_secret(
    #[case] way: Way,
    #[case] trouble: Trouble,
    #[case] says: &str,
) {
    let scene = Scene::new(way);
    scene.mail.trouble(trouble);
    let ran = scene.cycle();
    // What was found out about the wheels is what the command is for.
    assert_eq!(ran.code, 1, "{ran:#?}");
    assert!(ran.stderr.contains(says), "{ran:#?}");
    assert!(ran.stderr.contains("mail was not told"), "{ran:#?}");
    assert!(scene.mail.mails().is_empty());
    let open = scene.mail.said_in_the_open().join(" ");
    assert!(!open.contains("AUTH") && !open.contains("MAIL"), "{open}");
    use base64::Engine;
    let encoded =
        base64::engine::general_purpose::STANDARD.encode(format!("\0{}\0{}", LOGIN.0, LOGIN.1));
    for secret in [LOGIN.1, &encoded, "<script>"] {
        assert!(!ran.stderr.contains(secret), "{ran:#?}");
    }
}

#[test]
fn config_check_logs_in_and_sends_nothing() {
    let scene = Scene::new(Way::Starttls);
    let check = |more: &[&str]| {
        let all = [&["config", "check", "rewheel.toml"], more].concat();
        scene.run(&all)
    };
    check(&[])
        .exits(0)
        .says("mails team@example.org, boss@example.org by localhost:")
        .says("with STARTTLS: security");
    let online = check(&["--online"]);
    online.exits(0).says("mail: localhost takes the login");
    scene.mail.trouble(Trouble::NoLogin);
    let online = check(&["--online"]);
    online
        .exits(2)
        .says("wrong: mail: the mail server did not take the login");
    scene.mail.trouble(Trouble::Busy);
    let online = check(&["--online"]);
    online
        .exits(3)
        .says("could not tell: mail: the mail server did not greet");
    assert!(scene.mail.mails().is_empty());
    let missing = scene.user.run(&["config", "check", "rewheel.toml"]);
    missing.exits(0).says(
        "cannot be told as it is: mail: the variable MAIL_PASSWORD is not set: set it, and start \
         rewheel again",
    );
}

/// A project, a mail server without encryption, and a clock that stands.
struct Open {
    mail: FakeMail,
    now: Arc<Mutex<DateTime<Utc>>>,
    teller: Teller,
    figures: Figures,
    report: CheckReport,
    _folder: TempDir,
}

impl Open {
    async fn new() -> Self {
        Self::to(&["team@example.org"]).await
    }

    async fn to(recipients: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mail = FakeMail::start(folder.path(), Way::Plain);
        let index = FakeIndex::start().await;
        let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
        index.publish("demo", FakeFile::new(name, wheel_carrying(OLD)));
        let path = folder.path().join("rewheel.toml");
        let text = format!(
            "[notify.mail]\nserver = \"localhost\"\nport = {}\nencryption = \"none\"\nfrom = \
             \"rewheel@example.org\"\nto = {recipients:?}\nevents = [\"security\"]\n",
            mail.port()
        );
        std::fs::write(&path, text).unwrap();
        let settings = config::load(Some(&path), []).unwrap().notify;
        let file = StateLocation::File(folder.path().join("rewheel.db"));
        let now = Arc::new(Mutex::new("2026-10-23T12:00:00Z".parse().unwrap()));
        let clock = Arc::clone(&now);
        let figures = Figures::default();
        let teller = Teller::new(
            &settings,
            Ledger::open(&file, Access::Write).unwrap(),
            Variable::new(|_| None),
            Arc::new(move || *clock.lock().unwrap()),
            figures.clone(),
        );
        Self {
            report: round::check(&index, "demo", false).await,
            teller: teller.unwrap(),
            mail,
            now,
            figures,
            _folder: folder,
        }
    }

    async fn cycle(&self) {
        let cycle = EndedCycle::of(&self.report);
        self.teller
            .after_all(&cycle, Duration::from_secs(120))
            .await;
    }
}

/// The mail server has the mail and does not say so: it comes again, and its id tells that it is
/// the same.
#[tokio::test]
async fn mail_that_may_have_arrived_comes_again_under_its_id() {
    let scene = Open::new().await;
    scene.mail.trouble(Trouble::CutsAtTheEnd);
    scene.cycle().await;
    scene.mail.trouble(Trouble::None);
    *scene.now.lock().unwrap() += TimeDelta::minutes(1);
    scene.cycle().await;
    scene.cycle().await;
    let mails = scene.mail.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0], mails[1]);
    assert!(mails[0].contains("Message-ID: <msg_"));
}

/// Whoever has left must not keep the others from being told.
#[tokio::test]
async fn one_recipient_who_is_refused_keeps_no_mail_from_the_others() {
    let scene = Open::to(&["gone@example.org", "team@example.org"]).await;
    scene.mail.trouble(Trouble::NotThis("gone@"));
    scene.cycle().await;
    *scene.now.lock().unwrap() += TimeDelta::days(1);
    scene.cycle().await;
    assert_eq!(scene.mail.mails().len(), 1);
    let state = scene.figures.state().receivers[0].clone();
    assert_eq!((state.waiting, state.delivered, state.given_up), (0, 1, 0));
}

#[tokio::test]
async fn a_mail_server_that_says_nothing_is_not_waited_for_without_end() {
    let scene = Open::new().await;
    scene.mail.trouble(Trouble::Silent);
    // The clock of the process goes on once all of it waits.
    tokio::join!(scene.cycle(), async {
        scene.mail.wait_for_connection().await;
        tokio::time::pause();
    });
    let state = scene.figures.state().receivers[0].clone();
    assert_eq!((state.waiting, state.failed_attempts), (1, 1));
    let error = state.error.unwrap();
    assert_eq!(error, "it did not take it within 60 seconds");
}
