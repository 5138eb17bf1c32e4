//! What can be said to `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::config;

pub(super) const HELP: &str = "Examples:
  rewheel config init --package cryptography --repository pyca/cryptography
  rewheel config check rewheel.toml --online
  rewheel config schema > rewheel.schema.json";

/// Arguments of `config`.
#[derive(Args, Debug)]
pub struct Config {
    /// What to do with the configuration.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Write a configuration to begin with.
    #[command(after_help = CONFIG_INIT_HELP)]
    Init(ConfigInit),
    /// Say whether a configuration can be used, and what it says.
    #[command(after_help = CONFIG_CHECK_HELP)]
    Check(ConfigCheck),
    /// Write what a configuration may hold, for editors and for people.
    #[command(after_help = CONFIG_SCHEMA_HELP)]
    Schema(ConfigSchema),
}

/// Arguments of `config init`.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigInit {
    /// The package, by its name on the index; with it nothing is asked.
    #[arg(long, value_name = "NAME", value_parser = of_key("project.package"))]
    pub package: Option<String>,
    /// The repository with its tracking issue; without one the package is reported on only.
    #[arg(long, value_name = "OWNER/NAME", value_parser = of_key("project.repository"))]
    pub repository: Option<String>,
    /// The workflow there that builds its wheels with a given OpenSSL, by its file's name.
    #[arg(
        long,
        value_name = "FILE",
        requires = "repository",
        value_parser = of_key("project.step.dispatch.workflow")
    )]
    pub workflow: Option<String>,
    /// The series that its wheels should carry: series, latest, lts, or one by its name.
    #[arg(long, value_name = "SERIES", value_parser = of_key("project.follow"))]
    pub follow: Option<String>,
    /// The file to write, rewheel.toml when none is named; - writes to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite a file that is there already.
    #[arg(long)]
    pub force: bool,
}

/// Reads a text as that key of a configuration wants it.
fn of_key(key: &'static str) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |text| config::check_text(key, text).map(|()| text.trim().to_owned())
}

const CONFIG_INIT_HELP: &str = "Examples:
  rewheel config init
  rewheel config init --package cryptography
  rewheel config init --package demo --repository owner/demo
  rewheel config init --package demo --repository owner/demo \\
      --workflow wheels.yml --output demo.toml

On a terminal it asks for what is not given, unless the package is. What it
writes has comments, and `rewheel config check` accepts it.

Exit codes: 0 it was written, 2 usage is wrong, nobody can be asked, or the
file is there already or cannot be written.";

/// Arguments of `config schema`.
#[derive(Args, Debug)]
pub struct ConfigSchema {
    /// How it is written.
    #[arg(long, value_enum, default_value_t = SchemaFormat::Json)]
    pub format: SchemaFormat,
}

/// How what a configuration may hold is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// A JSON Schema, 2020-12.
    Json,
    /// The reference of every key, in Markdown.
    Markdown,
}

const CONFIG_SCHEMA_HELP: &str = "Examples:
  rewheel config schema > rewheel.schema.json
  rewheel config schema --format markdown

Editors that know TOML take it when the configuration's first line says
  #:schema ./rewheel.schema.json

Exit codes: 0 it was written.";

/// Arguments of `config check`.
#[derive(Args, Debug)]
pub struct ConfigCheck {
    /// The configuration; by default the one that --config or REWHEEL_CONFIG names.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Ask GitHub, too, whether every project can be acted on as it says, and which permission is
    /// missing; nothing is written.
    #[arg(long, conflicts_with = "offline")]
    pub online: bool,
}

const CONFIG_CHECK_HELP: &str = "Examples:
  rewheel config check rewheel.toml
  GITHUB_TOKEN=… rewheel config check rewheel.toml --online

Exit codes: 0 it can be used, 2 usage or configuration is wrong, or GitHub says
that something in it cannot work, 3 it could not be told.";
