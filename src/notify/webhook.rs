//! Sending to a webhook: one POST, bounded in time; its answer's body is never read.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use url::Url;

use crate::config::{Form, Webhook};
use crate::fetch::{self, Client, Login};

use super::error::NotifyError;
use super::message::Message;
use super::secret::{self, Variable};
use super::signature::Keys;
use super::{chat, document};

/// How long a webhook may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Sends a message.
///
/// # Errors
/// A secret is missing, or the webhook did not take it.
pub(super) async fn send(
    client: &Client,
    webhook: &Webhook,
    variable: &Variable,
    id: &str,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<(), NotifyError> {
    let url = secret::address(&webhook.address, variable)?;
    let mut request = Request::new(Method::POST, url.clone());
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = match &webhook.form {
        Form::Slack => chat::body(message),
        Form::Json(from) => {
            let keys = Keys::read(from, variable)?;
            let body = document::document(message)
                .map_err(|error| NotifyError::Form(error.to_string()))?;
            let seconds = now.timestamp();
            for (name, value) in [
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", keys.sign(id, seconds, body.as_bytes())),
            ] {
                let value = HeaderValue::from_str(&value)
                    .map_err(|error| NotifyError::Form(error.to_string()))?;
                headers.insert(HeaderName::from_static(name), value);
            }
            body
        }
    };
    log_in(&mut request, &url)?;
    *request.body_mut() = Some(body.into());
    answer(client, request, PATIENCE).await
}

/// A login in the address goes into a header, and never into what is asked for.
pub(super) fn log_in(request: &mut Request, url: &Url) -> Result<(), NotifyError> {
    let Some(login) = Login::of_url(url) else {
        return Ok(());
    };
    let text = format!("{}:{}", login.user().unwrap_or_default(), login.password());
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(text)))
        .map_err(|error| NotifyError::Form(error.to_string()))?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    let clean = request.url_mut();
    // Both fail only for addresses that can hold no login at all.
    let _ = clean.set_username("");
    let _ = clean.set_password(None);
    Ok(())
}

/// Sends a request and looks at the status of the answer alone.
pub(super) async fn answer(
    client: &Client,
    request: Request,
    patience: Duration,
) -> Result<(), NotifyError> {
    let response = tokio::time::timeout(patience, client.send(request))
        .await
        .map_err(|_| NotifyError::TimedOut(patience))??;
    match response.status().as_u16() {
        200..=299 => Ok(()),
        status @ 300..=399 => Err(NotifyError::Redirect(status)),
        status => Err(NotifyError::Status {
            status,
            retry_after: fetch::retry_after(response.headers()),
        }),
    }
}
