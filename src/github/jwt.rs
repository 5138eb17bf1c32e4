//! The signed claim by which a GitHub App says who it is.
//!
//! Source: RFC 7519, and "Generating a JSON Web Token (JWT) for a GitHub App".

use std::fs;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::signature::{self, Signer};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::SecretString;
use serde::Serialize;

use super::error::GithubError;

/// A bound on the file of a key.
const MAXIMUM_BYTES: u64 = 64 << 10;

/// How far back a claim is dated, for clocks that are a little off.
const DATED_BACK: TimeDelta = TimeDelta::seconds(60);

/// For how long a claim holds; GitHub takes no more than ten minutes after `iat`.
const LIFE: TimeDelta = TimeDelta::minutes(9);

/// An App's private key.
pub(super) struct AppKey {
    app: u64,
    key: EncodingKey,
}

#[derive(Serialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

impl AppKey {
    /// Reads a PEM file, PKCS#1 or PKCS#8.
    ///
    /// # Errors
    /// [`GithubError::KeyFile`], which never quotes the file.
    pub(super) fn read(app: u64, path: &Path) -> Result<Self, GithubError> {
        // Somebody who installed a provider before knows what signs here.
        let _ = PROVIDER.install_default();
        let unusable = |reason: String| GithubError::KeyFile {
            path: path.to_owned(),
            reason,
        };
        let text = small_file(path).map_err(|error| unusable(error.to_string()))?;
        if text.windows(9).any(|part| part == b"ENCRYPTED") {
            return Err(unusable("it is locked with a passphrase".to_owned()));
        }
        let key = EncodingKey::from_rsa_pem(&text)
            .map_err(|_| unusable("it holds no RSA private key in PEM form".to_owned()))?;
        let pair = pair(&key).map_err(|error| unusable(error.to_string()))?;
        drop(pair);
        Ok(Self { app, key })
    }

    /// The App's number.
    pub(super) const fn app(&self) -> u64 {
        self.app
    }

    /// A claim made now.
    ///
    /// # Errors
    /// The key cannot sign.
    pub(super) fn claim(&self, now: DateTime<Utc>) -> Result<SecretString, GithubError> {
        let claims = Claims {
            iat: (now - DATED_BACK).timestamp(),
            exp: (now + LIFE - DATED_BACK).timestamp(),
            iss: self.app.to_string(),
        };
        encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map(SecretString::from)
            .map_err(|error| GithubError::Identity {
                reason: format!("the GitHub App's private key cannot sign: {error}"),
            })
    }
}

/// A file of at most [`MAXIMUM_BYTES`].
pub(super) fn small_file(path: &Path) -> std::io::Result<Vec<u8>> {
    // Before it is opened: opening a pipe waits until somebody writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(MAXIMUM_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAXIMUM_BYTES {
        return Err(std::io::Error::other(format!(
            "it has more than {MAXIMUM_BYTES} bytes"
        )));
    }
    Ok(bytes)
}

/// ring signs, as it does for TLS: no second library of cryptography is needed.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::RS256 => Ok(Box::new(RingSigner(pair(key)?)) as Box<dyn JwtSigner>),
        _ => Err(new_error(ErrorKind::InvalidAlgorithm)),
    },
    // Nobody's claims are verified here.
    verifier_factory: |_, _| Err(new_error(ErrorKind::InvalidAlgorithm)),
    key_utils: KeyUtils::new_unimplemented(),
};

fn pair(key: &EncodingKey) -> Result<RsaKeyPair, Error> {
    RsaKeyPair::from_der(key.as_bytes())
        .map_err(|rejected| new_error(ErrorKind::InvalidRsaKey(rejected.to_string())))
}

struct RingSigner(RsaKeyPair);

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| signature::Error::new())?;
        Ok(signature)
    }
}
