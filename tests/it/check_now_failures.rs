//! `rewheel check-now`, when packages, indexes and wheels are not as they should be.

use rewheel::cycle::Silent;
use rewheel::report::{Appearance, markdown, text};
use rstest::rstest;

use crate::support::binary::{VULNERABLE, wheel_carrying, wheel_without};
use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::recorded::bytes_served;
use crate::support::reply::Fault;
use crate::support::round;
use crate::support::wheel;

const LINUX: &str = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
const WINDOWS: &str = "demo-1.0-cp39-abi3-win_amd64.whl";

/// A server that has a problem, and wants to be left alone for so long that asking it again makes
/// no sense within one run.
fn out_of_order(status: u16) -> Fault {
    Fault::Status(status, vec![("retry-after", "3600".into())])
}

#[test]
fn an_unknown_package_is_a_mistake() {
    let index = FakeIndex::start_blocking();
    let ran = User::new().check(&index, &["no-such-thing"]);
    ran.exits(2)
        .says("has no package \"no-such-thing\"; check the spelling")
        .says("[unknown-package]");
}

#[rstest]
#[case("not a name")]
#[case("-demo-")]
#[case("../demo")]
#[case("https://index.example/simple/demo/")]
#[case("")]
fn what_is_no_package_name_is_a_mistake(#[case] name: &str) {
    let index = FakeIndex::start_blocking();
    let ran = User::new().check(&index, &["--", name]);
    ran.exits(2)
        .complains("a package's name has letters and digits");
    assert_eq!(index.requests().len(), 0);
}

#[test]
fn one_bad_package_does_not_hide_the_others() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", FakeFile::new(LINUX, wheel_carrying(VULNERABLE)));
    let ran = User::new().check(&index, &["unknown", "demo"]);
    ran.exits(2).says("[unknown-package]");
    assert_eq!(ran.row("cp39-abi3")[4], "vulnerable");
}

#[rstest]
#[case(500)]
#[case(503)]
#[case(429)]
fn an_index_that_is_down_leaves_it_untold(#[case] status: u16) {
    let index = FakeIndex::start_blocking();
    index.always("/simple/demo/", out_of_order(status));
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(3)
        .says(&format!("answered {status} ("))
        .says("try again later")
        .says("[index-unavailable]");
}

#[test]
fn an_index_that_is_down_does_not_hide_what_is_due() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", FakeFile::new(LINUX, wheel_carrying(VULNERABLE)));
    index.always("/simple/other/", out_of_order(502));
    let ran = User::new().check(&index, &["other", "demo"]);
    ran.exits(1).says("[index-unavailable]").says("vulnerable");
}

/// The command itself would wait between its attempts, so this goes one step below it.
#[tokio::test]
async fn a_refused_connection_leaves_it_untold() {
    let index = FakeIndex::start().await;
    let url = index.url();
    drop(index);
    let (report, _) = round::of(&url)
        .check(
            &[round::request("demo", false)],
            std::sync::Arc::new(Silent),
        )
        .await;
    assert_eq!(report.exit_status().code(), 3);
    let appearance = Appearance {
        colours: false,
        width: None,
        verbose: false,
    };
    let told = text::check(&report, appearance);
    // The port and the system's own words differ from machine to machine.
    let (start, rest) = told.split_once(&url).unwrap();
    let (place, rest) = rest.split_once("reached: ").unwrap();
    let (_, end) = rest.split_once(';').unwrap();
    let told = format!("{start}[address]{place}reached: [reason];{end}");
    insta::assert_snapshot!(told, @r#"
    demo

    decision: inform: not everything could be told
      because  the files of "demo" cannot be listed: [address]demo/ cannot be reached: [reason]; check the network, the proxy settings and the address [index-unavailable]

    judged by  releases, advisories and life times: built-in facts of 2026-10-23
    "#);
    assert!(markdown::check(&report).starts_with("## demo\n\n"));
}

#[rstest]
#[case::a_word("nonsense")]
#[case::a_file("file:///simple/")]
fn an_address_that_is_none_is_a_mistake(#[case] url: &str) {
    let ran = User::new().run(&["check-now", "--offline", "demo", "--index-url", url]);
    ran.exits(2).complains("error: ");
    assert_eq!(ran.stdout, "");
}

#[test]
fn what_is_no_index_is_said_to_be_none() {
    let index = FakeIndex::start_blocking();
    let page = Fault::Page {
        content_type: "application/json",
        body: b"{\"hello\": true}".to_vec(),
    };
    index.always("/simple/demo/", page);
    User::new()
        .check(&index, &["demo"])
        .exits(3)
        .says("is not a page of a package index");
}

#[test]
fn a_wheel_with_another_hash_is_not_believed() {
    let index = FakeIndex::start_blocking();
    let bad = FakeFile::new(LINUX, wheel_carrying(VULNERABLE)).wrong_hash();
    index.publish("demo", bad);
    let user = User::new();
    let ran = user.check(&index, &["demo"]);
    ran.exits(3)
        .says("SHA-256")
        .says("[unreadable]")
        .omits("3.5.4");
    assert_eq!(ran.row("cp39-abi3")[4], "unknown");

    // What was not believed is not remembered either.
    index.forget_requests();
    user.check(&index, &["demo"]).exits(3);
    assert!(!index.file_requests().is_empty());

    index.publish("demo", FakeFile::new(WINDOWS, wheel_carrying(VULNERABLE)));
    let ran = user.check(&index, &["demo"]);
    ran.exits(1).says("[unreadable]");
    assert_eq!(ran.row("win_amd64")[4], "vulnerable");
}

#[test]
fn a_wheel_without_a_promised_hash_is_not_believed() {
    let index = FakeIndex::start_blocking();
    let file = FakeFile::new(LINUX, wheel_without()).without_promises();
    index.publish("demo", file);
    User::new()
        .check(&index, &["demo"])
        .exits(3)
        .says("the index promises no SHA-256 for");
}

#[test]
fn a_wheel_that_is_no_archive_is_not_called_free_of_openssl() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", FakeFile::new(LINUX, b"this is no archive".to_vec()));
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(3).says("[unreadable]");
    assert_eq!(ran.row("cp39-abi3")[4], "unknown");
}

