//! What can be said on the command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use pep440_rs::VersionSpecifiers;

use crate::model::wheel::is_package_name;
use crate::policy::Requirement;

use super::act_in::ActIn;

pub use config::{Config, ConfigAction, ConfigCheck, ConfigInit, ConfigSchema, SchemaFormat};

mod config;

const HELP: &str = "Examples:
  rewheel check-now cryptography
  rewheel inspect wheelhouse/ --require 'openssl>=3.5.4'
  rewheel openssl CVE-2025-15467
  rewheel config init --package cryptography

Exit codes: 0 all is well, 1 something is due, 2 usage or configuration is
wrong, 3 it could not be told, 4 an action failed.";

/// Says, with evidence, which OpenSSL every published Python wheel carries, and when it must be
/// rebuilt.
#[derive(Debug, Parser)]
#[command(name = "rewheel", version, after_help = HELP, max_term_width = 80)]
pub struct Arguments {
    /// Options that every command knows.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command knows.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Common {
    /// The configuration; none is ever picked up from the current folder by itself.
    #[arg(long, global = true, env = "REWHEEL_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The package index, its simple API; by default that of the configuration, UV_DEFAULT_INDEX,
    /// PIP_INDEX_URL or pip's configuration, else PyPI.
    #[arg(long, global = true, value_name = "URL")]
    pub index_url: Option<String>,
    /// Ask no OpenSSL feed, use the built-in facts only.
    #[arg(long, global = true)]
    pub offline: bool,
    /// When to use colours; NO_COLOR is honoured.
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Show every reason and piece of evidence, and what was read; more of them: what is done.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Show neither progress nor warnings.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

impl Common {
    /// The configuration that is named; an empty name is none.
    pub fn configuration_file(&self) -> Option<&Path> {
        self.config.as_deref().filter(|path| *path != Path::new(""))
    }
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at published wheels now, and say what is due.
    #[command(after_help = CHECK_NOW_HELP)]
    CheckNow(CheckNow),
    /// Make cycles on the configuration's schedule, and serve status, health and metrics.
    #[command(after_help = DAEMON_HELP)]
    Daemon(Daemon),
    /// Say what is inside wheels: files, folders, addresses.
    #[command(after_help = INSPECT_HELP)]
    Inspect(Inspect),
    /// Say what is known of OpenSSL: its series, one release, one advisory.
    #[command(after_help = OPENSSL_HELP)]
    Openssl(Openssl),
    /// Write, check and describe configurations.
    #[command(after_help = config::HELP)]
    Config(Config),
    /// Write the completions of a shell to standard output.
    #[command(after_help = COMPLETIONS_HELP)]
    Completions {
        /// The shell.
        #[arg(value_enum, value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Write the manual page to standard output, or those of all commands into a folder.
    #[command(after_help = MAN_HELP)]
    Man(Manual),
}

/// Arguments of `man`.
#[derive(Args, Debug)]
pub struct Manual {
    /// The folder for a page of every command; it is made where it is missing.
    #[arg(long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

/// Arguments of `daemon`.
#[derive(Args, Debug)]
pub struct Daemon {
    /// How the log on standard error is written.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Ask the daemon that runs by this configuration whether it lives, and end: 0 if it does, else 1.
    #[arg(long)]
    pub health: bool,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

const DAEMON_HELP: &str = "Examples:
  GITHUB_TOKEN=... rewheel daemon --config rewheel.toml
  rewheel daemon --config rewheel.toml --log-format json

The first cycle begins at once, the next ones by [watch] schedule. SIGTERM and
SIGINT finish the step under way and stop, a second one stops at once; SIGHUP
takes the configuration anew, and a bad one is refused.
[server] listen has /, /healthz, /readyz, /metrics and /api/v1/status.

Exit codes: 0 it was told to stop, 2 usage or configuration is wrong.";

const COMPLETIONS_HELP: &str = "Examples:
  rewheel completions bash > ~/.local/share/bash-completion/completions/rewheel
  rewheel completions zsh > ~/.zfunc/_rewheel
  rewheel completions fish > ~/.config/fish/completions/rewheel.fish
  rewheel completions powershell >> $PROFILE

Exit codes: 0 it was written.";

const MAN_HELP: &str = "Examples:
  rewheel man | man -l -
  rewheel man --directory ~/.local/share/man/man1

Exit codes: 0 it was written, 2 the folder cannot be written.";

/// What to do with OpenSSL's word.
#[derive(Debug, Subcommand)]
pub enum OpensslAction {
    /// Make a local mirror of OpenSSL's releases and advisories, for the key `openssl.directory`.
    #[command(after_help = PULL_HELP)]
    Pull {
        /// The folder: a new or empty one, or a mirror, which is replaced as a whole.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

const PULL_HELP: &str = "Examples:
  rewheel openssl pull /srv/openssl-mirror
  REWHEEL_OPENSSL__DIRECTORY=/srv/openssl-mirror rewheel check-now cryptography

Exit codes: 0 the mirror is new, 2 usage or configuration is wrong, or the
folder holds something else, 3 the feeds could not be had or are not believed;
the old mirror is as it was.";

const CHECK_NOW_HELP: &str = "Examples:
  rewheel check-now cryptography
  rewheel check-now cryptography psycopg2-binary --format markdown
  rewheel check-now cryptography --format sarif > rewheel.sarif
  rewheel check-now cryptography --version '~=46.0'
  rewheel check-now cryptography --all-versions
  rewheel check-now cryptography --index-url https://index.example/simple/
  rewheel check-now --config rewheel.toml --dry-run
  GITHUB_TOKEN=... rewheel check-now --config rewheel.toml

With packages and no configuration it looks and reports, and acts on nothing.
With a configuration its projects are looked at, or those that are named, and
their tracking issues and steps are seen to. --dry-run tells what would be done,
and with a token what differs on GitHub; it writes nothing anywhere. With a
ledger ([state] url) the first cycle of a project only reports; without one, as
in the action, the first run acts at once.

Keys of the configuration can be set by variables of the environment,
REWHEEL_WATCH__MAX_FACT_AGE=10d, with a configuration or without.

Exit codes: 0 all is well, 1 something is due, 2 usage or configuration is
wrong (an unknown package too), 3 it could not be told, 4 an action failed.";

const INSPECT_HELP: &str = "Examples:
  rewheel inspect wheelhouse/
  rewheel inspect cryptography-46.0.3-cp311-abi3-win_amd64.whl -v
  rewheel inspect wheelhouse/ --require 'openssl>=3.5.4'
  rewheel inspect wheelhouse/ --require 'openssl==3.5.*' --allow-none
  rewheel inspect wheelhouse/ --format json

Exit codes: 0 all is well, 1 a requirement is not met, 2 usage is wrong, 3 a
wheel could not be read.";

const OPENSSL_HELP: &str = "Examples:
  rewheel openssl                   all series: life times and newest releases
  rewheel openssl 3.5.4             what affects this version, and what fixes it
  rewheel openssl CVE-2025-15467    which versions, fixed in which releases
  rewheel openssl 1.1.1w --format json
  rewheel openssl --format markdown --offline
  rewheel openssl pull DIR          a local mirror of all of it

Exit codes: 0 it was told, 2 usage is wrong, or no such release or CVE is known,
3 none is known, and newer facts could not be had.";

/// Arguments of `openssl`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Openssl {
    /// What to do with it, instead of telling it.
    #[command(subcommand)]
    pub action: Option<OpensslAction>,
    /// A version, `3.5.4`, or a CVE, `CVE-2025-15467`; all series when there is neither.
    #[arg(value_name = "VERSION|CVE")]
    pub what: Option<String>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = OpensslFormat::Text)]
    pub format: OpensslFormat,
}

/// Arguments of `check-now`.
#[derive(Args, Debug)]
pub struct CheckNow {
    /// The packages to look at, by their names on the index; with a configuration all of its
    /// projects unless some are named.
    #[arg(value_name = "PACKAGE", value_parser = package)]
    pub packages: Vec<String>,
    /// Show the plan and write nothing anywhere, not even what is remembered for the next run.
    #[arg(long)]
    pub dry_run: bool,
    /// Act in this repository only, or in `none`: a project whose tracking issue, or a step that is
    /// started, is in another one is reported on and left alone. Without a ledger (`state.url` is
    /// `none`) webhooks and mail of `[notify]` are left aside.
    #[arg(long, value_name = "OWNER/NAME")]
    pub act_in: Option<ActIn>,
    /// Look at the versions that fit this PEP 440 specifier, `~=46.0`; a bare version means exactly
    /// that one.
    #[arg(long, value_name = "SPEC", value_parser = specifiers, conflicts_with = "all_versions")]
    pub version: Option<VersionSpecifiers>,
    /// Look at every version that has wheels.
    #[arg(long)]
    pub all_versions: bool,
    /// Remember nothing, and use nothing that is remembered.
    #[arg(long)]
    pub no_cache: bool,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
}

/// How the result of a check is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// Tables for people.
    Text,
    /// The document `rewheel/check/v1`.
    Json,
    /// Markdown.
    Markdown,
    /// SARIF 2.1.0, for GitHub's code scanning.
    Sarif,
}

/// How what is known of OpenSSL is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OpensslFormat {
    /// Tables for people.
    Text,
    /// The document `rewheel/openssl/v1`.
    Json,
    /// Markdown.
    Markdown,
}

/// Arguments of `inspect`.
#[derive(Args, Debug)]
pub struct Inspect {
    /// Wheels, folders with wheels, or addresses of wheels.
    #[arg(required = true, value_name = "PATH|URL")]
    pub wheels: Vec<PathBuf>,
    /// What every wheel must carry, `openssl>=3.5.4`; may be given several times.
    #[arg(long, value_name = "REQUIREMENT")]
    pub require: Vec<Requirement>,
    /// Let wheels pass that carry nothing of the required library, or use the system's.
    #[arg(long, requires = "require")]
    pub allow_none: bool,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = InspectFormat::Text)]
    pub format: InspectFormat,
}

