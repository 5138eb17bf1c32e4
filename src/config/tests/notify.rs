//! `[notify]`: what is right, what is wrong, and that no address of a webhook is shown.

use super::*;

const PROJECT: &str = "[[project]]\npackage = \"Some.Package\"\n";

const RIGHT: &str = r#"
[notify]
ping-url-file = "ping"
[[notify.webhook]]
name = "on-call"
url-env = "URL"
secret-file = "/run/secret"
projects = ["some_package"]
[[notify.webhook]]
name = "chat"
format = "slack"
url = " https://hooks.example/T0/B0 "
events = ["release", "security", "feed-failed"]
[notify.mail]
server = "mail.example"
encryption = "starttls"
from = "rewheel <rewheel@example.org>"
to = ["a@example.org", "Räder <b@example.org>"]
username = "me"
password-env = "PASSWORD"
"#;

#[test]
fn everything_is_read() {
    let notify = good(&format!("{RIGHT}{PROJECT}")).notify;
    assert_eq!(notify.receivers(), ["on-call", "chat", "mail"]);
    assert_eq!((notify.failures, notify.attempts), (3, 20));
    assert_eq!(notify.give_up_after, TimeDelta::days(3));
    let [first, second] = notify.webhooks.as_slice() else {
        panic!("{notify:?}");
    };
    let packages = first.interest.packages.as_ref().unwrap();
    assert_eq!(packages.iter().collect::<Vec<_>>(), ["some-package"]);
    assert!(first.interest.occasions.contains(&Occasion::Release));
    assert!(
        !first
            .interest
            .occasions
            .contains(&Occasion::Event(Event::Security))
    );
    assert!(matches!(first.form, Form::Json(_)));
    assert_eq!(second.interest.occasions.len(), 3);
    assert!(matches!(second.form, Form::Slack));
    let Secret::Here(url) = &second.address else {
        panic!("{second:?}");
    };
    assert_eq!(url.expose_secret(), "https://hooks.example/T0/B0");
    let mail = notify.mail.as_ref().unwrap();
    assert_eq!((mail.port, mail.to.len()), (587, 2));
    let shown = format!("{notify:?}");
    assert!(!shown.contains("hooks.example"), "{shown}");
}

#[test]
fn nobody_is_told_where_nothing_is_said() {
    let notify = good("").notify;
    assert!(notify.receivers().is_empty() && notify.ping.is_none());
    let variables = [
        ("REWHEEL_NOTIFY__WEBHOOK__0__NAME", "a"),
        ("REWHEEL_NOTIFY__WEBHOOK__0__URL_ENV", "URL"),
        ("REWHEEL_NOTIFY__WEBHOOK__0__FORMAT", "slack"),
    ];
    let notify = read_with("", &variables).unwrap().notify;
    assert_eq!(notify.receivers(), ["a"]);
}

const WEBHOOK: &str = "[[notify.webhook]]\nname = \"a\"\nurl-env = \"U\"\n";
const MAIL: &str = "[notify.mail]\nserver = \"mail.example\"\nfrom = \"a@example.org\"\n";

