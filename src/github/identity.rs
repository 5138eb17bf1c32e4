//! Credentials: a token, the token in a file, or what an App's installations get.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};

use super::app::App;
use super::error::GithubError;
use super::jwt::{AppKey, small_file};
use super::settings::Identity;

/// Who asks, with what is known of it so far.
pub(super) enum Credentials {
    Anonymous,
    Token(SecretString),
    TokenFile(TokenFile),
    App(Box<App>),
}

impl Credentials {
    /// # Errors
    /// A token that cannot be one, or a file that cannot be used.
    pub(super) fn of(identity: &Identity) -> Result<Self, GithubError> {
        Ok(match identity {
            Identity::Anonymous => Self::Anonymous,
            Identity::Token(token) => {
                Self::Token(whole_token(token.expose_secret()).ok_or_else(|| {
                    GithubError::Identity {
                        reason:
                            "the GitHub token is empty, or holds characters that no token has: \
                             check the variable that it comes from"
                                .to_owned(),
                    }
                })?)
            }
            Identity::TokenFile(path) => Self::TokenFile(TokenFile::read(path)?),
            Identity::App { id, key_file } => {
                Self::App(Box::new(App::new(AppKey::read(*id, key_file)?)))
            }
        })
    }
}

/// A token as GitHub's have always been: printable ASCII without spaces. They have no fixed length
/// or prefix.
fn whole_token(text: &str) -> Option<SecretString> {
    let token = text.trim();
    (!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()))
        .then(|| token.to_owned().into())
}

/// The token in a file, which somebody else may replace at any time.
pub(super) struct TokenFile {
    path: PathBuf,
    known: Mutex<(Stamp, SecretString)>,
}

/// What changes when a file is replaced: its time and length.
type Stamp = Option<(SystemTime, u64)>;

impl TokenFile {
    fn read(path: &Path) -> Result<Self, GithubError> {
        Ok(Self {
            path: path.to_owned(),
            known: Mutex::new((stamp(path), token_in(path)?)),
        })
    }

    /// The token, read again when its file has changed.
    pub(super) fn token(&self) -> Result<SecretString, GithubError> {
        let stamp = stamp(&self.path);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != stamp || stamp.is_none() {
            *known = (stamp, token_in(&self.path)?);
        }
        Ok(known.1.clone())
    }

    /// Reads the file again; whether it holds another token than this one.
    pub(super) fn differs_from(&self, refused: &SecretString) -> Result<bool, GithubError> {
        let stamp = stamp(&self.path);
        let token = token_in(&self.path)?;
        let differs = token.expose_secret() != refused.expose_secret();
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = (stamp, token);
        Ok(differs)
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn token_in(path: &Path) -> Result<SecretString, GithubError> {
    let unusable = |reason: String| GithubError::TokenFile {
        path: path.to_owned(),
        reason,
    };
    let bytes = small_file(path).map_err(|error| unusable(error.to_string()))?;
    std::str::from_utf8(&bytes)
        .ok()
        .and_then(whole_token)
        .ok_or_else(|| unusable("it is empty, or holds more than one word".to_owned()))
}
