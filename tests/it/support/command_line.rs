//! The command line as its own help describes it.

use std::collections::BTreeSet;

use super::command::User;

/// One command: its words, and what its help says.
#[derive(Debug)]
pub struct Described {
    /// `["openssl", "pull"]`; empty for the whole.
    pub words: Vec<String>,
    /// What `--help` says.
    pub help: String,
    /// What `-h` says.
    pub short: String,
}

impl Described {
    /// `rewheel openssl pull`.
    pub fn name(&self) -> String {
        let words = self.words.iter().map(String::as_str);
        ["rewheel"]
            .into_iter()
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The options that the help names: `--offline`, `-v`.
    pub fn options(&self) -> BTreeSet<&str> {
        let (_, options) = self.help.split_once("\nOptions").unwrap();
        let named = options
            .lines()
            .filter(|line| line.trim_start().starts_with('-'));
        named
            .flat_map(|line| line.split([' ', ',', '=']))
            .map(|word| word.trim_end_matches('.'))
            .filter(|word| word.starts_with('-') && word.len() > 1)
            .collect()
    }

    /// The commands below this one, by the list in its help.
    fn commands(&self) -> Vec<String> {
        let Some((_, list)) = self.help.split_once("\nCommands:\n") else {
            return Vec::new();
        };
        list.lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.strip_prefix("  "))
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split(' ').next())
            .filter(|name| *name != "help")
            .map(str::to_owned)
            .collect()
    }

    /// The lines below "Examples:" in the help, each a whole command.
    pub fn examples(&self) -> Vec<String> {
        let Some((_, list)) = self.help.split_once("\nExamples:\n") else {
            return Vec::new();
        };
        let list = list.split("\n\n").next().unwrap().replace("\\\n", " ");
        list.lines().map(|line| line.trim().to_owned()).collect()
    }
}

/// Every command, the whole first.
pub fn commands() -> Vec<Described> {
    let user = User::new();
    let describe = |words: &[String]| {
        let told = |flag: &str| {
            let words = words.iter().map(String::as_str).chain([flag]);
            let ran = user.run(&words.collect::<Vec<_>>());
            ran.exits(0);
            assert_eq!(ran.stderr, "");
            ran.stdout
        };
        Described {
            words: words.to_vec(),
            help: told("--help"),
            short: told("-h"),
        }
    };
    let mut found = vec![describe(&[])];
    let mut at = 0;
    while let Some(parent) = found.get(at) {
        let inner: Vec<Vec<String>> = parent
            .commands()
            .into_iter()
            .map(|name| [parent.words.clone(), vec![name]].concat())
            .collect();
        found.extend(inner.iter().map(|words| describe(words)));
        at += 1;
    }
    found
}

/// The words of one line for a shell, up to where it is the shell's: a pipe, another file, a comment.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if open == c => quote = None,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let is_of_shell = |word: &String| matches!(word.as_str(), "|" | ">" | ">>" | "||" | "&&" | "#");
    let end = words.iter().position(is_of_shell).unwrap_or(words.len());
    words.truncate(end);
    // A command may begin with variables.
    let is_variable = |word: &&String| {
        word.split_once('=').is_some_and(|(name, _)| {
            name.chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
    };
    let variables = words.iter().take_while(is_variable).count();
    words.split_off(variables)
}
