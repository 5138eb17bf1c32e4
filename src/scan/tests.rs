//! Whole wheels, made here: what is found in them, and what is said when they lie.

#![allow(clippy::arithmetic_side_effects)]

use std::cell::RefCell;
use std::io::{Cursor, Write};

use proptest::prelude::*;
use rstest::rstest;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::model::{
    Architecture, BinaryFormat, EvidenceKind, Finding, Library, Linkage, ProblemCode,
};

/// A wheel in memory that notes which ranges were asked for.
struct Memory {
    bytes: Vec<u8>,
    asked: RefCell<Vec<(u64, u64)>>,
}

impl Memory {
    fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            asked: RefCell::default(),
        }
    }
}

impl Source for Memory {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn range(&self, at: u64, len: u64) -> io::Result<impl Read> {
        self.asked.borrow_mut().push((at, len));
        let from = usize::try_from(at).unwrap();
        let rest = self.bytes.get(from..).unwrap_or_default();
        Ok(rest.take(len))
    }
}

fn wheel(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn deflated(members: &[(&str, &[u8])]) -> Vec<u8> {
    wheel(members, CompressionMethod::Deflated)
}

fn scanned(bytes: Vec<u8>) -> Scanned {
    scan(&Memory::new(bytes), &Limits::default()).unwrap()
}

fn codes(scanned: &Scanned) -> Vec<ProblemCode> {
    scanned
        .scan
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect()
}

/// The texts that OpenSSL's own code keeps.
fn library_texts(version: &str) -> Vec<u8> {
    format!(
        "\0{version}\0compiler: gcc\0built on: Tue\0OPENSSLDIR: \"/usr/local/ssl\"\0openssl.cnf\0"
    )
    .into_bytes()
}

/// A 64-bit ELF shared library: one loaded segment, a dynamic section, `texts` at its end.
fn elf(soname: Option<&str>, needed: &[&str], texts: &[u8]) -> Vec<u8> {
    let mut strings = vec![0_u8];
    let mut dynamic: Vec<(u64, u64)> = Vec::new();
    for (tag, name) in soname
        .map(|name| (14, name))
        .into_iter()
        .chain(needed.iter().map(|n| (1, *n)))
    {
        dynamic.push((tag, strings.len() as u64));
        strings.extend_from_slice(name.as_bytes());
        strings.push(0);
    }
    let dynamic_at = 64 + 2 * 56_u64;
    let strings_at = dynamic_at + (dynamic.len() as u64 + 3) * 16;
    dynamic.extend([(5, strings_at), (10, strings.len() as u64), (0, 0)]);
    let len = strings_at + strings.len() as u64 + texts.len() as u64;

    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
    file.extend([0_u64, 64, 0].iter().flat_map(|word| word.to_le_bytes()));
    file.extend(
        [0, 0, 64, 56, 2, 0, 0, 0_u32]
            .iter()
            .flat_map(|half| (*half as u16).to_le_bytes()),
    );
    file.resize(64, 0);
    // The header's fields of 16 bits begin after its flags.
    file[52..54].copy_from_slice(&64_u16.to_le_bytes());
    file[54..56].copy_from_slice(&56_u16.to_le_bytes());
    file[56..58].copy_from_slice(&2_u16.to_le_bytes());
    for (kind, at, size) in [(1_u32, 0, len), (2, dynamic_at, dynamic.len() as u64 * 16)] {
        file.extend(kind.to_le_bytes());
        file.extend(4_u32.to_le_bytes());
        file.extend(
            [at, at, at, size, size, 8]
                .iter()
                .flat_map(|word| word.to_le_bytes()),
        );
    }
    for (tag, value) in dynamic {
        file.extend(tag.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(strings);
    file.extend(texts);
    file
}

/// A thin Mach-O file that needs `needed`.
fn mach_o(cpu: u32, needed: &[&str], texts: &[u8]) -> Vec<u8> {
    let mut commands = Vec::new();
    for name in needed {
        let len = (24 + name.len() + 8) & !7;
        commands.extend(
            [0xc_u32, u32::try_from(len).unwrap(), 24, 0, 0, 0]
                .iter()
                .flat_map(|w| w.to_le_bytes()),
        );
        let mut text = name.as_bytes().to_vec();
        text.resize(len - 24, 0);
        commands.extend(text);
    }
    let header = [
        0xfeed_facf,
        cpu,
        0,
        6,
        u32::try_from(needed.len()).unwrap(),
        u32::try_from(commands.len()).unwrap(),
        0,
        0,
    ];
    let mut file: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
    file.extend(commands);
    file.extend(texts);
    file
}

fn universal(slices: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut file: Vec<u8> = [0xcafe_babe, u32::try_from(slices.len()).unwrap()]
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .collect();
    let mut at = 4096_u32;
    for (cpu, slice) in slices {
        let len = u32::try_from(slice.len()).unwrap();
        file.extend(
            [*cpu, 0, at, len, 12]
                .iter()
                .flat_map(|word| word.to_be_bytes()),
        );
        at += (len + 4095) & !4095;
    }
    for (_, slice) in slices {
        file.resize((file.len() + 4095) & !4095, 0);
        file.extend(slice);
    }
    file
}

const X86_64: u32 = 0x0100_0007;
const ARM64: u32 = 0x0100_000c;

fn short(finding: &Finding) -> (Library, Option<&str>, Linkage) {
    (finding.library, finding.version.as_deref(), finding.linkage)
}

#[rstest]
#[case(CompressionMethod::Stored)]
#[case(CompressionMethod::Deflated)]
fn code_inside_a_binary_is_static(#[case] method: CompressionMethod) {
    let binary = elf(
        None,
        &["libc.so.6"],
        &library_texts("OpenSSL 3.1.1 30 May 2023"),
    );
    let scanned = scanned(wheel(&[("a/_rust.abi3.so", &binary)], method));
    let [finding] = scanned.scan.findings.as_slice() else {
        panic!("{scanned:?}");
    };
    assert_eq!(
        short(finding),
        (Library::Openssl, Some("3.1.1"), Linkage::Static)
    );
    assert_eq!(finding.format, BinaryFormat::Elf);
    assert_eq!(finding.arch, Architecture::X86_64);
    let text = &finding.evidence[0];
    assert_eq!(text.kind, EvidenceKind::VersionText);
    let at = usize::try_from(text.offset.unwrap()).unwrap();
    assert!(binary[at..].starts_with(b"OpenSSL 3.1.1 30 May 2023\0"));
    assert!(scanned.scan.is_complete());
    assert!(!scanned.tail_only);
}

#[test]
fn a_text_alone_is_no_code() {
    let binary = elf(None, &["libc.so.6"], b"\0OpenSSL 1.1.1w  11 Sep 2023\0");
    assert_eq!(scanned(deflated(&[("a.so", &binary)])).scan.findings, []);
}

#[test]
fn shipped_libraries_are_vendored_and_a_libssl_without_text_asks_its_libcrypto() {
    let texts = library_texts("OpenSSL 3.0.16 11 Feb 2025");
    let crypto = elf(Some("libcrypto-57a7cbb3.so.3"), &[], &texts);
    let ssl = elf(
        Some("libssl-7ae97b17.so.3"),
        &["libcrypto-57a7cbb3.so.3"],
        b"\0ssl/ssl_lib.c\0",
    );
    let user = elf(None, &["libssl-7ae97b17.so.3"], b"");
    let scanned = scanned(deflated(&[
        ("a.so", &user),
        ("a.libs/libcrypto-57a7cbb3.so.3", &crypto),
        ("a.libs/libssl-7ae97b17.so.3", &ssl),
    ]));
    let found: Vec<_> = scanned.scan.findings.iter().map(short).collect();
    assert_eq!(
        found,
        [(Library::Openssl, Some("3.0.16"), Linkage::Vendored); 2]
    );
    let sibling = scanned.scan.findings[1]
        .evidence
        .iter()
        .find(|e| e.kind == EvidenceKind::Sibling);
    assert_eq!(sibling.unwrap().text, "a.libs/libcrypto-57a7cbb3.so.3");
}

#[test]
fn a_library_that_is_not_shipped_is_external() {
    let binary = elf(None, &["libssl.so.10"], b"\0OpenSSL 1.1.1w  11 Sep 2023\0");
    let scanned = scanned(deflated(&[("a.so", &binary)]));
    let found: Vec<_> = scanned.scan.findings.iter().map(short).collect();
    assert_eq!(found, [(Library::Openssl, None, Linkage::External)]);
    assert_eq!(scanned.scan.findings[0].evidence[0].text, "libssl.so.10");
}

#[test]
fn each_slice_speaks_for_itself() {
    let inside = mach_o(X86_64, &[], &library_texts("OpenSSL 1.1.1w  11 Sep 2023"));
    let outside = mach_o(ARM64, &["/opt/homebrew/lib/libssl.1.1.dylib"], b"");
    let binary = universal(&[(X86_64, inside), (ARM64, outside)]);
    let scanned = scanned(deflated(&[("a.so", &binary)]));
    let found: Vec<_> = scanned
        .scan
        .findings
        .iter()
        .map(|f| (f.arch, short(f)))
        .collect();
    assert_eq!(
        found,
        [
            (
                Architecture::X86_64,
                (Library::Openssl, Some("1.1.1w"), Linkage::Static)
            ),
            (
                Architecture::Aarch64,
                (Library::Openssl, None, Linkage::External)
            ),
        ]
    );
}

#[rstest]
#[case(
    b"\0OpenSSL 1.1.1 (compatible; BoringSSL)\0OPENSSLDIR: n/a\0built on: n/a\0",
    Library::Boringssl,
    None
)]
#[case(
    b"\0third_party/boringssl-with-bazel/ssl/ssl_lib.cc\0",
    Library::Boringssl,
    None
)]
#[case(
    b"\0AWS-LC 5.12.0\0OPENSSLDIR: n/a\0BoringSSL\0",
    Library::AwsLc,
    Some("5.12.0")
)]
#[case(b"\0/aws-lc/crypto/mem.c\0", Library::AwsLc, None)]
#[case(
    b"\0OpenSSL 1.1.1h  22 Sep 2020\0BabaSSL 8.3.2\0OPENSSLDIR: \"/\"\0built on: x\0openssl.cnf\0",
    Library::Tongsuo,
    Some("8.3.2")
)]
#[case(
    b"\0LibreSSL 3.8.2\0OPENSSLDIR: \"/etc/ssl\"\0openssl.cnf\0",
    Library::Libressl,
    Some("3.8.2")
)]
fn forks_are_not_openssl(
    #[case] texts: &[u8],
    #[case] library: Library,
    #[case] version: Option<&str>,
) {
    let scanned = scanned(deflated(&[("a.so", &elf(None, &[], texts))]));
    let found: Vec<_> = scanned.scan.findings.iter().map(short).collect();
    assert_eq!(found, [(library, version, Linkage::Static)]);
}

