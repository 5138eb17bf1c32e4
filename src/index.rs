//! The package index: which files a project has published.
//!
//! Speaks the simple repository API, as JSON (PEP 691 and 700) and as HTML (PEP 503, 592, 629) for
//! indexes that know nothing else. What an index says is data from outside: entries that make no
//! sense are left out with a warning, wheels that cannot be read stay with the reason, and pages that
//! make no sense are errors.

mod entry;
mod html;
mod ini;
mod json;
mod location;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, HeaderValue};
use url::Url;

use crate::fetch::{
    Client, FetchError, Fetched, Get, PageMemory, Reach, RememberedPage, printable,
};
use crate::model::WheelName;
use crate::model::wheel::{is_package_name, normalize_package};
use crate::source::Remote;

pub use location::{IndexLocation, LocationError, LocationOrigin, Surroundings};

/// JSON rather than HTML, the versioned types rather than plain ones. Source: PEP 691.
const ACCEPTED: &str = "application/vnd.pypi.simple.v1+json, \
     application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// A file that a project has published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Where it is, without userinfo.
    pub url: Url,
    /// The SHA-256 that the index promises, as 64 lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// The size that the index promises, in bytes. Source: PEP 700.
    pub size: Option<u64>,
    /// When it was uploaded. Source: PEP 700.
    pub uploaded: Option<DateTime<Utc>>,
    /// Why it was yanked, when it was; the reason may be empty. Source: PEP 592.
    pub yanked: Option<String>,
    /// Its name taken apart, when it is a wheel of this project.
    pub wheel: Option<WheelName>,
    /// Which addresses its address may lead to.
    pub reach: Reach,
    /// Why it cannot be read, a sentence; its address may then be the page's, and no SHA-256 is
    /// promised.
    pub problem: Option<String>,
}

impl From<&File> for Remote {
    fn from(file: &File) -> Self {
        Self {
            url: file.url.clone(),
            sha256: file.sha256.clone(),
            size: file.size,
            reach: file.reach,
        }
    }
}

/// A project as the index shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its name in normal form.
    pub name: String,
    /// The address of its page, without userinfo, after all redirects.
    pub url: Url,
    /// Its files, in the index's order.
    pub files: Vec<File>,
    /// What was left out, and why; sentences.
    pub warnings: Vec<String>,
    /// Whether the index said that nothing changed since the last time.
    pub from_memory: bool,
}

/// Bounds on what an index may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexLimits {
    /// `index-page-bytes`: the size of a project's page, unpacked.
    pub page_bytes: u64,
    /// `index-files`: the files of a project.
    pub files: usize,
}

impl Default for IndexLimits {
    fn default() -> Self {
        Self {
            page_bytes: 64 << 20,
            files: 200_000,
        }
    }
}

/// A project that could not be had from the index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// What was asked for cannot be a package.
    #[error(
        "{0:?} is not a package's name: letters, digits and single '-', '_' or '.' between them"
    )]
    BadName(String),
    /// The index does not know it.
    #[error(
        "the index {index} has no package {package:?}; check the spelling, or name another index with --index-url"
    )]
    UnknownPackage {
        /// The package, in normal form.
        package: String,
        /// The index.
        index: String,
    },
    /// The page could not be fetched.
    #[error("the files of {package:?} cannot be listed: {source}")]
    Fetch {
        /// The package, in normal form.
        package: String,
        /// The cause.
        #[source]
        source: FetchError,
    },
    /// The answer is no page of the simple API.
    #[error("{url} is not a page of a package index: {reason}; check the index's address")]
    NotAnIndex {
        /// The address.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The answer is the page of another package.
    #[error(
        "{url} is the page of the package {found:?} and not of {package:?}; check the index's address"
    )]
    OtherPackage {
        /// The address.
        url: String,
        /// The package that was asked for, in normal form.
        package: String,
        /// The package of the page, shortened.
        found: String,
    },
    /// The index speaks a later major version of the API.
    #[error(
        "{url} speaks version {version} of the simple API, and only version 1 is understood; update rewheel"
    )]
    UnsupportedVersion {
        /// The address.
        url: String,
        /// The version, shortened.
        version: String,
    },
    /// Too many files.
    #[error("{url} lists more files than the limit index-files ({limit})")]
    TooManyFiles {
        /// The address.
        url: String,
        /// The limit.
        limit: usize,
    },
}

impl IndexError {
    /// Whether asking again may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Fetch { source, .. } if source.is_transient())
    }
}

/// A package index.
#[derive(Clone, Debug)]
pub struct Index {
    client: Client,
    url: Url,
    limits: IndexLimits,
}

impl Index {
    /// The index at a location, asked through a client that gets to know the location's login.
    pub fn new(client: &Client, location: &IndexLocation, limits: IndexLimits) -> Self {
        Self {
            client: location.introduce(client),
            url: location.url().clone(),
            limits,
        }
    }

