//! The ping: whoever hears it no more knows that the watcher does not live.

use std::time::Duration;

use reqwest::{Method, Request};

use crate::config::Secret;
use crate::fetch::Client;

use super::error::NotifyError;
use super::secret::{self, Variable};
use super::webhook::{answer, log_in};

/// How long one ping may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pauses before further attempts; after them the next cycle pings again.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(8)];

/// Pings, and tries again a few times.
///
/// # Errors
/// The last attempt's.
pub(super) async fn ping(
    client: &Client,
    secret: &Secret,
    variable: &Variable,
) -> Result<(), NotifyError> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match once(client, secret, variable).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match pauses.next() {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return Err(error),
        }
    }
}

async fn once(client: &Client, secret: &Secret, variable: &Variable) -> Result<(), NotifyError> {
    let url = secret::address(secret, variable)?;
    let mut request = Request::new(Method::GET, url.clone());
    log_in(&mut request, &url)?;
    answer(client, request, PATIENCE).await
}
