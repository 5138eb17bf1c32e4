//! The names of members, as archives write them.

/// The longest name that is kept, in bytes: no system can have a longer path.
pub(super) const LONGEST: usize = 4096;

/// The second half of code page 437 (APPNOTE, appendix D).
const CODE_PAGE_437: &str = "\
ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Bit 11 of the general purpose flags: the name is UTF-8 (APPNOTE 4.4.4). Without it the name is
/// in code page 437, and that is how Python and pip read it.
pub(super) const IS_UTF8: u16 = 1 << 11;

/// The name that `bytes` spell under these general purpose flags, cut at [`LONGEST`].
pub(super) fn decode(bytes: &[u8], flags: u16) -> String {
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    if flags & IS_UTF8 != 0 || bytes.is_ascii() {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    bytes
        .iter()
        .map(|byte| match byte.checked_sub(128) {
            None => char::from(*byte),
            Some(upper) => CODE_PAGE_437
                .chars()
                .nth(usize::from(upper))
                .unwrap_or(char::REPLACEMENT_CHARACTER),
        })
        .collect()
}

/// Whether `bytes` spell this name under these general purpose flags.
pub(super) fn spells(bytes: &[u8], flags: u16, name: &str) -> bool {
    let cut = bytes.get(..LONGEST).unwrap_or(bytes);
    let is_plain = flags & IS_UTF8 != 0 || cut.is_ascii();
    (is_plain && cut == name.as_bytes()) || decode(bytes, flags) == name
}

/// What a name comes to when it is unpacked, where that is another one: `a//./b` is `a/b`.
pub(super) fn unpacked(name: &str) -> Option<String> {
    let is_part = |part: &&str| !part.is_empty() && *part != ".";
    let parts = || name.split(['/', '\\']);
    // A folder's name ends with its separator.
    let plain = name.strip_suffix('/').unwrap_or(name).as_bytes();
    let mut plain_parts = plain.split(|byte| *byte == b'/');
    if !plain.contains(&b'\\') && plain_parts.all(|part| !matches!(part, [] | [b'.'])) {
        return None;
    }
    Some(parts().filter(is_part).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn names_are_read_as_python_reads_them() {
        assert_eq!(CODE_PAGE_437.chars().count(), 128);
        assert_eq!(decode(b"a/b.so", 0), "a/b.so");
        assert_eq!(decode("ü.so".as_bytes(), IS_UTF8), "ü.so");
        assert_eq!(decode(b"\x81\xe1\xff.so", 0), "üß\u{a0}.so");
        assert_eq!(decode(b"\xff.so", IS_UTF8), "\u{fffd}.so");
        assert_eq!(decode(&[b'a'; 70_000], 0).len(), LONGEST);
    }

    #[rstest]
    #[case("a/b.so", None)]
    #[case("a/", None)]
    #[case("a//b", Some("a/b"))]
    #[case("./a/./b", Some("a/b"))]
    #[case("a\\b", Some("a/b"))]
    fn what_names_come_to(#[case] name: &str, #[case] other: Option<&str>) {
        assert_eq!(unpacked(name).as_deref(), other);
    }
}
