//! Where results, warnings and complaints go, and how they look.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Write};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::report::Appearance;
use crate::report::printable::printable;

use super::arguments::{ColorChoice, Common, LogFormat};

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

/// The colour of the help, by what `--color` says in arguments that are not read yet. Without it
/// clap looks at the terminal and at `NO_COLOR` itself.
pub fn colour_of_help(arguments: &[OsString]) -> clap::ColorChoice {
    let arguments = arguments.iter().filter_map(|one| one.to_str());
    let mut choice = clap::ColorChoice::Auto;
    let mut before = "";
    for argument in arguments.take_while(|one| *one != "--") {
        let value = argument.strip_prefix("--color=");
        match value.or((before == "--color").then_some(argument)) {
            Some("always") => choice = clap::ColorChoice::Always,
            Some("never") => choice = clap::ColorChoice::Never,
            _ => {}
        }
        before = argument;
    }
    choice
}

/// A result that nobody could read.
#[derive(Debug, thiserror::Error)]
#[error("the result cannot be written to standard output: {0}")]
pub struct Unwritten(io::Error);

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
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Unwritten(error).into()),
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

/// Tells people something beside the result, in the form of the log: the daemon's may be JSON.
pub fn warn(common: &Common, sentence: &str) {
    if !common.quiet {
        tracing::warn!("{sentence}");
    }
}

/// Tells people what went wrong, in a text of several lines that we made ourselves.
pub fn complain_lines(common: &Common, text: &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    to_stderr(common, Level::ERROR, first);
    let mut stderr = io::stderr().lock();
    for line in rest.lines() {
        // Nothing is left to tell it to when standard error cannot be written.
        let _ = writeln!(stderr, "{}", printable(line));
    }
}

/// Tells people what went wrong.
pub fn complain(common: &Common, sentence: &str) {
    to_stderr(common, Level::ERROR, sentence);
}

fn to_stderr(common: &Common, level: Level, sentence: &str) {
    let label = label(level, wants_colours(common.color, &io::stderr()));
    // Nothing is left to tell it to when standard error cannot be written.
    let _ = writeln!(io::stderr().lock(), "{label} {}", printable(sentence));
}

/// What a line begins with.
const fn label(level: Level, colours: bool) -> &'static str {
    match (level, colours) {
        (Level::ERROR, true) => "\u{1b}[31merror:\u{1b}[0m",
        (Level::ERROR, false) => "error:",
        (Level::WARN, true) => "\u{1b}[33mwarning:\u{1b}[0m",
        (Level::WARN, false) => "warning:",
        (Level::INFO, _) => "info:",
        (Level::DEBUG, _) => "debug:",
        (Level::TRACE, _) => "trace:",
    }
}

/// What modules log, in the form of all else that goes to standard error, and as harmless.
struct Line {
    colours: bool,
    /// Whether it begins with the moment, in UTC, and tells in which cycle, and of which project,
    /// something happened.
    timed: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut text = String::new();
        context.format_fields(Writer::new(&mut text), event)?;
        let label = label(*event.metadata().level(), self.colours);
        if self.timed {
            SystemTime.format_time(&mut writer)?;
            write!(writer, " ")?;
        }
        let place = if self.timed {
            place(context)
        } else {
            String::new()
        };
        writeln!(writer, "{label} {}", printable(&format!("{place}{text}")))
    }
}

/// Where something happened: "cycle{number=3}:project{package="demo"}: ".
fn place<S, N>(context: &FmtContext<'_, S, N>) -> String
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let spans = context.event_scope().into_iter();
    let names: Vec<String> = spans
        .flat_map(|scope| scope.from_root())
        .map(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            let fields = fields.map_or("", |fields| fields.fields.as_str());
            format!("{}{{{fields}}}", span.name())
        })
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!("{}: ", names.join(":"))
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
        .with_ansi(false)
        // It would be told on standard error, too, and panic when that cannot be written.
        .log_internal_errors(false)
        .with_writer(io::stderr)
        .event_format(Line {
            colours: wants_colours(common.color, &io::stderr()),
            timed: false,
        })
        .try_init();
}

/// Sends what the daemon logs to standard error, each event with its moment: what it did, and with
/// `-v` how. `REWHEEL_LOG` overrides it.
pub fn log_of_daemon(common: &Common, format: LogFormat) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => "error",
        (false, 0) => "rewheel=info,warn",
        (false, 1) => "rewheel=debug,warn",
        (false, _) => "debug",
    };
    let filter = EnvFilter::try_from_env("REWHEEL_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Lines are coloured as a whole, or not at all.
        .with_ansi(false)
        // It would be told on standard error, too, and panic when that cannot be written.
        .log_internal_errors(false)
        .with_writer(io::stderr);
    // Only the first call in a process counts, which is that of the command.
    let _ = match format {
        LogFormat::Text => log
            .event_format(Line {
                colours: wants_colours(common.color, &io::stderr()),
                timed: true,
            })
            .try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
}
