//! `rewheel check-now`: which wheels are judged, and what the command says to the shell.

use chrono::{SecondsFormat, Utc};
use rstest::rstest;

use crate::support::binary::{
    self, ENDED, Machine, SEVERE, VULNERABLE, elf, mach_o, openssl_texts, pe, universal,
    wheel_carrying, wheel_of, wheel_using_system, wheel_without, wheel_without_version,
};
use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};

const LINUX: &str = "manylinux_2_28_x86_64";

fn named(version: &str, platform: &str) -> String {
    format!("demo-{version}-cp39-abi3-{platform}.whl")
}

fn file(version: &str, platform: &str, bytes: Vec<u8>) -> FakeFile {
    FakeFile::new(&named(version, platform), bytes)
}

#[rstest]
#[case::vulnerable(wheel_carrying(VULNERABLE), 1, "vulnerable")]
#[case::of_a_dead_series(wheel_carrying(ENDED), 1, "exposed")]
#[case::withdrawn(wheel_carrying("OpenSSL 3.0.6 11 Oct 2022"), 1, "withdrawn")]
#[case::system(wheel_using_system(), 0, "external")]
#[case::nothing(wheel_without(), 0, "none")]
#[case::not_provable(wheel_without_version(), 3, "unknown")]
#[case::patched(wheel_carrying("OpenSSL 1.1.1k  FIPS 25 Mar 2021"), 3, "unknown")]
fn the_exit_code_follows_the_status(
    #[case] wheel: Vec<u8>,
    #[case] code: i32,
    #[case] status: &str,
) {
    let index = FakeIndex::start_blocking();
    index.publish("demo", file("1.0", LINUX, wheel));
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(code).is_plain();
    assert_eq!(ran.row("cp39-abi3")[4], status, "{ran:#?}");
}

#[test]
fn binaries_of_all_systems_are_told() {
    let index = FakeIndex::start_blocking();
    let texts = openssl_texts(VULNERABLE);
    let ended = openssl_texts(ENDED);
    let vendored = crate::support::wheel::build(&[
        (
            "demo/_tls.pyd",
            &pe(Machine::X86_64, &["libcrypto-3-x64.dll"], b""),
        ),
        (
            "demo/libcrypto-3-x64.dll",
            &pe(Machine::X86_64, &[], &texts),
        ),
    ]);
    let slices = [
        (Machine::X86_64, mach_o(Machine::X86_64, &[], &ended)),
        (Machine::Aarch64, mach_o(Machine::Aarch64, &[], &texts)),
    ];
    let arm = elf(Machine::Aarch64, None, &["libc.so.6"], &texts);
    let system = pe(Machine::Aarch64, &["libssl-3-arm64.dll"], b"");
    for (platform, bytes) in [
        ("win_amd64", vendored),
        ("win_arm64", wheel_of(&system)),
        ("macosx_11_0_universal2", wheel_of(&universal(&slices))),
        ("musllinux_1_2_aarch64", wheel_of(&arm)),
    ] {
        index.publish("demo", file("1.0", platform, bytes));
    }
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(1)
        .says("demo 1.0 of 2026-10-01, 4 wheels")
        .says("[platforms-disagree]");
    assert_eq!(
        ran.row("cp39-abi3-win_amd64")[..5],
        [
            "windows x86_64",
            "cp39-abi3-win_amd64",
            "3.5.4",
            "vendored",
            "vulnerable"
        ]
    );
    assert_eq!(
        ran.row("cp39-abi3-win_arm64")[2..5],
        ["system's", "external", "external"]
    );
    assert_eq!(
        ran.row("musllinux_1_2_aarch64")[0],
        "linux musl aarch64",
        "{ran:#?}"
    );
    let slices: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("universal2"))
        .collect();
    let [worst, other] = slices.as_slice() else {
        panic!("{ran:#?}");
    };
    assert!(worst.contains("3.5.4") && other.contains("1.1.1w"));
}

