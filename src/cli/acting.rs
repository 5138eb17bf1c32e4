//! What acting needs: the ledger, GitHub, and in whose name.

use crate::config::{Configuration, Credential, StateUrl};
use crate::fetch::ClientSettings;
use crate::github::Github;
use crate::index::IndexLocation;
use crate::store::ledger::{Access, Ledger, StateLocation};

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

/// GitHub as the configuration names it.
///
/// # Errors
/// A token or key that cannot be used, or TLS that cannot be set up.
pub fn github(
    configuration: &Configuration,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Github> {
    super::github::client(&configuration.github, ClientSettings::default(), variable)
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