#[test]
fn several_texts_the_one_beside_the_build_date_counts_and_the_rest_is_told() {
    let mut texts = b"\0OpenSSL 3.6.3 9 Jun 2026\0".to_vec();
    texts.resize(20_000, b'x');
    texts.extend(library_texts("OpenSSL 3.6.4 25 Aug 2026"));
    let scanned = scanned(deflated(&[("a.exe", &elf(None, &[], &texts))]));
    assert_eq!(scanned.scan.findings[0].version.as_deref(), Some("3.6.4"));
    assert_eq!(codes(&scanned), [ProblemCode::ConflictingEvidence]);
}

#[rstest]
#[case(&["3.6.2"], Some("3.6.2"))]
#[case(&["3.6.2", "3.11.0"], None)]
fn bare_versions_are_a_last_resort(#[case] bare: &[&str], #[case] version: Option<&str>) {
    let mut texts = b"openssl.cnf\0OPENSSL_ENGINES\0".to_vec();
    for name in ["a", "b", "c"] {
        texts.extend(format!("providers/implementations/{name}.c\0").bytes());
    }
    for version in bare {
        texts.extend(format!("\0{version}\0").bytes());
    }
    let scanned = scanned(deflated(&[("a.so", &elf(None, &[], &texts))]));
    let found: Vec<_> = scanned.scan.findings.iter().map(short).collect();
    assert_eq!(found, [(Library::Openssl, version, Linkage::Static)]);
}

