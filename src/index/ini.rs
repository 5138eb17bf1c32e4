//! pip's configuration files, so far as they name an index.

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
}
