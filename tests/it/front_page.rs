//! README, documents, help and manual pages say the same: what one names, the others know.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Parser;
use rewheel::cli::Arguments;

use crate::support::command::User;
use crate::support::command_line::{Described, commands, words};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The documents for people: those at the root, in `docs` and beside what is deployed.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![
        root().to_owned(),
        root().join("docs"),
        root().join("deploy"),
    ];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && folder.starts_with(root().join("deploy")) {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The lines that a document shows as commands of ours: in blocks of code and between backticks.
fn shown(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_block = false;
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            let line = line
                .trim()
                .trim_start_matches("$ ")
                .trim_start_matches("run: ");
            let words = words(line);
            // The two commands run it from its source.
            let ours = match words.iter().position(|word| word == "--") {
                Some(at) if words.starts_with(&["cargo".to_owned(), "run".to_owned()]) => {
                    let is_ours = !words.iter().any(|word| word == "--example");
                    is_ours.then(|| format!("rewheel {}", words[at + 1..].join(" ")))
                }
                _ if words.first().is_some_and(|word| word == "rewheel") => {
                    // Variables may stand before it.
                    line.find("rewheel").map(|at| line[at..].to_owned())
                }
                _ => None,
            };
            found.extend(ours);
        } else {
            let between = line.split('`').skip(1).step_by(2);
            found.extend(
                between
                    .filter(|text| text.starts_with("rewheel "))
                    .map(str::to_owned),
            );
        }
    }
    found
}

/// The command that a line begins with, and the words behind its name.
fn of_line<'a>(line: &[String], commands: &'a [Described]) -> (&'a Described, Vec<String>) {
    let command = commands
        .iter()
        .filter(|command| line[1..].starts_with(&command.words))
        .max_by_key(|command| command.words.len())
        .unwrap();
    (command, line[1 + command.words.len()..].to_vec())
}

#[test]
fn every_command_and_option_that_a_document_names_exists() {
    let commands = commands();
    let mut seen = 0;
    for path in documents() {
        for line in shown(&read(&path)) {
            let place = format!("{}: {line}", path.display());
            let words = words(&line);
            let (command, rest) = of_line(&words, &commands);
            seen += 1;
            let options = command.options();
            for option in rest
                .iter()
                .filter(|word| word.starts_with('-') && word.len() > 1)
            {
                let name = option.split('=').next().unwrap();
                let is_known = options.contains(name)
                    || (!name.starts_with("--")
                        && name[1..]
                            .chars()
                            .all(|c| options.contains(&*format!("-{c}"))));
                assert!(is_known, "{place}: no {name} in {options:?}");
            }
            if command.help.contains("\nCommands:\n") {
                // A command with others below it is named with one of them, or alone in a sentence.
                let next = rest.first().filter(|word| !word.starts_with('-'));
                let is_choice = next.is_none_or(|word| {
                    word.contains('|')
                        || command.words == ["openssl"]
                        || word == "COMMAND"
                        || word == "help"
                });
                assert!(is_choice, "{place}: no such command");
            }
        }
    }
    assert!(seen >= 40, "only {seen} commands are shown");
}

/// What README and the usage page show can be typed as it stands.
#[test]
fn what_the_front_page_shows_is_understood() {
    for name in ["README.md", "docs/usage.md", "docs/code-scanning.md"] {
        for line in shown(&read(&root().join(name))) {
            let words = words(&line);
            let is_name_only = words.len() <= 3
                && !line.contains("--")
                && words
                    .iter()
                    .skip(1)
                    .all(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
            if is_name_only || line.contains("COMMAND") {
                continue;
            }
            if let Err(error) = Arguments::try_parse_from(&words) {
                panic!("{name}: {line}: {error}");
            }
        }
    }
}

#[test]
fn every_command_is_in_the_documents() {
    let all: BTreeSet<String> = documents()
        .iter()
        .filter(|path| path.starts_with(root().join("docs")) || path.ends_with("README.md"))
        .flat_map(|path| shown(&read(path)))
        .collect();
    for command in commands() {
        let name = command.name();
        // A command with others below it is there when one of them is.
        let is_there = all
            .iter()
            .any(|line| line == &name || line.starts_with(&format!("{name} ")));
        assert!(is_there, "{name} is in no document");
    }
}

/// The words that exit codes and statuses have, wherever they are listed.
#[test]
fn help_and_usage_tell_the_same_exit_codes() {
    let usage = read(&root().join("docs/usage.md"));
    let help = User::new().run(&["--help"]).stdout.replace('\n', " ");
    for code in [
        "0 all is well",
        "1 something is due",
        "2 usage or configuration is wrong",
        "3 it could not be told",
        "4 an action failed",
    ] {
        assert!(help.contains(code), "{help}");
        let (number, words) = code.split_once(' ').unwrap();
        let row = usage
            .lines()
            .find(|line| line.starts_with(&format!("| {number} |")));
        assert!(row.is_some_and(|row| row.contains(words) || row.contains("an action on GitHub failed")), "{code}");
    }
}

/// Every link between files of the repository leads somewhere.
#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    for path in documents() {
        let text = read(&path);
        let markdown = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        let html = ["src=\"", "srcset=\"", "href=\""]
            .into_iter()
            .flat_map(|name| {
                text.split(name)
                    .skip(1)
                    .filter_map(|rest| rest.split('"').next())
            });
        for target in markdown.chain(html) {
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") || target.contains(' ') {
                continue;
            }
            let full = path.parent().unwrap().join(target);
            assert!(full.exists(), "{}: no {target}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 60, "only {seen} links");
}

/// The front page is one screen: what, how, and where more is.
#[test]
fn the_front_page_is_short() {
    let text = read(&root().join("README.md"));
    let lines = text.lines().count();
    assert!(
        lines <= 100,
        "README.md has {lines} lines: docs/ has room for the rest"
    );
    for wanted in [
        "$ cargo run --release -- check-now cryptography\n",
        "$ cargo test\n",
        "docs/terminal-dark.svg",
        "docs/terminal-light.svg",
        "docs/status-page.png",
        "benches/right.py",
        "docs/architecture.md",
        "docs/policy.md",
        "docs/detection.md",
        "docs/feeds.md",
        "docs/configuration.md",
        "docs/operations.md",
    ] {
        assert!(text.contains(wanted), "no {wanted}");
    }
}

/// Both pictures show the same run.
#[test]
fn the_pictures_differ_in_colours_only() {
    let text_of = |name: &str| {
        let picture = read(&root().join(name));
        let (_, shown) = picture.split_once("</style>").unwrap();
        shown.to_owned()
    };
    let dark = text_of("docs/terminal-dark.svg");
    assert_eq!(dark, text_of("docs/terminal-light.svg"));
    for said in [
        "$ rewheel check-now cryptography",
        "decision: ",
        "judged by",
    ] {
        assert!(dark.contains(said), "no {said}");
    }
}
