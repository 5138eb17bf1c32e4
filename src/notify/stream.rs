//! A connection to a mail server that hands out no more than one line at a time, and not without
//! end.
//!
//! Who sends more after the line that begins TLS would have it read as said under TLS; so what
//! follows a line waits here until it is asked for, and then TLS reads it and refuses it. And a line
//! without an end would be collected without end.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The most bytes that a mail server says in one conversation, certificates included.
const MOST_BYTES: usize = 512 * 1024;

/// The most lines of one conversation. An answer of many lines is read anew with each of them, so
/// that many short ones cost more than their bytes. Under TLS every 256th byte looks like the end
/// of a line here; a conversation has tens of them.
const MOST_LINES: usize = 2000;

fn too_many_lines() -> io::Error {
    io::Error::other(format!("it says more than {MOST_LINES} lines"))
}

/// How many bytes are taken from the system at once.
const AT_ONCE: usize = 8 * 1024;

/// The connection.
#[derive(Debug)]
pub(super) struct LineByLine {
    inner: TcpStream,
    held: Vec<u8>,
    /// How many of the held bytes were handed out.
    given: usize,
    received: usize,
    lines: usize,
}

impl LineByLine {
    pub(super) const fn new(inner: TcpStream) -> Self {
        Self {
            inner,
            held: Vec::new(),
            given: 0,
            received: 0,
            lines: 0,
        }
    }

    /// Takes more from the system; nothing at the end of the connection.
    fn fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = [0; AT_ONCE];
        let mut buffer = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.inner).poll_read(context, &mut buffer))?;
        self.received = self.received.saturating_add(buffer.filled().len());
        if self.received > MOST_BYTES {
            let error = format!("it says more than {MOST_BYTES} bytes");
            return Poll::Ready(Err(io::Error::other(error)));
        }
        self.held = buffer.filled().to_vec();
        self.given = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for LineByLine {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.given >= this.held.len() {
            ready!(this.fill(context))?;
        }
        let rest = this.held.get(this.given..).unwrap_or_default();
        let line = rest.split_inclusive(|byte| *byte == b'\n').next();
        let line = line.unwrap_or_default();
        this.lines = this.lines.saturating_add(1);
        if this.lines > MOST_LINES {
            return Poll::Ready(Err(too_many_lines()));
        }
        let line = line.get(..buffer.remaining()).unwrap_or(line);
        buffer.put_slice(line);
        this.given = this.given.saturating_add(line.len());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineByLine {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

impl AsyncTokioStream for LineByLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }
}

/// The same under TLS.
#[derive(Debug)]
pub(super) struct Encrypted {
    inner: tokio_rustls::client::TlsStream<LineByLine>,
    lines: usize,
}

impl Encrypted {
    pub(super) const fn new(inner: tokio_rustls::client::TlsStream<LineByLine>) -> Self {
        Self { inner, lines: 0 }
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        let lines = new.iter().filter(|byte| **byte == b'\n').count();
        this.lines = this.lines.saturating_add(lines);
        if this.lines > MOST_LINES {
            return Poll::Ready(Err(too_many_lines()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().0.peer_addr()
    }
}
