//! What can go wrong between asking and having the answer.

use std::error::Error;
use std::time::Duration;

use url::Url;

use super::address::printable;
use super::rate_limit::RateLimit;
use super::reach::PrivateAddressRefused;
use super::retry::Retryable;

/// A request that came to nothing. The text of each is complete in itself: it names the innermost
/// cause, and holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The client itself could not be made.
    #[error(
        "secure connections cannot be set up: {reason}; check SSL_CERT_FILE and SSL_CERT_DIR, or install the system's CA certificates"
    )]
    Setup {
        /// What is missing.
        reason: String,
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Not http or https.
    #[error("{url} cannot be fetched: only http and https addresses are")]
    Scheme {
        /// The address.
        url: String,
    },
    /// No connection.
    #[error(
        "{url} cannot be reached: {reason}; check the network, the proxy settings and the address"
    )]
    Unreachable {
        /// The address.
        url: String,
        /// The innermost cause.
        reason: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The server's certificate does not hold.
    #[error(
        "the identity of {url} cannot be proved: {reason}; a certificate authority of your own can be named with SSL_CERT_FILE"
    )]
    Certificate {
        /// The address.
        url: String,
        /// The innermost cause.
        reason: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The server was silent for too long.
    #[error("{url} did not answer in time; try again later")]
    TimedOut {
        /// The address.
        url: String,
    },
    /// The connection broke.
    #[error("the connection to {url} broke: {reason}")]
    Broken {
        /// The address.
        url: String,
        /// The innermost cause.
        reason: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The server said no.
    #[error("{url} answered {status}{}", advice(*status))]
    Status {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
        /// How long the server wants us to wait.
        retry_after: Option<Duration>,
        /// What it says of its rate limit.
        rate_limit: Option<RateLimit>,
    },
    /// Something that only answers a conditional or a range request came without one.
    #[error("{url} answered {status}, which was not asked for")]
    Unexpected {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
    },
    /// The answer has too many bytes.
    #[error("the answer of {url} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Redirects without end.
    #[error("{url} redirects more than {limit} times")]
    TooManyRedirects {
        /// The address that was asked first.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// A redirect that names no address.
    #[error("{from} redirects, but not to a readable address")]
    BadRedirect {
        /// The address that redirects.
        from: String,
    },
    /// A redirect away from http and https.
    #[error(
        "{from} redirects to an address of the scheme {scheme:?}, which is not followed: only http and https are"
    )]
    RedirectScheme {
        /// The address that redirects.
        from: String,
        /// Where to.
        scheme: String,
    },
    /// A redirect from https to http.
    #[error(
        "{from} redirects from https to http, which is not followed: what comes over http can be read and replaced on its way"
    )]
    RedirectToPlain {
        /// The address that redirects.
        from: String,
    },
    /// A redirect to a host that is not on the request's list.
    #[error(
        "{from} redirects to the host {host:?}, which is not followed: it is not on the list of hosts that may be"
    )]
    StrangeRedirect {
        /// The address that redirects.
        from: String,
        /// The host it leads to.
        host: String,
    },
    /// A public server leads into a private network.
    #[error("{url} is in a private network, but a public server named it; it is not asked")]
    PrivateAddress {
        /// The address.
        url: String,
    },
}

impl FetchError {
    /// Whether the same request may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Broken { .. } => true,
            Self::Status { status, .. } => {
                matches!(status, 408 | 429 | 500 | 502..=504 | 506..=599)
            }
            _ => false,
        }
    }

    /// The status that the server answered with, when that is what failed.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::Unexpected { status, .. } => Some(*status),
            _ => None,
        }
    }

    pub(super) fn setup(source: reqwest::Error) -> Self {
        Self::Setup {
            reason: innermost(&source),
            source: Box::new(source),
        }
    }

    pub(crate) fn transport(url: &Url, source: reqwest::Error) -> Self {
        let url = printable(url);
        let source = source.without_url();
        let reason = innermost(&source);
        if any_cause(&source, |cause| cause.is::<PrivateAddressRefused>()) {
            Self::PrivateAddress { url }
        } else if any_cause(&source, is_certificate) {
            Self::Certificate {
                url,
                reason,
                source,
            }
        } else if source.is_timeout() {
            Self::TimedOut { url }
        } else if source.is_connect() {
            Self::Unreachable {
                url,
                reason,
                source,
            }
        } else {
            Self::Broken {
                url,
                reason,
                source,
            }
        }
    }
}

impl Retryable for FetchError {
    fn is_transient(&self) -> bool {
        Self::is_transient(self)
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

const fn advice(status: u16) -> &'static str {
    match status {
        401 => " (a login is needed: put it into the address or a netrc file)",
        403 => " (forbidden: the login or its rights do not suffice)",
        404 | 410 => " (there is no such page)",
        407 => " (the proxy wants a login)",
        408 | 500..=599 => " (the server has a problem; try again later)",
        429 => " (too many requests; try again later)",
        _ => "",
    }
}

/// An error that wraps another in an [`std::io::Error`] hides it from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| next_cause(cause)).take(20)
}

fn next_cause<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = cause
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    match wrapped {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

fn any_cause(
    error: &(dyn Error + 'static),
    wanted: impl Fn(&(dyn Error + 'static)) -> bool,
) -> bool {
    causes(error).any(wanted)
}

fn is_certificate(cause: &(dyn Error + 'static)) -> bool {
    matches!(
        cause.downcast_ref::<rustls::Error>(),
        Some(rustls::Error::InvalidCertificate(_))
    )
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
