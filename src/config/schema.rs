//! The keys that exist: what their values look like, what they mean, and what holds where they are
//! left out. `config check`, `config schema`, and the reference in `docs/configuration.md` all come
//! from these tables.
//!
//! A new key needs its `about`, and its `default` where there is one; tests hold both to what the
//! program does, and say how the reference is written anew.

use super::words;

pub use json::json_schema;
pub(super) use key::{Key, Kind};
use key::{Rule, key, text, texts};
pub(super) use project::{ACCEPTABLE, ways};
pub use reference::reference;

mod json;
mod key;
mod notify;
mod project;
mod reference;
mod shape;
#[cfg(test)]
mod tests;

/// The sections.
pub(super) static ROOT: &[Key] = &[
    key("watch", Kind::Table(WATCH)).about("When it looks, and what counts as old"),
    key("state", Kind::Table(STATE)).about("What is remembered between cycles"),
    key("server", Kind::Table(SERVER)).about(
        "What the daemon shows: `/` for people, `/healthz`, `/readyz`, `/metrics`, \
         `/api/v1/status`, and `POST /api/v1/check`, which asks for a cycle. A change of this \
         section or of `[state]` needs a restart",
    ),
    key("openssl", Kind::Table(OPENSSL))
        .about(
            "Where OpenSSL's facts come from. `docs/feeds.md` says how they are asked and believed",
        )
        .rules(&[Rule::NotBoth(OPENSSL_SOURCES)]),
    key("index", Kind::Table(INDEX)).about("The package index"),
    key("github", Kind::Table(GITHUB))
        .about(
            "Where issues are opened and steps are started. Keep one of `token-env`, `token-file` \
             and `app`",
        )
        .rules(&[Rule::NotBoth(LOGINS), Rule::NotBoth(&["login", "app"])]),
    key("notify", Kind::Table(notify::NOTIFY))
        .about("Who is told what, by webhooks and by mail. `docs/notifications.md` says how")
        .rules(notify::RULES),
    key("limits", Kind::Table(LIMITS))
        .about("Bounds on what one cycle may cost. What hits one is said with the limit's name"),
    key("defaults", Kind::Table(project::DEFAULTS))
        .about("What holds for every project that does not say otherwise"),
    key("project", Kind::Tables(project::PROJECT))
        .about(
            "One project, or a set of packages that is only reported on. Each has either `package` \
             or `packages`. `[defaults]` takes every key but these two, for all projects: what a \
             project says goes before it, sections key by key, lists as a whole. Packages named by \
             hand, without a configuration, are judged by the variables of `[defaults]`",
        )
        .rules(&[Rule::One(project::NAMES)]),
];

/// The ways to log in to GitHub.
pub(super) const LOGINS: &[&str] = &["token-env", "token-file", "app"];

/// Where OpenSSL's facts may come from.
pub(super) const OPENSSL_SOURCES: &[&str] = &["api", "directory"];

const fn duration(name: &'static str, example: &'static str) -> Key {
    text(name, |text| words::duration(text).map(drop), example).pattern(shape::DURATION)
}

const fn path(name: &'static str, example: &'static str) -> Key {
    text(name, words::any, example).pattern(shape::ANY)
}

const fn variable(name: &'static str, example: &'static str) -> Key {
    text(name, words::variable, example).pattern(shape::VARIABLE)
}

