//! What is asked, one file for each kind of thing.

pub(super) mod artifacts;
pub(super) mod comments;
pub(super) mod contents;
pub(super) mod dispatches;
pub(super) mod issues;
pub(super) mod labels;
pub(super) mod me;
pub(super) mod repositories;
pub(super) mod runs;
pub(super) mod workflows;

use serde::{Deserialize, Deserializer};

/// What rewheel must be allowed to do, for the sentences of errors.
pub(super) mod permission {
    pub(in crate::github) const METADATA: &str = "metadata: read";
    pub(in crate::github) const ISSUES_READ: &str = "issues: read";
    pub(in crate::github) const ISSUES_WRITE: &str = "issues: write";
    pub(in crate::github) const CONTENTS_READ: &str = "contents: read";
    pub(in crate::github) const CONTENTS_WRITE: &str = "contents: write";
    pub(in crate::github) const ACTIONS_READ: &str = "actions: read";
    pub(in crate::github) const ACTIONS_WRITE: &str = "actions: write";
}

/// Somebody, of whom only the name matters.
#[derive(Deserialize)]
struct Login {
    login: String,
}

/// The login of somebody, who is null when the account is gone.
fn login<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Login>::deserialize(deserializer)?.map(|somebody| somebody.login))
}

/// A field whose null means what its default means.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
