//! A tar archive inside a wheel, read in file order while it streams by.
//!
//! Source: POSIX.1-2017, pax, "ustar Interchange Format"; the GNU tar manual, "Basic Tar Format".

use std::io::{self, BufRead, Read};

use super::binary::fill;
use super::collector::Collector;
use super::fields::until_nul;
use super::inflate::{Inflater, Method};
use super::member::Packed;
use super::member_name;
use crate::model::ProblemCode;

const BLOCK_BYTES: usize = 512;

/// The longest list of extended headers that is read, 64 KiB.
const MAXIMUM_EXTENDED_BYTES: u64 = 64 << 10;

/// Whether bytes begin with a header.
pub(super) fn is_header(bytes: &[u8]) -> bool {
    Header::of(bytes).is_some_and(|header| header.is_whole())
}

/// Whether an archive may be so many bytes long: whole blocks.
pub(super) const fn is_length(len: u64) -> bool {
    len > 0 && len.is_multiple_of(BLOCK_BYTES as u64)
}

#[derive(Debug)]
struct Header<'a>(&'a [u8]);

impl<'a> Header<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        bytes.get(..BLOCK_BYTES).map(Self)
    }

    fn field(&self, at: usize, len: usize) -> &'a [u8] {
        let end = at.saturating_add(len);
        self.0.get(at..end).unwrap_or_default()
    }

    /// Whether the sum of its bytes, those of the sum itself taken as blanks, is as it says.
    fn is_whole(&self) -> bool {
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        let blanks = 8 * u64::from(b' ');
        let found = sum(self.field(0, 148))
            .saturating_add(blanks)
            .saturating_add(sum(self.field(156, 356)));
        number(self.field(148, 8)) == Some(found)
    }

    fn size(&self) -> Option<u64> {
        number(self.field(124, 12))
    }

    fn kind(&self) -> u8 {
        self.field(156, 1).first().copied().unwrap_or_default()
    }

    fn name(&self) -> Vec<u8> {
        let name = until_nul(self.field(0, 100));
        let prefix = until_nul(self.field(345, 155));
        if self.field(257, 6) != b"ustar\0" || prefix.is_empty() {
            return name.to_vec();
        }
        [prefix, b"/", name].concat()
    }
}

/// A number in octal digits, or in base 256 if its first bit is set, as GNU tar writes large ones.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if *first == 0x80 {
        return rest.iter().try_fold(0_u64, |sum, byte| {
            sum.checked_mul(256)?.checked_add(u64::from(*byte))
        });
    }
    let text = std::str::from_utf8(until_nul(field)).ok()?.trim();
    if text.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(text, 8).ok()
}

