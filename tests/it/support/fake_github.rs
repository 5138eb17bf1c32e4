//! GitHub over loopback: stateful, with faults, a clock of its own and a journal. Every request
//! and every answer of its own is checked against GitHub's description of its API; what does not
//! fit fails the test when the fake is dropped.
//!
//! The API is on `127.0.0.1`, the archives of artifacts on `localhost` at another port, where no
//! login may arrive.

mod access;
mod actions;
mod answers;
mod faults;
mod journal;
mod people;
mod render;
mod repository;
mod responding;
mod schema;
mod serving;
mod spoiling;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};

pub use access::{Access, App, Level, Token};
pub use actions::{Artifact, Input, Job, Run, Workflow};
pub use faults::{Fault, Hold, Matcher, When};
pub use journal::Entry;
pub use repository::Issue;
pub use schema::{Operation, problems_of};
pub use world::{Lag, Listed, Stored};

use super::server::Server;
use faults::{Armed, Happening};
use serving::Origin;
use world::{Lagging, World};

/// The private key of every App of the fake, as GitHub hands one out. It is for tests alone.
pub const APP_KEY: &str = include_str!("../../fixtures/github/app-key.pem");

/// When the fake's clock begins.
const BEGINNING: &str = "2026-10-23T12:00:00Z";

/// The fake. It ends when it is dropped.
pub struct FakeGithub {
    api: Server,
    archives: Server,
    world: Arc<Mutex<World>>,
}

impl FakeGithub {
    /// Starts with nothing in it, at noon of a day in October 2026.
    pub fn start() -> Self {
        Self::start_at(BEGINNING.parse().unwrap())
    }

    /// Starts at this moment, for the real command, which goes by the clock.
    pub fn start_at(now: DateTime<Utc>) -> Self {
        let world = Arc::new(Mutex::new(World::new(now)));
        let serve = |archives| {
            let origin = Origin {
                world: Arc::clone(&world),
                archives,
            };
            Server::start(Router::new().fallback(serving::answer).with_state(origin))
        };
        let (api, archives) = (serve(false), serve(true));
        let fake = Self {
            api,
            archives,
            world,
        };
        let (api, archives) = (fake.origin(), fake.archives_url());
        fake.change(|world| {
            world.api = api;
            world.archives = archives;
        });
        fake
    }

    /// An Enterprise Server: below `/api/v3`, and without the details of a dispatched run.
    #[must_use]
    pub fn enterprise(self) -> Self {
        let origin = self.origin();
        self.change(|world| {
            world.enterprise = true;
            world.api = format!("{origin}/api/v3");
            world.web = origin;
        });
        self
    }

    fn origin(&self) -> String {
        format!("http://{}", self.api.address())
    }

    /// The root of the API.
    pub fn url(&self) -> String {
        self.world().api.clone()
    }

    /// Another host, where archives are, and where no login may arrive.
    pub fn archives_url(&self) -> String {
        format!("http://localhost:{}", self.archives.address().port())
    }

    /// How many connections the API has accepted.
    pub fn connections(&self) -> usize {
        self.api.connections()
    }

