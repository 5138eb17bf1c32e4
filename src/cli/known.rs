//! What is known of OpenSSL, for every command that asks.

use crate::config::Configuration;
use crate::feeds::{FeedReport, built_in};
use crate::model::{OpensslFacts, OpensslVersion, Release, Releases};

/// The facts, and where they came from.
pub struct Known {
    pub openssl: OpensslFacts,
    pub feeds: Vec<FeedReport>,
}

/// What is known of OpenSSL, the configuration's withdrawals with it.
///
/// # Errors
/// Only when the built-in facts are broken, which a test excludes.
pub fn known(configuration: &Configuration) -> anyhow::Result<Known> {
    let openssl = built_in::load()?;
    Ok(Known {
        feeds: built_in::reports(&openssl),
        openssl: with_withdrawn(openssl, &configuration.withdrawn),
    })
}

/// The facts, with the configuration's releases withdrawn since their own day.
fn with_withdrawn(facts: OpensslFacts, withdrawn: &[OpensslVersion]) -> OpensslFacts {
    let releases = facts.releases.iter().map(|release| Release {
        withdrawn: release
            .withdrawn
            .or_else(|| withdrawn.contains(&release.version).then_some(release.date)),
        ..release.clone()
    });
    OpensslFacts {
        releases: Releases::new(releases.collect()),
        ..facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_release_counts_as_withdrawn() {
        let facts = built_in::load().unwrap();
        let version: OpensslVersion = "3.5.4".parse().unwrap();
        assert!(facts.releases.get(&version).unwrap().is_usable());
        let facts = with_withdrawn(facts, std::slice::from_ref(&version));
        assert!(!facts.releases.get(&version).unwrap().is_usable());
    }
}
