//! An archive inside a wheel: a jar, a wheel. Its directory stands at its end, so that its
//! members are read by their local headers, in file order, while it streams by.

use std::io::{self, BufRead, BufReader, Read};

use super::archive::{self, LOCAL_HEADER_LEN, LocalHeader};
use super::binary::fill;
use super::collector::Collector;
use super::inflate::{Inflater, Method};
use super::member::Packed;
use super::member_name;
use super::undelimited::{Returning, Undelimited};
use crate::model::ProblemCode;

/// How much of the inflated archive is buffered, 256 KiB: each step costs a copy of the window.
const INPUT_BYTES: usize = super::image::CHUNK_BYTES;

/// Reads the members of a nested archive.
///
/// # Errors
/// What keeps the archive itself from being unpacked.
pub(super) fn walk<R: Read>(
    collector: &mut Collector,
    outer: &Packed<'_>,
    stream: R,
) -> io::Result<()> {
    if !collector.may_enter(outer.path, outer.depth) {
        return Ok(());
    }
    // The members are taken through a trait object, else each level would be a type of its own
    // without end.
    let stream: Box<dyn Read + '_> = Box::new(stream);
    let mut input = Returning::new(BufReader::with_capacity(INPUT_BYTES, stream));
    let mut inflater = Inflater::new();
    let mut names = Vec::new();
    let mut path = format!("{}!", outer.path);
    let outer_len = path.len();
    loop {
        let (header, name) = match next_header(&mut input, &mut names)? {
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
        if !collector.count_member(outer.path) {
            return Ok(());
        }
        path.truncate(outer_len);
        path.push_str(&name);
        collector.check_name(&name, &path);
        let method = Method::of(header.method).filter(|_| !header.is_encrypted());
        // Without its length, LZMA data need not end by themselves.
        let ends_itself = method != Some(Method::Lzma);
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
            let crc = if method == Method::Stored {
                let data = BufReader::new(Undelimited::new(&mut input));
                collector.member(&member, data, &mut inflater)
            } else {
                collector.member(&member, &mut input, &mut inflater)
            };
            descriptor(collector, &path, &mut input, crc)?;
            continue;
        }
        let mut packed = (&mut input).take(header.packed);
        collector.member(&member, &mut packed, &mut inflater);
        let left = packed.limit();
        skip(&mut input, left)?;
    }
}

/// Reads the descriptor that follows a member's data, and compares its CRC-32.
fn descriptor<R: BufRead>(
    collector: &mut Collector,
    path: &str,
    input: &mut Returning<R>,
    crc: u32,
) -> io::Result<()> {
    let mut field = [0_u8; 4];
    fill(input, &mut field)?;
    if u32::from_le_bytes(field) == archive::DESCRIPTOR {
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
    let is_long = ahead.get(8..).is_some_and(archive::is_signature);
    input.give_back(ahead.get(if is_long { 8 } else { 0 }..).unwrap_or_default());
    Ok(())
}

/// What stands where a member ends.
enum Next {
    Member(LocalHeader, String),
    /// The archive's directory or what belongs to it: there are no more members.
    Directory,
    /// Something else, or nothing.
    Lost,
}

/// Reads the next local header; `names` is memory for its name and extra fields.
fn next_header<R: BufRead>(input: &mut Returning<R>, names: &mut Vec<u8>) -> io::Result<Next> {
    let mut bytes = [0_u8; LOCAL_HEADER_LEN];
    let read = fill(input, &mut bytes)?;
    let known = bytes.get(..read).unwrap_or_default();
    let Some(mut header) = archive::local_header(known) else {
        let is_end = archive::is_end_of_members(known) || {
            input.give_back(known);
            skip_signing_block(input)?
        };
        return Ok(if is_end { Next::Directory } else { Next::Lost });
    };
    let name_len = usize::from(header.name_len);
    names.resize(name_len.saturating_add(usize::from(header.extra_len)), 0);
    if fill(input, names)? < names.len() {
        return Ok(Next::Lost);
    }
    let (name, extra) = names.split_at_checked(name_len).unwrap_or_default();
    if archive::widen_local(&mut header, extra).is_none() {
        return Ok(Next::Lost);
    }
    let name = member_name::decode(name, header.flags);
    Ok(Next::Member(header, name))
}

/// Skips what Android's signing tool puts between members and directory: its length without this
/// field, pairs, the length again, a magic text. Says whether the directory follows.
///
/// Source: Android Open Source Project, "APK Signature Scheme v2", APK Signing Block.
fn skip_signing_block<R: BufRead>(input: &mut R) -> io::Result<bool> {
    const END: &[u8; 16] = b"APK Sig Block 42";
    let mut len = [0_u8; 8];
    if fill(input, &mut len)? < len.len() {
        return Ok(false);
    }
    let Some(pairs) = u64::from_le_bytes(len).checked_sub(24) else {
        return Ok(false);
    };
    skip(input, pairs)?;
    let mut end = [0_u8; 28];
    let read = fill(input, &mut end)?;
    let Some((again, end)) = end.get(..read).and_then(|end| end.split_at_checked(8)) else {
        return Ok(false);
    };
    let directory = end.strip_prefix(END).unwrap_or_default();
    Ok(again == len && archive::is_end_of_members(directory))
}

fn skip<R: BufRead>(input: &mut R, mut len: u64) -> io::Result<()> {
    // What is passed over stays where it is: copying it to nowhere would cost as much as reading.
    while len > 0 {
        let available = match input.fill_buf() {
            Ok(available) => available.len() as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available == 0 {
            return Ok(());
        }
        let step = available.min(len);
        input.consume(usize::try_from(step).unwrap_or(usize::MAX));
        len = len.saturating_sub(step);
    }
    Ok(())
}
