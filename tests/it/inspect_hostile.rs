//! `rewheel inspect` of wheels that lie, break, or ask for too much, and of servers that do. Each
//! is told as a problem with code, member and, where one is reached, limit; nothing wrong is found.

use std::fs;

use rstest::rstest;
use serde_json::Value;

use crate::support::binary::{Machine, VULNERABLE, elf, mach_o, openssl_texts, pe, universal};
use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::hostile::{self, Member, archive, gzip, tar, zip64};
use crate::support::reply::Fault;
use crate::support::wheel;

const NAME: &str = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";

/// What `inspect` said of a wheel.
#[derive(Debug)]
struct Told {
    wheel: Value,
    code: i32,
}

impl Told {
    /// The codes of the problems with their members, in order.
    fn problems(&self) -> Vec<(&str, Option<&str>)> {
        let problems = self.wheel["problems"].as_array().unwrap();
        problems
            .iter()
            .map(|problem| (problem["code"].as_str().unwrap(), problem["path"].as_str()))
            .collect()
    }

    fn messages(&self) -> String {
        let problems = self.wheel["problems"].as_array().unwrap();
        let messages = problems.iter().map(|p| p["message"].as_str().unwrap());
        messages.collect::<Vec<_>>().join("\n")
    }

    /// The members in which something was found, with the version.
    fn found(&self) -> Vec<(&str, Option<&str>)> {
        let findings = self.wheel["findings"].as_array().unwrap();
        findings
            .iter()
            .map(|f| (f["path"].as_str().unwrap(), f["version"].as_str()))
            .collect()
    }
}

fn inspect_with(bytes: &[u8], variables: &[(&str, &str)]) -> Told {
    let user = User::new();
    fs::write(user.home().join(NAME), bytes).unwrap();
    let ran = user.run_with(&["inspect", NAME, "--format", "json"], variables);
    ran.is_plain();
    let wheel = ran.json()["wheels"][0].clone();
    assert_eq!(wheel["size"], bytes.len(), "{wheel:#}");
    Told {
        wheel,
        code: ran.code,
    }
}

fn inspect(bytes: &[u8]) -> Told {
    inspect_with(bytes, &[])
}

fn carrier() -> Vec<u8> {
    elf(
        Machine::X86_64,
        None,
        &["libc.so.6"],
        &openssl_texts(VULNERABLE),
    )
}

const GIB: u64 = 1 << 30;

/// A bomb in a member, or in an archive in a member, or in many.
#[rstest]
#[case::one(archive(&[Member::padded("a.so", &carrier(), 2 * GIB)], b""), "a.so")]
#[case::no_binary(archive(&[Member::padded("a.dat", b"PK\x03\x04", 2 * GIB)], b""), "a.dat")]
#[case::in_an_archive(
    wheel::build_stored(&[("a.jar", &archive(&[Member::padded("b.so", &carrier(), 2 * GIB)], b""))]),
    "a.jar!b.so")]
#[case::in_a_compressed_archive(
    wheel::build(&[("a.jar", &archive(&[Member::padded("b.so", &carrier(), 2 * GIB)], b""))]),
    "a.jar!b.so")]
#[case::behind_gzip(wheel::build_stored(&[("a.gz", &gzip(&vec![0; 100 << 20]))]), "a.gz!a")]
fn bombs_name_the_limit_and_make_no_version(#[case] bytes: Vec<u8>, #[case] path: &str) {
    assert!(bytes.len() < 3 << 20, "{}", bytes.len());
    let told = inspect(&bytes);
    assert_eq!(told.code, 3);
    let problems = told.problems();
    assert!(
        problems.contains(&("limit-reached", Some(path))),
        "{told:#?}"
    );
    assert!(
        told.messages().contains("`inflated-ratio` (100)"),
        "{told:#?}"
    );
    // What was seen before the bomb was stopped is there; what comes behind could contradict it.
    assert!(told.found().iter().all(|(_, version)| version.is_none()));
}

