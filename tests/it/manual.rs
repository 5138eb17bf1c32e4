//! The command line's word of itself: help, manual pages, completions, colours, misspelt words.

use clap::Parser;
use rewheel::cli::Arguments;
use rstest::rstest;

use crate::support::command::User;
use crate::support::command_line::{self, commands};

#[rstest]
#[case("bash", "complete -F _rewheel")]
#[case("zsh", "#compdef rewheel")]
#[case("fish", "complete -c rewheel")]
#[case("powershell", "Register-ArgumentCompleter")]
fn every_shell_completes_the_commands(#[case] shell: &str, #[case] says: &str) {
    let ran = User::new().run(&["completions", shell]);
    ran.exits(0).says(says);
    for command in commands() {
        for word in &command.words {
            ran.says(word);
        }
    }
    assert_eq!(ran.stderr, "");
}

#[test]
fn every_help_has_examples_and_fits_a_terminal() {
    let commands = commands();
    assert!(commands.len() >= 12, "{commands:#?}");
    for command in &commands {
        let name = command.name();
        for help in [&command.help, &command.short] {
            let long: Vec<&str> = help
                .lines()
                .filter(|line| line.chars().count() > 80)
                .collect();
            assert!(long.is_empty(), "{name}: {long:#?}");
            assert!(help.contains(&format!("Usage: {name}")), "{name}: {help}");
            assert!(help.contains("\nExamples:\n"), "{name}: {help}");
        }
        let examples = command.examples();
        assert!(
            examples.iter().any(|line| line.contains(&name)),
            "{name}: {examples:#?}"
        );
        let has_commands = command.help.contains("\nCommands:\n");
        assert!(
            command.help.contains("\nExit codes: 0 ")
                || (has_commands && !command.words.is_empty()),
            "{name}"
        );
    }
}

#[test]
fn every_example_is_understood() {
    for command in commands() {
        for example in command.examples() {
            // What stands far to the right says what the line does.
            let line = example.split("   ").next().unwrap();
            let words = command_line::words(line);
            assert_eq!(words[0], "rewheel", "{example}");
            if let Err(error) = Arguments::try_parse_from(&words) {
                panic!("{example}: {error}");
            }
        }
    }
}

/// Pages as `man` wants them: one for every command, each naming its options and examples.
#[test]
fn every_command_has_a_page() {
    let user = User::new();
    let ran = user.run(&["man", "--directory", "share/man1"]);
    let commands = commands();
    ran.exits(0)
        .says(&format!("share/man1: {} pages", commands.len()));
    let folder = user.home().join("share/man1");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), commands.len());
    for command in &commands {
        let name = command.name().replace(' ', "-");
        let page = std::fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1 ")), "{page}");
        let plain = page
            .replace("\\-", "-")
            .replace("\\*(Aq", "'")
            .replace("\\fB", "")
            .replace("\\fR", "");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES"] {
            assert!(
                page.contains(&format!("\n.SH {section}\n")),
                "{name}: no {section}"
            );
        }
        for option in command.options() {
            assert!(plain.contains(option), "{name}: no {option} in {plain}");
        }
        for example in command.examples() {
            let first = example.split("  ").next().unwrap().replace('\\', "\\\\");
            assert!(plain.contains(&first), "{name}: no {first} in {plain}");
        }
    }
    let whole = user.run(&["man"]);
    let page = std::fs::read_to_string(folder.join("rewheel.1")).unwrap();
    assert_eq!(whole.exits(0).stdout, page);
    for command in commands.iter().filter(|command| command.words.len() == 1) {
        let name = command.words[0].replace('-', "\\-");
        assert!(page.contains(&format!("rewheel\\-{name}(1)")), "{page}");
    }
}

#[test]
fn pages_that_cannot_be_written_are_told() {
    let user = User::new();
    std::fs::write(user.home().join("file"), "").unwrap();
    user.run(&["man", "--directory", "file"])
        .exits(2)
        .complains("the manual pages cannot be written to file: ");
}

#[rstest]
#[case(&["completions", "tcsh"], "invalid value 'tcsh'")]
#[case(&["chek-now"], "a similar subcommand exists: 'check-now'")]
#[case(&["config", "shema"], "a similar subcommand exists: 'schema'")]
#[case(&["check-now", "--al-versions", "x"], "a similar argument exists: '--all-versions'")]
#[case(&["check-now", "x", "--format", "sarfi"], "a similar value exists: 'sarif'")]
#[case(&["inspect", "x", "--requires", "y"], "a similar argument exists: '--require'")]
#[case(&["openssl", "--colour", "never"], "a similar argument exists: '--color'")]
fn the_nearest_right_word_is_told(#[case] arguments: &[&str], #[case] says: &str) {
    User::new()
        .run(arguments)
        .exits(2)
        .complains(says)
        .is_plain();
}

