//! Texts that say how rewheel acts: people, labels, workflows, branches, files.

use super::{any, host};
use crate::config::template;

/// The most letters of a label. Source: GitHub refuses longer ones ("name is too long").
const LABEL_LETTERS: usize = 50;

/// The most letters of an event. Source: GitHub's REST API, "Create a repository dispatch event".
const EVENT_LETTERS: usize = 100;

/// `sqlite:` and a path, or `none`.
pub(in crate::config) fn state(text: &str) -> Result<(), String> {
    let text = text.trim();
    if text == "none" {
        return Ok(());
    }
    let Some(path) = text.strip_prefix("sqlite:") else {
        return Err("it is neither \"sqlite:\" and a path nor \"none\"".to_owned());
    };
    any(path)?;
    if path == ":memory:" {
        return Err("nothing is kept in memory between cycles: write \"none\"".to_owned());
    }
    if path.starts_with("//") {
        return Err("it is no address: write \"sqlite:\" and the path, without \"//\"".to_owned());
    }
    Ok(())
}

/// A host, or all hosts below one: `*.blob.core.windows.net`.
pub(in crate::config) fn host_pattern(text: &str) -> Result<(), String> {
    let text = text.trim();
    let parent = text.strip_prefix("*.");
    if parent.unwrap_or(text).contains('*') {
        return Err(format!(
            "in {text:?} the `*` does not stand for all before a name, as in \"*.hosts.example\""
        ));
    }
    let Some(parent) = parent else {
        return host(text);
    };
    host(parent)?;
    if !parent.trim_end_matches('.').contains('.') {
        return Err(format!(
            "{text:?} stands for half of the internet: name at least two parts after the `*`"
        ));
    }
    Ok(())
}

/// A user or App on GitHub; names of Apps end in `[bot]`, and users that a company manages have an
/// underscore.
pub(in crate::config) fn login(text: &str) -> Result<(), String> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix('@') {
        return Err(format!("write the name without the `@`: {name:?}"));
    }
    let name = text.strip_suffix("[bot]").unwrap_or(text);
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=100).contains(&name.len()) && name.chars().all(inner) {
        return Ok(());
    }
    Err(format!(
        "{text:?} is no login on GitHub, such as \"octocat\" or \"github-actions[bot]\""
    ))
}

/// The name of a label.
pub(in crate::config) fn label(text: &str) -> Result<(), String> {
    any(text)?;
    if text.chars().any(char::is_control) {
        return Err("a label is one line without control characters".to_owned());
    }
    if text.contains('@') {
        return Err(format!("{text:?} holds an `@`: labels mention nobody"));
    }
    let letters = text.chars().count();
    if letters > LABEL_LETTERS {
        return Err(format!(
            "a label has {LABEL_LETTERS} letters at most, and this one has {letters}"
        ));
    }
    Ok(())
}

/// The address of a mailing list.
pub(in crate::config) fn mail_address(text: &str) -> Result<(), String> {
    let wrong =
        || format!("{text:?} is no address of a mailing list, such as \"list@lists.example\"");
    let (local, domain) = text.trim().split_once('@').ok_or_else(wrong)?;
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '=');
    let fits = (1..=64).contains(&local.len()) && local.chars().all(inner);
    let is_name = matches!(url::Host::parse(domain), Ok(url::Host::Domain(_)));
    if fits && is_name && domain.contains('.') {
        return Ok(());
    }
    Err(wrong())
}

/// The name of a step, which stands in the checklist and in the keys of actions.
pub(in crate::config) fn step_name(text: &str) -> Result<(), String> {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '+');
    let fits = (1..=64).contains(&text.len())
        && text.chars().all(inner)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.ends_with(' ');
    if fits {
        return Ok(());
    }
    Err(format!(
        "{text:?} is no name for a step: up to 64 letters, digits, spaces, '-', '_', '.', '+', \
         beginning with a letter or digit"
    ))
}

/// A workflow, by the name of its file.
pub(in crate::config) fn workflow(text: &str) -> Result<(), String> {
    let name = text.rsplit('/').next().unwrap_or(text);
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '+');
    let stem = name
        .strip_suffix(".yml")
        .or_else(|| name.strip_suffix(".yaml"));
    let fits = stem.is_some_and(|stem| !stem.is_empty()) && name.chars().all(inner);
    if !fits || name.len() > 255 {
        return Err(format!(
            "{text:?} is no workflow: write the name of its file in .github/workflows, such as \
             \"wheels.yml\""
        ));
    }
    if name != text {
        return Err(format!(
            "write only the name of the workflow's file: {name:?}"
        ));
    }
    Ok(())
}

/// An event that a `repository_dispatch` carries.
pub(in crate::config) fn event(text: &str) -> Result<(), String> {
    any(text)?;
    let letters = text.chars().count();
    if letters > EVENT_LETTERS {
        return Err(format!(
            "an event has {EVENT_LETTERS} letters at most, and this one has {letters}"
        ));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(format!("{text:?} is no event: it holds a space"));
    }
    Ok(())
}

/// A file in a repository, from its root.
pub(in crate::config) fn repository_path(text: &str) -> Result<(), String> {
    no_template(text)?;
    let is_part = |part: &str| !part.is_empty() && !matches!(part, "." | "..");
    let is_clean = !text.chars().any(|c| c.is_control() || c == '\\');
    if text.len() <= 1024 && is_clean && text.split('/').all(is_part) {
        return Ok(());
    }
    Err(format!(
        "{text:?} is no file in a repository: its path from the root, such as \
         \"ci/openssl-version.sh\""
    ))
}

