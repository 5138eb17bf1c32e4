//! `rewheel completions` and `rewheel man`: what shells and `man` are told of the command line.

use std::io;
use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::report::printable::printable;

use super::arguments::{Arguments, Manual};
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

/// Writes the manual page of the whole, or the pages of all commands into a folder.
///
/// # Errors
/// They cannot be written.
pub fn pages(command: &Manual) -> anyhow::Result<u8> {
    let mut root = Arguments::command().disable_help_subcommand(true);
    root.build();
    let Some(folder) = &command.directory else {
        let page = page(root)?;
        output::result(&String::from_utf8(page.text)?)?;
        return Ok(0);
    };
    let mut pages = Vec::new();
    collect(&root, &mut pages)?;
    let count = pages.len();
    write(folder, pages).with_context(|| {
        let folder = folder.display();
        format!("the manual pages cannot be written to {folder}")
    })?;
    let folder = folder.display().to_string();
    output::result(&format!("{}: {count} pages\n", printable(&folder)))?;
    Ok(0)
}

/// A manual page.
struct Page {
    /// `rewheel-openssl-pull.1`.
    file: String,
    text: Vec<u8>,
}

fn collect(command: &clap::Command, pages: &mut Vec<Page>) -> io::Result<()> {
    pages.push(page(command.clone())?);
    for inner in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        collect(inner, pages)?;
    }
    Ok(())
}

fn write(folder: &Path, pages: Vec<Page>) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for page in pages {
        std::fs::write(folder.join(page.file), page.text)?;
    }
    Ok(())
}

/// The page of one command. What stands below its options in the help gets sections of its own.
fn page(command: clap::Command) -> io::Result<Page> {
    let below = command.get_after_long_help().or(command.get_after_help());
    let below = below.map(ToString::to_string).unwrap_or_default();
    let has_commands = command.has_subcommands();
    let source = concat!("rewheel ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).source(source).manual("rewheel");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    sections(&below).to_writer(&mut text)?;
    Ok(Page {
        file: man.get_filename(),
        text,
    })
}

/// The paragraphs below the options: examples line by line, exit codes, and what else is to be known.
fn sections(below: &str) -> Roff {
    let mut roff = Roff::default();
    let mut has_notes = false;
    for paragraph in below.split("\n\n").filter(|one| !one.trim().is_empty()) {
        if let Some(examples) = paragraph.strip_prefix("Examples:\n") {
            roff.control("SH", ["EXAMPLES"]).control("nf", []);
            for line in examples.lines() {
                roff.text([roman(line)]);
            }
            roff.control("fi", []);
        } else if let Some(codes) = paragraph.strip_prefix("Exit codes: ") {
            roff.control("SH", ["EXIT STATUS"]);
            roff.text([roman(codes.replace('\n', " "))]);
        } else {
            if has_notes {
                roff.control("PP", []);
            } else {
                roff.control("SH", ["NOTES"]);
            }
            has_notes = true;
            for line in paragraph.lines() {
                roff.text([roman(line)]);
            }
        }
    }
    roff
}
