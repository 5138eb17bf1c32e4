//! What an identity may do in a repository, as far as GitHub tells it without anything being tried.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::RepositoryName;

use super::client::Github;
use super::endpoints::permission;
use super::endpoints::repositories::Repository;
use super::error::GithubError;
use super::identity::Credentials;
use super::route::Route;

/// A repository, and what may be done in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The repository.
    pub repository: Repository,
    /// Whether it is hidden from the public.
    pub is_private: bool,
    /// What GitHub says of the identity.
    pub granted: Granted,
}

/// What GitHub says of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// The permissions of an App's installation, `issues` → `write`. Source: "Get a repository
    /// installation for the authenticated app".
    Installation(BTreeMap<String, String>),
    /// The scopes of a classic token. Source: "Scopes for OAuth apps", `X-OAuth-Scopes`.
    Scopes(Vec<String>),
    /// Nothing: fine-grained tokens and those of a job do not tell what they may do.
    Untold,
}

impl Github {
    /// A repository, and what may be done in it. It is to be asked before anything else of the
    /// repository: an answer that is remembered has no scopes.
    ///
    /// # Errors
    /// As every read.
    pub async fn rights(&self, name: &RepositoryName) -> Result<Rights, GithubError> {
        #[derive(Deserialize)]
        struct Hidden {
            #[serde(default)]
            private: bool,
        }
        let route = Route::get(name, &[], permission::METADATA);
        let reply = self.ask(&route, None).await?;
        let repository = self.parsed(&route, &reply)?;
        let hidden: Hidden = self.parsed(&route, &reply)?;
        let granted = match &self.shared.credentials {
            Credentials::App(app) => Granted::Installation(app.granted(self, name).await?),
            _ => reply
                .header("x-oauth-scopes")
                .map(scopes)
                .filter(|scopes| !scopes.is_empty())
                .map_or(Granted::Untold, Granted::Scopes),
        };
        Ok(Rights {
            repository,
            is_private: hidden.private,
            granted,
        })
    }
}

fn scopes(header: &str) -> Vec<String> {
    header
        .split(',')
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .map(|scope| scope.chars().take(64).collect())
        .collect()
}

impl Rights {
    /// Whether writing to `area` (`issues`, `actions`, `contents`) is granted; none when GitHub
    /// does not tell.
    pub fn may_write(&self, area: &str) -> Option<bool> {
        match &self.granted {
            Granted::Installation(permissions) => {
                let level = permissions.get(area).map(String::as_str);
                Some(matches!(level, Some("write" | "admin")))
            }
            Granted::Scopes(scopes) => {
                let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
                let reaches = has("repo") || (!self.is_private && has("public_repo"));
                // Everybody who may read may open issues; the rest is for those who may write.
                Some(reaches && (area == "issues" || self.may_push() != Some(false)))
            }
            // A token can do no more than its owner.
            Granted::Untold if area != "issues" && self.may_push() == Some(false) => Some(false),
            Granted::Untold => None,
        }
    }

    /// Whether labels and people can be given to issues; GitHub drops them silently otherwise.
    pub fn may_label(&self) -> Option<bool> {
        let may_write = self.may_write("issues");
        if matches!(self.granted, Granted::Installation(_)) || may_write == Some(false) {
            return may_write;
        }
        let role = self.repository.permissions;
        let may = role.map(|role| role.triage || role.push || role.maintain || role.admin);
        match may {
            Some(false) => Some(false),
            _ => may_write,
        }
    }

    fn may_push(&self) -> Option<bool> {
        let role = self.repository.permissions?;
        Some(role.push || role.maintain || role.admin)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn rights(granted: Granted, role: &str, is_private: bool) -> Rights {
        let permissions = match role {
            "" => json!(null),
            role => json!({ "pull": true, role: true }),
        };
        let repository = json!({
            "id": 1,
            "full_name": "owner/name",
            "default_branch": "main",
            "permissions": permissions,
        });
        Rights {
            repository: serde_json::from_value(repository).unwrap(),
            is_private,
            granted,
        }
    }

    fn of_scopes(header: &str) -> Granted {
        Granted::Scopes(scopes(header))
    }

    fn installed(area: &str, level: &str) -> Granted {
        Granted::Installation(BTreeMap::from([(area.to_owned(), level.to_owned())]))
    }

    #[rstest]
    #[case(installed("issues", "write"), "", false, "issues", Some(true))]
    #[case(installed("issues", "read"), "", false, "issues", Some(false))]
    #[case(installed("issues", "write"), "", false, "actions", Some(false))]
    #[case(of_scopes("repo, workflow"), "push", true, "actions", Some(true))]
    #[case(of_scopes("repo"), "pull", true, "actions", Some(false))]
    #[case(of_scopes("public_repo"), "pull", false, "issues", Some(true))]
    #[case(of_scopes("public_repo"), "push", true, "issues", Some(false))]
    #[case(of_scopes("read:org"), "push", false, "issues", Some(false))]
    #[case(Granted::Untold, "push", false, "issues", None)]
    #[case(Granted::Untold, "push", false, "actions", None)]
    #[case(Granted::Untold, "pull", false, "actions", Some(false))]
    #[case(Granted::Untold, "", false, "actions", None)]
    fn what_may_be_written(
        #[case] granted: Granted,
        #[case] role: &str,
        #[case] is_private: bool,
        #[case] area: &str,
        #[case] expected: Option<bool>,
    ) {
        assert_eq!(rights(granted, role, is_private).may_write(area), expected);
    }

    #[rstest]
    #[case(installed("issues", "write"), "", Some(true))]
    #[case(of_scopes("repo"), "triage", Some(true))]
    #[case(of_scopes("repo"), "pull", Some(false))]
    #[case(Granted::Untold, "pull", Some(false))]
    #[case(Granted::Untold, "triage", None)]
    fn who_may_label(#[case] granted: Granted, #[case] role: &str, #[case] expected: Option<bool>) {
        assert_eq!(rights(granted, role, false).may_label(), expected);
    }
}
