//! Why somebody could not be told. No sentence holds an address, a secret, or what a receiver said:
//! the address of a webhook is a secret itself, and an answer may repeat what was sent.

use std::error::Error;
use std::time::Duration;

use crate::fetch::FetchError;

/// Why a receiver could not be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// A variable that a secret was to be in is not set.
    #[error("the variable {0} is not set: set it, and start rewheel again")]
    NoVariable(String),
    /// A file that a secret was to be in cannot be read.
    #[error("the file {path} with a secret cannot be read: {reason}")]
    NoFile {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A secret that is none.
    #[error("{place}: {reason}")]
    BadSecret {
        /// Where it was read.
        place: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No connection.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// Its certificate does not hold.
    #[error("its identity cannot be proved: {0}; SSL_CERT_FILE names authorities of your own")]
    Certificate(String),
    /// It was silent for too long.
    #[error("it did not take it within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// It sent to another place.
    #[error(
        "it answered {0}, which sends to another address; that is not followed: name the other \
         address"
    )]
    Redirect(u16),
    /// It said no.
    #[error("it answered {status}{}", advice(*status))]
    Status {
        /// The status code.
        status: u16,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// A mail server that does not do what is asked of it.
    #[error("the mail server {0}")]
    Mail(String),
    /// A mail server that says no.
    #[error("the mail server {what} (it answered {code})")]
    MailRefused {
        /// What it did not do.
        what: &'static str,
        /// The code of its answer.
        code: u16,
    },
    /// A message that has no form as mail, or an id that fits no header.
    #[error("the message cannot be put into a form to be sent: {0}")]
    Form(String),
}

impl NotifyError {
    /// Whether it is of no use to try again.
    pub const fn is_final(&self) -> bool {
        // "Gone" is how a receiver says that it does not want to hear of us again.
        matches!(self, Self::Status { status: 410, .. } | Self::Form(_))
    }

    /// Whether it is as it is until somebody changes something, here or there.
    pub const fn is_lasting(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) | Self::Mail(_) => false,
            Self::Status { status, .. } => *status < 500 && *status != 429 && *status != 408,
            Self::MailRefused { code, .. } => *code >= 500,
            _ => true,
        }
    }

    /// How long the receiver wants to be left alone.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl From<FetchError> for NotifyError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Certificate { source, .. } => {
                let why = causes(&source).find_map(certificate_problem);
                Self::Certificate(why.unwrap_or(UNHELD).to_owned())
            }
            FetchError::TimedOut { .. } => {
                Self::Unreachable("it did not answer in time".to_owned())
            }
            FetchError::Unreachable { source, .. } => {
                let system = causes(&source).find_map(|cause| {
                    let kind = cause.downcast_ref::<std::io::Error>()?.kind();
                    (kind != std::io::ErrorKind::Other).then(|| kind.to_string())
                });
                let why = system.unwrap_or_else(|| "no connection".to_owned());
                Self::Unreachable(format!("{why}; see network, proxy and address"))
            }
            FetchError::Broken { .. } => Self::Unreachable("the connection broke".to_owned()),
            _ => Self::Unreachable("the request could not be sent".to_owned()),
        }
    }
}

/// What is said of a certificate where nothing better is known.
const UNHELD: &str = "its certificate does not hold";

/// The causes of an error, itself first. One that wraps another in an [`std::io::Error`] hides it
/// from `source`.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| next_cause(cause)).take(20)
}

fn next_cause<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = cause.downcast_ref::<std::io::Error>();
    match wrapped.and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

/// What is wrong with a certificate, in words of our own: those of the library name hosts.
pub(super) fn certificate_problem(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    use rustls::CertificateError as Problem;
    let rustls::Error::InvalidCertificate(problem) = cause.downcast_ref::<rustls::Error>()? else {
        return None;
    };
    Some(match problem {
        Problem::Expired | Problem::ExpiredContext { .. } => "its certificate has expired",
        Problem::NotValidYet | Problem::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        Problem::UnknownIssuer => "nobody who is trusted here issued its certificate",
        Problem::NotValidForName | Problem::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        Problem::Revoked => "its certificate was revoked",
        _ => UNHELD,
    })
}

const fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 => ": the secret or the address does not suffice",
        404 => ": there is no such receiver",
        410 => ": it does not want to be told any more",
        413 => ": the message is too large for it",
        429 => ": it is told too often",
        500..=599 => ": it has a problem",
        _ => "",
    }
}
