//! Sending mail: one conversation with the mail server, bounded in time and in what it says.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use crate::config::{Encryption, Mail};

use super::error::{NotifyError, causes, certificate_problem};
use super::letter::letter;
use super::message::Message;
use super::secret::{self, Variable};
use super::stream::{Encrypted, LineByLine};

/// How long one conversation may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long making a connection may take.
const CONNECTING: Duration = Duration::from_secs(10);

/// Sends a message.
///
/// # Errors
/// The password is missing, or the mail server did not take it.
pub(super) async fn send(
    mail: &Mail,
    variable: &Variable,
    id: &str,
    message: &Message,
) -> Result<(), NotifyError> {
    let letter = letter(mail, id, message)?;
    let (mail, variable) = (mail.clone(), variable.clone());
    let conversation = async move {
        let (all, content) = (letter.envelope(), letter.formatted());
        match converse(&mail, &variable, all, &content).await {
            Err(error @ NotifyError::MailRefused { code: 500.., .. }) if all.to().len() > 1 => {
                one_by_one(&mail, &variable, all, &content, error).await
            }
            sent => sent,
        }
    };
    // What a bad server says may take long to be understood: in a task of its own that keeps no
    // other receiver waiting.
    let task = AbortOnDropHandle::new(tokio::spawn(conversation));
    within(async {
        task.await
            .unwrap_or_else(|error| Err(NotifyError::Mail(error.to_string())))
    })
    .await
}

/// Hands the mail to the server for each of its recipients alone: one who is refused must not keep
/// it from the others. It failed when nobody is to get it.
async fn one_by_one(
    mail: &Mail,
    variable: &Variable,
    all: &Envelope,
    content: &[u8],
    why: NotifyError,
) -> Result<(), NotifyError> {
    let mut outcome = Err(why);
    for to in all.to() {
        let alone = Envelope::new(all.from().cloned(), vec![to.clone()])
            .map_err(|error| NotifyError::Mail(error.to_string()))?;
        match converse(mail, variable, &alone, content).await {
            Ok(()) => outcome = Ok(()),
            Err(error) => tracing::warn!("{to} gets no mail: {error}"),
        }
    }
    outcome
}

async fn converse(
    mail: &Mail,
    variable: &Variable,
    envelope: &Envelope,
    content: &[u8],
) -> Result<(), NotifyError> {
    let mut connection = open(mail, variable).await?;
    let sent = connection.send(envelope, content).await;
    sent.map_err(|error| refused("did not take the mail", &error))?;
    // It has the mail, whatever it says to the farewell.
    let _ = connection.quit().await;
    Ok(())
}

/// Connects and logs in as for sending, and sends nothing.
///
/// # Errors
/// What would keep mail from being sent.
pub async fn try_login(mail: &Mail, variable: &Variable) -> Result<(), NotifyError> {
    let conversation = async {
        let mut connection = open(mail, variable).await?;
        let _ = connection.quit().await;
        Ok(())
    };
    within(conversation).await
}

async fn within<T>(
    conversation: impl Future<Output = Result<T, NotifyError>>,
) -> Result<T, NotifyError> {
    let ended = tokio::time::timeout(PATIENCE, conversation).await;
    ended.unwrap_or(Err(NotifyError::TimedOut(PATIENCE)))
}

async fn open(mail: &Mail, variable: &Variable) -> Result<AsyncSmtpConnection, NotifyError> {
    // Before anything is connected: without a password there is no use in it.
    let login = match &mail.login {
        Some((user, password)) => Some((user, secret::read(password, variable)?)),
        None => None,
    };
    let stream = LineByLine::new(connect(mail).await?);
    let hello = ClientId::Domain(mail.from.email.domain().to_owned());
    let greeted = "did not greet as a mail server";
    let mut connection = match mail.encryption {
        Encryption::Tls => {
            let stream = Box::new(encrypt(mail, stream).await?);
            AsyncSmtpConnection::connect_with_transport(stream, &hello)
                .await
                .map_err(|error| refused(greeted, &error))?
        }
        Encryption::Starttls => {
            let stream = Box::new(stream);
            let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &hello)
                .await
                .map_err(|error| refused(greeted, &error))?;
            if !connection.can_starttls() {
                let what = "offers no STARTTLS, so nothing is sent; use `encryption = \"tls\"` if \
                            it speaks TLS from the first byte";
                return Err(NotifyError::Mail(what.to_owned()));
            }
            let parameters = TlsParameters::new_rustls(mail.server.clone())
                .map_err(|error| NotifyError::Mail(format!("cannot be met with TLS: {error}")))?;
            connection
                .starttls(parameters, &hello)
                .await
                .map_err(|error| refused("did not begin TLS", &error))?;
            connection
        }
        Encryption::None => AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)
            .await
            .map_err(|error| refused(greeted, &error))?,
    };
    if let Some((user, password)) = login {
        let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
        connection
            .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
            .await
            .map_err(|error| refused("did not take the login", &error))?;
    }
    Ok(connection)
}

async fn connect(mail: &Mail) -> Result<TcpStream, NotifyError> {
    let connecting = TcpStream::connect((mail.server.as_str(), mail.port));
    match tokio::time::timeout(CONNECTING, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(NotifyError::Unreachable(error.to_string())),
        Err(_) => Err(NotifyError::TimedOut(CONNECTING)),
    }
}

async fn encrypt(mail: &Mail, stream: LineByLine) -> Result<Encrypted, NotifyError> {
    let setup = |error: rustls::Error| {
        NotifyError::Mail(format!("cannot be met with TLS on this machine: {error}"))
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(setup)?
        .with_no_client_auth();
    let name = ServerName::try_from(mail.server.clone())
        .map_err(|_| NotifyError::Mail("has no name that a certificate could hold".to_owned()))?;
    let connector = TlsConnector::from(Arc::new(settings));
    match connector.connect(name, stream).await {
        Ok(stream) => Ok(Encrypted::new(stream)),
        Err(error) => Err(of_cause("did not begin TLS", &error)),
    }
}

/// What a mail server did, without what it said.
fn refused(what: &'static str, error: &smtp::Error) -> NotifyError {
    match error.status() {
        Some(code) => NotifyError::MailRefused {
            what,
            code: code.into(),
        },
        None => of_cause(what, error),
    }
}

fn of_cause(what: &str, error: &(dyn Error + 'static)) -> NotifyError {
    if let Some(why) = causes(error).find_map(certificate_problem) {
        return NotifyError::Certificate(why.to_owned());
    }
    let tls = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>());
    let system = causes(error).filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    match (tls, system.last()) {
        (Some(tls), _) => NotifyError::Mail(format!("{what}: {tls}")),
        (None, Some(system)) => NotifyError::Mail(format!("{what}: {system}")),
        // What it said instead, which may be anything, stays out of this.
        (None, None) => NotifyError::Mail(what.to_owned()),
    }
}