#[test]
fn the_newest_version_is_judged() {
    let index = FakeIndex::start_blocking();
    // By the letters of their names 1.9 would be the last.
    for version in ["1.9", "1.10", "1.2.post1"] {
        index.publish("demo", file(version, LINUX, wheel_carrying(VULNERABLE)));
    }
    // Pre-releases, yanked files, and files that are no wheels of it do not count.
    for version in ["2.0rc1", "1.11.dev3", "2.0a1"] {
        index.publish("demo", file(version, LINUX, wheel_without()));
    }
    index.publish("demo", file("3.0", LINUX, wheel_without()).yanked("broken"));
    index.publish("demo", FakeFile::new("demo-4.0.egg", b"egg".to_vec()));
    index.publish(
        "demo",
        FakeFile::new("other-5.0-py3-none-any.whl", wheel_without()),
    );
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(1).says("demo 1.10 of 2026-10-01, 1 wheel\n");
    let read = index.file_requests();
    assert!(!read.is_empty());
    assert!(
        read.iter()
            .all(|request| request.path.ends_with(&named("1.10", LINUX))),
        "{read:?}"
    );
}

#[test]
fn only_pre_releases_are_better_than_nothing() {
    let index = FakeIndex::start_blocking();
    for version in ["1.0a1", "1.0b2"] {
        index.publish("demo", file(version, LINUX, wheel_without()));
    }
    User::new()
        .check(&index, &["demo"])
        .exits(0)
        .says("demo 1.0b2 of");
}

#[test]
fn a_yanked_file_does_not_count_and_the_highest_build_does() {
    let index = FakeIndex::start_blocking();
    let build = |tag: &str| format!("demo-1.0-{tag}cp39-abi3-{LINUX}.whl");
    for (tag, bytes) in [
        ("", wheel_carrying(SEVERE)),
        ("2-", wheel_carrying(SEVERE)),
        ("10-", wheel_carrying(VULNERABLE)),
        ("9a-", wheel_carrying(SEVERE)),
    ] {
        index.publish("demo", FakeFile::new(&build(tag), bytes));
    }
    index.publish(
        "demo",
        file("1.0", "win_amd64", wheel_carrying(SEVERE)).yanked("does not start"),
    );
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(1)
        .says("demo 1.0 of 2026-10-01, 1 wheel\n")
        .omits("windows");
    assert_eq!(ran.row("cp39-abi3")[2], "3.5.4");
    let read = index.file_requests();
    assert!(
        read.iter()
            .all(|request| request.path.ends_with(&build("10-"))),
        "{read:?}"
    );
}

#[rstest]
#[case(wheel_carrying(VULNERABLE), 1)]
#[case(wheel_without(), 0)]
fn a_version_without_wheels_yet_leaves_the_one_before_judged(
    #[case] wheel: Vec<u8>,
    #[case] code: i32,
) {
    let index = FakeIndex::start_blocking();
    index.publish("demo", file("1.0", LINUX, wheel));
    index.publish("demo", FakeFile::new("demo-1.1.tar.gz", b"source".to_vec()));
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(code)
        .says("demo 1.0 of")
        .says("1.1 has no wheels yet; those of 1.0 are judged [no-wheels-yet]");
    assert!(
        index
            .file_requests()
            .iter()
            .all(|request| request.path.ends_with(".whl"))
    );
}

#[test]
fn a_package_without_wheels_is_well() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", FakeFile::new("demo-1.0.tar.gz", b"source".to_vec()));
    index.add_project("empty");
    for package in ["demo", "empty"] {
        let ran = User::new().check(&index, &[package]);
        ran.exits(0)
            .says(&format!(
                "{package} publishes no wheels that count [no-wheels]"
            ))
            .says("decision: none: nothing is due");
    }
    assert_eq!(index.file_requests().len(), 0);
}

#[test]
fn a_wheel_that_shows_nothing_native_is_left_alone_after_its_tail() {
    let index = FakeIndex::start_blocking();
    let text = crate::support::wheel::noise(300_000);
    let wheel = crate::support::wheel::build(&[("demo/data.txt", &text), ("demo/a.py", b"")]);
    index.publish("demo", FakeFile::new("demo-1.0-py3-none-any.whl", wheel));
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(0);
    assert_eq!(ran.row("py3-none-any")[4], "none");
    let served = crate::support::recorded::bytes_served(&index.file_requests());
    assert!(served <= 64 * 1024, "{served} bytes");
}

