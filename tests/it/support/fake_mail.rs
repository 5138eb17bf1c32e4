//! A mail server that speaks SMTP, STARTTLS and TLS from the first byte, and can do all of it badly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How it protects the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Tls,
    Starttls,
    Plain,
}

/// What it does badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// It is busy and says so instead of greeting.
    Busy,
    /// It never says anything.
    Silent,
    /// It says a line without an end.
    Endless,
    /// It greets with line after line.
    Chatty,
    /// It does not know STARTTLS.
    NoStarttls,
    /// It says more than the one line after which TLS begins.
    Injects,
    /// Its certificate is for another name.
    OtherName,
    /// It takes no login, and repeats what it was given.
    NoLogin,
    /// It knows no such recipient.
    NoRecipient,
    /// It does not know this one of the recipients.
    NotThis(&'static str),
    /// It ends the connection when it has the mail, and does not say that it has it.
    CutsAtTheEnd,
}

/// The mail server. It ends with the test.
pub struct FakeMail {
    address: SocketAddr,
    authority: PathBuf,
    state: Arc<Mutex<State>>,
    trouble: Arc<Mutex<Trouble>>,
}

#[derive(Default)]
struct State {
    connections: usize,
    mails: Vec<String>,
    said: Vec<String>,
}

/// Who may log in.
pub const LOGIN: (&str, &str) = ("rewheel", "s3cret of the mail");

impl FakeMail {
    /// One whose authority's certificate is put into this folder.
    pub fn start(folder: &Path, way: Way) -> Self {
        let authority = folder.join("authority.pem");
        let right = certificate("localhost");
        std::fs::write(&authority, &right.0).unwrap();
        let wrong = certificate("other.example").1;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake = Self {
            address: listener.local_addr().unwrap(),
            authority,
            state: Arc::default(),
            trouble: Arc::new(Mutex::new(Trouble::None)),
        };
        let (state, trouble) = (Arc::clone(&fake.state), Arc::clone(&fake.trouble));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream
                    .set_read_timeout(Some(Duration::from_secs(60)))
                    .unwrap();
                let trouble = *trouble.lock().unwrap();
                state.lock().unwrap().connections += 1;
                let tls = match trouble {
                    Trouble::OtherName => Arc::clone(&wrong),
                    _ => Arc::clone(&right.1),
                };
                let state = Arc::clone(&state);
                // Who goes away in the middle is no fault of the server's.
                std::thread::spawn(move || converse(stream, way, trouble, &tls, &state));
            }
        });
        fake
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate of the authority that issued its own.
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// It does this badly from now on.
    pub fn trouble(&self, trouble: Trouble) -> &Self {
        *self.trouble.lock().unwrap() = trouble;
        self
    }

    /// The mails that it took.
    pub fn mails(&self) -> Vec<String> {
        self.state.lock().unwrap().mails.clone()
    }

    /// Waits, without holding up the runtime, until somebody connects.
    pub async fn wait_for_connection(&self) {
        while self.state.lock().unwrap().connections == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// What it was told before any encryption.
    pub fn said_in_the_open(&self) -> Vec<String> {
        self.state.lock().unwrap().said.clone()
    }
}

/// An authority in PEM, and a server with a certificate of its for this name.
fn certificate(name: &str) -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let own = params.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key)
        .unwrap();
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(authority.der())
    );
    (pem, Arc::new(config))
}

fn encrypted(
    stream: TcpStream,
    tls: &Arc<ServerConfig>,
) -> StreamOwned<ServerConnection, TcpStream> {
    StreamOwned::new(ServerConnection::new(Arc::clone(tls)).unwrap(), stream)
}

type Ended = std::io::Result<()>;

fn converse(
    mut stream: TcpStream,
    way: Way,
    trouble: Trouble,
    tls: &Arc<ServerConfig>,
    state: &Mutex<State>,
) -> Ended {
    match trouble {
        Trouble::Silent => {
            let _ = stream.read(&mut [0]);
            return Ok(());
        }
        Trouble::Endless => loop {
            stream.write_all(&[b'2'; 1 << 16])?;
        },
        _ => {}
    }
    match way {
        Way::Tls => session(encrypted(stream, tls), trouble, false, state),
        Way::Plain => session(stream, trouble, false, state),
        Way::Starttls => {
            greet(&mut stream, trouble)?;
            loop {
                let line = read_line(&mut stream)?;
                state.lock().unwrap().said.push(line.clone());
                if line.is_empty() || line == "QUIT" {
                    return Ok(());
                }
                match (line.as_str(), trouble) {
                    ("STARTTLS", _) => break,
                    (_, Trouble::NoStarttls) => stream.write_all(b"250 localhost\r\n")?,
                    _ => stream.write_all(b"250-localhost\r\n250 STARTTLS\r\n")?,
                }
            }
            if trouble == Trouble::Injects {
                stream.write_all(b"220 go ahead\r\n250-injected\r\n250 AUTH PLAIN\r\n")?;
            } else {
                stream.write_all(b"220 go ahead\r\n")?;
            }
            session(encrypted(stream, tls), trouble, true, state)
        }
    }
}

fn greet(stream: &mut impl Write, trouble: Trouble) -> Ended {
    if trouble == Trouble::Busy {
        return stream.write_all(b"421 too busy, <script> come again\r\n");
    }
    if trouble == Trouble::Chatty {
        stream.write_all(&b"220-\r\n".repeat(50_000))?;
    }
    stream.write_all(b"220 localhost at your service\r\n")
}

/// Byte by byte, so that nothing of TLS is read that follows.
fn read_line(stream: &mut impl Read) -> std::io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn session(
    stream: impl Read + Write,
    trouble: Trouble,
    is_greeted: bool,
    state: &Mutex<State>,
) -> Ended {
    let mut stream = BufReader::new(stream);
    if !is_greeted {
        greet(stream.get_mut(), trouble)?;
    }
    let say = |stream: &mut BufReader<_>, text: &str| -> Ended {
        let inner: &mut dyn Write = BufReader::get_mut(stream);
        inner.write_all(text.as_bytes())?;
        inner.flush()
    };
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let verb = line.split(' ').next().unwrap_or_default();
        match (verb, trouble) {
            ("EHLO", _) => say(
                &mut stream,
                "250-localhost\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
            )?,
            ("AUTH", Trouble::NoLogin) => say(&mut stream, &format!("535 not with {line}\r\n"))?,
            ("AUTH", _) => {
                let (user, password) = LOGIN;
                let right = STANDARD.encode(format!("\0{user}\0{password}"));
                let answer = match line == format!("AUTH PLAIN {right}") {
                    true => "235 welcome\r\n",
                    false => "535 no\r\n",
                };
                say(&mut stream, answer)?;
            }
            ("RCPT", Trouble::NotThis(name)) if line.contains(name) => {
                say(&mut stream, "550 nobody of that name\r\n")?;
            }
            ("RCPT", Trouble::NoRecipient) => say(&mut stream, "550 nobody of that name\r\n")?,
            ("DATA", _) => {
                say(&mut stream, "354 go ahead\r\n")?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut mail)? == 0 {
                        return Ok(());
                    }
                }
                state.lock().unwrap().mails.push(mail);
                if trouble == Trouble::CutsAtTheEnd {
                    return Ok(());
                }
                say(&mut stream, "250 taken\r\n")?;
            }
            ("QUIT", _) => return say(&mut stream, "221 bye\r\n"),
            _ => say(&mut stream, "250 ok\r\n")?,
        }
    }
}
