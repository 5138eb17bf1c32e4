//! Reading secrets, at the moment they are needed: a file may have been replaced.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::config::{Form, Notify, Secret};

use super::error::NotifyError;

/// The most bytes of a file with a secret.
const FILE_BYTES: u64 = 64 * 1024;

/// Variables of the environment.
#[derive(Clone)]
pub struct Variable(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Variable {
    /// As this function has them.
    pub fn new(of: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(of))
    }

    /// Those of the process.
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Variable")
    }
}

/// A secret, without what stands around it.
///
/// # Errors
/// The variable is not set, or the file cannot be read.
pub(super) fn read(secret: &Secret, variable: &Variable) -> Result<SecretString, NotifyError> {
    let text = match secret {
        Secret::Variable(name) => variable
            .get(name)
            .ok_or_else(|| NotifyError::NoVariable(name.clone()))?,
        Secret::File(path) => of_file(path)?,
        Secret::Here(secret) => secret.expose_secret().to_owned(),
    };
    Ok(SecretString::from(text.trim().to_owned()))
}

/// The address that stands in a secret.
///
/// # Errors
/// As [`read`], or it is no address.
pub(super) fn address(secret: &Secret, variable: &Variable) -> Result<Url, NotifyError> {
    let text = read(secret, variable)?;
    let wrong = || NotifyError::BadSecret {
        place: place(secret),
        reason: "what stands there is no http or https address",
    };
    let url = Url::parse(text.expose_secret()).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong());
    }
    Ok(url)
}

/// Where a secret is, for people.
pub(super) fn place(secret: &Secret) -> String {
    match secret {
        Secret::Variable(name) => format!("the variable {name}"),
        Secret::File(path) => format!("the file {}", path.display()),
        Secret::Here(_) => "the configuration".to_owned(),
    }
}

fn of_file(path: &Path) -> Result<String, NotifyError> {
    let wrong = |reason: String| NotifyError::NoFile {
        path: path.display().to_string(),
        reason,
    };
    let metadata = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    // Before it is opened: opening a pipe waits until somebody writes to it.
    if !metadata.is_file() || metadata.len() > FILE_BYTES {
        return Err(wrong("it is no regular file of at most 64 KiB".to_owned()));
    }
    let mut text = String::new();
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    let read = file.take(FILE_BYTES).read_to_string(&mut text);
    read.map_err(|error| wrong(error.to_string()))?;
    if text.trim().is_empty() {
        return Err(wrong("it is empty".to_owned()));
    }
    Ok(text)
}

/// What keeps receivers from being told now, one sentence each: secrets that cannot be read or
/// used.
pub fn missing(settings: &Notify, variable: &Variable) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |who: &str, outcome: Result<(), NotifyError>| {
        if let Err(error) = outcome {
            found.push(format!("{who}: {error}"));
        }
    };
    for webhook in &settings.webhooks {
        say(&webhook.name, address(&webhook.address, variable).map(drop));
        if let Form::Json(secret) = &webhook.form {
            let keys = super::signature::Keys::read(secret, variable);
            say(&webhook.name, keys.map(drop));
        }
    }
    let login = settings.mail.iter().filter_map(|mail| mail.login.as_ref());
    for (_, password) in login {
        say(crate::config::MAIL, read(password, variable).map(drop));
    }
    if let Some(ping) = &settings.ping {
        say("the ping", address(ping, variable).map(drop));
    }
    found
}
