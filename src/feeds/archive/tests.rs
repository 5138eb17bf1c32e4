use flate2::Compression;
use flate2::write::GzEncoder;
use rstest::rstest;
use tar::{Builder, Header};

use super::*;

const LIMIT: u64 = 1 << 20;
const RECORD: &str = "secjson/CVE-2026-11111.json";

/// An archive of these entries: path, kind, content or target.
fn packed(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, kind, content) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        // The crate writes no path that leads out of the archive.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        let is_file = *kind == EntryType::Regular;
        if !is_file && *kind != EntryType::Directory {
            header
                .set_link_name(String::from_utf8_lossy(content).as_ref())
                .unwrap();
        }
        header.set_size(if is_file { content.len() as u64 } else { 0 });
        header.set_cksum();
        builder
            .append(&header, if is_file { *content } else { b"" })
            .unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn names(files: &Files) -> Vec<&str> {
    files.by_path.keys().map(String::as_str).collect()
}

#[test]
fn only_the_expected_files_are_read() {
    let bytes = packed(&[
        ("root/", EntryType::Directory, b""),
        ("root/data.json", EntryType::Regular, b"{}"),
        ("root/README.md", EntryType::Regular, b"x"),
        (
            "root/secjson/CVE-2026-11111.json",
            EntryType::Regular,
            b"record",
        ),
        ("root/secjson/statements.json", EntryType::Regular, b"x"),
        (
            "root/secjson/old/CVE-2026-22222.json",
            EntryType::Regular,
            b"x",
        ),
        ("root/secadv/20260609.txt", EntryType::Regular, b"text"),
        ("root/other/20260609.txt", EntryType::Regular, b"x"),
    ]);
    let files = read(&bytes, LIMIT).unwrap();
    assert_eq!(names(&files), ["data.json", "secadv/20260609.txt", RECORD]);
    assert_eq!(files.by_path[RECORD], b"record");
    assert_eq!(files.warnings, [""; 0]);
}

#[rstest]
#[case::link(
    "root/secjson/CVE-2026-22222.json",
    EntryType::Symlink,
    "it is no regular file"
)]
#[case::hard_link(
    "root/secjson/CVE-2026-22222.json",
    EntryType::Link,
    "it is no regular file"
)]
#[case::device(
    "root/secjson/CVE-2026-22222.json",
    EntryType::Block,
    "it is no regular file"
)]
#[case::pipe("root/anything", EntryType::Fifo, "it is no regular file")]
#[case::upwards(
    "root/../../etc/passwd",
    EntryType::Regular,
    "its path leads out of the archive"
)]
#[case::absolute(
    "/elsewhere/data.json",
    EntryType::Regular,
    "its path leads out of the archive"
)]
#[case::backwards(
    "root\\..\\x/data.json",
    EntryType::Regular,
    "its path leads out of the archive"
)]
fn what_is_no_regular_file_inside_is_left_out(
    #[case] path: &str,
    #[case] kind: EntryType,
    #[case] why: &str,
) {
    let good = (
        "root/secjson/CVE-2026-11111.json",
        EntryType::Regular,
        &b"record"[..],
    );
    let files = read(&packed(&[(path, kind, b"target"), good]), LIMIT).unwrap();
    assert_eq!(names(&files), [RECORD]);
    let [warning] = files.warnings.as_slice() else {
        panic!("{:?}", files.warnings);
    };
    assert!(warning.ends_with(&format!("left out, {why}")), "{warning}");
}

#[test]
fn warnings_are_bounded() {
    let many = vec![("root/pipe", EntryType::Fifo, &b"x"[..]); 100];
    let good = [("root/data.json", EntryType::Regular, &b"{}"[..])];
    let files = read(&packed(&[&many[..], &good[..]].concat()), LIMIT).unwrap();
    assert_eq!(files.warnings.len(), MOST_WARNINGS);
}

#[test]
fn bounds_are_kept_and_named() {
    let large = vec![0; 2 << 20];
    let bytes = packed(&[
        ("root/other", EntryType::Regular, &large),
        ("root/data.json", EntryType::Regular, b"{}"),
    ]);
    assert!(read(&bytes, 4 << 20).is_ok());
    let reason = read(&bytes, LIMIT).unwrap_err();
    assert_eq!(
        reason,
        "the archive unpacks to more than the limit feed-bytes (1048576)"
    );
    let huge = vec![0; 5 << 20];
    let bytes = packed(&[
        ("root/data.json", EntryType::Regular, &huge),
        ("root/secadv/1.txt", EntryType::Regular, b"x"),
    ]);
    let files = read(&bytes, 64 << 20).unwrap();
    assert_eq!(names(&files), ["secadv/1.txt"]);
    assert!(
        files.warnings[0].ends_with("it is larger than 4 MiB"),
        "{:?}",
        files.warnings
    );
}

#[test]
fn a_cut_or_changed_archive_is_an_error() {
    let bytes = packed(&[("root/data.json", EntryType::Regular, b"{\"3.5\": 1}")]);
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end], LIMIT).is_err(), "cut after {end} bytes");
    }
    let last = bytes.len() - 6;
    let mut changed = bytes;
    changed[last] ^= 1;
    assert!(read(&changed, LIMIT).unwrap_err().contains("damaged"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 0_usize..200, byte: u8) {
        let mut bytes = packed(&[("root/data.json", EntryType::Regular, b"{}")]);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(&bytes, LIMIT);
    }
}
