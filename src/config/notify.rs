//! `[notify]`: who is told what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use lettre::message::Mailbox;
use secrecy::SecretString;

use super::diagnostic::{Place, Problems};
use super::nearest::unknown;
use super::raw::Table;
use super::{Occasion, words};

/// How many times in a row something fails before it is told, when the configuration does not say.
const FAILURES: u32 = 3;

/// How many times a message is sent, when the configuration does not say: with the pauses between
/// them about as long as [`GIVE_UP_AFTER`].
const ATTEMPTS: u32 = 20;

/// How long a message is tried to be sent, when the configuration does not say.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::days(3);

/// What the mail is called where receivers have names.
pub const MAIL: &str = "mail";

/// `[notify]`.
#[derive(Clone, Debug)]
pub struct Notify {
    /// `failures`: how many times in a row a feed or a project fails before it is told.
    pub failures: u32,
    /// `attempts`: how many times a message is sent to a receiver that does not take it.
    pub attempts: u32,
    /// `give-up-after`: how long that is tried.
    pub give_up_after: TimeDelta,
    /// `ping-url-env` or `ping-url-file`: the address that is asked for after each good cycle.
    pub ping: Option<Secret>,
    /// `[[notify.webhook]]`.
    pub webhooks: Vec<Webhook>,
    /// `[notify.mail]`.
    pub mail: Option<Mail>,
    /// The receivers that are named and left aside; see [`WithoutLedger::LeaveAside`].
    pub left_aside: Vec<String>,
}

/// What becomes of receivers where `state.url = "none"`: each thing is told once, which only a
/// ledger can know. A ping needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutLedger {
    /// They are a mistake.
    Refuse,
    /// They are told nothing: for a job that keeps no files, whoever wrote the configuration.
    LeaveAside,
}

/// Where a secret is, or the secret itself, which is never shown.
#[derive(Clone, Debug)]
pub enum Secret {
    /// In this variable of the environment.
    Variable(String),
    /// In this file; a relative one in a file is beside that file.
    File(PathBuf),
    /// In the configuration.
    Here(SecretString),
}

/// What a receiver wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interest {
    /// `events`.
    pub occasions: BTreeSet<Occasion>,
    /// `projects`: of which packages; of all where none is named.
    pub packages: Option<BTreeSet<String>>,
}

/// `[[notify.webhook]]`.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// `name`: what it is called in logs, metrics and the ledger.
    pub name: String,
    /// `url`, `url-env` or `url-file`: the address.
    pub address: Secret,
    /// `format`, with the secret that what is sent is signed with.
    pub form: Form,
    /// `events` and `projects`.
    pub interest: Interest,
}

/// What a webhook is sent.
#[derive(Clone, Debug)]
pub enum Form {
    /// A document of our own, signed with this secret.
    Json(Secret),
    /// What Slack takes.
    Slack,
}

/// The word for what a webhook is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Slack,
}

/// `[notify.mail]`.
#[derive(Clone, Debug)]
pub struct Mail {
    /// `server`.
    pub server: String,
    /// `port`.
    pub port: u16,
    /// `encryption`.
    pub encryption: Encryption,
    /// `from`.
    pub from: Mailbox,
    /// `to`; at least one.
    pub to: Vec<Mailbox>,
    /// `username`, with `password-env` or `password-file`.
    pub login: Option<(String, Secret)>,
    /// `events` and `projects`.
    pub interest: Interest,
}

/// How the way to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// By TLS from the first byte.
    Tls,
    /// By TLS after `STARTTLS`, without which nothing is sent.
    Starttls,
    /// By nothing.
    None,
}

impl Encryption {
    const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

impl Notify {
    /// The receivers' names, in the order of the configuration.
    pub fn receivers(&self) -> Vec<&str> {
        let webhooks = self.webhooks.iter().map(|one| one.name.as_str());
        webhooks
            .chain(self.mail.is_some().then_some(MAIL))
            .collect()
    }