#[rstest]
#[case::no_name(
    "[[notify.webhook]]\nurl-env = \"U\"\nformat = \"slack\"",
    "a webhook has a `name`"
)]
#[case::no_address(
    "[[notify.webhook]]\nname = \"a\"\nformat = \"slack\"",
    "a webhook has a `url`"
)]
#[case::unsigned(WEBHOOK, "what is sent as `json` is signed")]
#[case::signed_slack(
    &format!("{WEBHOOK}format = \"slack\"\nsecret-env = \"S\""),
    "`slack` is not signed"
)]
#[case::two_addresses(
    &format!("{WEBHOOK}url-file = \"f\"\nsecret-env = \"S\""),
    "`url-file` stands instead of `url-env`"
)]
#[case::format(&format!("{WEBHOOK}format = \"slak\""), "did you mean `slack`?")]
#[case::event(
    &format!("{WEBHOOK}secret-env = \"S\"\nevents = [\"isue-opened\"]"),
    "unknown event `isue-opened`; did you mean `issue-opened`?"
)]
#[case::project(
    &format!("{WEBHOOK}secret-env = \"S\"\nprojects = [\"some-pakage\"]"),
    "unknown project `some-pakage`; did you mean `some-package`?"
)]
#[case::twice(
    &format!("{WEBHOOK}secret-env = \"S\"\n{WEBHOOK}secret-env = \"S\""),
    "another webhook has this name"
)]
#[case::called_mail(
    "[[notify.webhook]]\nname = \"mail\"\nurl-env = \"U\"\nsecret-env = \"S\"",
    "`mail` is what the receiver of `[notify.mail]` is called"
)]
#[case::no_ledger(
    &format!("{WEBHOOK}secret-env = \"S\"\n[state]\nurl = \"none\""),
    "this does not go with `state.url = \"none\"`"
)]
#[case::nobody(&format!("{MAIL}to = []"), "`to` names nobody")]
#[case::lacks(MAIL, "`mail` lacks `to`")]
#[case::header(
    &format!("{MAIL}to = [\"a@example.org\\r\\nBcc: b@example.org\"]"),
    "is no address for mail"
)]
#[case::half_a_login(
    &format!("{MAIL}to = [\"a@example.org\"]\nusername = \"me\""),
    "a login has both"
)]
#[case::in_the_open(
    &format!(
        "{MAIL}to = [\"a@example.org\"]\nencryption = \"none\"\nusername = \"me\"\n\
         password-env = \"P\""
    ),
    "no password is sent over a connection that anybody can read"
)]
fn what_is_wrong_has_its_place(#[case] text: &str, #[case] says: &str) {
    let error = wrong(&format!("{PROJECT}{text}\n"));
    assert!(error.contains(says), "{error}");
    assert!(
        error.contains("rewheel.toml:") && error.contains('^'),
        "{error}"
    );
}

#[test]
fn a_ping_alone_needs_no_ledger() {
    good("[notify]\nping-url-env = \"P\"\n[state]\nurl = \"none\"\n");
}

#[test]
fn a_job_leaves_receivers_aside_and_keeps_the_ping() {
    let text = format!(
        "{PROJECT}[notify]\nping-url-env = \"P\"\n{WEBHOOK}secret-env = \"S\"\n\
         {MAIL}to = [\"a@example.org\"]\n"
    );
    let read = |state: &str| {
        let source = SourceText {
            name: "rewheel.toml".to_owned(),
            text: format!("state.url = \"{state}\"\n{text}"),
        };
        let file = Some((&source, std::path::Path::new("rewheel.toml")));
        read(file, [], WithoutLedger::LeaveAside).unwrap().notify
    };
    let aside = read("none");
    assert_eq!(aside.left_aside.len(), 2, "{aside:?}");
    assert!(
        aside.receivers().is_empty() && aside.ping.is_some(),
        "{aside:?}"
    );
    // Where there is a ledger, everybody is told.
    let told = read("sqlite:rewheel.db");
    assert!(told.left_aside.is_empty(), "{told:?}");
    assert_eq!(told.receivers(), aside.left_aside);
}

#[rstest]
#[case("[[notify.webhook]]\nname = \"a\"\nurl = \"hooks.example/T0SECRET\"\nformat = \"slack\"\n")]
#[case("[[notify.webhook]]\nname = \"https://hooks.example/T0SECRET\"\n")]
#[case("[[notify.webhook]]\nurl = \"https://hooks.example/T0SECRET\n")]
#[case("[[notify.webhook]]\nurl-env = \"https://hooks.example/T0SECRET\"\n")]
#[case("[notify]\nping-url-env = \"https://hooks.example/T0SECRET\"\n")]
#[case("notify.webhook = [\n  { nam = \"a\", url = \"https://hooks.example/T0SECRET\" },\n]\n")]
#[case("[notify.mail]\npassword = \"T0SECRET\"\n")]
fn no_secret_is_shown(#[case] text: &str) {
    let error = wrong(text);
    assert!(!error.contains("T0SECRET"), "{error}");
    assert!(error.contains('^'), "{error}");
}
