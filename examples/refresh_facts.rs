//! Brings `data/openssl.json`, the facts that are shipped with rewheel, up to a mirror.
//!
//! ```text
//! rewheel openssl pull MIRROR
//! cargo run --example refresh_facts -- MIRROR [--output data/openssl.json]
//! ```
//!
//! The mirror is believed as far as `openssl.directory` would be: over the facts that are shipped now,
//! with the same alarms. Nothing is written where a feed is not believed, and where nothing but the
//! day is new: facts of the same content would only look younger.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use chrono::Utc;
use clap::Parser;
use rewheel::feeds::watch::FeedSource;
use rewheel::feeds::{Watch, built_in, facts_file};
use rewheel::model::{FactsOrigin, OpensslFacts};
use rewheel::store::Store;

/// A bound on the mirror, in bytes.
const MIRROR_BYTES: u64 = 64 << 20;

/// Brings the facts that are shipped with rewheel up to a mirror.
#[derive(Parser)]
struct Arguments {
    /// The folder that `rewheel openssl pull` wrote.
    mirror: PathBuf,
    /// Where to write the facts.
    #[arg(long, default_value = "data/openssl.json")]
    output: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let source = FeedSource::Directory(arguments.mirror.clone(), MIRROR_BYTES);
    let known = Watch::new(source, Vec::new())?
        .known(&Store::none(), Utc::now())
        .await;
    let mut stderr = std::io::stderr().lock();
    for warning in &known.warnings {
        writeln!(stderr, "warning: {warning}")?;
    }
    for feed in &known.reports {
        if let Some(error) = &feed.error {
            bail!("the feed {} is not believed: {error}", feed.name);
        }
        if feed.source != FactsOrigin::Directory {
            bail!(
                "the feed {} of the mirror is no newer than what is shipped",
                feed.name
            );
        }
    }
    let shipped = built_in::load()?;
    let same = OpensslFacts {
        as_of: shipped.as_of,
        ..known.facts.clone()
    };
    if same == shipped {
        writeln!(stderr, "nothing is new since {}", shipped.as_of)?;
        return Ok(());
    }
    let text = facts_file::render(&known.facts);
    if facts_file::parse(&text)? != known.facts {
        bail!("the facts do not read back as they were written");
    }
    std::fs::write(&arguments.output, &text)
        .with_context(|| format!("{} cannot be written", arguments.output.display()))?;
    writeln!(
        stderr,
        "{}: {} series, {} releases, {} advisories, as of {}",
        arguments.output.display(),
        known.facts.life_times.iter().count(),
        known.facts.releases.len(),
        known.facts.advisories.len(),
        known.facts.as_of,
    )?;
    Ok(())
}
