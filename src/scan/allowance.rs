//! How much may be unpacked: of a wheel altogether, and of one member.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use super::Limits;

/// Up to here any ratio is fine, 64 MiB: linkers' padding reaches 200 to one on a few MiB.
const RATIO_FROM_BYTES: u64 = 64 << 20;

/// What a wheel may still be unpacked to. Members inside of members share it.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    left: Rc<Cell<u64>>,
    ratio: u64,
    /// The limit that it comes from.
    limit: Stop,
}

impl Allowance {
    /// The allowance of a wheel of `len` bytes.
    pub(super) fn new(limits: &Limits, len: u64) -> Self {
        let by_ratio = by_ratio(limits.inflated_ratio, len);
        Self {
            left: Rc::new(Cell::new(limits.inflated_bytes.min(by_ratio))),
            ratio: limits.inflated_ratio,
            limit: if by_ratio < limits.inflated_bytes {
                Stop::Ratio
            } else {
                Stop::Budget
            },
        }
    }

    /// Why nothing more may be unpacked, if that is so.
    pub(super) fn used_up(&self) -> Option<Stop> {
        (self.left.get() == 0).then_some(self.limit)
    }

    /// Whether a member that unpacks to `size` bytes, and was packed into so many, breaks the ratio.
    pub(super) fn is_bomb(&self, size: u64, packed: Option<u64>) -> bool {
        packed.is_some_and(|packed| size > by_ratio(self.ratio, packed))
    }

    /// Takes what was unpacked; says whether it was there to be taken.
    fn take(&self, count: u64) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(count));
        count <= left
    }
}

fn by_ratio(ratio: u64, packed: u64) -> u64 {
    packed.saturating_mul(ratio).max(RATIO_FROM_BYTES)
}

/// Why a member was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It holds more bytes than the directory says.
    TooLong,
    /// `inflated-bytes` is used up.
    Budget,
    /// It, or the wheel, unpacks to more than `inflated-ratio` allows.
    Ratio,
}

/// Counts inflated bytes, adds up their CRC-32, and stops at the declared size and at what is
/// allowed.
#[derive(Debug)]
pub(super) struct Checked<'a, R: ?Sized> {
    size: u64,
    most: u64,
    allowance: Allowance,
    count: u64,
    crc: crc32fast::Hasher,
    stop: Option<Stop>,
    inner: &'a mut R,
}

impl<'a, R: Read + ?Sized> Checked<'a, R> {
    /// Reads `inner`, which should hold `size` bytes and was `packed` into so many, where that is
    /// known.
    pub(super) fn new(
        inner: &'a mut R,
        size: u64,
        packed: Option<u64>,
        allowance: &Allowance,
    ) -> Self {
        Self {
            size,
            most: packed.map_or(u64::MAX, |packed| by_ratio(allowance.ratio, packed)),
            allowance: allowance.clone(),
            count: 0,
            crc: crc32fast::Hasher::new(),
            stop: None,
            inner,
        }
    }

    /// How many bytes came out.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Their CRC-32.
    pub(super) fn crc(&self) -> u32 {
        self.crc.clone().finalize()
    }

    /// Why reading ended early, if it did.
    pub(super) const fn stop(&self) -> Option<Stop> {
        self.stop
    }
}

impl<R: Read + ?Sized> Read for Checked<'_, R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_some() || output.is_empty() {
            return Ok(0);
        }
        let read = self.inner.read(output)?;
        let bytes = output.get(..read).unwrap_or_default();
        self.crc.update(bytes);
        self.count = self.count.saturating_add(read as u64);
        let is_there = self.allowance.take(read as u64);
        if self.count > self.size {
            self.stop = Some(Stop::TooLong);
        } else if !is_there {
            self.stop = Some(self.allowance.limit);
        } else if self.count > self.most {
            self.stop = Some(Stop::Ratio);
        }
        Ok(read)
    }
}
