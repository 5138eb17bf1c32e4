//! What can go wrong between asking GitHub and having the answer.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::fetch::{FetchError, Retryable};

/// A request, as errors name it: `GET /repos/pyca/cryptography/issues`, without its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The method.
    pub method: &'static str,
    /// The path below the API's address, with its slash.
    pub path: String,
    /// Whether it changes something on GitHub that people see.
    pub is_write: bool,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Asked {
    /// The answer is not what the API's description says.
    pub(super) fn shape(&self, reason: impl Into<String>) -> GithubError {
        GithubError::Shape {
            asked: self.clone(),
            reason: reason.into(),
        }
    }
}

/// A request to GitHub that came to nothing. The text of each is complete in itself, for the
/// person who must act, and holds no secret; GitHub's own words in it are printable and cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GithubError {
    /// There is no such thing, or it is hidden from this identity.
    #[error(
        "GitHub answered 404 to {asked}: there is no such thing, or it may not be seen; GitHub says 404 for a missing permission too, so check the name, and that the token or App may access the repository with \"{needs}\""
    )]
    NotFound {
        /// The request.
        asked: Asked,
        /// The permission that it needs.
        needs: &'static str,
    },
    /// The credentials are not good.
    #[error(
        "GitHub answered 401 to {asked}: {message}; the token or key is wrong, has ended or was revoked: replace it"
    )]
    Unauthorized {
        /// The request.
        asked: Asked,
        /// GitHub's own words.
        message: String,
    },
    /// The identity may not do this.
    #[error(
        "GitHub answered 403 to {asked}: {message}; the token or App needs \"{needs}\" for this repository"
    )]
    Forbidden {
        /// The request.
        asked: Asked,
        /// The permission that it needs.
        needs: &'static str,
        /// GitHub's own words.
        message: String,
    },
    /// GitHub wants to be left alone for a while.
    #[error(
        "{host} has had enough requests and is left alone until {}; nothing is lost, the next round goes on",
        until.to_rfc3339_opts(SecondsFormat::Secs, true)
    )]
    Parked {
        /// The API's host.
        host: String,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// GitHub did not take the request.
    #[error("GitHub answered {status} to {asked}: {message}{}", Listed(fields))]
    Refused {
        /// The request.
        asked: Asked,
        /// The status code.
        status: u16,
        /// GitHub's own words.
        message: String,
        /// What it says of single fields, `Label.name already_exists`.
        fields: Vec<String>,
        /// How long it wants us to wait.
        retry_after: Option<Duration>,
    },
    /// The repository has no issues, or this one was deleted.
    #[error(
        "GitHub answered 410 to {asked}: issues are switched off in this repository, or this one was deleted; switch them on in the repository's settings (Features → Issues)"
    )]
    IssuesOff {
        /// The request.
        asked: Asked,
    },
    /// The repository has another name now; nothing was written.
    #[error(
        "GitHub answered {status} to {asked}: the repository has been renamed or moved{}; write its new name into the configuration",
        to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default()
    )]
    Moved {
        /// The request.
        asked: Asked,
        /// The status code.
        status: u16,
        /// The address that GitHub names.
        to: Option<String>,
    },
    /// The answer has too many bytes.
    #[error("the answer to {asked} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The request.
        asked: Asked,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The list has too many pages.
    #[error("the answer to {asked} has more than {limit} pages, which is the limit")]
    TooManyPages {
        /// The request.
        asked: Asked,
        /// The limit.
        limit: u32,
    },
    /// The answer is not what the API's description says.
    #[error("the answer to {asked} cannot be read: {reason}")]
    Shape {
        /// The request.
        asked: Asked,
        /// What is wrong with it.
        reason: String,
    },
    /// No answer.
    #[error("{asked} got no answer: {source}")]
    Transport {
        /// The request.
        asked: Asked,
        /// Why.
        source: FetchError,
    },
    /// The App's private key cannot be used.
    #[error(
        "the GitHub App's private key {} cannot be used: {reason}; it must be the PEM file that GitHub gave for the App",
        path.display()
    )]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The token's file cannot be used.
    #[error(
        "the GitHub token's file {} cannot be used: {reason}; it must hold the token and nothing else",
        path.display()
    )]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The App is not installed where it should act.
    #[error(
        "the GitHub App {app} is not installed for {repository}: install it there, with \"{needs}\""
    )]
    NotInstalled {
        /// The App's number.
        app: u64,
        /// The repository.
        repository: String,
        /// The permission that the request needed.
        needs: &'static str,
    },
    /// Who we are cannot be told, or the settings make no sense.
    #[error("{reason}")]
    Identity {
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The client cannot be made.
    #[error("{source}")]
    Setup {
        /// Why.
        #[from]
        source: FetchError,
    },
}

impl GithubError {
    /// Whether the same request may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused { status, .. } => {
                matches!(status, 408 | 500 | 502..=504 | 506..=599)
            }
            Self::Transport { source, .. } => source.is_transient(),
            _ => false,
        }
    }

    /// Whether it was a write of which nobody knows whether it took effect: look before it is
    /// sent again.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Refused { asked, status, .. } => {
                asked.is_write && (*status == 408 || *status >= 500 || *status < 400)
            }
            Self::Shape { asked, .. } | Self::TooLarge { asked, .. } => asked.is_write,
            Self::Transport { asked, source } => {
                let never_sent = matches!(
                    source,
                    FetchError::Unreachable { .. }
                        | FetchError::Certificate { .. }
                        | FetchError::PrivateAddress { .. }
                        | FetchError::Scheme { .. }
                );
                asked.is_write && !never_sent
            }
            _ => false,
        }
    }

    /// The status that GitHub answered with, when that is what failed.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NotFound { .. } => Some(404),
            Self::Unauthorized { .. } => Some(401),
            Self::Forbidden { .. } => Some(403),
            Self::IssuesOff { .. } => Some(410),
            Self::Refused { status, .. } | Self::Moved { status, .. } => Some(*status),
            Self::Transport { source, .. } => source.status(),
            _ => None,
        }
    }

    /// The request that failed, when it was a request.
    pub fn asked(&self) -> Option<&Asked> {
        match self {
            Self::NotFound { asked, .. }
            | Self::Unauthorized { asked, .. }
            | Self::Forbidden { asked, .. }
            | Self::Refused { asked, .. }
            | Self::IssuesOff { asked }
            | Self::Moved { asked, .. }
            | Self::TooLarge { asked, .. }
            | Self::TooManyPages { asked, .. }
            | Self::Shape { asked, .. }
            | Self::Transport { asked, .. } => Some(asked),
            _ => None,
        }
    }
}

impl Retryable for GithubError {
    fn is_transient(&self) -> bool {
        Self::is_transient(self)
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Transport { source, .. } => Retryable::retry_after(source),
            _ => None,
        }
    }
}

/// ` (one; two)`, or nothing.
struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", self.0.join("; "))
    }
}

/// A text from outside, on one line, without what a terminal or an editor would act on, and with
/// at most so many characters.
pub(super) fn words_of_github(text: &str, most: usize) -> String {
    let mut clean: String = crate::report::printable::printable(text)
        .chars()
        .take(most)
        .collect();
    if text.chars().nth(most).is_some() {
        clean.push('…');
    }
    clean
}
