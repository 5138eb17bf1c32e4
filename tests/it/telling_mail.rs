//! Telling by mail: over TLS, STARTTLS and in the open, and what becomes of it when the mail server
//! does not do its part.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rewheel::config;
use rewheel::notify::{EndedCycle, Figures, Teller, Variable};
use rewheel::store::ledger::{Access, Ledger, StateLocation};
use rstest::rstest;

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

/// The mail server has the mail and does not say so: it comes again, and its id tells that it is
/// the same.
#[tokio::test]
async fn mail_that_may_have_arrived_comes_again_under_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let mail = FakeMail::start(folder.path(), Way::Plain);
    let index = FakeIndex::start().await;
    let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
    index.publish("demo", FakeFile::new(name, wheel_carrying(OLD)));
    let path = folder.path().join("rewheel.toml");
    let text = format!(
        "[notify.mail]\nserver = \"localhost\"\nport = {}\nencryption = \"none\"\nfrom = \
         \"rewheel@example.org\"\nto = [\"team@example.org\"]\nevents = [\"security\"]\n",
        mail.port()
    );
    std::fs::write(&path, text).unwrap();
    let settings = config::load(Some(&path), []).unwrap().notify;
    let file = StateLocation::File(folder.path().join("rewheel.db"));
    let start: DateTime<Utc> = "2026-10-23T12:00:00Z".parse().unwrap();
    let now = Arc::new(Mutex::new(start));
    let clock = Arc::clone(&now);
    let teller = Teller::new(
        &settings,
        Ledger::open(&file, Access::Write).unwrap(),
        Variable::new(|_| None),
        Arc::new(move || *clock.lock().unwrap()),
        Figures::default(),
    )
    .unwrap();
    let report = round::check(&index, "demo", false).await;
    let cycle = EndedCycle::of(&report);
    mail.trouble(Trouble::CutsAtTheEnd);
    teller.after_all(&cycle, Duration::from_secs(60)).await;
    mail.trouble(Trouble::None);
    *now.lock().unwrap() += TimeDelta::minutes(1);
    teller.after_all(&cycle, Duration::from_secs(60)).await;
    teller.after_all(&cycle, Duration::from_secs(60)).await;
    let mails = mail.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0], mails[1]);
    assert!(mails[0].contains("Message-ID: <msg_"));
}
