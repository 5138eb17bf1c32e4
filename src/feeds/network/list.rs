//! What a new list of releases means beside the last one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::feeds::belief::Heard;
use crate::feeds::copies::{Copies, Notes, ReleasesCopy};
use crate::feeds::error::{Failure, FeedError};
use crate::feeds::github::GithubFeeds;
use crate::feeds::missing;
use crate::feeds::releases::Listing;
use crate::model::{FactsOrigin, Release};

use super::latest;

/// Takes in what was listed, and asks for the releases that are gone from it.
pub(super) async fn take(
    github: &GithubFeeds,
    copies: &Copies<'_>,
    notes: &mut Notes,
    kept: Option<(ReleasesCopy, Listing)>,
    listed: Result<Option<(ReleasesCopy, Listing)>, FeedError>,
    now: DateTime<Utc>,
) -> Heard<Listing> {
    let today = now.date_naive();
    let confirmed = notes.releases_confirmed;
    let copy = kept.map(|(copy, listing)| (listing, latest(copy.fetched, confirmed)));
    let mut to_remember = None;
    let now_said = match (listed, &copy) {
        (Ok(None), Some((listing, _))) => Ok(listing.clone()),
        (Ok(Some((fresh, listing))), _) => {
            to_remember = Some(fresh);
            Ok(listing)
        }
        // Nothing is conditional without a copy.
        (Ok(None), None) => Ok(Listing::default()),
        (Err(error), _) => Err(Failure::from(error)),
    };
    if let Ok(listing) = &now_said {
        notes.releases_confirmed = Some(now);
        let before = copy
            .as_ref()
            .map(|(before, _)| facts_by_tag(before))
            .unwrap_or_default();
        missing::note(&mut notes.missing, &before, listing, now);
        if let Some(fresh) = to_remember {
            // First what is gone: whoever is interrupted in between would never notice it again.
            copies.remember_notes(notes);
            copies.remember_releases(&fresh);
        }
        for tag in missing::to_ask(&notes.missing, now) {
            // Nobody counts as gone because nobody answered.
            let Ok(exists) = github.has_release(&tag, now).await else {
                break;
            };
            missing::answered(&mut notes.missing, &tag, exists, now);
        }
        let said = listing
            .releases
            .iter()
            .filter(|one| one.announcement.withdrawn);
        notes.withdrawn = said
            .map(|one| {
                let seen = notes.withdrawn.get(&one.version).copied();
                (one.version.clone(), seen.unwrap_or(today))
            })
            .collect();
    }
    Heard {
        now: now_said,
        from: FactsOrigin::Network,
        as_of: today,
        copy,
    }
}

fn facts_by_tag(listing: &Listing) -> BTreeMap<String, Release> {
    let facts = listing
        .releases
        .iter()
        .map(|one| (one.tag.clone(), one.fact(None, None)));
    facts.collect()
}
