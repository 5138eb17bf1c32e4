//! Why a wheel on a server cannot be read or believed.

use std::io;
use std::time::Duration;

use crate::fetch::{FetchError, Retryable};

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
