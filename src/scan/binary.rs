//! One binary, streamed by: its texts are found and its headers read without ever holding it
//! whole.

use std::io::{self, Read};
use std::ops::Range;

use super::banner::{self, Texts};
use super::image::{
    CHUNK_BYTES, ELF_HEAD_BYTES, HEAD_BYTES, Head, Image, Missing, NESTED_ELF_HEAD_BYTES, View,
};
use super::mach_o::{self, Slice};
use super::object_file::{self, Headers};
use crate::model::BinaryFormat;

/// How many ranges may be asked for while reading the headers of one binary.
const MAXIMUM_GAPS: u32 = 512;

/// What is known of one binary, or of one slice of a universal file.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub slice: Slice,
    pub headers: Headers,
    pub texts: Texts,
    /// Ranges of it that would have told more, and had gone by.
    pub late: Vec<(u64, u64)>,
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
    pub head: Head,
    window: Vec<u8>,
    /// How many places where a text may begin are still looked at.
    pub candidates: u64,
}

/// Whether what has gone by of a binary can be had again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// By reading it once more.
    Possible,
    /// It is in a nested archive.
    Impossible,
}

/// Streams a binary of `len` bytes, whose first bytes are in the memory's head already; `wanted`
/// are ranges of it known to matter from an earlier look.
pub(super) fn stream<R: Read + ?Sized>(
    format: BinaryFormat,
    rest: &mut R,
    len: u64,
    wanted: &[(u64, u64)],
    again: Again,
    memory: &mut Memory,
) -> Streamed {
    let mut look = Look::new(format, len, std::mem::take(&mut memory.head));
    if format == BinaryFormat::Elf && again == Again::Impossible {
        look.head_limit = NESTED_ELF_HEAD_BYTES;
    }
    for (at, len) in wanted {
        look.image.want(*at, *len);
    }
    look.begin(len);
    look.candidates = memory.candidates;
    let error = look.stream(rest, &mut memory.window).err();
    memory.candidates = look.candidates;
    if look.stray.name_a_library() && look.malformed.is_none() {
        look.malformed = Some("texts of a library stand outside of every slice");
    }
    let streamed = Streamed {
        parts: look.parts,
        gone: look.gone,
        malformed: look.malformed,
        error,
    };
    memory.head = look.image.into_head();
    streamed
}

/// Searches a member of no known format, whose first bytes are in the memory's head already, for
/// the libraries' texts.
pub(super) fn texts<R: Read + ?Sized>(
    rest: &mut R,
    len: u64,
    memory: &mut Memory,
) -> (Texts, Option<io::Error>) {
    let mut look = Look::new(BinaryFormat::Pe, len, std::mem::take(&mut memory.head));
    look.candidates = memory.candidates;
    let error = look.stream(rest, &mut memory.window).err();
    memory.candidates = look.candidates;
    memory.head = look.image.into_head();
    (look.stray, error)
}

struct Look {
    format: BinaryFormat,
    len: u64,
    head_limit: usize,
    image: Image,
    parts: Vec<Part>,
    /// Texts outside of every part.
    stray: Texts,
    gone: Vec<(u64, u64)>,
    malformed: Option<&'static str>,
    gaps: u32,
    /// How many places where a text may begin are still looked at.
    candidates: u64,
    /// Where the bytes at hand begin that are not the head.
    window_at: u64,
}

