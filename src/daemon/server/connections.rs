//! Connections: how many there are, how long each may take, and how they end.
//!
//! Who says nothing, or says it slowly, must not keep others out: every connection has a place, and
//! when all are taken, the one that has waited longest for a request gives up its own.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::places::{Place, Places};

/// How long nobody is let in after the system could not: it has no file to spare.
const RECOVERY: Duration = Duration::from_secs(1);

/// What one connection, and all together, may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// How many connections there are at once.
    pub connections: usize,
    /// How long a request's head may take, and how long a connection may wait for one.
    pub head_time: Duration,
    /// How many bytes a request's head may have; at least 8,192.
    pub head_bytes: usize,
    /// How many headers a request may have.
    pub headers: usize,
    /// How many bytes a request may bring beside its head; none are read.
    pub body_bytes: u64,
    /// How long a connection lasts at most, however busy it is.
    pub lifetime: Duration,
    /// How long an answer under way may still take when its connection is to end.
    pub grace: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 64,
            head_time: Duration::from_secs(10),
            head_bytes: 16 * 1024,
            headers: 64,
            body_bytes: 1024,
            lifetime: Duration::from_secs(120),
            grace: Duration::from_secs(2),
        }
    }
}

/// Lets connections in until `stop` is cancelled, and returns when the last of them has ended.
///
/// # Errors
/// The listener broke.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    stop: CancellationToken,
) -> io::Result<()> {
    let places = Places::new(limits.connections);
    let mut connections = JoinSet::new();
    let outcome = loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break Ok(()),
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) if is_of_the_listener(&error) => break Err(error),
            Err(error) => {
                tracing::warn!("no connection can be let in for a moment: {error}");
                sleep(RECOVERY).await;
                continue;
            }
        };
        let place = tokio::select! {
            () = stop.cancelled() => break Ok(()),
            place = places.take() => place,
        };
        connections.spawn(converse(
            stream,
            router.clone(),
            limits,
            place,
            stop.clone(),
        ));
    };
    // Nobody else is let in; each connection bounds its own end.
    drop(listener);
    while connections.join_next().await.is_some() {}
    outcome
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionRefused | ConnectionAborted | ConnectionReset | Interrupted
    )
}

fn is_of_the_listener(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, NotConnected};
    matches!(error.kind(), InvalidInput | NotConnected)
}

/// Answers the requests of one connection, one after the other.
async fn converse(
    stream: TcpStream,
    router: Router,
    limits: ServerLimits,
    place: Place,
    stop: CancellationToken,
) {
    let answers = service_fn(|request: http::Request<Incoming>| {
        place.asked();
        let mut router = router.clone();
        let answer = router.call(request.map(Body::new));
        let place = &place;
        async move {
            let answer = answer.await;
            place.answered();
            Ok::<_, Infallible>(match answer {
                Ok(answer) => answer,
                Err(never) => match never {},
            })
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_headers(limits.headers)
        .max_header_size(limits.head_bytes)
        .max_buf_size(limits.head_bytes)
        .serve_connection(TokioIo::new(stream), answers);
    let mut connection = std::pin::pin!(connection);
    let mut end = std::pin::pin!(sleep(limits.lifetime));
    let mut is_ending = false;
    loop {
        tokio::select! {
            outcome = &mut connection => {
                if let Err(error) = outcome {
                    tracing::debug!("a connection broke: {error}");
                }
                return;
            }
            () = place.given_up() => return,
            () = stop.cancelled(), if !is_ending => {
                if place.is_unused() {
                    return;
                }
            }
            () = &mut end => {
                if is_ending {
                    return;
                }
            }
        }
        // What is being answered is finished, and nothing else is begun.
        is_ending = true;
        connection.as_mut().graceful_shutdown();
        end.as_mut().reset(Instant::now() + limits.grace);
    }
}
