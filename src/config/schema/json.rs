//! The tables as a JSON Schema, for editors and other programs. Source of its words:
//! <https://json-schema.org/draft/2020-12/schema>.

use serde_json::{Map, Value, json};

use super::key::{Key, Kind, Rule, Shape};
use super::{ROOT, project};

/// What is said of the whole.
const ABOUT: &str = "A configuration of rewheel, as its file holds it. What only reading can tell, \
such as whether a schedule ever comes or a step waits for itself, `rewheel config check` tells; \
variables of the environment may bring what a file lacks.";

/// The JSON Schema, 2020-12, of a configuration.
pub fn json_schema() -> Value {
    let shared = project::PROJECT
        .iter()
        .filter(|key| !key.kind.keys().is_empty());
    let definitions: Map<String, Value> = shared
        .map(|key| (key.name.to_owned(), section(key)))
        .collect();
    let mut root = object(ROOT, &[]);
    root.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    root.insert("title".to_owned(), json!("Configuration of rewheel"));
    root.insert("description".to_owned(), json!(ABOUT));
    root.insert("$defs".to_owned(), definitions.into());
    root.into()
}

/// What the keys of one table must be.
fn object(keys: &[Key], rules: &[Rule]) -> Map<String, Value> {
    // A project and `[defaults]` have the same sections: they are written once.
    let is_shared = std::ptr::eq(keys, project::PROJECT) || std::ptr::eq(keys, project::DEFAULTS);
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let value = if is_shared && !key.kind.keys().is_empty() {
                json!({ "$ref": format!("#/$defs/{}", key.name) })
            } else {
                section(key)
            };
            (key.name.to_owned(), value)
        })
        .collect();
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), properties.into());
    object.insert("additionalProperties".to_owned(), json!(false));
    let required: Vec<&str> = super::required(keys).collect();
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    let rules: Vec<Value> = rules.iter().flat_map(rule).collect();
    if !rules.is_empty() {
        object.insert("allOf".to_owned(), json!(rules));
    }
    object
}

fn rule(rule: &Rule) -> Vec<Value> {
    let each = |names: &[&str]| -> Vec<Value> {
        names
            .iter()
            .map(|name| json!({ "required": [name] }))
            .collect()
    };
    match rule {
        Rule::One(names) => vec![json!({ "oneOf": each(names) })],
        Rule::Any(names) => vec![json!({ "anyOf": each(names) })],
        Rule::NotBoth(names) => names
            .iter()
            .enumerate()
            .flat_map(|(at, first)| {
                let others = names.iter().skip(at.saturating_add(1));
                others.map(move |second| json!({ "not": { "required": [first, second] } }))
            })
            .collect(),
    }
}

/// What the value of a key must be, and what it means.
fn section(key: &Key) -> Value {
    let mut schema = match key.kind {
        Kind::Text(_, example) => {
            let mut text = text(&key.shape);
            text.insert("examples".to_owned(), json!([example]));
            text
        }
        Kind::Texts(_, example) => {
            let mut list = Map::new();
            list.insert("type".to_owned(), json!("array"));
            list.insert("items".to_owned(), text(&key.shape).into());
            list.extend(toml(example).map(|list| ("examples".to_owned(), json!([list]))));
            list
        }
        Kind::Number(least, most) => {
            let mut number = Map::new();
            number.insert("type".to_owned(), json!("integer"));
            number.insert("minimum".to_owned(), json!(least));
            number.insert("maximum".to_owned(), json!(most));
            number
        }
        Kind::Flag => {
            let mut flag = Map::new();
            flag.insert("type".to_owned(), json!("boolean"));
            flag
        }
        Kind::Table(keys) => object(keys, key.rules),
        Kind::Tables(keys) => {
            let mut list = Map::new();
            list.insert("type".to_owned(), json!("array"));
            list.insert("items".to_owned(), object(keys, key.rules).into());
            list
        }
        Kind::Inputs => {
            let mut inputs = Map::new();
            inputs.insert("type".to_owned(), json!("object"));
            inputs.insert(
                "additionalProperties".to_owned(),
                json!({ "type": "string" }),
            );
            inputs
        }
    };
    schema.insert("description".to_owned(), json!(format!("{}.", key.about)));
    schema.extend(toml(key.default).map(|value| ("default".to_owned(), value)));
    schema.into()
}

fn text(shape: &Shape) -> Map<String, Value> {
    let mut text = Map::new();
    text.insert("type".to_owned(), json!("string"));
    match shape {
        Shape::Any => {}
        Shape::Pattern(pattern) => {
            text.insert("pattern".to_owned(), json!(pattern));
        }
        Shape::Words(words) => {
            text.insert("enum".to_owned(), json!(words));
        }
    }
    text
}

/// A value of TOML; nothing for the empty text.
fn toml(value: &str) -> Option<Value> {
    let mut table: Map<String, Value> = toml::from_str(&format!("value = {value}")).ok()?;
    table.remove("value")
}
