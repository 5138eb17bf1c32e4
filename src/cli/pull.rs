//! `rewheel openssl pull`: a local mirror of OpenSSL's facts.

use std::path::Path;

use chrono::Utc;

use crate::config;
use crate::feeds::built_in;
use crate::feeds::mirror::{self, PullError};

use super::arguments::Common;
use super::{feeds, output};

/// Runs the command.
///
/// # Errors
/// The configuration is bad, or the folder cannot be a mirror.
pub async fn run(folder: &Path, common: &Common) -> anyhow::Result<u8> {
    let variable = |name: &str| std::env::var(name).ok();
    if common.offline {
        anyhow::bail!(
            "--offline asks no feed, and a mirror is made by asking them: leave one of the two out"
        );
    }
    let configuration = config::load(common.configuration_file(), std::env::vars_os())?;
    let github = feeds::github(common, &configuration, feeds::patient_settings(), &variable)?;
    match mirror::pull(&github, folder, &built_in::load()?, Utc::now()).await {
        Ok(pulled) => {
            output::result(&format!(
                "{}: {} releases, {} advisories, life times of {} series\n",
                folder.display(),
                pulled.releases,
                pulled.advisories,
                pulled.series
            ))?;
            Ok(0)
        }
        Err(error @ PullError::Folder { .. }) => Err(error.into()),
        Err(error) => {
            output::complain(common, &format!("nothing was pulled: {error}"));
            Ok(3)
        }
    }
}
