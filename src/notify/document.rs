//! A message as the document that webhooks of the form `json` are sent. Pure.
//!
//! The outer shape (`type`, `timestamp`, `data`) is that of the Standard Webhooks specification.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::happening::{Item, Openssl};
use super::message::Message;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(rename = "type")]
    event: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    title: &'a str,
    severity: Option<&'a str>,
    openssl: Option<&'a Openssl>,
    items: &'a [Item],
    more: usize,
}

/// The document; the same message has the same bytes whenever it is sent.
pub(super) fn document(message: &Message) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Document {
        schema: "rewheel/notification/v1",
        event: &message.event,
        timestamp: seconds(message.at),
        data: Data {
            title: &message.title,
            severity: message.severity.as_deref(),
            openssl: message.openssl.as_ref(),
            items: &message.items,
            more: message.more,
        },
    })
}

fn seconds(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}
