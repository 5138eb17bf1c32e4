//! Texts that say whom to tell, and how.

use lettre::message::Mailbox;

use crate::config::Occasion;
use crate::config::nearest::unknown;
use crate::config::notify::{Encryption, Format};

/// The most letters of a receiver's name.
const NAME_LETTERS: usize = 40;

/// The name of a receiver, which stands in logs, metrics and the ledger.
pub(in crate::config) fn receiver(text: &str) -> Result<(), String> {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = (1..=NAME_LETTERS).contains(&text.len())
        && text.chars().all(inner)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if fits {
        return Ok(());
    }
    // Somebody may have written the address here, so it is not quoted.
    Err(format!(
        "it is no name for a receiver: up to {NAME_LETTERS} letters, digits, '-', '_' and '.', \
         beginning with a letter or digit"
    ))
}

/// What people are told of.
pub(in crate::config) fn occasion(text: &str) -> Result<Occasion, String> {
    Occasion::parse(text)
}

/// The form of what a webhook is sent.
pub(in crate::config) fn format(text: &str) -> Result<Format, String> {
    match text {
        "json" => Ok(Format::Json),
        "slack" => Ok(Format::Slack),
        _ => Err(unknown("format", text, &["json", "slack"])),
    }
}

/// How the way to a mail server is protected.
pub(in crate::config) fn encryption(text: &str) -> Result<Encryption, String> {
    match text {
        "tls" => Ok(Encryption::Tls),
        "starttls" => Ok(Encryption::Starttls),
        "none" => Ok(Encryption::None),
        _ => Err(unknown("encryption", text, &["tls", "starttls", "none"])),
    }
}

/// Whom mail is from or for: `team@example.org`, `The team <team@example.org>`.
pub(in crate::config) fn mailbox(text: &str) -> Result<Mailbox, String> {
    let wrong = || {
        format!(
            "{text:?} is no address for mail, such as \"team@example.org\" or \"The team \
             <team@example.org>\""
        )
    };
    if text.chars().any(char::is_control) {
        return Err(wrong());
    }
    text.trim().parse().map_err(|_| wrong())
}
