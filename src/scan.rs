//! From the bytes of a wheel to findings with evidence.
//!
//! A wheel is read once, in file order: its tail, which holds the archive's directory, then
//! everything before it. Nothing here knows where the bytes come from.

use std::io::{self, Read};

use crate::model::WheelScan;

/// The revision of the scanner. Findings of another revision are not comparable: what is
/// remembered about a wheel counts only under the revision that made it.
pub const REVISION: u32 = 1;

/// How many bytes at the end of a wheel are read first, 64 KiB: the directory of every wheel
/// measured fits them.
pub const TAIL_BYTES: u64 = 64 * 1024;

/// Bytes that can be read by ranges: a file, a slice, a file on a server.
pub trait Source {
    /// The length of the whole, in bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes from `at`, `len` of them.
    ///
    /// # Errors
    /// Whatever keeps the bytes from being read; reading past the end is an error of kind
    /// [`io::ErrorKind::UnexpectedEof`].
    fn range(&self, at: u64, len: u64) -> io::Result<impl Read>;
}

/// Bounds on what one wheel may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `inflated-bytes`: all members of a wheel together, unpacked.
    pub inflated_bytes: u64,
    /// `members`: entries of an archive's directory.
    pub members: u64,
    /// `nesting`: archives inside archives; 0 reads none.
    pub nesting: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inflated_bytes: 4 << 30,
            members: 100_000,
            nesting: 3,
        }
    }
}

/// What came of scanning a wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// The findings.
    pub scan: WheelScan,
    /// Whether the directory showed nothing that could be native, so that only the tail was read.
    pub tail_only: bool,
}
