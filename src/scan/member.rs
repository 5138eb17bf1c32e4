//! One member after the other: unpacked, checked, and looked at by what its first bytes say it
//! is.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, BufRead, Read};

use super::Limits;
use super::allowance::{Allowance, Checked, Stop};
use super::archive::{self, Entry};
use super::binary::{self, Magic, Memory, Part};
use super::inflate::{self, Inflater, Method};
use super::member_name;
use super::members;
use super::nested;
use super::sbom::{self, Claim};
use crate::model::{BinaryFormat, Problem, ProblemCode};

/// How many problems of one wheel are told.
const MAXIMUM_PROBLEMS: usize = 1000;

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

/// A binary of the wheel.
#[derive(Clone, Debug)]
pub(super) struct Binary {
    pub path: String,
    pub format: BinaryFormat,
    pub method: Method,
    pub size: u64,
    pub packed: Option<(u64, u64)>,
    /// One part, or one for each slice.
    pub parts: Vec<Part>,
    /// Ranges of its headers that had gone by.
    pub gone: Vec<(u64, u64)>,
    /// Whether it was not read to its end, or was damaged: what was not seen could contradict
    /// what was.
    pub is_cut: bool,
}

/// What was gathered from a wheel, before anything is concluded.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub binaries: Vec<Binary>,
    pub claims: Vec<Claim>,
    pub problems: Vec<Problem>,
}

/// Gathers what the members of a wheel show.
#[derive(Debug)]
pub(super) struct Collector {
    pub limits: Limits,
    allowance: Allowance,
    pub members: u64,
    pub binaries: Vec<Binary>,
    pub memory: Memory,
    claims: Vec<Claim>,
    problems: Vec<Problem>,
}

impl Collector {
    /// For a wheel of `len` bytes.
    pub(super) fn new(limits: &Limits, len: u64) -> Self {
        Self {
            limits: *limits,
            allowance: Allowance::new(limits, len),
            members: 0,
            binaries: Vec::new(),
            memory: Memory::default(),
            claims: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Whether no problem was met so far.
    pub(super) const fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn problem(&mut self, code: ProblemCode, path: Option<&str>, message: String) {
        if self.problems.len() < MAXIMUM_PROBLEMS {
            self.problems.push(Problem {
                code,
                message,
                path: path.map(str::to_owned),
            });
        }
    }

    pub(super) fn finish(self) -> Gathered {
        Gathered {
            binaries: self.binaries,
            claims: self.claims,
            problems: self.problems,
        }
    }

    /// Reports names that occur twice or could leave the folder.
    pub(super) fn check_names(&mut self, entries: &[Entry]) {
        let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
        for entry in entries {
            let name = member_name::unpacked(&entry.name)
                .map_or_else(|| Cow::from(&entry.name), Cow::from);
            if !seen.insert(name) {
                let message = "Two members have this name; both were read.".to_owned();
                self.problem(ProblemCode::DuplicateMember, Some(&entry.name), message);
            }
            self.check_name(&entry.name, &entry.name);
        }
        self.members = entries.len() as u64;
    }

    /// Reports a name that could do harm where it is unpacked.
    pub(super) fn check_name(&mut self, name: &str, path: &str) {
        let message = if members::is_unsafe(name) {
            "The member's name could leave the folder it is unpacked to.".to_owned()
        } else if name.len() >= member_name::LONGEST {
            format!(
                "The member's name has {} bytes or more; no system unpacks it.",
                member_name::LONGEST
            )
        } else {
            return;
        };
        self.problem(ProblemCode::UnsafePath, Some(path), message);
    }

    /// How a member is packed, if it can be unpacked.
    pub(super) fn method(&mut self, entry: &Entry) -> Option<Method> {
        let method = Method::of(entry.method).filter(|_| !entry.encrypted);
        if method.is_none() {
            let what = if entry.encrypted {
                "The member is encrypted".to_owned()
            } else {
                format!(
                    "The member is packed by method {}, which is not supported",
                    entry.method
                )
            };
            let message = format!("{what}; it was not read.");
            self.problem(ProblemCode::UnsupportedMember, Some(&entry.name), message);
        }
        method
    }

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
        let size = member.crc.map(|_| member.size);
        let mut decoder = match inflate::decoder(member.method, &mut input, size, inflater) {
            Ok(decoder) => decoder,
            Err(error) => {
                self.corrupt(member.path, &error);
                return 0;
            }
        };
        let mut inflated = Checked::new(&mut decoder, member.size, member.packed, &self.allowance);
        let mut looked = self.look(member, &mut inflated);
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
            (Ok(_), None) => {}
        }
        crc
    }

