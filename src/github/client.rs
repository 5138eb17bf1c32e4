//! The client: reads are tried again and remembered, writes are sent once and one at a time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::fetch::{Client, Credentials as NoLogins, RateLimit, printable};

use super::endpoints::me::Me;
use super::error::GithubError;
use super::identity::Credentials;
use super::limits::Limits;
use super::memory::{AnswerMemory, WithinLife};
use super::route::Route;
use super::settings::{Clock, GithubSettings};
use super::transport::{Reply, Transport};

/// GitHub, as one identity sees it. Cloning it is cheap and shares everything.
#[derive(Clone)]
pub struct Github {
    pub(super) shared: Arc<Shared>,
    pub(super) memory: Arc<dyn AnswerMemory>,
}

/// What all clones share.
pub(super) struct Shared {
    pub(super) api: Url,
    pub(super) settings: GithubSettings,
    pub(super) credentials: Credentials,
    pub(super) transport: Transport,
    pub(super) limits: Limits,
    clock: Clock,
    /// What the latest `Date` said.
    server: Mutex<Option<ServerTime>>,
    /// When the last write ended.
    last_write: tokio::sync::Mutex<Option<DateTime<Utc>>>,
    pub(super) me: Mutex<Option<Me>>,
}

/// What time it is at GitHub, as an answer said.
#[derive(Clone, Copy)]
struct ServerTime {
    date: DateTime<Utc>,
    /// By how much this clock was behind it.
    behind: TimeDelta,
    /// What this clock showed then.
    here: DateTime<Utc>,
}

impl fmt::Debug for Github {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Github")
            .field("api", &printable(&self.shared.api))
            .finish_non_exhaustive()
    }
}

impl Github {
    /// A client. Nothing is asked yet.
    ///
    /// # Errors
    /// An address that is none, TLS that cannot be set up, a token or a key that cannot be used.
    pub fn new(settings: GithubSettings) -> Result<Self, GithubError> {
        let api = settings.api.clone();
        let is_address = matches!(api.scheme(), "http" | "https")
            && api.host().is_some()
            && api.username().is_empty()
            && api.password().is_none()
            && api.query().is_none()
            && api.fragment().is_none();
        if !is_address {
            return Err(GithubError::Identity {
                reason: format!(
                    "{} is no address of a GitHub API, such as https://api.github.com or \
                     https://ghe.example/api/v3 (without a login, a query and a fragment)",
                    printable(&api)
                ),
            });
        }
        // A netrc file may hold a login for GitHub that is not meant for this.
        let client = Client::new(settings.client.clone(), NoLogins::none())?;
        let shared = Shared {
            api,
            credentials: Credentials::of(&settings.identity)?,
            transport: Transport::new(client),
            limits: Limits::default(),
            clock: Arc::clone(&settings.clock),
            server: Mutex::default(),
            last_write: tokio::sync::Mutex::default(),
            me: Mutex::default(),
            settings,
        };
        Ok(Self {
            shared: Arc::new(shared),
            memory: Arc::new(WithinLife::default()),
        })
    }

    /// The same client, which remembers answers there.
    #[must_use]
    pub fn with_memory(mut self, memory: Arc<dyn AnswerMemory>) -> Self {
        self.memory = memory;
        self
    }

    /// The API's address.
    pub fn api(&self) -> &Url {
        &self.shared.api
    }

    /// Whether it asks in somebody's name, without which nothing can be written.
    pub fn has_identity(&self) -> bool {
        !matches!(self.shared.credentials, Credentials::Anonymous)
    }

    /// The `Date` of the latest answer.
    pub fn server_time(&self) -> Option<DateTime<Utc>> {
        self.server().map(|server| server.date)
    }

    /// How many requests were sent.
    pub fn requests(&self) -> u64 {
        self.shared.transport.sent()
    }

