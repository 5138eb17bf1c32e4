//! Members that are not what they seem: archives behind other bytes, broken or unread formats.

use super::made::*;
use super::*;

fn library() -> Vec<u8> {
    elf(None, &[], &library_texts("OpenSSL 3.0.1 14 Dec 2021"))
}

fn told(name: &str, member: &[u8]) -> Vec<ProblemCode> {
    codes(&scanned(deflated(&[(name, member)])))
}

#[test]
fn a_nested_archive_that_does_not_go_on_is_told() {
    let first = deflated(&[("b.txt", b"text")]);
    let directory = memchr::memmem::find(&first, b"PK\x01\x02").unwrap();
    let second = deflated(&[("c.so", &library())]);
    let gap = [&first[..directory], &[0; 16], &second].concat();
    assert_eq!(told("a.jar", &gap), [ProblemCode::ArchiveCorrupt]);
    let cut = [&first[..directory], &second[..20]].concat();
    assert_eq!(told("a.jar", &cut), [ProblemCode::ArchiveCorrupt]);
    assert_eq!(
        told("a.jar", &first[..directory]),
        [ProblemCode::ArchiveCorrupt]
    );
    assert_eq!(told("a.jar", &first), []);
}

#[test]
fn the_descriptor_of_a_zip64_member_may_hold_what_looks_like_a_signature() {
    let text = vec![b'h'; 0x4b50];
    let mut inner = b"PK\x03\x04\x2d\0\x08\0\x08\0\0\0\0\0".to_vec();
    inner.extend([0; 12]);
    inner.extend([5, 0, 0, 0]);
    inner.extend(b"b.txt");
    // One stored block of deflate.
    inner.extend([1, 0x50, 0x4b, 0xaf, 0xb4]);
    inner.extend(&text);
    inner.extend(b"PK\x07\x08");
    inner.extend(crc32fast::hash(&text).to_le_bytes());
    inner.extend(0x4b55_u64.to_le_bytes());
    inner.extend(0x4b50_u64.to_le_bytes());
    inner.extend(deflated(&[("c.so", &library())]));
    let scanned = scanned(deflated(&[("a.jar", &inner)]));
    assert_eq!(codes(&scanned), []);
    assert_eq!(scanned.scan.findings[0].path, "a.jar!c.so");
}

#[test]
fn archives_behind_other_bytes_are_read_or_told() {
    let inner = deflated(&[("c.so", &library())]);
    for (name, prefix) in [
        ("a.zip", &b"PK00"[..]),
        ("run", b"#!/usr/bin/env python3\n"),
    ] {
        let scanned = scanned(deflated(&[(name, &[prefix, &inner].concat())]));
        assert_eq!(codes(&scanned), [], "{name}");
        assert_eq!(scanned.scan.findings.len(), 1, "{name}");
    }
    assert_eq!(told("a.jar", b"something"), [ProblemCode::ArchiveCorrupt]);
    assert_eq!(told("run", b"#!/bin/sh\n"), []);
    assert_eq!(told("a.zip", &deflated(&[])), []);
}

#[test]
fn a_header_far_behind_the_dos_program_is_found_or_told() {
    let pe = |at: usize| {
        let mut file = b"MZ".to_vec();
        file.resize(60, 0);
        file.extend((at as u32).to_le_bytes());
        file.resize(at, 0);
        file.extend(b"PE\0\0\x64\x86");
        file.resize(at + 24, 0);
        file.extend(library_texts("OpenSSL 3.0.1 14 Dec 2021"));
        file
    };
    for at in [4000, 5000, 60_000, 200_000] {
        let scanned = scanned(deflated(&[("a.dll", &pe(at))]));
        assert_eq!(scanned.scan.findings.len(), 1, "{at}");
    }
    assert_eq!(told("a.dll", &pe(300_000)), [ProblemCode::MalformedBinary]);
    assert_eq!(told("a.com", b"MZ: a text"), []);
}

#[test]
fn two_directories_are_told() {
    let clean = deflated(&[("a.py", b"1")]);
    let dirty = deflated(&[("c.so", &library())]);
    let hidden = |first: &[u8], second: &[u8]| {
        let mut both = first.to_vec();
        let at = both.len() - 2;
        both[at..].copy_from_slice(&(second.len() as u16).to_le_bytes());
        both.extend(second);
        codes(&scanned(both))
    };
    assert_eq!(hidden(&clean, b"a comment"), []);
    assert!(hidden(&dirty, &clean).contains(&ProblemCode::ArchiveCorrupt));
    let behind = [&dirty[..], b"\n"].concat();
    assert!(hidden(&clean, &behind).contains(&ProblemCode::ArchiveCorrupt));
}

#[test]
fn a_zip64_record_that_is_not_the_one_before_its_locator_is_told() {
    let plain = deflated(&[("a.py", b"1")]);
    let end = plain.len() - 22;
    let word = |at: usize| u64::from(u32::from_le_bytes(plain[at..at + 4].try_into().unwrap()));
    let (len, offset) = (word(end + 12), word(end + 16));
    let mut record = b"PK\x06\x06".to_vec();
    record.extend(44_u64.to_le_bytes());
    record.extend([0; 12]);
    for field in [1, 1, len, offset] {
        record.extend(u64::to_le_bytes(field));
    }
    let made = |between: &[u8]| {
        let mut bytes = [&plain[..end], &record, between].concat();
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend((end as u64).to_le_bytes());
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(&plain[end..]);
        codes(&scanned(bytes))
    };
    assert_eq!(made(b""), []);
    assert_eq!(made(&record), [ProblemCode::ArchiveCorrupt]);
}

#[test]
fn universal_files_that_hide_something_are_told() {
    let texts = library_texts("OpenSSL 3.0.1 14 Dec 2021");
    let slice = mach_o(X86_64, &[], b"");
    let covered = universal(&[(X86_64, slice)]);
    assert_eq!(told("a.dylib", &covered), []);
    let outside = [&covered[..], &texts].concat();
    assert_eq!(told("a.dylib", &outside), [ProblemCode::MalformedBinary]);
    for count in [0, 31] {
        let mut absurd = outside.clone();
        absurd[7] = count;
        assert_eq!(told("a.bin", &absurd), [ProblemCode::MalformedBinary]);
    }
    let class = b"\xca\xfe\xba\xbe\0\0\0\x34and so on";
    assert_eq!(told("A.class", class), []);
    assert_eq!(told("a.so", class), [ProblemCode::MalformedBinary]);
}

#[test]
fn unread_formats_are_told_where_they_name_a_library() {
    let texts = library_texts("OpenSSL 3.0.1 14 Dec 2021");
    for magic in [&b"!<arch>\n"[..], b"\0asm\x01\0\0\0"] {
        let with = [magic, &texts].concat();
        assert_eq!(told("a.bin", &with), [ProblemCode::UnsupportedMember]);
        assert_eq!(told("a.bin", magic), []);
    }
}
