//! How a request becomes an answer, and what may happen to both on the way.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use serde_json::Value;

use super::faults::{self, Happening, Held, Release, When};
use super::journal::Entry;
use super::responding::Asked;
use super::spoiling::{Spoiled, refusal, spoiled};
use super::world::World;
use crate::support::reply::never;

/// The most bytes of a request's body.
const LARGEST_REQUEST: usize = 16 << 20;

/// One of the fake's two servers.
#[derive(Clone)]
pub(super) struct Origin {
    pub world: Arc<Mutex<World>>,
    pub archives: bool,
}

pub(super) async fn answer(State(origin): State<Origin>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        cut()
    };
    let asked = Asked {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
        archives: origin.archives,
    };
    // A request that has arrived is worked on to its end, also when its client does not live to
    // see that.
    let work = tokio::spawn(work(origin.world, asked));
    match work.await {
        Ok(Spoiled::Answer(reply)) => reply.into_response(),
        Ok(Spoiled::Streamed(response)) => response,
        Ok(Spoiled::CutInBody(reply)) => {
            let half = reply.body.len() / 2;
            reply.broken_after(half, false)
        }
        Ok(Spoiled::Silent) => never().await,
        Ok(Spoiled::Cut) | Err(_) => cut(),
    }
}

/// Ends the connection without an answer.
fn cut() -> ! {
    // The connection's task ends by this, and with it the connection; nothing is printed.
    std::panic::resume_unwind(Box::new("cut"))
}

async fn work(shared: Arc<Mutex<World>>, asked: Asked) -> Spoiled {
    let (place, happening) = {
        let mut world = shared.lock().unwrap();
        let place = world.note(&asked);
        let path = world.journal[place].path.clone();
        let happening = faults::next(&mut world.armed, &asked.method, &path);
        (place, happening)
    };
    let fault = match &happening {
        Some(Happening::Fault(fault)) => Some(fault.clone()),
        _ => None,
    };
    let held = match happening {
        Some(Happening::Hold(when, held)) => held.lock().unwrap().take().map(|held| (when, held)),
        _ => None,
    };
    let held = match held {
        Some((When::Before, held)) => {
            if wait(held).await == Release::Forget {
                shared.lock().unwrap().end(place, 0, false);
                return Spoiled::Cut;
            }
            None
        }
        held => held,
    };
    let reply = {
        let mut world = shared.lock().unwrap();
        let before = world.writes;
        let reply = match &fault {
            Some(fault) if !fault.stores() => refusal(&mut world, place, &asked, fault),
            _ => world.respond(place, &asked),
        };
        let stored = world.writes > before;
        world.end(place, reply.status, stored);
        reply
    };
    if let Some((_, held)) = held
        && wait(held).await == Release::Forget
    {
        shared.lock().unwrap().journal[place].status = 0;
        return Spoiled::Cut;
    }
    let Some(fault) = fault else {
        return Spoiled::Answer(reply);
    };
    let mut world = shared.lock().unwrap();
    let spoiled = spoiled(&world, &fault, reply);
    world.journal[place].status = spoiled.status();
    spoiled
}

async fn wait(held: Held) -> Release {
    let _ = held.arrived.send(());
    held.released.await.unwrap_or(Release::GoOn)
}

impl World {
    /// Notes a request, and gives its place in the journal.
    fn note(&mut self, asked: &Asked) -> usize {
        let prefix = if self.enterprise { "/api/v3" } else { "" };
        let path = asked.path.strip_prefix(prefix).unwrap_or(&asked.path);
        let entry = Entry {
            moment: self.now,
            method: asked.method.clone(),
            path: path.to_owned(),
            query: asked.query.clone(),
            headers: asked.headers.clone(),
            body: serde_json::from_slice(&asked.body).unwrap_or(Value::Null),
            login: None,
            status: 0,
            stored: false,
            archive: asked.archives,
        };
        if entry.is_write() {
            self.writing += 1;
            self.most_writing = self.most_writing.max(self.writing);
        }
        self.journal.push(entry);
        self.journal.len() - 1
    }

    fn end(&mut self, place: usize, status: u16, stored: bool) {
        let entry = &mut self.journal[place];
        entry.status = status;
        entry.stored = stored;
        if entry.is_write() {
            self.writing -= 1;
        }
    }
}

/// A body of pieces that come for ever, or so many times.
pub(super) fn streamed(start: &'static str, piece: Bytes, times: usize, end: &'static str) -> Body {
    use futures_util::stream::{self, StreamExt};
    let pieces = stream::repeat(piece).take(times);
    let whole = stream::iter([Bytes::from_static(start.as_bytes())])
        .chain(pieces)
        .chain(stream::iter([Bytes::from_static(end.as_bytes())]));
    Body::from_stream(whole.map(Ok::<_, std::convert::Infallible>))
}

/// A header of a request, empty when it was not sent.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
