//! Templates: how texts with values in them are made, wherever people may write such a text.
//!
//! A template reaches nothing but the values it is given: no files, no other templates, no
//! environment. A value that is missing is an error, never an empty place; what it may compute and
//! what it may write is bounded.

use std::io;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use super::nearest::nearest;

/// How many operations one template may take; the tracking issue of a project with a thousand
/// wheels takes a tenth of them.
const FUEL: u64 = 5_000_000;

/// How many bytes one template may write.
const OUTPUT_BYTES: usize = 1 << 20;

/// Functions of the engine that make values out of nothing, or show all that there are.
const FUNCTIONS: [&str; 4] = ["range", "dict", "debug", "namespace"];

/// What stands for a value where only the fixed parts matter.
const MARK: &str = "\u{1f}";

/// The values that a step's templates may name; `docs/configuration.md` says what they are.
pub const STEP_VALUES: [&str; 9] = [
    "openssl.version",
    "openssl.tag",
    "openssl.sha256",
    "openssl.series",
    "project.package",
    "project.version",
    "project.next",
    "project.line",
    "rewheel.correlation",
];

/// A template that cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It is no template, or it asks for a filter or function that does not exist.
    #[error("line {line}: {message}")]
    Wrong {
        /// The line in the template, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// It names a value that does not exist, or that is not known here.
    #[error("line {line}: it asks for a value that is not there{hint}")]
    Missing {
        /// The line in the template, from 1.
        line: usize,
        /// Which one, when that can be told.
        hint: String,
    },
    /// It computes or writes too much.
    #[error("it does not end within {FUEL} operations and {OUTPUT_BYTES} bytes")]
    TooLong,
}

/// Where every template is rendered: strict about values that are missing, bounded in work, without
/// a loader, without functions, and without escaping: what is rendered is no HTML.
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    for function in FUNCTIONS {
        environment.remove_global(function);
    }
    environment
}

/// The template with these values in it.
///
/// # Errors
/// It is no template, it names a value that is missing, or it exceeds its bounds.
pub fn render(template: &str, values: impl Serialize) -> Result<String, TemplateError> {
    let environment = environment();
    let parsed = environment.template_from_str(template).map_err(told)?;
    let mut output = Bounded(Vec::new());
    let rendered = parsed.render_captured_to(Serde(values), &mut output);
    rendered.map_err(|error| missing_name(&error, template).unwrap_or_else(|| told(error)))?;
    Ok(String::from_utf8_lossy(&output.0).into_owned())
}

/// Whether a text is a template; its values are not looked at.
///
/// # Errors
/// It is none.
pub fn parse(template: &str) -> Result<(), TemplateError> {
    environment()
        .template_from_str(template)
        .map(drop)
        .map_err(told)
}

/// Whether a text is a template that names no value but those that steps have.
pub(super) fn of_step(template: &str) -> Result<(), String> {
    let environment = environment();
    let parsed = environment
        .template_from_str(template)
        .map_err(|error| format!("it is no template: {}", told(error)))?;
    let mut named: Vec<String> = parsed.undeclared_variables(true).into_iter().collect();
    named.sort();
    for name in named {
        if !STEP_VALUES.contains(&name.as_str()) {
            return Err(unknown(&name));
        }
    }
    // What a filter makes of a value is known only when it is tried.
    let tried = render(template, samples());
    tried
        .map(drop)
        .map_err(|error| format!("it cannot be rendered: {error}"))
}

/// The template with values of the right shape, to look at what it becomes.
pub(super) fn sample(template: &str) -> Option<String> {
    render(template, samples()).ok()
}

/// Whether a text holds what a step's template could become: its fixed parts in their order, with
/// something on one line between them. A template whose parts depend on its values fits no text.
pub fn could_stand_in(template: &str, text: &str) -> bool {
    let mut marked = samples();
    for group in marked.as_object_mut().into_iter().flatten() {
        for (_, value) in group.1.as_object_mut().into_iter().flatten() {
            *value = serde_json::Value::from(MARK);
        }
    }
    let Ok(rendered) = render(template, marked) else {
        return false;
    };
    let fixed: Vec<String> = rendered.split(MARK).map(regex::escape).collect();
    regex::Regex::new(&fixed.join(r"[^\s]{1,128}")).is_ok_and(|regex| regex.is_match(text))
}

fn samples() -> serde_json::Value {
    serde_json::json!({
        "openssl": {
            "version": "3.5.4",
            "tag": "openssl-3.5.4",
            "sha256": "967311f84955316969bdb1d8d4b983718ef42338639c621ec4c34fddef355e99",
            "series": "3.5",
        },
        "project": {
            "package": "package",
            "version": "1.2.3",
            "next": "1.2.4",
            "line": "main",
        },
        "rewheel": { "correlation": "0123456789abcdef" },
    })
}

