//! A source that must be read by a certain time.

use std::io::{self, BufRead};
use std::time::Instant;

use crate::scan::{Asked, Source};

/// Reads from another source as long as there is time. Behind it, reading is an error of kind
/// [`io::ErrorKind::TimedOut`].
#[derive(Debug)]
pub struct TimedSource<'a, S> {
    inner: &'a S,
    deadline: Instant,
}

impl<'a, S: Source> TimedSource<'a, S> {
    /// Bounds a source by a deadline.
    pub const fn new(inner: &'a S, deadline: Instant) -> Self {
        Self { inner, deadline }
    }
}

impl<S: Source> Source for TimedSource<'_, S> {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn range(&self, at: u64, len: u64) -> io::Result<impl BufRead> {
        Ok(Asked::new(self, self.inner.range(at, len)?))
    }

    fn may_go_on(&self) -> io::Result<()> {
        in_time(self.deadline)
    }
}

fn in_time(deadline: Instant) -> io::Result<()> {
    if Instant::now() < deadline {
        Ok(())
    } else {
        Err(io::ErrorKind::TimedOut.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::Duration;

    use super::*;
    use crate::source::BytesSource;

    #[test]
    fn behind_the_deadline_nothing_is_read() {
        let bytes = BytesSource(b"0123");
        let read = |deadline| {
            let source = TimedSource::new(&bytes, deadline);
            assert_eq!(source.len(), 4);
            let mut found = Vec::new();
            source.range(1, 2)?.read_to_end(&mut found).map(|_| found)
        };
        let now = Instant::now();
        assert_eq!(read(now).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(read(now + Duration::from_secs(3600)).unwrap(), b"12");
    }
}
