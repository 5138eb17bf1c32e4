//! The daemon's server on a free port, and requests to it by hand.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rewheel::daemon::Pulse;
use rewheel::daemon::board::Board;
use rewheel::daemon::server::{ServerLimits, ServerSettings, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::lines::moment;

/// A running server.
pub struct Served {
    pub port: u16,
    pub board: Board,
    pub wake: Arc<Notify>,
    pub stop: CancellationToken,
    pub task: JoinHandle<std::io::Result<()>>,
}

/// Serves at that moment; only this token asks for cycles.
pub async fn start(token: Option<&str>, now: DateTime<Utc>) -> Served {
    start_within(token, now, ServerLimits::default()).await
}

/// The same within these limits.
pub async fn start_within(token: Option<&str>, now: DateTime<Utc>, limits: ServerLimits) -> Served {
    start_with(token, now, limits, Pulse::new()).await
}

/// The same with the pulse of a cycle.
pub async fn start_with(
    token: Option<&str>,
    now: DateTime<Utc>,
    limits: ServerLimits,
    pulse: Pulse,
) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let settings = ServerSettings {
        pulse: Arc::new(pulse),
        token: token.map(Into::into),
        ready_within: TimeDelta::hours(2),
        hosts: vec!["status.example".to_owned()],
        limits,
    };
    let (board, wake, stop) = (
        Board::new(moment() - TimeDelta::days(3)),
        Arc::default(),
        CancellationToken::new(),
    );
    let serving = serve(
        listener,
        settings,
        board.clone(),
        Arc::clone(&wake),
        Arc::new(move || now),
        stop.clone(),
    );
    Served {
        port,
        board,
        wake,
        stop,
        task: tokio::spawn(serving),
    }
}

impl Served {
    /// A connection.
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// One request on a connection of its own: the status and the whole answer.
    pub async fn ask(&self, method: &str, path: &str, host: &str, more: &str) -> (u16, String) {
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n");
        let answer = self.say(request.as_bytes()).await;
        (answer[9..12].parse().unwrap(), answer)
    }

    /// Sends these bytes and reads until the server closes.
    pub async fn say(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        // A server that closes while there is something unread resets the connection.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    /// Asks for a page: the status, and the whole answer.
    pub async fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "localhost", "").await
    }
}
