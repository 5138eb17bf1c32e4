//! Distils the OpenSSL versions that a project's wheels carried, version by version, from the
//! wheels that it published.
//!
//! ```text
//! cargo run --release --example distill_linked -- [PACKAGE] [--since 2021-01-01] [--output FILE]
//! ```
//!
//! Of every version that is not a pre-release and came out since that day, and of the last one
//! before it, one wheel is read for each of Linux (glibc), macOS and Windows, for x86_64 where
//! there is one, one at a time, through the index that rewheel itself would ask. What was read is remembered as
//! `rewheel check-now` remembers it, so a run that was broken off goes on where it stopped.
//! Yanked wheels are read too, and told as such: they were public until somebody yanked them.
//! A wheel that cannot be read ends the run, and nothing is written.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, NaiveDate, Utc};
use clap::Parser;
use pep440_rs::Version;
use rewheel::fetch::{Client, ClientSettings, Credentials};
use rewheel::index::{File, Index, IndexLimits, IndexLocation, Surroundings};
use rewheel::model::{
    Architecture, CoverageKey, Libc, Library, Linkage, Os, PublishedFile, WheelName, WheelScan,
};
use rewheel::scan;
use rewheel::source::{WheelLimits, read_wheel};
use rewheel::store::Store;
use serde::Serialize;

/// Distils the OpenSSL versions that a project's wheels carried.
#[derive(Parser)]
struct Arguments {
    /// The project.
    #[arg(default_value = "cryptography")]
    package: String,
    /// The day from which on versions are looked at.
    #[arg(long, default_value = "2021-01-01")]
    since: NaiveDate,
    /// Where to write the facts.
    #[arg(long, default_value = "tests/fixtures/linked-history.json")]
    output: PathBuf,
}

/// The platforms of which one wheel each is read.
const PLATFORMS: [(Os, Option<Libc>); 3] = [
    (Os::Linux, Some(Libc::Glibc)),
    (Os::Macos, None),
    (Os::Windows, None),
];

/// The architectures, in the order in which they are preferred.
const ARCHITECTURES: [Architecture; 2] = [Architecture::X86_64, Architecture::Aarch64];

/// One version, one line of the facts.
#[derive(Serialize)]
struct VersionFacts {
    version: String,
    uploaded: DateTime<Utc>,
    wheels: Vec<WheelFacts>,
}

#[derive(Serialize)]
struct WheelFacts {
    file: String,
    sha256: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    yanked: bool,
    linked: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let variable = |name: &str| std::env::var(name).ok();
    let client = Client::new(
        ClientSettings::default(),
        Credentials::from_environment(&variable),
    )?;
    let location = IndexLocation::find(None, None, Surroundings::of_process())?;
    let index = Index::new(&client, &location, IndexLimits::default());
    let store = Store::of_user(&variable);
    let project = index.project(&arguments.package, &store).await?;
    let chosen = choose(&project.files, &project.name, arguments.since);
    let mut stderr = std::io::stderr();
    let mut lines = Vec::new();
    let mut received = 0_u64;
    for (version, (uploaded, files)) in &chosen {
        let mut wheels = Vec::new();
        for file in files {
            let (scan, bytes) = read(&index, &store, file).await?;
            received = received.saturating_add(bytes);
            let facts = wheel_facts(file, &scan)?;
            writeln!(
                stderr,
                "{} {:?}, {received} bytes received",
                facts.file, facts.linked
            )?;
            wheels.push(facts);
        }
        lines.push(serde_json::to_string(&VersionFacts {
            version: version.to_string(),
            uploaded: *uploaded,
            wheels,
        })?);
    }
    let newest = chosen
        .values()
        .map(|(uploaded, _)| uploaded.date_naive())
        .max()
        .with_context(|| format!("{} has no wheels for these platforms", project.name))?;
    let text = format!(
        "{{\"schema\": \"rewheel/linked-history/v1\",\n\"package\": \"{}\",\n\"newest\": \"{newest}\",\n\
         \"versions\": [\n{}\n]}}\n",
        project.name,
        lines.join(",\n")
    );
    std::fs::write(&arguments.output, text)
        .with_context(|| format!("{} cannot be written", arguments.output.display()))?;
    writeln!(
        stderr,
        "{}: {} versions",
        arguments.output.display(),
        chosen.len()
    )?;
    Ok(())
}