impl Look {
    fn new(format: BinaryFormat, len: u64, head: Head) -> Self {
        Self {
            format,
            len,
            head_limit: match format {
                BinaryFormat::Elf => ELF_HEAD_BYTES,
                BinaryFormat::MachO | BinaryFormat::Pe => HEAD_BYTES,
            },
            image: Image::new(len, head),
            parts: Vec::new(),
            stray: Texts::default(),
            gone: Vec::new(),
            malformed: None,
            gaps: 0,
            candidates: 0,
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
                late: Vec::new(),
                done: false,
            })
            .collect();
    }

    fn stream<R: Read + ?Sized>(&mut self, rest: &mut R, window: &mut Vec<u8>) -> io::Result<()> {
        let searched = self.stream_head(rest)?;
        if self.image.head().len() < self.head_limit {
            self.read_headers(true);
            return Ok(());
        }
        self.image.pass_head();
        self.read_headers(false);
        self.stream_window(rest, searched, window)?;
        self.read_headers(true);
        Ok(())
    }

    /// Fills the head and searches it in place; returns how far it was searched.
    fn stream_head<R: Read + ?Sized>(&mut self, rest: &mut R) -> io::Result<usize> {
        let mut searched = 0_usize;
        loop {
            let known = self.image.head().len();
            // One byte more than there should be shows that the end is reached.
            let lacking = self.len.saturating_sub(known as u64).saturating_add(1);
            let room = usize::try_from(lacking)
                .unwrap_or(usize::MAX)
                .min(CHUNK_BYTES)
                .min(self.head_limit.saturating_sub(known));
            let read = self.image.extend_head(rest, room)?;
            let ended = read < room;
            self.window_at = self.image.head().len() as u64;
            self.read_headers(ended);
            let head = self.image.head();
            let end = if ended {
                head.len()
            } else {
                head.len().saturating_sub(banner::AHEAD)
            };
            self.candidates = search(
                &mut self.parts,
                &mut self.stray,
                self.candidates,
                head,
                searched..end,
                0,
            );
            searched = searched.max(end);
            if ended || self.image.head().len() >= self.head_limit {
                return Ok(searched);
            }
        }
    }

    /// Moves a window over what follows the head, keeping a little of what was before.
    fn stream_window<R: Read + ?Sized>(
        &mut self,
        rest: &mut R,
        searched: usize,
        window: &mut Vec<u8>,
    ) -> io::Result<()> {
        const CARRIED_BYTES: usize = banner::AHEAD.saturating_add(banner::BEHIND);
        window.resize(CHUNK_BYTES.saturating_add(CARRIED_BYTES), 0);
        let head = self.image.head();
        let carried_from = searched.saturating_sub(banner::BEHIND);
        let carry = head.get(carried_from..).unwrap_or_default();
        let mut carried = carry.len();
        if let Some(room) = window.get_mut(..carried) {
            room.copy_from_slice(carry);
        }
        let mut base = carried_from as u64;
        let mut from = searched.saturating_sub(carried_from);
        let mut ended = false;
        while !ended {
            let room = window.get_mut(carried..).unwrap_or_default();
            let wanted = room.len();
            let read = fill(rest, room)?;
            ended = read < wanted;
            let known = window
                .get(..carried.saturating_add(read))
                .unwrap_or_default();
            self.window_at = base;
            // What becomes wanted while headers are read may be in the window already.
            while self.image.pass(base, known) {
                self.read_headers(false);
            }
            let end = if ended {
                known.len()
            } else {
                known.len().saturating_sub(banner::AHEAD)
            };
            self.candidates = search(
                &mut self.parts,
                &mut self.stray,
                self.candidates,
                known,
                from..end,
                base,
            );
            let keep = end.max(from).saturating_sub(banner::BEHIND);
            base = base.saturating_add(keep as u64);
            from = end.max(from).saturating_sub(keep);
            carried = known.len().saturating_sub(keep);
            let known_len = known.len();
            window.copy_within(keep..known_len, 0);
        }
        Ok(())
    }

    /// Reads the headers as far as their bytes have come by.
    fn read_headers(&mut self, ended: bool) {
        for part in &mut self.parts {
            while !part.done {
                let view = View::new(&self.image, part.slice.at, part.slice.len);
                let read = object_file::read(self.format, view, &mut part.headers);
                let missed = self.image.grant_wishes(self.window_at);
                match read {
                    Ok(()) => part.done = true,
                    Err(Missing::Malformed(what)) => {
                        part.done = true;
                        self.malformed = Some(what);
                    }
                    Err(missing @ (Missing::Gap { at, len } | Missing::Welcome { at, len })) => {
                        let end = at.saturating_add(len);
                        let still_to_come =
                            end <= self.head_limit as u64 && end > self.image.head().len() as u64;
                        if !ended && (still_to_come || self.image.is_wanted(at, len)) {
                            break;
                        }
                        self.gaps = self.gaps.saturating_add(1);
                        let in_head = at < self.image.head().len() as u64;
                        let gone = ended || (at < self.window_at && !in_head);
                        if gone || self.gaps > MAXIMUM_GAPS || !self.image.want(at, len) {
                            part.done = true;
                            let ranges = match missing {
                                Missing::Welcome { .. } => &mut part.late,
                                _ => &mut self.gone,
                            };
                            ranges.push((at, len));
                            ranges.extend(missed);
                        } else {
                            break;
                        }
                    }
                }
            }
        }
    }
}

/// Searches a range of `bytes`, which begin at `base` of the file, for texts, and looks at no more
/// than so many candidates; returns how many are left.
fn search(
    parts: &mut [Part],
    stray: &mut Texts,
    mut candidates: u64,
    bytes: &[u8],
    range: Range<usize>,
    base: u64,
) -> u64 {
    banner::search(bytes, range.start, range.end, |at| {
        let Some(left) = candidates.checked_sub(1) else {
            return false;
        };
        candidates = left;
        let place = base.saturating_add(at as u64);
        let part = parts.iter_mut().find(|part| {
            place
                .checked_sub(part.slice.at)
                .is_some_and(|inside| inside < part.slice.len)
        });
        let texts = part.map_or(&mut *stray, |part| &mut part.texts);
        banner::read(texts, bytes, at, base);
        true
    });
    candidates
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
