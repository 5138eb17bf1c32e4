//! `rewheel openssl pull`: a local mirror of OpenSSL's facts.

use std::path::Path;

use chrono::Utc;

use crate::config;
use crate::feeds::built_in;
use crate::feeds::copies::Copies;
use crate::feeds::mirror::{self, PullError};
use crate::store::Store;

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
    let (store, server, now) = (Store::of_user(&variable), github.server(), Utc::now());
    let copies = Copies::new(&store, &server);
    let mut notes = copies.notes();
    github.park(notes.parked_at(now));
    let pulled = mirror::pull(&github, folder, &built_in::load()?, now).await;
    let parked_until = github.parked_until();
    if parked_until.is_some() && parked_until != notes.parked_until {
        notes.park(parked_until, now);
        copies.remember_notes(&notes);
    }
    match pulled {
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
