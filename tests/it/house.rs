//! The layout of the house: who may know whom, which names pure modules may not use, how long
//! files may be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// The modules, layer by layer; a module may use its own layer and those before it.
const LAYERS: [&[&str]; 7] = [
    &["model"],
    &["scan", "policy"],
    &["config", "schedule"],
    &[
        "fetch", "source", "feeds", "index", "github", "store", "report",
    ],
    &["cycle", "notify"],
    &["cli", "daemon"],
    &["main"],
];

/// Modules without input, output, clock or threads.
const PURE: [&str; 4] = ["model", "scan", "policy", "schedule"];

/// Pure files of modules that are not pure as a whole, from `src`.
const PURE_FILES: [&str; 11] = [
    "notify/backoff.rs",
    "notify/chat.rs",
    "notify/document.rs",
    "notify/events.rs",
    "notify/happening.rs",
    "notify/letter.rs",
    "notify/look.rs",
    "notify/message.rs",
    "notify/signature.rs",
    "notify/tell.rs",
    "notify/title.rs",
];

/// Names that pure modules may not use, wherever in a path they stand; `*` and `as` are renames
/// behind which such a name could hide.
const IMPURE: &[&str] = &[
    "std::*",
    "std::as",
    "chrono::*",
    "chrono::as",
    "crate::*",
    "crate::as",
    "Utc::as",
    "io::stdin",
    "io::stdout",
    "io::stderr",
    "std::os",
    "axum",
    "indicatif",
    "console",
    "tokio",
    "reqwest",
    "octocrab",
    "rusqlite",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
    "Utc::now",
    "Local",
];

/// The most lines a file may have without its tests.
const MOST_LINES: usize = 400;

struct SourceFile {
    /// `index/page.rs`, from `src`.
    name: String,
    text: String,
}

