//! The keys of `[notify]`. What each means stands beside it, in the words of the documentation.

use super::{Key, Kind, key, text, texts};
use crate::config::words;

/// `[notify]`.
pub(super) static NOTIFY: &[Key] = &[
    // How many times in a row a feed or a project fails before it is told, once; it is told again
    // when it has recovered.
    key("failures", Kind::Number(1, 1000)),
    // How many times a message is sent to a receiver that does not take it.
    key("attempts", Kind::Number(1, 1000)),
    // How long it is tried.
    duration("give-up-after", "3d"),
    // The variable with the address that is asked for after each good cycle; whoever is behind it
    // raises the alarm when it is asked no more.
    text("ping-url-env", words::variable, "PING_URL"),
    // The file with that address.
    text("ping-url-file", words::any, "/run/secrets/ping-url"),
    key("webhook", Kind::Tables(WEBHOOK)),
    key("mail", Kind::Table(MAIL)),
];

static WEBHOOK: &[Key] = &[
    // The name of the receiver in logs, metrics and the ledger.
    text("name", words::receiver, "on-call"),
    // `json`, signed; or `slack`, which Mattermost, Rocket.Chat and Discord take, too.
    text("format", |text| words::format(text).map(drop), "json"),
    // The address; better in a variable or a file, as for many receivers it is the password.
    text(
        "url",
        |text| words::address(text).map(drop),
        "https://hooks.example/rewheel",
    ),
    // The variable with the address.
    text("url-env", words::variable, "ON_CALL_URL"),
    // The file with the address.
    text("url-file", words::any, "/run/secrets/on-call-url"),
    // The variable with the secret that signs what is sent: `whsec_` and base64, or any text of 24
    // bytes and more. Two of them, with a space between, both sign, so that one can be replaced.
    text("secret-env", words::variable, "ON_CALL_SECRET"),
    // The file with the secret.
    text("secret-file", words::any, "/run/secrets/on-call-secret"),
    EVENTS,
    PROJECTS,
];

static MAIL: &[Key] = &[
    // The mail server.
    text("server", words::host, "mail.example"),
    // Its port; by default 465 for `tls`, 587 for `starttls`, 25 for `none`.
    key("port", Kind::Number(1, 65_535)),
    // `tls` from the first byte, `starttls`, or `none`, which sends no password.
    text(
        "encryption",
        |text| words::encryption(text).map(drop),
        "starttls",
    ),
    // Who it is from.
    text(
        "from",
        |text| words::mailbox(text).map(drop),
        "rewheel <rewheel@example.org>",
    ),
    // Who it is for.
    texts(
        "to",
        |text| words::mailbox(text).map(drop),
        "[\"team@example.org\"]",
    ),
    // Who logs in.
    text("username", words::any, "rewheel"),
    // The variable with the password.
    text("password-env", words::variable, "MAIL_PASSWORD"),
    // The file with the password.
    text("password-file", words::any, "/run/secrets/mail-password"),
    EVENTS,
    PROJECTS,
];

// What is told; by default `release` and everything that rewheel does or fails to do.
const EVENTS: Key = texts(
    "events",
    |text| words::occasion(text).map(drop),
    "[\"release\", \"action-failed\"]",
);

// Of which packages; by default of all. What is no matter of one project is always told.
const PROJECTS: Key = texts("projects", words::package, "[\"cryptography\"]");

const fn duration(name: &'static str, example: &'static str) -> Key {
    text(name, |text| words::duration(text).map(drop), example)
}
