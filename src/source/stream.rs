//! The requests that reading one wheel takes, each of them checked against the first answer.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use reqwest::header::{HeaderValue, IF_RANGE, RANGE};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::fetch::{Answer, Client, FetchError, Get, printable};
use crate::scan::TAIL_BYTES;

use super::error::ReadError;
use super::range::{ContentRange, says_empty};
use super::wanted::{Remote, WheelLimits};

/// What a server says about a file, to be the same in all its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) length: u64,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Identity {
    fn of(answer: &Answer, length: u64) -> Self {
        Self {
            length,
            etag: answer.header("etag").map(str::to_owned),
            last_modified: answer.header("last-modified").map(str::to_owned),
        }
    }

    /// Whether an answer is about the same file. An ETag decides alone, because mirrors of one
    /// file differ in their dates.
    fn is_same(&self, other: &Self) -> bool {
        let same_mark = match (&self.etag, &other.etag) {
            (None, None) => self.last_modified == other.last_modified,
            (mine, theirs) => mine == theirs,
        };
        self.length == other.length && same_mark
    }

    /// What `If-Range` may hold: a strong ETag, else a date. Source: RFC 9110, 13.1.5.
    fn if_range(&self) -> Option<HeaderValue> {
        let mark = match &self.etag {
            Some(etag) if etag.starts_with("W/") => return None,
            Some(etag) => etag,
            None => self.last_modified.as_ref()?,
        };
        HeaderValue::from_str(mark).ok()
    }
}

/// What the first request gave.
#[derive(Debug)]
pub(super) enum Opening {
    /// The tail; the rest can be had by ranges.
    Tail { identity: Identity, tail: Vec<u8> },
    /// The whole file is about to come, because the server knows no ranges.
    Whole(Answer),
}

/// Pieces of a range on their way from the network to the scan.
pub(super) type Pieces = mpsc::Receiver<Result<Bytes, ReadError>>;

/// How many pieces may wait for the scan. Each may have some 400 KiB; the system's own buffers hold
/// what comes meanwhile.
const PIECES_AHEAD: usize = 4;

/// Everything that the requests of one wheel share.
pub(super) struct Link {
    client: Client,
    pub(super) remote: Remote,
    pub(super) limits: WheelLimits,
    deadline: Instant,
    progress: Box<dyn Fn(u64) + Send + Sync>,
    received: AtomicU64,
    abandoned: AtomicBool,
}

impl Link {
    pub(super) fn new(
        client: Client,
        remote: Remote,
        limits: WheelLimits,
        progress: Box<dyn Fn(u64) + Send + Sync>,
    ) -> Self {
        Self {
            client,
            remote,
            limits,
            deadline: Instant::now() + limits.time,
            progress,
            received: AtomicU64::new(0),
            abandoned: AtomicBool::new(false),
        }
    }

    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    fn count(&self, bytes: &[u8]) {
        let count = bytes.len() as u64;
        self.received.fetch_add(count, Ordering::Relaxed);
        (self.progress)(count);
    }

    pub(super) fn url(&self) -> String {
        printable(&self.remote.url)
    }

    pub(super) fn limit_reached(&self, limit: &'static str, value: u64) -> ReadError {
        ReadError::LimitReached {
            url: self.url(),
            limit,
            value,
        }
    }

    fn bad_range(&self, detail: impl Into<String>) -> ReadError {
        ReadError::BadRange {
            url: self.url(),
            detail: detail.into(),
        }
    }

    fn changed(&self) -> ReadError {
        ReadError::Changed { url: self.url() }
    }

    /// Bounds something by the time that the wheel has left.
    pub(super) async fn within_time<T>(
        &self,
        work: impl Future<Output = Result<T, ReadError>>,
    ) -> Result<T, ReadError> {
        tokio::time::timeout_at(self.deadline, work)
            .await
            .unwrap_or_else(
                |_| Err(self.limit_reached("wheel-seconds", self.limits.time.as_secs())),
            )
    }

    /// Whether the wheel has time left.
    ///
    /// # Errors
    /// The limit that is reached.
    pub(super) fn in_time(&self) -> Result<(), ReadError> {
        if Instant::now() < self.deadline {
            Ok(())
        } else {
            Err(self.limit_reached("wheel-seconds", self.limits.time.as_secs()))
        }
    }

    /// The first request: for the tail, with retries.
    pub(super) async fn open(&self) -> Result<Opening, ReadError> {
        self.client.with_retries(|| self.open_once()).await
    }

    async fn open_once(&self) -> Result<Opening, ReadError> {
        let asked = self.request(&format!("bytes=-{TAIL_BYTES}"));
        let mut answer = match self.client.get(&asked).await {
            // Some stores know ranges, but not those that count from the end.
            Err(FetchError::Status {
                status: 400 | 405 | 501,
                ..
            }) => {
                return self.whole_once().await.map(Opening::Whole);
            }
            answer => answer?,
        };
        match answer.status() {
            200 => Ok(Opening::Whole(answer)),
            206 => {
                let sent = self.content_range(&answer)?;
                let expected = sent.total.saturating_sub(TAIL_BYTES)..sent.total;
                if sent.bytes != expected {
                    return Err(self.bad_range("it sent other bytes than the last ones"));
                }
                self.check_length(sent.total)?;
                let identity = Identity::of(&answer, sent.total);
                let tail = self
                    .exactly(&mut answer, sent.bytes.end - sent.bytes.start)
                    .await?;
                Ok(Opening::Tail { identity, tail })
            }
            // No range of an empty file can be had.
            416 if answer.header("content-range").is_some_and(says_empty) => {
                self.check_length(0)?;
                Ok(Opening::Tail {
                    identity: Identity::of(&answer, 0),
                    tail: Vec::new(),
                })
            }
            416 => self.whole_once().await.map(Opening::Whole),
            status => Err(self.unexpected(status)),
        }
    }

