//! Which index is asked, and who said so.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use update_informer::Check;
use url::Url;

use crate::fetch::{Client, Login, Origin, printable};

use super::ini::{global_index_url, text_of};

/// Who named the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocationOrigin {
    /// `--index-url`.
    CommandLine,
    /// `[index] url` of the configuration.
    Configuration,
    /// This variable of the environment.
    Environment(&'static str),
    /// This configuration file of pip.
    PipConfiguration(PathBuf),
    /// Nobody: the public index.
    BuiltIn,
}

impl LocationOrigin {
    /// Whether an index that this named may be acted upon: what only the environment names may not.
    pub const fn may_act(&self) -> bool {
        matches!(self, Self::Configuration | Self::BuiltIn)
    }
}

impl fmt::Display for LocationOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("--index-url"),
            Self::Configuration => f.write_str("the configuration's [index] url"),
            Self::Environment(name) => f.write_str(name),
            Self::PipConfiguration(path) => write!(f, "pip's configuration {}", path.display()),
            Self::BuiltIn => f.write_str("the built-in default"),
        }
    }
}

/// Where the index is. Its login is held apart and never shown.
#[derive(Clone)]
pub struct IndexLocation {
    url: Url,
    login: Option<Login>,
    origin: LocationOrigin,
}

/// An index that cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// The address is none.
    #[error("the index address that {origin} names cannot be used: {reason}")]
    BadAddress {
        /// Who named it.
        origin: LocationOrigin,
        /// What is wrong with it.
        reason: String,
    },
    /// The public index is not known.
    #[error("the address of the public index is not known; name one with --index-url")]
    NoDefault,
}

/// What the search for an index may look at.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// A variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file, when there is one.
    pub file: &'a dyn Fn(&Path) -> Option<String>,
}

impl Surroundings<'static> {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self {
            variable: &|name| std::env::var(name).ok(),
            file: &text_of,
        }
    }
}

impl IndexLocation {
    /// The index to ask: that of the command line, else of the configuration, of
    /// `UV_DEFAULT_INDEX`, of `PIP_INDEX_URL`, of pip's configuration files, else the public one.
    ///
    /// # Errors
    /// The first of them that names one names no http or https address.
    pub fn find(
        command_line: Option<&str>,
        configured: Option<&str>,
        surroundings: Surroundings<'_>,
    ) -> Result<Self, LocationError> {
        if let Some(text) = command_line {
            return Self::parse(text, LocationOrigin::CommandLine);
        }
        if let Some(text) = configured {
            return Self::parse(text, LocationOrigin::Configuration);
        }
        for name in ["UV_DEFAULT_INDEX", "PIP_INDEX_URL"] {
            let value = (surroundings.variable)(name).filter(|value| !value.trim().is_empty());
            if let Some(value) = value {
                return Self::parse(without_name(&value), LocationOrigin::Environment(name));
            }
        }
        for path in pip_configurations(surroundings) {
            if let Some(text) = (surroundings.file)(&path)
                && let Some(value) = global_index_url(&text)
            {
                return Self::parse(&value, LocationOrigin::PipConfiguration(path));
            }
        }
        Self::built_in()
    }

    /// The public index, from the crate that knows its address.
    ///
    /// # Errors
    /// The crate no longer asks for an address.
    pub fn built_in() -> Result<Self, LocationError> {
        let asked = update_informer::new(update_informer::registry::PyPI, "probe", "0.0.0")
            .interval(Duration::ZERO)
            .http_client(NotesTheAddress)
            .check_version();
        let address = asked.err().and_then(|error| {
            let noted = error.downcast_ref::<NotedAddress>()?;
            Url::parse(&noted.0).ok()?.join("/simple/").ok()
        });
        let url = address.ok_or(LocationError::NoDefault)?;
        Self::parse(url.as_str(), LocationOrigin::BuiltIn)
    }

    fn parse(text: &str, origin: LocationOrigin) -> Result<Self, LocationError> {
        let bad = |reason: &str| LocationError::BadAddress {
            origin: origin.clone(),
            reason: reason.to_owned(),
        };
        let mut url = Url::parse(text.trim()).map_err(|error| bad(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(bad("it is not an http or https address"));
        }
        let login = Login::of_url(&url);
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self { url, login, origin })
    }

