//! Bytes that are at hand, or nearly: their source is asked before each use whether there is time.

use std::io::{self, BufRead, Read};

use super::Source;

/// A reader whose source says before each step whether reading may go on.
#[derive(Debug)]
pub struct Asked<'a, S, R> {
    source: &'a S,
    inner: R,
}

impl<'a, S: Source, R> Asked<'a, S, R> {
    /// Reads `inner` as long as [`Source::may_go_on`] of `source` has no error.
    pub const fn new(source: &'a S, inner: R) -> Self {
        Self { source, inner }
    }
}

impl<S: Source, R: Read> Read for Asked<'_, S, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.may_go_on()?;
        self.inner.read(buffer)
    }
}

impl<S: Source, R: BufRead> BufRead for Asked<'_, S, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.may_go_on()?;
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
    }
}
