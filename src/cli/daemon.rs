//! `rewheel daemon`: cycles on a schedule, and a server that shows what is known.

mod health;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::Utc;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Server};
use crate::daemon::agenda::ready_within;
use crate::daemon::board::Board;
use crate::daemon::server::{ServerLimits, ServerSettings, serve};
use crate::daemon::{self, Calls, Clock, Pulse};
use crate::fetch::ClientSettings;
use crate::notify::Figures;

use super::arguments::{Common, Daemon};
use super::output;
use super::rounds::Rounds;

/// How long the process waits for what is on its way when it ends.
const LEAVING: Duration = Duration::from_secs(1);

/// Runs until the process is told to stop.
///
/// # Errors
/// What keeps it from beginning: no or a bad configuration, a ledger that cannot be opened, an
/// address that cannot be listened on.
pub async fn run(command: &Daemon, common: &Common) -> anyhow::Result<u8> {
    let Some(file) = common.configuration_file() else {
        bail!("the daemon needs a configuration: name it with --config FILE or REWHEEL_CONFIG");
    };
    if command.health {
        let configuration = config::load(Some(file), std::env::vars_os())?;
        return health::ask(configuration.server.listen, common).await;
    }
    // Before anything is waited for: who asks for a new configuration must not end a process that
    // does not listen yet.
    let (signals, listening) =
        daemon::signals().context("the system's signals cannot be listened to")?;
    let clock: Clock = Arc::new(Utc::now);
    let pulse = Arc::new(Pulse::new());
    let figures = Figures::default();
    let (mut engine, timing) = {
        let (clock, connection) = (Arc::clone(&clock), ClientSettings::default());
        Rounds::open(file, common, clock, connection, &pulse, &figures)?
    };
    let server = engine.configuration().server.clone();
    let ready_within = ready_within(&timing, clock());
    let board = Board::new(clock()).kept_in(engine.ledger());
    board.show(figures);
    let wake = Arc::new(Notify::new());
    let stop = CancellationToken::new();
    let shown = match server.listen {
        Some(address) => {
            let listener = TcpListener::bind(address).await.with_context(|| {
                format!(
                    "{address} cannot be listened on; set [server] listen to another address, or \
                     to \"none\""
                )
            })?;
            let address = listener.local_addr().unwrap_or(address);
            tracing::info!("listening on http://{address}/");
            let settings = ServerSettings {
                token: token(&server, common),
                pulse: Arc::clone(&pulse),
                ready_within,
                hosts: server.hosts.clone(),
                limits: ServerLimits::default(),
            };
            let served = serve(
                listener,
                settings,
                board.clone(),
                Arc::clone(&wake),
                Arc::clone(&clock),
                stop.clone(),
            );
            Some(tokio::spawn(served))
        }
        None => None,
    };
    let calls = Calls { signals, wake };
    daemon::run(&mut engine, timing, &board, calls, &clock, pulse).await;
    stop.cancel();
    let shown = async {
        if let Some(shown) = shown {
            // Whoever still reads a page does not keep the process.
            let _ = tokio::time::timeout(LEAVING, shown).await;
        }
    };
    tokio::join!(shown, engine.stop_telling(LEAVING));
    tracing::info!("stopped");
    listening.over();
    Ok(0)
}

/// The token that may ask for a cycle.
fn token(server: &Server, common: &Common) -> Option<SecretString> {
    let name = server.token_env.as_deref()?;
    let token = std::env::var(name)
        .ok()
        .filter(|token| !token.trim().is_empty());
    if token.is_none() {
        let sentence = format!(
            "`server.token-env` names the variable {name}, which is not set: nobody can ask for a \
             cycle"
        );
        output::warn(common, &sentence);
    }
    token.map(|token| SecretString::from(token.trim().to_owned()))
}
