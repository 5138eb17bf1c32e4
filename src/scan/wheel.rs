//! A wheel, read once in file order: the tail with the directory, then every member.

use std::io::{self, BufRead, Read};

use super::Asked;
use super::archive::{self, Directory, Entry, LOCAL_HEADER_LEN};
use super::binary::Memory;
use super::collector::Collector;
use super::inflate::{Inflater, Method};
use super::member::Packed;
use super::members;
use super::second_look;
use super::verdict;
use super::watched::Watched;
use super::{Limits, Scanned, Source, TAIL_BYTES};
use crate::model::ProblemCode;

/// Which part of a wheel must be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The tail alone, if its directory shows nothing that could be native.
    AsNeeded,
    /// Everything, whatever the directory shows.
    Whole,
}

/// What one wheel after the other is scanned with. Fresh memory costs more than searching it.
#[derive(Debug, Default)]
pub(super) struct Tools {
    memory: Memory,
    inflater: Inflater,
    tail: Vec<u8>,
}

/// Scans a wheel.
pub(super) fn scan<S: Source>(
    source: &S,
    limits: &Limits,
    reach: Reach,
    tools: &mut Tools,
) -> io::Result<Scanned> {
    let len = source.len();
    let tail_len = len.min(TAIL_BYTES);
    let tail_at = len.saturating_sub(tail_len);
    let mut last = source.range(tail_at, tail_len)?;
    let tail = tail_of(&mut last, tail_len, &mut tools.tail)?;

    let mut collector = Collector::new(limits, len, std::mem::take(&mut tools.memory));
    let mut directory = match read_directory(source, tail, tail_at, limits)? {
        Found::Directory(directory) => directory,
        Found::None(why) => {
            let message = format!("The file is not a zip archive: {why}.");
            collector.problem(ProblemCode::NotAnArchive, None, message);
            Directory::default()
        }
        Found::TooLong(len) => {
            let message = format!(
                "The archive's directory has {len} bytes, more than the limit `directory-bytes` allows ({}); nothing was read.",
                limits.directory_bytes
            );
            collector.problem(ProblemCode::LimitReached, None, message);
            Directory::default()
        }
    };
    if let Some(damage) = directory.damage {
        let message = format!("The archive's directory is damaged: {damage}.");
        collector.problem(ProblemCode::ArchiveCorrupt, None, message);
    }
    if directory.cut {
        let message = format!(
            "The archive has more members than the limit `members` allows ({}); the rest was not read.",
            limits.members
        );
        collector.problem(ProblemCode::LimitReached, None, message);
    }
    collector.check_names(&directory.entries);
    let interesting =
        |entry: &Entry| members::could_be_native(&entry.name) || members::is_sbom(&entry.name);
    let is_bomb = |entry: &Entry| {
        let packed = Some(entry.packed);
        collector.allowance.is_bomb(entry.size, packed)
    };
    let tail_only = reach == Reach::AsNeeded
        && collector.is_clean()
        && !directory.entries.iter().any(is_bomb)
        && !directory.entries.iter().any(interesting);
    if !tail_only {
        directory.entries.sort_by_key(|entry| entry.at);
        let before = Watched::new(source.range(0, tail_at)?);
        let tail = Watched::new(Asked::new(source, tail));
        let mut walk = Walk {
            input: before.chain(tail),
            position: 0,
            collector: &mut collector,
            inflater: &mut tools.inflater,
            names: Vec::new(),
        };
        walk.members(&directory.entries, directory.at)?;
        // Whoever hashes the bytes needs them all.
        walk.skip_to(len)?;
        walk.check()?;
        second_look::take(source, &mut collector, &mut tools.inflater)?;
    }
    tools.memory = std::mem::take(&mut collector.memory);
    Ok(Scanned {
        scan: verdict::conclude(collector.finish()),
        tail_only,
    })
}

fn read_range<S: Source>(source: &S, at: u64, len: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    read(&mut source.range(at, len)?, len, bytes)
}

