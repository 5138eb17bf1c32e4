//! Messages, whoever they are for, and how they are written.

use proptest::prelude::*;
use rstest::rstest;

use crate::config::{Encryption, Mail};
use crate::notify::happening::Item;
use crate::notify::letter::letter;
use crate::notify::message::{Message, address, deliveries};
use crate::notify::{chat, document};

use super::*;

fn news(packages: usize) -> Vec<Happening> {
    let lines = (0..packages).map(|number| line(&format!("p{number}"), &["3.5.8"]));
    let report = report(Vec::new(), lines.collect());
    Memory::default().cycle(&report)
}

fn read(delivery: &crate::store::ledger::NewDelivery) -> Message {
    serde_json::from_value(delivery.message.clone()).unwrap()
}

#[test]
fn three_hundred_packages_are_one_message_per_release() {
    let mut ops = everything("ops");
    ops.interest.occasions = BTreeSet::from([Occasion::Release]);
    let all = deliveries(&news(300), &[ops.clone()], start());
    let [one] = all.as_slice() else {
        panic!("{} deliveries", all.len());
    };
    let message = read(one);
    assert_eq!(
        message.title,
        "OpenSSL 3.5.9 of 2026-09-29: 300 packages to rebuild (most severe: high): p0, p1, p10 and \
         297 more"
    );
    assert_eq!((message.items.len(), message.more), (300, 0));
    let all = deliveries(&news(310), &[ops], start());
    let message = read(&all[0]);
    assert_eq!((message.items.len(), message.more), (300, 10));
}

#[test]
fn each_is_told_what_it_wants_to_know_and_no_more() {
    let mut one = everything("one");
    one.interest.packages = Some(BTreeSet::from(["p1".to_owned()]));
    let mut none = everything("none");
    none.interest.occasions.clear();
    let mut new = news(3);
    let down = report(vec![feed(Some("down"), true)], Vec::new());
    let mut memory = Memory::default();
    new.extend((0..3).flat_map(|_| memory.cycle(&down)));
    let all = deliveries(&new, &[one, none], start());
    let titles: Vec<String> = all.iter().map(|delivery| read(delivery).title).collect();
    assert_eq!(
        titles,
        [
            "OpenSSL 3.5.9 of 2026-09-29: 1 package to rebuild (most severe: high): p1",
            "wheels are in the affected range of advisories: p1 (high); to be built with OpenSSL \
             3.5.9",
            // What is no matter of one project concerns everybody.
            "a feed fails: releases",
        ]
    );
}

#[test]
fn the_id_is_that_of_what_is_told_and_of_who_is_told() {
    let mut new = news(4);
    let ids = |new: &[Happening], name: &str| -> BTreeSet<String> {
        let all = deliveries(new, &[everything(name)], start());
        all.into_iter().map(|one| one.id).collect()
    };
    let first = ids(&new, "ops");
    assert_eq!(first.len(), 2);
    assert!(
        first
            .iter()
            .all(|id| id.len() == 36 && id.starts_with("msg_"))
    );
    new.reverse();
    assert_eq!(ids(&new, "ops"), first);
    assert!(ids(&new, "mail").is_disjoint(&first));
    assert!(ids(&news(5), "ops").is_disjoint(&first));
}

#[rstest]
#[case(
    "https://github.com/a/b/issues/1",
    Some("https://github.com/a/b/issues/1")
)]
#[case("https://h.example/a|b>c\"d", Some("https://h.example/a%7Cb%3Ec%22d"))]
#[case("https://h.example/(x)*`'", Some("https://h.example/%28x%29%2A%60%27"))]
#[case("https://me:s3cret@h.example/", None)]
#[case("javascript:alert(1)", None)]
#[case("data:text/html,x", None)]
#[case("h.example", None)]
fn only_addresses_that_cannot_act_stand_in_messages(
    #[case] text: &str,
    #[case] expected: Option<&str>,
) {
    assert_eq!(address(text).as_deref(), expected);
    assert_eq!(
        address(&format!("https://h.example/{}", "a".repeat(600))),
        None
    );
}

