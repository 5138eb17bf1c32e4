//! What can be said to `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
    /// Say whether a configuration can be used, and what it says.
    #[command(after_help = CONFIG_CHECK_HELP)]
    Check(ConfigCheck),
    /// Write what a configuration may hold, for editors and for people.
    #[command(after_help = CONFIG_SCHEMA_HELP)]
    Schema(ConfigSchema),
}

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