    /// Names every receiver as left aside.
    pub(super) fn leave_aside(&mut self) {
        self.left_aside = self.receivers().into_iter().map(str::to_owned).collect();
        self.webhooks.clear();
        self.mail = None;
    }
}

/// Reads the section; `folder` is that of the file. What is wrong has been told.
pub(super) fn notify(
    table: &Table,
    folder: Option<&Path>,
    packages: &BTreeSet<String>,
    problems: &mut Problems,
) -> Notify {
    let count = |key: &str| table.number(key).and_then(|number| number.try_into().ok());
    let give_up_after = table.text("give-up-after");
    let webhooks = table.tables("webhook");
    names(&webhooks, problems);
    let mail = table.table("mail").zip(table.place("mail"));
    Notify {
        failures: count("failures").unwrap_or(FAILURES),
        attempts: count("attempts").unwrap_or(ATTEMPTS),
        give_up_after: give_up_after
            .and_then(|text| words::duration(text).ok())
            .unwrap_or(GIVE_UP_AFTER),
        ping: one_of(table, &["ping-url-env", "ping-url-file"], folder, problems),
        webhooks: webhooks
            .iter()
            .filter_map(|(table, place)| webhook(table, place, folder, packages, problems))
            .collect(),
        mail: mail.and_then(|(table, place)| self::mail(table, place, folder, packages, problems)),
        left_aside: Vec::new(),
    }
}

/// Each receiver has a name, and none has that of another.
fn names(webhooks: &[(&Table, &Place)], problems: &mut Problems) {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (at, (table, place)) in webhooks.iter().enumerate() {
        let Some(name) = table.text("name") else {
            problems.add(
                place,
                "a webhook has a `name`, by which logs and metrics call it",
            );
            continue;
        };
        let place = table.place("name").unwrap_or(place);
        if name == MAIL {
            problems.add(
                place,
                "`mail` is what the receiver of `[notify.mail]` is called",
            );
        } else if known.insert(name.to_owned(), at).is_some() {
            problems.add(place, "another webhook has this name");
        }
    }
}

fn webhook(
    table: &Table,
    place: &Place,
    folder: Option<&Path>,
    packages: &BTreeSet<String>,
    problems: &mut Problems,
) -> Option<Webhook> {
    let format = table.text("format").map_or(Ok(Format::Json), words::format);
    let secret = one_of(table, &["secret-env", "secret-file"], folder, problems);
    let address = one_of(table, &["url", "url-env", "url-file"], folder, problems);
    if address.is_none() {
        problems.add(place, "a webhook has a `url`, a `url-env` or a `url-file`");
    }
    let form = match (format.ok()?, secret) {
        (Format::Slack, None) => Form::Slack,
        (Format::Slack, Some(_)) => {
            let secret = table.place("secret-env").or(table.place("secret-file"));
            let sentence = "`slack` is not signed: its address is the secret";
            problems.add(secret.unwrap_or(place), sentence);
            return None;
        }
        (Format::Json, Some(secret)) => Form::Json(secret),
        (Format::Json, None) => {
            let sentence = "what is sent as `json` is signed: name the variable with the secret in \
                            `secret-env`, or the file in `secret-file`";
            problems.add(place, sentence);
            return None;
        }
    };
    Some(Webhook {
        name: table.text("name")?.to_owned(),
        address: address?,
        form,
        interest: interest(table, packages, problems),
    })
}

fn mail(
    table: &Table,
    place: &Place,
    folder: Option<&Path>,
    packages: &BTreeSet<String>,
    problems: &mut Problems,
) -> Option<Mail> {
    for key in ["server", "from", "to"] {
        if !table.has(key) {
            problems.add(place, format!("`mail` lacks `{key}`"));
        }
    }
    let to = table.texts("to").unwrap_or_default();
    if let (true, Some(place)) = (to.is_empty(), table.place("to")) {
        problems.add(place, "`to` names nobody");
    }
    let encryption = table.text("encryption");
    let encryption = encryption
        .map_or(Ok(Encryption::Tls), words::encryption)
        .ok()?;
    let password = one_of(table, &["password-env", "password-file"], folder, problems);
    let username = table.text("username");
    if username.is_some() != password.is_some() {
        let keys = ["username", "password-env", "password-file"];
        let named = keys.iter().find_map(|key| table.place(key));
        let sentence = "a login has both a `username` and a `password-env` or `password-file`";
        problems.add(named.unwrap_or(place), sentence);
    }
    if let (Some(place), true, Encryption::None) =
        (table.place("encryption"), username.is_some(), encryption)
    {
        let sentence = "no password is sent over a connection that anybody can read: use `tls` or \
                        `starttls`";
        problems.add(place, sentence);
    }
    let port = table.number("port").and_then(|port| port.try_into().ok());
    Some(Mail {
        server: table.text("server")?.trim().to_owned(),
        port: port.unwrap_or_else(|| encryption.port()),
        encryption,
        from: words::mailbox(table.text("from")?).ok()?,
        to: to
            .into_iter()
            .filter_map(|(text, _)| words::mailbox(text).ok())
            .collect(),
        login: username.map(str::to_owned).zip(password),
        interest: interest(table, packages, problems),
    })
}

fn interest(table: &Table, packages: &BTreeSet<String>, problems: &mut Problems) -> Interest {
    let occasions = match table.texts("events") {
        Some(texts) => texts
            .into_iter()
            .filter_map(|(text, _)| words::occasion(text).ok())
            .collect(),
        None => Occasion::ALL
            .into_iter()
            .filter(|one| one.is_told_by_default())
            .collect(),
    };
    let wanted = table.texts("projects").map(|texts| {
        let mut wanted = BTreeSet::new();
        for (text, place) in texts {
            let package = crate::model::wheel::normalize_package(text);
            if !packages.contains(&package) {
                let known: Vec<&str> = packages.iter().map(String::as_str).take(20).collect();
                problems.add(place, unknown("project", text, &known));
            }
            wanted.insert(package);
        }
        wanted
    });
    Interest {
        occasions,
        packages: wanted,
    }
}

/// Where a secret is: of these keys at most one says it.
fn one_of(
    table: &Table,
    keys: &[&str],
    folder: Option<&Path>,
    problems: &mut Problems,
) -> Option<Secret> {
    let mut named = keys.iter().filter(|key| table.has(key));
    let key = named.next()?;
    if let Some(second) = named.next()
        && let Some(place) = table.place(second)
    {
        problems.add(
            place,
            format!("`{second}` stands instead of `{key}`: keep one of them"),
        );
    }
    Some(if key.ends_with("-env") {
        Secret::Variable(table.text(key)?.to_owned())
    } else if key.ends_with("-file") {
        Secret::File(table.path(key, folder)?)
    } else {
        Secret::Here(SecretString::from(table.text(key)?.trim().to_owned()))
    })
}

/// Who is told must be known in the next process, or all is told again.
pub(super) fn needs_ledger(table: &Table, problems: &mut Problems) {
    for key in ["webhook", "mail"] {
        if let Some(place) = table.place(key) {
            let sentence = "each thing is told once, which only a ledger can know: this does not go \
                            with `state.url = \"none\"`";
            problems.add(place, sentence);
        }
    }
}