/// A branch or tag. Source: git-check-ref-format.
pub(in crate::config) fn git_reference(text: &str) -> Result<(), String> {
    no_template(text)?;
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let is_part =
        |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let fits = text.len() <= 255
        && !text.contains(forbidden)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.ends_with('.')
        && text.split('/').all(is_part);
    if fits {
        return Ok(());
    }
    Err(format!("{text:?} is no branch or tag, such as \"main\""))
}

/// A branch, by its bare name.
pub(in crate::config) fn branch(text: &str) -> Result<(), String> {
    match text.strip_prefix("refs/heads/") {
        Some(name) => Err(format!("write the branch by its name: {name:?}")),
        None => git_reference(text),
    }
}

/// A template of a branch or tag.
pub(in crate::config) fn reference_template(text: &str) -> Result<(), String> {
    template::of_step(text)?;
    git_reference(&template::sample(text).unwrap_or_default())
}

/// A template of a text that a file is to hold.
pub(in crate::config) fn wanted_text(text: &str) -> Result<(), String> {
    template::of_step(text)?;
    // Every file holds the empty text.
    any(&template::sample(text).unwrap_or_default())
}

fn no_template(text: &str) -> Result<(), String> {
    if text.contains("{{") || text.contains("{%") {
        return Err("it is no template: no values can stand in it".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(state, "sqlite:rewheel.db", true)]
    #[case(state, "sqlite:/var/lib/rewheel/rewheel.db", true)]
    #[case(state, "none", true)]
    #[case(state, "sqlite:", false)]
    #[case(state, "sqlite::memory:", false)]
    #[case(state, "sqlite:///var/lib/rewheel.db", false)]
    #[case(state, "postgres://x", false)]
    #[case(host_pattern, "*.blob.core.windows.net", true)]
    #[case(host_pattern, "artifacts.example", true)]
    #[case(host_pattern, "127.0.0.1", true)]
    #[case(host_pattern, "*.net", false)]
    #[case(host_pattern, "*", false)]
    #[case(host_pattern, "a.*.net", false)]
    #[case(host_pattern, "https://a.example", false)]
    #[case(login, "octocat", true)]
    #[case(login, "github-actions[bot]", true)]
    #[case(login, "someone_company", true)]
    #[case(login, "@octocat", false)]
    #[case(login, "a b", false)]
    #[case(login, "team/core", false)]
    #[case(login, "[bot]", false)]
    #[case(label, "security: openssl", true)]
    #[case(label, "@everyone", false)]
    #[case(label, "a\nb", false)]
    #[case(label, " ", false)]
    #[case(
        label,
        "a label that is longer than fifty letters can be by far",
        false
    )]
    #[case(mail_address, "cryptography-dev@python.org", true)]
    #[case(mail_address, "a+b@lists.example", true)]
    #[case(mail_address, "a@localhost", false)]
    #[case(mail_address, "a@b.example?bcc=c", false)]
    #[case(mail_address, "a@b.example\nBcc: c@d.example", false)]
    #[case(mail_address, "List <a@b.example>", false)]
    #[case(step_name, "openssl-macos", true)]
    #[case(step_name, "Windows (all)", false)]
    #[case(step_name, "a/b", false)]
    #[case(step_name, " a", false)]
    #[case(step_name, "", false)]
    #[case(workflow, "wheels.yml", true)]
    #[case(workflow, "build-openssl.yaml", true)]
    #[case(workflow, ".github/workflows/wheels.yml", false)]
    #[case(workflow, "Build wheels", false)]
    #[case(workflow, ".yml", false)]
    #[case(event, "openssl-release", true)]
    #[case(event, "two words", false)]
    #[case(repository_path, ".github/openssl-version.sh", true)]
    #[case(repository_path, "/etc/passwd", false)]
    #[case(repository_path, "a/../../b", false)]
    #[case(repository_path, "a//b", false)]
    #[case(repository_path, "{{ openssl.version }}.txt", false)]
    #[case(git_reference, "main", true)]
    #[case(git_reference, "release/46.0.x", true)]
    #[case(git_reference, "a..b", false)]
    #[case(git_reference, "a b", false)]
    #[case(git_reference, "a.lock", false)]
    #[case(branch, "main", true)]
    #[case(branch, "refs/heads/main", false)]
    #[case(reference_template, "openssl-{{ openssl.series }}", true)]
    #[case(reference_template, "{{ openssl.version }} x", false)]
    #[case(reference_template, "{{ openssl.versio }}", false)]
    #[case(wanted_text, "openssl-{{ openssl.version }}", true)]
    #[case(wanted_text, "{% if false %}x{% endif %}", false)]
    fn words_that_act(
        #[case] check: fn(&str) -> Result<(), String>,
        #[case] text: &str,
        #[case] fits: bool,
    ) {
        assert_eq!(check(text).is_ok(), fits, "{:?}", check(text));
    }

    #[test]
    fn an_event_has_a_hundred_letters_at_most() {
        assert!(event(&"e".repeat(100)).is_ok());
        let sentence = event(&"e".repeat(101)).unwrap_err();
        assert_eq!(
            sentence,
            "an event has 100 letters at most, and this one has 101"
        );
    }
}
