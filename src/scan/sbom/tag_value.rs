//! SBOMs as tag-value text.
//!
//! Source: SPDX 2.3, clause 7 (package information) and annex on the tag-value format.

use super::{Claims, Component};

/// Whether a document is tag-value text: its first line that is no comment names the version.
pub(super) fn is_begun(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty() && !line.starts_with(b"#"))
        .is_some_and(|line| line.starts_with(b"SPDXVersion:"))
}

/// Reads the claims of a document's packages.
pub(super) fn read(text: &[u8]) -> Claims {
    let mut claims = Claims::default();
    let mut package = Component::default();
    let mut in_text = false;
    for line in String::from_utf8_lossy(text).lines() {
        // Texts of several lines may hold anything.
        let was_in_text = in_text;
        if line.contains("<text>") {
            in_text = true;
        }
        if line.contains("</text>") {
            in_text = false;
        }
        let Some((tag, value)) = line.split_once(':').filter(|_| !was_in_text) else {
            continue;
        };
        let value = value.trim();
        match tag.trim() {
            "PackageName" => {
                claims.add(&package);
                package = Component {
                    name: value.to_owned(),
                    ..Component::default()
                };
            }
            "PackageVersion" => package.version = Some(value.to_owned()),
            "ExternalRef" => {
                let purl = value
                    .split_whitespace()
                    .find(|word| word.starts_with("pkg:"));
                if let Some(purl) = purl {
                    package.purl = Some(purl.to_owned());
                }
            }
            _ => {}
        }
    }
    claims.add(&package);
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_with_their_references() {
        let text =
            b"# made by hand\nSPDXVersion: SPDX-2.3\r\nPackageName: libressl\nPackageVersion: 1.3\n\
            PackageComment: <text>\nPackageName: openssl\n</text>\n\
            PackageName: openssl\nPackageVersion: 3.5.4\n\
            ExternalRef: PACKAGE-MANAGER purl pkg:generic/openssl@3.5.4\n";
        assert!(is_begun(text));
        let claims = read(text).0;
        let versions: Vec<_> = claims.iter().map(|claim| claim.version.as_str()).collect();
        assert_eq!(versions, ["1.3", "3.5.4"]);
    }

    #[test]
    fn other_texts_are_none() {
        assert!(!is_begun(b"PackageName: openssl\nSPDXVersion: SPDX-2.3\n"));
        assert!(!is_begun(b""));
    }
}
