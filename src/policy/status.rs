//! The status of a finding, and of a wheel.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a finding means today. The order of the variants is the order from good to bad: a wheel
/// has the worst status of its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// No OpenSSL in it.
    None,
    /// It uses the system's OpenSSL.
    External,
    /// The newest public release of its series is linked, and no advisory holds it.
    Current,
    /// A newer public release of its series exists; no advisory holds the linked one.
    Outdated,
    /// The support of its series has ended.
    EndOfLife,
    /// OpenSSL is there, and what it is cannot be proved.
    Unknown,
    /// An advisory holds the linked version, and no public release of its series fixes it.
    Exposed,
    /// An advisory holds the linked version, and a public release of its series fixes it.
    Vulnerable,
    /// The linked release was withdrawn.
    Withdrawn,
}

impl Status {
    /// The word in reports and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::External => "external",
            Self::Current => "current",
            Self::Outdated => "outdated",
            Self::EndOfLife => "end-of-life",
            Self::Unknown => "unknown",
            Self::Exposed => "exposed",
            Self::Vulnerable => "vulnerable",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn the_worst_comes_last() {
        let mut all = [
            Status::Withdrawn,
            Status::Vulnerable,
            Status::Exposed,
            Status::Unknown,
            Status::EndOfLife,
            Status::Outdated,
            Status::Current,
            Status::External,
            Status::None,
        ];
        let worst_first = all;
        all.sort_unstable();
        all.reverse();
        assert_eq!(all, worst_first);
    }
}
