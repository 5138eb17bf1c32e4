//! In whose name a command asks GitHub, and where.

use std::sync::Arc;

use anyhow::Context;
use chrono::Utc;
use secrecy::SecretString;
use url::Url;

use crate::config::{self, Credential};
use crate::fetch::ClientSettings;
use crate::github::{Clock, Github, GithubSettings, Identity};

/// The API that is asked when the configuration names none.
pub const API: &str = "https://api.github.com";

/// Beginnings of tokens that belong to people. Source: GitHub's documentation, "About
/// authentication to GitHub".
const TOKENS_OF_PEOPLE: [&str; 4] = ["ghp_", "gho_", "ghu_", "github_pat_"];

/// The client that the configuration asks for.
///
/// # Errors
/// A token or key that cannot be used, or TLS that cannot be set up.
pub fn client(
    configuration: &config::Github,
    connection: ClientSettings,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Github> {
    client_by(configuration, connection, Arc::new(Utc::now), variable)
}

/// The same, which goes by this clock.
///
/// # Errors
/// As [`client`].
pub fn client_by(
    configuration: &config::Github,
    connection: ClientSettings,
    clock: Clock,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Github> {
    let settings = settings(configuration, connection, variable)?;
    Ok(Github::new(GithubSettings { clock, ..settings })?)
}

fn settings(
    configuration: &config::Github,
    connection: ClientSettings,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<GithubSettings> {
    let api = match &configuration.api {
        Some(api) => api.clone(),
        None => Url::parse(API).context("the address of GitHub's API cannot be read")?,
    };
    let mut in_actions = false;
    let identity = match &configuration.credential {
        Credential::TokenEnv(name) => {
            match variable(name).filter(|token| !token.trim().is_empty()) {
                Some(token) => {
                    in_actions = is_of_job(&token, variable);
                    Identity::Token(SecretString::from(token))
                }
                None => Identity::Anonymous,
            }
        }
        Credential::TokenFile(path) => Identity::TokenFile(path.clone()),
        Credential::App { id, key_file } => Identity::App {
            id: *id,
            key_file: key_file.clone(),
        },
    };
    let mut settings = GithubSettings::new(api, identity);
    settings.login.clone_from(&configuration.login);
    settings.in_actions = in_actions;
    settings.client = connection;
    settings.write_interval = configuration.write_interval.to_std().unwrap_or_default();
    if !configuration.archive_hosts.is_empty() {
        settings
            .archive_hosts
            .clone_from(&configuration.archive_hosts);
    }
    Ok(settings)
}

/// Whether this is the token that GitHub Actions gives to a job. Somebody may hand a token of
/// their own to a job; what that one writes is theirs.
fn is_of_job(token: &str, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let of_people = TOKENS_OF_PEOPLE
        .iter()
        .any(|beginning| token.trim().starts_with(beginning));
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true") && !of_people
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn made(text: &[(&str, &str)], configuration: &config::Github) -> GithubSettings {
        let variable = |name: &str| {
            let found = text.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        settings(configuration, ClientSettings::default(), &variable).unwrap()
    }

    fn configured() -> config::Github {
        config::load(None, []).unwrap().github
    }

    #[rstest]
    #[case(&[("GITHUB_TOKEN", "ghs_x"), ("GITHUB_ACTIONS", "true")], true)]
    #[case(&[("GITHUB_TOKEN", "ghp_x"), ("GITHUB_ACTIONS", "true")], false)]
    #[case(&[("GITHUB_TOKEN", "github_pat_x"), ("GITHUB_ACTIONS", "true")], false)]
    #[case(&[("GITHUB_TOKEN", "ghs_x")], false)]
    fn a_token_of_a_job_is_told_from_others(
        #[case] variables: &[(&str, &str)],
        #[case] in_actions: bool,
    ) {
        let settings = made(variables, &configured());
        assert_eq!(settings.in_actions, in_actions);
        assert!(matches!(settings.identity, Identity::Token(_)));
    }

    #[test]
    fn nothing_said_is_github_itself_as_nobody() {
        let settings = made(&[("GITHUB_TOKEN", " ")], &configured());
        assert!(matches!(settings.identity, Identity::Anonymous));
        assert_eq!(settings.api.as_str(), "https://api.github.com/");
        assert!(
            settings
                .archive_hosts
                .contains(&"*.blob.core.windows.net".to_owned())
        );
        assert_eq!(settings.write_interval, std::time::Duration::from_secs(1));
    }

    #[test]
    fn what_is_configured_goes_before() {
        let mut configuration = configured();
        configuration.archive_hosts = vec!["artifacts.example".to_owned()];
        configuration.login = Some("my-app[bot]".to_owned());
        configuration.write_interval = chrono::TimeDelta::zero();
        let settings = made(&[], &configuration);
        assert_eq!(settings.archive_hosts, ["artifacts.example"]);
        assert_eq!(settings.login.as_deref(), Some("my-app[bot]"));
        assert!(settings.write_interval.is_zero());
    }
}
