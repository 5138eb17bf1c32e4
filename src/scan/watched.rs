//! Tells errors of the source from errors of what is unpacked out of it.

use std::io::{self, Read};

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

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.inner.read(bytes).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.failure = Some(io::Error::new(error.kind(), error.to_string()));
            }
        })
    }
}
