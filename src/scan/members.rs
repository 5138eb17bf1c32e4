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
    let name = path.rsplit('/').next().unwrap_or(path);
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    let in_metadata = folder.ends_with(".dist-info") || folder == "licenses";
    if in_metadata && METADATA.contains(&name) {
        return false;
    }
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => {
            let ending = ending.to_ascii_lowercase();
            !HARMLESS.contains(&ending.as_str())
        }
        _ => true,
    }
}

/// Whether a member is a zip archive by its name.
pub(super) fn is_archive(path: &str) -> bool {
    const ENDINGS: [&str; 9] = [
        "zip", "whl", "jar", "war", "egg", "pyz", "pyzw", "apk", "nupkg",
    ];
    path.rsplit_once('.')
        .is_some_and(|(_, ending)| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Whether a member is called a shared library or a program of Windows. One that does not begin as
/// such is damaged, or holds something else.
pub(super) fn is_library(path: &str) -> bool {
    const ENDINGS: [&str; 5] = ["so", "dylib", "dll", "pyd", "exe"];
    let name = path.rsplit('/').next().unwrap_or(path);
    name.contains(".so.")
        || name
            .rsplit_once('.')
            .is_some_and(|(_, ending)| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Whether a member is an SBOM (PEP 770).
pub(super) fn is_sbom(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let folders = (parts.next(), parts.next());
    !name.is_empty()
        && matches!(folders, (Some("sboms"), Some(info)) if info.ends_with(".dist-info"))
}

/// Whether a path could leave the folder that a wheel is unpacked to.
pub(super) fn is_unsafe(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.starts_with(['/', '\\'])
        || bytes.get(1) == Some(&b':')
        || path.split(['/', '\\']).any(|part| part == "..")
        || bytes.contains(&0)
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
