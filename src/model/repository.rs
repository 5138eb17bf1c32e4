//! A repository on GitHub, by its name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a repository, `pyca/cryptography`. Two names that differ only in case are one
/// repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName {
    owner: String,
    name: String,
}

impl RepositoryName {
    /// The user or organization that it belongs to.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its name below the owner.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether both names are of one repository.
    pub fn is_same(&self, other: &Self) -> bool {
        self.owner.eq_ignore_ascii_case(&other.owner) && self.name.eq_ignore_ascii_case(&other.name)
    }
}

/// A text that is no repository's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no repository, such as \"owner/name\"")]
pub struct ParseRepositoryError(String);

impl FromStr for RepositoryName {
    type Err = ParseRepositoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part = |part: &str| {
            let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            (1..=100).contains(&part.len())
                && part.chars().all(inner)
                && !matches!(part, "." | "..")
        };
        match text.split_once('/') {
            Some((owner, name)) if part(owner) && part(name) => Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(ParseRepositoryError(text.chars().take(128).collect())),
        }
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl TryFrom<String> for RepositoryName {
    type Error = ParseRepositoryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RepositoryName> for String {
    fn from(name: RepositoryName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("pyca/cryptography", true)]
    #[case("a/b.c_d-e", true)]
    #[case("pyca", false)]
    #[case("pyca/", false)]
    #[case("pyca/cryptography/issues", false)]
    #[case("../x", false)]
    #[case("a/..", false)]
    #[case("a/b?c", false)]
    fn only_names_are_names(#[case] text: &str, #[case] is_name: bool) {
        let parsed = text.parse::<RepositoryName>();
        assert_eq!(parsed.is_ok(), is_name);
        if let Ok(name) = parsed {
            assert_eq!(name.to_string(), text);
        }
    }
}