#[test]
fn many_small_bombs_are_one() {
    let names: Vec<String> = (0..40).map(|number| format!("{number:02}.so")).collect();
    let members: Vec<Member<'_>> = names
        .iter()
        .map(|name| Member::padded(name, &carrier(), 50 << 20))
        .collect();
    let told = inspect(&archive(&members, b""));
    assert_eq!(told.code, 3);
    let problems = told.problems();
    assert!(problems.len() > 30, "{told:#?}");
    assert!(problems.iter().all(|(code, _)| *code == "limit-reached"));
    assert!(told.messages().contains("`inflated-ratio`"));
    let proved = told.found().iter().filter(|(_, v)| v.is_some()).count();
    assert_eq!(proved + problems.len(), 40);
}

#[rstest]
#[case("INFLATED_BYTES", "1000", "`inflated-bytes` (1000)")]
#[case("INFLATED_RATIO", "1000", "")]
#[case("MEMBERS", "1", "`members` allows (1)")]
#[case("NESTING", "0", "`nesting` (0)")]
#[case("DIRECTORY_BYTES", "10", "`directory-bytes` allows (10)")]
#[case("SBOM_BYTES", "10", "`sbom-bytes` allows (10)")]
#[case("CANDIDATES", "1", "`candidates` (1)")]
#[case("EVIDENCE_BYTES", "100", "`evidence-bytes` (100)")]
fn every_limit_can_be_set_and_is_named(
    #[case] variable: &str,
    #[case] value: &str,
    #[case] sentence: &str,
) {
    let inner = wheel::build(&[("c.so", &carrier())]);
    let bytes = wheel::build(&[
        ("a.so", &carrier()),
        ("b.jar", &inner),
        ("demo-1.0.dist-info/sboms/a.json", b"{\"components\": []}"),
    ]);
    assert_eq!(inspect(&bytes).problems(), []);
    let variable = format!("REWHEEL_LIMITS__{variable}");
    let told = inspect_with(&bytes, &[(&variable, value)]);
    assert_eq!(told.problems().is_empty(), sentence.is_empty());
    assert!(told.messages().contains(sentence), "{told:#?}");
}

#[test]
fn an_archive_that_is_cut_anywhere_is_told() {
    let bytes = wheel::build(&[("a.so", &carrier()), ("b.so", &carrier())]);
    for length in [0, 1, 21, 22, 100, bytes.len() / 2, bytes.len() - 1] {
        let told = inspect(&bytes[..length]);
        assert_eq!((told.code, told.found()), (3, vec![]), "{length}");
        assert_eq!(told.problems(), [("not-an-archive", None)], "{length}");
    }
}

