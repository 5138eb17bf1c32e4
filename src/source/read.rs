//! Reading a wheel from a server: the whole of it, from the first request to the verified hash.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::fetch::{Client, FetchError, Login, Reach, Retryable, printable};

use super::remote::RemoteWheel;
use super::stream::{Link, Opening};

/// A wheel on a server.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Where it is.
    pub url: Url,
    /// The SHA-256 that the index promises, as 64 lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// The size that the index promises, in bytes.
    pub size: Option<u64>,
    /// Which addresses its address may lead to.
    pub reach: Reach,
}

/// An address that a person gave, with no promises.
impl From<Url> for Remote {
    fn from(url: Url) -> Self {
        Self {
            url,
            sha256: None,
            size: None,
            reach: Reach::Given,
        }
    }
}

/// Bounds on what reading one wheel may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WheelLimits {
    /// `wheel-bytes`: the size of a wheel.
    pub wheel_bytes: u64,
    /// `wheel-seconds`: the time from the first request to the last byte.
    pub time: Duration,
    /// `resumes`: how many times a broken connection is taken up again.
    pub resumes: u32,
    /// `second-looks`: how many ranges are fetched beside the one pass.
    pub second_looks: u32,
}

impl Default for WheelLimits {
    fn default() -> Self {
        Self {
            wheel_bytes: 2 << 30,
            time: Duration::from_secs(30 * 60),
            resumes: 5,
            second_looks: 64,
        }
    }
}

/// A wheel that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelRead<T> {
    /// What the scan gave.
    pub value: T,
    /// The SHA-256 of the whole file; none when only the tail of it was read.
    pub sha256: Option<String>,
    /// Whether the SHA-256 was computed and is the one that the index promised.
    pub hash_verified: bool,
    /// The size of the file, in bytes.
    pub size: u64,
    /// How many bytes of it were received; more than the size when some were received twice.
    pub bytes_read: u64,
}

/// A wheel that could not be read, or must not be believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A request failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The file is not the one that the index promised.
    #[error(
        "{url} must not be believed: its SHA-256 is {found}, but the index promises {expected}"
    )]
    HashMismatch {
        /// The address.
        url: String,
        /// The promised SHA-256.
        expected: String,
        /// The computed one.
        found: String,
    },
    /// The file has another size than the index promised.
    #[error("{url} must not be believed: it has {found} bytes, but the index promises {expected}")]
    SizeMismatch {
        /// The address.
        url: String,
        /// The promised size, in bytes.
        expected: u64,
        /// The size that the server tells, in bytes.
        found: u64,
    },
    /// The file was replaced while it was read.
    #[error("{url} changed while it was read; try again")]
    Changed {
        /// The address.
        url: String,
    },
    /// The server answers a range request with something else.
    #[error("{url} answers range requests wrongly: {detail}")]
    BadRange {
        /// The address.
        url: String,
        /// What is wrong.
        detail: String,
    },
    /// The body ended early.
    #[error("{url} ended after {received} of {expected} bytes")]
    Cut {
        /// The address.
        url: String,
        /// How many bytes came.
        received: u64,
        /// How many should have come.
        expected: u64,
    },
    /// A limit was reached.
    #[error("{url} was not read to its end: it reaches the limit {limit} ({value})")]
    LimitReached {
        /// The address.
        url: String,
        /// The limit's name.
        limit: &'static str,
        /// The limit.
        value: u64,
    },
    /// The copy on this machine failed.
    #[error("{url} cannot be kept in a temporary file: {source}")]
    Spool {
        /// The address.
        url: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The scan failed by itself.
    #[error("{url} was received, but could not be scanned: {source}")]
    Scan {
        /// The address.
        url: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The scan ended without a result.
    #[error("the scan of {url} broke off; this is a defect of rewheel")]
    BrokeOff {
        /// The address.
        url: String,
    },
}

impl ReadError {
    /// Whether reading the wheel again may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_transient(),
            Self::Cut { .. } | Self::Changed { .. } => true,
            _ => false,
        }
    }

    /// Whether the server gave something else than the index promised.
    pub const fn is_broken_promise(&self) -> bool {
        matches!(self, Self::HashMismatch { .. } | Self::SizeMismatch { .. })
    }
}

impl Retryable for ReadError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Fetch(_) | Self::Cut { .. }) && Self::is_transient(self)
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Fetch(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// Reads a wheel and scans it while it arrives.
///
/// The last [`crate::scan::TAIL_BYTES`] come first. `scan` runs on a thread of its own and pulls
/// what it wants; when that is more than the tail, the rest is read too, so that the hash is that
/// of the whole file. A server without ranges gives the whole file at once, which is kept in a
/// temporary file. `progress` is told how many bytes have just been received. When the future is
/// dropped the scan's next read fails.
///
/// # Errors
/// See [`ReadError`]. What `scan` gave counts only when everything was received and the hash fits:
/// else the error is returned in its place.
pub async fn read_wheel<T, S>(
    client: &Client,
    wheel: impl Into<Remote>,
    limits: &WheelLimits,
    progress: impl Fn(u64) + Send + Sync + 'static,
    scan: S,
) -> Result<WheelRead<T>, ReadError>
where
    T: Send + 'static,
    S: FnOnce(&RemoteWheel) -> io::Result<T> + Send + 'static,
{
    let remote = wheel.into();
    let client = match Login::of_url(&remote.url) {
        Some(_) if remote.reach == Reach::Given => client.with_named(&remote.url),
        _ => client.clone(),
    };
    let link = Arc::new(Link::new(client, remote, *limits, Box::new(progress)));
    let _abandon = AbandonOnDrop(Arc::clone(&link));
    let opening = link.within_time(link.open()).await?;
    let url = printable(&link.remote.url);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || scan_opened(&link, runtime, opening, scan))
        .await
        .unwrap_or(Err(ReadError::BrokeOff { url }))
}

fn scan_opened<T>(
    link: &Arc<Link>,
    runtime: tokio::runtime::Handle,
    opening: Opening,
    scan: impl FnOnce(&RemoteWheel) -> io::Result<T>,
) -> Result<WheelRead<T>, ReadError> {
    let wheel = RemoteWheel::open(link, runtime, opening)?;
    // A file that is whole before the scan need not be scanned to be disbelieved.
    let early = wheel.whole_sha256();
    if let Some(found) = &early {
        verify(&link.remote, found)?;
    }
    let scanned = scan(&wheel);
    if let Some(failure) = wheel.failure() {
        return Err(failure);
    }
    let value = scanned.map_err(|source| ReadError::Scan {
        url: printable(&link.remote.url),
        source,
    })?;
    let sha256 = match early {
        Some(sum) => Some(sum),
        None => wheel.finish()?,
    };
    let hash_verified = match &sha256 {
        Some(found) => verify(&link.remote, found)?,
        None => false,
    };
    Ok(WheelRead {
        value,
        sha256,
        hash_verified,
        size: wheel.length(),
        bytes_read: link.received(),
    })
}

/// Whether there was a promise, which then was kept.
fn verify(remote: &Remote, found: &str) -> Result<bool, ReadError> {
    match &remote.sha256 {
        None => Ok(false),
        Some(expected) if expected.eq_ignore_ascii_case(found) => Ok(true),
        Some(expected) => Err(ReadError::HashMismatch {
            url: printable(&remote.url),
            expected: expected.clone(),
            found: found.to_owned(),
        }),
    }
}

/// Tells the scan's thread that nobody waits for it any more.
struct AbandonOnDrop(Arc<Link>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
