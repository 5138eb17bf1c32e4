use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use regex::Regex;

use super::key::{Check, Shape};
use super::*;

/// Every key with the sections before it, those of `[defaults]` too.
fn all(keys: &'static [Key], before: &str, found: &mut Vec<(String, &'static Key)>) {
    for key in keys {
        let path = if before.is_empty() {
            key.name.to_owned()
        } else {
            format!("{before}.{}", key.name)
        };
        all(key.kind.keys(), &path, found);
        found.push((path, key));
    }
}

fn everything() -> Vec<(String, &'static Key)> {
    let mut found = Vec::new();
    all(ROOT, "", &mut found);
    found
}

/// The keys of texts, each with what checks one text of it.
fn checked() -> Vec<(String, &'static Key, Check)> {
    let of = |(path, key): (String, &'static Key)| match key.kind {
        Kind::Text(check, _) | Kind::Texts(check, _) => Some((path, key, check)),
        _ => None,
    };
    everything().into_iter().filter_map(of).collect()
}

/// What the example of a key holds.
fn examples(key: &Key) -> Vec<String> {
    match key.kind {
        Kind::Text(_, example) => vec![example.to_owned()],
        Kind::Texts(_, example) => {
            let mut table: toml::Table = toml::from_str(&format!("x = {example}")).unwrap();
            table.remove("x").unwrap().try_into().unwrap()
        }
        _ => Vec::new(),
    }
}

/// The patterns, each read once.
static PATTERNS: LazyLock<BTreeMap<&str, Regex>> = LazyLock::new(|| {
    let pattern = |(_, key, _): (String, &'static Key, Check)| match key.shape {
        Shape::Pattern(pattern) => Some((pattern, Regex::new(pattern).unwrap())),
        _ => None,
    };
    checked().into_iter().filter_map(pattern).collect()
});

/// Whether an editor lets a text through.
fn lets_through(key: &Key, text: &str) -> bool {
    match key.shape {
        Shape::Any => true,
        Shape::Words(words) => words.contains(&text),
        Shape::Pattern(pattern) => PATTERNS[pattern].is_match(text),
    }
}

#[test]
fn every_key_says_what_it_means() {
    for (path, key) in everything() {
        assert!(
            !key.about.is_empty() && !key.about.ends_with('.') && !key.about.contains('\n'),
            "{path}: `about` is a sentence without its full stop: {:?}",
            key.about
        );
        assert!(!key.is_required || key.default.is_empty(), "{path}");
    }
}

#[test]
fn examples_and_words_are_let_through_by_both() {
    for (path, key, check) in checked() {
        let examples = examples(key);
        assert!(!examples.is_empty(), "{path}");
        let words: &[&str] = match key.shape {
            Shape::Words(words) => words,
            _ => &[],
        };
        for text in examples
            .iter()
            .map(String::as_str)
            .chain(words.iter().copied())
        {
            assert_eq!(check(text), Ok(()), "{path}");
            assert!(lets_through(key, text), "{path}: {text:?}");
        }
    }
}

#[test]
fn rules_name_keys_of_their_section() {
    for (path, key) in everything() {
        for rule in key.rules {
            let (Rule::One(names) | Rule::NotBoth(names) | Rule::Any(names)) = rule;
            for name in *names {
                let known = key.kind.keys().iter().any(|key| key.name == *name);
                assert!(known, "{path} has no {name}");
            }
        }
    }
}

/// A text that may be meant: what is an example of one key, or nearly.
fn nearly() -> impl Strategy<Value = String> {
    let texts: Vec<String> = checked()
        .iter()
        .flat_map(|(_, key, _)| examples(key))
        .chain(
            [
                "none",
                "main",
                "lts",
                "1.1.1w",
                "3.5.0-beta1",
                ">=45,<46",
                "a[bot]",
            ]
            .map(str::to_owned),
        )
        .collect();
    let change = prop_oneof![
        Just(String::new()),
        "[ \t\n*@/.:~=<>!{}\\[\\]\\\\a-zA-Z0-9_-]",
        any::<char>().prop_map(String::from),
    ];
    let changes = prop::collection::vec((any::<Index>(), change, any::<bool>()), 0..3);
    (prop::sample::select(texts), changes).prop_map(|(text, changes)| {
        let mut letters: Vec<String> = text.chars().map(String::from).collect();
        for (at, new, replaces) in changes {
            let at = at.index(letters.len() + 1);
            if replaces && at < letters.len() {
                letters[at] = new;
            } else {
                letters.insert(at, new);
            }
        }
        letters.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// An editor must not call wrong what the program takes.
    #[test]
    fn what_the_program_takes_editors_let_through(text in nearly()) {
        for (path, key, check) in checked() {
            if check(&text).is_ok() {
                prop_assert!(lets_through(key, &text), "{path}: {text:?}");
            }
        }
    }
}
