//! `rewheel inspect`: wheels from files, folders and addresses.

use std::fs;
use std::path::Path;

use rstest::rstest;

use crate::support::binary::{
    ENDED, Machine, VULNERABLE, openssl_texts, pe, wheel_carrying, wheel_of, wheel_using_system,
    wheel_without, wheel_without_version,
};
use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::reply::Fault;
use crate::support::wheel;

const LINUX: &str = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
const WINDOWS: &str = "demo-1.0-cp39-abi3-win_amd64.whl";

fn write(user: &User, path: &str, bytes: &[u8]) {
    let path = user.home().join(path);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_file_is_told_as_people_read_it() {
    let user = User::new();
    write(&user, LINUX, &wheel_carrying(VULNERABLE));
    let ran = user.run(&["inspect", LINUX]);
    ran.exits(0).is_plain();
    // No facts are needed, so none are warned about.
    assert_eq!(ran.stderr, "");
    insta::assert_snapshot!(ran.stdout, @r"
    demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl
     binary             format  arch    library  version  linkage
     demo/_tls.abi3.so  elf     x86_64  openssl  3.5.4    static
    ");
}

#[test]
fn evidence_is_told_when_asked() {
    let user = User::new();
    write(
        &user,
        WINDOWS,
        &wheel_of(&pe(Machine::Aarch64, &[], &openssl_texts(ENDED))),
    );
    let ran = user.run(&["inspect", WINDOWS, "-v"]);
    ran.exits(0);
    insta::assert_snapshot!(ran.stdout, @r#"
    demo-1.0-cp39-abi3-win_amd64.whl
     binary             format  arch     library  version  linkage
     demo/_tls.abi3.so  pe      aarch64  openssl  1.1.1w   static
      evidence in demo/_tls.abi3.so (aarch64):
        version-text at byte 533: OpenSSL 1.1.1w  11 Sep 2023
        marker at byte 617: OPENSSLDIR: "/usr/local/ssl"
        marker at byte 578: built on: Tue Sep 30 12:00:00 2025 UTC
        marker at byte 646: openssl.cnf
    "#);
}

#[test]
fn a_wheel_without_anything_says_so() {
    let user = User::new();
    write(&user, LINUX, &wheel_without());
    user.run(&["inspect", LINUX])
        .exits(0)
        .says("no OpenSSL and no fork of it");
}

/// rewheel holds every text that it looks for, in one run as Rust keeps them. That is no code.
#[test]
fn its_own_binary_carries_what_it_links_and_no_more() {
    let lock = include_str!("../../Cargo.lock");
    let linked: Vec<&str> = [
        ("openssl-sys", "openssl"),
        ("aws-lc-sys", "aws-lc"),
        ("aws-lc-fips-sys", "aws-lc"),
        ("boring-sys", "boringssl"),
    ]
    .into_iter()
    .filter(|(name, _)| lock.contains(&format!("name = \"{name}\"\n")))
    .map(|(_, library)| library)
    .collect();
    let binary = fs::read(env!("CARGO_BIN_EXE_rewheel")).unwrap();
    let holds = |text: &str| memchr::memmem::find(&binary, text.as_bytes()).is_some();
    assert!(holds("OPENSSLDIR: ") && holds("boringssl") && holds("openssl.cnf"));
    let wheel = wheel::build_stored(&[("rewheel-1.0.data/scripts/rewheel", &binary)]);
    let user = User::new();
    write(&user, LINUX, &wheel);
    let ran = user.run(&["inspect", LINUX, "--format", "json"]);
    ran.exits(0);
    let document = ran.json();
    let wheel = &document["wheels"][0];
    let found: Vec<&str> = wheel["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["library"].as_str().unwrap())
        .collect();
    assert_eq!(found, linked, "{wheel:#}");
    assert_eq!(wheel["problems"].as_array().unwrap().len(), 0, "{wheel:#}");
}

/// So do scanners in C, whose texts stand apart.
#[test]
fn texts_that_a_scanner_searches_for_are_no_code() {
    let apart = b"\0OPENSSLDIR: \0ENGINESDIR: \0built on: \0OpenSSL 3.5.4 30 Sep 2025\0\
        providers/implementations/\0ssl/statem/\0boringssl/\0aws-lc/crypto\0AWS-LC \0openssl.cnf\0";
    let without_nul: Vec<u8> = [b"\0", apart.as_slice()]
        .concat()
        .into_iter()
        .filter(|byte| *byte != 0)
        .collect();
    let user = User::new();
    for texts in [apart.as_slice(), &without_nul] {
        write(&user, WINDOWS, &wheel_of(&pe(Machine::X86_64, &[], texts)));
        user.run(&["inspect", WINDOWS])
            .exits(0)
            .says("no OpenSSL and no fork of it");
    }
}

#[test]
fn wheels_come_in_the_order_asked_for_and_those_of_folders_by_name() {
    let user = User::new();
    for path in ["house/b", "house/a", "house/deep/er/c", "z", "y"] {
        let path = format!("{path}-1.0-py3-none-any.whl");
        write(&user, &path, &wheel_without());
    }
    write(&user, "house/notes.txt", b"no wheel");
    let ran = user.run(&[
        "inspect",
        "z-1.0-py3-none-any.whl",
        "house",
        "y-1.0-py3-none-any.whl",
        "--format",
        "json",
    ]);
    ran.exits(0);
    let document = ran.json();
    let packages: Vec<&str> = document["wheels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wheel| wheel["package"].as_str().unwrap())
        .collect();
    assert_eq!(packages, ["z", "a", "b", "c", "y"]);
}

#[test]
fn a_path_that_does_not_exist_is_a_mistake() {
    let ran = User::new().run(&["inspect", "missing.whl"]);
    ran.exits(2)
        .complains("error: missing.whl cannot be read: ");
    assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("", 1));
}

#[test]
fn a_folder_without_wheels_is_a_mistake() {
    let user = User::new();
    write(&user, "empty/notes.txt", b"no wheel");
    user.run(&["inspect", "empty"])
        .exits(2)
        .complains("error: the folder empty holds no wheels (*.whl)");
}

#[rstest]
#[case(&["inspect"], "<PATH|URL>")]
#[case(&["inspect", "ftp://files.example/a.whl"], "is not an http or https address")]
#[case(&["inspect", "http://[/a.whl"], "the address of a wheel cannot be read")]
#[case(&["inspect", "a.whl", "--reqire", "openssl>=3"], "--require")]
#[case(&["inspect", "a.whl", "--require", "openssl"], "it compares with no version")]
#[case(&["inspect", "a.whl", "--require", "gnutls>=3.8"], "none of the known libraries")]
#[case(&["inspect", "a.whl", "--allow-none"], "--require")]
#[case(&["inspect", "a.whl", "--format", "markdown"], "possible values: text, json")]
fn misspelt_arguments_are_mistakes(#[case] arguments: &[&str], #[case] hint: &str) {
    let ran = User::new().run(arguments);
    ran.exits(2).complains(hint);
    assert_eq!(ran.stdout, "");
}

#[rstest]
#[case::no_archive(b"this is no archive".to_vec(), "not-an-archive")]
#[case::empty(Vec::new(), "not-an-archive")]
#[case::cut_off(wheel_carrying(VULNERABLE)[..200].to_vec(), "not-an-archive")]
fn a_wheel_that_cannot_be_read_leaves_it_untold(#[case] bytes: Vec<u8>, #[case] code: &str) {
    let user = User::new();
    write(&user, LINUX, &bytes);
    write(&user, WINDOWS, &wheel_carrying(ENDED));
    let ran = user.run(&["inspect", LINUX, WINDOWS]);
    ran.exits(3)
        .says("nothing was found in what could be read")
        .says("  problem: ")
        .says("1.1.1w");
    let document = user.run(&["inspect", LINUX, "--format", "json"]).json();
    assert_eq!(document["wheels"][0]["problems"][0]["code"], code);
    // That it carries none is not known, so it is not allowed either.
    let required = [
        "inspect",
        LINUX,
        "--require",
        "openssl>=3.0.0",
        "--allow-none",
    ];
    user.run(&required).exits(3);
}

#[test]
fn a_damaged_member_is_told_with_its_path() {
    let user = User::new();
    let bytes = wheel::build(&[("demo/_tls.so", b"\x7fELF\x02\x01\x01"), ("demo/a.py", b"")]);
    write(&user, LINUX, &bytes);
    user.run(&["inspect", LINUX])
        .exits(3)
        .says("problem: demo/_tls.so: The headers of the binary are damaged");
}

#[rstest]
#[case::met(wheel_carrying(VULNERABLE), &["openssl>=3.5.4"], 0, "")]
#[case::met_by_series(wheel_carrying(VULNERABLE), &["openssl==3.5.*"], 0, "")]
#[case::letters(wheel_carrying(ENDED), &["openssl>=1.1.1k,<3.0.0"], 0, "")]
#[case::too_old(
    wheel_carrying(VULNERABLE), &["openssl>=3.5.5"], 1,
    "not met: demo/_tls.abi3.so (x86_64) carries openssl 3.5.4, which is not openssl>=3.5.5")]
#[case::one_of_two(
    wheel_carrying(VULNERABLE), &["openssl>=3.5.4", "openssl!=3.5.4"], 1, "is not openssl!=3.5.4")]
