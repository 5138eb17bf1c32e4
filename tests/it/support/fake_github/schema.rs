//! GitHub's own description of its API, and what of a request or an answer does not fit it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../fixtures/github/api.json");
    let mut description = serde_json::from_str(text).unwrap();
    without_nullable(&mut description);
    description
});

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// One operation of the description, and what the request's path names.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `POST`.
    pub method: String,
    /// `/repos/{owner}/{repo}/issues`.
    pub path: &'static str,
    /// What stands for the names in braces, decoded.
    pub names: BTreeMap<&'static str, String>,
}

impl Operation {
    /// The operation that this request asks for. What is written out fits before what is in braces.
    pub fn find(method: &str, path: &str) -> Option<Self> {
        let operations = DESCRIPTION["paths"].as_object().unwrap();
        let fitting = operations.iter().filter_map(|(template, operations)| {
            operations.get(method.to_lowercase())?;
            let names = fit(template, path)?;
            Some((names.len(), template, names))
        });
        let (_, path, names) = fitting.min_by_key(|(braces, ..)| *braces)?;
        let method = method.to_owned();
        Some(Self {
            method,
            path,
            names,
        })
    }

    fn described(&self) -> &'static Value {
        &DESCRIPTION["paths"][self.path][self.method.to_lowercase()]
    }

    /// What the description does not allow in a request, as sentences.
    pub fn problems_of_request(&self, query: &[(String, String)], body: &[u8]) -> Vec<String> {
        let mut problems = Vec::new();
        let parameters = self.described()["parameters"].as_array().unwrap();
        let described = |place: &str, name: &str| {
            parameters
                .iter()
                .position(|one| one["in"] == *place && one["name"] == *name)
        };
        let path = self
            .names
            .iter()
            .map(|(name, value)| ("path", *name, value));
        let query = query
            .iter()
            .map(|(name, value)| ("query", name.as_str(), value));
        for (place, name, value) in path.chain(query) {
            let Some(at) = described(place, name) else {
                problems.push(format!("the {place} has the unknown parameter {name}"));
                continue;
            };
            let validator = self.validator(&format!("/parameters/{at}/schema"));
            let number = value.parse::<i64>().ok().map(Value::from);
            let flag = value.parse::<bool>().ok().map(Value::from);
            let readings = [Some(json!(value)), number, flag];
            if !readings
                .iter()
                .flatten()
                .any(|value| validator.is_valid(value))
            {
                problems.push(format!("the parameter {name} may not be {value:?}"));
            }
        }
        problems.extend(self.problems_of_body(body));
        problems
    }

    fn problems_of_body(&self, body: &[u8]) -> Vec<String> {
        let Some(described) = self.described().get("requestBody") else {
            let empty = body.is_empty() || body == b"{}" || body == b"null";
            let problem = (!empty).then(|| "this operation takes no body".to_owned());
            return problem.into_iter().collect();
        };
        if body.is_empty() {
            let required = described["required"] == true;
            return if required {
                vec!["the body is missing".to_owned()]
            } else {
                Vec::new()
            };
        }
        match serde_json::from_slice(body) {
            Ok(body) => errors(&self.validator("/requestBody/schema"), &body),
            Err(error) => vec![format!("the body is no JSON: {error}")],
        }
    }

    /// What the description does not allow in an answer. Statuses that an operation's description
    /// leaves out, as it does with 401, have GitHub's general form of errors.
    pub fn problems_of_answer(&self, status: u16, body: Option<&Value>) -> Vec<String> {
        let responses = &self.described()["responses"];
        let (validator, described) = match responses.get(status.to_string()) {
            Some(Value::Null) => (None, true),
            Some(_) => {
                let pointer = format!("/responses/{status}");
                (Some(self.validator(&pointer)), true)
            }
            None if status < 300 => (None, false),
            None if matches!(status, 302 | 304 | 307) => (None, true),
            None => {
                let schema = json!({ "$ref": "#/components/schemas/basic-error" });
                (Some(validator("basic-error", &schema)), true)
            }
        };
        match (validator, body) {
            _ if !described => vec![format!("the answer's status is {status}")],
            (None, None) => Vec::new(),
            (None, Some(_)) if matches!(status, 302 | 307) => Vec::new(),
            (None, Some(_)) => vec![format!("a {status} has no body")],
            (Some(_), None) => vec![format!("the {status} has no body")],
            (Some(validator), Some(body)) => errors(&validator, body),
        }
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let name = format!("{} {}{pointer}", self.method, self.path);
        let schema = self.described().pointer(pointer).unwrap();
        validator(&name, schema)
    }
}

/// What of a value does not fit a named schema of the description.
pub fn problems_of(schema: &str, value: &Value) -> Vec<String> {
    let reference = json!({ "$ref": format!("#/components/schemas/{schema}") });
    errors(&validator(schema, &reference), value)
}

fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    if let Some(known) = VALIDATORS.lock().unwrap().get(name) {
        return Arc::clone(known);
    }
    let whole = json!({ "allOf": [schema], "components": DESCRIPTION["components"] });
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        // A search for dates is described as a date, and is none.
        .should_validate_formats(!name.contains("/parameters/"))
        .build(&whole)
        .unwrap();
    let validator = Arc::new(validator);
    let mut known = VALIDATORS.lock().unwrap();
    known.insert(name.to_owned(), Arc::clone(&validator));
    validator
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| {
            let text = error.to_string();
            let short: String = text.chars().take(300).collect();
            format!("{}: {short}", error.instance_path())
        })
        .collect()
}

