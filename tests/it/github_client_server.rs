//! A server that answers as it is told, and what the tests of the client for GitHub share.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, Uri};
use chrono::{DateTime, Utc};
use rewheel::fetch::ClientSettings;
use rewheel::github::{Github, GithubSettings, Identity};
use rewheel::model::RepositoryName;
use serde_json::{Value, json};
use url::Url;

use crate::support::client::{Waits, settings};
use crate::support::reply::{Reply, never};
use crate::support::server::Server;

/// A token that must never be seen.
pub const TOKEN: &str = "github_pat_SECRET0123456789";

/// What the server answers to one request.
#[derive(Clone, Debug)]
pub enum Said {
    This(Reply),
    /// Nothing, ever.
    Nothing,
    /// The start of an answer, then the connection is cut.
    CutAfter(Reply, usize),
}

/// A request as the server got it.
#[derive(Clone, Debug)]
pub struct Got {
    /// `GET /repos/a/b?x=y`.
    pub line: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct State {
    said: HashMap<String, Vec<Said>>,
    got: Vec<Got>,
}

/// The server. What it is told last for a request is said for ever.
pub struct Scripted {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Scripted {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let router = Router::new().fallback(
            move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                let shared = Arc::clone(&shared);
                async move { serve(&shared, &method, &uri, headers, &body).await }
            },
        );
        Self {
            server: Server::start(router),
            state,
        }
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// `line` is `GET /path`, with a query only where it matters.
    pub fn say(&self, line: &str, said: Said) -> &Self {
        let mut state = self.state.lock().unwrap();
        state.said.entry(line.to_owned()).or_default().push(said);
        self
    }

    pub fn reply(&self, line: &str, reply: Reply) -> &Self {
        self.say(line, Said::This(reply))
    }

    /// Says nothing but this from now on.
    pub fn only(&self, line: &str, reply: Reply) -> &Self {
        self.state.lock().unwrap().said.remove(line);
        self.reply(line, reply)
    }

    pub fn got(&self) -> Vec<Got> {
        self.state.lock().unwrap().got.clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.got().into_iter().map(|got| got.line).collect()
    }
}

async fn serve(
    shared: &Mutex<State>,
    method: &Method,
    uri: &Uri,
    headers: HeaderMap,
    body: &Bytes,
) -> Response<Body> {
    let full = format!("{method} {uri}");
    let short = format!("{method} {}", uri.path());
    let said = {
        let mut state = shared.lock().unwrap();
        let key = if state.said.contains_key(&full) {
            full.clone()
        } else {
            short
        };
        state.got.push(Got {
            line: full,
            headers,
            body: serde_json::from_slice(body).unwrap_or(Value::Null),
        });
        match state.said.get_mut(&key) {
            Some(all) if all.len() > 1 => all.remove(0),
            Some(all) => all[0].clone(),
            None => Said::This(json_reply(404, &json!({"message": "Not Found"}))),
        }
    };
    match said {
        Said::This(reply) => reply.into_response(),
        Said::Nothing => never().await,
        Said::CutAfter(reply, after) => reply.broken_after(after, false),
    }
}

pub fn json_reply(status: u16, body: &Value) -> Reply {
    Reply::new(status)
        .header("date", date(0))
        .header("content-type", "application/json")
        .body(body.to_string().into_bytes())
}

pub fn message(status: u16, text: &str) -> Reply {
    json_reply(
        status,
        &json!({"message": text, "documentation_url": "https://docs.example"}),
    )
}

pub fn repository() -> RepositoryName {
    "pyca/demo".parse().unwrap()
}

/// An issue as GitHub describes it, with its nulls.
pub fn issue(number: u64, author: &str) -> Value {
    json!({
        "id": 1000 + number, "number": number, "title": format!("Issue {number}"), "body": null,
        "state": "open", "state_reason": null, "user": {"login": author, "type": "User"},
        "labels": [{"name": "security"}, "old"], "assignees": [{"login": "alice"}],
        "locked": false, "closed_by": null, "closed_at": null,
        "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T11:00:00Z",
        "html_url": format!("https://github.example/pyca/demo/issues/{number}"),
    })
}

/// A time that stands still until it is moved; the waits of the client move it.
#[derive(Clone)]
pub struct Time(Arc<Mutex<DateTime<Utc>>>);

impl Time {
    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    pub fn pass(&self, span: Duration) {
        *self.0.lock().unwrap() += span;
    }

    pub fn set_back(&self, span: Duration) {
        *self.0.lock().unwrap() -= span;
    }
}

/// `Date`, as a server whose time is so many seconds after [`START`] says it.
pub fn date(seconds: i64) -> String {
    let at = START + seconds;
    let at = std::time::UNIX_EPOCH + Duration::from_secs(at.try_into().unwrap());
    httpdate::fmt_http_date(at)
}

/// What time it is at first: 2026-11-22T13:00:00Z.
pub const START: i64 = 1_795_352_400;

/// A client under test, with the waits that it asked for and its time.
pub struct Subject {
    pub github: Github,
    pub waits: Waits,
    pub time: Time,
}

pub fn token() -> Identity {
    Identity::Token(TOKEN.to_owned().into())
}

/// Settings for a server, whose waits are recorded and move the time.
pub fn settings_for(api: &str, identity: Identity) -> (GithubSettings, Waits, Time) {
    let (mut client, waits): (ClientSettings, Waits) = settings();
    let time = Time(Arc::new(Mutex::new(
        DateTime::from_timestamp(START, 0).unwrap(),
    )));
    let (recorded, moved, read) = (Arc::clone(&waits), time.clone(), time.clone());
    client.retry.sleep = Arc::new(move |delay| {
        recorded.lock().unwrap().push(delay);
        moved.pass(delay);
        Box::pin(std::future::ready(()))
    });
    let mut settings = GithubSettings::new(Url::parse(api).unwrap(), identity);
    settings.client = client;
    settings.clock = Arc::new(move || read.now());
    (settings, waits, time)
}

pub fn subject_with(
    api: &str,
    identity: Identity,
    change: impl FnOnce(&mut GithubSettings),
) -> Subject {
    let (mut settings, waits, time) = settings_for(api, identity);
    change(&mut settings);
    Subject {
        github: Github::new(settings).unwrap(),
        waits,
        time,
    }
}

pub fn subject(server: &Scripted) -> Subject {
    subject_with(&server.origin(), token(), |_| {})
}

/// A server that takes a request and hangs up without a word; and how many it took.
pub fn hangs_up() -> (String, Arc<Mutex<usize>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&taken);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0; 4096];
            if stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                *counted.lock().unwrap() += 1;
            }
        }
    });
    (origin, taken)
}