#[test]
fn a_wheel_of_a_platform_is_read_whatever_its_names_say() {
    let index = FakeIndex::start_blocking();
    let binary = elf(
        Machine::X86_64,
        None,
        &[],
        &openssl_texts("OpenSSL 3.5.4 30 Sep 2025"),
    );
    let wheel = crate::support::wheel::build(&[("demo/data.txt", &binary)]);
    index.publish("demo", file("1.0", LINUX, wheel));
    let ran = User::new().check(&index, &["demo"]);
    ran.exits(1);
    assert_eq!(ran.row("manylinux_2_28_x86_64")[2], "3.5.4");
}

#[test]
fn platforms_arrive_one_after_another() {
    let index = FakeIndex::start_blocking();
    let user = User::new();
    for platform in [LINUX, "win_amd64"] {
        index.publish("demo", file("1.0", platform, wheel_carrying(ENDED)));
    }
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let linux = file("2.0", LINUX, wheel_without()).uploaded(&now);
    index.publish("demo", linux);
    user.check(&index, &["demo"])
        .exits(0)
        .says("1 wheel\n")
        .says("[platforms-arriving]")
        .omits("[coverage-shrank]");

    index.forget_requests();
    let windows = wheel_of(&pe(Machine::X86_64, &[], &openssl_texts(VULNERABLE)));
    index.publish("demo", file("2.0", "win_amd64", windows).uploaded(&now));
    let ran = user.check(&index, &["demo"]);
    ran.exits(1)
        .says("2 wheels\n")
        .omits("[platforms-arriving]")
        .omits("[coverage-shrank]");
    assert_eq!(ran.row("win_amd64")[4], "vulnerable");
    let read = index.file_requests();
    assert!(
        !read.is_empty()
            && read
                .iter()
                .all(|request| request.path.contains("win_amd64")),
        "{read:?}"
    );
}

#[test]
fn a_platform_that_stays_away_for_a_day_is_told() {
    let index = FakeIndex::start_blocking();
    for platform in [LINUX, "win_amd64"] {
        index.publish("demo", file("1.0", platform, wheel_without()));
    }
    index.publish("demo", file("2.0", LINUX, wheel_without()));
    User::new()
        .check(&index, &["demo"])
        .exits(0)
        .says("[coverage-shrank]")
        .says("windows");
}

#[test]
fn several_packages_are_reported_in_their_order_each_once() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", file("1.0", LINUX, wheel_without()));
    let other = format!("other_one-2.0-cp39-abi3-{LINUX}.whl");
    index.publish("other-one", FakeFile::new(&other, wheel_using_system()));
    let ran = User::new().check(&index, &["Other_One", "demo", "other.one"]);
    ran.exits(0);
    let headings: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.ends_with(", 1 wheel"))
        .collect();
    assert_eq!(
        headings,
        [
            "other-one 2.0 of 2026-10-01, 1 wheel",
            "demo 1.0 of 2026-10-01, 1 wheel"
        ]
    );
    let pages: Vec<String> = index
        .requests()
        .into_iter()
        .map(|request| request.path)
        .filter(|path| path.starts_with("/simple/"))
        .collect();
    assert_eq!(pages.len(), 2, "{pages:?}");
}

