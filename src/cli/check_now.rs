//! `rewheel check-now`: one round, now.

use std::sync::Arc;

use chrono::Utc;
use tokio_util::sync::CancellationToken;

use crate::config;
use crate::notify::{Clock, EndedCycle, Figures};
use crate::report::{self, CheckReport};
use crate::store::Store;
use crate::store::ledger::Ledger;

use super::arguments::{CheckFormat, CheckNow, Common};
use super::round::Round;
use super::{output, progress, requests, telling};

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
    let store = |ledger: Option<&Ledger>| store(command, ledger, &variable);
    let mut round = Round::new(configuration, common, command.dry_run, store)?;
    let bar = progress::of(common);
    let finish = || bar.finish();
    let stop = CancellationToken::new();
    let (report, _) = round
        .run(&asked, Utc::now(), bar.clone(), finish, &stop)
        .await?;
    let written = output::result(&render(command.format, &report, common)?);
    let clock: Clock = Arc::new(Utc::now);
    let (configuration, ledger) = (round.configuration(), round.ledger());
    let teller = telling::teller(configuration, common, ledger, &clock, &Figures::default())?;
    telling::tell(teller.as_ref(), &EndedCycle::of(&report)).await;
    // People are told even when the result goes nowhere.
    written?;
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
