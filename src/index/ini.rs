//! pip's configuration files, so far as they name an index.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A bound on one of them.
const MAXIMUM_BYTES: u64 = 1 << 20;

/// The text of such a file; none where there is no file. What is there and cannot be used is
/// warned about, because another index is asked then.
pub(super) fn text_of(path: &Path) -> Option<String> {
    let found = std::fs::metadata(path).ok()?;
    let unusable = |reason: &str| {
        tracing::warn!(
            "pip's configuration {} is not read: {reason}",
            path.display()
        );
        None
    };
    // Before it is opened: opening a pipe waits until somebody writes to it.
    if !found.is_file() {
        return unusable("it is not a regular file");
    }
    let mut text = String::new();
    let read =
        File::open(path).and_then(|file| file.take(MAXIMUM_BYTES + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 > MAXIMUM_BYTES => unusable("it is larger than 1 MiB"),
        Ok(_) => Some(text),
        Err(error) => unusable(&error.to_string()),
    }
}

/// The `index-url` of the section `[global]`.
///
/// Follows Python's `RawConfigParser`, which pip reads them with: keys in any case, `=` or `:`,
/// comments at the start of a line, values that go on in indented lines.
pub(super) fn global_index_url(text: &str) -> Option<String> {
    let mut in_global = false;
    let mut in_value = false;
    let mut found: Option<String> = None;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let trimmed = line.trim();
        if trimmed.starts_with(['#', ';']) || trimmed.is_empty() {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let Some(value) = found.as_mut().filter(|value| in_value && value.is_empty()) {
                trimmed.clone_into(value);
            }
            continue;
        }
        in_value = false;
        if let Some(section) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            in_global = section == "global";
        } else if in_global && let Some((key, value)) = trimmed.split_once(['=', ':']) {
            let key = key.trim().to_ascii_lowercase().replace('_', "-");
            if key.trim_start_matches('-') == "index-url" {
                found = Some(value.trim().to_owned());
                in_value = true;
            }
        }
    }
    found.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "[global]\nindex-url = https://a.example/simple\n",
        Some("https://a.example/simple")
    )]
    #[case(
        "[global]\nINDEX_URL: https://a.example/simple",
        Some("https://a.example/simple")
    )]
    #[case(
        "[global]\nindex-url =\n    https://a.example/simple\ntimeout = 5",
        Some("https://a.example/simple")
    )]
    #[case(
        "\u{feff}[global]\r\n; note\r\nindex-url=https://a.example/x=y\r\n",
        Some("https://a.example/x=y")
    )]
    #[case("[install]\nindex-url = https://a.example/simple\n", None)]
    #[case(
        "[global]\n# index-url = https://a.example\nextra-index-url = https://b.example\n",
        None
    )]
    #[case("[global]\nindex-url =\n", None)]
    #[case("no configuration at all", None)]
    fn finds_the_index(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(global_index_url(text).as_deref(), expected);
    }

    #[test]
    fn a_file_has_a_bound() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[global]").unwrap();
        assert_eq!(text_of(file.path()).as_deref(), Some("[global]"));
        std::fs::write(file.path(), "#".repeat((1 << 20) + 1)).unwrap();
        assert_eq!(text_of(file.path()), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pip.conf");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert_eq!(text_of(&pipe), None);
    }
}
