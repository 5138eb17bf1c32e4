//! What is kept of a binary while it streams by: its first bytes and the ranges that its headers
//! point to.

use std::cell::RefCell;
use std::io::{self, Read};

/// How much of a member is unpacked at once, 256 KiB: what is unpacked is searched while it is in
/// the caches of the processor.
pub(super) const CHUNK_BYTES: usize = 256 << 10;

/// How many bytes from the start of an ELF file are kept, 2 MiB: the tables that its dynamic
/// section, near its end, points back to stand there. The other formats tell at their start what
/// is to come.
pub(super) const ELF_HEAD_BYTES: usize = 2 << 20;
/// The same inside of nested archives, where nothing can be read again, 4 MiB.
pub(super) const NESTED_ELF_HEAD_BYTES: usize = 4 << 20;
/// How many bytes from the start of the other formats are kept.
pub(super) const HEAD_BYTES: usize = CHUNK_BYTES;

/// How many bytes of wanted ranges are kept, all together, 4 MiB.
pub(super) const WANTED_BYTES: u64 = 4 << 20;

/// How many ranges may be wished for ahead of need.
const WISHES: usize = 16;

/// Bytes that are not at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// They are in the file but not kept.
    Gap {
        /// The first one.
        at: u64,
        /// How many.
        len: u64,
    },
    /// As a gap, but nothing depends on them: they are taken if they are still to come.
    Welcome {
        /// The first one.
        at: u64,
        /// How many.
        len: u64,
    },
    /// They would be outside of the file, or the headers contradict themselves.
    Malformed(&'static str),
}

impl Missing {
    /// The same, but if it is a gap, one on which nothing depends.
    pub(super) const fn into_welcome(self) -> Self {
        match self {
            Self::Gap { at, len } => Self::Welcome { at, len },
            other => other,
        }
    }
}

/// A range of a binary.
#[derive(Debug)]
struct Piece {
    at: u64,
    len: u64,
    /// Where in the memory for ranges it has its room.
    start: usize,
    /// How many of its bytes are there.
    have: u64,
}

impl Piece {
    /// Its bytes that are there.
    fn bytes<'a>(&self, ranges: &'a [u8]) -> &'a [u8] {
        let have = usize::try_from(self.have).unwrap_or(usize::MAX);
        ranges
            .get(self.start..)
            .and_then(|rest| rest.get(..have))
            .unwrap_or_default()
    }

    /// Appends of `rest`, which follow what is there, as many bytes as it lacks.
    fn take(&mut self, rest: &[u8], ranges: &mut [u8]) {
        let lacking = usize::try_from(self.len.saturating_sub(self.have)).unwrap_or(usize::MAX);
        let rest = rest.get(..lacking).unwrap_or(rest);
        let have = usize::try_from(self.have).unwrap_or(usize::MAX);
        let start = self.start.saturating_add(have);
        let room = ranges.get_mut(start..start.saturating_add(rest.len()));
        if let Some(room) = room {
            room.copy_from_slice(rest);
            self.have = self.have.saturating_add(rest.len() as u64);
        }
    }
}

/// The first bytes of a member.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Memory that is filled up to `len`. It is used again for the next member without being
    /// cleared: clearing costs as much as searching.
    memory: Vec<u8>,
    len: usize,
    /// Memory for the ranges that are kept beside it, used again in the same way: giving megabytes
    /// back and asking for them again, for each binary, scatters what the process holds.
    ranges: Vec<u8>,
}

impl Head {
    /// Begins another member.
    pub(super) const fn restart(&mut self) {
        self.len = 0;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.memory.get(..self.len).unwrap_or_default()
    }

    /// Appends what `input` still has, at most `len` bytes; returns how many they were.
    ///
    /// # Errors
    /// Those of `input`; what was read before stays.
    pub(super) fn read<R: Read + ?Sized>(
        &mut self,
        input: &mut R,
        len: usize,
    ) -> io::Result<usize> {
        let begin = self.len;
        let end = begin.saturating_add(len);
        if self.memory.len() < end {
            self.memory.resize(end, 0);
        }
        while let Some(room) = self.memory.get_mut(self.len..end)
            && !room.is_empty()
        {
            match input.read(room) {
                Ok(0) => break,
                Ok(read) => self.len = self.len.saturating_add(read).min(end),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.len.saturating_sub(begin))
    }
}

/// A binary of which only parts are kept.
#[derive(Debug, Default)]
pub(super) struct Image {
    /// The length of the whole binary, in bytes.
    len: u64,
    head: Head,
    pieces: Vec<Piece>,
    wanted: u64,
    wishes: RefCell<Vec<(u64, u64)>>,
}

impl Image {
    /// An image of which the first bytes were read.
    pub(super) fn new(len: u64, head: Head) -> Self {
        Self {
            len,
            head,
            pieces: Vec::new(),
            wanted: 0,
            wishes: RefCell::default(),
        }
    }

