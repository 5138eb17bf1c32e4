//! All that the fake knows.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};

use super::access::{App, Token};
use super::actions::{Artifact, Run, Workflow};
use super::faults::Armed;
use super::journal::Entry;
use super::repository::{Comment, Issue, Repository};

/// Somebody with a login. Those whose login ends in `[bot]` are bots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: u64,
    pub login: String,
}

impl Account {
    pub fn kind(&self) -> &'static str {
        if self.login.ends_with("[bot]") {
            "Bot"
        } else {
            "User"
        }
    }
}

/// Lists that can lag behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    Issues,
    Comments,
    Runs,
}

/// For how long a list shows what was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    /// For so many lists that would have shown something else.
    Requests(usize),
    /// Until the fake's clock has moved by this.
    For(std::time::Duration),
}

/// What the fake had stored at a moment.
#[derive(Clone, Debug)]
pub struct Stored {
    pub(super) now: DateTime<Utc>,
    pub(super) repositories: BTreeMap<u64, Repository>,
}

/// A lag that began.
#[derive(Clone, Debug)]
pub(super) struct Lagging {
    pub listed: Listed,
    pub before: BTreeMap<u64, Repository>,
    pub requests: usize,
    pub until: DateTime<Utc>,
}

/// The primary limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct RateLimit {
    pub limit: u64,
    pub used: u64,
    pub reset: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) struct World {
    pub now: DateTime<Utc>,
    /// How many writes were stored.
    pub writes: usize,
    pub last_id: u64,
    pub accounts: BTreeMap<String, Account>,
    pub tokens: HashMap<String, Token>,
    pub apps: Vec<App>,
    /// By number. Those that were replaced have no name any more.
    pub repositories: BTreeMap<u64, Repository>,
    /// From former names in lower case to numbers.
    pub renamed: HashMap<String, u64>,
    pub journal: Vec<Entry>,
    pub violations: Vec<String>,
    pub armed: Vec<Armed>,
    pub lagging: Vec<Lagging>,
    pub rate: RateLimit,
    pub enterprise: bool,
    /// The root of the API.
    pub api: String,
    /// Where the pages for people are.
    pub web: String,
    /// The server of archives.
    pub archives: String,
    /// Writes that are under way now, and the most there ever were.
    pub writing: usize,
    pub most_writing: usize,
}

impl World {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            now,
            writes: 0,
            last_id: 1000,
            accounts: BTreeMap::new(),
            tokens: HashMap::new(),
            apps: Vec::new(),
            repositories: BTreeMap::new(),
            renamed: HashMap::new(),
            journal: Vec::new(),
            violations: Vec::new(),
            armed: Vec::new(),
            lagging: Vec::new(),
            rate: RateLimit {
                limit: 5000,
                used: 0,
                reset: now + Duration::hours(1),
            },
            enterprise: false,
            api: String::new(),
            web: "https://github.com".to_owned(),
            archives: String::new(),
            writing: 0,
            most_writing: 0,
        }
    }

    /// A number that nothing has had. They grow.
    pub fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Moves the clock for a write that is about to be stored, and says what it is then.
    pub fn write(&mut self) -> DateTime<Utc> {
        self.writes += 1;
        self.now += Duration::seconds(1);
        self.now
    }

    /// The account of a login, which is made when it is new.
    pub fn account(&mut self, login: &str) -> Account {
        if let Some(known) = self.accounts.get(login) {
            return known.clone();
        }
        let id = self.id();
        let login = login.to_owned();
        let account = Account {
            id,
            login: login.clone(),
        };
        self.accounts.insert(login, account.clone());
        account
    }

    /// The repository that has this name now.
    pub fn named(&self, full_name: &str) -> Option<&Repository> {
        self.repositories
            .values()
            .find(|one| one.full_name.eq_ignore_ascii_case(full_name))
    }

    /// The same, for a test that knows that it is there.
    pub fn named_mut(&mut self, full_name: &str) -> &mut Repository {
        self.repositories
            .values_mut()
            .find(|one| one.full_name.eq_ignore_ascii_case(full_name))
            .unwrap_or_else(|| panic!("the fake has no repository {full_name}"))
    }

    pub fn run_mut(&mut self, id: u64) -> &mut Run {
        self.repositories
            .values_mut()
            .flat_map(|one| one.runs.iter_mut())
            .find(|run| run.id == id)
            .unwrap_or_else(|| panic!("the fake has no run {id}"))
    }

    pub fn artifact(&self, id: u64) -> Option<&Artifact> {
        self.repositories
            .values()
            .flat_map(|one| &one.runs)
            .flat_map(|run| &run.artifacts)
            .find(|one| one.id == id)
    }

    /// The issues as lists show them now.
    pub fn listed_issues(&mut self, repository: u64) -> Vec<Issue> {
        self.listed(Listed::Issues, repository, |one| one.issues.clone())
    }

    /// The comments of an issue as lists show them now.
    pub fn listed_comments(&mut self, repository: u64, number: u64) -> Vec<Comment> {
        self.listed(Listed::Comments, repository, |one| {
            let issue = one.issues.iter().find(|issue| issue.number == number);
            issue.map_or_else(Vec::new, |issue| issue.comments.clone())
        })
    }

    /// The runs as lists show them now.
    pub fn listed_runs(&mut self, repository: u64) -> Vec<Run> {
        self.listed(Listed::Runs, repository, |one| one.runs.clone())
    }

    fn listed<T: PartialEq>(
        &mut self,
        listed: Listed,
        repository: u64,
        of: impl Fn(&Repository) -> Vec<T>,
    ) -> Vec<T> {
        let current = of(&self.repositories[&repository]);
        let now = self.now;
        self.lagging
            .retain(|lag| lag.requests > 0 && now < lag.until);
        let mut lags = self.lagging.iter_mut();
        let Some(lag) = lags.find(|lag| lag.listed == listed) else {
            return current;
        };
        let before = lag.before.get(&repository).map_or_else(Vec::new, of);
        if before != current {
            lag.requests -= 1;
        }
        before
    }

    /// The workflow of a repository by its file's name or its number.
    pub fn workflow(&self, repository: u64, name: &str) -> Option<&Workflow> {
        let workflows = &self.repositories[&repository].workflows;
        workflows
            .iter()
            .find(|one| one.file == name || one.id.to_string() == name)
    }
}
