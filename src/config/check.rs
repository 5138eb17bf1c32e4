//! Values held against the schema: unknown keys, values of another kind, texts that mean nothing.

use super::diagnostic::{Place, Problems};
use super::nearest::nearest;
use super::raw::{Node, Table, Value};
use super::schema::{self, Key, Kind};

/// Checks a table; `section` is its name with those before it, empty for the file itself.
pub(super) fn table(table: &Table, keys: &[Key], section: &str, problems: &mut Problems) {
    for (name, (place, node)) in &table.0 {
        match keys.iter().find(|key| key.name == name) {
            Some(key) => value(node, key, &join(section, name), problems),
            None => problems.add(place, unknown(name, keys, section)),
        }
    }
}

/// Checks the value of a key.
pub(super) fn value(node: &Node, key: &Key, path: &str, problems: &mut Problems) {
    match (&key.kind, &node.value) {
        (Kind::Text(check, _), Value::Text(text) | Value::Moment(text)) => {
            say(check(text), key.name, &node.place, problems);
        }
        (Kind::Texts(check, _), Value::List(list)) => {
            for one in list {
                match &one.value {
                    Value::Text(text) => say(check(text), key.name, &one.place, problems),
                    other => wrong_kind(key, other, &one.place, problems),
                }
            }
        }
        (Kind::Number(least, most), Value::Number(number)) => {
            let fits = number
                .and_then(|number| u64::try_from(number).ok())
                .is_some_and(|number| (*least..=*most).contains(&number));
            if !fits {
                let name = key.name;
                problems.add(
                    &node.place,
                    format!("`{name}` is to be {}", key.kind.wanted()),
                );
            }
        }
        (Kind::Flag, Value::Flag(_)) => {}
        (Kind::Table(keys), Value::Table(inner)) => table(inner, keys, path, problems),
        (Kind::Tables(keys), Value::List(list)) => {
            for one in list {
                match &one.value {
                    Value::Table(inner) => table(inner, keys, path, problems),
                    other => wrong_kind(key, other, &one.place, problems),
                }
            }
        }
        (Kind::Inputs, Value::Table(inputs)) => {
            for (_, input) in inputs.0.values() {
                if !matches!(input.value, Value::Text(_)) {
                    wrong_kind(key, &input.value, &input.place, problems);
                }
            }
        }
        (_, other) => wrong_kind(key, other, &node.place, problems),
    }
}

fn say(checked: Result<(), String>, name: &str, place: &Place, problems: &mut Problems) {
    if let Err(sentence) = checked {
        problems.add(place, format!("`{name}`: {sentence}"));
    }
}

fn wrong_kind(key: &Key, found: &Value, place: &Place, problems: &mut Problems) {
    let (name, wanted) = (key.name, key.kind.wanted());
    problems.add(
        place,
        format!("`{name}` is to be {wanted}; this is {}", found.what()),
    );
}

fn unknown(name: &str, keys: &[Key], section: &str) -> String {
    let name: String = name.chars().take(64).collect();
    let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
    if let Some(right) = nearest(&name, names.iter().copied()) {
        return format!("unknown key `{name}`; did you mean `{right}`?");
    }
    // What is no key here may be one elsewhere, or may lack its section.
    let elsewhere: Vec<String> = schema::keys()
        .into_iter()
        .filter_map(|path| {
            let (before, last) = path.rsplit_once('.')?;
            (last == name).then(|| format!("`{before}`"))
        })
        .collect();
    match elsewhere.as_slice() {
        [_, ..] => format!(
            "unknown key `{name}`; it belongs in {}",
            elsewhere.join(" or ")
        ),
        [] if section.is_empty() => {
            format!("unknown section `{name}`; known are {}", names.join(", "))
        }
        [] => format!(
            "unknown key `{name}`; those of `{section}` are {}",
            names.join(", ")
        ),
    }
}

/// The path of a key in its section.
pub(super) fn join(section: &str, name: &str) -> String {
    if section.is_empty() {
        name.to_owned()
    } else {
        format!("{section}.{name}")
    }
}