    fn look<R: Read>(&mut self, member: &Packed<'_>, inflated: &mut R) -> io::Result<Looked> {
        let first = binary::first_bytes(inflated)?;
        match binary::magic(&first, member.path) {
            Magic::Object(format) => self.binary(member, format, &first, inflated),
            Magic::Archive => {
                let stream = first.as_slice().chain(&mut *inflated);
                nested::walk(self, member, stream)?;
                io::copy(inflated, &mut io::sink())?;
                Ok(Looked::Whole)
            }
            Magic::Other if members::is_sbom(member.path) => {
                let stream = first.as_slice().chain(&mut *inflated);
                let (claims, wrong) = sbom::read(member.path, stream)?;
                self.claims.extend(claims);
                if let Some(message) = wrong {
                    self.problem(ProblemCode::MalformedSbom, Some(member.path), message);
                    return Ok(Looked::Part);
                }
                Ok(Looked::Whole)
            }
            Magic::Unread => {
                let (texts, error) = binary::texts(&first, inflated, member.size, &mut self.memory);
                if texts.name_a_library() {
                    let message =
                        "The member has texts of a library, but files of its kind are not read.";
                    self.problem(
                        ProblemCode::UnsupportedMember,
                        Some(member.path),
                        message.to_owned(),
                    );
                }
                error.map_or(Ok(Looked::Whole), Err)
            }
            Magic::Broken(what) => {
                let message = format!("The headers of the binary are damaged: {what}.");
                self.problem(ProblemCode::MalformedBinary, Some(member.path), message);
                Ok(Looked::Part)
            }
            Magic::Other if first.starts_with(b"#!") || members::is_archive(member.path) => {
                self.prefixed(member, first, inflated)
            }
            Magic::Other => Ok(Looked::Part),
        }
    }

    /// Reads what may be an archive behind other bytes, such as a script that starts it.
    fn prefixed<R: Read>(
        &mut self,
        member: &Packed<'_>,
        mut first: Vec<u8>,
        inflated: &mut R,
    ) -> io::Result<Looked> {
        if first.is_empty() || archive::is_end_of_members(&first) {
            return Ok(Looked::Part);
        }
        let read = first.len();
        first.resize(PREFIX_BYTES, 0);
        let more = binary::fill(inflated, first.get_mut(read..).unwrap_or_default())?;
        first.truncate(read.saturating_add(more));
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
            return Ok(Looked::Part);
        };
        nested::walk(self, member, archive.chain(&mut *inflated))?;
        io::copy(inflated, &mut io::sink())?;
        Ok(Looked::Whole)
    }

    fn binary<R: Read>(
        &mut self,
        member: &Packed<'_>,
        format: BinaryFormat,
        first: &[u8],
        inflated: &mut R,
    ) -> io::Result<Looked> {
        let seen = binary::stream(format, first, inflated, member.size, &[], &mut self.memory);
        if let Some(what) = seen.malformed {
            let message = format!("The headers of the binary are damaged: {what}.");
            self.problem(ProblemCode::MalformedBinary, Some(member.path), message);
        }
        if !seen.gone.is_empty() && member.at.is_none() {
            let message = "The headers of the binary point backwards, and in a nested archive they cannot be read again.".to_owned();
            self.problem(ProblemCode::LimitReached, Some(member.path), message);
        }
        self.binaries.push(Binary {
            path: member.path.to_owned(),
            format,
            method: member.method,
            size: member.size,
            packed: member.at,
            parts: seen.parts,
            gone: seen.gone,
            is_cut: false,
        });
        seen.error.map_or(Ok(Looked::Whole), Err)
    }

    fn corrupt(&mut self, path: &str, error: &io::Error) {
        let message = format!("The member cannot be unpacked: {error}.");
        self.broken(ProblemCode::MemberCorrupt, path, message);
    }

    /// Reports a member that was not read to its end or is damaged.
    pub(super) fn broken(&mut self, code: ProblemCode, path: &str, message: String) {
        if let Some(binary) = self.binaries.last_mut().filter(|last| last.path == path) {
            binary.is_cut = true;
        }
        self.problem(code, Some(path), message);
    }

    fn stopped(&mut self, stop: Stop, member: &Packed<'_>) {
        let (code, message) = match stop {
            Stop::TooLong => (
                ProblemCode::MemberCorrupt,
                format!(
                    "The member unpacks to more than the {} bytes that the directory says.",
                    member.size
                ),
            ),
            Stop::Budget => (
                ProblemCode::LimitReached,
                format!(
                    "The limit `inflated-bytes` ({}) is reached; the member was not read to its end.",
                    self.limits.inflated_bytes
                ),
            ),
            Stop::Ratio => (
                ProblemCode::LimitReached,
                format!(
                    "The limit `inflated-ratio` ({}) is reached: it unpacks to more than so many times its packed length; the member was not read to its end.",
                    self.limits.inflated_ratio
                ),
            ),
        };
        self.broken(code, member.path, message);
    }
}

/// How much of a member was read.
enum Looked {
    Whole,
    Part,
}
