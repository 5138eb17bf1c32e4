//! Which wheel is read from a server, and within which bounds.

use std::time::Duration;

use url::Url;

use crate::fetch::Reach;

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
