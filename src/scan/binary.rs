//! One binary, streamed by: its texts are found and its headers read without ever holding it
//! whole.

use std::io::{self, Read};

use super::banner::{self, Texts};
use super::image::{HEAD_BYTES, Image, Missing, View};
use super::mach_o::{self, Slice};
use super::object_file::{self, Headers};
use super::pe;
use crate::model::BinaryFormat;

/// How much is inflated at once, 256 KiB.
const CHUNK_BYTES: usize = 256 * 1024;

/// How many ranges may be asked for while reading the headers of one binary.
const MAXIMUM_GAPS: u32 = 512;

/// What a member is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Magic {
    Object(BinaryFormat),
    Archive,
    Other,
}

/// How many bytes tell what a member is.
pub(super) const MAGIC_BYTES: usize = 4096;

/// Tells what a member is.
pub(super) fn magic(head: &[u8]) -> Magic {
    match head {
        [0x7f, b'E', b'L', b'F', ..] => Magic::Object(BinaryFormat::Elf),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xfe, 0xed, 0xfa, 0xcf | 0xce, ..] => {
            Magic::Object(BinaryFormat::MachO)
        }
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, ..] if mach_o::is_universal(head) => {
            Magic::Object(BinaryFormat::MachO)
        }
        [b'M', b'Z', ..] if pe::is_pe(head) => Magic::Object(BinaryFormat::Pe),
        [b'P', b'K', 3, 4, ..] => Magic::Archive,
        _ => Magic::Other,
    }
}

/// What is known of one binary, or of one slice of a universal file.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub slice: Slice,
    pub headers: Headers,
    pub texts: Texts,
    done: bool,
}

/// What came of streaming a binary.
#[derive(Debug)]
pub(super) struct Streamed {
    pub parts: Vec<Part>,
    /// Ranges of the headers that had gone by before they were known to matter.
    pub gone: Vec<(u64, u64)>,
    /// What is wrong with the headers.
    pub malformed: Option<&'static str>,
    /// What kept the member from being unpacked.
    pub error: Option<io::Error>,
}

/// Memory that is used again for every binary.
#[derive(Debug, Default)]
pub(super) struct Memory {
    head: Vec<u8>,
    window: Vec<u8>,
}

/// Streams a binary of `len` bytes, whose first bytes were read already; `wanted` are ranges of
/// it known to matter from an earlier look.
pub(super) fn stream<R: Read + ?Sized>(
    format: BinaryFormat,
    first: &[u8],
    rest: &mut R,
    len: u64,
    wanted: &[(u64, u64)],
    memory: &mut Memory,
) -> Streamed {
    let mut look = Look::new(format, Image::new(len, std::mem::take(&mut memory.head)));
    look.image.head_mut().extend_from_slice(first);
    for (at, len) in wanted {
        look.image.want(*at, *len);
    }
    look.begin(len);
    let error = look.stream(rest, &mut memory.window).err();
    let streamed = Streamed {
        parts: look.parts,
        gone: look.gone,
        malformed: look.malformed,
        error,
    };
    memory.head = look.image.into_head();
    streamed
}

struct Look {
    format: BinaryFormat,
    image: Image,
    parts: Vec<Part>,
    gone: Vec<(u64, u64)>,
    malformed: Option<&'static str>,
    gaps: u32,
    /// Where the bytes at hand begin that are not the head.
    window_at: u64,
}

impl Look {
    const fn new(format: BinaryFormat, image: Image) -> Self {
        Self {
            format,
            image,
            parts: Vec::new(),
            gone: Vec::new(),
            malformed: None,
            gaps: 0,
            window_at: 0,
        }
    }

    fn begin(&mut self, len: u64) {
        let head = self.image.head();
        let whole = vec![Slice { at: 0, len }];
        let slices = if mach_o::is_universal(head) && self.format == BinaryFormat::MachO {
            mach_o::slices(head, len).unwrap_or_else(|missing| {
                if let Missing::Malformed(what) = missing {
                    self.malformed = Some(what);
                }
                whole
            })
        } else {
            whole
        };
        self.parts = slices
            .into_iter()
            .map(|slice| Part {
                slice,
                headers: Headers::default(),
                texts: Texts::default(),
                done: false,
            })
            .collect();
    }

