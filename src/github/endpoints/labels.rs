//! Labels.

use serde::{Deserialize, Serialize};

use crate::model::RepositoryName;

use super::super::client::Github;
use super::super::error::GithubError;
use super::super::route::Route;
use super::permission;

#[derive(Deserialize)]
struct Label {}

#[derive(Serialize)]
struct NewLabel<'a> {
    name: &'a str,
    color: &'a str,
    description: &'a str,
}

impl Github {
    /// Whether a repository has a label of this name.
    ///
    /// # Errors
    /// As every read.
    pub async fn has_label(
        &self,
        repository: &RepositoryName,
        name: &str,
    ) -> Result<bool, GithubError> {
        let route = Route::get(repository, &["labels", name], permission::ISSUES_READ);
        let label: Option<Label> = self.read_if_there(&route).await?;
        Ok(label.is_some())
    }

    /// Creates a label; one that is there already is left as it is. `color` is six hexadecimal
    /// digits, `description` at most 100 characters.
    ///
    /// # Errors
    /// As every write.
    pub async fn create_label(
        &self,
        repository: &RepositoryName,
        name: &str,
        color: &str,
        description: &str,
    ) -> Result<(), GithubError> {
        let route = Route::post(repository, &["labels"], permission::ISSUES_WRITE);
        let label = NewLabel {
            name,
            color,
            description,
        };
        match self.write::<Label>(&route, &label).await {
            Err(GithubError::Refused {
                status: 422,
                fields,
                ..
            }) if fields.iter().any(|field| field.contains("already_exists")) => Ok(()),
            done => done.map(|_| ()),
        }
    }
}
