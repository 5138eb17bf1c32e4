//! SBOMs inside a wheel: what they claim about the libraries.
//!
//! Source: PEP 770, which leaves the form open; CycloneDX as JSON and XML, SPDX 2 as JSON and
//! tag-value, SPDX 3 as JSON-LD.

mod json;
mod tag_value;
mod xml;

use std::io::{self, Read};

use super::banner::printable;
use crate::model::Library;

/// How many claims of one SBOM are kept.
const KEPT: usize = 64;

/// What an SBOM says about a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub path: String,
    pub library: Library,
    /// The version as it stands there, `1.1.1k-17.el8_6`.
    pub version: String,
    /// The library's own version in it, `1.1.1k`.
    pub upstream: String,
    /// Whether a distribution's package is named whose patches keep the version.
    pub patched: bool,
}

/// A component as an SBOM names it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Component {
    name: String,
    version: Option<String>,
    /// Its package URL.
    purl: Option<String>,
}

impl Component {
    /// What it says about a library, if it is one.
    fn claim(&self) -> Option<Claim> {
        let version = self.version.as_deref().filter(|text| !text.is_empty())?;
        let (library, version, upstream, patched) =
            claim(&self.name, version, self.purl.as_deref())?;
        Some(Claim {
            path: String::new(),
            library,
            version: printable(version.as_bytes()),
            upstream: printable(upstream.as_bytes()),
            patched,
        })
    }
}

/// The different claims of an SBOM. They are taken from one component after the other: kept as
/// values, 8 MiB of small ones would be hundreds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Claims(Vec<Claim>);

impl Claims {
    fn add(&mut self, component: &Component) {
        if let Some(claim) = component.claim() {
            self.keep(claim);
        }
    }

    fn keep(&mut self, claim: Claim) {
        if self.0.len() < KEPT && !self.0.contains(&claim) {
            self.0.push(claim);
        }
    }
}

/// Why an SBOM was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is longer than the limit.
    TooLong,
    /// It is not of a known form; what is wrong with it.
    Malformed(String),
}

/// Reads an SBOM of at most `limit` bytes, which should be `size` bytes long: its claims, and what
/// is wrong with it, if anything.
///
/// # Errors
/// What keeps the member from being unpacked.
pub(super) fn read<R: Read>(
    path: &str,
    stream: R,
    size: u64,
    limit: u64,
) -> io::Result<(Vec<Claim>, Option<Wrong>)> {
    // Memory is taken for what an SBOM usually has at most, whatever the archive says of it.
    const USUAL_BYTES: u64 = 4 << 20;
    let expected = usize::try_from(size.min(limit).min(USUAL_BYTES)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(expected.saturating_add(1));
    stream
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Ok((Vec::new(), Some(Wrong::TooLong)));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = bytes.trim_ascii_start();
    let claims = match text.first() {
        Some(b'{') => json::read(text),
        Some(b'<') => xml::read(text),
        _ if tag_value::is_begun(text) => Ok(tag_value::read(text)),
        _ => Err("it is neither JSON, nor XML, nor tag-value text".to_owned()),
    };
    let mut claims = match claims {
        Ok(claims) => claims.0,
        Err(why) => return Ok((Vec::new(), Some(Wrong::Malformed(why)))),
    };
    for claim in &mut claims {
        path.clone_into(&mut claim.path);
    }
    Ok((claims, None))
}

/// Which library a component is, and its version there and upstream.
fn claim<'a>(
    name: &str,
    version: &'a str,
    purl: Option<&str>,
) -> Option<(Library, &'a str, &'a str, bool)> {
    let ecosystem = purl.and_then(|purl| purl.strip_prefix("pkg:")?.split('/').next());
    let name = name.to_ascii_lowercase();
    match ecosystem {
        Some("cargo") => {
            // The crate `openssl` is a binding; `openssl-src` carries the sources and names
            // their version after the plus.
            let (_, upstream) = version.split_once('+')?;
            (name == "openssl-src").then_some((Library::Openssl, upstream, upstream, false))
        }
        Some("pypi" | "npm" | "gem" | "golang" | "maven" | "nuget") => None,
        _ => {
            let library = match name.as_str() {
                "openssl" | "openssl-libs" | "openssl-fips" | "openssl1.1" | "openssl11-libs"
                | "openssl3" | "openssl3-libs" | "libcrypto" | "libssl" => Library::Openssl,
                "libressl" => Library::Libressl,
                "boringssl" => Library::Boringssl,
                "aws-lc" => Library::AwsLc,
                "tongsuo" | "babassl" => Library::Tongsuo,
                _ if is_numbered(&name) => Library::Openssl,
                _ => return None,
            };
            let version_only = version.split_once(':').map_or(version, |(_, rest)| rest);
            let packaged = matches!(ecosystem, Some("rpm" | "deb" | "apk" | "alpm"));
            let upstream = if packaged {
                version_only
                    .split(['-', '~', '+'])
                    .next()
                    .unwrap_or(version_only)
            } else {
                without_dressing(version_only)
            };
            let patched = matches!(ecosystem, Some("rpm" | "deb"));
            Some((library, version, upstream, patched))
        }
    }
}

