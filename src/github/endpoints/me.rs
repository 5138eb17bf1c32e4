//! Who we are.

use std::sync::PoisonError;

use serde::{Deserialize, Serialize};

use crate::model::RepositoryName;

use super::super::client::{Github, nobody};
use super::super::error::GithubError;
use super::super::identity::Credentials;
use super::super::route::Route;
use super::permission;

/// The account in whose name rewheel writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Its name, as the author of what it writes; an App's is `slug[bot]`.
    pub login: String,
    /// What it is.
    pub kind: Account,
}

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// A person, or a bot with a person's account.
    User,
    /// A GitHub App, `github-actions[bot]` among them.
    App,
    /// What the configuration says.
    Unknown,
}

impl Github {
    /// In whose name a repository is written to.
    ///
    /// # Errors
    /// No identity, or one that cannot be told: [`GithubError::Identity`] says to set `login`.
    pub async fn me(&self, _: &RepositoryName) -> Result<Me, GithubError> {
        let remembered = || {
            self.shared
                .me
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(me) = remembered().clone() {
            return Ok(me);
        }
        let me = match &self.shared.credentials {
            Credentials::Anonymous => Err(nobody()),
            Credentials::App(app) => app.slug(self).await.map(|slug| Me {
                login: format!("{slug}[bot]"),
                kind: Account::App,
            }),
            Credentials::Token(_) | Credentials::TokenFile(_) => self.user().await,
        }?;
        *remembered() = Some(me.clone());
        Ok(me)
    }

    async fn user(&self) -> Result<Me, GithubError> {
        #[derive(Deserialize)]
        struct User {
            login: String,
            #[serde(default, rename = "type")]
            kind: String,
        }
        let settings = &self.shared.settings;
        let of_settings = |login: &str| Me {
            kind: if login.ends_with("[bot]") {
                Account::App
            } else {
                Account::Unknown
            },
            login: login.to_owned(),
        };
        // The token of a job may not ask who it is.
        if settings.in_actions {
            let login = settings.login.as_deref();
            return Ok(of_settings(login.unwrap_or("github-actions[bot]")));
        }
        let route = Route::plain("GET", &["user"], permission::METADATA);
        match self.read::<User>(&route).await {
            Ok(user) => Ok(Me {
                kind: if user.kind == "Bot" {
                    Account::App
                } else {
                    Account::User
                },
                login: user.login,
            }),
            Err(GithubError::Forbidden { .. } | GithubError::NotFound { .. }) => {
                match &settings.login {
                    Some(login) => Ok(of_settings(login)),
                    None => Err(GithubError::Identity {
                        reason: "this GitHub token may not ask in whose name it writes (it is \
                                 the token of an App's installation): set `login` to that name, \
                                 such as \"my-app[bot]\""
                            .to_owned(),
                    }),
                }
            }
            Err(error) => Err(error),
        }
    }
}
