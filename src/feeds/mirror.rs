//! Making a local mirror: `rewheel openssl pull`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::model::OpensslFacts;
use crate::source::Sha256Sum;

use super::copies::{ArchiveCopy, ReleasesCopy};
use super::directory::{self, MANIFEST, Manifest, Member, SCHEMA};
use super::error::FeedError;
use super::github::GithubFeeds;
use super::network::Moved;
use super::releases::{self, Listing};
use super::{alarm, archive, metadata, network};

/// A mirror that could not be made; the one that was there is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PullError {
    /// A feed cannot be had, or is not believed.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The folder is something else.
    #[error("{} is not pulled into: {reason}; name a new or empty folder, or a mirror", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What it is.
        reason: String,
    },
    /// It cannot be written.
    #[error("the mirror {} cannot be written: {source}", path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// What was pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// How many releases the list names.
    pub releases: usize,
    /// How many advisories there are.
    pub advisories: usize,
    /// How many series have a life time.
    pub series: usize,
}

/// Pulls a mirror into a folder. All of it is fetched and believed before anything is written, and
/// `mirror.json` is put in its place at last: whoever interrupts it leaves the old mirror whole.
///
/// # Errors
/// A feed cannot be had or is not believed, or the folder is no mirror or cannot be written.
pub async fn pull(
    github: &GithubFeeds,
    folder: &Path,
    built_in: &OpensslFacts,
    now: DateTime<Utc>,
) -> Result<Pulled, PullError> {
    check_folder(folder)?;
    let before = directory::read(folder, github.limit()).ok();
    let before: Option<Listing> =
        before.and_then(|mirror| releases::read(mirror.releases.iter().map(Vec::as_slice)).ok());
    let kept = before.map(|listing| {
        let none = ReleasesCopy {
            fetched: now,
            pages: Vec::new(),
        };
        (none, listing)
    });
    let (list, records) = tokio::join!(
        network::releases(github, kept.as_ref(), built_in, now),
        network::archive(github, None, None, now),
    );
    let changed = |place: &str| {
        FeedError::shape(
            place,
            "it answers that nothing changed to a question without a condition",
        )
    };
    let (list, listing) = list?.ok_or_else(|| changed("the list of releases"))?;
    let Moved::To(records) = records? else {
        return Err(changed("openssl/release-metadata").into());
    };
    let (advisories, series) = believed(&records, github.limit(), built_in, now)?;
    write(folder, &github.server(), &list, &records).map_err(|source| PullError::Write {
        path: folder.to_owned(),
        source,
    })?;
    Ok(Pulled {
        releases: listing.releases.len(),
        advisories,
        series,
    })
}

fn check_folder(folder: &Path) -> Result<(), PullError> {
    let refused = |reason: &str| PullError::Folder {
        path: folder.to_owned(),
        reason: reason.to_owned(),
    };
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refused(&error.to_string())),
        Ok(found) if !found.is_dir() => return Err(refused("it is no folder")),
        Ok(_) => {}
    }
    let mut entries = std::fs::read_dir(folder).map_err(|error| refused(&error.to_string()))?;
    let is_foreign =
        entries.any(|entry| entry.is_ok_and(|entry| !is_own(&entry.file_name().to_string_lossy())));
    let is_mirror = folder.join(MANIFEST).is_file();
    if is_foreign && !is_mirror {
        return Err(refused("it holds other files and no mirror"));
    }
    Ok(())
}

/// Whether a file is one that a pull wrote, or began to.
fn is_own(name: &str) -> bool {
    name == MANIFEST
        || name.starts_with("releases-")
        || name.starts_with("release-metadata-")
        || name.starts_with(BEGUN)
}

const BEGUN: &str = ".pull-";

fn believed(
    records: &ArchiveCopy,
    limit: u64,
    built_in: &OpensslFacts,
    now: DateTime<Utc>,
) -> Result<(usize, usize), FeedError> {
    let read = || -> Result<(usize, usize), String> {
        let files = archive::read(&records.archive, limit)?;
        let found = metadata::advisories(&files)?;
        alarm::advisories(&found.advisories, None, built_in)?;
        let text = files.by_path.get("data.json").map(Vec::as_slice);
        let (life_times, _) = metadata::life_times(text)?;
        alarm::life_times(&life_times, None, built_in, now.date_naive())?;
        Ok((found.advisories.len(), life_times.len()))
    };
    let place = format!("openssl/release-metadata at {}", records.commit);
    read().map_err(|reason| FeedError::shape(place, reason))
}

fn write(
    folder: &Path,
    api: &str,
    list: &ReleasesCopy,
    records: &ArchiveCopy,
) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    // Files are named by what they hold, so that none of the old mirror's is written over.
    let member = |stem: &str, end: &str, bytes: &[u8]| -> std::io::Result<Member> {
        let sha256 = Sha256Sum::of(bytes);
        let file = format!("{stem}-{}{end}", sha256.get(..16).unwrap_or_default());
        put(folder, &file, bytes)?;
        Ok(Member { file, sha256 })
    };
    let mut pages = Vec::new();
    for (at, body) in list.bodies().enumerate() {
        pages.push(member(
            &format!("releases-{}", at.saturating_add(1)),
            ".json",
            body,
        )?);
    }
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        pulled_at: list.fetched,
        api: api.to_owned(),
        commit: records.commit.clone(),
        releases: pages,
        release_metadata: member("release-metadata", ".tar.gz", &records.archive)?,
    };
    sync_folder(folder)?;
    let mut text = serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::other)?;
    text.push(b'\n');
    put(folder, MANIFEST, &text)?;
    sync_folder(folder)?;
    remove_others(folder, &manifest);
    Ok(())
}

/// Writes a file so that it is there as a whole or not at all.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(BEGUN).tempfile_in(folder)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        // A mirror is read by others too.
        use std::os::unix::fs::PermissionsExt;
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(folder.join(name))
        .map_err(|error| error.error)?;
    Ok(())
}

/// Makes sure that the names in a folder are on the disk; only Unix can open a folder for that.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Removes what earlier pulls left. That some of it stays does no harm.
fn remove_others(folder: &Path, manifest: &Manifest) {
    let mut kept: BTreeSet<&str> = manifest
        .releases
        .iter()
        .map(|member| member.file.as_str())
        .collect();
    kept.extend([MANIFEST, manifest.release_metadata.file.as_str()]);
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_own(&name) && !kept.contains(name.as_str()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
