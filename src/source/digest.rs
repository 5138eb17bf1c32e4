//! SHA-256 sums, written as indexes write them.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// A SHA-256 sum in the making.
#[derive(Clone, Debug, Default)]
pub struct Sha256Sum(Sha256);

impl Sha256Sum {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum, as 64 lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The sum of these bytes.
    pub fn of(bytes: &[u8]) -> String {
        let mut sum = Self::default();
        sum.add(bytes);
        sum.finish()
    }
}

/// Whether a text is a SHA-256 sum in its normal form: 64 lower-case hexadecimal digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_as_the_standard_says() {
        // FIPS 180-2, the one-block example.
        assert_eq!(
            Sha256Sum::of(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(is_sha256(&Sha256Sum::of(b"")));
    }

    #[test]
    fn other_texts_are_no_sums() {
        let sum = Sha256Sum::of(b"");
        assert!(!is_sha256(&sum.to_uppercase()));
        assert!(!is_sha256("../../../../etc/passwd"));
        assert!(!is_sha256(&sum[1..]));
    }
}