    /// The whole file, from a server that knows no ranges.
    pub(super) async fn whole(&self) -> Result<Answer, ReadError> {
        self.client.with_retries(|| self.whole_once()).await
    }

    async fn whole_once(&self) -> Result<Answer, ReadError> {
        let request = Get::file(self.remote.url.clone(), self.remote.reach);
        let answer = self.client.get(&request).await?;
        match answer.status() {
            200 => Ok(answer),
            status => Err(self.unexpected(status)),
        }
    }

    /// The next piece of an answer, counted.
    pub(super) async fn piece(&self, answer: &mut Answer) -> Result<Option<Bytes>, ReadError> {
        let piece = answer.chunk().await?;
        if let Some(piece) = &piece {
            self.count(piece);
        }
        Ok(piece)
    }

    async fn exactly(&self, answer: &mut Answer, expected: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece(answer).await? {
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > expected {
                return Err(self.bad_range("it sent more bytes than it said"));
            }
        }
        if (bytes.len() as u64) < expected {
            return Err(self.cut(bytes.len() as u64, expected));
        }
        Ok(bytes)
    }

    /// Starts fetching a range; its pieces come in order, the last one may be an error.
    pub(super) fn fetch(
        self: &Arc<Self>,
        runtime: &tokio::runtime::Handle,
        identity: &Identity,
        range: Range<u64>,
    ) -> Pieces {
        let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
        let (link, identity) = (Arc::clone(self), identity.clone());
        runtime.spawn(async move {
            let streamed = link
                .within_time(link.stream(&identity, range, &sender))
                .await;
            if let Err(error) = streamed {
                // Nobody listens when the scan has ended already.
                let _ = sender.send(Err(error)).await;
            }
        });
        pieces
    }

    async fn stream(
        &self,
        identity: &Identity,
        range: Range<u64>,
        sender: &mpsc::Sender<Result<Bytes, ReadError>>,
    ) -> Result<(), ReadError> {
        let mut at = range.start;
        let mut resumes = 0;
        loop {
            let mut answer = self
                .client
                .with_retries(|| self.part_once(identity, at..range.end))
                .await?;
            let broken = loop {
                let mut piece = match self.piece(&mut answer).await {
                    Ok(Some(piece)) => piece,
                    Ok(None) => break self.cut(at - range.start, range.end - range.start),
                    Err(error) if error.is_transient() => break error,
                    Err(error) => return Err(error),
                };
                // A server without ranges sends what follows the range too.
                let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
                piece.truncate(left);
                at += piece.len() as u64;
                if sender.send(Ok(piece)).await.is_err() || at == range.end {
                    return Ok(());
                }
            };
            if resumes == self.limits.resumes {
                return Err(broken);
            }
            resumes += 1;
            tracing::debug!("{}: {broken}; going on at byte {at}", self.url());
        }
    }

    async fn part_once(&self, identity: &Identity, range: Range<u64>) -> Result<Answer, ReadError> {
        let mut request = self.request(&format!("bytes={}-{}", range.start, range.end - 1));
        if let Some(mark) = identity.if_range() {
            request.headers.insert(IF_RANGE, mark);
        }
        let answer = self.client.get(&request).await?;
        match answer.status() {
            206 => {
                let sent = self.content_range(&answer)?;
                if !identity.is_same(&Identity::of(&answer, sent.total)) {
                    return Err(self.changed());
                }
                if sent.bytes.start != range.start || sent.bytes.end > range.end {
                    return Err(self.bad_range("it sent other bytes than those asked for"));
                }
                Ok(answer)
            }
            // The whole file: because it changed, or because ranges are no longer served.
            200 => {
                let length = content_length(&answer).unwrap_or(identity.length);
                if range.start == 0 && identity.is_same(&Identity::of(&answer, length)) {
                    Ok(answer)
                } else {
                    Err(self.changed())
                }
            }
            416 => Err(self.changed()),
            status => Err(self.unexpected(status)),
        }
    }

    /// Refuses a length that is not the promised one, or too large.
    pub(super) fn check_length(&self, found: u64) -> Result<(), ReadError> {
        if let Some(expected) = self.remote.size.filter(|expected| *expected != found) {
            return Err(ReadError::SizeMismatch {
                url: self.url(),
                expected,
                found,
            });
        }
        if found > self.limits.wheel_bytes {
            return Err(self.limit_reached("wheel-bytes", self.limits.wheel_bytes));
        }
        Ok(())
    }

    pub(super) fn cut(&self, received: u64, expected: u64) -> ReadError {
        ReadError::Cut {
            url: self.url(),
            received,
            expected,
        }
    }

    fn request(&self, range: &str) -> Get {
        let mut request = Get::file(self.remote.url.clone(), self.remote.reach);
        if let Ok(range) = HeaderValue::from_str(range) {
            request.headers.insert(RANGE, range);
        }
        request
    }

    fn content_range(&self, answer: &Answer) -> Result<ContentRange, ReadError> {
        answer
            .header("content-range")
            .and_then(ContentRange::parse)
            .ok_or_else(|| self.bad_range("its Content-Range is missing or contradicts itself"))
    }

    fn unexpected(&self, status: u16) -> ReadError {
        FetchError::Unexpected {
            url: self.url(),
            status,
        }
        .into()
    }
}

/// What `Content-Length` says.
pub(super) fn content_length(answer: &Answer) -> Option<u64> {
    answer.header("content-length")?.parse().ok()
}
