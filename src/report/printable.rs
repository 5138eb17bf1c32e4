//! Text from outside, made harmless for a terminal and for Markdown.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with everything escaped that a terminal or an editor would act on: control characters,
/// escapes, line breaks, and marks that change the direction of writing.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            // Writing to a string cannot fail.
            let _ = write!(clean, "\\u{{{:x}}}", u32::from(c));
        } else {
            clean.push(c);
        }
    }
    Cow::Owned(clean)
}

fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Parts what GitHub would take for a mention, a reference or an address, and is not seen. GitHub
/// looks for these in the rendered text, where a backslash or an entity of the character itself is
/// gone: <https://github.com/github/cmark-gfm/issues/181>.
const PART: &str = "&#8203;";

/// The text for Markdown: printable, and with every character escaped or parted that could make a
/// link, a mention, an issue reference, HTML, or a table cell of it.
pub fn markdown(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => clean.push_str("&amp;"),
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            '@' | '#' => {
                clean.push(c);
                clean.push_str(PART);
            }
            // Bare addresses become links by themselves, and "GH-7" is a reference.
            '/' if clean.ends_with(":/") => part(&mut clean, c),
            '.' if clean.to_ascii_lowercase().ends_with("www") => part(&mut clean, c),
            '-' if clean.to_ascii_lowercase().ends_with("gh") => part(&mut clean, c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                clean.push('\\');
                clean.push(c);
            }
            _ => clean.push(c),
        }
    }
    clean
}

fn part(clean: &mut String, c: char) {
    clean.push_str(PART);
    clean.push(c);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain text, ünïcode", "plain text, ünïcode")]
    #[case("\u{1b}[31mred", "\\u{1b}[31mred")]
    #[case("a\r\nb", "a\\u{d}\\u{a}b")]
    #[case("evil\u{202e}txt", "evil\\u{202e}txt")]
    #[case("\u{9b}31m", "\\u{9b}31m")]
    fn escapes_what_acts(#[case] text: &str, #[case] clean: &str) {
        assert_eq!(printable(text), clean);
    }

    #[rstest]
    #[case("@pyca closes #1", "@&#8203;pyca closes #&#8203;1")]
    #[case("[x](https://e)", "\\[x\\](https:/&#8203;/e)")]
    #[case("<!-- rewheel -->", "&lt;!-- rewheel --&gt;")]
    #[case("GH-7", "GH&#8203;-7")]
    #[case("a|b`c", "a\\|b\\`c")]
    #[case("WWW.e.example", "WWW&#8203;.e.example")]
    fn cannot_act_in_markdown(#[case] text: &str, #[case] clean: &str) {
        assert_eq!(markdown(text), clean);
    }

    proptest! {
        #[test]
        fn nothing_acts_any_more(text in "\\PC{0,20}[\\x00-\\x1f\\x7f-\\u{9f}\\u{200b}-\\u{206f}]{0,5}\\PC{0,20}") {
            let clean = printable(&text);
            prop_assert!(!clean.chars().any(acts));
        }
    }
}
