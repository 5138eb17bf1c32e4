//! `[server]`: where the daemon shows what it knows.

use std::net::SocketAddr;

use super::raw::Table;
use super::words;

/// Where it listens when the configuration does not say: nobody but this machine reaches it.
const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9745);

/// `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// `listen`: the address and port; none when nothing is served.
    pub listen: Option<SocketAddr>,
    /// `hosts`: names under which it may be asked beside its address and this machine's own, in
    /// lower case.
    pub hosts: Vec<String>,
    /// `token-env`: the variable with the token that may ask for a cycle; without one nobody may.
    pub token_env: Option<String>,
}

/// Reads the section.
pub(super) fn server(table: &Table) -> Server {
    let listen = match table.text("listen").map(str::trim) {
        None => Some(LISTEN),
        Some("none") => None,
        Some(text) => words::listen(text).ok().flatten(),
    };
    let hosts = table.texts("hosts").unwrap_or_default();
    Server {
        listen,
        hosts: hosts
            .into_iter()
            .map(|(text, _)| text.trim().to_ascii_lowercase())
            .collect(),
        token_env: table.text("token-env").map(str::to_owned),
    }
}