    /// The client that knows the index's login: the one to read the index's files with.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A project and its files.
    ///
    /// # Errors
    /// The index does not know the package, cannot be asked, or answers nonsense.
    pub async fn project(
        &self,
        package: &str,
        memory: &dyn PageMemory,
    ) -> Result<Project, IndexError> {
        if !is_package_name(package) {
            return Err(IndexError::BadName(package.chars().take(100).collect()));
        }
        let name = normalize_package(package);
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(&name).push("");
        }
        let known = memory.recall(&url);
        if let Some(page) = known.as_ref().filter(|page| page.is_conditional()) {
            match self.fetch(&url, &name, Some(page)).await? {
                Fetched::Fresh(fresh) => return self.remember(&name, &url, &fresh, memory).await,
                Fetched::NotModified => match self.read(&name, page, true).await {
                    Ok(project) => return Ok(project),
                    Err(error) => {
                        tracing::debug!("what is remembered of {name} is unusable: {error}")
                    }
                },
            }
        }
        match self.fetch(&url, &name, None).await? {
            Fetched::Fresh(fresh) => self.remember(&name, &url, &fresh, memory).await,
            Fetched::NotModified => Err(IndexError::NotAnIndex {
                url: printable(&url),
                reason: "it answers 304 to a question that was asked without a condition".into(),
            }),
        }
    }

    async fn fetch(
        &self,
        url: &Url,
        name: &str,
        known: Option<&RememberedPage>,
    ) -> Result<Fetched, IndexError> {
        let mut request = Get::page(url.clone());
        request
            .headers
            .insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
        let fetched = self
            .client
            .page(&request, known, self.limits.page_bytes)
            .await;
        fetched.map_err(|source| match source.status() {
            Some(404 | 410) => IndexError::UnknownPackage {
                package: name.to_owned(),
                index: printable(&self.url),
            },
            _ => IndexError::Fetch {
                package: name.to_owned(),
                source,
            },
        })
    }

    async fn remember(
        &self,
        name: &str,
        url: &Url,
        page: &RememberedPage,
        memory: &dyn PageMemory,
    ) -> Result<Project, IndexError> {
        let project = self.read(name, page, false).await?;
        if page.is_conditional() {
            memory.remember(url, page);
        }
        Ok(project)
    }

    async fn read(
        &self,
        name: &str,
        page: &RememberedPage,
        from_memory: bool,
    ) -> Result<Project, IndexError> {
        let body = String::from_utf8_lossy(&page.body);
        let url = printable(&page.url);
        let not_an_index = |reason: String| IndexError::NotAnIndex {
            url: url.clone(),
            reason,
        };
        let listing = match Format::of(page.content_type.as_deref(), &body) {
            Some(Format::Json) => json::read(&body, self.limits.files).map_err(not_an_index)?,
            Some(Format::Html) => html::read(&body, self.limits.files).map_err(not_an_index)?,
            None => return Err(not_an_index("its content is neither JSON nor HTML".into())),
        };
        if let Some(version) = listing.version.filter(|version| !is_understood(version)) {
            return Err(IndexError::UnsupportedVersion { url, version });
        }
        if let Some(found) = listing
            .name
            .filter(|found| normalize_package(found) != name)
        {
            return Err(IndexError::OtherPackage {
                url,
                package: name.to_owned(),
                found: found.chars().take(100).collect(),
            });
        }
        if listing.entries.len() > self.limits.files {
            return Err(IndexError::TooManyFiles {
                url,
                limit: self.limits.files,
            });
        }
        let garbage = listing
            .entries
            .iter()
            .filter(|one| entry::is_garbage(one))
            .count();
        let all_garbage = garbage > 0 && garbage == listing.entries.len();
        let base = listing
            .base
            .and_then(|base| page.url.join(&base).ok())
            .unwrap_or_else(|| page.url.clone());
        let reach = self.client.reach_from(&self.url).await;
        let (files, warnings) = entry::files(listing.entries, name, &base, reach);
        // A wheel's name alone is enough to say that the wheel cannot be read.
        if all_garbage && files.is_empty() {
            return Err(not_an_index(format!(
                "none of its {garbage} entries is that of a file"
            )));
        }
        Ok(Project {
            name: name.to_owned(),
            url: page.url.clone(),
            files,
            warnings,
            from_memory,
        })
    }
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Html,
}

impl Format {
    fn of(content_type: Option<&str>, body: &str) -> Option<Self> {
        let kind = content_type.unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match kind {
            "application/vnd.pypi.simple.v1+html" | "text/html" | "application/xhtml+xml" => {
                Some(Self::Html)
            }
            // A later version of the JSON API is read for its version, which is then refused.
            "application/json" => Some(Self::Json),
            _ if kind.starts_with("application/vnd.pypi.simple.") && kind.ends_with("+json") => {
                Some(Self::Json)
            }
            "" | "text/plain" | "application/octet-stream" => match body.trim_start().get(..1) {
                Some("{") => Some(Self::Json),
                Some("<") => Some(Self::Html),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Minor versions only add. Source: PEP 629.
fn is_understood(version: &str) -> bool {
    version.split('.').next() == Some("1")
}

/// What a page says, before it is judged.
#[derive(Debug, Default)]
struct Listing {
    version: Option<String>,
    /// The package that the page says it is of.
    name: Option<String>,
    base: Option<String>,
    entries: Vec<entry::Entry>,
}