#[test]
fn red_hats_builds_are_patched() {
    let binary = elf(
        None,
        &[],
        &library_texts("OpenSSL 1.1.1k  FIPS 25 Mar 2021"),
    );
    let scanned = scanned(deflated(&[("a.so", &binary)]));
    let finding = &scanned.scan.findings[0];
    assert_eq!(finding.version.as_deref(), Some("1.1.1k"));
    assert_eq!(finding.suffix.as_deref(), Some("FIPS"));
    assert!(finding.distro_patched);
}

#[test]
fn texts_across_the_borders_of_chunks_and_beyond_the_head_are_found_once() {
    for at in [
        262_144 - 10,
        (4 << 20) - 9,
        (4 << 20) + 262_144 - 5,
        5_000_000,
    ] {
        let mut texts = vec![b'x'; at];
        texts.extend(library_texts("OpenSSL 3.1.1 30 May 2023"));
        texts.resize(at + 300_000, b'y');
        let scanned = scanned(deflated(&[("a.so", &elf(None, &["libc.so.6"], &texts))]));
        let [finding] = scanned.scan.findings.as_slice() else {
            panic!("at {at}: {scanned:?}");
        };
        assert_eq!(finding.version.as_deref(), Some("3.1.1"), "at {at}");
        let texts = finding
            .evidence
            .iter()
            .filter(|e| e.kind == EvidenceKind::VersionText);
        assert_eq!(texts.count(), 1, "at {at}");
    }
}

