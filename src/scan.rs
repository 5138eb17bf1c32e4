//! From the bytes of a wheel to findings with evidence.
//!
//! A wheel is read once, in file order: its tail, which holds the archive's directory, then
//! everything before it. Nothing here knows where the bytes come from.
//!
//! The way of the bytes, each file knowing only those after it:
//!
//! - `wheel`: the reading itself; `second_look`: the rare case of reading a member again, for
//!   headers that had gone by or for the constant that settles a doubt; `symbol_table`;
//! - `archive`: the zip directory; `member_name`; `members`: what names tell; `nested`, `undelimited`, `tar`, `compressed`: archives in archives;
//! - `collector`: what is gathered; `allowance`: how much may be unpacked;
//! - `member`: one member, by what its first bytes say (`magic`); `inflate`: unpacking; `sbom`;
//! - `binary`: one object file while it streams by; `image`: what is kept of it;
//! - `banner`, `dated`, `distinct`: texts; `object_file`, `elf`, `mach_o`, `pe`: headers;
//!   `version_number`: machine code that returns a version;
//! - `verdict`: from what was gathered to findings; `library_name`.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod allowance;
mod archive;
mod asked;
mod banner;
mod binary;
mod collector;
mod compressed;
mod dated;
mod deflate_start;
mod distinct;
mod elf;
mod fields;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod image;
mod inflate;
mod library_name;
mod mach_o;
mod magic;
mod member;
mod member_name;
mod members;
mod nested;
mod object_file;
mod pe;
mod sbom;
mod second_look;
mod symbol_table;
mod tar;
mod undelimited;
mod verdict;
mod version_number;
mod watched;
mod wheel;

use std::io::{self, BufRead};
use std::sync::{Mutex, PoisonError};

pub use self::asked::Asked;
use crate::model::WheelScan;

/// The revision of the scanner. Findings of another revision are not comparable: what is
/// remembered about a wheel counts only under the revision that made it.
pub const REVISION: u32 = 8;

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

    /// The bytes from `at`, `len` of them, with a buffer of their own: bytes at hand are not
    /// copied.
    ///
    /// # Errors
    /// Whatever keeps the bytes from being read; reading past the end is an error of kind
    /// [`io::ErrorKind::UnexpectedEof`].
    fn range(&self, at: u64, len: u64) -> io::Result<impl BufRead>;

    /// Says whether reading may go on; asked, too, where bytes are worked on that were read before.
    ///
    /// # Errors
    /// What would keep more from being read, such as that its time is over.
    fn may_go_on(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Bounds on what one wheel may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `inflated-bytes`: all members of a wheel together, unpacked.
    pub inflated_bytes: u64,
    /// `inflated-ratio`: how many times as long as packed a member, and the wheel, may be
    /// unpacked, once that is more than 64 MiB.
    pub inflated_ratio: u64,
    /// `members`: entries of the wheel's directory; ten times as many in all archives inside it.
    pub members: u64,
    /// `nesting`: archives inside archives; 0 reads none.
    pub nesting: u32,
    /// `directory-bytes`: the directory of the archive.
    pub directory_bytes: u64,
    /// `sbom-bytes`: one SBOM.
    pub sbom_bytes: u64,
    /// `candidates`: places in all binaries of a wheel where a text of interest may begin.
    pub candidates: u64,
    /// `evidence-bytes`: what is kept of all binaries of a wheel until they are judged.
    pub evidence_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inflated_bytes: 4 << 30,
            inflated_ratio: 100,
            members: 100_000,
            nesting: 3,
            directory_bytes: 24 << 20,
            sbom_bytes: 8 << 20,
            candidates: 10_000_000,
            evidence_bytes: 8 << 20,
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

/// Scans a wheel.
///
/// The source is asked once for its last [`TAIL_BYTES`], then, unless nothing in the wheel could
/// be native, once for everything before, which is read to its end in file order. A directory
/// that begins before the tail, and the headers of rare binaries, are read by ranges of their own.
///
/// # Errors
/// What the source answers. Whatever is wrong with the archive or one of its members is a
/// problem in the scan instead, and the rest is scanned.
pub fn scan<S: Source>(source: &S, limits: &Limits) -> io::Result<Scanned> {
    Scanner::default().scan(source, limits)
}

/// Scans a wheel as [`scan`] does, and reads everything, whatever the directory shows: for one
/// whose names are not to be trusted, or whose bytes must all be hashed.
///
/// # Errors
/// As of [`scan`].
pub fn scan_whole<S: Source>(source: &S, limits: &Limits) -> io::Result<Scanned> {
    Scanner::default().scan_whole(source, limits)
}

/// The names of an archive's members, in the order of its directory, at most as many as the limit
/// `members` allows; none for what is no archive, which a scan tells.
///
/// # Errors
/// What the source answers.
pub fn member_names<S: Source>(source: &S, limits: &Limits) -> io::Result<Vec<String>> {
    wheel::member_names(source, limits)
}

/// Scanners that are used again, as many as work at once.
#[derive(Debug, Default)]
pub struct Scanners(Mutex<Vec<Scanner>>);

impl Scanners {
    /// Works with a scanner that nobody else is using.
    pub fn with<T>(&self, work: impl FnOnce(&mut Scanner) -> T) -> T {
        let free = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scanner = free().pop().unwrap_or_default();
        let made = work(&mut scanner);
        free().push(scanner);
        made
    }
}

/// Scans wheel after wheel with the same memory, about 3 MiB and at most 9, which is faster for small
/// ones.
#[derive(Debug, Default)]
pub struct Scanner(wheel::Tools);

impl Scanner {
    /// As [`scan()`].
    ///
    /// # Errors
    /// As of [`scan()`].
    pub fn scan<S: Source>(&mut self, source: &S, limits: &Limits) -> io::Result<Scanned> {
        wheel::scan(source, limits, wheel::Reach::AsNeeded, &mut self.0)
    }

    /// As [`scan_whole`].
    ///
    /// # Errors
    /// As of [`scan()`].
    pub fn scan_whole<S: Source>(&mut self, source: &S, limits: &Limits) -> io::Result<Scanned> {
        wheel::scan(source, limits, wheel::Reach::Whole, &mut self.0)
    }
}

#[cfg(test)]
mod tests;
