//! The real `rewheel` command, in surroundings that no test shares with another.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::fake_index::FakeIndex;

/// A user with a home folder and a cache of their own, who runs the command.
pub struct User {
    home: TempDir,
}

/// What one run of the command came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl User {
    /// Somebody who never ran the command before.
    pub fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
        }
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The command, which inherits nothing of the tests' own environment but the path.
    pub fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rewheel"));
        command
            .env_clear()
            .env("HOME", self.home())
            .env("USERPROFILE", self.home())
            .env("REWHEEL_CACHE_DIR", self.home().join("cache"))
            .current_dir(self.home())
            .stdin(std::process::Stdio::null());
        // Windows finds no sockets without SystemRoot.
        for name in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// The same command, run by another one: its program and arguments come first.
    #[cfg(target_os = "linux")]
    pub fn command_under(&self, wrapper: &[&str]) -> std::process::Command {
        let own = self.command();
        let (first, rest) = wrapper.split_first().unwrap();
        let mut command = std::process::Command::new(first);
        command
            .args(rest)
            .arg(own.get_program())
            .env_clear()
            .current_dir(self.home())
            .stdin(std::process::Stdio::null());
        for (name, value) in own.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
    }

    /// Runs the command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// Runs the command with these environment variables.
    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.command();
        command.args(arguments).envs(variables.iter().copied());
        let output = assert_cmd::Command::from_std(command).output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs `check-now` against an index, with the built-in facts.
    pub fn check(&self, index: &FakeIndex, arguments: &[&str]) -> Ran {
        let url = index.url();
        let all = [
            &["check-now", "--offline", "--index-url", url.as_str()],
            arguments,
        ]
        .concat();
        self.run(&all)
    }
}

impl Ran {
    /// Asserts the exit code, and shows everything when it is another.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Asserts that the result holds this text.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        self
    }

    /// Asserts that the result does not hold this text.
    #[track_caller]
    pub fn omits(&self, text: &str) -> &Self {
        assert!(!self.stdout.contains(text), "{text:?} is in {self:#?}");
        self
    }

    /// Asserts that standard error holds this text.
    #[track_caller]
    pub fn complains(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        self
    }

    /// Asserts that nothing in what was written could act on a terminal.
    #[track_caller]
    pub fn is_plain(&self) -> &Self {
        for text in [&self.stdout, &self.stderr] {
            let acting = text.chars().find(|c| {
                (c.is_control() && *c != '\n')
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            });
            assert_eq!(acting, None, "{text:?}");
        }
        self
    }

    /// The result as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }

    /// The cells of the one row of a table that holds this text. Columns stand two or more blanks
    /// apart; what has fewer than four of them is a sentence.
    #[track_caller]
    pub fn row(&self, text: &str) -> Vec<&str> {
        let mut rows = self
            .stdout
            .lines()
            .map(cells)
            .filter(|row| row.len() >= 4 && row.iter().any(|cell| cell.contains(text)));
        let row = rows.next();
        assert!(
            rows.next().is_none(),
            "{text:?} is in several rows: {self:#?}"
        );
        row.unwrap_or_else(|| panic!("no row has {text:?} in {self:#?}"))
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect()
}
