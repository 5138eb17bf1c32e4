//! Where GitHub is, who asks, and within which bounds.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use crate::fetch::ClientSettings;

/// In whose name GitHub is asked.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Nobody's: what is public can be read, 60 times an hour, and nothing be written.
    Anonymous,
    /// That of a token.
    Token(SecretString),
    /// That of the token in a file, which is read again when it changes.
    TokenFile(PathBuf),
    /// That of a GitHub App, in each repository through its installation there.
    App {
        /// The App's number.
        id: u64,
        /// The PEM file with its private key, PKCS#1 or PKCS#8.
        key_file: PathBuf,
    },
}

/// What time it is here.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How GitHub is asked.
#[derive(Clone)]
pub struct GithubSettings {
    /// The API's address: `https://api.github.com`, or `https://HOST/api/v3` of a GitHub
    /// Enterprise Server, with or without a slash at its end.
    pub api: Url,
    /// In whose name.
    pub identity: Identity,
    /// What that name is, for tokens that may not ask for it.
    pub login: Option<String>,
    /// Whether the token is the one that GitHub Actions gives to a job.
    pub in_actions: bool,
    /// The connection's bounds, and when reads are tried again.
    pub client: ClientSettings,
    /// How long after a write the next one is sent at the earliest.
    pub write_interval: Duration,
    /// The hosts beside the API's own that an artifact may come from, in lower case; one that
    /// starts with `*.` stands for all names below the rest.
    pub archive_hosts: Vec<String>,
    /// A bound on each answer, in bytes.
    pub answer_bytes: u64,
    /// A bound on the pages of each list.
    pub most_pages: u32,
    /// What time it is here.
    pub clock: Clock,
}

impl GithubSettings {
    /// The usual bounds.
    pub fn new(api: Url, identity: Identity) -> Self {
        Self {
            archive_hosts: archive_hosts(&api),
            api,
            identity,
            login: None,
            in_actions: false,
            client: ClientSettings::default(),
            write_interval: Duration::from_secs(1),
            answer_bytes: 16 << 20,
            most_pages: 50,
            clock: Arc::new(Utc::now),
        }
    }
}

impl fmt::Debug for GithubSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GithubSettings")
            .field("api", &crate::fetch::printable(&self.api))
            .field("identity", &self.identity)
            .field("login", &self.login)
            .field("in_actions", &self.in_actions)
            .field("write_interval", &self.write_interval)
            .field("archive_hosts", &self.archive_hosts)
            .field("answer_bytes", &self.answer_bytes)
            .field("most_pages", &self.most_pages)
            .finish_non_exhaustive()
    }
}

/// The hosts that the API at this address sends to for artifacts, beside its own.
///
/// Source: "Communicating with self-hosted runners", the hosts for artifacts.
pub fn archive_hosts(api: &Url) -> Vec<String> {
    match api.host_str() {
        Some("api.github.com") => vec![
            "*.actions.githubusercontent.com".to_owned(),
            "*.blob.core.windows.net".to_owned(),
        ],
        Some(host) => vec![format!("codeload.{host}"), format!("media.{host}")],
        None => Vec::new(),
    }
}