static WATCH: &[Key] = &[
    text("schedule", words::schedule, "*/15 * * * *")
        .about(
            "When the daemon begins a cycle: cron, five or six fields, or `@hourly` and its like; \
             weekday 0 and 7 are Sunday, and of day and weekday one is enough",
        )
        .default("\"*/15 * * * *\"")
        .pattern(shape::ANY),
    text("timezone", words::timezone, "UTC")
        .about(
            "The time zone of the schedule, by its IANA name; across a change of the clocks fixed \
             hours come once",
        )
        .default("\"UTC\"")
        .pattern(shape::ANY),
    duration("jitter", "30s")
        .about(
            "How much later than the schedule says a cycle may begin, so that many daemons do not \
             ask at once; each is always as late as before",
        )
        .default("\"0s\""),
    text("hot-interval", |text| words::pause(text).map(drop), "5m")
        .about(
            "How soon the daemon looks again while something is in flux: a project with \
             open runs, or with wheels that were not read yet, is looked at again; \
             OpenSSL's facts are asked for while a release of the last day is known \
             without its advisories. Never faster than the rate limits last. `none` \
             leaves it to the schedule",
        )
        .default("\"5m\"")
        .pattern(shape::PAUSE),
    key("reload-on-change", Kind::Flag)
        .about(
            "Whether the daemon takes the configuration anew when its file has changed, \
             without SIGHUP. A bad one is refused, and the old one stays",
        )
        .default("false"),
    duration("seen-for", "400d")
        .about(
            "How long the daemon's ledger remembers what was seen and is not seen any \
             more, and what was done and is over",
        )
        .default("\"400d\""),
    duration("memory-for", "60d")
        .about(
            "How long it remembers scans, pages and answers that are not used any more; \
             what is forgotten is read again when it is needed",
        )
        .default("\"60d\""),
    duration("max-fact-age", "3d")
        .about(
            "How old facts about OpenSSL may be; older ones cannot prove that nothing newer \
             exists, and \"could not tell\" is said",
        )
        .default("\"3d\""),
    duration("end-of-life-notice", "60d")
        .about("How long before the end of a series' support it is told")
        .default("\"60d\""),
    key("new-issues-per-cycle", Kind::Number(0, 10_000))
        .about("More new issues than that in one cycle stop the cycle")
        .default("20"),
];

static STATE: &[Key] = &[text("url", words::state, "sqlite:rewheel.db")
    .about(
        "The ledger: `sqlite:` and a path, or `none`: then what is remembered stands in the \
         tracking issue alone. A relative path in a file, and the default, are beside that file",
    )
    .default("\"sqlite:rewheel.db\"")
    .pattern(shape::STATE)];

static SERVER: &[Key] = &[
    text(
        "listen",
        |text| words::listen(text).map(drop),
        "127.0.0.1:9745",
    )
    .about("The address and port to listen on; `none` serves nothing")
    .default("\"127.0.0.1:9745\"")
    .pattern(shape::ANY),
    texts("hosts", words::host, "[\"rewheel.example\"]")
        .about(
            "Names under which it may be asked beside its address and this machine's own; others \
             are refused, so that no page elsewhere can read it",
        )
        .default("[]")
        .pattern(shape::ANY),
    variable("token-env", "STATUS_TOKEN")
        .about("The variable with the token that may ask for a cycle; without one nobody may"),
];

static OPENSSL: &[Key] = &[
    text(
        "api",
        |text| words::open_address(text).map(drop),
        "https://api.github.com",
    )
    .about(
        "What serves OpenSSL's releases and advisories: GitHub's API, or one that speaks like it",
    )
    .default("\"https://api.github.com\"")
    .pattern(shape::ADDRESS),
    path("directory", "mirror/").about(
        "A local mirror, instead of `api`, made by `rewheel openssl pull`; a relative path in a \
         file is beside that file",
    ),
    texts("archive-hosts", words::host, "[\"codeload.github.com\"]")
        .about(
            "The hosts, beside its own, that `api` may send to for an archive; by default \
             `codeload.` and the name of the server",
        )
        .pattern(shape::ANY),
    variable("token-env", "GITHUB_TOKEN").about(
        "The variable with a token, only to raise the rate limit; it is sent to `api` and nowhere \
         else",
    ),
    texts(
        "withdrawn",
        |text| words::version(text).map(drop),
        "[\"3.0.6\"]",
    )
    .about("Releases that count as withdrawn beside the known ones")
    .default("[]")
    .pattern(shape::VERSION),
];

