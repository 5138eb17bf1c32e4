//! Whom a command asks for OpenSSL's word.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;
use url::Url;

use crate::config::Configuration;
use crate::feeds::github::{GithubFeeds, archive_hosts, client_settings};
use crate::feeds::watch::FeedSource;
use crate::feeds::{Known, Watch};
use crate::fetch::ClientSettings;
use crate::model::FactsOrigin;

use super::arguments::Common;
use super::{limits, output};

/// The API that serves OpenSSL's repositories.
const API: &str = "https://api.github.com";

/// The watch that the options and the configuration ask for. It waits, and tells what comes, as
/// `connection` does; its bounds are its own.
///
/// # Errors
/// TLS cannot be set up.
pub fn watch(
    common: &Common,
    configuration: &Configuration,
    connection: &ClientSettings,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Watch> {
    let source = if common.offline {
        FeedSource::BuiltIn
    } else if let Some(folder) = &configuration.openssl.directory {
        FeedSource::Directory(folder.clone(), limits::feed_bytes(&configuration.limits))
    } else {
        let settings = settings_by(connection, client_settings());
        let github = github(common, configuration, settings, variable)?;
        FeedSource::Network(Box::new(github))
    };
    Ok(Watch::new(source, configuration.openssl.withdrawn.clone())?)
}

/// These settings, which wait and tell what comes as `connection` does.
pub fn settings_by(connection: &ClientSettings, mut settings: ClientSettings) -> ClientSettings {
    settings.heard = connection.heard.clone();
    settings.retry.sleep = Arc::clone(&connection.retry.sleep);
    settings.system_proxies = connection.system_proxies;
    settings
}

/// The settings for a command that has nothing to do but ask: a slow server is waited for.
pub fn patient_settings() -> ClientSettings {
    ClientSettings {
        connect_timeout: Duration::from_secs(10),
        read_timeout: Duration::from_secs(30),
        page_timeout: Duration::from_secs(180),
        ..client_settings()
    }
}

/// The feeds over HTTP that the configuration names.
///
/// # Errors
/// TLS cannot be set up.
pub fn github(
    common: &Common,
    configuration: &Configuration,
    settings: ClientSettings,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<GithubFeeds> {
    let settings_of = &configuration.openssl;
    let api = match &settings_of.api {
        Some(api) => api.clone(),
        None => Url::parse(API).context("the address of OpenSSL's feeds cannot be read")?,
    };
    let hosts = if settings_of.archive_hosts.is_empty() {
        archive_hosts(&api)
    } else {
        settings_of.archive_hosts.clone()
    };
    let limit = limits::feed_bytes(&configuration.limits);
    let token = token(common, settings_of.token_env.as_deref(), variable);
    Ok(GithubFeeds::new(settings, api, token, hosts, limit)?)
}

/// The token that raises the rate limit. Without it everything works, only not as often.
fn token(
    common: &Common,
    name: Option<&str>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<SecretString> {
    let name = name?;
    let token = variable(name).filter(|token| !token.trim().is_empty());
    if token.is_none() {
        output::warn(
            common,
            &format!(
                "`openssl.token-env` names the variable {name}, which is not set: OpenSSL's feeds are asked without a token"
            ),
        );
    }
    token.map(|token| SecretString::from(token.trim().to_owned()))
}

/// What people are to know of the facts beside the result; sentences.
pub fn warnings(
    common: &Common,
    configuration: &Configuration,
    known: &Known,
    today: chrono::NaiveDate,
) -> Vec<String> {
    let mut told = known.warnings.clone();
    told.extend(judged_by(common, known, today));
    for version in &configuration.openssl.withdrawn {
        if known.facts.releases.get(version).is_none() {
            told.push(format!(
                "`withdrawn` names {version}, which is no known release of OpenSSL"
            ));
        }
    }
    told
}

/// The oldest of the facts, unless all of them are the network's.
fn judged_by(common: &Common, known: &Known, today: chrono::NaiveDate) -> Option<String> {
    let others = known
        .reports
        .iter()
        .filter(|feed| feed.source != FactsOrigin::Network);
    let oldest = others.min_by_key(|feed| feed.as_of)?;
    let why = match (common.offline, &oldest.error) {
        (true, _) => ", as --offline asks",
        (false, Some(_)) => "",
        (false, None) => ", as `openssl.directory` says",
    };
    let age = match oldest.days_old(today) {
        0 => String::new(),
        days => format!(", {days} days old"),
    };
    let error = oldest.error.as_ref().map(|error| format!("; {error}"));
    let what = match oldest.source {
        FactsOrigin::Cache => "last good copy of OpenSSL's facts",
        FactsOrigin::Directory => "mirrored OpenSSL facts",
        FactsOrigin::BuiltIn | FactsOrigin::Network => "built-in OpenSSL facts",
    };
    Some(format!(
        "judged by the {what} of {}{age}{why}: what OpenSSL published later is not known{}",
        oldest.as_of,
        error.unwrap_or_default(),
    ))
}
