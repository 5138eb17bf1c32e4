//! The keys of a project.

use super::key::{Key, Kind, Rule, key, text, texts};
use super::{duration, path, shape};
use crate::config::words;

/// How a project names what it watches.
pub(super) const NAMES: &[&str] = &["package", "packages"];

/// The ways in which a step is proven or started.
const WAYS: &[&str] = &["file", "run", "dispatch"];

/// What a step may start.
const STARTS: &[&str] = &["workflow", "event"];

/// What an acceptance may name; one without any of them would accept everything.
pub(in crate::config) const ACCEPTABLE: &[&str] = &["library", "version", "path", "cve"];

/// The keys of `[[project]]`: the packages first, then what `[defaults]` may hold too.
pub(super) static PROJECT: &[Key] = &[
    text("package", words::package, "cryptography")
        .about("The package, by its name on the index")
        .pattern(shape::PACKAGE),
    texts("packages", words::package, "[\"a\", \"b\"]")
        .about(
            "Several packages that are only reported on: such a project has no policy, issue or \
             steps, and takes none from `[defaults]`",
        )
        .pattern(shape::PACKAGE),
    REPOSITORY,
    SCHEDULE,
    TIMEZONE,
    LINES,
    FOLLOW,
    SERIES_SETTLE,
    DROPPED_COVERAGE,
    POLICY,
    ISSUE,
    STEPS,
    ACCEPTANCES,
];

pub(super) static DEFAULTS: &[Key] = &[
    REPOSITORY,
    SCHEDULE,
    TIMEZONE,
    LINES,
    FOLLOW,
    SERIES_SETTLE,
    DROPPED_COVERAGE,
    POLICY,
    ISSUE,
    STEPS,
    ACCEPTANCES,
];

const REPOSITORY: Key = text("repository", words::repository, "pyca/cryptography")
    .about(
        "The repository with the tracking issue, `owner/name`; without one the project is reported \
         on only",
    )
    .pattern(shape::REPOSITORY);
const SCHEDULE: Key = text("schedule", words::schedule, "0 6 * * *")
    .about("When the daemon looks at it; by default `watch.schedule`")
    .pattern(shape::ANY);
const TIMEZONE: Key = text("timezone", words::timezone, "Europe/Berlin")
    .about("The time zone of its schedule; by default `watch.timezone`")
    .pattern(shape::ANY);
const LINES: Key = texts("lines", |text| words::line(text).map(drop), "[\"main\"]")
    .about("The maintained lines: `main` is the newest release, `~=46.0` the newest that fits")
    .default("[\"main\"]")
    .pattern(shape::LINE);
const FOLLOW: Key = text("follow", |text| words::follow(text).map(drop), "series")
    .about(
        "The series that wheels should carry: `series` (the linked one), `latest`, `lts`, or one \
         by its name",
    )
    .default("\"series\"")
    .pattern(shape::FOLLOW);
const SERIES_SETTLE: Key = duration("series-settle", "30d")
    .about("How long after its first release a new series becomes a target of `latest` and `lts`")
    .default("\"30d\"");
const DROPPED_COVERAGE: Key = texts(
    "dropped-coverage",
    |text| words::coverage(text).map(drop),
    "[\"macos x86_64\"]",
)
.about(
    "The platforms that the project dropped on purpose, so that nothing is said when their wheels \
     are gone: `[\"macos x86_64\", \"linux musl aarch64\"]`",
)
.default("[]")
.pattern(shape::COVERAGE);
const POLICY: Key = key("policy", Kind::Table(POLICIES)).about(
    "What an event leads to: `[]` is told in reports only, `[\"issue\"]` opens the tracking issue, \
     `[\"issue\", \"steps\"]` starts the steps too, which needs a `repository` and steps",
);
const ISSUE: Key = key("issue", Kind::Table(ISSUES)).about("The tracking issue");
const STEPS: Key = key("step", Kind::Tables(STEP))
    .about(
        "What is to be done for new wheels. A step is exactly one of `file` (looked at), `run` \
         (waited for) and `dispatch` (started). Nothing starts before what it `needs` holds",
    )
    .rules(&[Rule::One(WAYS)]);
const ACCEPTANCES: Key = key("accept", Kind::Tables(ACCEPT))
    .about(
        "Findings that are accepted on purpose: shown with their reason, asking for nothing. At \
         least one of `library`, `version`, `path` and `cve` is named; what is not named fits \
         everything",
    )
    .rules(&[Rule::Any(ACCEPTABLE)]);

const fn event(name: &'static str, about: &'static str) -> Key {
    texts(name, |text| words::reaction(text).map(drop), "[\"issue\"]")
        .about(about)
        .default("[\"issue\"]")
        .words(shape::REACTIONS)
}

static POLICIES: &[Key] = &[
    event(
        "security",
        "A wheel is in an affected range, and a release fixes it",
    ),
    event("bug-fix", "A newer release of a linked series exists"),
    event("end-of-life", "The support of a linked series has ended"),
    event(
        "exposed",
        "A wheel is in an affected range, and no public release of its series fixes it",
    ),
    event("withdrawn", "A wheel carries a withdrawn release"),
    event("new-series", "A new series began").default("[]"),
    event(
        "advisories-pending",
        "A release calls itself a security release, and its advisories are not out yet",
    )
    .default("[]"),
    event(
        "sbom-disagrees",
        "An SBOM in a wheel names another version than its binaries",
    )
    .default("[]"),
    event(
        "platforms-disagree",
        "Wheels of one version carry different versions of OpenSSL",
    )
    .default("[]"),
    event("coverage-shrank", "A platform is no longer covered").default("[]"),
    event("unreadable", "A wheel could not be read").default("[]"),
    text(
        "steps-severity",
        |text| words::severity(text).map(drop),
        "low",
    )
    .about(
        "The lowest severity that starts steps for `security`: `low`, `moderate`, `high`, \
         `critical`",
    )
    .default("\"low\"")
    .words(shape::SEVERITIES),
];

