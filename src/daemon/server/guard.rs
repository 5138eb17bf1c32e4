//! Who may ask, and what every answer says to browsers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::Shared;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What browsers are told: no script, nothing from elsewhere, no frame around it.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Lets those requests through that are meant for us, within bounds.
pub(super) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let mut answer = if is_meant(&shared, request.headers()) {
        match shared.places.try_acquire() {
            Ok(_place) => match tokio::time::timeout(PATIENCE, next.run(request)).await {
                Ok(answer) => answer,
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            },
            Err(_) => {
                let later = [(header::RETRY_AFTER, "1")];
                (StatusCode::SERVICE_UNAVAILABLE, later).into_response()
            }
        }
    } else {
        let sentence = "this name is not meant: add it to [server] hosts, or ask by the address\n";
        (StatusCode::MISDIRECTED_REQUEST, sentence).into_response()
    };
    for (name, value) in HEADERS {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Whether the request was sent to this machine by a name that belongs to it.
fn is_meant(shared: &Shared, headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let Some(name) = host.and_then(name_of) else {
        return false;
    };
    if name == "localhost" || shared.settings.hosts.contains(&name) {
        return true;
    }
    let own = shared.address.map(|address| address.ip());
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        // Listening on every address, it may be asked by each; a name cannot be rebound to one.
        Ok(asked) => {
            asked.is_loopback() || own.is_some_and(|own| own == asked || own.is_unspecified())
        }
        Err(_) => false,
    }
}

/// The name without the port, in lower case.
fn name_of(host: &str) -> Option<String> {
    let authority: axum::http::uri::Authority = host.parse().ok()?;
    Some(authority.host().to_ascii_lowercase())
}

/// Why somebody may not ask for a cycle.
pub(super) fn refusal(token: Option<&SecretString>, headers: &HeaderMap) -> Option<Response> {
    let Some(token) = token else {
        let sentence = "nobody may ask for a cycle: [server] token-env names no token\n";
        return Some((StatusCode::FORBIDDEN, sentence).into_response());
    };
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .unwrap_or_default();
    let right = token.expose_secret().as_bytes();
    if bool::from(shown.ct_eq(right)) {
        return None;
    }
    let asks = [(header::WWW_AUTHENTICATE, "Bearer")];
    Some(
        (
            StatusCode::UNAUTHORIZED,
            asks,
            "the token is missing or wrong\n",
        )
            .into_response(),
    )
}
