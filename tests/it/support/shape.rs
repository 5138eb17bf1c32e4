//! Holds JSON documents against a description of their fields.
//!
//! A description looks like the document: an object names the fields that must be there (others
//! may be), an array holds the description of each of its items, and a text names what may stand
//! in its place (a field whose name ends in `?` may be null), alternatives separated by ` | `: `string`, `number`, `boolean`, `null`, `sha256`,
//! `day`, `moment`, or a word in quotes, which stands for itself.

use serde_json::Value;

/// Every way in which a document differs from its description.
pub fn differences(document: &Value, description: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(document, description, "$", &mut found);
    found
}

fn compare(value: &Value, description: &Value, path: &str, found: &mut Vec<String>) {
    match (description, value) {
        (Value::Object(fields), Value::Object(values)) => {
            for (name, field) in fields {
                let plain = name.strip_suffix('?');
                if plain.is_some_and(|plain| values.get(plain) == Some(&Value::Null)) {
                    continue;
                }
                let name = plain.unwrap_or(name);
                let path = format!("{path}.{name}");
                match values.get(name) {
                    Some(value) => compare(value, field, &path, found),
                    None => found.push(format!("{path} is missing")),
                }
            }
        }
        (Value::Array(items), Value::Array(values)) => {
            for (at, value) in values.iter().enumerate() {
                compare(value, &items[0], &format!("{path}[{at}]"), found);
            }
        }
        (Value::String(kinds), value) => {
            if !kinds.split(" | ").any(|kind| is_a(value, kind)) {
                found.push(format!("{path} is {value}, not {kinds}"));
            }
        }
        _ => found.push(format!("{path} is {value}, not {description}")),
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    let text = value.as_str();
    match kind {
        "string" => text.is_some(),
        "number" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "sha256" => text.is_some_and(|text| {
            text.len() == 64
                && text
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        }),
        "day" => text.is_some_and(|text| text.parse::<chrono::NaiveDate>().is_ok()),
        "moment" => text.is_some_and(|text| {
            text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok()
        }),
        word => {
            let own = word
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            own.is_some_and(|own| text == Some(own))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::differences;

    #[test]
    fn tells_what_is_missing_and_what_is_something_else() {
        let description = json!({ "a?": "number", "b": [{ "c": "\"x\" | \"y\"" }] });
        let fits = json!({ "a": null, "b": [{ "c": "x" }, { "c": "y", "more": 1 }] });
        assert_eq!(differences(&fits, &description), [""; 0]);
        let differs = json!({ "a": "1", "b": [{}, { "c": "z" }] });
        assert_eq!(
            differences(&differs, &description),
            [
                "$.a is \"1\", not number",
                "$.b[0].c is missing",
                "$.b[1].c is \"z\", not \"x\" | \"y\"",
            ]
        );
    }
}