/// What extended headers say of the next member.
#[derive(Debug, Default)]
struct Extended {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

/// Reads the members of a tar archive.
///
/// # Errors
/// What keeps the archive itself from being unpacked.
pub(super) fn walk<R: BufRead>(
    collector: &mut Collector,
    outer: &Packed<'_>,
    mut input: R,
) -> io::Result<()> {
    let mut inflater = Inflater::new();
    let mut extended = Extended::default();
    loop {
        let mut block = [0_u8; BLOCK_BYTES];
        let read = fill(&mut input, &mut block)?;
        // Blocks of zeros end it; some writers leave them out.
        if read == 0 || (read == BLOCK_BYTES && block.iter().all(|byte| *byte == 0)) {
            return Ok(());
        }
        let header = Header(&block);
        let size = header.size().filter(|_| header.is_whole());
        let Some(size) = size.filter(|_| read == BLOCK_BYTES) else {
            let message = "What follows the last member that was read is no header of a tar archive; the rest was not read.";
            collector.problem(
                ProblemCode::ArchiveCorrupt,
                Some(outer.path),
                message.to_owned(),
            );
            return Ok(());
        };
        let is_read = match header.kind() {
            b'x' | b'L' => extended.read(header.kind(), size, &mut input)?,
            // Links, devices and folders have no data, whatever they say.
            b'1'..=b'6' => {
                extended = Extended::default();
                true
            }
            // The contents of a GNU sparse file come after a map of unknown length.
            b'g' | b'K' | b'S' | b'V' => skip(&mut input, padded(size))?,
            _ => {
                let extended = std::mem::take(&mut extended);
                let name = extended.name.unwrap_or_else(|| header.name());
                let size = extended.size.unwrap_or(size);
                member(collector, outer, &name, size, &mut input, &mut inflater)?
            }
        };
        if header.kind() == b'S' {
            let message = "The tar archive has a sparse file, which is not read.".to_owned();
            collector.problem(ProblemCode::UnsupportedMember, Some(outer.path), message);
        }
        if !is_read {
            let message = "The tar archive ends within a member.".to_owned();
            collector.broken(ProblemCode::ArchiveCorrupt, outer.path, message);
            return Ok(());
        }
    }
}

/// Reads one member; false if the archive ends within it, or no more may be read.
fn member<R: BufRead>(
    collector: &mut Collector,
    outer: &Packed<'_>,
    name: &[u8],
    size: u64,
    input: &mut R,
    inflater: &mut Inflater,
) -> io::Result<bool> {
    // Everything that writes tar archives today writes UTF-8.
    let name = member_name::decode(name, member_name::IS_UTF8);
    let path = format!("{}!{name}", outer.path);
    if !collector.count_member(outer.path) {
        return Ok(false);
    }
    collector.check_name(&name, &path);
    let member = Packed {
        path: &path,
        method: Method::Stored,
        crc: None,
        size,
        packed: Some(size),
        at: None,
        depth: outer.depth.saturating_add(1),
    };
    let mut data = (&mut *input).take(size);
    collector.member(&member, &mut data, inflater);
    let left = data.limit();
    let padding = padded(size).saturating_sub(size);
    let is_whole = skip(input, left)?;
    if !is_whole {
        let message = "The archive ends within the member.".to_owned();
        collector.broken(ProblemCode::MemberCorrupt, &path, message);
    }
    // The last member's padding may be left out.
    skip(input, padding)?;
    Ok(is_whole)
}

impl Extended {
    /// Reads a GNU long name or a list of pax records.
    fn read<R: BufRead>(&mut self, kind: u8, size: u64, input: &mut R) -> io::Result<bool> {
        let mut bytes = Vec::new();
        (&mut *input)
            .take(size.min(MAXIMUM_EXTENDED_BYTES))
            .read_to_end(&mut bytes)?;
        let left = padded(size).saturating_sub(bytes.len() as u64);
        if kind == b'L' {
            self.name = Some(until_nul(&bytes).to_vec());
        } else {
            self.records(&bytes);
        }
        skip(input, left)
    }

    /// Records of the form `LENGTH KEY=VALUE\n`, where the length is that of all.
    fn records(&mut self, mut bytes: &[u8]) {
        while let Some(blank) = memchr::memchr(b' ', bytes) {
            let len = bytes
                .get(..blank)
                .and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
            let Some((record, rest)) = len.and_then(|len| bytes.split_at_checked(len)) else {
                return;
            };
            let text = record.get(blank.saturating_add(1)..).unwrap_or_default();
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            if let Some(name) = text.strip_prefix(b"path=") {
                self.name = Some(name.to_vec());
            } else if let Some(size) = text.strip_prefix(b"size=") {
                self.size = std::str::from_utf8(size)
                    .ok()
                    .and_then(|size| size.parse().ok());
            }
            bytes = rest;
        }
    }
}

/// A length with the padding to whole blocks.
const fn padded(size: u64) -> u64 {
    match size.checked_next_multiple_of(BLOCK_BYTES as u64) {
        Some(padded) => padded,
        None => u64::MAX,
    }
}

/// Skips so many bytes; false if the input ends before.
fn skip<R: BufRead>(input: &mut R, len: u64) -> io::Result<bool> {
    Ok(io::copy(&mut input.take(len), &mut io::sink())? == len)
}