#[case::not_provable(
    wheel_without_version(), &["openssl>=3.5.4"], 1, "of a version that is not provable")]
#[case::system(wheel_using_system(), &["openssl>=3.5.4"], 1, "uses the system's openssl")]
#[case::none(wheel_without(), &["openssl>=3.5.4"], 1, "it carries no openssl")]
#[case::another_library(
    wheel_carrying(VULNERABLE), &["aws-lc>=1.0.0"], 1, "it carries no aws-lc")]
fn requirements_decide(
    #[case] bytes: Vec<u8>,
    #[case] requirements: &[&str],
    #[case] code: i32,
    #[case] sentence: &str,
) {
    let user = User::new();
    write(&user, LINUX, &bytes);
    let mut arguments = vec!["inspect", LINUX];
    for requirement in requirements {
        arguments.extend(["--require", requirement]);
    }
    let ran = user.run(&arguments);
    ran.exits(code).says(sentence);
    assert_eq!(ran.stdout.contains("not met: "), code == 1);
}

#[rstest]
#[case::none(wheel_without(), 0)]
#[case::system(wheel_using_system(), 0)]
#[case::too_old(wheel_carrying(ENDED), 1)]
#[case::not_provable(wheel_without_version(), 1)]
fn wheels_without_the_library_may_be_allowed(#[case] bytes: Vec<u8>, #[case] code: i32) {
    let user = User::new();
    write(&user, LINUX, &bytes);
    user.run(&[
        "inspect",
        LINUX,
        "--require",
        "openssl>=3.5.4",
        "--allow-none",
    ])
    .exits(code);
}