/// How the result of an inspection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InspectFormat {
    /// Tables for people.
    Text,
    /// The document `rewheel/inspect/v1`.
    Json,
}

/// Reads a package's name.
fn package(text: &str) -> Result<String, String> {
    if is_package_name(text) {
        Ok(text.to_owned())
    } else {
        Err("a package's name has letters and digits, with '-', '_' or '.' between them".to_owned())
    }
}

/// Reads a specifier; a bare version means exactly that one.
fn specifiers(text: &str) -> Result<VersionSpecifiers, String> {
    let exact = text
        .trim_start()
        .starts_with(|c: char| c.is_ascii_digit() || c == 'v');
    let full = if exact {
        format!("=={text}")
    } else {
        text.to_owned()
    };
    let specifiers: VersionSpecifiers = full.parse().map_err(|_| {
        format!("{text:?} is not a PEP 440 specifier, such as \"~=46.0\" or \"46.0.3\"")
    })?;
    if specifiers.iter().next().is_none() {
        return Err("it names no version; to see all of them use --all-versions".to_owned());
    }
    Ok(specifiers)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[rstest]
    #[case("46.0.3", "==46.0.3")]
    #[case("~=46.0", "~=46.0")]
    #[case(">=45,<46", ">=45, <46")]
    #[case("46.*", "==46.*")]
    fn reads_specifiers(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(specifiers(text).unwrap().to_string(), shown);
    }

    #[rstest]
    #[case("newest")]
    #[case("46.0.3.x")]
    #[case("")]
    fn refuses_other_texts(#[case] text: &str) {
        assert!(specifiers(text).is_err());
    }
}
