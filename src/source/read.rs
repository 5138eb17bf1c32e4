//! Reading a wheel from a server: the whole of it, from the first request to the verified hash.

use std::io;
use std::sync::Arc;

use crate::fetch::{Client, Login, Reach, printable};

use super::error::ReadError;
use super::remote::RemoteWheel;
use super::stream::{Link, Opening};
use super::wanted::{Remote, WheelLimits};

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
