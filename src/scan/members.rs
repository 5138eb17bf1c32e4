//! What the names of members tell: whether a wheel could hold anything native at all, and which
//! members are SBOMs. Nothing is ever called native by its name.

/// Endings of text and data that no loader runs.
const HARMLESS: &[&str] = &[
    "py", "pyi", "pyx", "pxd", "pxi", "pth", "typed", "txt", "md", "rst", "json", "jsonl", "toml",
    "yaml", "yml", "ini", "cfg", "conf", "csv", "tsv", "xml", "xsd", "xsl", "html", "htm", "css",
    "scss", "less", "js", "mjs", "cjs", "ts", "tsx", "jsx", "map", "svg", "png", "jpg", "jpeg",
    "gif", "ico", "webp", "woff", "woff2", "ttf", "otf", "eot", "po", "pot", "mo", "c", "h", "cc",
    "cpp", "hpp", "cxx", "hxx", "rs", "go", "java", "sql", "tmpl", "jinja", "jinja2", "j2", "mako",
    "ipynb", "pem", "crt", "lock", "log", "proto", "f", "f90", "cu", "cuh", "cmake", "in", "tex",
];

/// Files of the `.dist-info` folder that are text (PEP 376, 427, 639).
const METADATA: &[&str] = &[
    "METADATA",
    "WHEEL",
    "RECORD",
    "INSTALLER",
    "REQUESTED",
    "LICENSE",
    "LICENCE",
    "COPYING",
    "NOTICE",
    "AUTHORS",
    "DESCRIPTION",
    "PKG-INFO",
    "zip-safe",
];

/// Whether a member could be native, or an archive that holds something native: everything whose
/// name does not say plainly that it is text or data.
pub(super) fn could_be_native(path: &str) -> bool {
    if path.ends_with('/') {
        return false;
    }
    let name = file_name(path);
    if METADATA.contains(&name) {
        let folder = path.rsplit('/').nth(1).unwrap_or_default();
        if folder.ends_with(".dist-info") || folder == "licenses" {
            return false;
        }
    }
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => !is_one_of(HARMLESS, ending),
        _ => true,
    }
}

/// The last part of a path. Each of these questions is asked of every member of every archive, so
/// that they are answered without copies and in one pass over bytes.
fn file_name(path: &str) -> &str {
    let slash = path.bytes().rposition(|byte| byte == b'/');
    slash
        .and_then(|slash| path.get(slash.saturating_add(1)..))
        .unwrap_or(path)
}

fn is_one_of(endings: &[&str], ending: &str) -> bool {
    endings
        .iter()
        .any(|known| known.eq_ignore_ascii_case(ending))
}

/// Whether a path ends with a dot and one of these endings.
fn ends_with_one_of(path: &str, endings: &[&str]) -> bool {
    let dot = path.bytes().rposition(|byte| byte == b'.');
    let ending = dot.and_then(|dot| path.get(dot.saturating_add(1)..));
    ending.is_some_and(|ending| is_one_of(endings, ending))
}

/// Whether a member is a zip archive by its name.
pub(super) fn is_archive(path: &str) -> bool {
    const ENDINGS: [&str; 9] = [
        "zip", "whl", "jar", "war", "egg", "pyz", "pyzw", "apk", "nupkg",
    ];
    ends_with_one_of(path, &ENDINGS)
}

/// Whether a member is called a shared library or a program of Windows. One that does not begin as
/// such is damaged, or holds something else.
pub(super) fn is_library(path: &str) -> bool {
    const ENDINGS: [&str; 5] = ["so", "dylib", "dll", "pyd", "exe"];
    let name = file_name(path);
    ends_with_one_of(name, &ENDINGS) || name.as_bytes().windows(4).any(|part| part == b".so.")
}

/// Whether a member is an SBOM (PEP 770).
pub(super) fn is_sbom(path: &str) -> bool {
    let name = file_name(path);
    let folders = path.strip_suffix(name).unwrap_or_default();
    let info = folders.strip_suffix("/sboms/").map(file_name);
    !name.is_empty() && info.is_some_and(|info| info.ends_with(".dist-info"))
}

/// Whether a path could leave the folder that a wheel is unpacked to.
pub(super) fn is_unsafe(path: &str) -> bool {
    let bytes = path.as_bytes();
    matches!(bytes.first(), Some(b'/' | b'\\'))
        || bytes.get(1) == Some(&b':')
        || bytes.contains(&0)
        || bytes
            .split(|byte| matches!(byte, b'/' | b'\\'))
            .any(|part| part == b"..")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a/b.py", false)]
    #[case("a-1.dist-info/RECORD", false)]
    #[case("a-1.dist-info/licenses/LICENSE", false)]
    #[case("a/RECORD", true)]
    #[case("a/", false)]
    #[case("a/b.so.3", true)]
    #[case("a/tool", true)]
    #[case("a/.hidden", true)]
    #[case("a/b.jar", true)]
    #[case("a/b.dat", true)]
    #[case("a/B.PNG", false)]
    fn names(#[case] path: &str, #[case] native: bool) {
        assert_eq!(could_be_native(path), native);
    }

    #[test]
    fn sboms_are_where_pep_770_says() {
        assert!(is_sbom("a-1.dist-info/sboms/b.cdx.json"));
        assert!(!is_sbom("a-1.dist-info/sboms/"));
        assert!(!is_sbom("sboms/b.cdx.json"));
        assert!(!is_sbom("a/b.cdx.json"));
    }

    #[test]
    fn paths_that_leave() {
        for path in [
            "/etc/passwd",
            "../a",
            "a/../../b",
            "C:\\a",
            "a\\..\\b",
            "a\0b",
        ] {
            assert!(is_unsafe(path), "{path}");
        }
        assert!(!is_unsafe("a/..b/c"));
    }
}
