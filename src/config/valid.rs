//! What the program uses of a configuration.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use pep440_rs::VersionSpecifiers;
use secrecy::SecretString;
use url::Url;

use crate::model::{OpensslVersion, RepositoryName, Step};
use crate::policy::{Reaction, Settings};
use crate::scan;

use super::diagnostic::Problems;
use super::github::{self, Github};
use super::issue::IssueSettings;
use super::notify::{self, Notify};
use super::raw::Table;
use super::server::{self, Server};
use super::state::{self, State, StateUrl};
use super::{project, words};

/// How many new issues one cycle opens when the configuration does not say.
const NEW_ISSUES_PER_CYCLE: usize = 20;

/// When a cycle begins when the configuration does not say.
const SCHEDULE: &str = "*/15 * * * *";

/// How soon the next cycle begins while something is in flux, when the configuration does not say.
const HOT_INTERVAL: TimeDelta = TimeDelta::minutes(5);

/// How long what was seen is remembered when the configuration does not say.
const SEEN_FOR: TimeDelta = TimeDelta::days(400);

/// How long what can be read again is remembered when the configuration does not say.
const MEMORY_FOR: TimeDelta = TimeDelta::days(60);

/// A configuration that holds together.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// `[watch]`.
    pub watch: Watch,
    /// `[index] url`; it may hold a login.
    pub index_url: Option<SecretString>,
    /// `[index] interval`: how long what the index said of a project is good for.
    pub index_interval: TimeDelta,
    /// `[openssl]`.
    pub openssl: Openssl,
    /// `[github]`.
    pub github: Github,
    /// `[state]`.
    pub state: State,
    /// `[server]`.
    pub server: Server,
    /// `[notify]`.
    pub notify: Notify,
    /// `[limits]`.
    pub limits: Limits,
    /// How packages are judged that no project names.
    pub defaults: Settings,
    /// The projects, each with its own package.
    pub projects: Vec<ProjectSettings>,
}

/// Where OpenSSL's facts come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Openssl {
    /// `api`: what serves the releases and release-metadata.
    pub api: Option<Url>,
    /// `directory`: a local mirror instead; a relative one in a file is beside that file.
    pub directory: Option<PathBuf>,
    /// `archive-hosts`: the hosts that `api` may send to for an archive, in lower case.
    pub archive_hosts: Vec<String>,
    /// `token-env`: the variable with the token.
    pub token_env: Option<String>,
    /// `withdrawn`: releases that count as withdrawn beside the known ones.
    pub withdrawn: Vec<OpensslVersion>,
}

/// What is watched, and what counts as old or as soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// `schedule`: when the daemon begins a cycle, as crontab has it.
    pub schedule: String,
    /// `timezone`: where the schedule's hours are those of the clock on the wall.
    pub timezone: String,
    /// `jitter`: how much later than the schedule says a cycle may begin.
    pub jitter: TimeDelta,
    /// `hot-interval`: how soon the next cycle begins while something is in flux: a release of the
    /// last day without its advisories, open runs, wheels not read yet; none where it never comes
    /// sooner.
    pub hot_interval: Option<TimeDelta>,
    /// `reload-on-change`: whether a changed file is loaded without being asked to.
    pub reload_on_change: bool,
    /// `seen-for`: how long what was seen, and is not seen any more, is remembered.
    pub seen_for: TimeDelta,
    /// `memory-for`: how long scans, pages and answers that are not used are remembered.
    pub memory_for: TimeDelta,
    /// `max-fact-age`: how old facts may be for anything to be called current.
    pub maximum_fact_age: TimeDelta,
    /// `end-of-life-notice`: how long before the end of a series' support it is told.
    pub end_of_life_notice: TimeDelta,
    /// `new-issues-per-cycle`: more new issues than that in one cycle stop the cycle.
    pub new_issues_per_cycle: usize,
}