fn lie(change: fn(&mut Member<'_>)) -> Vec<u8> {
    let mut member = Member::stored("a.so", &carrier());
    change(&mut member);
    archive(&[member, Member::stored("b.so", &carrier())], b"")
}

#[rstest]
#[case::crc(lie(|member| member.crc ^= 1), "member-corrupt")]
#[case::longer(lie(|member| member.size += 1), "member-corrupt")]
#[case::shorter(lie(|member| member.size -= 1), "member-corrupt")]
#[case::no_stream(lie(|member| member.method = 8), "member-corrupt")]
#[case::no_bzip2(lie(|member| member.method = 12), "member-corrupt")]
#[case::no_lzma(lie(|member| member.method = 14), "member-corrupt")]
#[case::no_zstd(lie(|member| member.method = 93), "member-corrupt")]
#[case::unknown_method(lie(|member| member.method = 97), "unsupported-member")]
#[case::encrypted(lie(|member| member.flags = 1), "unsupported-member")]
fn a_member_that_lies_is_told_and_the_next_one_is_read(#[case] bytes: Vec<u8>, #[case] code: &str) {
    let told = inspect(&bytes);
    assert_eq!(told.code, 3);
    assert_eq!(told.problems(), [(code, Some("a.so"))]);
    let proved: Vec<_> = told.found().into_iter().filter(|f| f.1.is_some()).collect();
    assert_eq!(proved, [("b.so", Some("3.5.4"))]);
}

#[rstest]
#[case::absolute("/etc/a.so")]
#[case::parent("a/../../b.so")]
#[case::drive("C:/a.so")]
#[case::backslashes("..\\a.so")]
#[case::nul("a.so\0.txt")]
fn tricks_in_names_are_told_and_the_member_is_read(#[case] name: &str) {
    let told = inspect(&archive(&[Member::stored(name, &carrier())], b""));
    assert_eq!(told.problems()[0].0, "unsafe-path");
    assert_eq!(told.found().len(), 1);
}

#[rstest]
#[case("a.so", "a.so")]
#[case("a/b.so", "a//b.so")]
#[case("a/b.so", "./a/b.so")]
#[case("a/b.so", "a\\b.so")]
fn names_that_come_to_the_same_are_told(#[case] one: &str, #[case] other: &str) {
    let members = [Member::stored(one, &carrier()), Member::stored(other, b"")];
    let told = inspect(&archive(&members, b""));
    assert_eq!(told.problems(), [("duplicate-member", Some(other))]);
    assert_eq!(told.found().len(), 1);
}

#[test]
fn names_are_those_that_pip_would_write() {
    let member = |flags| Member {
        name: b"\x81\xc3\xbc.so",
        flags,
        ..Member::stored("", &carrier())
    };
    let found = |flags| {
        let told = inspect(&archive(&[member(flags)], b""));
        assert_eq!(told.problems(), []);
        told.found()[0].0.to_owned()
    };
    assert_eq!(found(0), "ü├╝.so");
    assert_eq!(found(1 << 11), "\u{fffd}ü.so");
}

#[rstest]
#[case::without(archive(&[Member::stored("a.so", &carrier())], b""))]
#[case::comment(archive(&[Member::stored("a.so", &carrier())], b"a comment"))]
#[case::longest_comment(archive(&[Member::stored("a.so", &carrier())], &vec![b'x'; 65_535]))]
#[case::zip64(zip64(&archive(&[Member::stored("a.so", &carrier())], b"")))]
#[case::behind_other_bytes([&[b'x'; 100_000][..], &archive(&[Member::stored("a.so", &carrier())], b"")].concat())]
#[case::zip64_behind_other_bytes([&[b'x'; 100_000][..], &zip64(&archive(&[Member::stored("a.so", &carrier())], b""))].concat())]
fn the_directory_is_found_wherever_it_may_stand(#[case] bytes: Vec<u8>) {
    let told = inspect(&bytes);
    assert_eq!((told.code, told.problems()), (0, vec![]));
    assert_eq!(told.found(), [("a.so", Some("3.5.4"))]);
}

#[test]
fn two_end_records_are_told() {
    let one = archive(&[Member::stored("a.so", &carrier())], b"");
    let other = archive(&[Member::stored("b.so", b"")], &one);
    let told = inspect(&other);
    assert_eq!(told.code, 3);
    assert_eq!(told.problems(), [("archive-corrupt", None)]);
    assert!(told.messages().contains("more than one end record"));
}

/// Changes the bytes behind the first place of a signature.
fn changed(bytes: &[u8], signature: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let from = memchr::memmem::find(&bytes, signature).unwrap() + at;
    bytes[from..from + new.len()].copy_from_slice(new);
    bytes
}

#[rstest]
#[case::name(30, b"b", "the name differs")]
#[case::method(8, b"\x08", "the method differs")]
#[case::encryption(6, b"\x01", "the encryption differs")]
#[case::crc(14, b"\x01\x02\x03\x04", "the lengths or CRC-32 differs")]
#[case::size(22, b"\x01", "the lengths or CRC-32 differs")]
fn a_local_header_that_contradicts_the_directory_is_told(
    #[case] at: usize,
    #[case] new: &[u8],
    #[case] sentence: &str,
) {
    let good = archive(&[Member::stored("a.so", &carrier())], b"");
    let told = inspect(&changed(&good, b"PK\x03\x04", at, new));
    assert_eq!(told.code, 3);
    assert_eq!(told.problems(), [("archive-corrupt", Some("a.so"))]);
    assert!(told.messages().contains(sentence), "{told:#?}");
    assert_eq!(told.found(), [("a.so", Some("3.5.4"))]);
}

#[test]
fn members_that_overlap_are_told() {
    let good = archive(
        &[
            Member::stored("a.so", &carrier()),
            Member::stored("b.so", &carrier()),
        ],
        b"",
    );
    // The first member claims what the second one has, and then the directory.
    for packed in [carrier().len() + 40, good.len() - 100] {
        let packed = u32::try_from(packed).unwrap().to_le_bytes();
        let told = inspect(&changed(&good, b"PK\x01\x02", 20, &packed));
        assert_eq!(told.code, 3);
        assert_eq!(told.problems(), [("overlapping-members", Some("a.so"))]);
        assert_eq!(told.found(), [("b.so", Some("3.5.4"))]);
    }
    // The last one claims bytes of the directory.
    let alone = archive(&[Member::stored("a.so", &carrier())], b"");
    let packed = u32::try_from(carrier().len() + 1).unwrap().to_le_bytes();
    let told = inspect(&changed(&alone, b"PK\x01\x02", 20, &packed));
    assert_eq!(told.problems(), [("overlapping-members", Some("a.so"))]);
}

#[rstest]
#[case::elf_program_headers(changed(&carrier(), b"\x7fELF", 56, &[0xff; 2]))]
#[case::elf_table_outside(changed(&carrier(), b"\x7fELF", 32, &[0xff; 8]))]
#[case::mach_o_commands(changed(
    &mach_o(Machine::Aarch64, &[], &openssl_texts(VULNERABLE)), b"\xcf\xfa\xed\xfe", 16, &[0xff; 8]))]
