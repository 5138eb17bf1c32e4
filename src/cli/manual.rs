//! `rewheel completions` and `rewheel man`: what shells and `man` are told of the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::Arguments;
use super::output;

/// Writes the completions of a shell.
///
/// # Errors
/// They cannot be written.
pub fn completions(shell: Shell) -> anyhow::Result<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "rewheel", &mut text);
    output::result(&String::from_utf8(text)?)?;
    Ok(0)
}

/// Writes the manual page: the options that every command knows, and the commands.
///
/// # Errors
/// It cannot be written.
pub fn page() -> anyhow::Result<u8> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut text)?;
    output::result(&String::from_utf8(text)?)?;
    Ok(0)
}
