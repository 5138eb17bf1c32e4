//! Where results, warnings and complaints go, and how they look.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;

use crate::report::Appearance;
use crate::report::printable::printable;

use super::arguments::{ColorChoice, Common};

/// How results look on standard output.
pub fn appearance(common: &Common) -> Appearance {
    let terminal = io::stdout().is_terminal();
    let width = console::Term::stdout()
        .size_checked()
        .map(|(_, columns)| columns)
        .filter(|_| terminal);
    Appearance {
        colours: wants_colours(common.color, &io::stdout()),
        width,
        verbose: common.verbose > 0,
    }
}

fn wants_colours(choice: ColorChoice, stream: &impl IsTerminal) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
                || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
            stream.is_terminal() && !unwanted
        }
    }
}

/// Writes a result to standard output. A reader that went away is no error.
///
/// # Errors
/// Anything else that keeps the result from being written.
pub fn result(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error)
                .context("the result cannot be written to standard output"))
        }
        _ => Ok(()),
    }
}

/// Shows the help that was asked for, or says which argument is wrong; returns the exit code.
pub fn refuse(error: &clap::Error) -> u8 {
    if !error.use_stderr() {
        // Nothing can be done when even the help cannot be written.
        let _ = error.print();
        return 0;
    }
    // It repeats the argument, which may come from outside.
    let sentence = error.render().to_string();
    let clean: Vec<_> = sentence.lines().map(printable).collect();
    let _ = writeln!(io::stderr().lock(), "{}", clean.join("\n"));
    2
}

/// Tells people something beside the result.
pub fn warn(common: &Common, sentence: &str) {
    if !common.quiet {
        to_stderr(common, "warning", "\u{1b}[33m", sentence);
    }
}

/// Tells people what went wrong, in a text of several lines that we made ourselves.
pub fn complain_lines(common: &Common, text: &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    to_stderr(common, "error", "\u{1b}[31m", first);
    let mut stderr = io::stderr().lock();
    for line in rest.lines() {
        // Nothing is left to tell it to when standard error cannot be written.
        let _ = writeln!(stderr, "{}", printable(line));
    }
}

/// Tells people what went wrong.
pub fn complain(common: &Common, sentence: &str) {
    to_stderr(common, "error", "\u{1b}[31m", sentence);
}

fn to_stderr(common: &Common, label: &str, colour: &str, sentence: &str) {
    let mut stderr = io::stderr().lock();
    let clean = printable(sentence);
    // Nothing is left to tell it to when standard error cannot be written.
    let _ = if wants_colours(common.color, &io::stderr()) {
        writeln!(stderr, "{colour}{label}:\u{1b}[0m {clean}")
    } else {
        writeln!(stderr, "{label}: {clean}")
    };
}

/// Sends what modules log to standard error: warnings, and with `-vv` what is done. `REWHEEL_LOG`
/// overrides it.
pub fn log_to_stderr(common: &Common) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "rewheel=info,warn",
        (false, 2) => "rewheel=debug,warn",
        (false, _) => "debug",
    };
    let filter = EnvFilter::try_from_env("REWHEEL_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // Only the first call in a process counts, which is that of the command.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(wants_colours(common.color, &io::stderr()))
        .without_time()
        .with_target(false)
        .try_init();
}
