//! `rewheel config check`: whether a configuration can be used, and what it says.

use std::path::Path;

use anyhow::bail;

use crate::config;

use crate::fetch::ClientSettings;
use crate::notify::Variable;
use crate::report::printable::printable;

use super::arguments::{Common, ConfigCheck};
use super::{github, output};

mod finding;
mod notify;
mod online;
mod steps;
mod summary;

use finding::{Finding, Grade};

/// Runs the command.
///
/// # Errors
/// No configuration is named, or the one that is named cannot be used.
pub async fn run(command: &ConfigCheck, common: &Common) -> anyhow::Result<u8> {
    let named = command
        .file
        .as_deref()
        .filter(|file| *file != Path::new(""));
    let Some(file) = named.or_else(|| common.configuration_file()) else {
        bail!(
            "no configuration is named: rewheel config check FILE, or --config FILE \
             (see rewheel config check --help)"
        );
    };
    let configuration = config::load(Some(file), std::env::vars_os())?;
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let mut text = summary::summary(file, &configuration, &is_set);
    let of_process = Variable::of_process();
    let of_telling = notify::lines(&configuration, &of_process);
    if !of_telling.is_empty() {
        text.push_str("\nTelling people\n");
    }
    for line in of_telling {
        text.push_str(&format!("  {}\n", printable(&line)));
    }
    if !command.online {
        output::result(&text)?;
        return Ok(0);
    }
    let variable = |name: &str| std::env::var(name).ok();
    let github = github::client(&configuration.github, ClientSettings::default(), &variable)?;
    let found = online::findings(&github, &configuration).await;
    text.push_str(&told(&found));
    let of_mail = notify::online(&configuration, &of_process).await;
    if let Some(finding) = &of_mail {
        let (word, sentence) = (finding.grade.as_str(), printable(&finding.sentence));
        text.push_str(&format!("\nThe mail server says\n  {word}: {sentence}\n"));
    }
    output::result(&text)?;
    let of_mail = of_mail.map_or(Grade::Good, |finding| finding.grade);
    Ok(online::worst(&found).max(of_mail).exit_code())
}

/// What GitHub says, project by project.
fn told(found: &[(String, Vec<Finding>)]) -> String {
    let mut text = "\nGitHub says\n".to_owned();
    for (package, findings) in found {
        text.push_str(&format!("  of {package}:\n"));
        for finding in findings {
            let (word, sentence) = (finding.grade.as_str(), printable(&finding.sentence));
            text.push_str(&format!("    {word}: {sentence}\n"));
        }
    }
    text
}
