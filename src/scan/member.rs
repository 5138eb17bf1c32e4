//! One member after the other: unpacked, checked, and looked at by what its first bytes say it
//! is.

use std::io::{self, BufRead, BufReader, Read};

use super::allowance::{Checked, Stop};
use super::archive;
use super::binary::{self, Again};
use super::collector::{Binary, Collector};
use super::compressed;
use super::deflate_start;
use super::image::CHUNK_BYTES;
use super::inflate::{self, Inflater, Method};
use super::magic::{self, Magic};
use super::members;
use super::nested;
use super::sbom;
use super::tar;
use crate::model::{BinaryFormat, ProblemCode};

/// Within how many bytes an archive behind other bytes must begin, 64 KiB.
const PREFIX_BYTES: usize = 64 << 10;

/// A member as it stands in an archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a> {
    /// Its path; `outer!inner` in a nested archive.
    pub path: &'a str,
    pub method: Method,
    /// The CRC-32 that it should have unpacked; none where that follows the data.
    pub crc: Option<u32>,
    /// The length that it should have unpacked; `u64::MAX` where that follows the data.
    pub size: u64,
    /// The length that it is packed into, where that is known beforehand.
    pub packed: Option<u64>,
    /// Where its data stand in the file, and how long they are; none in a nested archive.
    pub at: Option<(u64, u64)>,
    /// How many archives it is nested in, beside the wheel.
    pub depth: u32,
}

/// How a member is begun.
enum Begin {
    /// It is text by the bytes that it begins with, and is not read.
    PlainText,
    /// So many of its bytes are read at once to tell what it is.
    Read(usize),
}

/// Whether a member that begins with text could be a tar archive, by its length or name.
fn could_be_tar(member: &Packed<'_>) -> bool {
    member.crc.is_none() || tar::is_length(member.size) || member.path.ends_with(".tar")
}

/// How to begin a member: an object file in one step as long as any other, because each step costs
/// a copy of the window; anything else with no more than tells what it is.
fn begin<R: BufRead>(member: &Packed<'_>, input: &mut R) -> Begin {
    const OTHERS: [&[u8]; 5] = [b"MZ", b"PK", b"BZh", b"#!", b"!<ar"];
    // One byte more than there should be shows that the end is reached.
    let most = usize::try_from(member.size.saturating_add(1)).unwrap_or(usize::MAX);
    let step = Begin::Read(most.min(CHUNK_BYTES));
    if members::is_library(member.path) {
        return step;
    }
    if member.method != Method::Deflate {
        return Begin::Read(magic::FIRST_BYTES);
    }
    // An error comes again when the member is unpacked.
    let packed = input.fill_buf().unwrap_or_default();
    let Some(first) = deflate_start::first_bytes(packed) else {
        return Begin::Read(magic::FIRST_BYTES);
    };
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let is_plain_text = first.iter().all(is_text)
        && !OTHERS.iter().any(|other| first.starts_with(other))
        && !could_be_tar(member)
        && !members::is_archive(member.path)
        && !members::is_sbom(member.path);
    if is_plain_text {
        Begin::PlainText
    } else if magic::begins_an_object(first) {
        step
    } else {
        Begin::Read(magic::FIRST_BYTES)
    }
}

impl Collector {
    /// Unpacks and looks at one member whose packed bytes `input` gives; returns the CRC-32 of
    /// what was unpacked.
    pub(super) fn member<R: BufRead>(
        &mut self,
        member: &Packed<'_>,
        mut input: R,
        inflater: &mut Inflater,
    ) -> u32 {
        if let Some(stop) = self.allowance.used_up() {
            self.stopped(stop, member);
            return 0;
        }
        let has_window = member.method.has_window();
        if has_window && !self.may_open_window(member.path) {
            return 0;
        }
        let crc = self.unpack(member, &mut input, inflater);
        if has_window {
            self.windows = self.windows.saturating_sub(1);
        }
        crc
    }

