//! What was forgotten.

use std::fmt;

/// How much was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Subjects that were seen.
    pub sightings: u64,
    /// Acts that were concluded.
    pub acts: u64,
    /// Scans, pages and answers.
    pub entries: u64,
}

impl Forgotten {
    /// Whether nothing was.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Forgotten {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} subjects, {} acts, {} entries of the memory",
            self.sightings, self.acts, self.entries
        )
    }
}
