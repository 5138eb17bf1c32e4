//! Telling receivers over HTTP: each thing once, signed, and tried again under the same id.

use std::collections::BTreeMap;
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
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::fake_receiver::{Answer, FakeReceiver, Heard, hmac_sha256};
use crate::support::round;
use crate::support::stage::OLD;

/// The secret of the Standard Webhooks specification's example, and its bytes.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn secret_bytes() -> Vec<u8> {
    use base64::Engine;
    let encoded = SECRET.trim_start_matches("whsec_");
    base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .unwrap()
}

const PATIENCE: Duration = Duration::from_secs(60);

/// A receiver, a ledger, and a clock that stands.
struct Scene {
    folder: TempDir,
    receiver: FakeReceiver,
    more: String,
    now: Arc<Mutex<DateTime<Utc>>>,
}

impl Scene {
    /// One receiver with more of `[notify]`.
    fn new(more: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            receiver: FakeReceiver::start(),
            more: more.to_owned(),
            now: Arc::new(Mutex::new("2026-10-23T12:00:00Z".parse().unwrap())),
        }
    }

    fn ledger(&self) -> Ledger {
        let path = self.folder.path().join("rewheel.db");
        Ledger::open(&StateLocation::File(path), Access::Write).unwrap()
    }

    /// A teller with the ledger opened anew, as each process does.
    fn teller(&self, figures: &Figures) -> Teller {
        let path = self.folder.path().join("rewheel.toml");
        let text = format!(
            "[notify]\n{}\n[[notify.webhook]]\nname = \"ops\"\nurl-env = \"URL\"\nsecret-env = \
             \"SECRET\"\nevents = [\"security\"]\n[[project]]\npackage = \"demo\"\n",
            self.more
        );
        std::fs::write(&path, text).unwrap();
        let settings = config::load(Some(&path), []).unwrap().notify;
        let variables = BTreeMap::from([
            ("URL", format!("{}/T0/B0", self.receiver.url())),
            ("SECRET", SECRET.to_owned()),
        ]);
        let now = Arc::clone(&self.now);
        Teller::new(
            &settings,
            self.ledger(),
            Variable::new(move |name| variables.get(name).cloned()),
            Arc::new(move || *now.lock().unwrap()),
            figures.clone(),
        )
        .unwrap()
    }

    /// A cycle of a process of its own.
    async fn cycle(&self, report: &CheckReport) -> Figures {
        self.cycle_by(report, true).await
    }

    /// The same by a clock that is known to be right, or not.
    async fn cycle_by(&self, report: &CheckReport, may_forget: bool) -> Figures {
        let figures = Figures::default();
        let began = *self.now.lock().unwrap();
        let cycle = EndedCycle {
            began,
            may_forget,
            ..EndedCycle::of(report)
        };
        self.teller(&figures).after_all(&cycle, PATIENCE).await;
        figures
    }

    fn later(&self, by: TimeDelta) {
        *self.now.lock().unwrap() += by;
    }
}

/// A project of which nothing is known.
async fn nothing() -> CheckReport {
    round::check(&FakeIndex::start().await, "demo", false).await
}

/// A project whose wheels are vulnerable.
async fn vulnerable() -> CheckReport {
    vulnerable_of("demo").await
}

async fn vulnerable_of(package: &str) -> CheckReport {
    let index = FakeIndex::start().await;
    let name = format!("{package}-1.0-cp39-abi3-manylinux_2_28_x86_64.whl");
    index.publish(package, FakeFile::new(&name, wheel_carrying(OLD)));
    round::check(&index, package, false).await
}

#[tokio::test]
async fn what_is_new_is_told_once_and_signed() {
    let scene = Scene::new("");
    let report = vulnerable().await;
    let figures = scene.cycle(&report).await;
    let heard = scene.receiver.heard();
    let [heard] = heard.as_slice() else {
        panic!("{heard:#?}");
    };
    let document = heard.verified(&secret_bytes());
    assert_eq!(document["schema"], "rewheel/notification/v1");
    assert_eq!(document["type"], "security");
    assert_eq!(document["timestamp"], "2026-10-23T12:00:00Z");
    assert_eq!(document["data"]["items"][0]["package"], "demo");
    assert_eq!(document["data"]["openssl"]["series"], "3.5");
    assert_eq!(heard.method, "POST");
    assert_eq!(heard.path, "/T0/B0");
    assert_eq!(heard.header("content-type"), "application/json");
    assert_eq!(heard.header("webhook-timestamp"), "1792756800");
    let state = &figures.state().receivers[0];
    assert_eq!((state.delivered, state.waiting, state.given_up), (1, 0, 0));
    // Another process, a later cycle.
    scene.later(TimeDelta::hours(1));
    scene.cycle(&report).await;
    assert_eq!(scene.receiver.heard().len(), 1);
}