/// Bounds on what one cycle may cost. Those that are not set are for the module that keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `inflated-bytes` and the other bounds on what is scanned.
    pub scan: scan::Limits,
    /// `wheel-bytes`: the size of a wheel.
    pub wheel_bytes: Option<u64>,
    /// `wheel-seconds`: how long reading one wheel may take.
    pub wheel_seconds: Option<u64>,
    /// `index-page-bytes`: the size of a project's page, unpacked.
    pub index_page_bytes: Option<u64>,
    /// `index-files`: the files of a project.
    pub index_files: Option<usize>,
    /// `feed-bytes`: the size of what a feed of OpenSSL says at once, unpacked.
    pub feed_bytes: Option<u64>,
    /// `second-looks`: how many ranges are fetched beside the one pass.
    pub second_looks: Option<u32>,
    /// `resumes`: how many times a broken connection is taken up again.
    pub resumes: Option<u32>,
    /// `parallel`: how many wheels are read at once.
    pub parallel: Option<usize>,
    /// `parallel-projects`: how many projects are looked at at once.
    pub parallel_projects: Option<usize>,
    /// `project-seconds`: how long a cycle of the daemon waits for the look at one project.
    pub project_seconds: Option<u64>,
    /// `bytes-per-cycle`: how many bytes of wheels one cycle receives.
    pub bytes_per_cycle: Option<u64>,
}

/// One project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSettings {
    /// Its package, in normal form.
    pub package: String,
    /// `schedule`: when the daemon looks at it, where that is another time than the others'.
    pub schedule: Option<String>,
    /// `timezone`: where its schedule's hours are those of the clock on the wall.
    pub timezone: Option<String>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// How it is judged.
    pub settings: Settings,
    /// The repository with its tracking issue; without one it is reported on only.
    pub repository: Option<RepositoryName>,
    /// The tracking issue.
    pub issue: IssueSettings,
    /// The steps to new wheels, in the order of the file.
    pub steps: Vec<Step>,
}

impl ProjectSettings {
    /// Whether anything that may happen to the project leads to its tracking issue, so that it
    /// needs a repository.
    pub fn wants_issue(&self) -> bool {
        let reactions = self.settings.reactions.values();
        reactions.into_iter().any(|one| *one >= Reaction::Issue)
    }

    /// Whether anything that may happen to the project starts its steps.
    pub fn wants_steps(&self) -> bool {
        let reactions = self.settings.reactions.values();
        reactions.into_iter().any(|one| *one >= Reaction::Steps)
    }
}

/// A maintained line of a project's versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The versions; none means the newest release.
    pub versions: Option<VersionSpecifiers>,
}

impl Line {
    /// `main`, or the specifier.
    pub fn name(&self) -> String {
        self.versions
            .as_ref()
            .map_or_else(|| "main".to_owned(), ToString::to_string)
    }
}

/// The configuration in a table whose shape has been checked.
///
/// `folder` is that of the file.
pub(super) fn configuration(
    root: &Table,
    folder: Option<&Path>,
    without_ledger: notify::WithoutLedger,
    problems: &mut Problems,
) -> Configuration {
    let empty = Table::default();
    let section = |name: &str| root.table(name).unwrap_or(&empty);
    contradictions(section("openssl"), problems);
    github::contradictions(section("github"), problems);
    let watch = watch(section("watch"));
    let built_in = Settings {
        maximum_fact_age: watch.maximum_fact_age,
        end_of_life_notice: watch.end_of_life_notice,
        ..Settings::default()
    };
    let defaults = section("defaults");
    let state = state::state(section("state"), folder);
    let projects = project::projects(
        &root.tables("project"),
        defaults,
        &built_in,
        folder,
        problems,
    );
    let packages = projects.iter().map(|one| one.package.clone()).collect();
    let mut notify = notify::notify(section("notify"), folder, &packages, problems);
    if state.location == StateUrl::None {
        match without_ledger {
            notify::WithoutLedger::Refuse => notify::needs_ledger(section("notify"), problems),
            notify::WithoutLedger::LeaveAside => notify.leave_aside(),
        }
    }
    Configuration {
        watch,
        index_url: section("index")
            .text("url")
            .map(|url| SecretString::from(url.trim().to_owned())),
        index_interval: section("index")
            .text("interval")
            .and_then(|text| words::duration(text).ok())
            .unwrap_or_default(),
        openssl: openssl(section("openssl"), folder),
        github: github::github(section("github"), folder),
        state,
        server: server::server(section("server")),
        notify,
        limits: limits(section("limits")),
        defaults: project::settings(defaults, &built_in, problems),
        projects,
    }
}

