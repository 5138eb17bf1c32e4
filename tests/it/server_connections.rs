//! The daemon's server and those who are slow, many, or send too much; over real sockets. Nothing
//! waits for a fixed time: the server is given short limits, and every end is seen as an end.

use std::time::Duration;

use rewheel::daemon::server::ServerLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::lines::{cycle, facts, many, moment};
use crate::support::page::{Served, start, start_within};

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Longer than anything here may take; whoever waits for it has failed.
const LONG: Duration = Duration::from_secs(3600);

/// No limit that a test does not set is ever met.
fn patient() -> ServerLimits {
    ServerLimits {
        head_time: LONG,
        lifetime: LONG,
        grace: LONG,
        ..ServerLimits::default()
    }
}

async fn served(limits: ServerLimits) -> Served {
    start_within(None, moment(), limits).await
}

/// Reads until the other side ends the connection, however it does.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// Reads one answer that has a length.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\nok\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        text.push(char::from(byte[0]));
    }
    text
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let served = served(ServerLimits {
        head_time: Duration::from_millis(50),
        ..patient()
    })
    .await;
    let mut loris = served.connect().await;
    loris.write_all(&HEALTH.as_bytes()[..30]).await.unwrap();
    assert!(!rest(&mut loris).await.contains("200 OK"));
    assert_eq!(served.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn who_never_says_anything_is_not_waited_for() {
    let served = served(ServerLimits {
        head_time: Duration::from_millis(50),
        ..patient()
    })
    .await;
    let mut silent = served.connect().await;
    rest(&mut silent).await;
    let mut idle = served.connect().await;
    idle.write_all(HEALTH.as_bytes()).await.unwrap();
    assert!(rest(&mut idle).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_connection_ends_after_its_time_however_busy() {
    let served = served(ServerLimits {
        lifetime: Duration::from_millis(100),
        ..patient()
    })
    .await;
    let mut busy = served.connect().await;
    let mut answers = 0;
    while busy.write_all(HEALTH.as_bytes()).await.is_ok() {
        let mut bytes = [0; 4096];
        match busy.read(&mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(_) => answers += 1,
        }
    }
    assert!(answers > 0);
}

#[tokio::test]
async fn who_does_not_read_is_left_after_the_grace() {
    let served = served(ServerLimits {
        lifetime: Duration::from_millis(50),
        grace: Duration::from_millis(50),
        ..patient()
    })
    .await;
    let facts = facts();
    served.board.ended(cycle(many(60, &facts), &facts));
    let mut greedy = served.connect().await;
    let request = "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n";
    // More answers than any buffer on the way holds, none of them read.
    let _ = greedy.write_all(request.repeat(100).as_bytes()).await;
    served.stop.cancel();
    served.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_one_that_waited_longest_makes_room() {
    let served = served(ServerLimits {
        connections: 3,
        ..patient()
    })
    .await;
    let mut first = served.connect().await;
    first.write_all(HEALTH.as_bytes()).await.unwrap();
    answer(&mut first).await;
    // These say nothing, and take all places that are left.
    let mut silent = Vec::new();
    for _ in 0..2 {
        silent.push(served.connect().await);
    }
    // Its answer is newer than their silence: they go first.
    first.write_all(HEALTH.as_bytes()).await.unwrap();
    answer(&mut first).await;
    for _ in 0..20 {
        assert_eq!(served.get("/healthz").await.0, 200);
    }
    assert_eq!(rest(&mut silent[0]).await, "");
}

#[tokio::test]
async fn a_flood_of_silent_connections_keeps_nobody_out() {
    let served = served(patient()).await;
    let mut flood = Vec::new();
    for _ in 0..100 {
        let mut stream = served.connect().await;
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nX: ").await;
        flood.push(stream);
    }
    assert_eq!(served.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    let served = start(Some("secret"), moment()).await;
    let long = "a".repeat(20_000);
    let many: String = (0..100).map(|at| format!("X-{at}: y\r\n")).collect();
    for (more, path) in [
        (format!("X-Long: {long}\r\n"), "/".to_owned()),
        (many, "/".to_owned()),
        (String::new(), format!("/?q={long}")),
    ] {
        let (code, said) = served.ask("GET", &path, "localhost", &more).await;
        assert!(matches!(code, 414 | 431), "{said}");
    }
    let bearer = "Authorization: Bearer secret\r\n";
    for more in [
        "Content-Length: 1025\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        let (code, said) = served
            .ask(
                "POST",
                "/api/v1/check",
                "localhost",
                &format!("{bearer}{more}"),
            )
            .await;
        assert!(matches!(code, 400 | 413), "{more}: {said}");
    }
    let small = format!("{bearer}Content-Length: 0\r\n");
    assert_eq!(
        served
            .ask("POST", "/api/v1/check", "localhost", &small)
            .await
            .0,
        202
    );
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let served = start(None, moment()).await;
    for (nonsense, code) in [
        ("GET / HTTP/1.1\r\n\r\n", "421"),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
            "421",
        ),
        (
            "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "421",
        ),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "421"),
        ("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", "400"),
        ("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", "400"),
        ("\u{1}\u{2}\u{3}\r\n\r\n", "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
    ] {
        let closed = nonsense.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        let said = served.say(closed.as_bytes()).await;
        let given = said.get(9..12).unwrap_or_default();
        assert!(given == code || code.is_empty(), "{nonsense:?}: {said}");
        assert!(!said.contains("200 OK"), "{nonsense:?}: {said}");
    }
    let whole =
        "GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(
        served
            .say(whole.as_bytes())
            .await
            .starts_with("HTTP/1.1 200 OK")
    );
}

#[tokio::test]
async fn requests_in_a_row_are_answered_in_their_order() {
    let served = start(None, moment()).await;
    let asks = ["/healthz", "/nowhere", "/style.css", "/api/v1/status"];
    let mut all: String = asks
        .map(|path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .concat();
    all.push_str("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let said = served.say(all.as_bytes()).await;
    let codes: Vec<&str> = said
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &said[at + 9..at + 12])
        .collect();
    assert_eq!(codes, ["200", "404", "200", "503", "200"], "{said}");
}

#[tokio::test]
async fn a_stop_ends_silent_connections_and_finishes_answers() {
    let served = served(patient()).await;
    let mut silent = served.connect().await;
    let mut idle = served.connect().await;
    idle.write_all(HEALTH.as_bytes()).await.unwrap();
    answer(&mut idle).await;
    served.stop.cancel();
    served.task.await.unwrap().unwrap();
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut idle).await, "");
    let port = served.port;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}
