//! A message as mail: plain text, and headers that nothing from outside can add to. Pure.

use lettre::Message as Letter;
use lettre::message::header::{self, Header, HeaderName, HeaderValue};
use lettre::message::{MessageBuilder, SinglePart};

use crate::config::Mail;
use crate::report::printable::printable;

use super::error::NotifyError;
use super::message::Message;

/// The most letters of a subject.
const SUBJECT_LETTERS: usize = 180;

/// A header by which programs know mail of programs, so that they send no answer. Source: RFC 3834.
#[derive(Clone, Debug)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The mail. The same delivery has the same `Message-ID` however often it is sent.
pub(super) fn letter(mail: &Mail, id: &str, message: &Message) -> Result<Letter, NotifyError> {
    let domain = mail.from.email.domain();
    let mut builder: MessageBuilder = Letter::builder()
        .from(mail.from.clone())
        .message_id(Some(format!("<{id}@{domain}>")))
        .date(message.at.into())
        .header(AutoSubmitted)
        .subject(subject(message));
    for to in &mail.to {
        builder = builder.to(to.clone());
    }
    let part = SinglePart::builder()
        .header(header::ContentType::TEXT_PLAIN)
        .body(text(message, id));
    let letter = builder.singlepart(part);
    letter.map_err(|error| NotifyError::Form(error.to_string()))
}

fn subject(message: &Message) -> String {
    let title: String = message.title.chars().take(SUBJECT_LETTERS).collect();
    printable(&format!("[rewheel] {title}")).into_owned()
}

fn text(message: &Message, id: &str) -> String {
    let mut lines = vec![message.title.clone(), String::new()];
    for item in &message.items {
        lines.push(item.name());
        if !item.text.is_empty() {
            lines.push(format!("    {}", item.text));
        }
        if let Some(url) = &item.url {
            lines.push(format!("    {url}"));
        }
    }
    if message.more > 0 {
        lines.push(format!("and {} more", message.more));
    }
    lines.push(String::new());
    lines.push(format!(
        "rewheel, {}; event: {}; delivery: {id}",
        message.at.format("%Y-%m-%d %H:%M UTC"),
        message.event
    ));
    let clean: Vec<String> = lines
        .iter()
        .map(|line| printable(line).into_owned())
        .collect();
    clean.join("\r\n")
}
