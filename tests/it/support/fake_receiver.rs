//! Somebody who is told over HTTP, and can be told to take it badly.

use std::collections::{BTreeMap, VecDeque};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::reply::never;
use super::server::Server;

/// What is answered to a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Status 204.
    Taken,
    /// This status, with these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// Nothing, ever.
    Never,
    /// Status 200 and a body without end.
    Endless,
    /// Nothing: the process with this id is killed before.
    Kill(Arc<Mutex<u32>>),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Heard {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// Whether it was taken.
    pub is_taken: bool,
}

/// The receiver.
pub struct FakeReceiver {
    server: Server,
    state: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    heard: Vec<Heard>,
    answers: VecDeque<Answer>,
}

impl FakeReceiver {
    /// One that takes everything.
    pub fn start() -> Self {
        let state = Arc::new(Shared::default());
        let router = Router::new()
            .fallback(any(answer))
            .with_state(Arc::clone(&state));
        Self {
            server: Server::start(router),
            state,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// What is answered next, once; after that everything is taken.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) -> &Self {
        let mut inner = self.state.inner.lock().unwrap();
        inner.answers = answers.into_iter().collect();
        self
    }

    /// What was heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.state.inner.lock().unwrap().heard.clone()
    }

    /// What was heard so far, which is forgotten.
    pub fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut self.state.inner.lock().unwrap().heard)
    }

    /// Waits, without holding up the runtime, until so much was heard.
    pub async fn wait_for_later(&self, count: usize) {
        while self.heard().len() < count {
            tokio::task::yield_now().await;
        }
    }

    /// What was heard and matches, once so much of it was.
    #[track_caller]
    pub fn wait_for(&self, count: usize, matches: impl Fn(&Heard) -> bool) -> Vec<Heard> {
        let matching = |inner: &Inner| {
            let heard = inner.heard.iter().filter(|one| matches(one));
            heard.cloned().collect::<Vec<_>>()
        };
        let inner = self.state.inner.lock().unwrap();
        let few = |inner: &mut Inner| matching(inner).len() < count;
        let patience = Duration::from_secs(60);
        let (inner, waited) = self
            .state
            .changed
            .wait_timeout_while(inner, patience, few)
            .unwrap();
        assert!(!waited.timed_out(), "heard only {:#?}", inner.heard);
        matching(&inner)
    }
}

async fn answer(
    State(state): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let answer = {
        let mut inner = state.inner.lock().unwrap();
        let answer = inner.answers.pop_front().unwrap_or(Answer::Taken);
        inner.heard.push(Heard {
            method: method.to_string(),
            path: uri.to_string(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: body.to_vec(),
            is_taken: matches!(answer, Answer::Taken),
        });
        answer
    };
    state.changed.notify_all();
    let builder = Response::builder();
    match answer {
        Answer::Taken => builder.status(204).body(Body::empty()).unwrap(),
        Answer::Status(status, headers) => {
            let builder = headers
                .into_iter()
                .fold(builder.status(status), |builder, (name, value)| {
                    builder.header(name, value)
                });
            builder.body(Body::from("it said <secret>")).unwrap()
        }
        Answer::Never => never().await,
        Answer::Endless => {
            let piece = || Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1 << 16]));
            let body = futures_util::stream::repeat_with(piece);
            builder.body(Body::from_stream(body)).unwrap()
        }
        Answer::Kill(process) => {
            let id = process.lock().unwrap().to_string();
            let killed = Command::new("kill").args(["-KILL", &id]).status().unwrap();
            assert!(killed.success());
            never().await
        }
    }
}

impl Heard {
    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body, whose signature by this secret is held to be right.
    #[track_caller]
    pub fn verified(&self, secret: &[u8]) -> Value {
        let signed = [
            self.header("webhook-id").as_bytes(),
            b".",
            self.header("webhook-timestamp").as_bytes(),
            b".",
            &self.body,
        ]
        .concat();
        let expected = format!("v1,{}", STANDARD.encode(hmac_sha256(secret, &signed)));
        let given: Vec<&str> = self.header("webhook-signature").split(' ').collect();
        assert!(given.contains(&expected.as_str()), "{given:?}");
        self.json()
    }
}

/// HMAC-SHA256, written down from RFC 2104 and not taken from what signs.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message);
    let outer = Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner.finalize());
    outer.finalize().into()
}
