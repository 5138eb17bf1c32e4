//! What acting needs: the ledger, GitHub, and in whose name.

use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;
use url::Url;

use crate::config::{Configuration, Credential, StateUrl};
use crate::fetch::ClientSettings;
use crate::github::{Github, GithubSettings, Identity};
use crate::index::IndexLocation;
use crate::store::ledger::{Access, Ledger, StateLocation};

/// GitHub's own API.
const API: &str = "https://api.github.com";

/// The ledger that the configuration names; in a dry run it is only looked into.
///
/// # Errors
/// It cannot be opened; the sentence says what to do.
pub fn ledger(configuration: &Configuration, is_dry: bool) -> anyhow::Result<Ledger> {
    let location = match &configuration.state.location {
        StateUrl::Sqlite(path) => StateLocation::File(path.clone()),
        StateUrl::None => StateLocation::None,
    };
    let access = if is_dry { Access::Look } else { Access::Write };
    Ok(Ledger::open(&location, access)?)
}

/// GitHub as the configuration names it.
///
/// # Errors
/// TLS cannot be set up.
pub fn github(
    configuration: &Configuration,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Github> {
    let settings = &configuration.github;
    let api = match &settings.api {
        Some(api) => api.clone(),
        None => Url::parse(API).context("the address of GitHub's API cannot be read")?,
    };
    let identity = match &settings.credential {
        Credential::TokenEnv(name) => variable(name)
            .map(|token| token.trim().to_owned())
            .filter(|token| !token.is_empty())
            .map_or(Identity::Anonymous, |token| {
                Identity::Token(SecretString::from(token))
            }),
        Credential::TokenFile(path) => Identity::TokenFile(path.clone()),
        Credential::App { id, key_file } => Identity::App {
            id: *id,
            key_file: key_file.clone(),
        },
    };
    let interval = settings.write_interval.to_std().unwrap_or(Duration::ZERO);
    Ok(Github::new(GithubSettings {
        login: settings.login.clone(),
        in_actions: variable("GITHUB_ACTIONS").as_deref() == Some("true"),
        write_interval: interval,
        archive_hosts: settings.archive_hosts.clone(),
        client: ClientSettings::default(),
        ..GithubSettings::new(api, identity)
    })?)
}

/// Why nothing may be done, where that is so.
pub fn hindrance(
    configuration: &Configuration,
    location: &IndexLocation,
    github: &Github,
) -> Option<String> {
    if !location.origin().may_act() {
        return Some(format!(
            "the index was named by {}: nothing is done about what only the surroundings name; \
             write it into the configuration as [index] url",
            location.origin()
        ));
    }
    if !github.has_identity() {
        let Credential::TokenEnv(name) = &configuration.github.credential else {
            return Some("nobody is logged in to GitHub".to_owned());
        };
        return Some(format!(
            "the variable {name} holds no token for GitHub: set it, or name `token-env`, \
             `token-file` or `app` in [github]"
        ));
    }
    None
}
