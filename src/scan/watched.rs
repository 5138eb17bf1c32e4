//! Tells errors of the source from errors of what is unpacked out of it.

use std::io::{self, BufRead, Read};

/// A reader that remembers its failure.
#[derive(Debug)]
pub(super) struct Watched<R> {
    inner: R,
    failure: Option<io::Error>,
}

impl<R> Watched<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self {
            inner,
            failure: None,
        }
    }

    /// The failure, once.
    pub(super) const fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

impl<R> Watched<R> {
    fn note(failure: &mut Option<io::Error>, error: &io::Error) {
        if error.kind() != io::ErrorKind::Interrupted {
            *failure = Some(io::Error::new(error.kind(), error.to_string()));
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let failure = &mut self.failure;
        self.inner
            .read(bytes)
            .inspect_err(|error| Self::note(failure, error))
    }
}

impl<R: BufRead> BufRead for Watched<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let failure = &mut self.failure;
        self.inner
            .fill_buf()
            .inspect_err(|error| Self::note(failure, error))
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
    }
}
