//! Files that GitHub keeps on other hosts.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use crate::fetch::{FetchError, Get, Origin, Reach, Redirects, host_of, printable, redirected};
use crate::source::{FileSource, Sha256Sum};

use super::client::Github;
use super::error::GithubError;
use super::route::Route;

/// A bound on the time that a file may take, half an hour.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// How much is written to the disk at once, 1 MiB.
const PIECE_BYTES: usize = 1 << 20;

impl Github {
    /// Receives a file of at most `limit` bytes into one without a name, with its SHA-256.
    pub(super) async fn download(
        &self,
        route: &Route,
        limit: u64,
    ) -> Result<(FileSource, String), GithubError> {
        let client = self.shared.transport.client();
        let route = &route
            .clone()
            .within(limit.min(self.shared.settings.answer_bytes));
        let attempts = client.with_retries(|| self.download_once(route, limit));
        tokio::time::timeout(LONGEST, attempts)
            .await
            .map(|done| done.and_then(|done| done))
            .unwrap_or_else(|_| {
                let url = printable(&route.address(&self.shared.api));
                Err(GithubError::Transport {
                    asked: route.asked(),
                    source: FetchError::TimedOut { url },
                })
            })
    }

    /// One attempt. The inner failure is GitHub's own answer, which has had all its attempts; the
    /// outer one is that of the other host, whose address holds for a minute only.
    async fn download_once(
        &self,
        route: &Route,
        limit: u64,
    ) -> Result<Result<(FileSource, String), GithubError>, GithubError> {
        let asked = route.asked();
        let failed = |source| GithubError::Transport {
            asked: asked.clone(),
            source,
        };
        let spooled = |error: io::Error| {
            asked.shape(format!(
                "it cannot be kept in the folder for temporary files: {error}"
            ))
        };
        let mut spool = Spool::new().map_err(spooled)?;
        let reply = match self.ask(route, None).await {
            Ok(reply) => reply,
            Err(error) => return Ok(Err(error)),
        };
        if (200..300).contains(&reply.status) {
            spool.add(&reply.body).await.map_err(spooled)?;
            return Ok(spool.finish().await.map_err(spooled));
        }
        let from = route.address(&self.shared.api);
        let to = redirected(&from, reply.header("location")).map_err(failed)?;
        let listed = &self.shared.settings.archive_hosts;
        if !may_hold_files(&host_of(&to), &host_of(&self.shared.api), listed) {
            return Err(failed(FetchError::StrangeRedirect {
                from: printable(&from),
                host: host_of(&to),
            }));
        }
        let client = self.shared.transport.client();
        let reach = match Origin::of(&to) == Origin::of(&self.shared.api) {
            true => Reach::Given,
            false => client.reach_from(&self.shared.api).await,
        };
        let request = Get {
            redirects: Redirects::Listed(self.shared.settings.archive_hosts.clone()),
            ..Get::file(to.clone(), reach)
        };
        self.shared.transport.count();
        let mut answer = client.get(&request).await.map_err(failed)?;
        if answer.status() != 200 {
            return Err(failed(FetchError::Unexpected {
                url: printable(&to),
                status: answer.status(),
            }));
        }
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            if spool.length().saturating_add(piece.len() as u64) > limit {
                return Err(GithubError::TooLarge { asked, limit });
            }
            spool.add(&piece).await.map_err(spooled)?;
        }
        Ok(spool.finish().await.map_err(spooled))
    }
}

/// Whether a host is the API's, or on the list, where `*.example.org` stands for every name below
/// `example.org`.
fn may_hold_files(host: &str, api: &str, listed: &[String]) -> bool {
    host == api
        || listed.iter().any(|one| match one.strip_prefix('*') {
            Some(end) => end.starts_with('.') && host.ends_with(end),
            None => host == *one,
        })
}

/// A file without a name, written beside the runtime's threads.
struct Spool {
    file: Option<File>,
    sum: Sha256Sum,
    waiting: Vec<u8>,
    length: u64,
}

impl Spool {
    fn new() -> io::Result<Self> {
        Ok(Self {
            file: Some(tempfile::tempfile()?),
            sum: Sha256Sum::default(),
            waiting: Vec::new(),
            length: 0,
        })
    }

    const fn length(&self) -> u64 {
        self.length
    }

    async fn add(&mut self, piece: &[u8]) -> io::Result<()> {
        self.sum.add(piece);
        self.length = self.length.saturating_add(piece.len() as u64);
        self.waiting.extend_from_slice(piece);
        if self.waiting.len() >= PIECE_BYTES {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(mut file) = self.file.take() else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let written = tokio::task::spawn_blocking(move || file.write_all(&waiting).map(|()| file));
        self.file = Some(written.await.map_err(io::Error::other)??);
        Ok(())
    }

    async fn finish(mut self) -> io::Result<(FileSource, String)> {
        self.write().await?;
        let file = self.file.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok((FileSource::of(file)?, self.sum.finish()))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("api.example", true)]
    #[case("store.example", true)]
    #[case("a.blob.example", true)]
    #[case("b.a.blob.example", true)]
    #[case("blob.example", false)]
    #[case("evilblob.example", false)]
    #[case("x.store.example", false)]
    #[case("x.open", false)]
    #[case("", false)]
    fn files_come_from_listed_hosts(#[case] host: &str, #[case] listed: bool) {
        let hosts = ["store.example", "*.blob.example", "*open"].map(str::to_owned);
        assert_eq!(may_hold_files(host, "api.example", &hosts), listed);
    }
}
