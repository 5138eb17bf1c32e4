//! Wheels that lie, break or ask for too much.

use proptest::prelude::*;

use super::made::*;
use super::*;

#[test]
fn limits_are_named_and_bombs_make_no_finding() {
    let mut bomb = elf(None, &[], b"");
    bomb.resize(3_000_000, 0);
    bomb.extend(library_texts("OpenSSL 3.1.1 30 May 2023"));
    let bytes = deflated(&[("a.so", &bomb), ("b.so", &bomb)]);
    let limits = Limits {
        inflated_bytes: 1_000_000,
        ..Limits::default()
    };
    let scanned = scan(&Memory::new(bytes.clone()), &limits).unwrap();
    assert_eq!(scanned.scan.findings, []);
    assert_eq!(codes(&scanned), [ProblemCode::LimitReached; 2]);
    assert!(
        scanned.scan.problems[0]
            .message
            .contains("`inflated-bytes`")
    );
    let limits = Limits {
        members: 1,
        ..Limits::default()
    };
    let scanned = scan(&Memory::new(bytes), &limits).unwrap();
    assert_eq!(codes(&scanned), [ProblemCode::LimitReached]);
    assert_eq!(scanned.scan.findings.len(), 1);
}

#[test]
fn a_library_whose_first_bytes_are_damaged_is_told() {
    let library = elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023"));
    let mut bytes = wheel(&[("a.so", &library)], zip::CompressionMethod::Stored);
    let at = memchr::memmem::find(&bytes, b"\x7fELF").unwrap();
    bytes[at] = 0x7e;
    let scanned = scanned(bytes);
    assert_eq!(scanned.scan.findings, []);
    assert_eq!(codes(&scanned), [ProblemCode::MemberCorrupt]);
}

/// Changes the directory's entry number `index`: `bytes` at `at` of it.
fn change_entry(wheel: &mut [u8], index: usize, at: usize, bytes: &[u8]) {
    let entry = memchr::memmem::find_iter(wheel, b"PK\x01\x02")
        .nth(index)
        .unwrap();
    wheel[entry + at..entry + at + bytes.len()].copy_from_slice(bytes);
}

#[test]
fn what_lies_is_told() {
    let binary = elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023"));
    let good = deflated(&[("a.so", &binary), ("b.so", &binary)]);
    let told = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        codes(&scanned(bytes))
    };
    assert_eq!(told(&|_| {}), []);
    assert_eq!(
        told(&|b| change_entry(b, 0, 16, &[1, 2, 3, 4])),
        [ProblemCode::ArchiveCorrupt, ProblemCode::MemberCorrupt]
    );
    assert!(told(&|b| change_entry(b, 0, 24, &[9, 0, 0, 0])).contains(&ProblemCode::MemberCorrupt));
    assert_eq!(
        told(&|b| change_entry(b, 0, 24, &[0, 0, 9, 0])),
        [ProblemCode::ArchiveCorrupt, ProblemCode::MemberCorrupt]
    );
    assert!(
        told(&|b| change_entry(b, 1, 42, &[0, 0, 0, 0])).contains(&ProblemCode::OverlappingMembers)
    );
    assert_eq!(
        told(&|b| change_entry(b, 0, 20, &[0, 0, 1, 0])),
        [ProblemCode::OverlappingMembers]
    );
    assert_eq!(
        told(&|b| change_entry(b, 0, 46, b"/")),
        [ProblemCode::UnsafePath, ProblemCode::ArchiveCorrupt]
    );
    assert_eq!(
        told(&|b| change_entry(b, 1, 46, b"a")),
        [ProblemCode::DuplicateMember, ProblemCode::ArchiveCorrupt]
    );
    assert!(told(&|b| change_entry(b, 0, 8, &[1, 0])).contains(&ProblemCode::UnsupportedMember));
    assert!(told(&|b| change_entry(b, 0, 10, &[97, 0])).contains(&ProblemCode::UnsupportedMember));
    assert!(told(&|b| change_entry(b, 1, 0, b"XXXX")).contains(&ProblemCode::ArchiveCorrupt));
    assert_eq!(
        told(&|b| b.truncate(b.len() - 10)),
        [ProblemCode::NotAnArchive]
    );
    assert_eq!(told(&Vec::clear), [ProblemCode::NotAnArchive]);
    assert_eq!(told(&|b| b[40] ^= 0xff).len(), 1);
}

