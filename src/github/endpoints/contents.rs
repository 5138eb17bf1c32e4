//! Files and commits.

use crate::model::RepositoryName;

use super::super::client::Github;
use super::super::error::GithubError;
use super::super::route::Route;
use super::permission;

/// A bound on a file, 1 MiB; GitHub gives files up to that size with all its media types.
const FILE_BYTES: u64 = 1 << 20;

impl Github {
    /// A file's bytes at a branch, tag or commit, or on the default branch; none when there is no
    /// such file, branch or repository, or none that may be read.
    ///
    /// # Errors
    /// As every read; a file of more than 1 MiB.
    pub async fn file(
        &self,
        repository: &RepositoryName,
        path: &str,
        reference: Option<&str>,
    ) -> Result<Option<Vec<u8>>, GithubError> {
        let tail: Vec<&str> = std::iter::once("contents").chain(path.split('/')).collect();
        let mut route = Route::get(repository, &tail, permission::CONTENTS_READ)
            .accept("application/vnd.github.raw+json")
            .within(FILE_BYTES);
        if let Some(reference) = reference {
            route = route.with("ref", reference);
        }
        self.bytes_if_there(&route).await
    }

    /// The SHA-1, or SHA-256, of the commit that a branch, a tag or a prefix names, in lower case.
    ///
    /// # Errors
    /// As every read; an answer that is no commit.
    pub async fn commit(
        &self,
        repository: &RepositoryName,
        reference: &str,
    ) -> Result<Option<String>, GithubError> {
        // Of a commit only its name is wanted, not what it changed.
        let route = Route::get(
            repository,
            &["commits", reference],
            permission::CONTENTS_READ,
        )
        .accept("application/vnd.github.sha")
        .within(1024);
        let answer = match self.bytes_if_there(&route).await {
            // There is no commit of that name, GitHub says with 422.
            Err(GithubError::Refused { status: 422, .. }) => None,
            done => done?,
        };
        let Some(bytes) = answer else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes).trim().to_ascii_lowercase();
        let is_name = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_name {
            return Err(route.asked().shape("it names no commit"));
        }
        Ok(Some(text))
    }
}
