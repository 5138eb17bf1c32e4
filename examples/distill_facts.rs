//! Distils OpenSSL's records into `data/openssl.json`, the facts that are shipped with rewheel.
//!
//! ```text
//! cargo run --example distill_facts -- FOLDER [--as-of YYYY-MM-DD] [--output data/openssl.json]
//! ```
//!
//! FOLDER holds `release-metadata/` (a checkout of openssl/release-metadata: `data.json`,
//! `secjson/`), `releases.json` (the releases, one object each with `version`, `date`, `kind`,
//! `highest_severity`, `withdrawn`, `premium_only`, `evidence`) and, where the checkout is older,
//! `recent-advisories.json`. Whatever cannot be read is told on standard error and left out; the
//! facts are written only when the rest could be read. Run on the same input it writes the same
//! bytes.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use clap::Parser;
use rewheel::feeds::{facts_file, life_times, record};
use rewheel::model::{
    Advisory, AffectedRange, LifeTime, LifeTimes, OpensslFacts, OpensslVersion, RangeEnd, Release,
    ReleaseKind, Releases, Series, Severity,
};
use serde::Deserialize;

/// Distils OpenSSL's records into the facts that are shipped with rewheel.
#[derive(Parser)]
struct Arguments {
    /// The folder with release-metadata/, releases.json and recent-advisories.json.
    folder: PathBuf,
    /// The day up to which the records are complete; by default the day of the newest fact.
    #[arg(long)]
    as_of: Option<NaiveDate>,
    /// Where to write the facts.
    #[arg(long, default_value = "data/openssl.json")]
    output: PathBuf,
}

/// The last days of support of the series that `data.json` no longer names.
/// Source: <https://openssl-library.org/policies/releasestrat/>.
const OLDER_SERIES: [(&str, &str, bool); 6] = [
    ("0.9.8", "2015-12-31", false),
    ("1.0.0", "2015-12-31", false),
    ("1.0.1", "2016-12-31", false),
    ("1.0.2", "2019-12-31", true),
    ("1.1.0", "2019-09-11", false),
    ("1.1.1", "2023-09-11", true),
];

#[derive(Deserialize)]
struct ReleaseEntry {
    version: OpensslVersion,
    date: NaiveDate,
    kind: String,
    highest_severity: Option<String>,
    withdrawn: bool,
    premium_only: bool,
    #[serde(default)]
    evidence: Vec<String>,
}

#[derive(Deserialize)]
struct RecentAdvisory {
    cve: String,
    severity: String,
    published: NaiveDate,
    affected: Vec<RecentRange>,
}