static INDEX: &[Key] = &[
    text(
        "url",
        |text| words::address(text).map(drop),
        "https://index.example/simple/",
    )
    .about(
        "Its simple API; by default that of `UV_DEFAULT_INDEX`, `PIP_INDEX_URL` or pip's \
         configuration, else PyPI. It may hold a login, which is never shown. `--index-url` goes \
         before it",
    )
    .pattern(shape::ADDRESS),
    duration("interval", "1h")
        .about(
            "How long what the index says of a project is good for in the daemon: until \
             then a cycle judges it anew by what is known of its wheels, and asks \
             OpenSSL's feeds alone",
        )
        .default("\"0s\""),
];

static GITHUB: &[Key] = &[
    text(
        "api",
        |text| words::open_address(text).map(drop),
        "https://api.github.com",
    )
    .about("The API; that of a GitHub Enterprise Server is `https://HOST/api/v3`")
    .default("\"https://api.github.com\"")
    .pattern(shape::ADDRESS),
    variable("token-env", "GITHUB_TOKEN")
        .about("The variable with the token")
        .default("\"GITHUB_TOKEN\""),
    path("token-file", "/run/secrets/token").about(
        "The file with the token and nothing else; a relative path in a file is beside that file. \
         It is read again when it changes",
    ),
    key("app", Kind::Table(APP)).about("A GitHub App to log in as"),
    text("login", words::login, "octocat")
        .about(
            "Who the token is, for tokens of which GitHub does not tell it: `my-app[bot]` for the \
             token of an installation. It matters: issues of other names are not ours. The token \
             of a job in GitHub Actions is `github-actions[bot]`",
        )
        .pattern(shape::LOGIN),
    duration("write-interval", "1s")
        .about("The least time between two writes")
        .default("\"1s\""),
    texts(
        "archive-hosts",
        words::host_pattern,
        "[\"*.blob.core.windows.net\"]",
    )
    .about(
        "The hosts, beside its own, that `api` may send to for an artifact; `*.` stands for all \
         hosts below one. By default, for GitHub's own API, `*.actions.githubusercontent.com` and \
         `*.blob.core.windows.net`; for another one `codeload.` and `media.` before its name",
    )
    .pattern(shape::ANY),
];

pub(super) static APP: &[Key] = &[
    key("id", Kind::Number(1, i64::MAX as u64))
        .about("The number of a GitHub App; its installation in each repository is found by itself")
        .required(),
    path("key-file", "/run/secrets/app.pem")
        .about(
            "The PEM file with the App's private key; a relative path in a file is beside that \
             file",
        )
        .required(),
];

