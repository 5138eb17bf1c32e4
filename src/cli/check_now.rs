//! `rewheel check-now`: one round, now.

use std::num::NonZeroUsize;

use chrono::Utc;

use crate::cycle::{Cycle, LineRequest};
use crate::feeds::built_in;
use crate::fetch::{Client, ClientSettings, Credentials};
use crate::index::{Index, IndexLimits, IndexLocation, Surroundings};
use crate::model::Wanted;
use crate::model::wheel::normalize_package;
use crate::policy::Settings;
use crate::report::{self, CheckReport};
use crate::scan;
use crate::source::WheelLimits;
use crate::store::Store;

use super::arguments::{CheckFormat, CheckNow, Common};
use super::{output, progress};

/// How many wheels are read at once at most. More than there are cores, because small wheels wait for
/// the index most of the time; not many more, because each one being scanned takes memory.
const MOST_PARALLEL: usize = 8;

/// Runs the command.
///
/// # Errors
/// What makes a round impossible: a bad index address, no TLS.
pub async fn run(command: &CheckNow, common: &Common) -> anyhow::Result<u8> {
    let variable = |name: &str| std::env::var(name).ok();
    let location = IndexLocation::find(
        command.index_url.as_deref(),
        None,
        Surroundings::of_process(),
    )?;
    let client = Client::new(
        ClientSettings::default(),
        Credentials::from_environment(&variable),
    )?;
    let openssl = built_in::load()?;
    let cycle = Cycle {
        index: Index::new(&client, &location, IndexLimits::default()),
        store: if command.no_cache {
            Store::none()
        } else {
            Store::of_user(&variable)
        },
        feeds: built_in::reports(&openssl),
        openssl,
        settings: Settings::default(),
        scan_limits: scan::Limits::default(),
        wheel_limits: WheelLimits::default(),
        parallel: std::thread::available_parallelism()
            .map_or(2, NonZeroUsize::get)
            .saturating_mul(2)
            .clamp(4, MOST_PARALLEL),
        now: Utc::now(),
    };
    output::warn(common, &facts_warning(command, &cycle));
    let bar = progress::of(common);
    let report = cycle.check(&requests(command), bar.clone()).await;
    bar.finish();
    output::result(&render(command.format, &report, common)?)?;
    Ok(report.exit_status().code())
}

/// The one warning about facts that are not live.
fn facts_warning(command: &CheckNow, cycle: &Cycle) -> String {
    let as_of = cycle.openssl.as_of;
    let days = cycle
        .now
        .date_naive()
        .signed_duration_since(as_of)
        .num_days();
    let why = if command.offline {
        "as --offline asks"
    } else {
        "no OpenSSL feed was asked"
    };
    format!(
        "judged by the built-in OpenSSL facts of {as_of}, {days} days old, {why}: what OpenSSL \
         published later is not known"
    )
}

/// What is asked of each package, every package once.
fn requests(command: &CheckNow) -> Vec<LineRequest> {
    let mut names = Vec::new();
    for package in &command.packages {
        let normal = normalize_package(package);
        if !names.contains(&normal) {
            names.push(normal);
        }
    }
    names
        .into_iter()
        .map(|package| LineRequest {
            package,
            line: command
                .version
                .as_ref()
                .map_or_else(|| "main".to_owned(), ToString::to_string),
            wanted: Wanted {
                versions: command.version.clone(),
                pre_releases: false,
            },
            every_version: command.all_versions || command.version.is_some(),
        })
        .collect()
}

fn render(format: CheckFormat, report: &CheckReport, common: &Common) -> anyhow::Result<String> {
    Ok(match format {
        CheckFormat::Text => report::text::check(report, output::appearance(common)),
        CheckFormat::Json => report::json::check(report)?,
        CheckFormat::Markdown => report::markdown::check(report),
    })
}
