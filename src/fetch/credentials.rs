//! Logins, and to whom each belongs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::address::{Origin, host_of};

/// A bound on a netrc file.
const MAXIMUM_BYTES: u64 = 1 << 20;

/// A user's name and password, or a token. None of them is ever shown.
#[derive(Clone, Debug)]
pub struct Login {
    user: Option<SecretString>,
    password: SecretString,
}

impl Login {
    /// A login from its parts, as they are, not percent-encoded.
    pub fn new(user: String, password: String) -> Self {
        Self {
            user: Some(user.into()),
            password: password.into(),
        }
    }

    /// A token, sent as RFC 6750 says.
    pub fn token(token: SecretString) -> Self {
        Self {
            user: None,
            password: token,
        }
    }

    /// The login in an address, if there is one.
    pub fn of_url(url: &Url) -> Option<Self> {
        let password = url.password();
        (!url.username().is_empty() || password.is_some()).then(|| {
            Self::new(
                percent_decoded(url.username()),
                percent_decoded(password.unwrap_or_default()),
            )
        })
    }

    /// The user's name; a token has none.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_ref().map(ExposeSecret::expose_secret)
    }

    pub(crate) fn password(&self) -> &str {
        self.password.expose_secret()
    }
}

/// The logins that a client knows.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    origins: Vec<(Origin, Option<Login>)>,
    hosts: HashMap<String, Login>,
}

impl Credentials {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those of the user's netrc file: `NETRC`, or `.netrc` (`_netrc` on Windows) in the home
    /// folder. Its `default` entry is for nobody, because hosts that we meet are not chosen by the
    /// user. An unreadable file, and one of more than 1 MiB, is warned about and left alone.
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        netrc_path(variable)
            .filter(|path| path.is_file())
            .map(|path| Self::from_netrc(&path))
            .unwrap_or_default()
    }

    /// Those of a netrc file.
    pub fn from_netrc(path: &Path) -> Self {
        // Before it is opened: opening a pipe waits until somebody writes to it.
        let is_small_file = std::fs::metadata(path)
            .is_ok_and(|found| found.is_file() && found.len() <= MAXIMUM_BYTES);
        let netrc = is_small_file.then(|| netrc::Netrc::from_file(path));
        let Some(Ok(netrc)) = netrc else {
            // The parser's own words quote the file, and with it perhaps a password.
            tracing::warn!(
                "{} cannot be read as a netrc file; its logins are not used",
                path.display()
            );
            return Self::default();
        };
        Self {
            origins: Vec::new(),
            hosts: netrc
                .hosts
                .into_iter()
                .filter(|(host, _)| host != "default")
                .map(|(host, entry)| {
                    (
                        host.to_ascii_lowercase(),
                        Login::new(entry.login, entry.password),
                    )
                })
                .collect(),
        }
    }

    pub(super) fn add(&mut self, origin: Origin, login: Login) {
        self.origins.retain(|(known, _)| *known != origin);
        self.origins.push((origin, Some(login)));
    }

    pub(super) fn add_named(&mut self, url: &Url) {
        let origin = Origin::of(url);
        match Login::of_url(url) {
            Some(login) => self.add(origin, login),
            None if self.origins.iter().all(|(known, _)| *known != origin) => {
                self.origins.push((origin, None));
            }
            None => {}
        }
    }

    /// The login for a request: that of its origin, else netrc's for its host. A netrc file does
    /// not name a scheme, so its logins go over http only to an origin that a person named so.
    pub(super) fn for_url(&self, url: &Url) -> Option<&Login> {
        let origin = Origin::of(url);
        let named = self.origins.iter().find(|(known, _)| *known == origin);
        if let Some((_, Some(login))) = named {
            return Some(login);
        }
        (url.scheme() == "https" || named.is_some())
            .then(|| self.hosts.get(&host_of(url)))
            .flatten()
    }
}

fn netrc_path(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if let Some(path) = variable("NETRC").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let (home, file) = if cfg!(windows) {
        ("USERPROFILE", "_netrc")
    } else {
        ("HOME", ".netrc")
    };
    Some(PathBuf::from(variable(home)?).join(file))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let decoded = match (first, after) {
            (b'%', [high, low, ..]) => hex_value(*high).zip(hex_value(*low)),
            _ => None,
        };
        if let Some((high, low)) = decoded {
            bytes.push(high * 16 + low);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn sent(credentials: &Credentials, to: &str) -> Option<String> {
        credentials
            .for_url(&url(to))
            .map(|login| format!("{}:{}", login.user().unwrap(), login.password()))
    }

    #[test]
    fn userinfo_belongs_to_its_origin() {
        let mut credentials = Credentials::none();
        credentials.add_named(&url("https://me%40home:a%3Ab%25@index.example/simple/"));
        assert_eq!(
            sent(&credentials, "https://index.example/files/a.whl").as_deref(),
            Some("me@home:a:b%")
        );
        assert_eq!(sent(&credentials, "http://index.example/"), None);
        assert_eq!(sent(&credentials, "https://index.example:8443/"), None);
        assert_eq!(sent(&credentials, "https://other.example/"), None);
    }

    #[test]
    fn netrc_belongs_to_its_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("netrc");
        std::fs::write(
            &path,
            "machine Index.example login me password secret\ndefault login all password all\n",
        )
        .unwrap();
        let lookup = |name: &str| (name == "NETRC").then(|| path.display().to_string());
        let mut credentials = Credentials::from_environment(&lookup);
        assert_eq!(
            sent(&credentials, "https://index.example/").as_deref(),
            Some("me:secret")
        );
        assert_eq!(sent(&credentials, "https://other.example/"), None);
        assert_eq!(sent(&credentials, "http://index.example/"), None);
        credentials.add_named(&url("http://index.example/simple/"));
        assert!(sent(&credentials, "http://index.example/a.whl").is_some());
    }

    #[test]
    fn a_damaged_netrc_gives_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("netrc");
        std::fs::write(&path, "machine a.example password x nonsense y").unwrap();
        assert_eq!(
            sent(&Credentials::from_netrc(&path), "https://a.example/"),
            None
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("netrc");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert_eq!(
            sent(&Credentials::from_netrc(&pipe), "https://a.example/"),
            None
        );
    }

    #[test]
    fn logins_are_not_shown() {
        let mut credentials = Credentials::none();
        credentials.add_named(&url("https://someone:s3cret@index.example/"));
        let shown = format!("{credentials:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("someone"),
            "{shown}"
        );
    }
}
