//! Keys that the environment sets: `REWHEEL_WATCH__MAX_FACT_AGE`.
//!
//! A double underscore leads into a section, a single one stands for a dash, projects and other
//! repeated sections are counted from 0. Variables whose names hold no double underscore are not
//! ours to judge.

use std::ffi::OsString;

use super::check;
use super::diagnostic::{Place, Problems};
use super::nearest::nearest;
use super::raw::{self, Node, Table, Value};
use super::schema::{self, Key, Kind};

const PREFIX: &str = "REWHEEL_";

/// A part of a variable's name. Numbers come in their own order: a section is there before the
/// next one is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Number(usize),
    Name(String),
}

/// Lays the variables that are keys over what the file says.
pub(super) fn lay_over(
    root: &mut Table,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    with_file: bool,
    problems: &mut Problems,
) {
    let mut found: Vec<(Vec<Step>, String, OsString)> = variables
        .into_iter()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let path = name
                .strip_prefix(PREFIX)
                .filter(|path| path.contains("__"))?;
            Some((steps(path), name, value))
        })
        .collect();
    found.sort();
    for (path, name, value) in found {
        let place = Place::Variable(name.clone());
        let is_project = path.first() == Some(&Step::Name("project".to_owned()));
        let set = match value.into_string() {
            Err(_) => Err("its value is not Unicode".to_owned()),
            Ok(_) if is_project && !with_file => {
                Err("it sets a key of a project, and no configuration is named".to_owned())
            }
            Ok(text) => enter(root, schema::ROOT, &path, &text, &place, problems)
                .unwrap_or_else(|| Err(unknown(&name, &path))),
        };
        problems.keep(&place, set);
    }
}

fn steps(path: &str) -> Vec<Step> {
    path.split("__")
        .map(|part| match part.parse() {
            Ok(number) => Step::Number(number),
            Err(_) => Step::Name(part.to_ascii_lowercase().replace('_', "-")),
        })
        .collect()
}

/// Sets the value that a path leads to; nothing when it leads nowhere.
fn enter(
    table: &mut Table,
    keys: &[Key],
    path: &[Step],
    text: &str,
    place: &Place,
    problems: &mut Problems,
) -> Option<Result<(), String>> {
    let (Step::Name(name), rest) = path.split_first()? else {
        return None;
    };
    let key = keys.iter().find(|key| key.name == name)?;
    match (&key.kind, rest) {
        (Kind::Table(inner), [_, ..]) => {
            let section = entry(table, name, place, Value::Table(Table::default()));
            let Value::Table(section) = section else {
                return None;
            };
            enter(section, inner, rest, text, place, problems)
        }
        (Kind::Tables(inner), [Step::Number(at), rest @ ..]) if !rest.is_empty() => {
            let Value::List(list) = entry(table, name, place, Value::List(Vec::new())) else {
                return None;
            };
            let count = list.len();
            if *at > count {
                return Some(Err(format!(
                    "there are {count} sections `{name}`, counted from 0, so the next is {count}"
                )));
            }
            if *at == count {
                list.push(Node {
                    value: Value::Table(Table::default()),
                    place: place.clone(),
                });
            }
            match &mut list.get_mut(*at)?.value {
                Value::Table(section) => enter(section, inner, rest, text, place, problems),
                _ => None,
            }
        }
        (Kind::Inputs, [Step::Name(input)]) => {
            let Value::Table(inputs) = entry(table, name, place, Value::Table(Table::default()))
            else {
                return None;
            };
            let node = of_text(text, &Kind::Text(super::words::any, ""), place);
            inputs.0.insert(input.clone(), (place.clone(), node));
            Some(Ok(()))
        }
        (Kind::Text(..) | Kind::Texts(..) | Kind::Number(..) | Kind::Flag, []) => {
            let node = of_text(text, &key.kind, place);
            check::value(&node, key, name, problems);
            table.0.insert(name.clone(), (place.clone(), node));
            Some(Ok(()))
        }
        _ => None,
    }
}

/// The value under a key, which is put there when there is none.
fn entry<'a>(table: &'a mut Table, name: &str, place: &Place, new: Value) -> &'a mut Value {
    let node = || Node {
        value: new,
        place: place.clone(),
    };
    let entry = table.0.entry(name.to_owned());
    &mut entry.or_insert_with(|| (place.clone(), node())).1.value
}

/// A variable's text as its key wants it. Lists are separated by commas, or by semicolons where
/// there is one: a specifier may hold commas.
fn of_text(text: &str, kind: &Kind, place: &Place) -> Node {
    let node = |value| Node {
        value,
        place: place.clone(),
    };
    node(match kind {
        Kind::Texts(..) => Value::List(
            text.split(if text.contains(';') { ';' } else { ',' })
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .map(|one| node(Value::Text(one.to_owned())))
                .collect(),
        ),
        Kind::Number(..) => match text.trim().parse() {
            Ok(number) => Value::Number(Some(number)),
            // As the file would have it: with underscores between digits.
            Err(_) => raw::number(text.trim()).unwrap_or_else(|| Value::Text(text.to_owned())),
        },
        Kind::Flag => match text.trim() {
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            _ => Value::Text(text.to_owned()),
        },
        _ => Value::Text(text.to_owned()),
    })
}

/// The variable that sets a key; repeated sections are counted by `numbers`.
pub(super) fn variable(key: &str, mut numbers: impl Iterator<Item = usize>) -> String {
    let mut name = PREFIX.trim_end_matches('_').to_owned();
    let mut separator = "_";
    let mut keys = schema::ROOT;
    for part in key.split('.') {
        name.push_str(separator);
        name.push_str(&part.to_ascii_uppercase().replace('-', "_"));
        separator = "__";
        let Some(found) = keys.iter().find(|key| key.name == part) else {
            continue;
        };
        if matches!(found.kind, Kind::Tables(_)) {
            let number = numbers.next().unwrap_or_default();
            name.push_str(&format!("__{number}"));
        }
        keys = found.kind.keys();
    }
    name
}

fn unknown(name: &str, path: &[Step]) -> String {
    let numbers = || {
        path.iter().filter_map(|step| match step {
            Step::Number(number) => Some(*number),
            Step::Name(_) => None,
        })
    };
    let keys = schema::keys();
    let defaults = keys
        .iter()
        .filter_map(|key| Some(format!("defaults.{}", key.strip_prefix("project.")?)))
        .filter(|key| !key.starts_with("defaults.package"));
    let known: Vec<String> = keys
        .iter()
        .cloned()
        .chain(defaults)
        .map(|key| variable(&key, numbers()))
        .collect();
    match nearest(name, known.iter().map(String::as_str)) {
        Some(right) => format!("no key is set by this variable; did you mean `{right}`?"),
        None => "no key is set by this variable".to_owned(),
    }
}