impl SourceFile {
    /// The module of the first layer below the crate that the file belongs to.
    fn module(&self) -> &str {
        let first = self.name.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules deep the file is: 1 for `index.rs`, 2 for `index/page.rs`.
    fn depth(&self) -> usize {
        match self.name.as_str() {
            "lib.rs" | "main.rs" => 0,
            name => name.split('/').count(),
        }
    }

    /// Every path that the file's tokens spell, with `super` and groups resolved:
    /// `crate::index::page`, `std::fs`, `Utc::now`.
    fn paths(&self) -> BTreeSet<String> {
        let tokens: Result<TokenStream, _> = self.text.parse();
        let tokens = tokens.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let mut found = BTreeSet::new();
        collect(tokens, self.depth(), &[], &mut found);
        found
    }

    fn lines_without_tests(&self) -> usize {
        self.text
            .lines()
            .take_while(|line| !line.trim_start().starts_with("#[cfg(test)]"))
            .count()
    }
}

/// Collects the paths of a token stream. `prefix` is what stands before a group: in
/// `std::{fs, env}` both names have the prefix `std`.
fn collect(tokens: TokenStream, depth: usize, prefix: &[String], found: &mut BTreeSet<String>) {
    let mut path: Vec<String> = prefix.to_vec();
    let mut colons = 0;
    let mut words: Vec<String> = Vec::new();
    let finish = |path: &mut Vec<String>, found: &mut BTreeSet<String>| {
        if path.len() > prefix.len() {
            found.insert(resolve(path, depth));
        }
        *path = prefix.to_vec();
    };
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '*' && colons == 2 => {
                path.push("*".to_owned());
                finish(&mut path, found);
                colons = 0;
            }
            TokenTree::Ident(ident) if ident == "as" && path.len() > prefix.len() => {
                path.push("as".to_owned());
                finish(&mut path, found);
                colons = 0;
            }
            TokenTree::Ident(ident) => {
                let word = ident.to_string();
                if colons != 2 && path.len() > prefix.len() {
                    finish(&mut path, found);
                }
                path.push(word.clone());
                words.push(word);
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Group(group) => {
                let is_path_group = colons == 2 && path.len() > prefix.len();
                let is_module = words.len() >= 2 && words[words.len() - 2] == "mod";
                if is_path_group {
                    collect(group.stream(), depth, &path.clone(), found);
                    path = prefix.to_vec();
                } else {
                    finish(&mut path, found);
                    collect(group.stream(), depth + usize::from(is_module), &[], found);
                }
                colons = 0;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {
                finish(&mut path, found);
                words.clear();
                colons = 0;
            }
        }
    }
    finish(&mut path, found);
}

/// The path with leading `super`s replaced by `crate`, where they reach the crate's root.
fn resolve(path: &[String], depth: usize) -> String {
    let supers = path.iter().take_while(|word| *word == "super").count();
    if supers > 0 && supers >= depth {
        return format!("crate::{}", path[supers..].join("::"));
    }
    path.join("::")
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// What a file does that the layout forbids.
fn trespasses(file: &SourceFile) -> Vec<String> {
    let module = file.module();
    if module == "lib" {
        return Vec::new();
    }
    let Some(own) = layer(module) else {
        return vec![format!("{}: the module {module} is in no layer", file.name)];
    };
    let mut found = Vec::new();
    for path in file.paths() {
        let words: Vec<&str> = path.split("::").collect();
        if let ["crate" | "rewheel", other, ..] = words.as_slice()
            && layer(other).is_some_and(|other| other > own)
        {
            found.push(format!("{}: {module} may not know {path}", file.name));
        }
        let impure = IMPURE
            .iter()
            .find(|name| format!("::{path}::").contains(&format!("::{name}::")));
        let is_pure = PURE.contains(&module) || PURE_FILES.contains(&file.name.as_str());
        if let Some(name) = impure
            && is_pure
        {
            found.push(format!(
                "{}: {module} is pure and may not use {name}",
                file.name
            ));
        }
    }
    found
}

fn source_files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(SourceFile {
                    name: path
                        .strip_prefix(&root)
                        .unwrap()
                        .to_string_lossy()
                        .replace('\\', "/"),
                    text: std::fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    assert!(files.len() > 20, "the walk found {} files", files.len());
    files
}

#[test]
fn imports_run_one_way() {
    let found: Vec<String> = source_files().iter().flat_map(trespasses).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_walk_sees_every_way_to_spell_a_path() {
    let file = |name: &str, text: &str| SourceFile {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    for (name, text, expected) in [
        (
            "model/release.rs",
            "use crate::index::Page;",
            "model may not know crate::index::Page",
        ),
        (
            "model/release.rs",
            "fn f() { crate::store::get() }",
            "model may not know crate::store::get",
        ),
        (
            "model/release.rs",
            "use super::super::cli::Arguments;",
            "model may not know crate::cli::Arguments",
        ),
        (
            "model.rs",
            "use super::policy::Status;",
            "model may not know crate::policy::Status",
        ),
        (
            "policy/a.rs",
            "use crate::{model::Release, fetch::{Client, Get}};",
            "policy may not know crate::fetch::Client",
        ),
        (
            "policy/a.rs",
            "mod inner { fn f() { super::super::super::cycle::run() } }",
            "policy may not know crate::cycle::run",
        ),
        (
            "fetch.rs",
            "use crate::cycle::run;",
            "fetch may not know crate::cycle::run",
        ),
        ("main.rs", "use crate::strange::run;", ""),
        (
            "notify/tell.rs",
            "use tokio::time::sleep;",
            "notify is pure and may not use tokio",
        ),
        ("notify/teller.rs", "use tokio::time::sleep;", ""),
        (
            "scan/elf.rs",
            "use std::{io::Read, fs};",
            "scan is pure and may not use std::fs",
        ),
        (
            "scan/elf.rs",
            "fn f() { std::thread::spawn(g); }",
            "scan is pure and may not use std::thread",
        ),
        (
            "policy/a.rs",
            "fn f() { chrono::Utc::now() }",
            "policy is pure and may not use Utc::now",
        ),
        (
            "policy/a.rs",
            "fn f() { chrono::Local::now() }",
            "policy is pure and may not use Local",
        ),
        (
            "policy/a.rs",
            "use crate::*;",
            "policy is pure and may not use crate::*",
        ),
        (
            "policy/a.rs",
            "use super::super::*;",
            "policy is pure and may not use crate::*",
        ),
        (
            "policy/a.rs",
            "use crate as root;",
            "policy is pure and may not use crate::as",
        ),
        (
            "policy/a.rs",
            "use std as s;",
            "policy is pure and may not use std::as",
        ),
        (
            "policy/a.rs",
            "use chrono::Utc as Clock;",
            "policy is pure and may not use Utc::as",
        ),
        (
            "policy/a.rs",
            "fn f() { std::io::stdin() }",
            "policy is pure and may not use io::stdin",
        ),
        ("policy/a.rs", "fn f(a: u8) -> u16 { a as u16 }", ""),
        (
            "policy/a.rs",
            "use chrono::Local;",
            "policy is pure and may not use Local",
        ),
        (
            "policy/a.rs",
            "use std::io::Read; use chrono::{DateTime, Utc}; use crate::model::Release;",
            "",
        ),
        (
            "cycle.rs",
            "use crate::{fetch::Client, policy::decide}; use std::fs;",
            "",
        ),
        ("helpers.rs", "", "the module helpers is in no layer"),
    ] {
        let found = trespasses(&file(name, text)).join("\n");
        if expected.is_empty() {
            assert_eq!(found, "", "{text}");
        } else {
            assert!(found.contains(expected), "{text}: {found:?}");
        }
    }
}

#[test]
fn files_are_short_and_named_by_the_rules() {
    let files = source_files();
    for file in &files {
        let lines = file.lines_without_tests();
        assert!(
            lines <= MOST_LINES,
            "{} has {lines} lines without its tests",
            file.name
        );
        for forbidden in ["mod.rs", "utils.rs", "util.rs", "common.rs", "helpers.rs"] {
            assert!(
                !file.name.ends_with(&format!("/{forbidden}")),
                "{}",
                file.name
            );
        }
    }
    let mut lengths: Vec<usize> = files.iter().map(SourceFile::lines_without_tests).collect();
    lengths.sort_unstable();
    assert!(
        lengths[lengths.len() / 2] <= 170,
        "the median file has {} lines",
        lengths[lengths.len() / 2]
    );
}

/// The scanner must not panic: what its root denies, no file of it allows again.
#[test]
fn nothing_of_the_scanner_allows_what_may_panic() {
    let files = source_files();
    let root = files.iter().find(|file| file.name == "scan.rs").unwrap();
    for lint in ["indexing_slicing", "arithmetic_side_effects"] {
        assert!(root.text.contains("#![deny(") && root.text.contains(lint));
    }
    let is_of_scanner =
        |file: &&SourceFile| file.module() == "scan" && !file.name.starts_with("scan/tests");
    for file in files.iter().filter(is_of_scanner) {
        for word in ["allow(", "expect(clippy", "warn("] {
            assert!(!file.text.contains(word), "{} has {word}", file.name);
        }
    }
}