    /// The address, without the login; it ends in `/`.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Who named it.
    pub fn origin(&self) -> &LocationOrigin {
        &self.origin
    }

    /// A client that knows the login, for this origin alone.
    pub(super) fn introduce(&self, client: &Client) -> Client {
        let client = client.with_named(&self.url);
        match &self.login {
            Some(login) => client.with_login(Origin::of(&self.url), login.clone()),
            None => client,
        }
    }
}

impl fmt::Display for IndexLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.url))
    }
}

impl fmt::Debug for IndexLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexLocation")
            .field("url", &printable(&self.url))
            .field("login", &self.login.is_some())
            .field("origin", &self.origin)
            .finish()
    }
}

/// uv lets an index be named: `NAME=ADDRESS`.
fn without_name(value: &str) -> &str {
    let is_name = |name: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !name.is_empty() && name.chars().all(inner)
    };
    match value.trim().split_once('=') {
        Some((name, address)) if is_name(name) => address,
        _ => value,
    }
}

/// pip's configuration files, the one that counts most first. Source: pip's documentation,
/// "Configuration Files", and its order of precedence: environment, site, user, global.
fn pip_configurations(surroundings: Surroundings<'_>) -> Vec<PathBuf> {
    let variable = |name: &str| {
        let value = (surroundings.variable)(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let named = variable("PIP_CONFIG_FILE");
    let null_device = if cfg!(windows) { "nul" } else { "/dev/null" };
    if named
        .as_deref()
        .is_some_and(|path| path.as_os_str().eq_ignore_ascii_case(null_device))
    {
        return Vec::new();
    }
    let file = if cfg!(windows) { "pip.ini" } else { "pip.conf" };
    let mut paths = Vec::new();
    let without_user = named
        .as_deref()
        .is_some_and(|path| (surroundings.file)(path).is_some());
    paths.extend(named);
    paths.extend(variable("VIRTUAL_ENV").map(|folder| folder.join(file)));
    paths.extend(variable("CONDA_PREFIX").map(|folder| folder.join(file)));
    if !without_user {
        paths.extend(
            user_folders(&variable)
                .into_iter()
                .map(|folder| folder.join(file)),
        );
    }
    paths.extend(
        global_folders(&variable)
            .into_iter()
            .map(|folder| folder.join(file)),
    );
    paths
}

fn user_folders(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if cfg!(windows) {
        folders.extend(variable("APPDATA").map(|folder| folder.join("pip")));
        folders.extend(variable("USERPROFILE").map(|home| home.join("pip")));
        return folders;
    }
    let home = variable("HOME");
    if cfg!(target_vendor = "apple") {
        folders.extend(
            home.as_ref()
                .map(|home| home.join("Library/Application Support/pip")),
        );
    }
    let configuration = variable("XDG_CONFIG_HOME");
    let configuration = configuration.or_else(|| Some(home.as_ref()?.join(".config")));
    folders.extend(configuration.map(|folder| folder.join("pip")));
    folders.extend(home.map(|home| home.join(".pip")));
    folders
}

fn global_folders(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    if cfg!(windows) {
        return variable("PROGRAMDATA")
            .map(|folder| folder.join("pip"))
            .into_iter()
            .collect();
    }
    if cfg!(target_vendor = "apple") {
        return vec!["/Library/Application Support/pip".into()];
    }
    // pip lets later folders win, and /etc last of all.
    let mut folders = vec![PathBuf::from("/etc")];
    let xdg = variable("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".into());
    let mut listed: Vec<PathBuf> = std::env::split_paths(&xdg)
        .map(|folder| folder.join("pip"))
        .collect();
    listed.reverse();
    folders.extend(listed);
    folders
}

/// A client that asks nobody, and fails with the address that it was given.
struct NotesTheAddress;

#[derive(Debug, thiserror::Error)]
#[error("the address was noted")]
struct NotedAddress(String);

impl update_informer::http_client::HttpClient for NotesTheAddress {
    fn get<T: serde::de::DeserializeOwned>(
        url: &str,
        _: Duration,
        _: update_informer::http_client::HeaderMap,
    ) -> update_informer::Result<T> {
        Err(Box::new(NotedAddress(url.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(
        command_line: Option<&str>,
        configured: Option<&str>,
        variables: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Result<IndexLocation, LocationError> {
        let of = |pairs: &[(&str, &str)], key: &str| {
            let pair = pairs.iter().find(|(name, _)| *name == key);
            pair.map(|(_, value)| (*value).to_owned())
        };
        IndexLocation::find(
            command_line,
            configured,
            Surroundings {
                variable: &|name| of(variables, name),
                file: &|path| of(files, &path.to_string_lossy()),
            },
        )
    }

    #[test]
    fn the_first_that_names_one_counts() {
        let variables = [
            ("UV_DEFAULT_INDEX", "https://c.example/simple"),
            ("PIP_INDEX_URL", "https://d.example/simple"),
            ("HOME", "/home/me"),
        ];
        let (a, b) = ("https://a.example/simple", "https://b.example/simple");
        let found = find(Some(a), Some(b), &variables, &[]).unwrap();
        assert_eq!(found.url().as_str(), "https://a.example/simple/");
        assert_eq!(*found.origin(), LocationOrigin::CommandLine);
        let found = find(None, Some(b), &variables, &[]).unwrap();
        assert_eq!(*found.origin(), LocationOrigin::Configuration);
        let found = find(None, None, &variables, &[]).unwrap();
        assert_eq!(
            *found.origin(),
            LocationOrigin::Environment("UV_DEFAULT_INDEX")
        );
        let found = find(None, None, &variables[1..], &[]).unwrap();
        assert_eq!(
            *found.origin(),
            LocationOrigin::Environment("PIP_INDEX_URL")
        );
        assert!(!found.origin().may_act());
    }

    #[test]
    fn uv_names_its_indexes() {
        let variables = [("UV_DEFAULT_INDEX", "inner=https://a.example/simple?x=y")];
        let found = find(None, None, &variables, &[]).unwrap();
        assert_eq!(found.url().as_str(), "https://a.example/simple/?x=y");
    }

    #[test]
    #[cfg(all(unix, not(target_vendor = "apple")))]
    fn pips_files_count_in_pips_order() {
        let global = (
            "/etc/pip.conf",
            "[global]\nindex-url = https://etc.example/simple",
        );
        let user = (
            "/home/me/.config/pip/pip.conf",
            "[global]\nindex-url = https://user.example/simple",
        );
        let site = (
            "/venv/pip.conf",
            "[global]\nindex-url = https://site.example/simple",
        );
        let named = (
            "/named",
            "[global]\nindex-url = https://named.example/simple",
        );
        let home = ("HOME", "/home/me");
        let host = |variables: &[(&str, &str)], files: &[(&str, &str)]| {
            let found = find(None, None, variables, files).unwrap();
            found.url().host_str().unwrap().to_owned()
        };
        assert_eq!(host(&[home], &[global]), "etc.example");
        assert_eq!(host(&[home], &[global, user]), "user.example");
        let venv = ("VIRTUAL_ENV", "/venv");
        assert_eq!(host(&[home, venv], &[global, user, site]), "site.example");
        let file = ("PIP_CONFIG_FILE", "/named");
        assert_eq!(
            host(&[home, venv, file], &[global, user, site, named]),
            "named.example"
        );
        let empty = ("/named", "");
        assert_eq!(host(&[home, file], &[global, user, empty]), "etc.example");
        let none = ("PIP_CONFIG_FILE", "/dev/null");
        let found = find(None, None, &[home, none], &[global, user]).unwrap();
        assert_eq!(*found.origin(), LocationOrigin::BuiltIn);
    }

    #[test]
    fn the_built_in_one_has_the_shape_of_an_index() {
        let found = IndexLocation::built_in().unwrap();
        assert_eq!(found.url().scheme(), "https");
        assert_eq!(found.url().path(), "/simple/");
        assert!(found.url().host_str().unwrap().contains('.'));
        assert!(found.origin().may_act());
    }

    #[test]
    fn a_login_is_not_shown() {
        let found = find(Some("https://me:s3cret@a.example/simple"), None, &[], &[]).unwrap();
        for shown in [
            format!("{found}"),
            format!("{found:?}"),
            found.url().to_string(),
        ] {
            assert!(
                !shown.contains("s3cret") && !shown.contains("me:"),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_bad_address_is_a_sentence_without_it() {
        for bad in ["file:///simple", "me:s3cret@a.example", "", "https://"] {
            let error = find(Some(bad), None, &[], &[]).unwrap_err().to_string();
            assert!(error.contains("--index-url"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
