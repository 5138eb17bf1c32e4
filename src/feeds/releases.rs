//! Releases as GitHub lists those of openssl/openssl.
//!
//! Source: "List releases", <https://docs.github.com/rest/releases/releases>, version 2022-11-28.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::model::{Asset, OpensslVersion, Release, ReleaseKind};
use crate::source::is_sha256;

use super::news::{self, Announcement};

/// One release of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its tag.
    pub tag: String,
    /// Its version.
    pub version: OpensslVersion,
    /// When it was published.
    pub published: DateTime<Utc>,
    /// Whether it is an alpha, beta or `pre`, by its version or by the list's word.
    pub pre_release: bool,
    /// What it says of itself.
    pub announcement: Announcement,
    /// Its files.
    pub assets: Vec<Asset>,
}

/// What the pages of the list say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The published releases of OpenSSL versions, in the list's order, each version once.
    pub releases: Vec<Listed>,
    /// The tags of drafts: not published, so they count for nothing.
    pub drafts: Vec<String>,
    /// What could not be read; sentences.
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Entry {
    tag_name: String,
    #[serde(deserialize_with = "present")]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    body: Option<String>,
    draft: bool,
    prerelease: bool,
    created_at: DateTime<Utc>,
    #[serde(deserialize_with = "present")]
    published_at: Option<DateTime<Utc>>,
    assets: Vec<Value>,
}

#[derive(Deserialize)]
struct AssetEntry {
    name: String,
    #[serde(default)]
    digest: Option<String>,
    size: u64,
    state: String,
    browser_download_url: String,
}

/// A field that may be null, but must be there: without it the form has changed.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// Reads the pages of the list, newest first. A release that cannot be read is a warning with its
/// tag; the others stand. Of a release that is on two pages, because another one came out between
/// the two requests, the first stands.
///
/// # Errors
/// A reason for people: a page is no list, there is no release of OpenSSL at all, or most entries
/// cannot be read.
pub fn read<'a>(pages: impl IntoIterator<Item = &'a [u8]>) -> Result<Listing, String> {
    let mut listing = Listing::default();
    let (mut entries, mut unreadable) = (0_usize, Vec::new());
    for page in pages {
        let values: Vec<Value> =
            serde_json::from_slice(page).map_err(|error| not_a_list(page, &error))?;
        for value in values {
            entries = entries.saturating_add(1);
            let tag = shortened(value.get("tag_name").and_then(Value::as_str).unwrap_or("?"));
            match serde_json::from_value::<Entry>(value) {
                Ok(entry) => add(&mut listing, entry),
                Err(error) => {
                    unreadable.push(format!("the release {tag:?} cannot be read: {error}"))
                }
            }
        }
    }
    if entries == 0 {
        return Err("it is empty".to_owned());
    }
    if unreadable.len().saturating_mul(2) > entries {
        let first = unreadable.into_iter().next().unwrap_or_default();
        return Err(format!("its form has changed: {first}"));
    }
    listing.warnings.extend(unreadable);
    if listing.releases.is_empty() {
        return Err("it names no release of an OpenSSL version".to_owned());
    }
    Ok(listing)
}

/// What stands in the place of a list, for people.
fn not_a_list(page: &[u8], error: &serde_json::Error) -> String {
    match page.trim_ascii_start().first() {
        Some(b'<') => "it is HTML, not the JSON of a list of releases".to_owned(),
        None => "it is empty".to_owned(),
        _ => format!("it is no list of releases: {error}"),
    }
}

fn add(listing: &mut Listing, entry: Entry) {
    let tag = shortened(&entry.tag_name);
    if entry.draft {
        listing.drafts.push(tag);
        return;
    }
    let Ok(version) = OpensslVersion::from_tag(&entry.tag_name) else {
        let warning = format!("the release {tag:?} is left out: its tag is not that of a version");
        listing.warnings.push(warning);
        return;
    };
    if listing
        .releases
        .iter()
        .any(|known| known.version == version)
    {
        return;
    }
    let name = entry.name.unwrap_or_default();
    let announcement = news::read(&version, &name, &entry.body.unwrap_or_default());
    let mut assets = Vec::new();
    for value in entry.assets {
        match asset(value, &tag) {
            Ok(Some(asset)) => assets.push(asset),
            Ok(None) => {}
            Err(reason) => listing
                .warnings
                .push(format!("a file of {tag:?} is left out: {reason}")),
        }
    }
    listing.releases.push(Listed {
        pre_release: entry.prerelease || !version.is_final(),
        published: entry.published_at.unwrap_or(entry.created_at),
        tag,
        version,
        announcement,
        assets,
    });
}

/// A file; nothing when its upload is not complete.
fn asset(value: Value, tag: &str) -> Result<Option<Asset>, String> {
    let entry: AssetEntry = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if entry.state != "uploaded" {
        return Ok(None);
    }
    let name = entry.name;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!("{:?} is no plain file name", shortened(&name)));
    }
    let place = format!("/releases/download/{tag}/{name}");
    if !entry.browser_download_url.starts_with("http")
        || !entry.browser_download_url.ends_with(&place)
    {
        return Err(format!(
            "the address of {name:?} is not that of its release"
        ));
    }
    let sha256 = entry
        .digest
        .as_deref()
        .and_then(|digest| digest.strip_prefix("sha256:"))
        .map(str::to_ascii_lowercase)
        .filter(|digest| is_sha256(digest));
    Ok(Some(Asset {
        name,
        size: entry.size,
        sha256,
        url: entry.browser_download_url,
    }))
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

impl Listed {
    /// The release as a fact. What it does not say of itself is taken from `known`, what is known
    /// of it from elsewhere; `withdrawn` is the day since when it says that it was withdrawn.
    pub fn fact(&self, known: Option<&Release>, withdrawn: Option<chrono::NaiveDate>) -> Release {
        let day = self.published.date_naive();
        let said = self.announcement.kind;
        Release {
            version: self.version.clone(),
            // GitHub's entry may be younger than the release.
            date: known.map_or(day, |known| known.date.min(day)),
            kind: match (self.pre_release, said, known) {
                (true, ..) => ReleaseKind::PreRelease,
                (_, Some(kind), _) => kind,
                (.., Some(known)) => known.kind,
                _ if self.version.is_first_of_series() => ReleaseKind::Feature,
                _ => ReleaseKind::BugFix,
            },
            severity: self
                .announcement
                .severity
                .or_else(|| known.and_then(|known| known.severity)),
            withdrawn: known.and_then(|known| known.withdrawn).or(withdrawn),
            vanished: None,
            // What is on the list is public.
            premium_only: false,
        }
    }
}

#[cfg(test)]
mod tests;