#[rstest]
#[case::broken(
    Answer::Status(500, Vec::new()),
    60,
    "it answered 500: it has a problem"
)]
#[case::busy(
    Answer::Status(429, vec![("retry-after", "600".to_owned())]),
    600,
    "it answered 429"
)]
#[case::silent(Answer::Never, 60, "within 20 seconds")]
#[case::elsewhere(
    Answer::Status(307, vec![("location", "/elsewhere".to_owned())]),
    60,
    "it answered 307, which sends to another address"
)]
#[tokio::test]
async fn what_was_not_taken_is_sent_again_under_its_id(
    #[case] answer: Answer,
    #[case] seconds: i64,
    #[case] says: &str,
) {
    let scene = Scene::new("");
    let report = vulnerable().await;
    scene.receiver.answers([answer.clone()]);
    let figures = if matches!(answer, Answer::Never) {
        // The clock of the process goes on once all of it waits.
        let (first, _) = tokio::join!(scene.cycle(&report), async {
            scene.receiver.wait_for_later(1).await;
            tokio::time::pause();
        });
        tokio::time::resume();
        first
    } else {
        scene.cycle(&report).await
    };
    let state = figures.state().receivers[0].clone();
    assert_eq!((state.delivered, state.waiting), (0, 1), "{state:?}");
    assert_eq!(state.failed_attempts, 1);
    assert!(state.error.unwrap().contains(says));
    scene.later(TimeDelta::seconds(seconds - 1));
    scene.cycle(&report).await;
    assert_eq!(scene.receiver.heard().len(), 1, "it is too early");
    scene.later(TimeDelta::seconds(1));
    let figures = scene.cycle(&report).await;
    let heard = scene.receiver.heard();
    assert_eq!(heard.len(), 2, "{heard:#?}");
    same_delivery(&heard[0], &heard[1]);
    assert_eq!(figures.state().receivers[0].delivered, 1);
    scene.later(TimeDelta::hours(24));
    scene.cycle(&report).await;
    assert_eq!(scene.receiver.heard().len(), 2);
}

/// What the documentation gives to receivers in Python, as it is written there.
#[tokio::test]
async fn the_documented_check_of_a_signature_holds() {
    let scene = Scene::new("");
    scene.cycle(&vulnerable().await).await;
    let heard = scene.receiver.heard().remove(0);
    let now = 1_792_756_800 + 200;
    let right = is_from_rewheel(SECRET, &heard, now);
    assert!(right, "{heard:?}");
    let mut changed = heard.clone();
    changed.body.push(b' ');
    let other = "whsec_".to_owned() + &"A".repeat(32);
    let replayed = is_from_rewheel(SECRET, &heard, now + 200);
    assert!(!replayed && !is_from_rewheel(SECRET, &changed, now));
    assert!(!is_from_rewheel(&other, &heard, now));
}