#[case::universal_slices(changed(
    &universal(&[(Machine::X86_64, carrier())]), b"\xca\xfe\xba\xbe", 4, &[0, 0, 0xff, 0xff]))]
#[case::pe_sections(changed(
    &pe(Machine::X86_64, &["libssl-3-x64.dll"], &openssl_texts(VULNERABLE)), b"PE\0\0", 6, &[0xff; 2]))]
fn absurd_tables_are_told(#[case] binary: Vec<u8>) {
    let told = inspect(&wheel::build(&[("demo/a.so", &binary)]));
    assert_eq!(told.code, 3, "{told:#?}");
    assert_eq!(told.problems(), [("malformed-binary", Some("demo/a.so"))]);
}

#[test]
fn endless_nesting_ends() {
    let zips = (0..50).fold(carrier(), |inner, _| wheel::build(&[("a.whl", &inner)]));
    let gzips = (0..50).fold(carrier(), |inner, _| gzip(&inner));
    let tars = (0..50).fold(carrier(), |inner, _| tar(&[("a.tar", &inner)]));
    for (bytes, path) in [
        (zips, "a.whl!a.whl!a.whl!a.whl"),
        (wheel::build(&[("a", &gzips)]), "a!a!a!a"),
        (wheel::build(&[("a.tar", &tars)]), "a.tar!a.tar!a.tar!a.tar"),
    ] {
        let told = inspect(&bytes);
        assert_eq!((told.code, told.found()), (3, vec![]));
        assert_eq!(told.problems(), [("limit-reached", Some(path))]);
        assert!(told.messages().contains("`nesting` (3)"));
    }
}

#[test]
fn compressed_archives_are_looked_into() {
    let sources = tar(&[
        ("lib/a.so", &carrier()),
        ("b.jar", &wheel::build(&[("c.so", &carrier())])),
    ]);
    let told = inspect(&wheel::build(&[("data.tar.gz", &gzip(&sources))]));
    assert_eq!((told.code, told.problems()), (0, vec![]));
    assert_eq!(
        told.found(),
        [
            ("data.tar.gz!data.tar!b.jar!c.so", Some("3.5.4")),
            ("data.tar.gz!data.tar!lib/a.so", Some("3.5.4"))
        ]
    );
}