fn unknown(name: &str) -> String {
    let name: String = name.chars().take(64).collect();
    // `openssl` alone, or `version` alone, is a value whose other half is missing.
    let half = STEP_VALUES.into_iter().find(|known| {
        known
            .split_once('.')
            .is_some_and(|(group, last)| group == name || last == name)
    });
    match half.or_else(|| nearest(&name, STEP_VALUES)) {
        Some(right) => format!("it names an unknown value `{name}`; did you mean `{right}`?"),
        None => format!(
            "it names an unknown value `{name}`; known are {}",
            STEP_VALUES.join(", ")
        ),
    }
}

/// Which value is missing, when there is one that the template names and the error is about.
fn missing_name(error: &minijinja::Error, template: &str) -> Option<TemplateError> {
    if error.kind() != ErrorKind::UndefinedError {
        return None;
    }
    let line = error.line().unwrap_or(1);
    let text = template.lines().nth(line.saturating_sub(1))?.trim();
    let text: String = text.chars().take(80).collect();
    Some(TemplateError::Missing {
        line,
        hint: format!(", in `{text}`"),
    })
}

fn told(error: minijinja::Error) -> TemplateError {
    let line = error.line().unwrap_or(1);
    match error.kind() {
        ErrorKind::OutOfFuel | ErrorKind::WriteFailure => TemplateError::TooLong,
        ErrorKind::UndefinedError => TemplateError::Missing {
            line,
            hint: String::new(),
        },
        kind => TemplateError::Wrong {
            line,
            message: error
                .detail()
                .map_or_else(|| kind.to_string(), ToOwned::to_owned),
        },
    }
}

/// What was written, up to the bound.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(bytes.len()) > OUTPUT_BYTES {
            return Err(io::Error::other("the template writes too much"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("openssl-{{ openssl.version }}")]
    #[case("{{ openssl.tag }} {{ openssl.sha256 }} {{ openssl.series }}")]
    #[case(
        "{{ project.package }}=={{ project.next }} after {{ project.version }} of {{ project.line }}"
    )]
    #[case("{{ rewheel.correlation }}")]
    #[case("{{ openssl.version | replace('.', '_') }}")]
    #[case("{% if openssl.series == '3.5' %}a{% else %}b{% endif %}")]
    #[case("no value at all")]
    fn a_step_may_say(#[case] template: &str) {
        assert_eq!(of_step(template), Ok(()));
    }

    #[rstest]
    #[case("{{ openssl.version", "it is no template: line 1: ")]
    #[case("{{ openssl.verison }}", "did you mean `openssl.version`?")]
    #[case("{{ version }}", "did you mean `openssl.version`?")]
    #[case("{{ openssl }}", "did you mean `openssl.version`?")]
    #[case("{{ project.nxt }}", "did you mean `project.next`?")]
    #[case(
        "{{ env.HOME }}",
        "unknown value `env.HOME`; known are openssl.version,"
    )]
    #[case("{{ range(3) }}", "unknown value `range`")]
    #[case("{{ openssl.version | uper }}", "line 1: ")]
    #[case("{% include 'other' %}", "it is no template: line 1: ")]
    #[case(
        "{% for a in openssl.version %}{% for b in openssl.version * 99999 %}{{ openssl.version * 999 }}{% endfor %}{% endfor %}",
        "it does not end within"
    )]
    fn a_step_may_not_say(#[case] template: &str, #[case] expected: &str) {
        let sentence = of_step(template).unwrap_err();
        assert!(sentence.contains(expected), "{sentence}");
    }

    #[rstest]
    #[case("openssl-{{ openssl.version }}", "export V=\"openssl-3.5.4\"\n", true)]
    #[case("{{ openssl.version }}:{{ openssl.sha256 }}", "a\n3.5.4:abc\n", true)]
    #[case("openssl-{{ openssl.version }}", "libressl-4.0.0", false)]
    #[case("v = {{ openssl.version }} # (OpenSSL)", "v = 3.5.4 # (OpenSSL)", true)]
    #[case("{{ openssl.nothing }}", "anything", false)]
    fn a_text_could_become_what_is_wanted(
        #[case] template: &str,
        #[case] text: &str,
        #[case] fits: bool,
    ) {
        assert_eq!(could_stand_in(template, text), fits);
    }

    #[test]
    fn what_is_missing_is_an_error_and_never_an_empty_place() {
        let error = render("a\n{{ openssl.sha256 }}", json!({ "openssl": {} })).unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2: it asks for a value that is not there, in `{{ openssl.sha256 }}`"
        );
    }

    #[test]
    fn values_are_no_templates_and_are_not_escaped() {
        let values = json!({ "text": "<b>{{ other }}</b>" });
        assert_eq!(
            render("{{ text }}", values),
            Ok("<b>{{ other }}</b>".to_owned())
        );
    }

    #[test]
    fn what_is_written_is_bounded() {
        let values = json!({ "line": "x".repeat(1024), "lines": vec![0; 1024] });
        let whole = "{% for _ in lines %}{{ line }}{% endfor %}";
        assert_eq!(render(whole, &values).unwrap().len(), 1 << 20);
        let more = format!("{whole}.");
        assert_eq!(render(&more, &values), Err(TemplateError::TooLong));
    }
}