    /// What time it is on the fake's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.world().now
    }

    /// Moves the fake's clock. Each write moves it by one second beside that.
    pub fn advance(&self, by: Duration) -> &Self {
        self.change(|world| world.now += by)
    }

    /// Makes a token known. Who has it gets an account.
    pub fn token(&self, text: &str, token: Token) -> &Self {
        self.change(|world| {
            world.account(&token.login);
            world.tokens.insert(text.to_owned(), token);
        })
    }

    /// The tokens that Apps got for their installations.
    pub fn minted(&self) -> Vec<String> {
        let world = self.world();
        let all = world.tokens.keys().filter(|text| text.starts_with("ghs_"));
        all.cloned().collect()
    }

    /// Forgets a token: 401 from now on.
    pub fn revoke(&self, text: &str) -> &Self {
        self.change(|world| {
            world.tokens.remove(text);
        })
    }

    /// Makes an App that is installed on these repositories; its key is `APP_KEY`. Gives the
    /// number of the installation.
    pub fn app(&self, id: u64, slug: &str, repositories: &[&str], access: Access) -> u64 {
        let text: String = APP_KEY
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect();
        let key = BASE64_STANDARD.decode(text).unwrap();
        let mut world = self.world();
        let installation = world.id();
        let mut app = App::new(id, installation, slug, &key);
        app.access = access;
        app.repositories = repositories.iter().map(|&one| one.to_owned()).collect();
        world.apps.push(app);
        installation
    }

    /// Changes an App.
    pub fn edit_app(&self, id: u64, edit: impl FnOnce(&mut App)) -> &Self {
        self.change(|world| edit(world.apps.iter_mut().find(|app| app.id == id).unwrap()))
    }

    /// So many requests in an hour, of which so many are used.
    pub fn rate_limit(&self, limit: u64, used: u64) -> &Self {
        self.change(|world| {
            world.rate.limit = limit;
            world.rate.used = used;
        })
    }

    /// Lets something go wrong with these requests.
    pub fn fault(&self, matcher: Matcher, fault: Fault) -> &Self {
        self.arm(matcher, Happening::Fault(fault))
    }

    /// Holds the next request that fits, before or after it is stored, until the test lets it go.
    /// It goes on also when its client is dead by then.
    pub fn hold(&self, matcher: Matcher, when: When) -> Hold {
        let (hold, held) = Hold::new();
        let held = Arc::new(Mutex::new(Some(held)));
        self.arm(matcher, Happening::Hold(when, held));
        hold
    }

    fn arm(&self, matcher: Matcher, happening: Happening) -> &Self {
        self.change(|world| {
            world.armed.push(Armed {
                matcher,
                seen: 0,
                happening,
            });
        })
    }

    /// Nothing goes wrong any more.
    pub fn unbroken(&self) -> &Self {
        self.change(|world| {
            world.armed.clear();
            world.lagging.clear();
        })
    }

    /// Lists of this kind show what is there now, whatever is written from now on.
    pub fn lag(&self, listed: Listed, lag: Lag) -> &Self {
        self.change(|world| {
            let (requests, until) = match lag {
                Lag::Requests(requests) => (requests, DateTime::<Utc>::MAX_UTC),
                Lag::For(by) => (usize::MAX, world.now + by),
            };
            world.lagging.push(Lagging {
                listed,
                before: world.repositories.clone(),
                requests,
                until,
            });
        })
    }

    /// What was asked so far, in order.
    pub fn requests(&self) -> Vec<Entry> {
        self.world().journal.clone()
    }

    /// The requests so far that asked for a change.
    pub fn writes(&self) -> Vec<Entry> {
        let mut all = self.requests();
        all.retain(Entry::is_write);
        all
    }

    /// Forgets what was asked so far. Not while a request is under way.
    pub fn forget_requests(&self) -> &Self {
        self.change(|world| world.journal.clear())
    }

    /// Waits until no write is under way.
    pub fn settle(&self) -> &Self {
        while self.world().writing > 0 {
            std::thread::yield_now();
        }
        self
    }

    /// The most writes that were ever under way at once.
    pub fn most_writes_at_once(&self) -> usize {
        self.world().most_writing
    }

    /// What did not fit GitHub's description so far; forgets it.
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.world().violations)
    }

    /// Asserts that everything fitted GitHub's description.
    #[track_caller]
    pub fn assert_clean(&self) {
        let violations = self.take_violations();
        assert!(violations.is_empty(), "{}", violations.join("\n"));
    }

    /// Everything that is stored now, and the moment.
    pub fn stored(&self) -> Stored {
        let world = self.world();
        Stored {
            now: world.now,
            repositories: world.repositories.clone(),
        }
    }

    /// Goes back to what was stored then: nothing was asked since, and nothing goes wrong.
    pub fn restore(&self, stored: &Stored) -> &Self {
        self.unbroken().forget_requests();
        self.change(|world| {
            world.now = stored.now;
            world.repositories.clone_from(&stored.repositories);
        })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut World)) -> &Self {
        change(&mut self.world());
        self
    }
}

impl Drop for FakeGithub {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            let violations = std::mem::take(&mut world.violations);
            drop(world);
            assert!(violations.is_empty(), "{}", violations.join("\n"));
        }
    }
}
