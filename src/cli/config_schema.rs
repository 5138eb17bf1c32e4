//! `rewheel config schema`: what a configuration may hold, for editors and for people.

use crate::config;

use super::arguments::{ConfigSchema, SchemaFormat};
use super::output;

/// Runs the command.
///
/// # Errors
/// The result cannot be written.
pub fn run(command: &ConfigSchema) -> anyhow::Result<u8> {
    output::result(&match command.format {
        SchemaFormat::Json => format!("{:#}\n", config::json_schema()),
        SchemaFormat::Markdown => config::reference(),
    })?;
    Ok(0)
}
