//! Whether a file holds what a step waits for.

/// Whether the text stands in the file, whole: `3.5.4` does not stand in `3.5.40` or `13.5.4`,
/// nor `1.1.1z` in `1.1.1za`. A text without characters stands in no file.
pub fn holds(content: &[u8], text: &str) -> bool {
    let wanted = text.as_bytes();
    let Some((first, last)) = wanted.first().zip(wanted.last()) else {
        return false;
    };
    memchr::memmem::find_iter(content, wanted).any(|at| {
        let before = at.checked_sub(1).and_then(|at| content.get(at));
        let after = at
            .checked_add(wanted.len())
            .and_then(|end| content.get(end));
        let goes_on = last.is_ascii_alphanumeric() && after.is_some_and(u8::is_ascii_alphanumeric);
        let began = first.is_ascii_digit() && before.is_some_and(u8::is_ascii_digit);
        !goes_on && !began
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("VERSION=\"3.5.4\"\n", "3.5.4", true)]
    #[case("openssl-3.5.4", "openssl-3.5.4", true)]
    #[case("v3.5.4.tar.gz", "3.5.4", true)]
    #[case("openssl-3.5.40", "openssl-3.5.4", false)]
    #[case("3.5.40 and 3.5.4", "3.5.4", true)]
    #[case("13.5.4", "3.5.4", false)]
    #[case("OpenSSL_1_1_1za", "OpenSSL_1_1_1z", false)]
    #[case("openssl-3.5.4", "openssl-", true)]
    #[case("openssl-", "openssl-", true)]
    #[case("", "3.5.4", false)]
    #[case("3.5.4", "", false)]
    fn a_text_stands_whole(#[case] content: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(holds(content.as_bytes(), text), expected);
    }
}