/// The names of a template as they stand in a path. Those that may hold slashes end a path.
fn fit(template: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let mut names = BTreeMap::new();
    let mut rest = path.strip_prefix('/')?;
    let mut parts = template.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let whole = matches!(part, "{path}" | "{ref}" | "{branch}");
        let (segment, after) = match rest.split_once('/') {
            Some((segment, after)) if !whole => (segment, Some(after)),
            _ => (rest, None),
        };
        match part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        {
            Some(name) if !segment.is_empty() => {
                names.insert(name, decoded(segment));
            }
            None if part == segment => {}
            _ => return None,
        }
        match after {
            Some(after) if parts.peek().is_some() => rest = after,
            None if parts.peek().is_none() => rest = "",
            _ => return None,
        }
    }
    Some(names)
}

/// A part of a path without percent signs.
fn decoded(segment: &str) -> String {
    let as_form = segment.replace('+', "%2B");
    let mut pairs = url::form_urlencoded::parse(as_form.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

/// OpenAPI 3.0 says `nullable: true` where JSON Schema has a type of its own; validators pass over
/// it. What a request's body has no name for is refused.
fn without_nullable(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_nullable),
        Value::Object(object) => {
            object.values_mut().for_each(without_nullable);
            if object.get("nullable") == Some(&Value::Bool(true)) {
                object.remove("nullable");
                allow_null(object);
            }
            if let Some(body) = object.get_mut("requestBody") {
                close(&mut body["schema"]);
            }
        }
        _ => {}
    }
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    match schema.get_mut("type") {
        Some(Value::String(kind)) => {
            let kinds = json!([kind, "null"]);
            schema.insert("type".to_owned(), kinds);
        }
        _ => {
            let rest = std::mem::take(schema);
            schema.insert("anyOf".to_owned(), json!([rest, { "type": "null" }]));
        }
    }
}

/// Refuses fields that are not described, in an object and in the alternatives of one.
fn close(schema: &mut Value) {
    for key in ["oneOf", "anyOf"] {
        if let Some(Value::Array(alternatives)) = schema.get_mut(key) {
            alternatives.iter_mut().for_each(close);
        }
    }
    if let Some(object) = schema.as_object_mut()
        && object.contains_key("properties")
        && !object.contains_key("additionalProperties")
    {
        object.insert("additionalProperties".to_owned(), false.into());
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("GET", "/repos/a/b/issues/comments/7", "/repos/{owner}/{repo}/issues/comments/{comment_id}", &[("comment_id", "7")])]
    #[case("GET", "/repos/a/b/issues/7/comments", "/repos/{owner}/{repo}/issues/{issue_number}/comments", &[("issue_number", "7")])]
    #[case("GET", "/repos/a/b/contents/x/y%20z.sh", "/repos/{owner}/{repo}/contents/{path}", &[("path", "x/y z.sh")])]
    #[case("GET", "/repos/a/b/commits/heads/a+b", "/repos/{owner}/{repo}/commits/{ref}", &[("ref", "heads/a+b")])]
    #[case("GET", "/repos/a/b", "/repos/{owner}/{repo}", &[("owner", "a"), ("repo", "b")])]
    fn paths_are_found(
        #[case] method: &str,
        #[case] path: &str,
        #[case] template: &str,
        #[case] names: &[(&str, &str)],
    ) {
        let operation = Operation::find(method, path).unwrap();
        assert_eq!(operation.path, template);
        for (name, value) in names {
            assert_eq!(operation.names[name], *value);
        }
    }

    #[rstest]
    #[case("GET", "/repos/a")]
    #[case("GET", "/repos/a/b/")]
    #[case("GET", "/repos/a/b/nothing")]
    #[case("DELETE", "/repos/a/b")]
    #[case("GET", "/search/issues")]
    fn what_is_not_served_is_not_found(#[case] method: &str, #[case] path: &str) {
        assert!(Operation::find(method, path).is_none());
    }

    #[test]
    fn null_is_allowed_exactly_where_it_is_described() {
        for (schema, value, fits) in [
            (
                json!({ "type": "string", "nullable": true }),
                Value::Null,
                true,
            ),
            (
                json!({ "type": "string", "nullable": true }),
                json!(1),
                false,
            ),
            (json!({ "type": "string" }), Value::Null, false),
            (
                json!({ "type": "string", "nullable": true, "enum": ["a"] }),
                Value::Null,
                true,
            ),
            (
                json!({ "type": "string", "nullable": true, "enum": ["a"] }),
                json!("b"),
                false,
            ),
            (
                json!({ "nullable": true, "oneOf": [{ "type": "string" }] }),
                Value::Null,
                true,
            ),
            (
                json!({ "nullable": true, "oneOf": [{ "type": "string" }] }),
                json!(1),
                false,
            ),
            (
                json!({ "nullable": true, "$ref": "#/x" }),
                Value::Null,
                true,
            ),
            (
                json!({ "nullable": true, "$ref": "#/x" }),
                json!(true),
                false,
            ),
        ] {
            let mut translated = json!({ "x": { "type": "integer" }, "allOf": [schema] });
            without_nullable(&mut translated);
            let validator = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .build(&translated)
                .unwrap();
            assert_eq!(validator.is_valid(&value), fits, "{schema} {value}");
        }
    }

    #[test]
    fn nothing_of_the_description_says_nullable_any_more() {
        assert!(!DESCRIPTION.to_string().contains("\"nullable\""));
        let text = include_str!("../../../fixtures/github/api.json");
        assert!(text.matches("\"nullable\": true").count() > 100);
    }
}