#[test]
fn absurd_headers_are_malformed_and_texts_still_count() {
    let mut binary = elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023"));
    binary[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
    let scanned = scanned(deflated(&[("a.so", &binary)]));
    assert_eq!(codes(&scanned), [ProblemCode::MalformedBinary]);
    assert_eq!(scanned.scan.findings[0].version.as_deref(), Some("3.1.1"));
}

#[test]
fn a_failing_source_is_an_error() {
    struct Failing;
    impl Source for Failing {
        fn len(&self) -> u64 {
            1000
        }
        fn range(&self, _: u64, _: u64) -> io::Result<impl BufRead> {
            Ok(io::empty())
        }
    }
    let error = scan(&Failing, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn many_harmless_problems_hide_none_that_matters() {
    let binary = elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023"));
    let names: Vec<_> = (0..1100).map(|index| format!("../{index}.py")).collect();
    let mut members: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    members.push(("a.so", &binary));
    let mut bytes = deflated(&members);
    change_entry(&mut bytes, 1100, 8, &[1, 0]);
    let scanned = scanned(bytes);
    assert!(codes(&scanned).contains(&ProblemCode::UnsupportedMember));
    assert!(!scanned.scan.is_complete());
    let problems = scanned.scan.problems.iter();
    let unsafe_ones: Vec<_> = problems
        .filter(|problem| problem.code == ProblemCode::UnsafePath)
        .collect();
    assert_eq!(unsafe_ones.len(), 101);
    assert_eq!(
        unsafe_ones.last().unwrap().message,
        "This was met 1100 times; the first 100 of them are told."
    );
}

#[test]
fn a_bomb_is_told_whatever_it_claims_to_be() {
    let zeros = vec![0; 70 << 20];
    let text = vec![b'a'; 70 << 20];
    for (name, content) in [
        ("a.dat", &zeros),
        ("a", &zeros),
        ("a.py", &text),
        ("a.txt", &zeros),
        ("a.tar", &zeros),
    ] {
        let scanned = scanned(deflated(&[("b.so", b""), (name, content)]));
        assert_eq!(scanned.scan.findings, [], "{name}");
        let problem = scanned.scan.problems.iter().find(|problem| {
            problem.code == ProblemCode::LimitReached && problem.path.as_deref() == Some(name)
        });
        assert!(
            problem.unwrap().message.contains("`inflated-ratio`"),
            "{name}"
        );
    }
}

#[test]
fn a_damaged_script_is_told() {
    let script = b"#!/bin/sh\nexec python -m a\n";
    let mut bytes = wheel(
        &[("a-1.data/scripts/a", script)],
        zip::CompressionMethod::Stored,
    );
    let at = memchr::memmem::find(&bytes, b"exec").unwrap();
    bytes[at] = b'E';
    assert_eq!(codes(&scanned(bytes)), [ProblemCode::MemberCorrupt]);
}

#[test]
fn a_source_may_end_what_is_done_with_bytes_at_hand() {
    struct OutOfTime(Memory);
    impl Source for OutOfTime {
        fn len(&self) -> u64 {
            self.0.len()
        }
        fn range(&self, at: u64, len: u64) -> io::Result<impl BufRead> {
            self.0.range(at, len)
        }
        fn may_go_on(&self) -> io::Result<()> {
            Err(io::ErrorKind::TimedOut.into())
        }
    }
    let binary = elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023"));
    let bytes = deflated(&[("a.so", &binary)]);
    assert!((bytes.len() as u64) < TAIL_BYTES);
    let error = scan(&OutOfTime(Memory::new(bytes)), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

/// Changed bytes: at which place, and what.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        scanned(bytes);
    }

    #[test]
    fn changed_wheels_never_panic(changes in changes()) {
        let binary = elf(Some("libcrypto.so.3"), &["libc.so.6"], &library_texts("OpenSSL 3.1.1 30 May 2023"));
        let inner = deflated(&[("c.so", &binary)]);
        let mut bytes = deflated(&[("a.so", &binary), ("b.jar", &inner)]);
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        scanned(bytes);
    }

    #[test]
    fn changed_headers_never_panic(changes in changes(), kind in 0..3) {
        let mut binary = match kind {
            0 => elf(Some("libssl.so.3"), &["libcrypto.so.3"], b"\0ssl/ssl_lib.c\0"),
            1 => mach_o(ARM64, &["/usr/lib/libssl.46.dylib"], b""),
            _ => universal(&[(X86_64, mach_o(X86_64, &["libssl.dylib"], b""))]),
        };
        let header = binary.len().min(400);
        for (index, byte) in changes {
            binary[index.index(header)] = byte;
        }
        scanned(wheel(&[("a.so", &binary)], CompressionMethod::Stored));
    }
}

/// A binary with the texts of its library, and many places behind where one could begin.
fn dense(version: &str, word: &str) -> Vec<u8> {
    let mut texts = library_texts(version);
    texts.extend(word.repeat(1000).into_bytes());
    elf(None, &[], &texts)
}

#[test]
fn candidates_are_bounded_and_no_version_is_guessed_without_all_of_them() {
    let dense = dense("OpenSSL 3.1.1 30 May 2023", "\x003.9\0");
    let plain = elf(None, &[], &library_texts("OpenSSL 3.5.4 30 Sep 2025"));
    let bytes = deflated(&[("a.so", &plain), ("b.so", &dense), ("c.so", &plain)]);
    let told = |candidates| {
        let limits = Limits {
            candidates,
            ..Limits::default()
        };
        scan(&Memory::new(bytes.clone()), &limits).unwrap().scan
    };
    let versions = |scan: &crate::model::WheelScan| -> Vec<_> {
        let found = scan.findings.iter();
        found.map(|f| (f.path.clone(), f.version.clone())).collect()
    };
    let found = |path: &str, version: Option<&str>| (path.to_owned(), version.map(str::to_owned));
    let whole = told(2000);
    assert_eq!(whole.problems, []);
    assert_eq!(
        versions(&whole),
        [
            found("a.so", Some("3.5.4")),
            found("b.so", Some("3.1.1")),
            found("c.so", Some("3.5.4"))
        ]
    );
    let cut = told(500);
    assert_eq!(
        versions(&cut),
        [found("a.so", Some("3.5.4")), found("b.so", None)]
    );
    let told: Vec<_> = cut
        .problems
        .iter()
        .map(|p| {
            (
                p.code,
                p.path.as_deref(),
                p.message.contains("`candidates`"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (ProblemCode::LimitReached, Some("b.so"), true),
            (ProblemCode::LimitReached, Some("c.so"), true)
        ]
    );
}

/// What is told of a binary counts as well as what is kept of it.
#[rstest::rstest]
#[case::carrying(elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023")))]
#[case::needing(elf(None, &["libssl.so.3", "libcrypto.so.3"], b""))]
fn what_is_kept_of_many_binaries_is_bounded(#[case] binary: Vec<u8>) {
    let members: Vec<(String, &[u8])> = (0..20)
        .map(|number| (format!("{number:02}.so"), binary.as_slice()))
        .collect();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(n, b)| (n.as_str(), *b)).collect();
    let limits = Limits {
        evidence_bytes: 50_000,
        ..Limits::default()
    };
    let scanned = scan(&Memory::new(deflated(&members)), &limits).unwrap();
    let (found, told) = (scanned.scan.findings.len(), scanned.scan.problems.len());
    assert!(found > 5 && told > 5 && found + told == 20, "{scanned:?}");
    let problem = scanned.scan.problems.last().unwrap();
    assert_eq!(
        (problem.code, problem.path.as_deref()),
        (ProblemCode::LimitReached, Some("19.so"))
    );
    assert!(problem.message.contains("`evidence-bytes` (50000)"));
}

#[rstest::rstest]
#[case(64, Some("3.0.16"))]
#[case(65, None)]
fn among_too_many_libcryptos_none_is_guessed(#[case] count: u32, #[case] version: Option<&str>) {
    let crypto = elf(None, &[], &library_texts("OpenSSL 3.0.16 11 Feb 2025"));
    let ssl = elf(None, &["libcrypto.so.3"], b"\0ssl/ssl_lib.c\0");
    let names: Vec<String> = (0..count)
        .map(|number| format!("libcrypto-{number:08x}.so.3"))
        .collect();
    let mut members: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &*crypto)).collect();
    members.push(("libssl.so.3", &ssl));
    let scanned = scanned(deflated(&members));
    let found = scanned.scan.findings.iter();
    let of_ssl: Vec<_> = found.filter(|f| f.path == "libssl.so.3").collect();
    assert_eq!(of_ssl.len(), 1);
    assert_eq!(of_ssl[0].version.as_deref(), version);
}

#[test]
fn what_is_wrong_is_told_in_few_words_whatever_is_quoted() {
    let long = "é".repeat(100_000);
    let number = format!("{{\"components\": \"{long}\"}}");
    let element = format!("<{long}></{long}>");
    for sbom in [number, element] {
        let path = "a-1.dist-info/sboms/a";
        let scanned = scanned(deflated(&[(path, sbom.as_bytes())]));
        assert_eq!(codes(&scanned), [ProblemCode::MalformedSbom]);
        let message = &scanned.scan.problems[0].message;
        assert!(message.ends_with('…') && message.chars().count() == 501);
    }
}
