//! The SHA-256 of a source archive, believed when two sources agree on it: the list of releases,
//! and the release's own `.sha256` file.

use chrono::{DateTime, Utc};
use url::Url;

use crate::feeds::error::FeedError;
use crate::fetch::{FetchError, Get, Reach, Redirects, printable};
use crate::model::SourceArchive;
use crate::source::is_sha256;

use super::{GithubFeeds, unexpected};

/// A bound on the file with the SHA-256, in bytes; OpenSSL's have a hundred.
const MOST_BYTES: u64 = 4096;

impl GithubFeeds {
    /// The SHA-256 of a release's source archive, 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// One of the two sources is missing or cannot be had, or they disagree.
    pub async fn archive_sha256(
        &self,
        source: &SourceArchive<'_>,
        now: DateTime<Utc>,
    ) -> Result<String, FeedError> {
        let archive = source.archive;
        let missing = |what: &str| FeedError::shape(archive.name.clone(), what);
        let listed = archive
            .sha256
            .as_deref()
            .ok_or_else(|| missing("the list of releases tells no SHA-256 of it"))?;
        let file = source
            .checksum
            .ok_or_else(|| missing("the release has no .sha256 file for it"))?;
        let url = Url::parse(&file.url)
            .ok()
            .filter(|url| self.is_own(url))
            .ok_or_else(|| missing("the address of its .sha256 file is on another server"))?;
        let request = Get {
            redirects: Redirects::Listed(self.asset_hosts()),
            ..Get::file(url.clone(), Reach::Given)
        };
        let reply = match self.ask(&request, MOST_BYTES, now).await {
            Ok(reply) if reply.status == 200 => reply,
            Ok(reply) => return Err(unexpected(&url, reply.status)),
            Err(FeedError::Fetch(FetchError::Status { status, .. })) => {
                return Err(unexpected(&url, status));
            }
            Err(FeedError::Shape { place, .. }) => {
                let reason = format!("it is larger than the limit of {MOST_BYTES} bytes");
                return Err(FeedError::shape(place, reason));
            }
            Err(error) => return Err(error),
        };
        let text = String::from_utf8_lossy(&reply.body);
        let said = said_of(&text, &archive.name)
            .ok_or_else(|| FeedError::shape(printable(&url), "it names no SHA-256"))?;
        if said == listed {
            Ok(said)
        } else {
            let reason = format!(
                "it says {said}, and the list of releases says {listed}: one of them was changed"
            );
            Err(FeedError::shape(printable(&url), reason))
        }
    }

    /// Whether an address is on the server that the API belongs to.
    fn is_own(&self, url: &Url) -> bool {
        let host = |url: &Url| url.host_str().unwrap_or_default().to_ascii_lowercase();
        let api = host(&self.api);
        let own = [api.strip_prefix("api.").unwrap_or(&api), &api].contains(&&*host(url));
        own && url.scheme() == self.api.scheme()
    }

    /// Where files of releases may come from, beside the server itself.
    fn asset_hosts(&self) -> Vec<String> {
        let mut hosts = self.archive_hosts.clone();
        if self.api.host_str() == Some("api.github.com") {
            hosts.extend(
                [
                    "objects.githubusercontent.com",
                    "release-assets.githubusercontent.com",
                ]
                .map(str::to_owned),
            );
        }
        hosts
    }
}

/// The SHA-256 in a file such as `HASH *openssl-3.5.9.tar.gz`, or one that is the hash alone.
fn said_of(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let hash = words.next()?.to_ascii_lowercase();
        let is_for = words
            .next()
            .is_none_or(|file| file.trim_start_matches('*') == name);
        (is_for && is_sha256(&hash)).then_some(hash)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HASH: &str = "b3c4e1d2a5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcdef0";

    #[rstest]
    #[case(format!("{HASH} *openssl-3.5.9.tar.gz\n"), true)]
    #[case(format!("{HASH}  openssl-3.5.9.tar.gz\n"), true)]
    #[case(HASH.to_uppercase(), true)]
    #[case(format!("{HASH} *openssl-3.5.8.tar.gz\n"), false)]
    #[case("<html>".to_owned(), false)]
    fn only_a_hash_of_that_file_counts(#[case] text: String, #[case] holds: bool) {
        let said = said_of(&text, "openssl-3.5.9.tar.gz");
        assert_eq!(said.as_deref(), holds.then_some(HASH));
    }
}
