//! Who may do what: tokens, permissions, Apps.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::Value;

/// How far a permission goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    None,
    Read,
    Write,
}

impl Level {
    pub fn parse(text: &str) -> Self {
        match text {
            "write" => Self::Write,
            "read" => Self::Read,
            _ => Self::None,
        }
    }

    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Read => Some("read"),
            Self::Write => Some("write"),
        }
    }
}

/// What a token may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub issues: Level,
    pub actions: Level,
    pub contents: Level,
    pub metadata: Level,
    /// Push access: without it labels and assignees are dropped, and other people's issues cannot
    /// be changed.
    pub push: bool,
}

impl Access {
    /// Everything.
    pub fn all() -> Self {
        Self {
            issues: Level::Write,
            actions: Level::Write,
            contents: Level::Write,
            metadata: Level::Read,
            push: true,
        }
    }

    /// Everything that can be read.
    pub fn read() -> Self {
        Self {
            issues: Level::Read,
            actions: Level::Read,
            contents: Level::Read,
            metadata: Level::Read,
            push: false,
        }
    }

    /// Nothing at all.
    pub fn none() -> Self {
        Self {
            issues: Level::None,
            actions: Level::None,
            contents: Level::None,
            metadata: Level::None,
            push: false,
        }
    }

    pub fn level(&self, permission: &str) -> Level {
        match permission {
            "issues" => self.issues,
            "actions" => self.actions,
            "contents" => self.contents,
            _ => self.metadata,
        }
    }

    pub fn set(&mut self, permission: &str, level: Level) {
        match permission {
            "issues" => self.issues = level,
            "actions" => self.actions = level,
            "contents" => self.contents = level,
            _ => self.metadata = level,
        }
    }
}

/// A token.
#[derive(Clone, Debug)]
pub struct Token {
    /// Whose it is.
    pub login: String,
    /// Whether it belongs to an installation of an App, as a workflow's does, and not to a person.
    pub installation: bool,
    pub expires: Option<DateTime<Utc>>,
    /// What it may do in repositories that `on` does not name; none when it does not reach them.
    pub elsewhere: Option<Access>,
    /// By the name of the repository in lower case.
    pub on: BTreeMap<String, Access>,
}

impl Token {
    /// A person's token, which reaches nothing yet.
    pub fn person(login: &str) -> Self {
        Self {
            login: login.to_owned(),
            installation: false,
            expires: None,
            elsewhere: None,
            on: BTreeMap::new(),
        }
    }

    /// The token that a workflow gets: of `github-actions[bot]`.
    pub fn workflow() -> Self {
        Self::bot("github-actions[bot]")
    }

    /// The token of an App's installation, whose login ends in `[bot]`.
    pub fn bot(login: &str) -> Self {
        Self {
            installation: true,
            ..Self::person(login)
        }
    }

    /// With this access to a repository.
    #[must_use]
    pub fn on(mut self, repository: &str, access: Access) -> Self {
        self.on.insert(repository.to_lowercase(), access);
        self
    }

    /// With this access to all others.
    #[must_use]
    pub fn everywhere(mut self, access: Access) -> Self {
        self.elsewhere = Some(access);
        self
    }

    pub fn access(&self, repository: &str) -> Option<Access> {
        let own = self.on.get(&repository.to_lowercase());
        own.copied().or(self.elsewhere)
    }
}

/// A GitHub App, installed on some repositories.
#[derive(Clone, Debug)]
pub struct App {
    pub id: u64,
    pub slug: String,
    pub installation: u64,
    pub access: Access,
    /// Names of repositories.
    pub repositories: Vec<String>,
    pub suspended: bool,
    /// Modulus and exponent.
    pub(super) key: (Vec<u8>, Vec<u8>),
}

impl App {
    /// The App of a private key in PKCS#1, as GitHub hands it out.
    pub(super) fn new(id: u64, installation: u64, slug: &str, private_key: &[u8]) -> Self {
        let pair = KeyPair::from_der(private_key).unwrap();
        let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
        Self {
            id,
            slug: slug.to_owned(),
            installation,
            access: Access::all(),
            repositories: Vec::new(),
            suspended: false,
            key: (public.n, public.e),
        }
    }

    pub fn login(&self) -> String {
        format!("{}[bot]", self.slug)
    }

    /// Why a JSON Web Token is not this App's at this moment, as GitHub says it; `None` when it
    /// belongs to another App.
    pub(super) fn refuses(&self, token: &str, now: DateTime<Utc>) -> Option<Result<(), String>> {
        let undecodable = || "A JSON web token could not be decoded".to_owned();
        let parts: Vec<&str> = token.split('.').collect();
        let &[header, claims, signature] = parts.as_slice() else {
            return Some(Err(undecodable()));
        };
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        let json = |part: &str| -> Option<Value> { serde_json::from_slice(&decode(part)?).ok() };
        let (Some(head), Some(body), Some(signature)) =
            (json(header), json(claims), decode(signature))
        else {
            return Some(Err(undecodable()));
        };
        let issuer = match &body["iss"] {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            _ => String::new(),
        };
        if issuer != self.id.to_string() {
            return None;
        }
        let key = RsaPublicKeyComponents {
            n: &self.key.0,
            e: &self.key.1,
        };
        let signed = &token.as_bytes()[..header.len() + 1 + claims.len()];
        let verified = key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, &signature);
        if head["alg"] != "RS256" || verified.is_err() {
            return Some(Err(undecodable()));
        }
        let (issued, expires) = (body["iat"].as_i64(), body["exp"].as_i64());
        let now = now.timestamp();
        Some(match (issued, expires) {
            (Some(issued), _) if issued > now => {
                Err("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued".to_owned())
            }
            (Some(_), Some(expires)) if expires > now + 600 => {
                Err("'Expiration time' claim ('exp') is too far in the future".to_owned())
            }
            (Some(_), Some(expires)) if expires > now => Ok(()),
            _ => {
                Err("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires".to_owned())
            }
        })
    }
}
