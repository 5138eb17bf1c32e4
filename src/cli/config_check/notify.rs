//! What a configuration says of whom to tell.

use crate::config::{Configuration, Encryption, Form, Interest, MAIL, Mail};
use crate::notify::{Variable, mail, missing};

use super::finding::Finding;

/// How many words of a list are shown.
const SHOWN: usize = 30;

/// The lines: every receiver, and what keeps it from being told now.
pub fn lines(configuration: &Configuration, variable: &Variable) -> Vec<String> {
    let settings = &configuration.notify;
    let mut lines: Vec<String> = Vec::new();
    for webhook in &settings.webhooks {
        let form = match webhook.form {
            Form::Json(_) => "signed JSON",
            Form::Slack => "Slack's form",
        };
        let of = interest(&webhook.interest);
        lines.push(format!("tells {} ({form}): {of}", webhook.name));
    }
    if let Some(mail) = &settings.mail {
        let to: Vec<String> = mail.to.iter().map(ToString::to_string).collect();
        let (way, of) = (way(mail), interest(&mail.interest));
        lines.push(format!("mails {} by {way}: {of}", to.join(", ")));
    }
    if settings.ping.is_some() {
        lines.push("pings after each good cycle".to_owned());
    }
    let missing = missing(settings, variable);
    lines.extend(
        missing
            .into_iter()
            .map(|one| format!("cannot be told as it is: {one}")),
    );
    lines
}

fn interest(interest: &Interest) -> String {
    let occasions = interest
        .occasions
        .iter()
        .map(|one| one.as_str())
        .take(SHOWN);
    let occasions: Vec<&str> = occasions.collect();
    let of = match &interest.packages {
        Some(packages) => {
            let packages: Vec<&str> = packages.iter().map(String::as_str).take(SHOWN).collect();
            format!(" of {}", packages.join(", "))
        }
        None => String::new(),
    };
    if occasions.is_empty() {
        return "nothing, its `events` are none".to_owned();
    }
    format!("{}{of}", occasions.join(", "))
}

fn way(mail: &Mail) -> String {
    let encryption = match mail.encryption {
        Encryption::Tls => "with TLS",
        Encryption::Starttls => "with STARTTLS",
        Encryption::None => "not encrypted",
    };
    format!("{}:{} {encryption}", mail.server, mail.port)
}

/// Whether the mail server takes the login. Nothing is sent; webhooks and the ping are not asked,
/// since whatever they are asked they may act on.
pub async fn online(configuration: &Configuration, variable: &Variable) -> Option<Finding> {
    let mail = configuration.notify.mail.as_ref()?;
    Some(match mail::try_login(mail, variable).await {
        Ok(()) if mail.login.is_some() => {
            Finding::good(format!("{MAIL}: {} takes the login", mail.server))
        }
        Ok(()) => Finding::good(format!("{MAIL}: {} answers", mail.server)),
        Err(error) if error.is_lasting() => Finding::wrong(format!("{MAIL}: {error}")),
        Err(error) => Finding::untold(format!("{MAIL}: {error}")),
    })
}
