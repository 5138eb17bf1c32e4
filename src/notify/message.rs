//! Messages: what is new, put together for each receiver by kind and release. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::{Interest, Occasion};
use crate::model::Severity;
use crate::source::Sha256Sum;
use crate::store::ledger::NewDelivery;

use super::happening::{Happening, Item, Openssl};
use super::title::title;

/// How many lines, projects or feeds one message names; more are only counted.
pub const MOST_ITEMS: usize = 300;

/// The most bytes of an address in a message.
const ADDRESS_BYTES: usize = 500;

/// What a receiver is told at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The word for what kind of thing it is.
    pub event: String,
    /// When the cycle began in which it was seen.
    pub at: DateTime<Utc>,
    /// It in one line.
    pub title: String,
    /// How bad it is, the worst of its items.
    pub severity: Option<String>,
    /// The release that it is about.
    pub openssl: Option<Openssl>,
    /// The lines, projects or feeds that it is about.
    pub items: Vec<Item>,
    /// How many there are beside those.
    pub more: usize,
}

/// Who is to be told, and what of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// The receiver's name.
    pub name: String,
    /// What it wants to know.
    pub interest: Interest,
}

impl Addressee {
    fn wants(&self, happening: &Happening) -> bool {
        let packages = self
            .interest
            .packages
            .as_ref()
            .zip(happening.item.package.as_ref());
        self.interest.occasions.contains(&happening.occasion)
            && packages.is_none_or(|(wanted, package)| wanted.contains(package))
    }
}

/// What is to be sent to whom: of one kind about one release each receiver gets one message.
pub fn deliveries(
    new: &[Happening],
    addressees: &[Addressee],
    at: DateTime<Utc>,
) -> Vec<NewDelivery> {
    let mut found = Vec::new();
    for addressee in addressees {
        let mut groups: BTreeMap<(Occasion, Option<&Openssl>), Vec<&Happening>> = BTreeMap::new();
        for happening in new.iter().filter(|one| addressee.wants(one)) {
            let key = (happening.occasion, happening.openssl.as_ref());
            groups.entry(key).or_default().push(happening);
        }
        for ((occasion, openssl), group) in groups {
            let message = message(occasion, openssl, &group, at);
            if let Ok(message) = serde_json::to_value(message) {
                found.push(NewDelivery {
                    id: id(&addressee.name, &group),
                    receiver: addressee.name.clone(),
                    message,
                });
            }
        }
    }
    found
}

fn message(
    occasion: Occasion,
    openssl: Option<&Openssl>,
    group: &[&Happening],
    at: DateTime<Utc>,
) -> Message {
    let severity = group.iter().filter_map(|one| one.severity);
    let severity: Option<Severity> = severity.max_by_key(|one| (one.weight(), *one));
    let items: Vec<Item> = group.iter().map(|one| one.item.clone()).collect();
    Message {
        event: occasion.to_string(),
        at,
        title: title(occasion, openssl, severity, &items),
        severity: severity.map(|one| one.as_str().to_owned()),
        openssl: openssl.cloned(),
        more: items.len().saturating_sub(MOST_ITEMS),
        items: items.into_iter().take(MOST_ITEMS).collect(),
    }
}

/// What makes it this message to this receiver: the same things make the same one, even after the
/// ledger was lost.
fn id(receiver: &str, group: &[&Happening]) -> String {
    let mut keys: Vec<&str> = group.iter().map(|one| one.key.as_str()).collect();
    keys.sort_unstable();
    // A line break is in none of them, so no two lists are one text.
    let text = format!("{receiver}\n{}", keys.join("\n"));
    let digest = Sha256Sum::of(text.as_bytes());
    format!("msg_{}", digest.get(..32).unwrap_or(&digest))
}

/// An address from outside that may stand in a message: http or https, without a login, and with
/// every letter escaped that could end it.
pub fn address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_open = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_open {
        return None;
    }
    let clean: String = url
        .as_str()
        .chars()
        .map(|c| match c {
            '|' => "%7C".to_owned(),
            '<' => "%3C".to_owned(),
            '>' => "%3E".to_owned(),
            '"' => "%22".to_owned(),
            '\'' => "%27".to_owned(),
            '(' => "%28".to_owned(),
            ')' => "%29".to_owned(),
            '*' => "%2A".to_owned(),
            '`' => "%60".to_owned(),
            c => c.to_string(),
        })
        .collect();
    (clean.len() <= ADDRESS_BYTES && clean.is_ascii()).then_some(clean)
}