fn message(title: &str, text: &str) -> Message {
    Message {
        event: "security".to_owned(),
        at: start(),
        title: title.to_owned(),
        severity: Some("high".to_owned()),
        openssl: None,
        items: vec![Item {
            package: Some("demo".to_owned()),
            line: Some("~=46.0".to_owned()),
            version: Some("1.0".to_owned()),
            feed: None,
            text: text.to_owned(),
            url: Some("https://github.com/a/b/issues/1".to_owned()),
        }],
        more: 2,
    }
}

fn mail() -> Mail {
    Mail {
        server: "mail.example".to_owned(),
        port: 465,
        encryption: Encryption::Tls,
        from: "rewheel <rewheel@example.org>".parse().unwrap(),
        to: vec!["team@example.org".parse().unwrap()],
        login: None,
        interest: everything("mail").interest,
    }
}

fn lettered(message: &Message) -> String {
    let letter = letter(&mail(), "msg_1", message).unwrap();
    String::from_utf8(letter.formatted()).unwrap()
}

#[test]
fn the_mail_is_plain_text() {
    let text = lettered(&message(
        "wheels are to be rebuilt: demo",
        "it carries 3.5.8",
    ));
    insta::assert_snapshot!(text.replace("\r\n", "\n"), @r"
    From: rewheel <rewheel@example.org>
    Message-ID: <msg_1@example.org>
    Date: Fri, 23 Oct 2026 12:00:00 +0000
    Auto-Submitted: auto-generated
    Subject: [rewheel] wheels are to be rebuilt: demo
    To: team@example.org
    MIME-Version: 1.0
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: 7bit

    wheels are to be rebuilt: demo

    demo 1.0 (~=46.0)
        it carries 3.5.8
        https://github.com/a/b/issues/1
    and 2 more

    rewheel, 2026-10-23 12:00 UTC; event: security; delivery: msg_1
    ");
}

#[test]
fn the_document_has_the_shape_of_standard_webhooks() {
    let text = document::document(&message("a title", "a text")).unwrap();
    insta::assert_snapshot!(text, @r#"{"schema":"rewheel/notification/v1","type":"security","timestamp":"2026-10-23T12:00:00Z","data":{"title":"a title","severity":"high","openssl":null,"items":[{"package":"demo","line":"~=46.0","version":"1.0","text":"a text","url":"https://github.com/a/b/issues/1"}],"more":2}}"#);
}

#[test]
fn slack_gets_text_and_links_that_we_made() {
    let text = chat::body(&message("a feed: <!channel>", "*see* @all"));
    insta::assert_snapshot!(text.replace('\u{200b}', "_"), @r#"{"text":"*rewheel* a feed:_ &lt;!_channel&gt;\n• demo 1.0 (_~_=46.0)_: *_see*_ @_all <https://github.com/a/b/issues/1>\n• and 2 more","unfurl_links":false,"unfurl_media":false}"#);
    let mut long = message("a", "b");
    long.items = vec![long.items[0].clone(); 300];
    let text = chat::body(&long);
    assert!(text.contains("and 287 more"), "{text}");
    assert!(text.len() < 8_000, "{}", text.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever stands in a message: no header is added, no line is long, all of it is ASCII.
    #[test]
    fn nothing_is_added_to_the_headers(
        title in "(\\PC|[\r\n\t\\x00]|Bcc: x@evil.example){0,80}",
        text in "(\\PC|[\r\n.]){0,200}",
    ) {
        let mail = lettered(&message(&title, &text));
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with(' '))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        prop_assert_eq!(names, [
            "From", "Message-ID", "Date", "Auto-Submitted", "Subject", "To", "MIME-Version",
            "Content-Type", "Content-Transfer-Encoding",
        ]);
        prop_assert!(mail.split("\r\n").all(|line| line.len() < 998));
        prop_assert!(mail.is_ascii());
        let bare = mail.replace("\r\n", "");
        prop_assert!(!bare.contains(['\r', '\n', '\0']));
    }
}