#[test]
fn the_nearest_right_variable_is_told() {
    let user = User::new();
    let variables = [("REWHEEL_WATCH__MAX_FACTS_AGE", "3d")];
    user.run_with(&["openssl", "--offline"], &variables)
        .exits(2)
        .complains("did you mean `REWHEEL_WATCH__MAX_FACT_AGE`?");
}

#[rstest]
#[case::help(&["--help"])]
#[case::help_of_a_command(&["config", "init", "--help"])]
fn a_pipe_gets_no_colours_unless_it_is_asked_for(#[case] arguments: &[&str]) {
    let user = User::new();
    user.run(arguments).exits(0).is_plain();
    let never = [&["--color", "never"], arguments].concat();
    let always = [&["--color=always"], arguments].concat();
    let asked = user.run(&always);
    assert!(asked.exits(0).stdout.contains("\u{1b}["), "{asked:#?}");
    user.run_with(&never, &[("CLICOLOR_FORCE", "1")])
        .exits(0)
        .is_plain();
    // The last one counts, and what belongs to the command's own words is none.
    let both = [&always[..], &["--color", "never"]].concat();
    user.run(&both).exits(0);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in [
        &["config", "schema"][..],
        &["man"],
        &["openssl", "--offline"],
        &["--help"],
    ] {
        let user = User::new();
        let mut command = user.command();
        command.args(arguments);
        command.stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), stderr.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use super::*;
    use crate::support::binary::{ENDED, VULNERABLE, wheel_carrying};
    use crate::support::fake_index::{FakeFile, FakeIndex};
    use crate::support::terminal::{self, Shown, Streams};

    fn shown(
        arguments: &[&str],
        variables: &[(&str, &str)],
        columns: u16,
        streams: Streams,
    ) -> Shown {
        let user = User::new();
        let mut command = user.command();
        command.args(arguments).env("TERM", "xterm-256color");
        command.envs(variables.iter().copied());
        terminal::run(command, columns, streams, "")
    }

    /// How many columns the longest line takes, without what is no letter.
    fn width(screen: &str) -> usize {
        let lines = screen.split(['\r', '\n']);
        lines.map(console::measure_text_width).max().unwrap()
    }

    #[rstest]
    #[case::help(&["--help"])]
    #[case::series(&["openssl", "--offline"])]
    fn colours_are_for_terminals_that_want_them(#[case] arguments: &[&str]) {
        let is_coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
            let shown = shown(arguments, variables, 80, Streams::All);
            assert_eq!(shown.code, 0, "{shown:?}");
            shown.screen.contains("\u{1b}[")
        };
        assert!(is_coloured(arguments, &[]));
        assert!(!is_coloured(arguments, &[("NO_COLOR", "1")]));
        assert!(!is_coloured(arguments, &[("TERM", "dumb")]));
        assert!(!is_coloured(
            &[&["--color", "never"], arguments].concat(),
            &[]
        ));
        let asked = [&["--color", "always"], arguments].concat();
        assert!(is_coloured(&asked, &[("NO_COLOR", "1")]));
    }

    #[test]
    fn results_fit_eighty_columns() {
        let index = FakeIndex::start_blocking();
        for (name, text) in [
            (
                "cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64",
                VULNERABLE,
            ),
            ("cp39-abi3-musllinux_1_2_aarch64", ENDED),
        ] {
            let file = FakeFile::new(&format!("demo-1.0-{name}.whl"), wheel_carrying(text));
            index.publish("demo", file);
        }
        let url = index.url();
        let check = ["check-now", "--offline", "--index-url", &url, "demo"];
        for (arguments, code) in [
            (&check[..], 1),
            (&["openssl", "--offline"], 0),
            (&["openssl", "3.5.4", "--offline"], 0),
            (&["openssl", "CVE-2025-15467", "--offline"], 0),
            (&["--help"], 0),
        ] {
            let quiet = [arguments, &["--quiet"]].concat();
            let shown = shown(&quiet, &[("NO_COLOR", "1")], 80, Streams::All);
            assert_eq!(shown.code, code, "{shown:?}");
            assert!(
                width(&shown.screen) <= 80,
                "{arguments:?}\n{}",
                shown.screen
            );
        }
    }

    #[test]
    fn a_pipe_gets_whole_lines_and_the_terminal_no_result() {
        let arguments = ["openssl", "--offline", "--quiet"];
        let piped = shown(&arguments, &[], 40, Streams::ButOutput);
        let run = User::new().run(&arguments);
        assert_eq!(piped.stdout, run.stdout);
        assert!(!piped.screen.contains("3.5"), "{piped:?}");
    }
}
