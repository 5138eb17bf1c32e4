//! An archive inside a wheel: a jar, a wheel. Its directory stands at its end, so that its
//! members are read by their local headers, in file order, while it streams by.

use std::io::{self, BufRead, BufReader, Read};

use super::archive::{self, LOCAL_HEADER_LEN, LocalHeader};
use super::binary::fill;
use super::collector::Collector;
use super::inflate::{Inflater, Method};
use super::member::Packed;
use super::member_name;
use crate::model::ProblemCode;

/// How much of the inflated archive is buffered, 64 KiB.
const INPUT_BYTES: usize = 64 * 1024;

/// Reads the members of a nested archive.
///
/// # Errors
/// What keeps the archive itself from being unpacked.
pub(super) fn walk<R: Read>(
    collector: &mut Collector,
    outer: &Packed<'_>,
    stream: R,
) -> io::Result<()> {
    if outer.depth >= collector.limits.nesting {
        let message = format!(
            "The limit `nesting` ({}) is reached; the archive inside was not read.",
            collector.limits.nesting
        );
        collector.problem(ProblemCode::LimitReached, Some(outer.path), message);
        return Ok(());
    }
    // The members are taken through a trait object, else each level would be a type of its own
    // without end.
    let mut input: BufReader<Box<dyn Read + '_>> =
        BufReader::with_capacity(INPUT_BYTES, Box::new(stream));
    let mut inflater = Inflater::new();
    // Bytes of the next header that were read already.
    let mut ahead: Vec<u8> = Vec::new();
    loop {
        let next = next_header(io::Cursor::new(std::mem::take(&mut ahead)).chain(&mut input))?;
        let (header, name) = match next {
            Next::Member(header, name) => (header, name),
            Next::Directory => return Ok(()),
            Next::Lost => {
                let message = "What follows the last member that was read is neither a member nor the archive's directory; the rest was not read.";
                collector.problem(
                    ProblemCode::ArchiveCorrupt,
                    Some(outer.path),
                    message.to_owned(),
                );
                return Ok(());
            }
        };
        collector.members = collector.members.saturating_add(1);
        if collector.members > collector.limits.members {
            let message = format!(
                "The limit `members` ({}) is reached; the rest was not read.",
                collector.limits.members
            );
            collector.problem(ProblemCode::LimitReached, Some(outer.path), message);
            return Ok(());
        }
        let path = format!("{}!{name}", outer.path);
        collector.check_name(&name, &path);
        let method = Method::of(header.method).filter(|_| !header.is_encrypted());
        let ends_itself = method == Some(Method::Deflate);
        let Some(method) = method.filter(|_| ends_itself || !header.has_descriptor()) else {
            let message = "The member of a nested archive is encrypted or packed by a method that is not supported; it was not read.".to_owned();
            collector.problem(ProblemCode::UnsupportedMember, Some(&path), message);
            if header.has_descriptor() {
                return Ok(());
            }
            skip(&mut input, header.packed)?;
            continue;
        };
        let member = Packed {
            path: &path,
            method,
            crc: (!header.has_descriptor()).then_some(header.crc),
            size: if header.has_descriptor() {
                u64::MAX
            } else {
                header.size
            },
            packed: (!header.has_descriptor()).then_some(header.packed),
            at: None,
            depth: outer.depth.saturating_add(1),
        };
        if header.has_descriptor() {
            let crc = collector.member(&member, &mut input, &mut inflater);
            ahead = descriptor(collector, &path, &mut input, crc)?;
            continue;
        }
        let mut packed = (&mut input).take(header.packed);
        collector.member(&member, &mut packed, &mut inflater);
        let left = packed.limit();
        skip(&mut input, left)?;
    }
}

/// Reads the descriptor that follows a member's data, and compares its CRC-32; returns what was
/// read of what follows it.
fn descriptor<R: BufRead>(
    collector: &mut Collector,
    path: &str,
    input: &mut R,
    crc: u32,
) -> io::Result<Vec<u8>> {
    let mut field = [0_u8; 4];
    fill(input, &mut field)?;
    if field == *b"PK\x07\x08" {
        fill(input, &mut field)?;
    }
    if u32::from_le_bytes(field) != crc {
        let message = "The member's CRC-32 is wrong.".to_owned();
        collector.broken(ProblemCode::MemberCorrupt, path, message);
    }
    // Two lengths of 4 bytes, or of 8 in a zip64 archive: what follows tells. The longer form is
    // asked first, because a length may look like a signature, but nothing that a header has at
    // that distance does.
    skip(input, 8)?;
    let mut ahead = vec![0_u8; 12];
    let read = fill(input, &mut ahead)?;
    ahead.truncate(read);
    if ahead.get(8..).is_some_and(archive::is_signature) {
        ahead.drain(..8);
    }
    Ok(ahead)
}

/// What stands where a member ends.
enum Next {
    Member(LocalHeader, String),
    /// The archive's directory or what belongs to it: there are no more members.
    Directory,
    /// Something else, or nothing.
    Lost,
}

fn next_header<R: Read>(mut input: R) -> io::Result<Next> {
    let input = &mut input;
    let mut bytes = [0_u8; LOCAL_HEADER_LEN];
    let read = fill(input, &mut bytes)?;
    let Some(mut header) = archive::local_header(&bytes).filter(|_| read == LOCAL_HEADER_LEN)
    else {
        return Ok(if archive::is_end_of_members(&bytes) {
            Next::Directory
        } else {
            Next::Lost
        });
    };
    let mut name = vec![0_u8; usize::from(header.name_len)];
    let mut extra = vec![0_u8; usize::from(header.extra_len)];
    if fill(input, &mut name)? < name.len() || fill(input, &mut extra)? < extra.len() {
        return Ok(Next::Lost);
    }
    if archive::widen_local(&mut header, &extra).is_none() {
        return Ok(Next::Lost);
    }
    let name = member_name::decode(&name, header.flags);
    Ok(Next::Member(header, name))
}

fn skip<R: BufRead>(input: &mut R, len: u64) -> io::Result<()> {
    io::copy(&mut input.take(len), &mut io::sink()).map(drop)
}
