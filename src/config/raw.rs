//! Values as they stand in the file or in the environment, each with its place.
//!
//! Nothing here can be shown: a value may be a secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Place, Problems};

/// A value with its place.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// A value.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    /// A whole number; none when it does not fit.
    Number(Option<i64>),
    Fraction,
    Flag(bool),
    /// A day or a moment, as it is written.
    Moment(String),
    List(Vec<Node>),
    Table(Table),
}

/// The entries of a table by their keys, each with the key's place.
#[derive(Clone, Default)]
pub(super) struct Table(pub(super) BTreeMap<String, (Place, Node)>);

impl Value {
    /// What it is, for people.
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Fraction => "a fraction",
            Self::Flag(_) => "true or false",
            Self::Moment(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a section",
        }
    }
}

impl Node {
    fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Moment(text) => Some(text),
            _ => None,
        }
    }
}

/// Reading a table whose shape has been checked: what has the wrong shape is taken for missing.
impl Table {
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The place of a key's value.
    pub(super) fn place(&self, key: &str) -> Option<&Place> {
        Some(&self.node(key)?.place)
    }

    pub(super) fn node(&self, key: &str) -> Option<&Node> {
        self.0.get(key).map(|(_, node)| node)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.node(key)?.text()
    }

    /// Whether a key's value stands in the file, and not in a variable.
    pub(super) fn is_of_file(&self, key: &str) -> bool {
        matches!(self.place(key), Some(Place::File(_)))
    }

    /// The path under a key: a relative one that stands in the file begins at the file's folder.
    pub(super) fn path(&self, key: &str, folder: Option<&Path>) -> Option<PathBuf> {
        let path = PathBuf::from(self.text(key)?);
        Some(match folder {
            Some(folder) if self.is_of_file(key) => folder.join(path),
            _ => path,
        })
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        match self.node(key)?.value {
            Value::Number(number) => number?.try_into().ok(),
            _ => None,
        }
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.node(key)?.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// The texts of a list, each with its place; none when there is no list.
    pub(super) fn texts(&self, key: &str) -> Option<Vec<(&str, &Place)>> {
        match &self.node(key)?.value {
            Value::List(list) => Some(
                list.iter()
                    .filter_map(|node| Some((node.text()?, &node.place)))
                    .collect(),
            ),
            _ => None,
        }
    }

    pub(super) fn table(&self, key: &str) -> Option<&Self> {
        match &self.node(key)?.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The tables of a list of tables, each with its place.
    pub(super) fn tables(&self, key: &str) -> Vec<(&Self, &Place)> {
        match self.node(key).map(|node| &node.value) {
            Some(Value::List(list)) => list
                .iter()
                .filter_map(|node| match &node.value {
                    Value::Table(table) => Some((table, &node.place)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// This table, with what it lacks taken from another: tables key by key, lists as a whole.
    pub(super) fn or(mut self, other: &Self) -> Self {
        for (key, (key_place, theirs)) in &other.0 {
            match self.0.get_mut(key) {
                None => {
                    let entry = (key_place.clone(), theirs.clone());
                    self.0.insert(key.clone(), entry);
                }
                Some((_, own)) => {
                    if let (Value::Table(own), Value::Table(theirs)) =
                        (&mut own.value, &theirs.value)
                    {
                        *own = std::mem::take(own).or(theirs);
                    }
                }
            }
        }
        self
    }
}

/// The tables of a file. What is no TOML is a problem, and the rest of it is left out.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Table {
    match DeTable::parse(text) {
        Ok(root) => table(root.into_inner()),
        Err(error) => {
            let end = text.len();
            let place = Place::of_file(&error.span().unwrap_or(end..end));
            problems.add(&place, error.message().replace('\n', ", "));
            Table::default()
        }
    }
}

/// A whole number as a file would have it; none for any other text.
pub(super) fn number(text: &str) -> Option<Value> {
    let value = node(DeValue::parse(text).ok()?).value;
    matches!(value, Value::Number(_)).then_some(value)
}

fn table(raw: DeTable<'_>) -> Table {
    let entry = |(key, value): (Spanned<std::borrow::Cow<'_, str>>, _)| {
        let place = Place::of_file(&key.span());
        (key.into_inner().into_owned(), (place, node(value)))
    };
    Table(raw.into_iter().map(entry).collect())
}

fn node(raw: Spanned<DeValue<'_>>) -> Node {
    let place = Place::of_file(&raw.span());
    let value = match raw.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => {
            Value::Number(i64::from_str_radix(number.as_str(), number.radix()).ok())
        }
        DeValue::Float(_) => Value::Fraction,
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(list) => Value::List(list.into_iter().map(node).collect()),
        DeValue::Table(inner) => Value::Table(table(inner)),
    };
    Node { value, place }
}
