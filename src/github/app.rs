//! A GitHub App: its installations, and the tokens that they get.
//!
//! Source: "Authenticating as a GitHub App installation". Installation tokens hold for an hour,
//! and have no fixed length or shape.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::model::RepositoryName;

use super::client::Github;
use super::endpoints::permission;
use super::error::GithubError;
use super::jwt::AppKey;
use super::route::Route;
use super::transport::Reply;

/// How long before its end a token is replaced.
const REFRESH: TimeDelta = TimeDelta::minutes(5);

/// By how much this clock must be wrong for another claim to make sense.
const SKEW: TimeDelta = TimeDelta::seconds(10);

/// An App, with what is known of it so far.
pub(super) struct App {
    key: AppKey,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    slug: Option<String>,
    /// By repository, in lower case.
    installations: HashMap<String, u64>,
    tokens: HashMap<u64, InstallationToken>,
}

#[derive(Clone, Deserialize)]
struct InstallationToken {
    #[serde(deserialize_with = "secret")]
    token: SecretString,
    expires_at: DateTime<Utc>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

impl App {
    pub(super) fn new(key: AppKey) -> Self {
        Self {
            key,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a token that was refused; whether there is hope for another one.
    pub(super) fn forget(&self, refused: &SecretString) -> bool {
        self.known()
            .tokens
            .retain(|_, known| known.token.expose_secret() != refused.expose_secret());
        true
    }

    /// Its name in addresses, which is its login without `[bot]`.
    pub(super) async fn slug(&self, github: &Github) -> Result<String, GithubError> {
        #[derive(Deserialize)]
        struct Described {
            slug: String,
        }
        if let Some(slug) = self.known().slug.clone() {
            return Ok(slug);
        }
        let route = Route::plain("GET", &["app"], permission::METADATA);
        let reply = self.ask(github, &route).await?;
        let described: Described = github.parsed(&route, &reply)?;
        self.known().slug = Some(described.slug.clone());
        Ok(described.slug)
    }

    /// A token for a repository.
    pub(super) async fn token(
        &self,
        github: &Github,
        repository: &RepositoryName,
        needs: &'static str,
    ) -> Result<SecretString, GithubError> {
        let installation = self.installation(github, repository, needs).await?;
        match self.token_of(github, installation).await {
            // It was installed anew, and has another number now.
            Err(GithubError::NotFound { .. }) => {
                self.known()
                    .installations
                    .retain(|_, id| *id != installation);
                let installation = self.installation(github, repository, needs).await?;
                self.token_of(github, installation).await
            }
            done => done,
        }
    }

    async fn token_of(
        &self,
        github: &Github,
        installation: u64,
    ) -> Result<SecretString, GithubError> {
        let now = github.now();
        let known = self.known().tokens.get(&installation).cloned();
        if let Some(known) = known.filter(|known| known.expires_at - REFRESH > now) {
            return Ok(known.token);
        }
        let id = installation.to_string();
        let path = ["app", "installations", &id, "access_tokens"];
        let route = Route::plain("POST", &path, permission::METADATA);
        let reply = self.ask(github, &route).await?;
        let minted: InstallationToken = github.parsed(&route, &reply)?;
        let token = minted.token.clone();
        self.known().tokens.insert(installation, minted);
        Ok(token)
    }

    /// What its installation in a repository may do: `issues` is `read` or `write`.
    pub(super) async fn granted(
        &self,
        github: &Github,
        repository: &RepositoryName,
    ) -> Result<BTreeMap<String, String>, GithubError> {
        #[derive(Deserialize)]
        struct Installation {
            #[serde(default)]
            permissions: BTreeMap<String, String>,
        }
        let path = [
            "repos",
            repository.owner(),
            repository.name(),
            "installation",
        ];
        let route = Route::plain("GET", &path, permission::METADATA);
        let reply = self.ask(github, &route).await?;
        Ok(github.parsed::<Installation>(&route, &reply)?.permissions)
    }

    async fn installation(
        &self,
        github: &Github,
        repository: &RepositoryName,
        needs: &'static str,
    ) -> Result<u64, GithubError> {
        #[derive(Deserialize)]
        struct Installation {
            id: u64,
        }
        let name = repository.to_string().to_ascii_lowercase();
        if let Some(id) = self.known().installations.get(&name) {
            return Ok(*id);
        }
        let path = [
            "repos",
            repository.owner(),
            repository.name(),
            "installation",
        ];
        let route = Route::plain("GET", &path, permission::METADATA);
        let reply = match self.ask(github, &route).await {
            Err(GithubError::NotFound { .. }) => {
                return Err(GithubError::NotInstalled {
                    app: self.key.app(),
                    repository: repository.to_string(),
                    needs,
                });
            }
            done => done?,
        };
        let found: Installation = github.parsed(&route, &reply)?;
        self.known().installations.insert(name, found.id);
        Ok(found.id)
    }

    /// Asks as the App itself. A claim that GitHub refuses because this clock is wrong is made
    /// once more with GitHub's time.
    async fn ask(&self, github: &Github, route: &Route) -> Result<Reply, GithubError> {
        let url = route.address(github.api());
        let made = github.now();
        let claim = self.key.claim(made)?;
        match github.attempts(route, &url, Some(&claim), None).await {
            Err(GithubError::Unauthorized { .. }) if (github.now() - made).abs() > SKEW => {
                let claim = self.key.claim(github.now())?;
                github.attempts(route, &url, Some(&claim), None).await
            }
            done => done,
        }
    }
}
