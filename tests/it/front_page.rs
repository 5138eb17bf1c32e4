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

/// The workflows and other files of YAML that people copy, or that run a command of ours.
fn workflows() -> Vec<PathBuf> {
    let folders = [
        ".github/workflows",
        "deploy/github",
        "deploy/docker",
        "deploy/kubernetes",
    ];
    let mut found = vec![
        root().join("action.yml"),
        root().join(".pre-commit-hooks.yaml"),
    ];
    for folder in folders {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        found.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| {
            path.extension()
                .is_some_and(|end| end == "yml" || end == "yaml")
        }));
    }
    found.sort();
    found
}

/// The command of ours that a line is, however it is run: from an environment, by pipx or by uvx,
/// of a version.
fn of_ours(line: &str) -> Option<String> {
    let mut line = line.trim();
    for before in ["$ ", "- ", "run: ", "entry: ", "pipx run ", "uvx "] {
        line = line.strip_prefix(before).unwrap_or(line);
    }
    let words = words(line);
    let first = words.first()?;
    let (name, version) = first.split_once("==").unwrap_or((first, ""));
    if name != "rewheel" && !name.ends_with("/rewheel") {
        return None;
    }
    assert!(
        version.is_empty() || version == env!("CARGO_PKG_VERSION"),
        "{line}: another version"
    );
    // Variables and quotation marks may stand before it.
    let at = line.find("rewheel")?;
    let rest = &line[at + "rewheel".len()..];
    let rest = rest.strip_prefix(&format!("=={version}")).unwrap_or(rest);
    Some(format!("rewheel{}", rest.trim_start_matches(['"', '\''])))
}

/// The commands of ours in a file of YAML.
fn shown_in_yaml(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    lines.filter_map(of_ours).collect()
}

/// The lines that a document shows as commands of ours: in blocks of code and between backticks.
fn shown(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_block = false;
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            let words = words(line.trim().trim_start_matches("$ "));
            // The two commands run it from its source.
            let ours = match words.iter().position(|word| word == "--") {
                Some(at) if words.starts_with(&["cargo".to_owned(), "run".to_owned()]) => {
                    let is_ours = !words.iter().any(|word| word == "--example");
                    is_ours.then(|| format!("rewheel {}", words[at + 1..].join(" ")))
                }
                _ => of_ours(line),
            };
            found.extend(ours);
        } else {
            let between = line.split('`').skip(1).step_by(2);
            found.extend(
                between
                    .filter(|text| text.contains("rewheel "))
                    .filter_map(of_ours),
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
    let in_documents = documents()
        .into_iter()
        .map(|path| (shown(&read(&path)), path));
    let in_workflows = workflows()
        .into_iter()
        .map(|path| (shown_in_yaml(&read(&path)), path));
    for (lines, path) in in_documents.chain(in_workflows) {
        for line in lines {
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

#[test]
fn a_command_is_known_however_it_is_run() {
    for line in [
        "$ rewheel inspect -v a.whl",
        "run: pipx run rewheel==0.1.0 inspect -v a.whl",
        "- run: uvx rewheel inspect -v a.whl",
        "\"empty/$bin/rewheel\" inspect -v a.whl",
        "COLOR=1 rewheel inspect -v a.whl",
    ] {
        assert_eq!(
            of_ours(line).as_deref(),
            Some("rewheel inspect -v a.whl"),
            "{line}"
        );
    }
    for line in [
        "- uses: rewheel/rewheel@v0.1.0",
        "name: rewheel",
        "cargo run -- inspect",
        "",
    ] {
        assert_eq!(of_ours(line), None, "{line}");
    }
    let workflows = workflows();
    let all: Vec<String> = workflows
        .iter()
        .flat_map(|path| shown_in_yaml(&read(path)))
        .collect();
    assert!(
        all.iter()
            .any(|line| line.starts_with("rewheel inspect --require \"openssl==$VERSION\"")),
        "{all:#?}"
    );
}

/// What README and the usage page show can be typed as it stands.
#[test]
fn what_the_front_page_shows_is_understood() {
    for name in [
        "README.md",
        "docs/usage.md",
        "docs/code-scanning.md",
        "docs/python.md",
    ] {
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
