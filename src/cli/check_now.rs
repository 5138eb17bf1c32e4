//! `rewheel check-now`: one round, now.

use std::sync::Arc;

use chrono::Utc;
use secrecy::ExposeSecret;

use crate::config;
use crate::cycle::Cycle;
use crate::cycle::act::{Actor, Mode};
use crate::fetch::{Client, ClientSettings, Credentials};
use crate::index::{Index, IndexLocation, Surroundings};
use crate::report::{self, ActionState, CheckReport};
use crate::store::Store;
use crate::store::ledger::Ledger;

use super::arguments::{CheckFormat, CheckNow, Common};
use super::{acting, feeds, github, limits, output, progress, requests};

/// Runs the command.
///
/// # Errors
/// What makes a round impossible: a bad configuration or index address, no TLS.
pub async fn run(command: &CheckNow, common: &Common) -> anyhow::Result<u8> {
    let variable = |name: &str| std::env::var(name).ok();
    let file = common.configuration_file();
    let configuration = config::load(file, std::env::vars_os())?;
    let asked = match file {
        Some(_) => requests::configured(command, &configuration)?,
        None => requests::by_hand(command, &configuration)?,
    };
    let location = IndexLocation::find(
        common.index_url.as_deref(),
        configuration
            .index_url
            .as_ref()
            .map(ExposeSecret::expose_secret),
        Surroundings::of_process(),
    )?;
    let client = Client::new(
        ClientSettings::default(),
        Credentials::from_environment(&variable),
    )?;
    let bounds = &configuration.limits;
    let ledger = match file {
        Some(_) => Some(acting::ledger(&configuration, command.dry_run)?),
        None => None,
    };
    let cycle = Cycle {
        index: Index::new(&client, &location, limits::index(bounds)),
        store: store(command, ledger.as_ref(), &variable),
        watch: feeds::watch(common, &configuration, &variable)?,
        scan_limits: bounds.scan,
        scanners: Arc::default(),
        wheel_limits: limits::wheel(bounds),
        parallel: limits::parallel(bounds),
        now: Utc::now(),
    };
    let bar = progress::of(common);
    let (mut report, known) = cycle.check(&asked, bar.clone()).await;
    bar.finish();
    feeds::warn(common, &configuration, &known, cycle.now.date_naive());
    if let Some(ledger) = &ledger {
        report.dry_run = command.dry_run;
        let memory = Arc::new(Store::in_ledger(ledger.clone()));
        let connection = ClientSettings::default();
        let github =
            github::client(&configuration.github, connection, &variable)?.with_memory(memory);
        let digests = acting::digests(common, &configuration, &report, &known, &variable).await;
        let actor = Actor {
            github: &github,
            ledger,
            projects: &configuration.projects,
            new_issues: configuration.watch.new_issues_per_cycle,
            mode: if command.dry_run {
                Mode::Plan
            } else {
                Mode::Act
            },
            scanners: &cycle.scanners,
            scan_limits: cycle.scan_limits,
            wheel_limits: &cycle.wheel_limits,
            digests: &digests,
            now: cycle.now,
        };
        actor.tell_once(&mut report)?;
        match acting::hindrance(&configuration, &location, &github) {
            None => actor.act(&mut report).await,
            Some(_) if command.dry_run => actor.plan_unseen(&mut report),
            Some(why) => actor.leave(&mut report, ActionState::Failed, &why),
        }
    }
    output::result(&render(command.format, &report, common)?)?;
    Ok(report.exit_status().code())
}

fn store(
    command: &CheckNow,
    ledger: Option<&Ledger>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Store {
    if command.no_cache {
        Store::none()
    } else if let Some(ledger) = ledger {
        Store::in_ledger(ledger.clone())
    } else if command.dry_run {
        Store::of_user(variable).read_only()
    } else {
        Store::of_user(variable)
    }
}

fn render(format: CheckFormat, report: &CheckReport, common: &Common) -> anyhow::Result<String> {
    Ok(match format {
        CheckFormat::Text => report::text::check(report, output::appearance(common)),
        CheckFormat::Json => report::json::check(report)?,
        CheckFormat::Markdown => report::markdown::check(report),
    })
}