#[test]
fn wheels_in_wheels_are_read_down_to_the_limit() {
    let binary = elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023"));
    let inner = deflated(&[("b.txt", b"text"), ("c.so", &binary)]);
    let outer = deflated(&[("a.jar", &inner)]);
    let found = scanned(outer.clone());
    assert_eq!(found.scan.findings[0].path, "a.jar!c.so");
    assert_eq!(found.scan.problems, []);
    let limits = Limits {
        nesting: 0,
        ..Limits::default()
    };
    let refused = scan(&Memory::new(outer), &limits).unwrap();
    assert_eq!(refused.scan.findings, []);
    assert_eq!(codes(&refused), [ProblemCode::LimitReached]);
    assert!(refused.scan.problems[0].message.contains("`nesting`"));
}

#[test]
fn each_byte_is_asked_for_once_and_text_only_wheels_end_after_the_tail() {
    let noise: Vec<u8> = (0..200_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let binary = elf(None, &[], &noise);
    let native = Memory::new(deflated(&[("a.so", &binary), ("b.py", b"pass")]));
    let len = native.len();
    assert!(!scan(&native, &Limits::default()).unwrap().tail_only);
    assert_eq!(
        *native.asked.borrow(),
        [(len - TAIL_BYTES, TAIL_BYTES), (0, len - TAIL_BYTES)]
    );

    let text = Memory::new(deflated(&[("a.py", &noise), ("a-1.dist-info/RECORD", b"")]));
    let scanned = scan(&text, &Limits::default()).unwrap();
    assert!(scanned.tail_only);
    assert_eq!(scanned.scan, crate::model::WheelScan::default());
    assert_eq!(text.asked.borrow().len(), 1);
}

#[test]
fn an_sbom_that_disagrees_is_told() {
    let binary = elf(None, &[], &library_texts("OpenSSL 4.0.2 25 Aug 2026"));
    let sbom = br#"{"components": [{"name": "openssl-src", "version": "300.6.0+3.6.2", "purl": "pkg:cargo/openssl-src@300.6.0"}]}"#;
    let scanned = scanned(deflated(&[
        ("a.so", &binary),
        ("a-1.dist-info/sboms/a.json", sbom),
    ]));
    assert_eq!(scanned.scan.sbom[0].version, "3.6.2");
    assert!(!scanned.scan.sbom[0].agrees);
    assert_eq!(codes(&scanned), [ProblemCode::SbomDisagrees]);
}

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
        [ProblemCode::MemberCorrupt]
    );
    assert!(told(&|b| change_entry(b, 0, 24, &[9, 0, 0, 0])).contains(&ProblemCode::MemberCorrupt));
    assert_eq!(
        told(&|b| change_entry(b, 0, 24, &[0, 0, 9, 0])),
        [ProblemCode::MemberCorrupt]
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
        [ProblemCode::UnsafePath]
    );
    assert_eq!(
        told(&|b| change_entry(b, 1, 46, b"a")),
        [ProblemCode::DuplicateMember]
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
        fn range(&self, _: u64, _: u64) -> io::Result<impl Read> {
            Ok(io::empty())
        }
    }
    let error = scan(&Failing, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
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
