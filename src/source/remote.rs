//! A server's wheel as a source: the tail in memory, the rest in one pass.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::runtime::Handle;

use crate::scan::{Asked, Source};

use super::digest::Sha256Sum;
use super::error::ReadError;
use super::local::{BUFFER_BYTES, end_of};
use super::spool::Spool;
use super::stream::{Identity, Link, Opening, Pieces};

/// How much of a directory that begins before the tail is kept in memory with it.
const LONGEST_TAIL: u64 = 32 << 20;

/// A wheel on a server, to be read by a scan on a thread that may block.
///
/// Reading in ascending order takes one request beside the one for the tail; what is passed over
/// is read and hashed nevertheless. A range that the pass has left behind takes a request of its
/// own. A range that ends in the tail before the pass has begun (an archive's directory) lengthens
/// the tail, so that no byte is fetched twice.
pub struct RemoteWheel {
    link: Arc<Link>,
    runtime: Handle,
    content: Content,
    failure: Mutex<Option<ReadError>>,
}

enum Content {
    Spooled {
        spool: Spool,
        sha256: String,
    },
    Ranged {
        identity: Identity,
        pass: Box<Mutex<Pass>>,
    },
}

/// The one pass over what is before the tail.
struct Pass {
    tail: Vec<u8>,
    tail_start: u64,
    lengthened: bool,
    stream: Option<Stream>,
    sum: Sha256Sum,
    second_looks: u32,
}

/// A range that is arriving.
struct Stream {
    pieces: Pieces,
    piece: Bytes,
    used: usize,
    position: u64,
}

impl RemoteWheel {
    pub(super) fn open(
        link: &Arc<Link>,
        runtime: Handle,
        opening: Opening,
    ) -> Result<Self, ReadError> {
        let content = match opening {
            Opening::Whole(answer) => {
                let (spool, sha256) = Spool::receive(link, &runtime, answer)?;
                Content::Spooled { spool, sha256 }
            }
            Opening::Tail { identity, tail } => Content::Ranged {
                pass: Box::new(Mutex::new(Pass {
                    tail_start: identity.length - tail.len() as u64,
                    tail,
                    lengthened: false,
                    stream: None,
                    sum: Sha256Sum::default(),
                    second_looks: 0,
                })),
                identity,
            },
        };
        Ok(Self {
            link: Arc::clone(link),
            runtime,
            content,
            failure: Mutex::new(None),
        })
    }

    pub(super) fn length(&self) -> u64 {
        match &self.content {
            Content::Spooled { spool, .. } => spool.length(),
            Content::Ranged { identity, .. } => identity.length,
        }
    }

    /// The SHA-256, when all bytes are here already.
    pub(super) fn whole_sha256(&self) -> Option<String> {
        match &self.content {
            Content::Spooled { sha256, .. } => Some(sha256.clone()),
            Content::Ranged { pass, .. } => {
                let pass = lock(pass);
                (pass.tail_start == 0).then(|| Sha256Sum::of(&pass.tail))
            }
        }
    }

    /// Reads what the scan left of the pass, and gives the SHA-256 of the whole; none when the
    /// scan was content with the tail.
    pub(super) fn finish(&self) -> Result<Option<String>, ReadError> {
        let Content::Ranged { identity, pass } = &self.content else {
            return Ok(self.whole_sha256());
        };
        let mut pass = lock(pass);
        if pass.stream.is_none() && !pass.lengthened && pass.second_looks == 0 {
            return Ok(None);
        }
        let end = pass.tail_start;
        self.advance(identity, &mut pass, end)?;
        let mut sum = pass.sum.clone();
        sum.add(&pass.tail);
        Ok(Some(sum.finish()))
    }

    /// What kept bytes from being read, if anything did.
    pub(super) fn failure(&self) -> Option<ReadError> {
        lock(&self.failure).take()
    }

    /// Keeps an error for the one who waits, and gives the scan one of its kind.
    fn failed(&self, error: ReadError) -> io::Error {
        let told = io::Error::other(error.to_string());
        lock(&self.failure).get_or_insert(error);
        told
    }

    fn fetch(&self, identity: &Identity, range: Range<u64>) -> Stream {
        Stream {
            position: range.start,
            pieces: self.link.fetch(&self.runtime, identity, range),
            piece: Bytes::new(),
            used: 0,
        }
    }

    /// Moves the pass to `position`, hashing what it passes over.
    fn advance(
        &self,
        identity: &Identity,
        pass: &mut Pass,
        position: u64,
    ) -> Result<(), ReadError> {
        let end = pass.tail_start;
        let stream = pass
            .stream
            .get_or_insert_with(|| self.fetch(identity, 0..end));
        while stream.position < position {
            let wanted = usize::try_from(position - stream.position).unwrap_or(usize::MAX);
            let bytes = stream.next(&self.link, end, wanted)?;
            pass.sum.add(bytes);
        }
        Ok(())
    }

