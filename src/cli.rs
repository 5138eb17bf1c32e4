//! The command line.

mod act_in;
mod acting;
mod arguments;
mod check_now;
mod config_check;
mod config_init;
mod config_schema;
mod daemon;
mod feeds;
mod github;
mod inspect;
mod limits;
mod manual;
mod openssl;
mod output;
mod progress;
mod pull;
mod requests;
mod round;
mod rounds;
mod telling;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

use crate::config::ConfigError;

pub use arguments::{Arguments, Command, Common};
use arguments::{ConfigAction, OpensslAction};
pub use rounds::Rounds;

/// Runs the command that the arguments name and returns the exit code: see the contract of exit
/// codes in `rewheel --help`. Results go to standard output, everything else to standard error.
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // Help and complaints are written while the arguments are read: their colour must be known before.
    let command = Arguments::command().color(output::colour_of_help(&arguments));
    let parsed = command.try_get_matches_from(&arguments);
    let arguments = match parsed.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => return output::refuse(&error),
    };
    match &arguments.command {
        Command::Daemon(command) => output::log_of_daemon(&arguments.common, command.log_format),
        _ => output::log_to_stderr(&arguments.common),
    }
    let outcome = match &arguments.command {
        Command::CheckNow(command) => check_now::run(command, &arguments.common).await,
        Command::Daemon(command) => daemon::run(command, &arguments.common).await,
        Command::Inspect(command) => inspect::run(command, &arguments.common).await,
        Command::Openssl(command) => match &command.action {
            Some(OpensslAction::Pull { folder }) => pull::run(folder, &arguments.common).await,
            None => openssl::run(command, &arguments.common).await,
        },
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man(command) => manual::pages(command),
        Command::Config(command) => match &command.action {
            ConfigAction::Check(command) => config_check::run(command, &arguments.common).await,
            ConfigAction::Init(command) => config_init::run(command),
            ConfigAction::Schema(command) => config_schema::run(command),
        },
    };
    outcome.unwrap_or_else(|error| {
        match error.downcast_ref::<ConfigError>() {
            Some(problems) => output::complain_lines(&arguments.common, &problems.to_string()),
            None => output::complain(&arguments.common, &format!("{error:#}")),
        }
        // The arguments were right; that the answer went nowhere says nothing about the wheels.
        if error.is::<output::Unwritten>() {
            3
        } else {
            2
        }
    })
}
