//! What acting needs: the ledger, GitHub, and in whose name.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Configuration, Credential, StateUrl};
use crate::feeds::Known;
use crate::fetch::ClientSettings;
use crate::github::Github;
use crate::index::IndexLocation;
use crate::model::{OpensslVersion, StepKind};
use crate::report::{CheckReport, LineReport};
use crate::store::ledger::{Access, Ledger, StateLocation};

use super::arguments::Common;
use super::{feeds, output};

/// The ledger that the configuration names; in a dry run it is only looked into.
///
/// # Errors
/// It cannot be opened; the sentence says what to do.
pub fn ledger(configuration: &Configuration, is_dry: bool) -> anyhow::Result<Ledger> {
    let location = match &configuration.state.location {
        StateUrl::Sqlite(path) => StateLocation::File(path.clone()),
        StateUrl::None => StateLocation::None,
    };
    let access = if is_dry { Access::Look } else { Access::Write };
    Ok(Ledger::open(&location, access)?)
}

/// The SHA-256 of the source archives of those targets that steps ask for, by version. What is
/// not certain is left out, and said.
pub async fn digests(
    common: &Common,
    configuration: &Configuration,
    report: &CheckReport,
    known: &Known,
    connection: &ClientSettings,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
) -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    let wanted: BTreeSet<&OpensslVersion> = report
        .lines
        .iter()
        .filter(|line| wants_digest(configuration, line))
        .flat_map(|line| &line.decision.targets)
        .filter_map(|target| target.version.as_ref())
        .collect();
    if wanted.is_empty() || common.offline || configuration.openssl.directory.is_some() {
        return digests;
    }
    let patient = feeds::settings_by(connection, feeds::patient_settings());
    let Ok(github) = feeds::github(common, configuration, patient, variable) else {
        return digests;
    };
    for version in wanted {
        let Some(source) = known.assets.source_archive(version) else {
            continue;
        };
        match github.archive_sha256(&source, report.checked_at).await {
            Ok(digest) => {
                digests.insert(version.to_string(), digest);
            }
            Err(error) => output::warn(
                common,
                &format!("the SHA-256 of OpenSSL {version} is not certain: {error}"),
            ),
        }
    }
    digests
}

/// Whether a step of the line's project asks for the SHA-256.
fn wants_digest(configuration: &Configuration, line: &LineReport) -> bool {
    let asks = |text: &String| text.contains("openssl.sha256");
    configuration
        .projects
        .iter()
        .filter(|project| project.package == line.package)
        .flat_map(|project| &project.steps)
        .any(|step| match &step.kind {
            StepKind::File { contains, .. } => asks(contains),
            StepKind::Dispatch {
                inputs, reference, ..
            } => inputs.values().chain(reference).any(asks),
            StepKind::Run { .. } => false,
        })
}

/// Why nothing may be done, where that is so.
pub fn hindrance(
    configuration: &Configuration,
    location: &IndexLocation,
    github: &Github,
) -> Option<String> {
    if !location.origin().may_act() {
        return Some(format!(
            "the index was named by {}: nothing is done about what only the surroundings name; \
             write it into the configuration as [index] url",
            location.origin()
        ));
    }
    if !github.has_identity() {
        let Credential::TokenEnv(name) = &configuration.github.credential else {
            return Some("nobody is logged in to GitHub".to_owned());
        };
        return Some(format!(
            "the variable {name} holds no token for GitHub: set it, or name `token-env`, \
             `token-file` or `app` in [github]"
        ));
    }
    None
}
