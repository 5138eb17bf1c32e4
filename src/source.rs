//! Where a wheel's bytes come from: a slice, a local file, a server.
//!
//! Each is a [`crate::scan::Source`], so that the scanner need not know which. A server's wheel is
//! read once, in file order, hashed on the way, and believed only when the hash fits.

mod digest;
mod error;
mod local;
mod range;
mod read;
mod remote;
mod spool;
mod stream;
mod timed;
mod wanted;

pub use digest::{Sha256Sum, is_sha256};
pub use error::ReadError;
pub use local::{BytesSource, FileSource};
pub use read::{WheelRead, read_wheel};
pub use remote::RemoteWheel;
pub use timed::TimedSource;
pub use wanted::{Remote, WheelLimits};
