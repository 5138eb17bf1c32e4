//! One exchange with GitHub: octocrab builds and sends it over our own connection, and the answer
//! is bounded in time and size.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Body, Request, Response};
use tokio::sync::OnceCell;
use tower_service::Service;
use url::Url;

use crate::fetch::{Client, FetchError, printable};

use super::error::{Asked, GithubError};

/// An answer, whatever its status.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// The address under which it is remembered, where it is.
    pub(super) remembered_at: Option<Url>,
}

impl Reply {
    /// A header's value, when it is readable text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A request with its credentials.
pub(super) struct Outgoing<'a> {
    pub(super) asked: &'a Asked,
    pub(super) url: &'a Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<&'a serde_json::Value>,
    /// A bound on the answer, in bytes.
    pub(super) limit: u64,
}

/// The way to GitHub.
pub(super) struct Transport {
    client: Client,
    octocrab: OnceCell<Octocrab>,
    sent: AtomicU64,
}

impl Transport {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            octocrab: OnceCell::new(),
            sent: AtomicU64::new(0),
        }
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// How many requests were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// octocrab starts a task of its own, so it is made where there is a runtime.
    async fn octocrab(&self) -> &Octocrab {
        let connection = Connection(self.client.clone());
        self.octocrab
            .get_or_init(|| async move {
                let built: Result<_, Infallible> = OctocrabBuilder::new_empty()
                    .with_service(connection)
                    .with_auth(AuthState::None)
                    .build();
                match built {
                    Ok(octocrab) => octocrab,
                    Err(never) => match never {},
                }
            })
            .await
    }

    /// Sends a request once. Every status is an answer.
    ///
    /// # Errors
    /// No answer, or one that is too large.
    pub(super) async fn exchange(&self, outgoing: &Outgoing<'_>) -> Result<Reply, GithubError> {
        let failed = |source| GithubError::Transport {
            asked: outgoing.asked.clone(),
            source,
        };
        let bound: Duration = self.client.settings().page_timeout;
        tokio::time::timeout(bound, self.exchange_unbounded(outgoing))
            .await
            .unwrap_or_else(|_| {
                let url = printable(outgoing.url);
                Err(failed(FetchError::TimedOut { url }))
            })
    }

    async fn exchange_unbounded(&self, outgoing: &Outgoing<'_>) -> Result<Reply, GithubError> {
        let octocrab = self.octocrab().await;
        let mut builder = http::Request::builder()
            .method(outgoing.asked.method)
            .uri(outgoing.url.as_str());
        if let Some(headers) = builder.headers_mut() {
            headers.extend(outgoing.headers.clone());
        }
        let request = octocrab
            .build_request(builder, outgoing.body)
            .map_err(|error| no_answer(outgoing, error))?;
        self.count();
        let response = octocrab
            .send(request)
            .await
            .map_err(|error| no_answer(outgoing, error))?;
        let (parts, body) = response.into_parts();
        let limit = usize::try_from(outgoing.limit).unwrap_or(usize::MAX);
        let body = Limited::new(body, limit).collect().await;
        Ok(Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body
                .map_err(|error| broken(outgoing, error))?
                .to_bytes()
                .to_vec(),
            remembered_at: None,
        })
    }
}

fn broken(outgoing: &Outgoing<'_>, error: Box<dyn std::error::Error + Send + Sync>) -> GithubError {
    if error.is::<LengthLimitError>() {
        return GithubError::TooLarge {
            asked: outgoing.asked.clone(),
            limit: outgoing.limit,
        };
    }
    match error.downcast::<octocrab::Error>() {
        Ok(error) => no_answer(outgoing, *error),
        Err(error) => outgoing.asked.shape(error.to_string()),
    }
}

/// What [`Connection`] said, which octocrab has wrapped.
fn no_answer(outgoing: &Outgoing<'_>, error: octocrab::Error) -> GithubError {
    let asked = outgoing.asked.clone();
    let source = match error {
        octocrab::Error::Service { source, .. } => source,
        other => Box::new(other),
    };
    match source.downcast::<FetchError>() {
        Ok(source) => GithubError::Transport {
            asked,
            source: *source,
        },
        Err(other) => asked.shape(other.to_string()),
    }
}

/// Our own connection, as octocrab wants it: one way of TLS, proxies and time-outs for all.
#[derive(Clone)]
struct Connection(Client);

type Answering =
    Pin<Box<dyn Future<Output = Result<http::Response<AnswerBody>, FetchError>> + Send>>;
type AnswerBody = http_body_util::combinators::MapErr<
    Body,
    Box<dyn Fn(reqwest::Error) -> FetchError + Send + Sync>,
>;

impl Service<http::Request<OctoBody>> for Connection {
    type Response = http::Response<AnswerBody>;
    type Error = FetchError;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FetchError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<OctoBody>) -> Answering {
        let client = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let unreadable = |_| FetchError::Scheme {
                url: parts.uri.to_string(),
            };
            let url = Url::parse(&parts.uri.to_string()).map_err(unreadable)?;
            let mut outgoing = Request::new(parts.method, url.clone());
            *outgoing.headers_mut() = parts.headers;
            // octocrab's bodies are in memory and cannot fail.
            if let Ok(body) = body.collect().await {
                let bytes = body.to_bytes();
                if !bytes.is_empty() {
                    *outgoing.body_mut() = Some(bytes.into());
                }
            }
            let answer: Response = client.send(outgoing).await?;
            let answer: http::Response<Body> = answer.into();
            let name: Box<dyn Fn(reqwest::Error) -> FetchError + Send + Sync> =
                Box::new(move |error| FetchError::transport(&url, error));
            Ok(answer.map(|body| body.map_err(name)))
        })
    }
}

/// GitHub's own words of an answer that is none: its message, and what it says of single fields.
pub(super) async fn words_of(reply: &Reply) -> (String, Vec<String>) {
    let mut builder = http::Response::builder().status(reply.status);
    if let Some(headers) = builder.headers_mut() {
        headers.extend(reply.headers.clone());
    }
    let body = Full::from(reply.body.clone())
        .map_err(|never: Infallible| match never {})
        .boxed();
    let Ok(response) = builder.body(body) else {
        return Default::default();
    };
    match octocrab::map_github_error(response).await {
        Err(octocrab::Error::GitHub { source, .. }) => {
            let fields = source.errors.unwrap_or_default();
            (source.message, fields.iter().map(field).collect())
        }
        _ => Default::default(),
    }
}

/// `Label.name already_exists`, or the message. Source: "Troubleshooting the REST API", the form
/// of validation errors.
fn field(error: &serde_json::Value) -> String {
    let text = |name: &str| error.get(name).and_then(serde_json::Value::as_str);
    if let Some(whole) = error.as_str() {
        return whole.to_owned();
    }
    let place: Vec<&str> = ["resource", "field"].into_iter().filter_map(text).collect();
    let what: Vec<&str> = ["code", "message"].into_iter().filter_map(text).collect();
    format!("{} {}", place.join("."), what.join(": "))
        .trim()
        .to_owned()
}

/// `Authorization` for a token; none when it could not be a header.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
