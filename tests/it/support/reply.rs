//! Answers, good and bad, and how they are written to the connection.

use std::convert::Infallible;
use std::io::Write;
use std::ops::Range;
use std::pin::Pin;

use axum::body::{Body, Bytes};
use axum::http::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream::{self, StreamExt};

/// What a path answers instead of its own answer, or how its own answer goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with these headers and no body.
    Status(u16, Vec<(&'static str, String)>),
    /// A redirect with status 302.
    Redirect(String),
    /// Nothing, ever.
    NeverAnswer,
    /// The right answer, whose connection is cut after so many bytes of the body.
    CutAfter(usize),
    /// The right answer, whose body falls silent for ever after so many bytes.
    StallAfter(usize),
    /// The right answer, with this `Content-Range`.
    ContentRange(String),
    /// The answer to a request without `Range`.
    IgnoreRange,
    /// Something else with status 200.
    Page {
        /// `Content-Type`.
        content_type: &'static str,
        /// The body.
        body: Vec<u8>,
    },
    /// So many zero bytes, packed with gzip into a thousandth of that.
    GzipBomb(usize),
}

impl Fault {
    /// The answer gone wrong, with the bytes of a file that it then carries.
    pub fn spoil(&self, reply: Reply, served: Option<Range<u64>>) -> (Reply, Option<Range<u64>>) {
        match self {
            Self::Status(status, headers) => {
                let headers = headers.clone();
                let reply = Reply {
                    headers,
                    ..Reply::new(*status)
                };
                (reply, None)
            }
            Self::Redirect(to) => (Reply::new(302).header("location", to), None),
            Self::NeverAnswer => (Reply::new(0), None),
            Self::ContentRange(text) => (reply.header("content-range", text), served),
            Self::Page { content_type, body } => {
                let reply = Reply::new(200).header("content-type", *content_type);
                (reply.body(body.clone()), None)
            }
            Self::GzipBomb(length) => (Reply::gzip_bomb(*length), None),
            Self::CutAfter(bytes) | Self::StallAfter(bytes) => {
                let served =
                    served.map(|range| range.start..range.end.min(range.start + *bytes as u64));
                (reply, served)
            }
            Self::IgnoreRange => (reply, served),
        }
    }
}

/// An answer before it is written.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// A page of so many zero bytes behind gzip.
    pub fn gzip_bomb(length: usize) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1 << 20];
        for _ in 0..length.div_ceil(zeros.len()) {
            encoder.write_all(&zeros).unwrap();
        }
        Self::new(200)
            .header("content-type", "text/html")
            .header("content-encoding", "gzip")
            .body(encoder.finish().unwrap())
    }

    /// The whole answer.
    pub fn into_response(self) -> Response<Body> {
        let body = Body::from(self.body.clone());
        self.with_body(body)
    }

    /// The answer up to `after` bytes of its body; then the connection is cut, or silent.
    pub fn broken_after(self, after: usize, silent: bool) -> Response<Body> {
        let start = Bytes::copy_from_slice(&self.body[..after.min(self.body.len())]);
        // Without the pause the server would drop what it has not written yet.
        let written = stream::once(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            Ok(Bytes::new())
        });
        let end: Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Send>> =
            if silent {
                Box::pin(stream::pending())
            } else {
                Box::pin(stream::iter([Err(std::io::Error::other("cut"))]))
            };
        let pieces = stream::iter([Ok(start)]).chain(written).chain(end);
        let length = self.body.len().to_string();
        self.header("content-length", length)
            .with_body(Body::from_stream(pieces))
    }

    fn with_body(self, body: Body) -> Response<Body> {
        let mut builder = Response::builder().status(self.status);
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        builder.body(body).unwrap()
    }
}

/// Waits for ever.
pub async fn never() -> Response<Body> {
    let nothing: Infallible = std::future::pending().await;
    match nothing {}
}