/// The version in the name of a tag, `openssl-3.5.4`, or of a port of vcpkg, `3.5.4#1`.
fn without_dressing(version: &str) -> &str {
    let version = version.split('#').next().unwrap_or(version);
    let version = version.strip_prefix("openssl-").unwrap_or(version);
    version.strip_prefix('v').unwrap_or(version)
}

/// `libssl3`, `libcrypto3`, `libssl1.1`: how distributions name the package after its ABI.
fn is_numbered(name: &str) -> bool {
    ["libssl", "libcrypto"].iter().any(|stem| {
        name.strip_prefix(stem).is_some_and(|rest| {
            let rest = rest.strip_suffix("t64").unwrap_or(rest);
            rest.starts_with(|c: char| c.is_ascii_digit())
                && rest.chars().all(|c| c.is_ascii_digit() || c == '.')
        })
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn versions(text: &str) -> Vec<(String, String)> {
        let (claims, wrong) = read("p", text.as_bytes(), 0, 1 << 20).unwrap();
        assert_eq!(wrong, None);
        claims
            .into_iter()
            .map(|claim| (claim.version, claim.upstream))
            .collect()
    }

    #[rstest]
    #[case("openssl", "0.10.81", "pkg:cargo/openssl@0.10.81", None)]
    #[case("openssl-src", "300.6.0+3.6.2", "pkg:cargo/openssl-src@300.6.0+3.6.2", Some(("3.6.2", "3.6.2", false)))]
    #[case("openssl", "24.1", "pkg:pypi/openssl@24.1", None)]
    #[case("openssl", "4.0.3", "pkg:generic/openssl@4.0.3", Some(("4.0.3", "4.0.3", false)))]
    #[case("openssl", "openssl-3.5.4", "pkg:github/openssl/openssl@openssl-3.5.4", Some(("openssl-3.5.4", "3.5.4", false)))]
    #[case("openssl", "3.6.0#2", "pkg:generic/openssl@3.6.0", Some(("3.6.0#2", "3.6.0", false)))]
    #[case("openssl-libs", "1:1.1.1k-17.el8_6", "pkg:rpm/almalinux/openssl-libs@1.1.1k", Some(("1:1.1.1k-17.el8_6", "1.1.1k", true)))]
    #[case("libssl3t64", "3.0.13-0ubuntu3.5", "pkg:deb/ubuntu/libssl3t64@3.0.13", Some(("3.0.13-0ubuntu3.5", "3.0.13", true)))]
    #[case("libssl3", "3.5.7-r0", "pkg:apk/alpine/libssl3@3.5.7-r0", Some(("3.5.7-r0", "3.5.7", false)))]
    fn names_and_versions(
        #[case] name: &str,
        #[case] version: &str,
        #[case] purl: &str,
        #[case] expected: Option<(&str, &str, bool)>,
    ) {
        let found = claim(name, version, Some(purl));
        let found = found.map(|(_, version, upstream, patched)| (version, upstream, patched));
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::cyclonedx_json(r#"{"bomFormat": "CycloneDX", "components": [{"name": "openssl", "version": "3.0.8"}, {"name": "openssl", "version": "3.0.8"}]}"#)]
    #[case::cyclonedx_xml(r#"<bom><components><component><name>openssl</name><version>3.0.8</version></component></components></bom>"#)]
    #[case::spdx_json(
        r#"{"spdxVersion": "SPDX-2.3", "packages": [{"name": "openssl", "versionInfo": "3.0.8"}]}"#
    )]
    #[case::spdx_tag_value("SPDXVersion: SPDX-2.3\nPackageName: openssl\nPackageVersion: 3.0.8\n")]
    #[case::spdx_3(r#"{"@context": "c", "@graph": [{"type": "software_Package", "name": "openssl", "software_packageVersion": "3.0.8"}]}"#)]
    #[case::with_byte_order_mark(
        "\u{feff} {\"components\": [{\"name\": \"openssl\", \"version\": \"3.0.8\"}]}"
    )]
    fn every_form_is_read(#[case] text: &str) {
        assert_eq!(versions(text), [("3.0.8".to_owned(), "3.0.8".to_owned())]);
    }

    #[rstest]
    #[case("openssl 3.0.8", "neither JSON")]
    #[case("", "neither JSON")]
    #[case("<bom><components>", "ends before")]
    #[case("{", "EOF")]
    fn what_cannot_be_read_is_said(#[case] text: &str, #[case] why: &str) {
        let (claims, wrong) = read("p", text.as_bytes(), 0, 1 << 20).unwrap();
        assert!(claims.is_empty());
        assert!(
            matches!(&wrong, Some(Wrong::Malformed(told)) if told.contains(why)),
            "{wrong:?}"
        );
    }

    #[test]
    fn longer_than_the_limit_is_said() {
        let (_, wrong) = read("p", &b"{}   "[..], 5, 4).unwrap();
        assert_eq!(wrong, Some(Wrong::TooLong));
    }

    #[rstest]
    #[case("[", "{\"components\":")]
    #[case("<component>", "")]
    fn endless_nesting_is_said(#[case] level: &str, #[case] begin: &str) {
        let deep = begin.to_owned() + &level.repeat(100_000);
        assert!(read("p", deep.as_bytes(), 0, 10 << 20).unwrap().1.is_some());
    }
}
