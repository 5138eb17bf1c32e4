//! Wheels that were really published: what is found in them is what is known to be in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;

use rewheel::model::{BinaryFormat, Evidence, EvidenceKind, Finding};
use rewheel::scan::{self, Limits};
use rewheel::source::FileSource;
use zip::ZipArchive;

use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::published::{PublishedWheel, at_hand, described, listed};
use crate::support::recorded::bytes_served;

#[test]
fn the_list_covers_what_wheels_differ_in() {
    let wheels = listed();
    let size: u64 = wheels.iter().map(|wheel| wheel.size).sum();
    assert!(size < 60_000_000, "{size} bytes are too many to download");
    let has = |part: &str| wheels.iter().any(|wheel| wheel.file.contains(part));
    for platform in [
        "win_amd64",
        "win32",
        "win_arm64",
        "_x86_64.whl",
        "macosx_11_0_arm64",
        "universal2",
        "manylinux1_i686",
        "aarch64",
        "armv7l",
        "musllinux",
        "none-any",
    ] {
        assert!(has(platform), "{platform}");
    }
    let held: BTreeSet<&str> = wheels
        .iter()
        .flat_map(|wheel| &wheel.holds)
        .flat_map(|one| one.split(' '))
        .collect();
    for word in [
        "openssl",
        "boringssl",
        "aws-lc",
        "tongsuo",
        "static",
        "vendored",
        "external",
        "1.0.2e",
        "1.1.1-dev",
        "3.5.4",
    ] {
        assert!(held.contains(word), "{word}");
    }
    assert!(wheels.iter().any(|wheel| wheel.holds.is_empty()));
    assert!(wheels.iter().any(|wheel| wheel.holds.len() > 1));
}

/// How what is found in a wheel differs from what is known.
fn differences(wheel: &PublishedWheel) -> Vec<String> {
    let source = FileSource::open(&wheel.path()).unwrap();
    let scanned = scan::scan(&source, &Limits::default()).unwrap().scan;
    let mut differences = Vec::new();
    let held: BTreeSet<String> = scanned.findings.iter().map(described).collect();
    let expected: BTreeSet<String> = wheel.holds.iter().cloned().collect();
    for finding in &scanned.findings {
        let version = finding.version.as_deref();
        let known = wheel
            .holds
            .iter()
            .any(|one| one.split(' ').nth(1) == version);
        if version.is_some() && !known {
            differences.push(format!("a wrong version: {}", described(finding)));
        }
    }
    if held != expected {
        differences.push(format!("{held:?} instead of {expected:?}"));
    }
    let binaries: BTreeMap<String, String> = scanned
        .findings
        .iter()
        .map(|finding| {
            let binary = format!("{} {}", finding.path, finding.arch);
            (binary, described(finding))
        })
        .collect();
    if binaries != wheel.binaries {
        differences.push(format!(
            "by binary {binaries:#?} instead of {:#?}",
            wheel.binaries
        ));
    }
    if !scanned.is_complete() {
        differences.push(format!("not read whole: {:?}", scanned.problems));
    }
    differences
}

#[test]
fn what_is_found_is_what_is_known() {
    let found: BTreeMap<String, Vec<String>> = at_hand()
        .iter()
        .map(|wheel| (wheel.file.clone(), differences(wheel)))
        .filter(|(_, differences)| !differences.is_empty())
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// The evidence of a finding that is not in the binary at the place that is told.
fn misplaced(finding: &Finding, binary: &[u8]) -> Vec<String> {
    let is_text = |evidence: &&Evidence| {
        !matches!(
            evidence.kind,
            EvidenceKind::VersionConstant | EvidenceKind::VersionResource | EvidenceKind::Sibling
        )
    };
    let stands = |evidence: &&Evidence| {
        // Line breaks and the like are told as one sign.
        let text = evidence.text.split('\u{fffd}').next().unwrap_or_default();
        let text = text.as_bytes();
        let at = evidence.offset.and_then(|at| usize::try_from(at).ok());
        let is_there =
            at.is_some_and(|at| binary.get(at..).is_some_and(|rest| rest.starts_with(text)));
        // In an exports trie a name stands in pieces.
        let is_in_trie = finding.format == BinaryFormat::MachO
            && evidence.kind == EvidenceKind::DefinedSymbol
            && memchr::memmem::find(binary, text).is_none();
        is_there || is_in_trie
    };
    let evidence = finding.evidence.iter().filter(is_text);
    let misplaced = evidence.filter(|evidence| !stands(evidence));
    misplaced
        .map(|evidence| format!("{}: {evidence:?}", finding.path))
        .collect()
}

#[test]
fn evidence_stands_where_it_is_told_to() {
    let mut held = 0;
    for wheel in at_hand() {
        let source = FileSource::open(&wheel.path()).unwrap();
        let scanned = scan::scan(&source, &Limits::default()).unwrap().scan;
        let mut archive = ZipArchive::new(fs::File::open(wheel.path()).unwrap()).unwrap();
        for finding in scanned
            .findings
            .iter()
            .filter(|one| !one.path.contains('!'))
        {
            let mut binary = Vec::new();
            let mut member = archive.by_name(&finding.path).unwrap();
            member.read_to_end(&mut binary).unwrap();
            assert_eq!(misplaced(finding, &binary), [""; 0], "{}", wheel.file);
            held += finding.evidence.len();
        }
    }
    assert!(held > 0 || at_hand().is_empty());
}

#[test]
fn a_project_of_published_wheels_is_checked_whole() {
    let wheels: Vec<PublishedWheel> = at_hand()
        .into_iter()
        .filter(|wheel| wheel.package == "cryptography")
        .collect();
    if wheels.len() < 4 {
        // Which are missing has been told.
        return;
    }
    let index = FakeIndex::start_blocking();
    for wheel in &wheels {
        let mut file = FakeFile::new(&wheel.file, fs::read(wheel.path()).unwrap());
        file.sha256 = Some(wheel.sha256.clone());
        index.publish("cryptography", file);
    }
    let user = User::new();
    let ran = user.check(&index, &["cryptography"]);
    ran.exits(1).says("cryptography 46.0.3 of");
    assert_eq!(
        ran.row("cp38-abi3-win32")[..5],
        [
            "windows i686",
            "cp38-abi3-win32",
            "3.5.4",
            "static",
            "vulnerable"
        ]
    );
    let newest = wheels
        .iter()
        .find(|wheel| wheel.version == "46.0.3")
        .unwrap();
    let served = bytes_served(&index.file_requests());
    assert!(
        served <= newest.size + 64 * 1024,
        "{served} of {} bytes",
        newest.size
    );

    index.forget_requests();
    let ran = user.check(&index, &["cryptography", "--all-versions"]);
    ran.exits(1).says("cryptography, 4 versions, 4 wheels");
    let rows: Vec<String> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("2026-10-01"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>()[..6].join(" "))
        .collect();
    assert_eq!(
        rows,
        [
            "46.0.3 2026-10-01 windows 1 3.5.4 vulnerable",
            "3.4.8 2026-10-01 windows 1 1.1.1l vulnerable",
            "2.4.2 2026-10-01 linux 1 1.1.0j vulnerable",
            "2.0 2026-10-01 windows 1 1.1.0f vulnerable",
        ]
    );
    let again: Vec<String> = index
        .file_requests()
        .into_iter()
        .map(|request| request.path)
        .filter(|path| path.contains("46.0.3"))
        .collect();
    assert_eq!(again, [""; 0], "a wheel that is known is not read again");
}