    /// Fetches a range beside the pass.
    fn look(
        &self,
        identity: &Identity,
        pass: &mut Pass,
        range: Range<u64>,
    ) -> Result<Stream, ReadError> {
        let limit = self.link.limits.second_looks;
        if pass.second_looks >= limit {
            return Err(self.link.limit_reached("second-looks", limit.into()));
        }
        pass.second_looks += 1;
        tracing::debug!("{}: second look at {range:?}", self.link.url());
        Ok(self.fetch(identity, range))
    }

    /// Before the pass has begun: fetches what a range needs before the tail into the tail.
    fn lengthen(&self, identity: &Identity, pass: &mut Pass, at: u64) -> Result<(), ReadError> {
        let end = pass.tail_start;
        let mut stream = self.fetch(identity, at..end);
        let mut tail = Vec::new();
        while stream.position < end {
            tail.extend_from_slice(stream.next(&self.link, end, usize::MAX)?);
        }
        tail.append(&mut pass.tail);
        pass.tail = tail;
        pass.tail_start = at;
        pass.lengthened = true;
        Ok(())
    }
}

impl Source for RemoteWheel {
    fn len(&self) -> u64 {
        self.length()
    }

    fn range(&self, at: u64, len: u64) -> io::Result<impl BufRead> {
        let end = end_of(at, len, self.length())?;
        match &self.content {
            Content::Spooled { spool, .. } => {
                let inner = spool.range(at, len)?;
                Ok(Box::new(Asked::new(self, inner)) as Box<dyn BufRead + '_>)
            }
            Content::Ranged { identity, pass } => {
                let mut locked = lock(pass);
                let before = locked.tail_start.saturating_sub(at);
                let reaches_tail = at > 0 && end >= locked.tail_start && len > 0;
                if locked.stream.is_none() && reaches_tail && (1..=LONGEST_TAIL).contains(&before) {
                    self.lengthen(identity, &mut locked, at)
                        .map_err(|error| self.failed(error))?;
                }
                drop(locked);
                let reader = RangeReader {
                    wheel: self,
                    identity,
                    pass,
                    look: None,
                    at,
                    end,
                };
                let reader = BufReader::with_capacity(BUFFER_BYTES, reader);
                Ok(Box::new(reader) as Box<dyn BufRead + '_>)
            }
        }
    }

    fn may_go_on(&self) -> io::Result<()> {
        self.link.in_time().map_err(|error| self.failed(error))
    }
}

struct RangeReader<'a> {
    wheel: &'a RemoteWheel,
    identity: &'a Identity,
    pass: &'a Mutex<Pass>,
    look: Option<Stream>,
    at: u64,
    end: u64,
}

impl RangeReader<'_> {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let mut pass = lock(self.pass);
        let wanted = buffer
            .len()
            .min(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
        if let Some(inside) = self.at.checked_sub(pass.tail_start) {
            let rest = usize::try_from(inside)
                .ok()
                .and_then(|start| pass.tail.get(start..))
                .unwrap_or_default();
            return Ok(copy(rest, buffer, wanted));
        }
        let end = pass.tail_start;
        let passed_by = pass
            .stream
            .as_ref()
            .is_some_and(|stream| stream.position > self.at);
        if self.look.is_none() && passed_by {
            let range = self.at..self.end.min(end);
            self.look = Some(self.wheel.look(self.identity, &mut pass, range)?);
        }
        let bytes = if let Some(look) = &mut self.look {
            look.next(&self.wheel.link, self.end.min(end), wanted)?
        } else {
            self.wheel.advance(self.identity, &mut pass, self.at)?;
            let Pass { stream, sum, .. } = &mut *pass;
            let Some(stream) = stream else {
                return Ok(0);
            };
            let bytes = stream.next(&self.wheel.link, end, wanted)?;
            sum.add(bytes);
            bytes
        };
        Ok(copy(bytes, buffer, wanted))
    }
}

impl Read for RangeReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end || buffer.is_empty() {
            return Ok(0);
        }
        if self.wheel.link.is_abandoned() {
            return Err(io::Error::other("nobody waits for this wheel any more"));
        }
        let count = self
            .fill(buffer)
            .map_err(|error| self.wheel.failed(error))?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Stream {
    /// The next bytes, `wanted` of them at most and at least one; `end` is where the range ends.
    fn next(&mut self, link: &Link, end: u64, wanted: usize) -> Result<&[u8], ReadError> {
        while self.used == self.piece.len() {
            self.piece = match self.pieces.blocking_recv() {
                Some(piece) => piece?,
                None => return Err(link.cut(self.position, end)),
            };
            self.used = 0;
        }
        let start = self.used;
        self.used = self.piece.len().min(start.saturating_add(wanted));
        self.position += (self.used - start) as u64;
        Ok(self.piece.get(start..self.used).unwrap_or_default())
    }
}

fn copy(from: &[u8], to: &mut [u8], wanted: usize) -> usize {
    let count = from.len().min(to.len()).min(wanted);
    if let (Some(from), Some(to)) = (from.get(..count), to.get_mut(..count)) {
        to.copy_from_slice(from);
    }
    count
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