    fn unpack<R: BufRead>(
        &mut self,
        member: &Packed<'_>,
        mut input: R,
        inflater: &mut Inflater,
    ) -> u32 {
        let Begin::Read(len) = begin(member, &mut input) else {
            self.unread_end(member);
            return 0;
        };
        let size = member.crc.map(|_| member.size);
        let mut decoder = match inflate::decoder(member.method, &mut input, size, inflater) {
            Ok(decoder) => decoder,
            Err(error) => {
                self.corrupt(member.path, &error);
                return 0;
            }
        };
        let mut inflated = Checked::new(&mut decoder, member.size, member.packed, &self.allowance);
        let mut looked = self.look(member, len, &mut inflated);
        if member.crc.is_none() && looked.is_ok() {
            // Only the end of the data tells where the next member begins.
            looked = io::copy(&mut inflated, &mut io::sink()).map(|_| Looked::Part);
        }
        let (count, crc, stop) = (inflated.count(), inflated.crc(), inflated.stop());
        drop(decoder);
        match (looked, stop) {
            (_, Some(stop)) => self.stopped(stop, member),
            (Err(error), None) => self.corrupt(member.path, &error),
            (Ok(Looked::Whole), None) if count != member.size && member.crc.is_some() => {
                let message = format!(
                    "The member unpacks to {count} bytes; the directory says {}.",
                    member.size
                );
                self.broken(ProblemCode::MemberCorrupt, member.path, message);
            }
            (Ok(Looked::Whole), None) if member.crc.is_some_and(|told| told != crc) => {
                let message = "The member's CRC-32 is wrong.".to_owned();
                self.broken(ProblemCode::MemberCorrupt, member.path, message);
            }
            (Ok(Looked::Part), None) => self.unread_end(member),
            (Ok(Looked::Whole), None) => {}
        }
        crc
    }

    /// Tells of a member that need not be read to its end, if that would have broken a limit.
    fn unread_end(&mut self, member: &Packed<'_>) {
        let says_its_size = member.crc.is_some();
        if says_its_size && self.allowance.is_bomb(member.size, member.packed) {
            self.stopped(Stop::Ratio, member);
        }
    }

    /// Looks at a member of which `len` bytes are read to tell what it is.
    fn look<R: Read>(
        &mut self,
        member: &Packed<'_>,
        len: usize,
        inflated: &mut R,
    ) -> io::Result<Looked> {
        let failure = magic::read_head(&mut self.memory.head, inflated, len).err();
        let mut rest = Failing {
            failure,
            rest: inflated,
        };
        let looked = self.look_at(member, &mut rest)?;
        rest.failure.map_or(Ok(looked), Err)
    }

    /// The first bytes of the member at hand. The members of an archive use the same memory.
    fn first(&self) -> Vec<u8> {
        self.memory.head.bytes().to_vec()
    }

    /// Looks at a member whose first bytes are in the memory's head.
    fn look_at<R: Read>(&mut self, member: &Packed<'_>, inflated: &mut R) -> io::Result<Looked> {
        let head = self.memory.head.bytes();
        match magic::magic(head, member.path) {
            Magic::Object(format) => self.binary(member, format, inflated),
            Magic::Unread => self.unread(member, inflated),
            Magic::Archive => {
                let first = self.first();
                let stream = first.as_slice().chain(&mut *inflated);
                nested::walk(self, member, stream)?;
                io::copy(inflated, &mut io::sink())?;
                Ok(Looked::Whole)
            }
            Magic::Tar => {
                if !self.may_enter(member.path, member.depth) {
                    return Ok(Looked::Part);
                }
                let first = self.first();
                let stream: Box<dyn Read + '_> = Box::new(first.as_slice().chain(&mut *inflated));
                tar::walk(self, member, BufReader::new(stream))?;
                io::copy(inflated, &mut io::sink())?;
                Ok(Looked::Whole)
            }
            Magic::Compressed(format) => self.compressed(member, format, inflated),
            Magic::Other if members::is_sbom(member.path) => {
                let stream = head.chain(&mut *inflated);
                let limit = self.limits.sbom_bytes;
                let (claims, wrong) = sbom::read(member.path, stream, member.size, limit)?;
                self.claim(member.path, claims);
                if let Some(wrong) = wrong {
                    self.wrong_sbom(member.path, &wrong);
                    return Ok(Looked::Part);
                }
                Ok(Looked::Whole)
            }
            Magic::Broken(what) => {
                let message = format!("The headers of the binary are damaged: {what}.");
                self.problem(ProblemCode::MalformedBinary, Some(member.path), message);
                Ok(Looked::Part)
            }
            Magic::Other if head.starts_with(b"#!") || members::is_archive(member.path) => {
                self.prefixed(member, inflated)
            }
            Magic::Other if members::is_library(member.path) => {
                // Its CRC-32 tells whether it is a library whose first bytes are damaged.
                io::copy(inflated, &mut io::sink())?;
                Ok(Looked::Whole)
            }
            Magic::Other => Ok(Looked::Part),
        }
    }

