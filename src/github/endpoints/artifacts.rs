//! Artifacts of runs.

use serde::Deserialize;

use crate::model::RepositoryName;
use crate::source::FileSource;

use super::super::client::Github;
use super::super::error::GithubError;
use super::super::route::Route;
use super::{or_default, permission};

/// A file that a run left. Source: "List workflow run artifacts".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Artifact {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The bytes of the archive.
    #[serde(rename = "size_in_bytes")]
    pub size: u64,
    /// Whether it is gone.
    #[serde(default, deserialize_with = "or_default")]
    pub expired: bool,
    /// `sha256:` and 64 hexadecimal digits, of the archive; old artifacts have none.
    #[serde(default)]
    pub digest: Option<String>,
}

/// An artifact's archive, a zip file, which is gone when this is dropped.
#[derive(Debug)]
pub struct Download {
    /// The archive.
    pub archive: FileSource,
    /// Its SHA-256, in lower-case hexadecimal digits.
    pub sha256: String,
}

impl Download {
    /// Whether it is what [`Artifact::digest`] promised; none when that names no SHA-256.
    pub fn is(&self, digest: Option<&str>) -> Option<bool> {
        let sum = digest?.strip_prefix("sha256:")?;
        Some(sum.eq_ignore_ascii_case(&self.sha256))
    }
}

#[derive(Deserialize)]
struct ArtifactPage {
    artifacts: Vec<Artifact>,
}

impl Github {
    /// The artifacts of a run.
    ///
    /// # Errors
    /// As every list.
    pub async fn artifacts(
        &self,
        repository: &RepositoryName,
        run: u64,
    ) -> Result<Vec<Artifact>, GithubError> {
        let tail = ["actions", "runs", &run.to_string(), "artifacts"];
        let route = Route::get(repository, &tail, permission::ACTIONS_READ);
        self.list_of(route, usize::MAX, |page: ArtifactPage| page.artifacts)
            .await
    }

    /// An artifact's archive of at most `limit` bytes. GitHub keeps it on another host, which gets
    /// no credentials.
    ///
    /// # Errors
    /// As every read; a redirect to a host that is not listed; [`GithubError::TooLarge`].
    pub async fn artifact(
        &self,
        repository: &RepositoryName,
        id: u64,
        limit: u64,
    ) -> Result<Download, GithubError> {
        let tail = ["actions", "artifacts", &id.to_string(), "zip"];
        let route = Route::get(repository, &tail, permission::ACTIONS_READ).elsewhere();
        let (archive, sha256) = self.download(&route, limit).await?;
        Ok(Download { archive, sha256 })
    }
}