#[test]
fn one_wheel_that_does_not_meet_a_requirement_is_enough() {
    let user = User::new();
    write(
        &user,
        "house/a-1-py3-none-any.whl",
        &wheel_carrying(VULNERABLE),
    );
    write(&user, "house/b-1-py3-none-any.whl", &wheel_carrying(ENDED));
    write(&user, "house/c-1-py3-none-any.whl", b"no archive");
    user.run(&["inspect", "house", "--require", "openssl>=3.5.4"])
        .exits(1)
        .says("carries openssl 1.1.1w, which is not openssl>=3.5.4");
}

#[test]
fn a_wheel_is_read_from_its_address() {
    let index = FakeIndex::start_blocking();
    let bytes = wheel_carrying(VULNERABLE);
    let file = FakeFile::new(LINUX, bytes.clone());
    let sha256 = file.sha256.clone().unwrap();
    index.publish("demo", file);
    let url = index.file_url("demo", LINUX);
    let other = "0".repeat(64);
    let user = User::new();

    let inspected = |url: &str| {
        let ran = user.run(&["inspect", url, "--format", "json"]);
        let wheel = ran.json()["wheels"][0].clone();
        (ran.code, wheel)
    };
    for (url, verified) in [
        (url.clone(), false),
        (format!("{url}#sha256={sha256}"), true),
        (
            format!("{url}?key=1#sha256={}", sha256.to_uppercase()),
            true,
        ),
    ] {
        let (code, wheel) = inspected(&url);
        assert_eq!(code, 0, "{wheel:#}");
        assert_eq!(wheel["file"], LINUX);
        assert_eq!(wheel["hash_verified"], verified, "{url}");
        assert_eq!(wheel["sha256"], sha256);
        assert_eq!(wheel["size"], bytes.len());
        assert_eq!(wheel["findings"][0]["version"], "3.5.4");
    }
    let (code, wheel) = inspected(&format!("{url}#sha256={other}"));
    assert_eq!(code, 3);
    assert_eq!(wheel["findings"].as_array().unwrap().len(), 0);
    assert_eq!(wheel["problems"][0]["code"], "hash-mismatch");
    assert_eq!(wheel["hash_verified"], false);
}

#[test]
fn an_address_without_a_wheel_leaves_it_untold() {
    let index = FakeIndex::start_blocking();
    index.add_project("demo");
    let url = index.file_url("demo", LINUX);
    let user = User::new();
    user.run(&["inspect", &url])
        .exits(3)
        .says("answered 404 (there is no such page)");
    index.always(
        &format!("/files/demo/{LINUX}"),
        Fault::Redirect("file:///etc/hostname".into()),
    );
    user.run(&["inspect", &url]).exits(3).says("not followed");
}

#[test]
fn a_secret_in_an_address_is_not_shown() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", FakeFile::new(LINUX, b"no archive".to_vec()));
    let url = index
        .file_url("demo", LINUX)
        .replace("http://", "http://me:s3cret@");
    let missing = url.replace("demo-1.0", "demo-2.0") + "?signature=s3cret";
    let ran = User::new().run(&["inspect", &url, &missing, "-vv"]);
    ran.exits(3);
    assert!(!format!("{ran:?}").contains("s3cret"), "{ran:#?}");
}

#[cfg(unix)]
#[test]
fn hostile_names_do_no_harm() {
    let user = User::new();
    let name = "demo-1.0-\u{1b}[31m\u{202e}\n-none-any.whl";
    let member = "demo/\u{1b}]0;title\u{7}\u{2066}.so";
    let binary = pe(
        Machine::X86_64,
        &["libssl-3-x64.dll\u{1b}[2J"],
        &openssl_texts(ENDED),
    );
    let bytes = wheel::build(&[(member, &binary), ("demo/\u{1b}[1m.so", b"\x7fELF")]);
    write(&user, name, &bytes);
    for arguments in [
        vec!["inspect", name, "-v", "--require", "openssl>=3.0.0"],
        vec!["inspect", ".", "--format", "json"],
        vec!["inspect", "no-\u{1b}[31m\u{202e}such.whl"],
        vec!["inspect", "http://\u{1b}[31m/\u{202e}.whl"],
    ] {
        let ran = user.run(&arguments);
        ran.is_plain();
        assert_ne!(ran.code, 0);
    }
}