/// Servers that answer wrongly, slowly or never, for a wheel whose hash is known.
#[rstest]
#[case::never(Fault::NeverAnswer, "limit-reached", "wheel-seconds (1)")]
#[case::for_ever(Fault::StallAfter(70_000), "limit-reached", "wheel-seconds (1)")]
#[case::wrong_range(Fault::ContentRange("bytes 0-9/10".into()), "unreadable", "range")]
#[case::gone(Fault::Status(410, vec![]), "unreadable", "410")]
#[case::something_else(
    Fault::Page { content_type: "text/html", body: b"<html>".to_vec() }, "hash-mismatch", "SHA-256")]
#[case::redirected_away(Fault::Redirect("file:///etc/hostname".into()), "unreadable", "not followed")]
fn servers_are_bounded_too(#[case] fault: Fault, #[case] code: &str, #[case] sentence: &str) {
    let index = FakeIndex::start_blocking();
    let file = FakeFile::new(
        NAME,
        wheel::build_stored(&[("a.so", &wheel::noise(300_000))]),
    );
    let sha256 = file.sha256.clone().unwrap();
    index.publish("demo", file);
    index.always(&format!("/files/demo/{NAME}"), fault);
    let url = format!("{}#sha256={sha256}", index.file_url("demo", NAME));
    let limits = [
        ("REWHEEL_LIMITS__WHEEL_SECONDS", "1"),
        ("REWHEEL_LIMITS__RESUMES", "0"),
    ];
    let ran = User::new().run_with(&["inspect", &url, "--format", "json"], &limits);
    ran.exits(3);
    let told = Told {
        wheel: ran.json()["wheels"][0].clone(),
        code: ran.code,
    };
    assert_eq!(
        (told.found(), told.problems()),
        (vec![], vec![(code, None)]),
        "{told:#?}"
    );
    assert!(told.messages().contains(sentence), "{told:#?}");
}

#[test]
fn a_wheel_on_a_server_has_a_bound_in_size() {
    let index = FakeIndex::start_blocking();
    index.publish(
        "demo",
        FakeFile::new(
            NAME,
            wheel::build_stored(&[("a.so", &wheel::noise(300_000))]),
        ),
    );
    let url = index.file_url("demo", NAME);
    let limits = [("REWHEEL_LIMITS__WHEEL_BYTES", "100000")];
    let ran = User::new().run_with(&["inspect", &url, "--format", "json"], &limits);
    let problem = ran.exits(3).json()["wheels"][0]["problems"][0].clone();
    assert_eq!(problem["code"], "limit-reached");
    assert!(
        problem["message"]
            .as_str()
            .unwrap()
            .contains("wheel-bytes (100000)")
    );
}

#[test]
fn a_bomb_on_a_server_is_stopped_like_one_at_hand() {
    let index = FakeIndex::start_blocking();
    let bytes = archive(&[Member::padded("a.so", &carrier(), 2 * GIB)], b"");
    index.publish("demo", FakeFile::new(NAME, bytes));
    let url = index.file_url("demo", NAME);
    let ran = User::new().run(&["inspect", &url, "--format", "json"]);
    let wheel = ran.exits(3).json()["wheels"][0].clone();
    assert_eq!(wheel["problems"][0]["code"], "limit-reached", "{wheel:#}");
    assert_eq!(wheel["findings"][0]["version"], Value::Null);
}

#[test]
fn the_tools_of_these_tests_do_not_lie() {
    let bytes = archive(&[Member::padded("a.so", &carrier(), 3 << 20)], b"");
    let told = inspect(&bytes);
    assert_eq!((told.code, told.problems()), (0, vec![]));
    assert_eq!(told.found(), [("a.so", Some("3.5.4"))]);
    let mut reader = zip::ZipArchive::new(std::io::Cursor::new(hostile::zip64(&bytes))).unwrap();
    assert_eq!(
        reader.by_index(0).unwrap().size(),
        carrier().len() as u64 + (3 << 20)
    );
}
