//! The keys that exist, and what their values look like.

use super::words;

mod notify;

/// Says why a text is not what its key wants.
type Check = fn(&str) -> Result<(), String>;

/// What the value of a key looks like.
pub(super) enum Kind {
    /// A text, with an example of one.
    Text(Check, &'static str),
    /// A list of texts.
    Texts(Check, &'static str),
    /// A whole number from one bound to the other.
    Number(u64, u64),
    /// A section.
    Table(&'static [Key]),
    /// Any number of sections.
    Tables(&'static [Key]),
    /// A section whose keys are the user's own, with texts.
    Inputs,
}

/// A key.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

const fn key(name: &'static str, kind: Kind) -> Key {
    Key { name, kind }
}

const fn text(name: &'static str, check: Check, example: &'static str) -> Key {
    key(name, Kind::Text(check, example))
}

const fn texts(name: &'static str, check: Check, example: &'static str) -> Key {
    key(name, Kind::Texts(check, example))
}

/// The sections.
pub(super) static ROOT: &[Key] = &[
    key("watch", Kind::Table(WATCH)),
    key("state", Kind::Table(STATE)),
    key("server", Kind::Table(SERVER)),
    key("openssl", Kind::Table(OPENSSL)),
    key("index", Kind::Table(INDEX)),
    key("github", Kind::Table(GITHUB)),
    key("notify", Kind::Table(notify::NOTIFY)),
    key("limits", Kind::Table(LIMITS)),
    key("defaults", Kind::Table(DEFAULTS)),
    key("project", Kind::Tables(PROJECT)),
];

static WATCH: &[Key] = &[
    text("schedule", words::schedule, "*/15 * * * *"),
    text("timezone", words::zone, "UTC"),
    text("jitter", |text| words::duration(text).map(drop), "30s"),
    text("seen-for", |text| words::duration(text).map(drop), "400d"),
    text("max-fact-age", |text| words::duration(text).map(drop), "3d"),
    text(
        "end-of-life-notice",
        |text| words::duration(text).map(drop),
        "60d",
    ),
    key("new-issues-per-cycle", Kind::Number(0, 10_000)),
];

static STATE: &[Key] = &[text("url", words::state, "sqlite:rewheel.db")];

static SERVER: &[Key] = &[
    text(
        "listen",
        |text| words::listen(text).map(drop),
        "127.0.0.1:9745",
    ),
    texts("hosts", words::host, "[\"rewheel.example\"]"),
    text("token-env", words::variable, "STATUS_TOKEN"),
];

static OPENSSL: &[Key] = &[
    text(
        "api",
        |text| words::open_address(text).map(drop),
        "https://api.github.com",
    ),
    text("directory", words::any, "mirror/"),
    texts("archive-hosts", words::host, "[\"codeload.github.com\"]"),
    text("token-env", words::variable, "GITHUB_TOKEN"),
    texts(
        "withdrawn",
        |text| words::version(text).map(drop),
        "[\"3.0.6\"]",
    ),
];

static INDEX: &[Key] = &[text(
    "url",
    |text| words::address(text).map(drop),
    "https://index.example/simple/",
)];

static GITHUB: &[Key] = &[
    text(
        "api",
        |text| words::open_address(text).map(drop),
        "https://api.github.com",
    ),
    text("token-env", words::variable, "GITHUB_TOKEN"),
    text("token-file", words::any, "/run/secrets/token"),
    key("app", Kind::Table(APP)),
    text("login", words::login, "octocat"),
    text(
        "write-interval",
        |text| words::duration(text).map(drop),
        "1s",
    ),
    texts(
        "archive-hosts",
        words::host_pattern,
        "[\"*.blob.core.windows.net\"]",
    ),
];

static APP: &[Key] = &[
    key("id", Kind::Number(1, i64::MAX as u64)),
    text("key-file", words::any, "/run/secrets/app.pem"),
];

static LIMITS: &[Key] = &[
    key("wheel-bytes", Kind::Number(1, 1 << 50)),
    key("wheel-seconds", Kind::Number(1, 7 * 24 * 60 * 60)),
    key("inflated-bytes", Kind::Number(1, 1 << 50)),
    key("inflated-ratio", Kind::Number(1, 1 << 32)),
    key("members", Kind::Number(1, 1 << 32)),
    key("nesting", Kind::Number(0, 16)),
    key("directory-bytes", Kind::Number(1, 1 << 32)),
    key("sbom-bytes", Kind::Number(1, 1 << 32)),
    key("candidates", Kind::Number(1, 1 << 50)),
    key("evidence-bytes", Kind::Number(1, 1 << 40)),
    key("index-page-bytes", Kind::Number(1, 1 << 32)),
    key("index-files", Kind::Number(1, 1 << 32)),
    key("feed-bytes", Kind::Number(1, 1 << 32)),
    key("second-looks", Kind::Number(0, 1 << 20)),
    key("resumes", Kind::Number(0, 1000)),
    key("parallel", Kind::Number(1, 64)),
];

/// The keys of `[[project]]`: the packages first, then what `[defaults]` may hold too.
static PROJECT: &[Key] = &[
    text("package", words::package, "cryptography"),
    texts("packages", words::package, "[\"a\", \"b\"]"),
    REPOSITORY,
    LINES,
    FOLLOW,
    SERIES_SETTLE,
    DROPPED_COVERAGE,
    POLICY,
    ISSUE,
    STEPS,
    ACCEPTANCES,
];

static DEFAULTS: &[Key] = &[
    REPOSITORY,
    LINES,
    FOLLOW,
    SERIES_SETTLE,
    DROPPED_COVERAGE,
    POLICY,
    ISSUE,
    STEPS,
    ACCEPTANCES,
];

const REPOSITORY: Key = text("repository", words::repository, "pyca/cryptography");
const LINES: Key = texts("lines", |text| words::line(text).map(drop), "[\"main\"]");
const FOLLOW: Key = text("follow", |text| words::follow(text).map(drop), "series");
const SERIES_SETTLE: Key = text(
    "series-settle",
    |text| words::duration(text).map(drop),
    "30d",
);
const DROPPED_COVERAGE: Key = texts(
    "dropped-coverage",
    |text| words::coverage(text).map(drop),
    "[\"macos x86_64\"]",
);
const POLICY_EXAMPLE: &str = "[\"issue\"]";
const POLICY: Key = key("policy", Kind::Table(POLICIES));
const ISSUE: Key = key("issue", Kind::Table(ISSUES));
const STEPS: Key = key("step", Kind::Tables(STEP));
const ACCEPTANCES: Key = key("accept", Kind::Tables(ACCEPT));

const fn event(name: &'static str) -> Key {
    texts(name, |text| words::reaction(text).map(drop), POLICY_EXAMPLE)
}

static POLICIES: &[Key] = &[
    event("security"),
    event("bug-fix"),
    event("end-of-life"),
    event("exposed"),
    event("withdrawn"),
    event("new-series"),
    event("advisories-pending"),
    event("sbom-disagrees"),
    event("platforms-disagree"),
    event("coverage-shrank"),
    event("unreadable"),
    text(
        "steps-severity",
        |text| words::severity(text).map(drop),
        "low",
    ),
];

static ISSUES: &[Key] = &[
    texts("labels", words::label, "[\"openssl\"]"),
    texts("assignees", words::login, "[\"octocat\"]"),
    texts("authors", words::login, "[\"github-actions[bot]\"]"),
    text("template", words::any, "issue.md"),
    text(
        "mailing-list",
        words::mail_address,
        "announce@lists.example",
    ),
];

static STEP: &[Key] = &[
    text("name", words::step_name, "wheels"),
    text("repository", words::repository, "pyca/infra"),
    texts("needs", words::any, "[\"bump\"]"),
    texts(
        "platforms",
        |text| words::platform(text).map(drop),
        "[\"linux\"]",
    ),
    text("series", |text| words::series(text).map(drop), "3.5"),
    key("file", Kind::Table(STEP_FILE)),
    key("run", Kind::Table(STEP_RUN)),
    key("dispatch", Kind::Table(STEP_DISPATCH)),
    key("attempts", Kind::Number(1, 10)),
    key("reruns", Kind::Number(0, 10)),
];

static STEP_FILE: &[Key] = &[
    text("path", words::repository_path, "openssl-version.sh"),
    text("ref", words::git_reference, "main"),
    text(
        "contains",
        words::wanted_text,
        "openssl-{{ openssl.version }}",
    ),
];

static STEP_RUN: &[Key] = &[
    text("workflow", words::workflow, "build.yml"),
    text("ref", words::branch, "main"),
];

static STEP_DISPATCH: &[Key] = &[
    text("workflow", words::workflow, "wheels.yml"),
    text("event", words::event, "rebuild"),
    text("ref", words::reference_template, "main"),
    key("inputs", Kind::Inputs),
];

static ACCEPT: &[Key] = &[
    text("library", |text| words::library(text).map(drop), "openssl"),
    text("version", words::pattern, "1.0.2*"),
    text("path", words::pattern, "package/_native*"),
    text("cve", words::cve, "CVE-2026-12345"),
    text("reason", words::any, "it is this package's purpose"),
    text("until", |text| words::date(text).map(drop), "2027-06-30"),
];

impl Kind {
    /// What a value looks like, for people.
    pub(super) fn wanted(&self) -> String {
        match self {
            Self::Text(_, example) => format!("a text, such as \"{example}\""),
            Self::Texts(_, example) => format!("a list of texts, such as {example}"),
            Self::Number(least, most) => format!("a whole number from {least} to {most}"),
            Self::Table(_) => "a section".to_owned(),
            Self::Tables(_) => "sections in double brackets".to_owned(),
            Self::Inputs => "a section of texts".to_owned(),
        }
    }

    /// The keys of a section.
    pub(super) const fn keys(&self) -> &'static [Key] {
        match self {
            Self::Table(keys) | Self::Tables(keys) => keys,
            _ => &[],
        }
    }
}

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