/// The versions, each with its first upload and one wheel per platform.
fn choose<'a>(
    files: &'a [File],
    package: &str,
    since: NaiveDate,
) -> BTreeMap<Version, (DateTime<Utc>, Vec<&'a File>)> {
    let mut by_version: BTreeMap<Version, Vec<&File>> = BTreeMap::new();
    for file in files {
        let published = PublishedFile::new(&file.name, package, false, file.uploaded);
        if let Some(published) = published.filter(|one| !one.version.any_prerelease()) {
            by_version.entry(published.version).or_default().push(file);
        }
    }
    let mut chosen: BTreeMap<Version, (DateTime<Utc>, Vec<&File>)> = BTreeMap::new();
    for (version, files) in by_version {
        let uploaded = files.iter().filter_map(|file| file.uploaded).min();
        let wheels: Vec<&File> = PLATFORMS
            .iter()
            .filter_map(|(os, libc)| {
                ARCHITECTURES.iter().find_map(|architecture| {
                    let platform = CoverageKey {
                        os: *os,
                        libc: *libc,
                        architecture: Some(*architecture),
                    };
                    of_platform(&files, platform)
                })
            })
            .collect();
        if let (Some(uploaded), false) = (uploaded, wheels.is_empty()) {
            chosen.insert(version, (uploaded, wheels));
        }
    }
    let before = chosen
        .iter()
        .filter(|(_, (uploaded, _))| uploaded.date_naive() < since)
        .map(|(version, _)| version.clone())
        .next_back();
    chosen.retain(|version, (uploaded, _)| {
        uploaded.date_naive() >= since || before.as_ref() == Some(version)
    });
    chosen
}

/// The wheel for a platform: for CPython, with the stable ABI where there is one, for the newest
/// Python.
fn of_platform<'a>(files: &[&'a File], platform: CoverageKey) -> Option<&'a File> {
    let rank = |wheel: &WheelName| {
        let newest: Option<u32> = wheel
            .pythons
            .iter()
            .filter_map(|python| python.strip_prefix("cp3")?.parse().ok())
            .max();
        (wheel.abis.iter().any(|abi| abi == "abi3"), newest)
    };
    files
        .iter()
        .filter_map(|file| Some((file.wheel.as_ref()?, *file)))
        .filter(|(wheel, _)| wheel.coverage().contains(&platform))
        .max_by_key(|(wheel, file)| (rank(wheel), file.name.clone()))
        .map(|(_, file)| file)
}

/// What is in a wheel, and how many bytes were received for it.
async fn read(index: &Index, store: &Store, file: &File) -> Result<(WheelScan, u64)> {
    let sha256 = file
        .sha256
        .as_deref()
        .with_context(|| format!("the index promises no SHA-256 for {}", file.name))?;
    if let Some(scanned) = store.scan(sha256, &file.url) {
        return Ok((scanned.scan, 0));
    }
    let read = read_wheel(
        index.client(),
        file,
        &WheelLimits::default(),
        |_| {},
        |wheel| scan::scan_whole(wheel, &scan::Limits::default()),
    )
    .await?;
    if !read.hash_verified {
        bail!("the SHA-256 of {} was not checked", file.name);
    }
    store.remember_scan(sha256, &file.url, &read.value);
    Ok((read.value.scan, read.bytes_read))
}

fn wheel_facts(file: &File, scan: &WheelScan) -> Result<WheelFacts> {
    if !scan.is_complete() {
        bail!("{} could not be read whole: {:?}", file.name, scan.problems);
    }
    let mut linked: Vec<String> = scan
        .findings
        .iter()
        .filter(|one| one.library == Library::Openssl && one.linkage != Linkage::External)
        .map(|one| one.version.clone().unwrap_or_default())
        .collect();
    linked.sort();
    linked.dedup();
    Ok(WheelFacts {
        file: file.name.clone(),
        sha256: file.sha256.clone().unwrap_or_default(),
        yanked: file.yanked.is_some(),
        linked,
    })
}
