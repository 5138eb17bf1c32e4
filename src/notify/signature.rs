//! Signatures, as the Standard Webhooks specification has them (symmetric, `v1`): base64 of the
//! HMAC-SHA256 over the delivery's id, the seconds since 1970 and the body, with dots between.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::ExposeSecret;

use crate::config::Secret;

use super::error::NotifyError;
use super::secret::{self, Variable};

/// What a secret in base64 begins with.
const PREFIX: &str = "whsec_";

/// The least bytes of a secret. Source: Standard Webhooks, "Signature scheme".
const LEAST_BYTES: usize = 24;

/// The most secrets that sign at once.
const MOST_KEYS: usize = 4;

/// The keys that sign: more than one while one is being replaced by another.
pub struct Keys(Vec<hmac::Key>);

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} keys", self.0.len())
    }
}

impl Keys {
    /// The keys of a text: `whsec_` and base64, or any other word, which is taken as it is; several
    /// with spaces between them.
    ///
    /// # Errors
    /// Why the text is none of that; it is not quoted.
    pub fn of(text: &str) -> Result<Self, &'static str> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() || words.len() > MOST_KEYS {
            return Err("there is to be one secret, or up to four with spaces between them");
        }
        words
            .into_iter()
            .map(key)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The keys of a secret.
    ///
    /// # Errors
    /// It cannot be read, or is no key.
    pub(super) fn read(from: &Secret, variable: &Variable) -> Result<Self, NotifyError> {
        let text = secret::read(from, variable)?;
        Self::of(text.expose_secret()).map_err(|reason| NotifyError::BadSecret {
            place: secret::place(from),
            reason,
        })
    }

    /// The value of `webhook-signature`: one signature per key, with spaces between them.
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let signed = [format!("{id}.{seconds}.").as_bytes(), body].concat();
        let sign = |key| format!("v1,{}", STANDARD.encode(hmac::sign(key, &signed)));
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}

fn key(text: &str) -> Result<hmac::Key, &'static str> {
    let bytes = match text.strip_prefix(PREFIX) {
        Some(encoded) => STANDARD
            .decode(encoded)
            .map_err(|_| "what follows `whsec_` is no base64")?,
        None => text.as_bytes().to_vec(),
    };
    if bytes.len() < LEAST_BYTES {
        return Err("a secret has at least 24 bytes: `openssl rand -base64 32` makes one");
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification and its libraries' tests.
    #[test]
    fn it_is_as_the_specification_has_it() {
        let keys = Keys::of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            keys.sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                b"{\"test\": 2432232314}"
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn while_a_secret_is_replaced_both_sign() {
        let (old, new) = ("a".repeat(24), "b".repeat(24));
        let both = Keys::of(&format!("{new} {old}")).unwrap();
        let signatures = both.sign("msg_1", 7, b"{}");
        let one = |secret: &str| Keys::of(secret).unwrap().sign("msg_1", 7, b"{}");
        assert_eq!(signatures, format!("{} {}", one(&new), one(&old)));
    }

    #[test]
    fn what_is_no_secret_is_told_and_not_shown() {
        for text in ["", "short", "whsec_short", "whsec_!!", "a b c d e"] {
            let sentence = Keys::of(text).unwrap_err();
            assert!(text.is_empty() || !sentence.contains(text), "{sentence}");
        }
        let keys = Keys::of(&"s".repeat(24)).unwrap();
        assert_eq!(format!("{keys:?}"), "1 keys");
    }
}
