//! `rewheel daemon --health`: asks the running daemon whether it lives, for who can run nothing else:
//! a health check within an image that has no shell.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::bail;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::arguments::Common;
use super::super::output;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How an answer begins that says that all is well.
const WELL: &[u8] = b"HTTP/1.1 200 ";

/// The exit code, 0 when the daemon that listens there answers, else 1, and it is told why.
///
/// # Errors
/// It listens nowhere.
pub async fn ask(listen: Option<SocketAddr>, common: &Common) -> anyhow::Result<u8> {
    let Some(listen) = listen else {
        bail!("[server] listen is \"none\": the daemon cannot be asked");
    };
    let address = reached_at(listen);
    let why = match tokio::time::timeout(PATIENCE, answer(address)).await {
        Ok(Ok(())) => return Ok(0),
        Ok(Err(why)) => format!("{address} does not answer as a daemon: {why:#}"),
        Err(_) => format!(
            "{address} does not answer within {} seconds",
            PATIENCE.as_secs()
        ),
    };
    output::warn(common, &why);
    Ok(1)
}

async fn answer(address: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut begins = [0; WELL.len()];
    stream.read_exact(&mut begins).await?;
    if begins != WELL {
        bail!("it says {:?}", String::from_utf8_lossy(&begins));
    }
    Ok(())
}

/// Where the same machine reaches who listens there.
fn reached_at(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::reached_at;

    #[rstest]
    #[case("0.0.0.0:9745", "127.0.0.1:9745")]
    #[case("[::]:9745", "[::1]:9745")]
    #[case("192.0.2.7:1", "192.0.2.7:1")]
    fn every_address_is_reached_by_loopback(#[case] listen: &str, #[case] reached: &str) {
        assert_eq!(reached_at(listen.parse().unwrap()).to_string(), reached);
    }
}