static ISSUES: &[Key] = &[
    texts("labels", words::label, "[\"openssl\"]")
        .about("Its labels, each of 50 letters at most; missing ones are created")
        .default("[\"openssl\"]")
        .pattern(shape::LABEL),
    texts("assignees", words::login, "[\"octocat\"]")
        .about("To whom it is assigned: logins, ten at most")
        .default("[]")
        .pattern(shape::LOGIN),
    texts("authors", words::login, "[\"github-actions[bot]\"]")
        .about(
            "Whose issues count as ours, beside our own: logins. Where a daemon and a job in \
             GitHub Actions serve one project under two names, each lists the other's",
        )
        .default("[]")
        .pattern(shape::LOGIN),
    path("template", "issue.md").about(
        "A file with its text, instead of the built-in one: a regular file of 256 KiB at most in \
         the folder of the configuration",
    ),
    text(
        "mailing-list",
        words::mail_address,
        "announce@lists.example",
    )
    .about("The address that the draft of the announcement is written to; nothing is sent")
    .pattern(shape::MAIL),
];

static STEP: &[Key] = &[
    text("name", words::step_name, "wheels")
        .about("Its name, once in a project: letters, digits, spaces, `-`, `_`, `.`, `+`")
        .required()
        .pattern(shape::STEP),
    text("repository", words::repository, "pyca/infra")
        .about("Its repository; by default the project's")
        .pattern(shape::REPOSITORY),
    texts("needs", words::any, "[\"bump\"]")
        .about("The steps that come before it")
        .default("[]")
        .pattern(shape::ANY),
    texts(
        "platforms",
        |text| words::platform(text).map(drop),
        "[\"linux\"]",
    )
    .about("The platforms whose wheels it makes: `linux`, `macos`, `windows`, `any`")
    .default("[]")
    .words(shape::PLATFORMS),
    text("series", |text| words::series(text).map(drop), "3.5")
        .about("The one series it is for; by default every one that is due")
        .pattern(shape::SERIES),
    key("file", Kind::Table(STEP_FILE)).about("A file that proves it"),
    key("run", Kind::Table(STEP_RUN)).about("A run that proves it"),
    key("dispatch", Kind::Table(STEP_DISPATCH))
        .about("What is started")
        .rules(&[Rule::One(STARTS), Rule::NotBoth(&["event", "ref"])]),
    key("attempts", Kind::Number(1, 10))
        .about("How many times it may be started for one target, from 1 to 10")
        .default("3"),
    key("reruns", Kind::Number(0, 10))
        .about("How many times the failed jobs of one run may be run again, from 0 to 10")
        .default("2"),
];

static STEP_FILE: &[Key] = &[
    text("path", words::repository_path, "openssl-version.sh")
        .about("The file that proves it, from the repository's root")
        .required()
        .pattern(shape::FILE),
    text("ref", words::git_reference, "main")
        .about("The branch or tag; by default the default branch")
        .pattern(shape::REFERENCE),
    text(
        "contains",
        words::wanted_text,
        "openssl-{{ openssl.version }}",
    )
    .about("A template of the text that the file then holds")
    .required()
    .pattern(shape::ANY),
];

static STEP_RUN: &[Key] = &[
    text("workflow", words::workflow, "build.yml")
        .about("The workflow whose run proves it, by its file's name")
        .required()
        .pattern(shape::WORKFLOW),
    text("ref", words::branch, "main")
        .about("The branch; by default any")
        .pattern(shape::REFERENCE),
];

static STEP_DISPATCH: &[Key] = &[
    text("workflow", words::workflow, "wheels.yml")
        .about("The workflow to start, by its file's name; this or `event`")
        .pattern(shape::WORKFLOW),
    text("event", words::event, "rebuild")
        .about(
            "The event to send (`repository_dispatch`), of 100 letters at most; this or `workflow`",
        )
        .pattern(shape::EVENT),
    text("ref", words::reference_template, "main")
        .about("A template of the branch or tag; by default the default branch. Not for an event")
        .pattern(shape::ANY),
    key("inputs", Kind::Inputs).about(
        "The inputs, templates under names of your own, 25 at most; for an event its payload, 10 \
         at most; a variable names one of them after `INPUTS__`",
    ),
];

static ACCEPT: &[Key] = &[
    text("library", |text| words::library(text).map(drop), "openssl")
        .about("`openssl`, `libressl`, `boringssl`, `aws-lc` or `tongsuo`")
        .words(shape::LIBRARIES),
    text("version", words::pattern, "1.0.2*")
        .about("The version, or its beginning and `*`")
        .pattern(shape::BEGINNING),
    text("path", words::pattern, "package/_native*")
        .about("The file in the wheel, or the beginning of its path and `*`")
        .pattern(shape::BEGINNING),
    text("cve", words::cve, "CVE-2026-12345")
        .about("The advisory")
        .pattern(shape::CVE),
    text("reason", words::any, "it is this package's purpose")
        .about("Why")
        .required()
        .pattern(shape::ANY),
    text("until", |text| words::date(text).map(drop), "2027-06-30")
        .about("The last day, in UTC, on which it holds: `\"2027-06-30\"`")
        .pattern(shape::DATE),
];

/// The sections of which a step has exactly one.
pub(in crate::config) fn ways() -> impl Iterator<Item = &'static Key> {
    STEP.iter().filter(|key| WAYS.contains(&key.name))
}
