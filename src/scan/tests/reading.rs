//! How a wheel is read: once, in pieces, through its archives and methods.

use std::io::Write;

use super::made::*;
use super::*;

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

    let whole = Memory::new(text.bytes);
    assert!(!scan_whole(&whole, &Limits::default()).unwrap().tail_only);
    assert_eq!(whole.asked.borrow().len(), 2);
}

#[test]
fn a_wheel_read_as_a_whole_shows_what_its_names_hide() {
    let binary = elf(None, &[], &library_texts("OpenSSL 3.1.1 30 May 2023"));
    let bytes = deflated(&[("a.txt", &binary)]);
    let found = scan_whole(&Memory::new(bytes), &Limits::default()).unwrap();
    assert_eq!(found.scan.findings[0].version.as_deref(), Some("3.1.1"));
}

/// What a method makes of bytes, as it stands in an archive.
fn packed(method: u16, bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    match method {
        12 => {
            let mut writer = bzip2::write::BzEncoder::new(&mut packed, bzip2::Compression::fast());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap();
        }
        14 => {
            let options = lzma_rust2::LzmaOptions {
                dict_size: 1 << 20,
                ..lzma_rust2::LzmaOptions::with_preset(1)
            };
            // A version, the length of the properties, and the properties. Source: APPNOTE 5.8.8.
            packed.extend([9, 20, 5, 0, options.get_props()]);
            packed.extend(options.dict_size.to_le_bytes());
            let mut writer =
                lzma_rust2::LzmaWriter::new_no_header(&mut packed, &options, true).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap();
        }
        _ => {
            packed = ruzstd::encoding::compress_to_vec(
                bytes,
                ruzstd::encoding::CompressionLevel::Fastest,
            )
        }
    }
    packed
}

#[rstest]
#[case::bzip2(12)]
#[case::lzma(14)]
#[case::zstd(93)]
fn rare_methods_are_unpacked_and_their_sums_checked(#[case] method: u16) {
    let binary = elf(
        None,
        &["libc.so.6"],
        &library_texts("OpenSSL 3.1.1 30 May 2023"),
    );
    let good = one_member("a.so", method, &packed(method, &binary), &binary);
    let found = scanned(good);
    assert_eq!(found.scan.problems, []);
    assert_eq!(found.scan.findings[0].version.as_deref(), Some("3.1.1"));
    let lying = one_member(
        "a.so",
        method,
        &packed(method, &binary),
        &[&binary[..], b"!"].concat(),
    );
    assert_eq!(codes(&scanned(lying)), [ProblemCode::MemberCorrupt]);
}

/// Found by the fuzzer: a text was lost whose piece that is searched for reached across the cut.
#[test]
fn where_texts_are_cut_changes_nothing() {
    let mut bytes = library_texts("OpenSSL 3.1.1 30 May 2023");
    bytes
        .extend(b"\0providers/implementations/a.c\0crypto/init.c\0ssl/statem/b.c\0AWS-LC 5.12.0\0");
    bytes.extend(b"OPENSSL_ENGINES\0OpenSSL_version_num\0openssl-version\x003.1.1\0boringssl\0");
    let read = |cut: usize| {
        let mut texts = banner::Texts::default();
        for range in [0..cut, cut..bytes.len()] {
            banner::search(&bytes, range.start, range.end, |at| {
                banner::read(&mut texts, &bytes, at, 0);
                true
            });
        }
        texts
    };
    for cut in 0..=bytes.len() {
        assert_eq!(read(cut), read(0), "cut at {cut}");
    }
}