    fn stream<R: Read + ?Sized>(&mut self, rest: &mut R, window: &mut Vec<u8>) -> io::Result<()> {
        // The head is filled and searched in place.
        let mut searched = 0_usize;
        let mut ended = false;
        while !ended && self.image.head().len() < HEAD_BYTES {
            let from = self.image.head().len();
            let to = from.saturating_add(CHUNK_BYTES).min(HEAD_BYTES);
            let head = self.image.head_mut();
            head.resize(to, 0);
            let read = fill(rest, head.get_mut(from..).unwrap_or_default());
            head.truncate(from.saturating_add(*read.as_ref().unwrap_or(&0)));
            ended = read? == 0;
            self.window_at = self.image.head().len() as u64;
            self.read_headers(ended);
            let head = self.image.head();
            let end = if ended {
                head.len()
            } else {
                head.len().saturating_sub(banner::AHEAD)
            };
            search(&mut self.parts, head, searched, end, 0);
            searched = searched.max(end);
        }
        if ended {
            self.read_headers(true);
            return Ok(());
        }
        self.image.pass_head();
        self.read_headers(false);
        // After it a window moves over the rest, keeping a little of what was before.
        let head = self.image.head();
        let carried_from = searched.saturating_sub(banner::BEHIND);
        window.clear();
        window.extend_from_slice(head.get(carried_from..).unwrap_or_default());
        let mut base = carried_from as u64;
        let mut from = searched.saturating_sub(carried_from);
        while !ended {
            let carried = window.len();
            window.resize(carried.saturating_add(CHUNK_BYTES), 0);
            let read = fill(rest, window.get_mut(carried..).unwrap_or_default());
            window.truncate(carried.saturating_add(*read.as_ref().unwrap_or(&0)));
            ended = read? == 0;
            self.window_at = base;
            let completed = self.image.pass(base, window);
            if completed {
                self.read_headers(false);
                // What became wanted just now may be in the window already.
                while self.image.pass(base, window) {
                    self.read_headers(false);
                }
            }
            let end = if ended {
                window.len()
            } else {
                window.len().saturating_sub(banner::AHEAD)
            };
            search(&mut self.parts, window, from, end, base);
            let keep = end.max(from).saturating_sub(banner::BEHIND);
            base = base.saturating_add(keep as u64);
            from = end.max(from).saturating_sub(keep);
            window.drain(..keep);
        }
        self.read_headers(true);
        Ok(())
    }

    /// Reads the headers as far as their bytes have come by.
    fn read_headers(&mut self, ended: bool) {
        for part in &mut self.parts {
            while !part.done {
                let view = View::new(&self.image, part.slice.at, part.slice.len);
                let read = object_file::read(self.format, view, &mut part.headers);
                self.image.grant_wishes(self.window_at);
                match read {
                    Ok(()) => part.done = true,
                    Err(Missing::Malformed(what)) => {
                        part.done = true;
                        self.malformed = Some(what);
                    }
                    Err(Missing::Gap { at, len }) => {
                        let end = at.saturating_add(len);
                        let still_to_come =
                            end <= HEAD_BYTES as u64 && end > self.image.head().len() as u64;
                        if !ended && (still_to_come || self.image.is_wanted(at, len)) {
                            break;
                        }
                        self.gaps = self.gaps.saturating_add(1);
                        let in_head = at < self.image.head().len() as u64;
                        let gone = ended || (at < self.window_at && !in_head);
                        if gone || self.gaps > MAXIMUM_GAPS || !self.image.want(at, len) {
                            part.done = true;
                            self.gone.push((at, len));
                        } else {
                            break;
                        }
                    }
                }
            }
        }
    }
}

fn search(parts: &mut [Part], bytes: &[u8], from: usize, to: usize, base: u64) {
    banner::search(bytes, from, to, |at| {
        let place = base.saturating_add(at as u64);
        let part = parts.iter_mut().find(|part| {
            place
                .checked_sub(part.slice.at)
                .is_some_and(|inside| inside < part.slice.len)
        });
        if let Some(part) = part {
            banner::read(&mut part.texts, bytes, at, base);
        }
    });
}

/// Reads until `bytes` are full or the input ends; returns how many were read.
pub(super) fn fill<R: Read + ?Sized>(input: &mut R, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0_usize;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match input.read(room) {
            Ok(0) => break,
            Ok(read) => filled = filled.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
