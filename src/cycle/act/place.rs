//! What GitHub says of a repository: whether it is still the same, who we are in it, and which
//! issues trusted authors opened.

use std::collections::BTreeMap;

use crate::github::{Github, Issue, Me, Repository};
use crate::model::RepositoryName;
use crate::store::ledger::Ledger;

use super::{Actor, Mode};

/// The repositories of a cycle, each asked for once.
pub(super) struct Places<'a> {
    github: &'a Github,
    ledger: &'a Ledger,
    mode: Mode,
    now: chrono::DateTime<chrono::Utc>,
    known: BTreeMap<String, Result<(Repository, Me), String>>,
    issues: BTreeMap<(u64, String), Result<Vec<Issue>, String>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(actor: &Actor<'a>) -> Self {
        Self {
            github: actor.github,
            ledger: actor.ledger,
            mode: actor.mode,
            now: actor.now,
            known: BTreeMap::new(),
            issues: BTreeMap::new(),
        }
    }

    /// The repository of this name, and who we are in it.
    pub(super) async fn repository(
        &mut self,
        name: &RepositoryName,
    ) -> Result<(Repository, Me), String> {
        let key = name.to_string().to_ascii_lowercase();
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.ask(name, &key).await;
        self.known.insert(key, found.clone());
        found
    }

    async fn ask(&self, name: &RepositoryName, key: &str) -> Result<(Repository, Me), String> {
        let asked = self.github.repository(name).await;
        let repository = asked.map_err(|error| error.to_string())?;
        self.pin(name, key, repository.id)?;
        if repository.archived {
            return Err(format!(
                "{name} is archived: nothing can be written to it; take it out of the configuration"
            ));
        }
        if !repository.has_issues {
            return Err(format!(
                "issues are switched off in {name}: switch them on in its settings, or name \
                 another `repository`"
            ));
        }
        let me = self.github.me(&repository.full_name).await;
        Ok((repository, me.map_err(|error| error.to_string())?))
    }

    /// A name that leads to another repository than it did is not acted upon.
    fn pin(&self, name: &RepositoryName, key: &str, id: u64) -> Result<(), String> {
        let subject = format!("repository:{key}");
        let seen = self
            .ledger
            .seen(&subject)
            .map_err(|error| error.to_string())?;
        match seen {
            Some(seen) if seen.value != id.to_string() => Err(format!(
                "{name} is another repository than it was (its number is {id}, and was {}): \
                 nothing is done in it; if that is right, move the ledger away, and the next cycles \
                 begin anew with it",
                seen.value
            )),
            _ if self.mode == Mode::Plan => Ok(()),
            _ => self
                .ledger
                .see_daily(&subject, &id.to_string(), self.now)
                .map(|_| ())
                .map_err(|error| error.to_string()),
        }
    }

    /// The issues that these authors opened in a repository, each once.
    pub(super) async fn issues(
        &mut self,
        repository: &Repository,
        authors: &[String],
    ) -> Result<Vec<Issue>, String> {
        let mut all: BTreeMap<u64, Issue> = BTreeMap::new();
        for author in authors {
            let key = (repository.id, author.to_ascii_lowercase());
            if !self.issues.contains_key(&key) {
                let asked = self.github.issues_by(&repository.full_name, author).await;
                self.issues
                    .insert(key.clone(), asked.map_err(|error| error.to_string()));
            }
            match self.issues.get(&key) {
                Some(Ok(issues)) => {
                    all.extend(issues.iter().map(|issue| (issue.number, issue.clone())));
                }
                Some(Err(error)) => return Err(error.clone()),
                None => {}
            }
        }
        Ok(all.into_values().collect())
    }
}
