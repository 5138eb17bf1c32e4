//! Advisories and life times from the files of openssl/release-metadata.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;

use crate::model::{Advisory, LifeTime, OpensslVersion};

use super::archive::Files;
use super::{life_times, record, secadv};

/// The last year of which records name versions such as `0.9.6-cvs` and `fips-1.1.1`.
const LAST_ODD_YEAR: i32 = 2007;

/// What the files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The advisories, newest first.
    pub advisories: Vec<Advisory>,
    /// The fixes that the texts call premium support only.
    pub premium_only: BTreeSet<OpensslVersion>,
    /// What could not be read or does not fit together; sentences.
    pub warnings: Vec<String>,
}

/// Reads the advisories. A record that cannot be read is a warning with its name; the others stand.
///
/// # Errors
/// A reason for people: there are no records, or most of them cannot be read.
pub fn advisories(files: &Files) -> Result<Metadata, String> {
    let mut by_name = BTreeMap::new();
    let mut metadata = Metadata {
        warnings: files.warnings.clone(),
        ..Metadata::default()
    };
    let (mut records, mut unreadable) = (0_usize, Vec::new());
    for (path, content) in &files.by_path {
        let Some(name) = path.strip_prefix("secjson/") else {
            continue;
        };
        records = records.saturating_add(1);
        match record::parse(&String::from_utf8_lossy(content)) {
            Ok((advisory, ranges)) if format!("{}.json", advisory.cve) == name => {
                // Two old records name versions that were never released, and will for ever.
                if advisory.published.year() <= LAST_ODD_YEAR {
                    ranges.iter().for_each(|range| tracing::debug!("{range}"));
                } else {
                    metadata.warnings.extend(ranges);
                }
                by_name.insert(advisory.cve.clone(), advisory);
            }
            Ok((advisory, _)) => {
                unreadable.push(format!("{name}: it is the record of {}", advisory.cve));
            }
            Err(error) => unreadable.push(format!("{name}: {error}")),
        }
    }
    if records == 0 {
        return Err("it holds no records of advisories".to_owned());
    }
    if unreadable.len().saturating_mul(2) > records {
        let first = unreadable.into_iter().next().unwrap_or_default();
        return Err(format!("the form of its records has changed: {first}"));
    }
    metadata.warnings.extend(unreadable);
    for (path, content) in &files.by_path {
        if let Some(name) = path.strip_prefix("secadv/") {
            let notice = secadv::read(&String::from_utf8_lossy(content));
            check(&mut metadata, name, &notice, &by_name);
        }
    }
    metadata.advisories = by_name.into_values().collect();
    metadata
        .advisories
        .sort_by(|a, b| (b.published, &b.cve).cmp(&(a.published, &a.cve)));
    Ok(metadata)
}

/// Holds a text against the records.
fn check(
    metadata: &mut Metadata,
    name: &str,
    notice: &secadv::Notice,
    records: &BTreeMap<String, Advisory>,
) {
    metadata
        .premium_only
        .extend(notice.premium_only.iter().cloned());
    // A text may speak of several advisories, and of a series in the words of one of them only.
    let [cve] = notice.advisories.iter().collect::<Vec<_>>()[..] else {
        return;
    };
    let Some(record) = records.get(cve) else {
        return;
    };
    for range in &record.affected {
        let series = range.introduced.series();
        if notice.not_analysed.contains(&series) {
            metadata.warnings.push(format!(
                "secadv/{name} says that {series} was not analysed for {cve}, but the record names \
                 it as affected; the record counts"
            ));
        }
    }
}

/// Reads the life times from the text of `data.json`.
///
/// # Errors
/// A reason for people: it is not of the expected form, or most entries cannot be read.
pub fn life_times(text: Option<&[u8]>) -> Result<(Vec<LifeTime>, Vec<String>), String> {
    let text = text.ok_or("it holds no data.json, where the life times are")?;
    let (found, unreadable) = life_times::parse(&String::from_utf8_lossy(text))
        .map_err(|error| format!("its data.json is not of the expected form: {error}"))?;
    if found.is_empty() {
        return Err("its data.json names no life time of a series".to_owned());
    }
    if unreadable.len() > found.len() {
        let first = unreadable.into_iter().next().unwrap_or_default();
        return Err(format!("the form of its data.json has changed: {first}"));
    }
    Ok((found, unreadable))
}

#[cfg(test)]
mod tests;
