//! `rewheel config check`: whether a configuration can be used, and what it says.

use std::path::Path;

use anyhow::bail;

use crate::config;

use super::arguments::{Common, ConfigCheck};
use super::output;

mod summary;

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
    let text = summary::summary(file, &configuration, &is_set);
    output::result(&text)?;
    Ok(0)
}