#[rstest]
#[case::exact("1.0", 1, &["1.0"])]
#[case::compatible("~=1.0", 1, &["1.1", "1.0"])]
#[case::below("<2", 1, &["1.1", "1.0"])]
#[case::wildcard("2.*", 0, &["2.0"])]
#[case::a_pre_release_by_name("3.0rc1", 0, &["3.0rc1"])]
#[case::yanked_by_name("1.5", 0, &["1.5"])]
fn versions_are_chosen_by_specifier(
    #[case] specifier: &str,
    #[case] code: i32,
    #[case] versions: &[&str],
) {
    let index = FakeIndex::start_blocking();
    for version in ["1.0", "1.1"] {
        index.publish("demo", file(version, LINUX, wheel_carrying(VULNERABLE)));
    }
    for version in ["2.0", "3.0rc1"] {
        index.publish("demo", file(version, LINUX, wheel_without()));
    }
    index.publish("demo", file("1.5", LINUX, wheel_without()).yanked("wrong"));
    let ran = User::new().check(
        &index,
        &["demo", "--version", specifier, "--format", "json"],
    );
    ran.exits(code);
    let document = ran.json();
    let judged: Vec<&str> = document["projects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|project| project["version"].as_str().unwrap())
        .collect();
    assert_eq!(judged, versions);
}

#[test]
fn a_version_that_does_not_exist_is_a_mistake() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", file("1.0", LINUX, wheel_without()));
    User::new()
        .check(&index, &["demo", "--version", "9.9"])
        .exits(2)
        .says("demo has no version that is ==9.9 [no-such-version]");
}

#[test]
fn all_versions_are_shown_side_by_side() {
    let index = FakeIndex::start_blocking();
    index.publish("demo", file("1.0", LINUX, wheel_carrying(ENDED)));
    index.publish("demo", file("1.1", LINUX, wheel_carrying(VULNERABLE)));
    let windows = wheel_of(&binary::pe(Machine::X86_64, &[], &openssl_texts(SEVERE)));
    index.publish("demo", file("1.1", "win_amd64", windows));
    index.publish("demo", file("2.0", LINUX, wheel_without()));
    let ran = User::new().check(&index, &["demo", "--all-versions"]);
    // Nothing is due for what has been replaced.
    ran.exits(0)
        .says("demo, 3 versions, 4 wheels\n")
        .says("decision for 2.0: inform: there is something to know (coverage-shrank)");
    let table: Vec<String> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("2026-10-01"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        table,
        [
            "2.0 2026-10-01 linux 1 - none -",
            "1.1 2026-10-01 linux 1 3.5.4 vulnerable high",
            "1.1 2026-10-01 windows 1 4.0.2 vulnerable high",
            "1.0 2026-10-01 linux 1 1.1.1w exposed high",
        ]
    );
}

#[rstest]
#[case::wrong("300.6.0+3.6.2", true)]
#[case::right("300.5.4+3.5.4", false)]
fn an_sbom_that_names_another_version_is_a_reason_of_its_own(
    #[case] version: &str,
    #[case] is_told: bool,
) {
    let index = FakeIndex::start_blocking();
    let sbom = format!(
        r#"{{"bomFormat": "CycloneDX", "components": [{{"name": "openssl-src", "version": "{version}", "purl": "pkg:cargo/openssl-src@{version}"}}]}}"#
    );
    let binary = elf(Machine::X86_64, None, &[], &openssl_texts(VULNERABLE));
    let wheel = crate::support::wheel::build(&[
        ("demo/_tls.so", &binary),
        ("demo-1.0.dist-info/sboms/rust.cdx.json", sbom.as_bytes()),
    ]);
    index.publish("demo", file("1.0", LINUX, wheel));
    let user = User::new();
    let document = user.check(&index, &["demo", "--format", "json"]).json();
    let project = &document["projects"][0];
    // What the SBOM says changes nothing about what the binary is.
    assert_eq!(project["wheels"][0]["status"], "vulnerable");
    let events = project["events"].as_array().unwrap();
    assert_eq!(events.contains(&"sbom-disagrees".into()), is_told);
    let reasons = project["wheels"][0]["reasons"].as_array().unwrap();
    let told: Vec<_> = reasons
        .iter()
        .filter(|reason| reason["code"] == "sbom-disagrees")
        .map(|reason| reason["message"].as_str().unwrap())
        .collect();
    assert_eq!(told.len(), usize::from(is_told));
    assert!(told.iter().all(|message| {
        message.contains("3.6.2") && message.contains("3.5.4") && message.contains("rust.cdx.json")
    }));
}
