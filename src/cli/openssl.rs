//! `rewheel openssl`: what is known of OpenSSL.

use anyhow::{anyhow, bail};
use chrono::{NaiveDate, Utc};

use crate::config::{self, nearest};
use crate::feeds::FeedReport;
use crate::fetch::ClientSettings;
use crate::model::{OpensslFacts, OpensslVersion, Series};
use crate::report::openssl::{
    self as report, AdvisoryView, Answer, OpensslReport, ReleaseView, series,
};

use crate::store::Store;

use super::arguments::{Common, Openssl, OpensslFormat};
use super::{feeds, output};

/// What was asked for may exist, and nothing is known of it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotKnown(String);

/// Runs the command. What is not known while a feed gives no word could not be told, which is 3.
///
/// # Errors
/// A bad configuration; a version or CVE that is none, or that is not known.
pub async fn run(command: &Openssl, common: &Common) -> anyhow::Result<u8> {
    let variable = |name: &str| std::env::var(name).ok();
    let configuration = config::load(common.configuration_file(), std::env::vars_os())?;
    let watch = feeds::watch(
        common,
        &configuration,
        &ClientSettings::default(),
        &variable,
    )?;
    let now = Utc::now();
    let known = watch.known(&Store::of_user(&variable), now).await;
    for warning in &known.warnings {
        output::warn(common, warning);
    }
    let answer = match answer(command.what.as_deref(), &known.facts, now.date_naive()) {
        Ok(answer) => answer,
        Err(error) => {
            let silent = first_failure(&known.reports).filter(|_| error.is::<NotKnown>());
            let Some(failure) = silent else {
                return Err(error);
            };
            let sentence = format!("{error}; newer facts could not be had: {failure}");
            output::complain(common, &sentence);
            return Ok(3);
        }
    };
    let report = OpensslReport {
        checked_at: now,
        feeds: known.reports,
        answer,
    };
    output::result(&match command.format {
        OpensslFormat::Text => report::text(&report, output::appearance(common)),
        OpensslFormat::Json => report::json(&report)?,
        OpensslFormat::Markdown => report::markdown(&report),
    })?;
    Ok(0)
}

/// Why the newest word of a feed could not be had, where one was asked in vain.
fn first_failure(reports: &[FeedReport]) -> Option<&str> {
    reports.iter().find_map(|report| report.error.as_deref())
}

/// What is known of what was asked for.
fn answer(what: Option<&str>, facts: &OpensslFacts, today: NaiveDate) -> anyhow::Result<Answer> {
    let Some(what) = what.map(str::trim) else {
        return Ok(Answer::Series(series::views(facts, today)));
    };
    if let Some(cve) = as_cve(what) {
        let found = facts.advisories.iter().find(|advisory| advisory.cve == cve);
        let advisory = found.ok_or_else(|| no_such_cve(&cve, facts))?;
        return Ok(Answer::Advisory(Box::new(AdvisoryView::of(
            advisory, facts, today,
        ))));
    }
    let version = as_version(what, facts)?;
    Ok(Answer::Release(Box::new(ReleaseView::of(
        &version, facts, today,
    ))))
}

/// A CVE's identifier, in whatever case, with or without `CVE-`.
fn as_cve(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let rest = upper
        .strip_prefix("CVE-")
        .or_else(|| upper.strip_prefix("CVE"));
    let has_year = upper.split_once('-').is_some_and(|(year, number)| {
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        year.len() == 4 && digits(year) && digits(number)
    });
    match rest {
        Some(rest) => Some(format!("CVE-{}", rest.trim_start())),
        None => has_year.then(|| format!("CVE-{upper}")),
    }
}

fn no_such_cve(cve: &str, facts: &OpensslFacts) -> anyhow::Error {
    let cve: String = cve.chars().take(64).collect();
    let known = facts
        .advisories
        .iter()
        .map(|advisory| advisory.cve.as_str());
    let hint =
        nearest(&cve, known).map_or_else(String::new, |right| format!("; did you mean {right}?"));
    NotKnown(format!(
        "no advisory of OpenSSL's known on {} is {cve:?}{hint}",
        facts.as_of
    ))
    .into()
}

/// A version that is known, or that is older than one that is.
fn as_version(text: &str, facts: &OpensslFacts) -> anyhow::Result<OpensslVersion> {
    let plain = text.trim_start_matches(['v', 'V']);
    let read = plain.parse().or_else(|_| OpensslVersion::from_tag(text));
    let Ok(version) = read else {
        if let Ok(series) = plain.parse::<Series>() {
            return Err(only_a_series(series, facts));
        }
        let shown: String = text.chars().take(64).collect();
        bail!(
            "{shown:?} is neither a version of OpenSSL, such as 3.5.4, nor a CVE, such as \
             CVE-2025-15467{}",
            meant(&shown, facts)
        );
    };
    let newest = facts.releases.of_series(version.series()).next_back();
    if newest.is_some_and(|newest| version <= newest.version) {
        return Ok(version);
    }
    let hint = meant(&version.to_string(), facts);
    let sentence = format!(
        "OpenSSL {version} is no release that is known on {}{hint}",
        facts.as_of
    );
    Err(NotKnown(sentence).into())
}

fn only_a_series(series: Series, facts: &OpensslFacts) -> anyhow::Error {
    match facts.releases.newest(series) {
        Some(newest) => anyhow!(
            "{series} is a series; ask for one of its releases, the newest is {}",
            newest.version
        ),
        None => anyhow!(
            "{series} is a series without a release that is known on {}",
            facts.as_of
        ),
    }
}

/// "; did you mean 3.5.9?".
fn meant(text: &str, facts: &OpensslFacts) -> String {
    let known: Vec<String> = facts
        .releases
        .iter()
        .rev()
        .map(|release| release.version.to_string())
        .collect();
    nearest(text, known.iter().map(String::as_str))
        .map_or_else(String::new, |right| format!("; did you mean {right}?"))
}
