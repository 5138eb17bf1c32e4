//! Doors for the fuzzer to what is private here, built with the feature `fuzzing` only. Each takes
//! any bytes; what must hold whatever they are is asserted.

use std::io::{self, BufRead, Read};

use super::binary::{self, Again, Memory};
use super::collector::Collector;
use super::inflate::{Inflater, Method};
use super::member::Packed;
use super::{Limits, Source, archive, banner, magic, sbom, verdict};
use crate::model::{BinaryFormat, ProblemCode, WheelScan};

/// Small enough for many runs a second; large enough to get past every first chunk.
const LIMITS: Limits = Limits {
    inflated_bytes: 8 << 20,
    inflated_ratio: 100,
    members: 64,
    nesting: 3,
    directory_bytes: 1 << 20,
    sbom_bytes: 1 << 20,
    candidates: 100_000,
    evidence_bytes: 1 << 20,
};

struct Bytes<'a>(&'a [u8]);

impl Source for Bytes<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn range(&self, at: u64, len: u64) -> io::Result<impl BufRead> {
        let end = at.checked_add(len).ok_or(io::ErrorKind::UnexpectedEof)?;
        let range = usize::try_from(at).ok().zip(usize::try_from(end).ok());
        let bytes = range.and_then(|(at, end)| self.0.get(at..end));
        bytes.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// A whole wheel. It gives the same whatever way it is read, and names the limits that it meets.
pub fn wheel(bytes: &[u8]) {
    let whole = super::scan_whole(&Bytes(bytes), &LIMITS);
    let needed = super::scan(&Bytes(bytes), &LIMITS);
    assert!(whole.is_ok() && needed.is_ok(), "bytes at hand cannot fail");
    if let (Ok(whole), Ok(needed)) = (whole, needed) {
        check(&whole.scan);
        assert!(needed.tail_only || needed.scan == whole.scan);
    }
}

fn check(scan: &WheelScan) {
    for problem in &scan.problems {
        let is_limit = problem.code == ProblemCode::LimitReached;
        assert!(!is_limit || problem.message.contains("limit") || problem.path.is_some());
        assert!(!problem.message.is_empty());
    }
    for finding in &scan.findings {
        assert!(!finding.evidence.is_empty(), "{finding:?}");
    }
}

/// The archive's directory: every entry stands in the file, and there are no more than allowed.
pub fn directory(bytes: &[u8]) {
    let Ok(place) = archive::find_directory(bytes, 0) else {
        return;
    };
    assert!(
        place
            .at
            .checked_add(place.len)
            .is_some_and(|end| end <= bytes.len() as u64)
    );
    let from = usize::try_from(place.at).unwrap_or(usize::MAX);
    let entries = bytes.get(from..).unwrap_or_default();
    let directory = archive::read_directory(entries, place, LIMITS.members);
    assert!(directory.entries.len() as u64 <= LIMITS.members);
}

/// A member: an object file, an archive or a compressed file, as its first bytes say.
pub fn member(bytes: &[u8]) {
    let mut collector = Collector::new(&LIMITS, bytes.len() as u64, Memory::default());
    let member = Packed {
        path: "member",
        method: Method::Stored,
        crc: None,
        size: bytes.len() as u64,
        packed: None,
        at: None,
        depth: 0,
    };
    collector.member(&member, bytes, &mut Inflater::new());
    check(&verdict::conclude(collector.finish()));
}

/// An ELF file.
pub fn elf(bytes: &[u8]) {
    object(BinaryFormat::Elf, bytes);
}

/// A Mach-O file, universal or not.
pub fn mach_o(bytes: &[u8]) {
    object(BinaryFormat::MachO, bytes);
}

/// A PE file.
pub fn pe(bytes: &[u8]) {
    object(BinaryFormat::Pe, bytes);
}

/// Reads an object file as told, and as if it were longer than the head that is kept, so that
/// headers come from ranges; then reads both again for what had gone by.
fn object(format: BinaryFormat, bytes: &[u8]) {
    let mut memory = Memory::default();
    memory.candidates = u64::MAX;
    for padding in [0, 3 << 20] {
        let len = (bytes.len() as u64).saturating_add(padding);
        let mut look = |wanted: &[(u64, u64)]| {
            let mut rest = bytes.chain(io::repeat(0).take(padding));
            let read = magic::read_head(&mut memory.head, &mut rest, magic::FIRST_BYTES);
            assert!(read.is_ok(), "bytes at hand cannot fail");
            let seen = binary::stream(format, &mut rest, len, wanted, Again::Possible, &mut memory);
            assert!(seen.error.is_none(), "bytes at hand cannot fail");
            assert!(seen.parts.len() <= 64, "{} slices", seen.parts.len());
            seen
        };
        let first = look(&[]);
        if !first.gone.is_empty() {
            let second = look(&first.gone);
            assert_eq!(first.parts.len(), second.parts.len());
        }
    }
}

/// Texts. Where the bytes are cut into two changes nothing of what is found.
pub fn banner(bytes: &[u8]) {
    let read = |cut: usize| {
        let mut texts = banner::Texts::default();
        for range in [0..cut, cut..bytes.len()] {
            banner::search(bytes, range.start, range.end, |at| {
                banner::read(&mut texts, bytes, at, 0);
                true
            });
        }
        texts
    };
    let middle = bytes.len() / 2;
    assert_eq!(read(0), read(middle));
}

/// An SBOM: no more claims than are kept, each of them printable.
pub fn sbom(bytes: &[u8]) {
    let Ok((claims, _)) = sbom::read("sbom", bytes, 0, LIMITS.sbom_bytes) else {
        return;
    };
    for claim in claims {
        assert!(!claim.version.contains(char::is_control));
    }
}
