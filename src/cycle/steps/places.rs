//! The repositories in which steps take place.

use crate::model::{RepositoryName, Step};

use super::Round;
use super::verdict::Verdict;

/// A repository, looked at in this round.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its name today.
    pub name: RepositoryName,
    /// The branch that counts where none is named.
    pub default_branch: String,
    /// Whether nothing can be started in it any more.
    pub is_archived: bool,
}

impl Round<'_> {
    /// Where a step takes place. A repository is known by its number from the first sight on: of
    /// another one under its name nothing is believed, and nothing is started in it.
    pub(super) async fn place(&mut self, step: &Step) -> Result<Place, Verdict> {
        let name = step.repository.as_ref().unwrap_or(self.request.repository);
        let key = name.to_string().to_ascii_lowercase();
        if let Some(place) = self.places.get(&key) {
            return Ok(place.clone());
        }
        let seen = self.request.github.repository(name).await;
        let repository = seen.map_err(|error| Verdict::of_read(&error))?;
        let subject = format!("repository:{key}");
        let id = repository.id.to_string();
        let ledger = self.request.ledger;
        let known = ledger
            .seen(&subject)
            .map_err(|error| Verdict::of_ledger(&error))?;
        match known {
            Some(known) if known.value != id => {
                return Err(Verdict::blocked(format!(
                    "{name} is another repository than before: its number is {id}, and was {}; if \
                     that is right, remove the ledger, or else go back to the old repository",
                    known.value
                )));
            }
            _ => self.note(&subject, &id),
        }
        let place = Place {
            name: repository.full_name,
            default_branch: repository.default_branch,
            is_archived: repository.archived,
        };
        self.places.insert(key, place.clone());
        Ok(place)
    }
}
