//! What a new archive of release-metadata means beside the last one.

use chrono::{DateTime, Utc};

use crate::feeds::alarm;
use crate::feeds::archive::{self, Files};
use crate::feeds::belief::Heard;
use crate::feeds::copies::{ArchiveCopy, Copies, LifeTimesCopy, Notes, Refused};
use crate::feeds::error::{Failure, FeedError};
use crate::feeds::metadata::{self, Metadata};
use crate::feeds::revisions::Revisions;
use crate::model::{FactsOrigin, LifeTime, OpensslFacts};

use super::parsed::{Parsed, Records};
use super::{Moved, VERSION, archive_at, latest};

/// The archive that was last believed, with what it says.
pub(super) struct Kept {
    pub(super) copy: ArchiveCopy,
    records: Records,
}

impl Kept {
    /// What is remembered; a copy that cannot be read is none, and all of it is asked for again.
    pub(super) fn recall(copies: &Copies<'_>, parsed: &Parsed, limit: u64) -> Option<Self> {
        let copy = copies.archive()?;
        let records = parsed.records(&copy, limit)?;
        Some(Self { copy, records })
    }

    fn metadata(&self) -> Metadata {
        self.records.metadata.as_ref().clone()
    }
}

/// What a round knows.
pub(super) struct Round<'a> {
    pub(super) copies: &'a Copies<'a>,
    pub(super) built_in: &'a OpensslFacts,
    pub(super) now: DateTime<Utc>,
    pub(super) limit: u64,
    /// What could not be read; sentences.
    pub(super) warnings: Vec<String>,
}

type Said<T> = Result<T, Failure>;

impl Round<'_> {
    /// Takes in whether the archive moved, and what it says. A part that is not believed takes the
    /// other one's belief away from nobody.
    pub(super) fn take(
        &mut self,
        notes: &mut Notes,
        kept: Option<Kept>,
        moved: Result<Moved, FeedError>,
    ) -> (Heard<Metadata>, Heard<Vec<LifeTime>>) {
        let kept_life_times = self.copies.life_times().and_then(|copy| {
            let (life_times, _) = metadata::life_times(Some(&copy.text)).ok()?;
            let as_of = latest(copy.fetched, notes.life_times_confirmed);
            Some((life_times, as_of))
        });
        let before = kept_life_times.as_ref().map(|(known, _)| known.as_slice());
        let (advisories, life_times) = match (moved, &kept) {
            (Ok(Moved::To(fresh)), _) => self.judge(notes, &fresh, kept.as_ref(), before),
            (Ok(Moved::No), Some(kept)) => (
                Ok(kept.metadata()),
                self.life_times(&kept.records.files, &kept.copy.commit, before),
            ),
            // Nothing is conditional without a copy.
            (Ok(Moved::No), None) => (Ok(Metadata::default()), Ok(Vec::new())),
            (Ok(Moved::Refused(refused)), _) => {
                let failure = self.refused(&refused.commit, &refused.reason);
                let believed = before.filter(|_| refused.life_times_believed);
                let life_times = believed
                    .map(<[LifeTime]>::to_vec)
                    .ok_or_else(|| failure.clone());
                (Err(failure), life_times)
            }
            (Err(error), _) => {
                let failure = Failure::from(error);
                (Err(failure.clone()), Err(failure))
            }
        };
        let advisories_as_of = kept
            .as_ref()
            .map(|kept| latest(kept.copy.fetched, notes.advisories_confirmed));
        if advisories.is_ok() {
            notes.advisories_confirmed = Some(self.now);
        }
        if life_times.is_ok() {
            notes.life_times_confirmed = Some(self.now);
        }
        (
            self.heard(
                advisories,
                kept.map(|kept| kept.metadata()).zip(advisories_as_of),
            ),
            self.heard(life_times, kept_life_times),
        )
    }

    fn heard<T>(&self, now: Said<T>, copy: Option<(T, chrono::NaiveDate)>) -> Heard<T> {
        Heard {
            now,
            from: FactsOrigin::Network,
            as_of: self.now.date_naive(),
            copy,
        }
    }

    /// Judges a new archive, and remembers the parts of it that are believed.
    fn judge(
        &mut self,
        notes: &mut Notes,
        fresh: &ArchiveCopy,
        kept: Option<&Kept>,
        before: Option<&[LifeTime]>,
    ) -> (Said<Metadata>, Said<Vec<LifeTime>>) {
        let read = archive::read(&fresh.archive, self.limit);
        let advisories = read.as_ref().map_err(Clone::clone).and_then(|files| {
            let metadata = metadata::advisories(files)?;
            let known = kept.map(|kept| kept.records.metadata.advisories.as_slice());
            alarm::advisories(&metadata.advisories, known, self.built_in)?;
            Ok(metadata)
        });
        if let Ok(metadata) = &advisories {
            self.copies.remember_archive(fresh);
            self.note_revisions(metadata);
        }
        let life_times = match &read {
            Ok(files) => self.life_times(files, &fresh.commit, before),
            Err(reason) => Err(self.refused(&fresh.commit, reason)),
        };
        let text = read
            .ok()
            .and_then(|mut files| files.by_path.remove("data.json"));
        if let (Ok(_), Some(text)) = (&life_times, text) {
            self.copies.remember_life_times(&LifeTimesCopy {
                fetched: fresh.fetched,
                text,
            });
        }
        notes.refused = advisories.as_ref().err().map(|reason| Refused {
            commit: fresh.commit.clone(),
            by: VERSION.to_owned(),
            reason: reason.clone(),
            life_times_believed: life_times.is_ok(),
        });
        let said = |reason: String| self.refused(&fresh.commit, &reason);
        (advisories.map_err(said), life_times)
    }

    fn refused(&self, commit: &str, reason: &str) -> Failure {
        FeedError::shape(archive_at(commit), reason).into()
    }

    fn life_times(
        &mut self,
        files: &Files,
        commit: &str,
        before: Option<&[LifeTime]>,
    ) -> Said<Vec<LifeTime>> {
        let text = files.by_path.get("data.json").map(Vec::as_slice);
        let today = self.now.date_naive();
        let read = metadata::life_times(text).and_then(|(life_times, unreadable)| {
            alarm::life_times(&life_times, before, self.built_in, today)?;
            self.warnings.extend(unreadable);
            Ok(life_times)
        });
        read.map_err(|reason| self.refused(commit, &reason))
    }

    fn note_revisions(&self, metadata: &Metadata) {
        let mut revisions: Revisions = self.copies.document("revisions");
        let before = revisions.clone();
        for cve in revisions.note(&metadata.advisories, self.now) {
            tracing::info!("the record of {cve} was edited since it was last seen");
        }
        if revisions != before {
            self.copies.remember_document("revisions", &revisions);
        }
    }
}