#[derive(Deserialize)]
struct RecentRange {
    introduced: OpensslVersion,
    fixed: OpensslVersion,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut warnings = Vec::new();
    let life_times = read_life_times(&arguments.folder, &mut warnings)?;
    let advisories = read_advisories(&arguments.folder, &mut warnings)?;
    let mut releases = read_releases(&arguments.folder)?;
    releases.extend(releases_named_by_fixes(&releases, &advisories, &life_times));
    let newest = releases
        .iter()
        .map(|release| release.date)
        .chain(advisories.iter().map(|advisory| advisory.published))
        .max()
        .context("there is neither a release nor an advisory")?;
    let facts = OpensslFacts {
        as_of: arguments.as_of.unwrap_or(newest),
        releases: Releases::new(releases),
        advisories,
        life_times,
    };
    let text = facts_file::render(&facts);
    if facts_file::parse(&text)? != facts {
        bail!("the facts do not read back as they were written");
    }
    std::fs::write(&arguments.output, &text)
        .with_context(|| format!("{} cannot be written", arguments.output.display()))?;
    let mut stderr = std::io::stderr().lock();
    for warning in &warnings {
        writeln!(stderr, "warning: {warning}")?;
    }
    writeln!(
        stderr,
        "{}: {} series, {} releases, {} advisories, as of {}, {} bytes",
        arguments.output.display(),
        facts.life_times.iter().count(),
        facts.releases.len(),
        facts.advisories.len(),
        facts.as_of,
        text.len(),
    )?;
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn read_life_times(folder: &Path, warnings: &mut Vec<String>) -> Result<LifeTimes> {
    let path = folder.join("release-metadata/data.json");
    let (mut found, unreadable) = life_times::parse(&read(&path)?)
        .with_context(|| format!("{} is not the expected JSON", path.display()))?;
    warnings.extend(unreadable);
    for (series, ends, lts) in OLDER_SERIES {
        found.push(LifeTime {
            series: series.parse()?,
            ends: ends.parse()?,
            lts,
        });
    }
    Ok(LifeTimes::new(found))
}

fn read_advisories(folder: &Path, warnings: &mut Vec<String>) -> Result<Vec<Advisory>> {
    let mut by_name = BTreeMap::new();
    let records = folder.join("release-metadata/secjson");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&records)
        .with_context(|| format!("{} cannot be listed", records.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with("CVE-") || !name.ends_with(".json") {
            continue;
        }
        match record::parse(&read(&path)?) {
            Ok((advisory, unreadable)) => {
                warnings.extend(unreadable);
                by_name.insert(advisory.cve.clone(), advisory);
            }
            Err(error) => warnings.push(format!("{name}: {error}")),
        }
    }
    let path = folder.join("recent-advisories.json");
    if path.exists() {
        let recent: Vec<RecentAdvisory> = serde_json::from_str(&read(&path)?)
            .with_context(|| format!("{} is not the expected JSON", path.display()))?;
        for one in recent {
            // The full record, where there is one, says more than the reduced form.
            by_name.entry(one.cve.clone()).or_insert_with(|| Advisory {
                cve: one.cve,
                severity: Severity::from_text(&one.severity),
                published: one.published,
                affected: one
                    .affected
                    .into_iter()
                    .map(|range| AffectedRange {
                        introduced: range.introduced,
                        end: RangeEnd::Before(range.fixed),
                    })
                    .collect(),
            });
        }
    }
    let mut advisories: Vec<Advisory> = by_name.into_values().collect();
    advisories.sort_by(|a, b| (b.published, &b.cve).cmp(&(a.published, &a.cve)));
    Ok(advisories)
}

fn read_releases(folder: &Path) -> Result<Vec<Release>> {
    let path = folder.join("releases.json");
    let entries: Vec<ReleaseEntry> = serde_json::from_str(&read(&path)?)
        .with_context(|| format!("{} is not the expected JSON", path.display()))?;
    entries
        .into_iter()
        .map(|entry| {
            let kind = match entry.kind.as_str() {
                "security patch release" => ReleaseKind::Security,
                "bug fix release" => ReleaseKind::BugFix,
                "feature release" => ReleaseKind::Feature,
                "pre-release" => ReleaseKind::PreRelease,
                other => bail!(
                    "{}: {}: no release is a {other:?}",
                    path.display(),
                    entry.version
                ),
            };
            let withdrawn = if entry.withdrawn {
                let day = entry.evidence.iter().find_map(|text| withdrawal_day(text));
                Some(day.with_context(|| {
                    format!(
                        "{}: {}: the day of its withdrawal is missing",
                        path.display(),
                        entry.version
                    )
                })?)
            } else {
                None
            };
            Ok(Release {
                severity: (kind == ReleaseKind::Security)
                    .then_some(entry.highest_severity.as_deref().map(Severity::from_text))
                    .flatten(),
                version: entry.version,
                date: entry.date,
                kind,
                withdrawn,
                vanished: None,
                premium_only: entry.premium_only,
            })
        })
        .collect()
}

/// The day in `newsflash.md 12-Oct-2022: withdrawn`.
fn withdrawal_day(evidence: &str) -> Option<NaiveDate> {
    let before = evidence.split_once(": withdrawn")?.0;
    NaiveDate::parse_from_str(before.rsplit(' ').next()?, "%d-%b-%Y").ok()
}

/// Releases that `releases.json` is too young to know: of an older series, each version that an
/// advisory named as its fix while the series had public support. Their day is that of the oldest
/// such advisory: flaws that became public years later were fixed by the same release.
fn releases_named_by_fixes(
    known: &[Release],
    advisories: &[Advisory],
    life_times: &LifeTimes,
) -> Vec<Release> {
    let oldest_known: Option<Series> = known.iter().map(|release| release.version.series()).min();
    let mut named: BTreeMap<OpensslVersion, (NaiveDate, Severity)> = BTreeMap::new();
    for advisory in advisories {
        for fix in advisory
            .affected
            .iter()
            .filter_map(AffectedRange::named_fix)
        {
            let series = fix.series();
            let supported = life_times
                .get(series)
                .is_some_and(|life_time| advisory.published <= life_time.ends);
            if fix.is_final() && supported && Some(series) < oldest_known {
                let entry = named
                    .entry(fix.clone())
                    .or_insert((advisory.published, advisory.severity));
                entry.0 = entry.0.min(advisory.published);
                if advisory.severity.weight() > entry.1.weight() {
                    entry.1 = advisory.severity;
                }
            }
        }
    }
    named
        .into_iter()
        .map(|(version, (date, severity))| Release {
            version,
            date,
            kind: ReleaseKind::Security,
            severity: Some(severity),
            withdrawn: None,
            vanished: None,
            premium_only: false,
        })
        .collect()
}