    /// Gives the head back for the next member.
    pub(super) fn into_head(self) -> Head {
        self.head
    }

    /// Appends to the head what `input` still has, at most `len` bytes; returns how many.
    ///
    /// # Errors
    /// Those of `input`; what was read before stays.
    pub(super) fn extend_head<R: Read + ?Sized>(
        &mut self,
        input: &mut R,
        len: usize,
    ) -> io::Result<usize> {
        self.head.read(input, len)
    }

    pub(super) fn head(&self) -> &[u8] {
        self.head.bytes()
    }

    /// `len` bytes from `at`.
    pub(super) fn bytes(&self, at: u64, len: u64) -> Result<&[u8], Missing> {
        let end = at
            .checked_add(len)
            .filter(|end| *end <= self.len)
            .ok_or(Missing::Malformed("a table lies outside of the file"))?;
        if let Some(found) = within(self.head(), 0, at, end) {
            return Ok(found);
        }
        self.pieces
            .iter()
            .find_map(|piece| within(piece.bytes(&self.head.ranges), piece.at, at, end))
            .ok_or(Missing::Gap { at, len })
    }

    /// Asks for a range to be kept when it comes by; false if it is more than may be kept.
    pub(super) fn want(&mut self, at: u64, len: u64) -> bool {
        let total = self.wanted.saturating_add(len);
        if total > WANTED_BYTES {
            return false;
        }
        let start = usize::try_from(self.wanted).unwrap_or(usize::MAX);
        self.wanted = total;
        let end = usize::try_from(total).unwrap_or(usize::MAX);
        let memory = &mut self.head.ranges;
        if memory.len() < end {
            let step = end.next_multiple_of(CHUNK_BYTES);
            memory.reserve_exact(step.saturating_sub(memory.len()));
            memory.resize(step, 0);
        }
        let mut piece = Piece {
            at,
            len,
            start,
            have: 0,
        };
        // What has gone by in the head is there already.
        let from = usize::try_from(at).unwrap_or(usize::MAX);
        let Head {
            memory,
            len,
            ranges,
        } = &mut self.head;
        let known = memory.get(..*len).and_then(|head| head.get(from..));
        piece.take(known.unwrap_or_default(), ranges);
        self.pieces.push(piece);
        true
    }

    /// Takes over what the finished head holds of ranges that were wanted before.
    pub(super) fn pass_head(&mut self) {
        let Head {
            memory,
            len,
            ranges,
        } = &mut self.head;
        let head = memory.get(..*len).unwrap_or_default();
        pass(&mut self.pieces, ranges, 0, head);
    }

    /// Whether a range is being waited for.
    pub(super) fn is_wanted(&self, at: u64, len: u64) -> bool {
        let end = at.saturating_add(len);
        self.pieces.iter().any(|piece| {
            piece.at <= at && end <= piece.at.saturating_add(piece.len) && piece.have < piece.len
        })
    }

    /// Asks for the ranges that were wished for and begin at `from` or later; returns those that
    /// have gone by.
    pub(super) fn grant_wishes(&mut self, from: u64) -> Vec<(u64, u64)> {
        let mut gone = Vec::new();
        for (at, len) in self.wishes.take() {
            if self.bytes(at, len).is_ok() || self.is_wanted(at, len) {
                continue;
            }
            // What the head has of a range is there; the rest of it comes behind the head.
            let head = self.head().len() as u64;
            let rest_at = if at < head { head } else { at };
            if rest_at < from {
                gone.push((at, len));
            } else {
                self.want(at, len);
            }
        }
        gone
    }

    /// Takes over what `bytes`, which begin at `at` of the binary, hold of wanted ranges; says
    /// whether one of them became complete.
    pub(super) fn pass(&mut self, at: u64, bytes: &[u8]) -> bool {
        pass(&mut self.pieces, &mut self.head.ranges, at, bytes)
    }
}

fn pass(pieces: &mut [Piece], ranges: &mut [u8], at: u64, bytes: &[u8]) -> bool {
    let mut completed = false;
    for piece in pieces.iter_mut().filter(|piece| piece.have < piece.len) {
        let from = piece.at.saturating_add(piece.have);
        let skip = from.checked_sub(at).and_then(|n| usize::try_from(n).ok());
        if let Some(rest) = skip.and_then(|skip| bytes.get(skip..)) {
            piece.take(rest, ranges);
            completed |= piece.have == piece.len;
        }
    }
    completed
}

/// The bytes from `from` to `to` out of `bytes`, which begin at `at`.
fn within(bytes: &[u8], at: u64, from: u64, to: u64) -> Option<&[u8]> {
    let start = usize::try_from(from.checked_sub(at)?).ok()?;
    let end = usize::try_from(to.checked_sub(at)?).ok()?;
    bytes.get(start..end)
}

/// A part of an image that is a binary of its own: the whole, or a slice of a universal file.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    image: &'a Image,
    base: u64,
    len: u64,
}

