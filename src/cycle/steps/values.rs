//! What templates of steps may say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::template;
use crate::policy::steps::find::CORRELATION_PREFIX;
use crate::source::Sha256Sum;

use super::verdict::Verdict;
use super::{DueTarget, ProjectValues};

/// The values of one step and target, rendered from parsed types: never a text of others.
#[derive(Clone, Debug)]
pub(super) struct Values(Value);

impl Values {
    /// The values; `correlation` only where something is started.
    pub(super) fn new(project: &ProjectValues, due: &DueTarget, correlation: Option<&str>) -> Self {
        let mut openssl = json!({
            "version": due.version.to_string(),
            "tag": due.version.tag(),
            "series": due.version.series().to_string(),
        });
        put(&mut openssl, "sha256", due.sha256.as_deref());
        let project = json!({
            "package": project.package,
            "line": project.line,
            "version": project.version,
            "next": project.next,
        });
        let mut values = json!({ "openssl": openssl, "project": project, "rewheel": {} });
        if let Some(rewheel) = values.get_mut("rewheel") {
            put(rewheel, "correlation", correlation);
        }
        Self(values)
    }

    /// The template with these values in it, or why the step cannot go on. `what` names it.
    pub(super) fn render(&self, what: &str, template: &str) -> Result<String, Verdict> {
        template::render(template, &self.0).map_err(|error| {
            let is_sum_known = self.0.pointer("/openssl/sha256").is_some();
            Verdict::blocked(if !is_sum_known && template.contains("openssl.sha256") {
                format!("{what} cannot be rendered: {SUM_UNKNOWN}")
            } else {
                format!("{what} cannot be rendered: {error}")
            })
        })
    }

    /// All templates, by name.
    pub(super) fn render_all(
        &self,
        templates: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Verdict> {
        templates
            .iter()
            .map(|(name, template)| {
                let rendered = self.render(&format!("the input `{name}`"), template)?;
                Ok((name.clone(), rendered))
            })
            .collect()
    }
}

/// Why `openssl.sha256` may not be known.
const SUM_UNKNOWN: &str = "`openssl.sha256` is not known: OpenSSL's release and its `.sha256` file \
                           do not both name one, or they disagree; it is looked up again in the \
                           next round";

fn put(object: &mut Value, name: &str, value: Option<&str>) {
    if let Some((object, value)) = object.as_object_mut().zip(value) {
        object.insert(name.to_owned(), value.into());
    }
}

/// What a workflow may show in its `run-name`, so that its run is found: the same for one claim,
/// another for every other.
pub(super) fn correlation(
    scope: &str,
    step: &str,
    target: &str,
    attempt: u32,
    claim: &str,
) -> String {
    let parts = [scope, step, target, &attempt.to_string(), claim].join("\n");
    let sum = Sha256Sum::of(parts.as_bytes());
    let digits: String = sum.chars().take(12).collect();
    format!("{CORRELATION_PREFIX}{digits}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn values(sha256: Option<&str>) -> Values {
        let project = ProjectValues {
            package: "demo".to_owned(),
            line: "main".to_owned(),
            version: "1.2.3".to_owned(),
            next: "1.2.4".to_owned(),
        };
        let due = DueTarget {
            version: "1.1.1w".parse().unwrap(),
            published: None,
            may_start: true,
            sha256: sha256.map(str::to_owned),
        };
        Values::new(&project, &due, Some("rewheel-0123456789ab"))
    }

    #[rstest]
    #[case(
        "{{ openssl.version }} {{ openssl.tag }} {{ openssl.series }}",
        "1.1.1w OpenSSL_1_1_1w 1.1.1"
    )]
    #[case(
        "{{ project.package }}=={{ project.next }} after {{ project.version }} of {{ project.line }}",
        "demo==1.2.4 after 1.2.3 of main"
    )]
    #[case("{{ openssl.sha256 }}", "abc")]
    #[case("{{ rewheel.correlation }}", "rewheel-0123456789ab")]
    fn templates_say_what_is_known(#[case] template: &str, #[case] expected: &str) {
        let rendered = values(Some("abc")).render("x", template).unwrap();
        assert_eq!(rendered, expected);
    }

    #[test]
    fn a_sum_that_is_not_known_is_said() {
        let verdict = values(None)
            .render("the input `sha`", "{{ openssl.sha256 }}")
            .unwrap_err();
        assert!(
            verdict.sentence.starts_with(
                "the input `sha` cannot be rendered: `openssl.sha256` is not known: OpenSSL's"
            ),
            "{}",
            verdict.sentence
        );
    }

    #[test]
    fn correlations_differ_with_everything() {
        let one = correlation("a/main", "wheels", "3.5.4", 1, "x");
        assert_eq!(one, correlation("a/main", "wheels", "3.5.4", 1, "x"));
        for other in [
            correlation("b/main", "wheels", "3.5.4", 1, "x"),
            correlation("a/main", "wheel", "3.5.4", 1, "x"),
            correlation("a/main", "wheels", "3.5.5", 1, "x"),
            correlation("a/main", "wheels", "3.5.4", 2, "x"),
            correlation("a/main", "wheels", "3.5.4", 1, "y"),
        ] {
            assert_ne!(one, other);
        }
    }
}
