//! What a fault makes of an answer.

use axum::body::{Body, Bytes};
use axum::http::Response;
use serde_json::{Value, json};

use super::answers::{error, invalid, not_found};
use super::faults::{Fault, When};
use super::responding::Asked;
use super::schema::Operation;
use super::serving::streamed;
use super::world::World;
use crate::support::reply::Reply;

/// The bytes of one piece of a huge page.
const PIECE: usize = 64 << 10;

/// What the client gets.
pub(super) enum Spoiled {
    Answer(Reply),
    /// An answer that is never whole in memory.
    Streamed(Response<Body>),
    CutInBody(Reply),
    Cut,
    Silent,
}

impl Spoiled {
    /// The status that the client sees; 0 when it sees none.
    pub fn status(&self) -> u16 {
        match self {
            Self::Answer(reply) | Self::CutInBody(reply) => reply.status,
            Self::Streamed(response) => response.status().as_u16(),
            Self::Cut | Self::Silent => 0,
        }
    }
}

/// The answer of a fault that keeps a request from being worked on. The connection is treated
/// afterwards, by `spoiled`.
pub(super) fn refusal(world: &mut World, place: usize, asked: &Asked, fault: &Fault) -> Reply {
    let _ = world.recognize(place, asked);
    let reply = match fault {
        Fault::Unauthorized => error(401, "Bad credentials"),
        Fault::RateLimited(reset) => {
            let reset = world.now + chrono::Duration::from_std(*reset).unwrap();
            error(403, "API rate limit exceeded for user ID 1.")
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", reset.timestamp().to_string())
        }
        Fault::SecondaryLimit(status, retry_after) => {
            let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
            let reply = error(*status, message);
            match retry_after {
                Some(seconds) => reply.header("retry-after", seconds.to_string()),
                None => reply,
            }
        }
        Fault::Forbidden => error(403, "Resource not accessible by integration"),
        Fault::NotFound => not_found(),
        Fault::Gone => error(410, "Issues are disabled for this repo"),
        Fault::Invalid(message) => invalid("Issue", "body", "custom", Some(message)),
        Fault::Redirect(url) => {
            let status = if asked.method == "GET" { 302 } else { 307 };
            Reply::new(status).header("location", url)
        }
        Fault::Status(_, status) => error(*status, "Server Error"),
        _ => Reply::new(502),
    };
    let path = &world.journal[place].path;
    if let Some(operation) = Operation::find(&asked.method, path)
        && !reply.body.is_empty()
    {
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let problems = operation.problems_of_answer(reply.status, Some(&body));
        world.violate(asked, &problems);
    }
    world.with_limits(reply)
}

/// What a fault makes of the answer that there would be.
pub(super) fn spoiled(world: &World, fault: &Fault, reply: Reply) -> Spoiled {
    match fault {
        Fault::Status(When::After, status) => {
            Spoiled::Answer(world.with_limits(error(*status, "Server Error")))
        }
        Fault::Html(_) => {
            let page =
                "<html>\n<head><title>502 Bad Gateway</title></head>\n<body></body>\n</html>\n";
            let reply = Reply::new(502).header("content-type", "text/html");
            Spoiled::Answer(reply.body(page.as_bytes().to_vec()))
        }
        Fault::Cut(_) => Spoiled::Cut,
        Fault::Silent(_) => Spoiled::Silent,
        Fault::CutInBody if reply.body.is_empty() => Spoiled::Cut,
        Fault::CutInBody => Spoiled::CutInBody(reply),
        Fault::Malformed => {
            let body = if reply.body.is_empty() {
                json!({ "message": "half" }).to_string().into_bytes()
            } else {
                reply.body.clone()
            };
            let half = body[..body.len() / 2].to_vec();
            let status = if reply.status == 204 {
                200
            } else {
                reply.status
            };
            let spoiled = Reply { status, ..reply };
            Spoiled::Answer(spoiled.body(half))
        }
        Fault::HugePage(bytes) => {
            let piece = Bytes::from(format!("\"{}\",", "x".repeat(PIECE - 3)));
            let times = bytes.div_ceil(PIECE);
            Spoiled::Streamed(page(streamed("[", piece, times, "\"end\"]")))
        }
        Fault::Endless => {
            let piece = Bytes::from("0,".repeat(PIECE / 2));
            Spoiled::Streamed(page(streamed("[", piece, usize::MAX, "0]")))
        }
        _ => Spoiled::Answer(reply),
    }
}

fn page(body: Body) -> Response<Body> {
    Response::builder()
        .header("content-type", "application/json; charset=utf-8")
        .body(body)
        .unwrap()
}