impl<'a> View<'a> {
    pub(super) const fn new(image: &'a Image, base: u64, len: u64) -> Self {
        Self { image, base, len }
    }

    pub(super) const fn base(&self) -> u64 {
        self.base
    }

    /// Says that a range will be needed, so that it is kept even if another one is needed first.
    pub(super) fn wish(&self, at: u64, len: u64) {
        let len = len.min(self.len.saturating_sub(at));
        let mut wishes = self.image.wishes.borrow_mut();
        if len > 0 && wishes.len() < WISHES {
            wishes.push((self.base.saturating_add(at), len));
        }
    }

    /// `len` bytes from `at` of this part.
    pub(super) fn bytes(&self, at: u64, len: u64) -> Result<&'a [u8], Missing> {
        at.checked_add(len)
            .filter(|end| *end <= self.len)
            .ok_or(Missing::Malformed("a table lies outside of the file"))?;
        self.image.bytes(self.base.saturating_add(at), len)
    }

    /// At most `len` bytes from `at`, fewer where the part ends.
    pub(super) fn up_to(&self, at: u64, len: u64) -> Result<&'a [u8], Missing> {
        let rest = self
            .len
            .checked_sub(at)
            .ok_or(Missing::Malformed("a table lies outside of the file"))?;
        self.bytes(at, len.min(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(len: u64, first: &[u8]) -> Image {
        let mut head = Head::default();
        head.read(&mut &*first, first.len()).unwrap();
        Image::new(len, head)
    }

    #[test]
    fn what_was_read_before_an_error_stays() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::InvalidData.into())
            }
        }
        let mut head = Head::default();
        assert!(head.read(&mut [1_u8, 2].chain(Broken), 10).is_err());
        assert_eq!(head.bytes(), [1, 2]);
        head.restart();
        assert_eq!(head.read(&mut &[3_u8, 4][..], 1).unwrap(), 1);
        assert_eq!(head.bytes(), [3]);
    }

    #[test]
    fn a_wanted_range_is_kept_across_chunks() {
        let mut image = image(1000, &[7; 10]);
        assert_eq!(image.bytes(2, 3), Ok(&[7, 7, 7][..]));
        assert_eq!(image.bytes(8, 4), Err(Missing::Gap { at: 8, len: 4 }));
        assert!(matches!(image.bytes(998, 4), Err(Missing::Malformed(_))));
        assert!(image.want(100, 4));
        assert!(!image.pass(0, &[0; 50]));
        assert!(!image.pass(50, &[1; 52]));
        assert!(image.pass(102, &[2; 50]));
        assert_eq!(image.bytes(100, 4), Ok(&[1, 1, 2, 2][..]));
        assert!(!image.want(0, WANTED_BYTES));
    }

    #[test]
    fn a_wish_that_begins_in_the_head_is_granted() {
        let mut image = image(1000, &[7; 10]);
        let wish = |image: &Image, at| View::new(image, 0, 1000).wish(at, 20);
        wish(&image, 5);
        assert_eq!(image.grant_wishes(10), []);
        image.pass(8, &[1; 40]);
        assert_eq!(image.bytes(9, 2), Ok(&[7, 1][..]));
        wish(&image, 6);
        assert_eq!(image.grant_wishes(48), [(6, 20)]);
    }

    #[test]
    fn memory_of_ranges_is_used_again() {
        let mut first = image(1000, &[7; 10]);
        assert!(first.want(100, 300));
        first.pass(100, &[1; 300]);
        let mut second = Image::new(1000, first.into_head());
        assert!(second.want(500, 20));
        assert!(second.want(600, 20));
        assert_eq!(second.bytes(500, 1), Err(Missing::Gap { at: 500, len: 1 }));
        assert!(!second.pass(500, &[2; 10]));
        assert_eq!(second.bytes(500, 10), Ok(&[2; 10][..]));
        assert!(second.pass(510, &[3; 110]));
        assert_eq!(second.bytes(509, 3), Ok(&[2, 3, 3][..]));
        assert_eq!(second.bytes(600, 20), Ok(&[3; 20][..]));
        assert_eq!(second.head.ranges.len(), CHUNK_BYTES);
        assert!(!second.want(0, WANTED_BYTES));
    }

    #[test]
    fn a_view_does_not_reach_beyond_its_part() {
        let image = image(20, &(0..20).collect::<Vec<u8>>());
        let view = View::new(&image, 5, 10);
        assert_eq!(view.bytes(0, 2), Ok(&[5, 6][..]));
        assert!(matches!(view.bytes(9, 2), Err(Missing::Malformed(_))));
        assert_eq!(view.up_to(8, 100), Ok(&[13, 14][..]));
    }
}
