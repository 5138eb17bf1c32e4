//! The keys of `[notify]`.

use super::key::{Key, Kind, Rule, key, text, texts};
use super::{duration, path, shape, variable};
use crate::config::words;

/// `[notify]`.
pub(super) static NOTIFY: &[Key] = &[
    key("failures", Kind::Number(1, 1000))
        .about(
            "How many times in a row a feed or a project fails before it is told, once; it is told \
             again when it has recovered",
        )
        .default("3"),
    key("attempts", Kind::Number(1, 1000))
        .about("How many times a message is sent to a receiver that does not take it")
        .default("20"),
    duration("give-up-after", "3d")
        .about("How long that is tried")
        .default("\"3d\""),
    variable("ping-url-env", "PING_URL").about(
        "The variable with the address that is asked for after each good cycle; whoever is behind \
         it raises the alarm when it is asked no more",
    ),
    path("ping-url-file", "/run/secrets/ping-url").about("The file with that address"),
    key("webhook", Kind::Tables(WEBHOOK))
        .about("Who is told by a request of HTTP")
        .rules(&[
            Rule::One(&["url", "url-env", "url-file"]),
            Rule::NotBoth(&["secret-env", "secret-file"]),
        ]),
    key("mail", Kind::Table(MAIL))
        .about("Who is told by mail")
        .rules(&[Rule::NotBoth(&["password-env", "password-file"])]),
];

/// Which keys of `[notify]` go together.
pub(super) const RULES: &[Rule] = &[Rule::NotBoth(&["ping-url-env", "ping-url-file"])];

static WEBHOOK: &[Key] = &[
    text("name", words::receiver, "on-call")
        .about("What it is called in logs, metrics and the ledger")
        .pattern(shape::ANY)
        .required(),
    text("format", |text| words::format(text).map(drop), "json")
        .about("`json`, signed; or `slack`, which Mattermost, Rocket.Chat and Discord take, too")
        .default("\"json\"")
        .words(&["json", "slack"]),
    text(
        "url",
        |text| words::address(text).map(drop),
        "https://hooks.example/rewheel",
    )
    .about("The address; better in a variable or a file, as for many receivers it is the password")
    .pattern(shape::ADDRESS),
    variable("url-env", "ON_CALL_URL").about("The variable with the address"),
    path("url-file", "/run/secrets/on-call-url").about("The file with the address"),
    variable("secret-env", "ON_CALL_SECRET").about(
        "The variable with the secret that signs what is sent: `whsec_` and base64, or any text of \
         24 bytes and more. Two of them, with a space between, both sign, so that one can be \
         replaced",
    ),
    path("secret-file", "/run/secrets/on-call-secret").about("The file with the secret"),
    EVENTS,
    PROJECTS,
];

static MAIL: &[Key] = &[
    text("server", words::host, "mail.example")
        .about("The mail server")
        .pattern(shape::ANY)
        .required(),
    key("port", Kind::Number(1, 65_535))
        .about("Its port; by default 465 for `tls`, 587 for `starttls`, 25 for `none`"),
    text(
        "encryption",
        |text| words::encryption(text).map(drop),
        "starttls",
    )
    .about("`tls` from the first byte, `starttls`, or `none`, which sends no password")
    .default("\"tls\"")
    .words(&["tls", "starttls", "none"]),
    text(
        "from",
        |text| words::mailbox(text).map(drop),
        "rewheel <rewheel@example.org>",
    )
    .about("Who it is from")
    .pattern(shape::ANY)
    .required(),
    texts(
        "to",
        |text| words::mailbox(text).map(drop),
        "[\"team@example.org\"]",
    )
    .about("Who it is for")
    .pattern(shape::ANY)
    .required(),
    text("username", words::any, "rewheel")
        .about("Who logs in")
        .pattern(shape::ANY),
    variable("password-env", "MAIL_PASSWORD").about("The variable with the password"),
    path("password-file", "/run/secrets/mail-password").about("The file with the password"),
    EVENTS,
    PROJECTS,
];

const EVENTS: Key = texts(
    "events",
    |text| words::occasion(text).map(drop),
    "[\"release\", \"action-failed\"]",
)
.about("What is told; by default `release` and everything that rewheel does or fails to do")
.pattern(shape::ANY);

const PROJECTS: Key = texts("projects", words::package, "[\"cryptography\"]")
    .about("Of which packages; by default of all. What is no matter of one project is always told")
    .pattern(shape::PACKAGE);
