//! `rewheel check-now`: one round, now.

use std::sync::Arc;

use chrono::Utc;

use crate::config::{self, WithoutLedger};
use crate::notify::{Clock, EndedCycle, Figures};
use crate::report::{self, CheckReport};
use crate::store::Store;
use crate::store::ledger::Ledger;

use super::act_in::Left;
use super::arguments::{CheckFormat, CheckNow, Common};
use super::round::{Manner, Round};
use super::{output, progress, requests, telling};

/// Runs the command.
///
/// # Errors
/// What makes a round impossible: a bad configuration or index address, no TLS.
pub async fn run(command: &CheckNow, common: &Common) -> anyhow::Result<u8> {
    let variable = |name: &str| std::env::var(name).ok();
    let file = common.configuration_file();
    let act_in = command.act_in.as_ref();
    // Whoever says where it may act runs somebody's configuration in a job, which keeps no ledger.
    let without_ledger = match act_in {
        Some(_) => WithoutLedger::LeaveAside,
        None => WithoutLedger::Refuse,
    };
    let mut configuration = config::load_as(file, std::env::vars_os(), without_ledger)?;
    if let Some(sentence) = left_aside(&configuration.notify.left_aside) {
        output::warn(common, &sentence);
    }
    let left = act_in.map_or_else(Left::default, |act_in| act_in.keep(&mut configuration));
    for why in left.sentences() {
        output::warn(common, why);
    }
    let asked = match file {
        Some(_) => requests::configured(command, &configuration)?,
        None => requests::by_hand(command, &configuration)?,
    };
    let store = |ledger: Option<&Ledger>| store(command, ledger, &variable);
    let manner = Manner::by_hand(command.dry_run);
    let mut round = Round::new(configuration, common, &manner, store)?;
    let bar = progress::of(common);
    let finish = || bar.finish();
    let mut report = round.run(&asked, Utc::now(), bar.clone(), finish).await?;
    let clock: Clock = Arc::new(Utc::now);
    // Where the ledger is none, it could be written in a dry run, too.
    let teller = if command.dry_run {
        None
    } else {
        let (configuration, ledger) = (round.configuration(), round.ledger());
        telling::teller(configuration, common, ledger, &clock, &Figures::default())?
    };
    // What was left alone on purpose is no matter for people elsewhere.
    let cycle = EndedCycle {
        may_forget: round.is_clock_right(report.checked_at),
        ..EndedCycle::of(&report)
    };
    telling::tell(teller.as_ref(), &cycle).await;
    left.tell(&mut report);
    output::result(&render(command.format, &report, common)?)?;
    Ok(report.exit_status().code())
}

/// What is to be said of receivers that are told nothing.
fn left_aside(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| {
        format!(
            "[notify] is left aside, but for a ping: each thing is told once, which only a ledger \
             can know, and here is none ({})",
            names.join(", ")
        )
    })
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
        CheckFormat::Sarif => report::sarif::check(report)?,
    })
}