    /// What GitHub last said of its rate limit.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.shared.transport.client().rate_limit()
    }

    /// Until when nothing is asked, because GitHub has had enough.
    pub fn parked_until(&self) -> Option<DateTime<Utc>> {
        self.shared.limits.parked_until(self.now())
    }

    /// Asks nothing until then: what an earlier round was told.
    pub fn park(&self, until: Option<DateTime<Utc>>) {
        self.shared.limits.park(until, self.now());
    }

    fn server(&self) -> Option<ServerTime> {
        *self
            .shared
            .server
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is at GitHub, as far as this is known.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let here = (self.shared.clock)();
        // A clock that was set back since then is behind by something else.
        let known = self.server().filter(|server| here >= server.here);
        let behind = known.map(|server| server.behind);
        here.checked_add_signed(behind.unwrap_or_default())
            .unwrap_or(here)
    }

    /// Takes note of what time it is there. `Date` has whole seconds, so a small difference says
    /// nothing.
    pub(super) fn note_time(&self, reply: &Reply) {
        let date = reply
            .header("date")
            .and_then(|text| httpdate::parse_http_date(text).ok());
        if let Some(date) = date.map(DateTime::<Utc>::from) {
            let here = (self.shared.clock)();
            let behind = date - here;
            let behind = if behind.abs() < TimeDelta::seconds(2) {
                TimeDelta::zero()
            } else {
                behind
            };
            *self
                .shared
                .server
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(ServerTime { date, behind, here });
        }
    }

    /// The token for a request about a repository, or about none.
    async fn token(&self, route: &Route) -> Result<Option<SecretString>, GithubError> {
        match &self.shared.credentials {
            Credentials::Anonymous => Ok(None),
            Credentials::Token(token) => Ok(Some(token.clone())),
            Credentials::TokenFile(file) => file.token().map(Some),
            Credentials::App(app) => match &route.repository {
                // Boxed, as minting a token asks GitHub too.
                Some(repository) => Box::pin(app.token(self, repository, route.needs))
                    .await
                    .map(Some),
                None => Ok(None),
            },
        }
    }

    /// Whether there is another token than the one that was just refused.
    fn has_another(&self, refused: Option<&SecretString>) -> Result<bool, GithubError> {
        match (&self.shared.credentials, refused) {
            (Credentials::TokenFile(file), Some(refused)) => file.differs_from(refused),
            (Credentials::App(app), Some(refused)) => Ok(app.forget(refused)),
            _ => Ok(false),
        }
    }

    /// Asks with credentials; when they are refused and there are others, once more with those. A
    /// request that is refused so has done nothing.
    pub(super) async fn ask(
        &self,
        route: &Route,
        body: Option<&serde_json::Value>,
    ) -> Result<Reply, GithubError> {
        self.ask_at(route, &route.address(&self.shared.api), body)
            .await
    }

    /// As [`Github::ask`], at another address of the API, such as a list's next page.
    pub(super) async fn ask_at(
        &self,
        route: &Route,
        url: &Url,
        body: Option<&serde_json::Value>,
    ) -> Result<Reply, GithubError> {
        let token = self.token(route).await?;
        match self.attempts(route, url, token.as_ref(), body).await {
            Err(GithubError::Unauthorized { .. }) if self.has_another(token.as_ref())? => {
                let token = self.token(route).await?;
                self.attempts(route, url, token.as_ref(), body).await
            }
            done => done,
        }
    }

    /// Reads an answer's JSON.
    pub(super) fn parsed<T: DeserializeOwned>(
        &self,
        route: &Route,
        reply: &Reply,
    ) -> Result<T, GithubError> {
        serde_json::from_slice(&reply.body).map_err(|error| {
            if let Some(url) = &reply.remembered_at {
                self.memory.forget(url.as_str());
            }
            let asked = route.asked();
            match reply.body.is_empty() {
                true => asked.shape(format!("it is empty (status {})", reply.status)),
                // serde's own words quote values only as far as they are short words and numbers.
                false => asked.shape(super::error::words_of_github(&error.to_string(), 200)),
            }
        })
    }

    /// Reads one thing.
    pub(super) async fn read<T: DeserializeOwned>(&self, route: &Route) -> Result<T, GithubError> {
        let reply = self.ask(route, None).await?;
        self.parsed(route, &reply)
    }

    /// Reads one thing that may not be there.
    pub(super) async fn read_if_there<T: DeserializeOwned>(
        &self,
        route: &Route,
    ) -> Result<Option<T>, GithubError> {
        match self.read(route).await {
            Err(GithubError::NotFound { .. }) => Ok(None),
            done => done.map(Some),
        }
    }

    /// Reads the bytes of something that may not be there.
    pub(super) async fn bytes_if_there(
        &self,
        route: &Route,
    ) -> Result<Option<Vec<u8>>, GithubError> {
        match self.ask(route, None).await {
            Err(GithubError::NotFound { .. }) => Ok(None),
            done => done.map(|reply| Some(reply.body)),
        }
    }

    /// Sends a write, once, when its turn has come.
    async fn write_once(&self, route: &Route, body: &impl Serialize) -> Result<Reply, GithubError> {
        let body = serde_json::to_value(body)
            .map_err(|error| route.asked().shape(format!("the request itself: {error}")))?;
        if !self.has_identity() {
            return Err(nobody());
        }
        let shared = &self.shared;
        let mut last = shared.last_write.lock().await;
        let interval = TimeDelta::from_std(shared.settings.write_interval).unwrap_or_default();
        if let Some(last) = *last {
            let since = ((shared.clock)() - last).max(TimeDelta::zero());
            if let Ok(wait) = (interval - since).to_std()
                && !wait.is_zero()
            {
                shared.transport.client().pause(wait).await;
            }
        }
        let done = self.ask(route, Some(&body)).await;
        *last = Some((shared.clock)());
        done
    }

    /// Writes, and reads what became of it.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        route: &Route,
        body: &impl Serialize,
    ) -> Result<T, GithubError> {
        let reply = self.write_once(route, body).await?;
        self.parsed(route, &reply)
    }

    /// Writes, and reads what became of it where GitHub says so.
    pub(super) async fn write_with_optional_answer<T: DeserializeOwned>(
        &self,
        route: &Route,
        body: &impl Serialize,
    ) -> Result<Option<T>, GithubError> {
        let reply = self.write_once(route, body).await?;
        if reply.status == 204 || reply.body.is_empty() {
            return Ok(None);
        }
        self.parsed(route, &reply).map(Some)
    }

    /// Writes what has no answer.
    pub(super) async fn write_without_answer(
        &self,
        route: &Route,
        body: &impl Serialize,
    ) -> Result<(), GithubError> {
        self.write_once(route, body).await.map(|_| ())
    }
}

pub(super) fn nobody() -> GithubError {
    GithubError::Identity {
        reason: "there is no GitHub token and no GitHub App, so nothing can be written to GitHub: \
                 set one"
            .to_owned(),
    }
}