/// The tail: as its reader has it, where that has all of it at once, else copied to `memory`.
fn tail_of<'a, R: BufRead>(
    range: &'a mut R,
    len: u64,
    memory: &'a mut Vec<u8>,
) -> io::Result<&'a [u8]> {
    let known = usize::try_from(len).unwrap_or(usize::MAX);
    // An error comes again when more is read.
    let is_at_hand = range.fill_buf().is_ok_and(|bytes| bytes.len() >= known);
    if is_at_hand {
        return Ok(range.fill_buf()?.get(..known).unwrap_or_default());
    }
    memory.clear();
    read(range, len, memory)?;
    Ok(memory)
}

fn read<R: BufRead>(range: &mut R, len: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut left = len;
    while left > 0 {
        let available = match range.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let step = available.get(..most).unwrap_or(available);
        if step.is_empty() {
            break;
        }
        bytes.extend_from_slice(step);
        let count = step.len();
        range.consume(count);
        left = left.saturating_sub(count as u64);
    }
    if left == 0 {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// What came of looking for the directory.
enum Found {
    Directory(Directory),
    /// There is none that could be read, because of this.
    None(&'static str),
    /// It has so many bytes.
    TooLong(u64),
}

/// Reads the directory out of the tail, or by one range of its own where it begins before it.
fn read_directory<S: Source>(
    source: &S,
    tail: &[u8],
    tail_at: u64,
    limits: &Limits,
) -> io::Result<Found> {
    let mut longer = Vec::new();
    let (tail, tail_at) = if tail_at > 0 && archive::begins_before(tail) {
        let more = tail_at.min(archive::END_RECORDS_BYTES);
        let at = tail_at.saturating_sub(more);
        read_range(source, at, more, &mut longer)?;
        longer.extend_from_slice(tail);
        (longer.as_slice(), at)
    } else {
        (tail, tail_at)
    };
    let place = match archive::find_directory(tail, tail_at) {
        Ok(place) => place,
        Err(why) => return Ok(Found::None(why)),
    };
    if place.len > limits.directory_bytes {
        return Ok(Found::TooLong(place.len));
    }
    let inside = place
        .at
        .checked_sub(tail_at)
        .and_then(|at| usize::try_from(at).ok())
        .and_then(|at| tail.get(at..)?.get(..usize::try_from(place.len).ok()?));
    let directory = match inside {
        Some(bytes) => archive::read_directory(bytes, place, limits.members),
        None => {
            let mut bytes = Vec::new();
            read_range(source, place.at, place.len, &mut bytes)?;
            archive::read_directory(&bytes, place, limits.members)
        }
    };
    Ok(Found::Directory(directory))
}

/// The names of an archive's members, in the order of its directory; none for what is no archive,
/// and none when the directory breaks a limit.
pub(super) fn member_names<S: Source>(source: &S, limits: &Limits) -> io::Result<Vec<String>> {
    let len = source.len();
    let tail_len = len.min(TAIL_BYTES);
    let tail_at = len.saturating_sub(tail_len);
    let mut tail = Vec::new();
    read_range(source, tail_at, tail_len, &mut tail)?;
    Ok(match read_directory(source, &tail, tail_at, limits)? {
        Found::Directory(directory) => directory
            .entries
            .into_iter()
            .map(|entry| entry.name)
            .collect(),
        Found::None(_) | Found::TooLong(_) => Vec::new(),
    })
}

struct Walk<'a, R, T> {
    input: io::Chain<Watched<R>, Watched<T>>,
    /// Bytes from the start of the file.
    position: u64,
    collector: &'a mut Collector,
    inflater: &'a mut Inflater,
    /// Name and extra fields of the local header at hand.
    names: Vec<u8>,
}

impl<R: BufRead, T: BufRead> Walk<'_, R, T> {
    /// Reads the members, which have room up to `end`, where the directory begins.
    fn members(&mut self, entries: &[Entry], end: u64) -> io::Result<()> {
        for (index, entry) in entries.iter().enumerate() {
            let next = entries
                .get(index.saturating_add(1))
                .map_or(end, |next| next.at.min(end));
            if entry.at >= end {
                let message = "The directory says that the member stands behind it, or behind the file's end.";
                self.collector.problem(
                    ProblemCode::ArchiveCorrupt,
                    Some(&entry.name),
                    message.to_owned(),
                );
                continue;
            }
            self.member(entry, next)?;
        }
        Ok(())
    }

    /// Reads one member, which has room up to where the next one begins.
    fn member(&mut self, entry: &Entry, next: u64) -> io::Result<()> {
        if entry.at < self.position {
            self.overlap(entry);
            return Ok(());
        }
        self.skip_to(entry.at)?;
        let mut header = [0_u8; LOCAL_HEADER_LEN];
        let local = self
            .fill(&mut header)?
            .then(|| archive::local_header(&header));
        let Some(local) = local.flatten() else {
            let message = "The member's local header is not where the directory says.".to_owned();
            self.collector
                .problem(ProblemCode::ArchiveCorrupt, Some(&entry.name), message);
            return Ok(());
        };
        let data_at = self
            .position
            .saturating_add(u64::from(local.name_len))
            .saturating_add(u64::from(local.extra_len));
        let end = data_at.saturating_add(entry.packed);
        if end > next {
            self.overlap(entry);
            return Ok(());
        }
        if !self.names(&local)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (name, extra) = self
            .names
            .split_at_checked(usize::from(local.name_len))
            .unwrap_or_default();
        if let Some(what) = archive::contradiction(entry, &local, name, extra) {
            let message =
                format!("The member's local header contradicts the directory: the {what} differs.");
            self.collector
                .problem(ProblemCode::ArchiveCorrupt, Some(&entry.name), message);
        }
        if entry.name.ends_with('/') && entry.size == 0 {
            return self.skip_to(end);
        }
        let Some(method) = self.collector.method(entry) else {
            return self.skip_to(end);
        };
        self.data(entry, method, data_at)?;
        self.skip_to(end)
    }

    fn data(&mut self, entry: &Entry, method: Method, data_at: u64) -> io::Result<()> {
        let mut packed = (&mut self.input).take(entry.packed);
        let member = Packed {
            path: &entry.name,
            method,
            crc: Some(entry.crc),
            size: entry.size,
            packed: Some(entry.packed),
            at: Some((data_at, entry.packed)),
            depth: 0,
        };
        self.collector.member(&member, &mut packed, self.inflater);
        let left = packed.limit();
        self.position = self
            .position
            .saturating_add(entry.packed.saturating_sub(left));
        self.check()
    }

    fn overlap(&mut self, entry: &Entry) {
        let message = "The member claims bytes that belong to another one; it was not read.";
        self.collector.problem(
            ProblemCode::OverlappingMembers,
            Some(&entry.name),
            message.to_owned(),
        );
    }

    /// Reads the name and the extra fields that follow a local header.
    fn names(&mut self, local: &archive::LocalHeader) -> io::Result<bool> {
        let mut names = std::mem::take(&mut self.names);
        let len = usize::from(local.name_len).saturating_add(usize::from(local.extra_len));
        names.resize(len, 0);
        let is_whole = self.fill(&mut names)?;
        self.names = names;
        Ok(is_whole)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<bool> {
        let read = super::binary::fill(&mut self.input, bytes)?;
        self.position = self.position.saturating_add(read as u64);
        Ok(read == bytes.len())
    }

    fn skip_to(&mut self, place: u64) -> io::Result<()> {
        while self.position < place {
            let available = self.input.fill_buf()?.len() as u64;
            if available == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let step = available.min(place.saturating_sub(self.position));
            self.input
                .consume(usize::try_from(step).unwrap_or(usize::MAX));
            self.position = self.position.saturating_add(step);
        }
        Ok(())
    }

    /// Returns the source's error, if it had one while a member was unpacked.
    fn check(&mut self) -> io::Result<()> {
        let (before, tail) = self.input.get_mut();
        let failure = before.failure().or_else(|| tail.failure());
        failure.map_or(Ok(()), Err)
    }
}