fn openssl(table: &Table, folder: Option<&Path>) -> Openssl {
    let texts = |key: &str| table.texts(key).unwrap_or_default().into_iter();
    Openssl {
        api: table
            .text("api")
            .and_then(|text| words::open_address(text).ok()),
        directory: table.path("directory", folder),
        archive_hosts: texts("archive-hosts")
            .map(|(text, _)| text.trim().to_ascii_lowercase())
            .collect(),
        token_env: table.text("token-env").map(str::to_owned),
        withdrawn: texts("withdrawn")
            .filter_map(|(text, _)| words::version(text).ok())
            .collect(),
    }
}

fn watch(table: &Table) -> Watch {
    let built_in = Settings::default();
    let duration = |key: &str| words::duration(table.text(key)?).ok();
    let text = |key: &str, built_in: &str| table.text(key).unwrap_or(built_in).trim().to_owned();
    Watch {
        schedule: text("schedule", SCHEDULE),
        timezone: text("timezone", "UTC"),
        jitter: duration("jitter").unwrap_or_default(),
        hot_interval: table
            .text("hot-interval")
            .and_then(|text| words::pause(text).ok())
            .unwrap_or(Some(HOT_INTERVAL)),
        reload_on_change: table.flag("reload-on-change").unwrap_or(false),
        seen_for: duration("seen-for").unwrap_or(SEEN_FOR),
        memory_for: duration("memory-for").unwrap_or(MEMORY_FOR),
        maximum_fact_age: duration("max-fact-age").unwrap_or(built_in.maximum_fact_age),
        end_of_life_notice: duration("end-of-life-notice").unwrap_or(built_in.end_of_life_notice),
        new_issues_per_cycle: table
            .number("new-issues-per-cycle")
            .and_then(|number| number.try_into().ok())
            .unwrap_or(NEW_ISSUES_PER_CYCLE),
    }
}

fn limits(table: &Table) -> Limits {
    let count = |key: &str| table.number(key).and_then(|number| number.try_into().ok());
    let built_in = scan::Limits::default();
    let number = |key: &str, built_in: u64| table.number(key).unwrap_or(built_in);
    Limits {
        scan: scan::Limits {
            inflated_bytes: number("inflated-bytes", built_in.inflated_bytes),
            inflated_ratio: number("inflated-ratio", built_in.inflated_ratio),
            members: number("members", built_in.members),
            nesting: count("nesting").unwrap_or(built_in.nesting),
            directory_bytes: number("directory-bytes", built_in.directory_bytes),
            sbom_bytes: number("sbom-bytes", built_in.sbom_bytes),
            candidates: number("candidates", built_in.candidates),
            evidence_bytes: number("evidence-bytes", built_in.evidence_bytes),
        },
        wheel_bytes: table.number("wheel-bytes"),
        wheel_seconds: table.number("wheel-seconds"),
        index_page_bytes: table.number("index-page-bytes"),
        index_files: table
            .number("index-files")
            .and_then(|number| number.try_into().ok()),
        feed_bytes: table.number("feed-bytes"),
        second_looks: count("second-looks"),
        resumes: count("resumes"),
        parallel: table
            .number("parallel")
            .and_then(|number| number.try_into().ok()),
        parallel_projects: table
            .number("parallel-projects")
            .and_then(|number| number.try_into().ok()),
        project_seconds: table.number("project-seconds"),
        bytes_per_cycle: table.number("bytes-per-cycle"),
    }
}

/// Keys of which one stands instead of the other.
fn contradictions(openssl: &Table, problems: &mut Problems) {
    if let (true, Some(place)) = (openssl.has("api"), openssl.place("directory")) {
        problems.add(
            place,
            "`directory` stands instead of `api`: keep one of them",
        );
    }
}