static LIMITS: &[Key] = &[
    key("wheel-bytes", Kind::Number(1, 1 << 50))
        .about("The size of a wheel on a server")
        .default("2_147_483_648"),
    key("wheel-seconds", Kind::Number(1, 7 * 24 * 60 * 60))
        .about(
            "The time for reading one wheel, from the first byte to the last, from a file or a \
             server",
        )
        .default("1800"),
    key("inflated-bytes", Kind::Number(1, 1 << 50))
        .about("All members of a wheel together, unpacked")
        .default("4_294_967_296"),
    key("inflated-ratio", Kind::Number(1, 1 << 32))
        .about(
            "How many times as long as packed a member, and the wheel, may be unpacked, once that \
             is more than 64 MiB. Deflate reaches 1032; of published members beyond 8 MiB none was \
             above 6",
        )
        .default("100"),
    key("members", Kind::Number(1, 1 << 32))
        .about(
            "The members of a wheel; those of the archives inside it may be ten times as many \
             altogether",
        )
        .default("100_000"),
    key("nesting", Kind::Number(0, 16))
        .about("Archives and compressed files inside of each other; 0 reads none")
        .default("3"),
    key("directory-bytes", Kind::Number(1, 1 << 32))
        .about("The directory of a wheel")
        .default("25_165_824"),
    key("sbom-bytes", Kind::Number(1, 1 << 32))
        .about("One SBOM in a wheel")
        .default("8_388_608"),
    key("candidates", Kind::Number(1, 1 << 50))
        .about("The places in a wheel's binaries where a text that tells of a library may begin")
        .default("10_000_000"),
    key("evidence-bytes", Kind::Number(1, 1 << 40))
        .about("What is kept of a wheel's binaries until they are judged")
        .default("8_388_608"),
    key("index-page-bytes", Kind::Number(1, 1 << 32))
        .about("The size of a project's page on the index, unpacked")
        .default("67_108_864"),
    key("index-files", Kind::Number(1, 1 << 32))
        .about("The files of a project on the index")
        .default("200_000"),
    key("feed-bytes", Kind::Number(1, 1 << 32))
        .about(
            "What a feed of OpenSSL says at once: a list of releases, an archive, each packed and \
             unpacked",
        )
        .default("67_108_864"),
    key("second-looks", Kind::Number(0, 1 << 20))
        .about("The ranges of one wheel that are fetched beside the one pass")
        .default("64"),
    key("resumes", Kind::Number(0, 1000))
        .about("How many times a broken connection is taken up again")
        .default("5"),
    key("parallel", Kind::Number(1, 64)).about(
        "How many wheels are read at once; by default twice as many as there are \
             processors, from 4 to 8. Of several projects one has at most half of it",
    ),
    key("parallel-projects", Kind::Number(1, 1000))
        .about("How many projects are looked at at once")
        .default("16"),
    key("project-seconds", Kind::Number(1, 7 * 24 * 60 * 60))
        .about(
            "How long a cycle of the daemon waits for the look at one project, and how \
             long its turn is when issues are written. A look that takes longer goes on \
             beside, and a later cycle takes in what it sees; a turn that takes longer \
             comes last in the next cycle. So a slow project holds up nobody",
        )
        .default("120"),
    key("bytes-per-cycle", Kind::Number(1, 1 << 50))
        .about(
            "How many bytes of wheels one cycle of the daemon receives: wheels that were \
             not read yet are `unknown` with the reason `not-read-yet`, and the next \
             cycle goes on, newest first, those of projects with a `repository` before \
             others. `check-now` reads everything unless this is set",
        )
        .default("2_147_483_648"),
];

/// Every key that has a value of its own, with the sections before it: `watch.max-fact-age`,
/// `project.step.file.path`. Those of `[defaults]` are keys of a project and are left out.
pub fn keys() -> Vec<String> {
    let mut found = Vec::new();
    for section in ROOT.iter().filter(|section| section.name != "defaults") {
        collect(section, section.name.to_owned(), &mut found);
    }
    found
}

fn collect(key: &Key, path: String, found: &mut Vec<String>) {
    match key.kind {
        Kind::Table(keys) | Kind::Tables(keys) => {
            for inner in keys {
                collect(inner, format!("{path}.{}", inner.name), found);
            }
        }
        _ => found.push(path),
    }
}

/// Checks a text as the key's value, or as one of its values, with the sections before it:
/// `project.repository`. Under a name that is no key's every text is good.
///
/// # Errors
/// Why the text is not what the key wants.
pub fn check_text(key: &str, text: &str) -> Result<(), String> {
    let mut keys = ROOT;
    for name in key.split('.') {
        let Some(found) = keys.iter().find(|key| key.name == name) else {
            break;
        };
        if let Kind::Text(check, _) | Kind::Texts(check, _) = found.kind {
            return check(text);
        }
        keys = found.kind.keys();
    }
    Ok(())
}

/// The names of the keys that a section cannot do without.
pub(super) fn required(keys: &[Key]) -> impl Iterator<Item = &'static str> {
    keys.iter()
        .filter(|key| key.is_required)
        .map(|key| key.name)
}