#[test]
fn a_wheel_that_is_listed_and_gone_is_told() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", FakeFile::new(LINUX, wheel_carrying(VULNERABLE)));
    index.always(&format!("/files/demo/{LINUX}"), Fault::Status(404, vec![]));
    User::new()
        .check(&index, &["demo"])
        .exits(3)
        .says("answered 404")
        .says("[unreadable]");
}

#[test]
fn an_index_of_html_pages_will_do() {
    let index = FakeIndex::start_blocking();
    index.html_only();
    index.publish("demo", FakeFile::new(LINUX, wheel_carrying(VULNERABLE)));
    index.publish("demo", FakeFile::new(WINDOWS, wheel_without()).yanked("x"));
    let ran = User::new().check(&index, &["demo"]);
    // HTML tells no day of upload.
    ran.exits(1).says("demo 1.0, 1 wheel\n");
    assert_eq!(ran.row("cp39-abi3")[2], "3.5.4");
}

#[test]
fn an_index_without_ranges_will_do() {
    let index = FakeIndex::start_blocking();
    index.without_ranges();
    let noise = wheel::noise(200_000);
    let binary = crate::support::binary::elf(
        crate::support::binary::Machine::X86_64,
        None,
        &[],
        &crate::support::binary::openssl_texts(VULNERABLE),
    );
    let bytes = wheel::build(&[("demo/data.bin", &noise), ("demo/_tls.so", &binary)]);
    let size = bytes.len() as u64;
    index.publish("demo", FakeFile::new(LINUX, bytes));
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(1);
    assert_eq!(ran.row("cp39-abi3")[2], "3.5.4");
    assert_eq!(bytes_served(&index.file_requests()), size);
}

#[test]
fn a_login_in_the_address_is_used_and_never_shown() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", FakeFile::new(LINUX, wheel_carrying(VULNERABLE)));
    // "me:s3cret"
    index.requires("Basic bWU6czNjcmV0");
    let url = index.url().replace("http://", "http://me:s3cret@");
    let user = User::new();
    let ran = user.run(&["check-now", "--offline", "demo", "--index-url", &url, "-vv"]);
    ran.exits(1);
    let refused = user.check(&index, &["demo", "--no-cache"]);
    refused.exits(3).says("a login is needed");
    for text in [&ran.stdout, &ran.stderr, &refused.stdout] {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[rstest]
#[case(&["check-now"], "name a package")]
#[case(&["check-now", "demo", "--formt", "json"], "--format")]
#[case(&["check-now", "demo", "--format", "yaml"], "possible values: text, json, markdown")]
#[case(&["check-now", "demo", "--version", "newest"], "is not a PEP 440 specifier")]
#[case(&["check-now", "demo", "--version", "1", "--all-versions"], "cannot be used with")]
#[case(&["check-now", "demo", "-q", "-v"], "cannot be used with")]
#[case(&["chekc-now", "demo"], "check-now")]
#[case(&[], "Usage")]
fn misspelt_arguments_are_mistakes(#[case] arguments: &[&str], #[case] hint: &str) {
    let ran = User::new().run(arguments);
    ran.exits(2).complains(hint);
    assert_eq!(ran.stdout, "");
}
