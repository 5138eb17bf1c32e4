//! Archives and compressed files inside of wheels.

use std::io::Write;

use rstest::rstest;

use super::made::*;
use super::*;

fn carrier() -> Vec<u8> {
    elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023"))
}

/// The paths and versions that were found.
fn found(scanned: &Scanned) -> Vec<(&str, Option<&str>)> {
    let findings = scanned.scan.findings.iter();
    findings
        .map(|finding| (finding.path.as_str(), finding.version.as_deref()))
        .collect()
}

/// A tar archive: headers as POSIX wants them, members padded to blocks.
fn tar(members: &[(u8, &str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (kind, name, bytes) in members {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = *kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(*bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[rstest]
#[case("data.gz", gzip)]
#[case("data.bz2", bzip2)]
#[case("data.xz", xz)]
#[case("data.zst", zstd)]
#[case("data", gzip)]
fn compressed_files_are_looked_into(#[case] name: &str, #[case] pack: fn(&[u8]) -> Vec<u8>) {
    let alone = scanned(deflated(&[(name, &pack(&carrier()))]));
    assert_eq!(found(&alone), [(&*format!("{name}!data"), Some("3.1.1"))]);
    assert_eq!(codes(&alone), []);
    let archive = tar(&[(b'0', "lib/a.so", &carrier())]);
    let in_tar = scanned(deflated(&[(name, &pack(&archive))]));
    assert_eq!(
        found(&in_tar),
        [(&*format!("{name}!data!lib/a.so"), Some("3.1.1"))]
    );
    assert_eq!(codes(&in_tar), []);
    let mut cut = pack(&carrier());
    cut.truncate(cut.len() / 2);
    let cut = scanned(deflated(&[(name, &cut)]));
    assert_eq!(codes(&cut), [ProblemCode::MemberCorrupt]);
    assert!(found(&cut).iter().all(|(_, version)| version.is_none()));
}

#[test]
fn names_and_lengths_of_tar_archives_come_from_where_they_may_stand() {
    let carrier = carrier();
    let long = format!("{}/long.so", "folder".repeat(30));
    let record = format!("{} path={long}\n", long.len() + 10);
    assert_eq!(record.len(), long.len() + 10);
    let archive = tar(&[
        (b'5', "folder/", b""),
        (b'0', "first.so", &carrier),
        (b'x', "ignored", record.as_bytes()),
        (b'0', "short.so", &carrier),
        (b'L', "././@LongLink", b"gnu.so\0"),
        (b'0', "short.so", &carrier),
    ]);
    let scanned = scanned(deflated(&[("a.tar", &archive)]));
    let expected = [
        "a.tar!first.so".to_owned(),
        format!("a.tar!{long}"),
        "a.tar!gnu.so".to_owned(),
    ];
    let paths: Vec<_> = found(&scanned).iter().map(|(path, _)| *path).collect();
    assert_eq!(paths, [&expected[0], &expected[1], &expected[2]]);
    assert_eq!(codes(&scanned), []);
}

#[test]
fn a_tar_archive_is_opened_whatever_its_name() {
    let archive = tar(&[(b'0', "lib/a.so", &carrier())]);
    let members = [("notes.txt", archive.as_slice()), ("data", b"1234")];
    assert_eq!(
        found(&scanned(deflated(&members))),
        [("notes.txt!lib/a.so", Some("3.1.1"))]
    );
}

#[test]
fn a_tar_archive_that_lies_is_told() {
    let archive = tar(&[(b'0', "a.so", &carrier()), (b'0', "../b.so", b"x")]);
    let told = |bytes: &[u8]| codes(&scanned(deflated(&[("a.tar", bytes)])));
    assert_eq!(told(&archive), [ProblemCode::UnsafePath]);
    let ends = [ProblemCode::MemberCorrupt, ProblemCode::ArchiveCorrupt];
    assert!(told(&archive[..700]).ends_with(&ends));
    let cut = scanned(deflated(&[("a.tar", &archive[..700])]));
    assert!(found(&cut).iter().all(|(_, version)| version.is_none()));
    let second = memchr::memmem::find(&archive, b"../b.so").unwrap();
    let mut damaged = archive.clone();
    damaged[second] ^= 1;
    assert_eq!(told(&damaged), [ProblemCode::ArchiveCorrupt]);
}

/// An archive inside of so many others.
fn deep(levels: usize) -> Vec<u8> {
    (0..levels).fold(deflated(&[("a.so", &carrier())]), |inner, _| {
        deflated(&[("inner.whl", &inner)])
    })
}

#[test]
fn nesting_is_bounded_whatever_the_archives_are() {
    let read = scanned(deep(3));
    assert_eq!(
        found(&read),
        [("inner.whl!inner.whl!inner.whl!a.so", Some("3.1.1"))]
    );
    assert_eq!(codes(&read), []);
    let endless = (0..30).fold(carrier(), |inner, _| gzip(&inner));
    let in_tar = tar(&[(
        b'0',
        "a.tar",
        &tar(&[(b'0', "b.tar", &tar(&[(b'0', "c.tar", &tar(&[]))]))]),
    )]);
    for bytes in [
        deep(40),
        deflated(&[("a.gz", &endless)]),
        deflated(&[("a.gz", &gzip(&gzip(&in_tar)))]),
    ] {
        let scanned = scanned(bytes);
        assert_eq!(found(&scanned), []);
        assert_eq!(codes(&scanned), [ProblemCode::LimitReached]);
        assert!(scanned.scan.problems[0].message.contains("`nesting` (3)"));
    }
}

/// Lets the sizes and CRC-32 of all members of an archive follow their data.
fn with_descriptors(members: &[(&str, &[u8])], is_signed: bool) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in members {
        archive.extend(b"PK\x03\x04\x14\0\x08\0\0\0\0\0\0\0");
        archive.extend([0; 12]);
        archive.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        archive.extend([0; 2]);
        archive.extend(name.as_bytes());
        archive.extend(*bytes);
        if is_signed {
            archive.extend(b"PK\x07\x08");
        }
        archive.extend(crc32fast::hash(bytes).to_le_bytes());
        for _ in 0..2 {
            archive.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        }
    }
    archive.extend(b"PK\x01\x02");
    archive
}

#[rstest]
fn stored_members_whose_lengths_follow_are_read(#[values(true, false)] is_signed: bool) {
    let inner = deflated(&[("c.so", &carrier())]);
    let jar = with_descriptors(
        &[
            ("a.so", &carrier()),
            ("b.jar", &inner),
            ("d.so", &carrier()),
        ],
        is_signed,
    );
    let scanned = scanned(deflated(&[("x.jar", &jar)]));
    assert_eq!(codes(&scanned), []);
    let paths: Vec<_> = found(&scanned).iter().map(|(path, _)| *path).collect();
    assert_eq!(paths, ["x.jar!a.so", "x.jar!b.jar!c.so", "x.jar!d.so"]);
}

#[test]
fn a_signing_block_hides_nothing_and_is_no_damage() {
    let jar = deflated(&[("a.so", &carrier())]);
    let directory = memchr::memmem::rfind(&jar, b"PK\x01\x02").unwrap();
    let mut block = Vec::new();
    let len = 8 + 100 + 16_u64;
    block.extend(len.to_le_bytes());
    block.extend([b'x'; 100]);
    block.extend(len.to_le_bytes());
    block.extend(b"APK Sig Block 42");
    let apk = [&jar[..directory], &block, &jar[directory..]].concat();
    let read = scanned(deflated(&[("x.apk", &apk)]));
    assert_eq!(found(&read), [("x.apk!a.so", Some("3.1.1"))]);
    assert_eq!(codes(&read), []);
    block[0] ^= 1;
    let damaged = [&jar[..directory], &block, &jar[directory..]].concat();
    let read = scanned(deflated(&[("x.apk", &damaged)]));
    assert_eq!(codes(&read), [ProblemCode::ArchiveCorrupt]);
}

#[test]
fn objects_and_libraries_of_them_are_told_when_they_name_a_library() {
    let coff = [
        &[0x64, 0x86, 2, 0][..],
        &library_texts("OpenSSL 3.1.1 30 May 2023"),
    ]
    .concat();
    for (name, bytes, told) in [
        (
            "a.obj",
            coff.as_slice(),
            vec![ProblemCode::UnsupportedMember],
        ),
        ("a.obj", &[0x64, 0x86, 2, 0, 0], vec![]),
        ("a.dat", &coff, vec![]),
    ] {
        assert_eq!(codes(&scanned(deflated(&[(name, bytes)]))), told, "{name}");
    }
}

#[test]
fn archives_inside_may_have_ten_times_as_many_members() {
    let binary = elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023"));
    let names: Vec<_> = (0..19).map(|index| format!("{index}.class")).collect();
    let mut members: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    members.push(("a.so", &binary));
    let bytes = deflated(&[("a.jar", &deflated(&members)), ("b.py", b"")]);
    let scanned = |members| {
        let limits = Limits {
            members,
            ..Limits::default()
        };
        scan(&Memory::new(bytes.clone()), &limits).unwrap()
    };
    let whole = scanned(2);
    assert_eq!(codes(&whole), []);
    assert_eq!(whole.scan.findings.len(), 1);
    let cut = scanned(1);
    assert!(codes(&cut).contains(&ProblemCode::LimitReached));
    assert_eq!(cut.scan.findings, []);
}
