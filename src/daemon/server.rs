//! What the daemon knows, over HTTP: for people, for probes, for Prometheus, for programs.
//!
//! It is reached through a browser, too, so a page elsewhere must not be able to read it or to act
//! through it: the `Host` of every request must be one that is meant (against DNS rebinding), no
//! script runs, and who asks for a cycle shows a token.

mod connections;
mod guard;
mod health;
mod metrics;
mod places;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use chrono::TimeDelta;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::model::Releases;
use crate::notify::figures::ReceiverState;
use crate::report::html::{self, Show};
use crate::report::json;

use super::board::Board;
use super::{Clock, Pulse};

pub use connections::ServerLimits;

/// How many requests are answered at once; a further one is told to come back.
const AT_ONCE: usize = 32;

/// How it serves.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Who has it may ask for a cycle; without one nobody may.
    pub token: Option<SecretString>,
    /// How far the cycle under way has come.
    pub pulse: Arc<Pulse>,
    /// How old the last good cycle may be.
    pub ready_within: TimeDelta,
    /// Names under which it may be asked beside its address and this machine's own, in lower case.
    pub hosts: Vec<String>,
    /// What its connections may take.
    pub limits: ServerLimits,
}

struct Shared {
    settings: ServerSettings,
    address: Option<std::net::SocketAddr>,
    board: Board,
    wake: Arc<Notify>,
    clock: Clock,
    places: Semaphore,
}

/// Which part of the page is asked for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// Only packages whose name holds this.
    q: Option<String>,
    /// Which lines: a word of [`Show`].
    show: Option<String>,
    /// Which page, from 1.
    page: Option<String>,
}

/// Serves until `stop` is cancelled; what is being answered then is finished.
///
/// # Errors
/// The listener broke.
pub async fn serve(
    listener: TcpListener,
    settings: ServerSettings,
    board: Board,
    wake: Arc<Notify>,
    clock: Clock,
    stop: CancellationToken,
) -> io::Result<()> {
    let limits = settings.limits;
    let shared = Arc::new(Shared {
        settings,
        address: listener.local_addr().ok(),
        board,
        wake,
        clock,
        places: Semaphore::new(AT_ONCE),
    });
    let router = Router::new()
        .route("/", get(page))
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .route("/api/v1/status", get(status))
        .route("/api/v1/check", post(check))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            guard::guard,
        ))
        .with_state(shared);
    connections::serve(listener, router, limits, stop).await
}

async fn page(State(shared): State<Arc<Shared>>, Query(asked): Query<Asked>) -> Response {
    let tally = shared.board.tally();
    let recent = shared.board.recent();
    let latest = shared.board.latest();
    let known = latest.as_deref();
    let notifications = shared.board.notifications();
    let notifications = notifications.filter(|state| !state.receivers.is_empty());
    let none = Releases::new(Vec::new());
    let view = html::View {
        now: (shared.clock)(),
        asked: html::Asked {
            filter: asked.q.unwrap_or_default(),
            show: Show::of_word(&asked.show.unwrap_or_default()),
            // What is no number asks for the first one.
            page: asked.page.and_then(|page| page.parse().ok()).unwrap_or(1),
        },
        report: known.map(|cycle| &cycle.report),
        releases: known.map_or(&none, |cycle| &cycle.releases),
        watcher: html::Watcher {
            last_good: tally.last_good,
            ready_within: tally.ready_within.unwrap_or(shared.settings.ready_within),
            messages: notifications.map(|state| {
                let sum = |of: fn(&ReceiverState) -> u64| state.receivers.iter().map(of).sum();
                (sum(|one| one.waiting), sum(|one| one.given_up))
            }),
            next: tally.next,
            under_way: tally.under_way,
            error: tally.error.as_deref(),
            feeds_good: tally.feeds_good,
            budgets: tally.budgets,
            recent: &recent,
        },
    };
    match html::status(&view) {
        Ok(page) => Html(page).into_response(),
        Err(error) => {
            tracing::error!("the page cannot be made: {error}");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the page cannot be made\n",
            )
                .into_response()
        }
    }
}

async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, html::STYLE).into_response()
}

async fn icon() -> Response {
    let kind = [(header::CONTENT_TYPE, "image/svg+xml")];
    (kind, html::ICON).into_response()
}

async fn alive(State(shared): State<Arc<Shared>>) -> Response {
    health::liveness(&shared.settings.pulse).into_response()
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    health::readiness(
        &shared.board,
        shared.settings.ready_within,
        (shared.clock)(),
    )
    .into_response()
}

async fn measured(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT);
    let format = metrics::Format::asked(accept.and_then(|accept| accept.to_str().ok()));
    match metrics::text(&shared.board, (shared.clock)(), format) {
        Ok(text) => ([(header::CONTENT_TYPE, format.content_type())], text).into_response(),
        Err(error) => {
            tracing::error!("the metrics cannot be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn status(State(shared): State<Arc<Shared>>) -> Response {
    let Some(latest) = shared.board.latest() else {
        let sentence = "no cycle has come to an end yet\n";
        return (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response();
    };
    let notifications = shared.board.notifications();
    let notifications = notifications.and_then(|state| serde_json::to_value(state).ok());
    match json::check_with(&latest.report, notifications) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            tracing::error!("the status cannot be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn check(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if let Some(refusal) = guard::refusal(shared.settings.token.as_ref(), &headers) {
        return refusal;
    }
    shared.wake.notify_one();
    (
        StatusCode::ACCEPTED,
        "a cycle begins as soon as none is under way\n",
    )
        .into_response()
}