    /// Reads a compressed file: what is in it is a member of its own.
    fn compressed<R: Read>(
        &mut self,
        member: &Packed<'_>,
        format: compressed::Format,
        inflated: &mut R,
    ) -> io::Result<Looked> {
        if !self.may_enter(member.path, member.depth) {
            return Ok(Looked::Part);
        }
        if format.has_window() && !self.may_open_window(member.path) {
            return Ok(Looked::Part);
        }
        let path = format!("{}!{}", member.path, compressed::inner_name(member.path));
        let inner = Packed {
            path: &path,
            method: Method::Stored,
            crc: None,
            size: u64::MAX,
            packed: (member.size < u64::MAX).then_some(member.size),
            at: None,
            depth: member.depth.saturating_add(1),
        };
        let first = self.first();
        let stream: Box<dyn Read + '_> = Box::new(first.as_slice().chain(&mut *inflated));
        let unpacked = compressed::reader(format, BufReader::new(stream));
        self.member(&inner, BufReader::new(unpacked), &mut Inflater::new());
        if format.has_window() {
            self.windows = self.windows.saturating_sub(1);
        }
        io::copy(inflated, &mut io::sink())?;
        Ok(Looked::Whole)
    }

    /// Reads what may be an archive behind other bytes, such as a script that starts it.
    fn prefixed<R: Read>(&mut self, member: &Packed<'_>, inflated: &mut R) -> io::Result<Looked> {
        let head = self.memory.head.bytes();
        if head.is_empty() || archive::is_end_of_members(head) {
            return Ok(Looked::Part);
        }
        let read = head.len();
        // One byte more than there should be shows that the end is reached.
        let most = usize::try_from(member.size.saturating_add(1)).unwrap_or(usize::MAX);
        let mut first = Vec::with_capacity(most.min(PREFIX_BYTES).max(read));
        first.extend_from_slice(head);
        first.resize(first.capacity(), 0);
        let room = first.len();
        let more = binary::fill(inflated, first.get_mut(read..).unwrap_or_default())?;
        first.truncate(read.saturating_add(more));
        let is_whole = first.len() < room;
        let begin = memchr::memmem::find(&first, b"PK\x03\x04");
        let Some(archive) = begin.and_then(|begin| first.get(begin..)) else {
            if members::is_archive(member.path) {
                let message = "The member is called an archive, but no archive was found in it.";
                self.problem(
                    ProblemCode::ArchiveCorrupt,
                    Some(member.path),
                    message.to_owned(),
                );
            }
            return Ok(if is_whole {
                Looked::Whole
            } else {
                Looked::Part
            });
        };
        nested::walk(self, member, archive.chain(&mut *inflated))?;
        io::copy(inflated, &mut io::sink())?;
        Ok(Looked::Whole)
    }

    /// Searches what nothing reads the structure of.
    fn unread<R: Read>(&mut self, member: &Packed<'_>, inflated: &mut R) -> io::Result<Looked> {
        let (texts, error) = binary::texts(inflated, member.size, &mut self.memory);
        if texts.name_a_library() {
            let message = "The member has texts of a library, but files of its kind are not read.";
            self.problem(
                ProblemCode::UnsupportedMember,
                Some(member.path),
                message.to_owned(),
            );
        }
        if self.memory.candidates == 0 {
            self.out_of_candidates(member.path);
        }
        error.map_or(Ok(Looked::Whole), Err)
    }

    fn binary<R: Read>(
        &mut self,
        member: &Packed<'_>,
        format: BinaryFormat,
        inflated: &mut R,
    ) -> io::Result<Looked> {
        let again = if member.at.is_some() {
            Again::Possible
        } else {
            Again::Impossible
        };
        let seen = binary::stream(format, inflated, member.size, &[], again, &mut self.memory);
        if let Some(what) = seen.malformed {
            let message = format!("The headers of the binary are damaged: {what}.");
            self.problem(ProblemCode::MalformedBinary, Some(member.path), message);
        }
        if !seen.gone.is_empty() && member.at.is_none() {
            let message = "The headers of the binary point backwards, and in a nested archive they cannot be read again.".to_owned();
            self.problem(ProblemCode::UnsupportedMember, Some(member.path), message);
        }
        let binary = Binary {
            path: member.path.to_owned(),
            format,
            method: member.method,
            size: member.size,
            packed: member.at,
            parts: seen.parts,
            gone: seen.gone,
            is_cut: false,
        };
        if !self.keep(&binary) {
            let message = self.out_of_evidence("what the binary shows was not kept");
            self.problem(ProblemCode::LimitReached, Some(member.path), message);
            return seen.error.map_or(Ok(Looked::Whole), Err);
        }
        self.binaries.push(binary);
        if self.memory.candidates == 0 {
            self.out_of_candidates(member.path);
        }
        seen.error.map_or(Ok(Looked::Whole), Err)
    }
}

/// How much of a member was read.
enum Looked {
    Whole,
    Part,
}

/// What follows the first bytes, or what kept it from being read.
struct Failing<'a, R> {
    failure: Option<io::Error>,
    rest: &'a mut R,
}

impl<R: Read> Read for Failing<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => self.rest.read(bytes),
        }
    }
}
