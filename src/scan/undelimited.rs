//! A stored member whose length stands behind its data (APPNOTE 4.3.9): only the descriptor that
//! fits what came before it tells where the data end.

use std::io::{self, BufRead, Read};

use super::archive;
use super::fields::Fields;

/// The longest descriptor: a signature, the CRC-32, two lengths of 64 bits.
const DESCRIPTOR_BYTES: usize = 24;

/// How much is searched at once, 64 KiB.
const CHUNK_BYTES: usize = 64 << 10;

/// A reader that bytes can be given back to.
#[derive(Debug)]
pub(super) struct Returning<R> {
    returned: Vec<u8>,
    at: usize,
    inner: R,
}

impl<R> Returning<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self {
            returned: Vec::new(),
            at: 0,
            inner,
        }
    }

    /// Gives bytes back, to be read before all others.
    pub(super) fn give_back(&mut self, bytes: &[u8]) {
        let rest = self.returned.get(self.at..).unwrap_or_default();
        self.returned = [bytes, rest].concat();
        self.at = 0;
    }
}

impl<R: BufRead> BufRead for Returning<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at < self.returned.len() {
            return Ok(self.returned.get(self.at..).unwrap_or_default());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        if self.at < self.returned.len() {
            self.at = self.at.saturating_add(count).min(self.returned.len());
        } else {
            self.inner.consume(count);
        }
    }
}

impl<R: BufRead> Read for Returning<R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(output)?;
        self.consume(read);
        Ok(read)
    }
}

/// The data of a stored member up to its descriptor, which stays to be read.
pub(super) struct Undelimited<'a, R> {
    input: &'a mut Returning<R>,
    /// Bytes that were read and not given on.
    held: Vec<u8>,
    given: u64,
    /// The CRC-32 of what was given on and of the first `hashed` bytes held.
    crc: crc32fast::Hasher,
    hashed: usize,
    /// How many of the bytes held are known to be data.
    known: usize,
    ended: bool,
}

impl<'a, R: BufRead> Undelimited<'a, R> {
    pub(super) fn new(input: &'a mut Returning<R>) -> Self {
        Self {
            input,
            held: Vec::new(),
            given: 0,
            crc: crc32fast::Hasher::new(),
            hashed: 0,
            known: 0,
            ended: false,
        }
    }

    /// Reads on until more of the data is known, or its end.
    fn advance(&mut self) -> io::Result<()> {
        let old = self.held.len();
        self.held.resize(old.saturating_add(CHUNK_BYTES), 0);
        let room = self.held.get_mut(old..).unwrap_or_default();
        let wanted = room.len();
        let read = super::binary::fill(self.input, room)?;
        self.held.truncate(old.saturating_add(read));
        let mut from = self.known;
        while let Some(hit) = self
            .held
            .get(from..)
            .and_then(|rest| memchr::memmem::find(rest, b"PK"))
        {
            let at = from.saturating_add(hit);
            if let Some(end) = self.end_before(at) {
                self.input
                    .give_back(self.held.get(end..).unwrap_or_default());
                self.held.truncate(end);
                self.known = end;
                self.ended = true;
                return Ok(());
            }
            from = at.saturating_add(1);
        }
        if read < wanted {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "nothing tells where the stored data end",
            ));
        }
        // A descriptor without a signature is known by what follows it.
        self.known = self
            .held
            .len()
            .saturating_sub(DESCRIPTOR_BYTES.saturating_mul(2))
            .max(self.known);
        Ok(())
    }

    /// Where the data end, if a descriptor with a signature begins at `at`, or one without ends
    /// there.
    fn end_before(&mut self, at: usize) -> Option<usize> {
        // No end that is asked for from here on is before this one.
        self.hash_to(at.saturating_sub(20));
        let fields = Fields::little(&self.held);
        let is_signed = fields.u32(at)? == archive::DESCRIPTOR;
        let is_followed = self.held.get(at..).is_some_and(archive::is_signature);
        let signed = is_signed.then_some((at, at.checked_add(4)?));
        let unsigned = |len: usize| Some((at.checked_sub(len)?, at.checked_sub(len)?));
        let (short, long) = (unsigned(12), unsigned(20));
        [
            signed,
            short.filter(|_| is_followed),
            long.filter(|_| is_followed),
        ]
        .into_iter()
        .flatten()
        .find(|(end, crc_at)| self.fits(*end, *crc_at))
        .map(|(end, _)| end)
    }

    fn hash_to(&mut self, end: usize) {
        if let Some(bytes) = self.held.get(self.hashed..end) {
            self.crc.update(bytes);
            self.hashed = end;
        }
    }

    fn fits(&self, end: usize, crc_at: usize) -> bool {
        let fields = Fields::little(&self.held);
        let len = self.given.saturating_add(end as u64);
        let lengths = crc_at.saturating_add(4);
        let short = [0, 4].map(|at| fields.u32(lengths.saturating_add(at)).map(u64::from));
        let long = [0, 8].map(|at| fields.u64(lengths.saturating_add(at)));
        if short != [Some(len); 2] && long != [Some(len); 2] {
            return false;
        }
        let mut crc = self.crc.clone();
        crc.update(self.held.get(self.hashed..end).unwrap_or_default());
        fields.u32(crc_at) == Some(crc.finalize())
    }
}

impl<R: BufRead> Read for Undelimited<'_, R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        while self.known == 0 && !self.ended {
            self.advance()?;
        }
        let count = self.known.min(output.len());
        self.hash_to(count);
        let (Some(from), Some(to)) = (self.held.get(..count), output.get_mut(..count)) else {
            return Ok(0);
        };
        to.copy_from_slice(from);
        self.hashed = self.hashed.saturating_sub(count);
        self.given = self.given.saturating_add(count as u64);
        self.known = self.known.saturating_sub(count);
        self.held.drain(..count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use rstest::rstest;

    use super::*;

    /// Data that look like headers and descriptors, of more than one chunk.
    fn data() -> Vec<u8> {
        b"PK\x07\x08 and PK\x03\x04 and \0\0\0\0PK\x01\x02".repeat(6000)
    }

    #[rstest]
    fn the_descriptor_that_fits_ends_the_data(
        #[values(true, false)] is_signed: bool,
        #[values(true, false)] is_long: bool,
        #[values(0, 1, 100, 150_000)] len: usize,
    ) {
        let data = &data()[..len];
        let mut descriptor = Vec::new();
        if is_signed {
            descriptor.extend(b"PK\x07\x08");
        }
        descriptor.extend(crc32fast::hash(data).to_le_bytes());
        for _ in 0..2 {
            if is_long {
                descriptor.extend((len as u64).to_le_bytes());
            } else {
                descriptor.extend((len as u32).to_le_bytes());
            }
        }
        let all = [data, &descriptor, b"PK\x03\x04next"].concat();
        let mut input = Returning::new(BufReader::with_capacity(7, all.as_slice()));
        let mut found = Vec::new();
        Undelimited::new(&mut input)
            .read_to_end(&mut found)
            .unwrap();
        assert!(found == data);
        let mut rest = Vec::new();
        input.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [&descriptor[..], b"PK\x03\x04next"].concat());
    }

    #[test]
    fn data_without_an_end_are_an_error() {
        let data = data();
        let mut input = Returning::new(data.as_slice());
        let read = Undelimited::new(&mut input).read_to_end(&mut Vec::new());
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
