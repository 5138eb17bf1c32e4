//! Pages of the HTML simple API. Sources: PEP 503, 592 and 629.
//!
//! Only what those need is read: anchors, the base address and one meta element, with the
//! tokens of HTML so far as they occur there.

use super::Listing;
use super::entry::Entry;

/// How the names of published files end.
const FILE_ENDINGS: [&str; 9] = [
    ".whl", ".tar.gz", ".tgz", ".zip", ".egg", ".tar.bz2", ".tar.xz", ".exe", ".msi",
];

/// Reads a page; the error is why it is none. Of more files than `most` one more is kept, which
/// tells that there are more.
pub(super) fn read(body: &str, most: usize) -> Result<Listing, String> {
    let mut listing = Listing::default();
    let mut rest = body;
    let mut titled_as_links = false;
    while let Some((tag, after)) = next_tag(rest) {
        rest = after;
        match tag.name.as_str() {
            "base" if listing.base.is_none() => listing.base = tag.value("href"),
            "meta" if tag.value("name").as_deref() == Some("pypi:repository-version") => {
                let version = tag.value("content").unwrap_or_default();
                listing.version = Some(version.trim().chars().take(20).collect());
            }
            "title" | "h1" => {
                let text = text_until_tag(rest).to_ascii_lowercase();
                titled_as_links |= text.trim_start().starts_with("links for");
            }
            "a" if listing.entries.len() <= most => {
                if let Some(url) = tag.value("href") {
                    listing
                        .entries
                        .extend(entry(&tag, url, text_until_tag(rest)));
                }
            }
            "script" | "style" => rest = after_end_of(rest, &tag.name),
            _ => {}
        }
    }
    if listing.entries.is_empty() && listing.version.is_none() && !titled_as_links {
        return Err("its HTML lists no files".into());
    }
    Ok(listing)
}

fn entry(tag: &Tag<'_>, url: String, text: &str) -> Option<Entry> {
    let name = decoded(text.trim());
    let is_file = |name: &str| {
        let name = name.to_ascii_lowercase();
        FILE_ENDINGS.iter().any(|ending| name.ends_with(ending))
    };
    // Some indexes shorten the text; the address then tells the name.
    let name = if is_file(&name) {
        name
    } else {
        let path = url.split(['#', '?']).next().unwrap_or_default();
        path.rsplit('/')
            .next()
            .unwrap_or_default()
            .replace("%2B", "+")
    };
    is_file(&name).then(|| Entry {
        yanked: tag.value("data-yanked"),
        name,
        url,
        ..Entry::default()
    })
}

struct Tag<'a> {
    name: String,
    attributes: Vec<(String, &'a str)>,
}

impl Tag<'_> {
    /// An attribute's value; empty when the attribute has none.
    fn value(&self, name: &str) -> Option<String> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(decoded(value))
    }
}

/// The next start tag and what follows it.
fn next_tag(mut rest: &str) -> Option<(Tag<'_>, &str)> {
    loop {
        rest = rest.get(rest.find('<')? + 1..)?;
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.get(comment.find("-->")? + 3..)?;
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Some(start_tag(rest));
        }
    }
}

fn start_tag(text: &str) -> (Tag<'_>, &str) {
    let (name, mut rest) = split_where(text, |c| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
    let mut tag = Tag {
        name: name.to_ascii_lowercase(),
        attributes: Vec::new(),
    };
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (tag, after);
        }
        if rest.is_empty() {
            return (tag, rest);
        }
        let (key, after) = split_where(rest, |c| {
            c.is_ascii_whitespace() || matches!(c, '=' | '/' | '>')
        });
        let after_key = after.trim_start();
        let (value, after) = match after_key.strip_prefix('=') {
            // An attribute may not begin with "=", so that one is a broken key.
            Some(after) if !key.is_empty() => value(after.trim_start()),
            Some(after) => ("", after),
            None => ("", after),
        };
        rest = after;
        if !key.is_empty() {
            tag.attributes.push((key.to_ascii_lowercase(), value));
        }
    }
}

fn value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return inside.split_once(quote).unwrap_or((inside, ""));
        }
    }
    split_where(text, |c| c.is_ascii_whitespace() || c == '>')
}

fn split_where(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at_checked(text.find(end).unwrap_or(text.len()))
        .unwrap_or((text, ""))
}

fn text_until_tag(text: &str) -> &str {
    split_where(text, |c| c == '<').0
}

fn after_end_of<'a>(text: &'a str, element: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = rest.get(at + 2..).unwrap_or_default();
        let name = rest.get(..element.len()).unwrap_or_default();
        if name.eq_ignore_ascii_case(element) {
            return rest;
        }
    }
    ""
}

/// The text with its character references decoded.
fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let reference = after
            .split_once(';')
            .filter(|(name, _)| name.len() <= 10)
            .and_then(|(name, after)| Some((character(name)?, after)));
        if let Some((character, after)) = reference {
            plain.push(character);
            rest = after;
        } else {
            plain.push('&');
            rest = after;
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn reads_a_page() {
        let listing = read(
            r##"<!DOCTYPE html><html><head>
            <meta name="pypi:repository-version" content="1.1"><title>Links for demo</title>
            <script>"<a href='evil.whl'>evil.whl</a>"</script></head>
            <body><h1>Links for demo</h1><!-- <a href="old.whl">old.whl</a> -->
            <a href="../../files/demo-1.0.tar.gz#sha256=00" data-requires-python="&gt;=3.8">demo-1.0.tar.gz</a><br/>
            <A HREF='b.whl?x=1&amp;y=2' data-yanked="it&#39;s &quot;broken&quot;">demo-1.0-py3-none-any.whl</A>
            <a data-yanked href=c%2Blocal.whl>shortened…</a>
            <a href="/simple/">all projects</a>
            </body></html>"##,
            100,
        )
        .unwrap();
        assert_eq!(listing.version.as_deref(), Some("1.1"));
        let [a, b, c] = listing.entries.as_slice() else {
            panic!("{:?}", listing.entries);
        };
        assert_eq!(a.name, "demo-1.0.tar.gz");
        assert_eq!(a.url, "../../files/demo-1.0.tar.gz#sha256=00");
        assert_eq!(a.yanked, None);
        assert_eq!(b.url, "b.whl?x=1&y=2");
        assert_eq!(b.yanked.as_deref(), Some("it's \"broken\""));
        assert_eq!(
            (c.name.as_str(), c.yanked.as_deref()),
            ("c+local.whl", Some(""))
        );
    }

    #[test]
    fn a_base_is_told() {
        let listing = read(
            "<base href='/mirror/'><a href=x-1.tar.gz>x-1.tar.gz</a>",
            100,
        )
        .unwrap();
        assert_eq!(listing.base.as_deref(), Some("/mirror/"));
    }

    #[rstest]
    #[case("<html><title>Links for demo</title></html>", true)]
    #[case("<meta name='pypi:repository-version' content='1.0'>", true)]
    #[case(
        "<html><title>503 Service Unavailable</title><a href='/'>home</a></html>",
        false
    )]
    #[case("<html><body>Please log in</body></html>", false)]
    #[case("", false)]
    fn an_empty_list_is_not_an_error_page(#[case] body: &str, #[case] is_page: bool) {
        assert_eq!(read(body, 100).is_ok(), is_page);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(body in "[<>a-z\"'=/!&;# \\-]{0,200}|\\PC{0,200}") {
            let _ = read(&body, 100);
        }
    }
}