/// Runs the function of the documentation.
fn is_from_rewheel(secret: &str, heard: &Heard, now: i64) -> bool {
    let document = include_str!("../../docs/notifications.md");
    let (_, code) = document.split_once("```python\n").unwrap();
    let (code, _) = code.split_once("\n```").unwrap();
    let program = format!(
        "{code}\n\nimport json, sys\ngiven = json.load(sys.stdin)\nprint(is_from_rewheel(\
         given['secret'], given['headers'], given['body'].encode(), given['now']))\n"
    );
    let given = serde_json::json!({
        "secret": secret,
        "headers": heard.headers,
        "body": String::from_utf8(heard.body.clone()).unwrap(),
        "now": now,
    });
    let output = assert_cmd::Command::new("python3")
        .args(["-c", &program])
        .write_stdin(given.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    match String::from_utf8(output.stdout).unwrap().trim() {
        "True" => true,
        "False" => false,
        other => panic!("{other}"),
    }
}

/// The id and the body are the same; each attempt has a time and a signature of its own.
fn same_delivery(first: &Heard, second: &Heard) {
    for heard in [first, second] {
        heard.verified(&secret_bytes());
    }
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    assert_ne!(
        first.header("webhook-timestamp"),
        second.header("webhook-timestamp")
    );
    assert_ne!(
        first.header("webhook-signature"),
        second.header("webhook-signature")
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let scene = Scene::new("");
    scene.receiver.answers([Answer::Endless]);
    let figures = scene.cycle(&vulnerable().await).await;
    assert_eq!(figures.state().receivers[0].delivered, 1);
}

#[rstest]
#[case::as_often_as_is_said("attempts = 2", Answer::Status(500, Vec::new()), 2)]
#[case::as_long_as_is_said("give-up-after = \"90s\"", Answer::Status(500, Vec::new()), 2)]
#[case::it_does_not_want_to_hear("", Answer::Status(410, Vec::new()), 1)]
#[tokio::test]
async fn it_is_given_up(#[case] more: &str, #[case] answer: Answer, #[case] attempts: usize) {
    let scene = Scene::new(more);
    let report = vulnerable().await;
    scene.receiver.answers(vec![answer; 9]);
    let mut figures = scene.cycle(&report).await;
    for _ in 1..6 {
        scene.later(TimeDelta::minutes(1));
        figures = scene.cycle(&report).await;
    }
    assert_eq!(scene.receiver.heard().len(), attempts);
    let state = &figures.state().receivers[0];
    assert_eq!((state.given_up, state.waiting, state.delivered), (1, 0, 0));
    assert!(state.error.as_ref().unwrap().contains("it answered"));
    // It stays to be seen for 30 days.
    scene.later(TimeDelta::days(31));
    let figures = scene.cycle(&report).await;
    assert_eq!(figures.state().receivers[0].given_up, 0);
}

/// A clock that jumps far ahead, and is set right again, makes nothing of it new.
#[tokio::test]
async fn nothing_is_forgotten_by_a_clock_that_is_wrong() {
    let scene = Scene::new("");
    let (report, nothing) = (vulnerable().await, nothing().await);
    scene.cycle(&report).await;
    let told = scene.receiver.heard().len();
    assert!(told > 0);
    scene.later(TimeDelta::days(500));
    scene.cycle_by(&nothing, false).await;
    scene.later(TimeDelta::days(-500));
    let figures = scene.cycle(&report).await;
    assert_eq!(scene.receiver.heard().len(), told);
    assert!(figures.state().receivers[0].delivered > 0);
}

/// Whoever wants to be left alone is, whatever there is to tell.
#[tokio::test]
async fn a_receiver_that_wants_to_be_left_alone_is() {
    let scene = Scene::new("");
    let wait = vec![("retry-after", "3600".to_owned())];
    scene.receiver.answers([Answer::Status(429, wait)]);
    let figures = Figures::default();
    let teller = scene.teller(&figures);
    for package in ["demo", "other", "third"] {
        let report = vulnerable_of(package).await;
        teller.after_all(&EndedCycle::of(&report), PATIENCE).await;
        scene.later(TimeDelta::minutes(15));
    }
    assert_eq!(scene.receiver.heard().len(), 1);
    assert_eq!(figures.state().receivers[0].waiting, 3);
    scene.later(TimeDelta::minutes(20));
    let report = vulnerable().await;
    teller.after_all(&EndedCycle::of(&report), PATIENCE).await;
    let state = figures.state().receivers[0].clone();
    assert_eq!((state.waiting, state.delivered), (0, 3), "{state:?}");
}

#[tokio::test]
async fn what_was_begun_and_not_concluded_is_sent_again_at_once() {
    let scene = Scene::new("");
    let report = vulnerable().await;
    scene.receiver.answers([Answer::Status(500, Vec::new())]);
    scene.cycle(&report).await;
    scene.later(TimeDelta::minutes(1));
    // As a process that ends right after the intent leaves it.
    let now = *scene.now.lock().unwrap();
    let begun = scene.ledger().attempt("ops", now).unwrap().unwrap();
    assert_eq!(begun.attempts, 2);
    scene.cycle(&report).await;
    let heard = scene.receiver.heard();
    assert_eq!(heard.len(), 2);
    same_delivery(&heard[0], &heard[1]);
    assert_eq!(heard[1].header("webhook-id"), begun.id);
}

#[tokio::test]
async fn only_one_process_sends_at_a_time() {
    let scene = Scene::new("");
    let report = vulnerable().await;
    let ledger = scene.ledger();
    let lock = ledger.sending().unwrap().unwrap();
    scene.cycle(&report).await;
    assert!(scene.receiver.heard().is_empty());
    drop(lock);
    scene.cycle(&report).await;
    assert_eq!(scene.receiver.heard().len(), 1);
}

#[tokio::test]
async fn what_waits_for_a_receiver_that_is_no_longer_named_is_given_up() {
    let scene = Scene::new("");
    let report = vulnerable().await;
    scene.receiver.answers([Answer::Status(500, Vec::new())]);
    scene.cycle(&report).await;
    let now = *scene.now.lock().unwrap();
    let count = scene.ledger().give_up_others(&["mail"], now).unwrap();
    assert_eq!(count, 1);
    let all = scene.ledger().deliveries().unwrap();
    assert_eq!((all["ops"].given_up, all["ops"].waiting), (1, 0));
}

/// The examples of RFC 4231, with keys shorter and longer than a block.
#[rstest]
#[case(
    &[0x0b; 20],
    "Hi There",
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
)]
#[case(
    &[0xaa; 131],
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
)]
fn the_hmac_of_the_tests_is_that_of_the_standard(
    #[case] key: &[u8],
    #[case] message: &str,
    #[case] expected: &str,
) {
    let found: String = hmac_sha256(key, message.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(found, expected);
}
