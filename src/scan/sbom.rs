//! SBOMs inside a wheel: what they claim about the libraries.
//!
//! Source: PEP 770; the JSON forms of CycloneDX and of SPDX 2.

use std::fmt;
use std::io::{self, Read};
use std::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

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

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    components: Claims<Component>,
    packages: Claims<Package>,
}

/// The claims that a list of components makes. They are taken from one component after the other:
/// as values, 8 MiB of small ones would be hundreds.
#[derive(Debug)]
struct Claims<T> {
    found: Vec<Claim>,
    element: PhantomData<T>,
}

impl<T> Default for Claims<T> {
    fn default() -> Self {
        Self {
            found: Vec::new(),
            element: PhantomData,
        }
    }
}

impl<'de, T: Deserialize<'de> + Claiming> Deserialize<'de> for Claims<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de, T: Deserialize<'de> + Claiming> Visitor<'de> for Claims<T> {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(element) = list.next_element::<T>()? {
            element.claim(&mut self.found);
        }
        Ok(self)
    }
}

/// What may claim to be a library.
trait Claiming {
    fn claim(self, claims: &mut Vec<Claim>);
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Component {
    name: String,
    version: Option<String>,
    purl: Option<String>,
    // The JSON reader bounds how deep components may be nested.
    components: Claims<Component>,
}

impl Claiming for Component {
    fn claim(self, claims: &mut Vec<Claim>) {
        let version = self.version.as_deref();
        add(&self.name, version, self.purl.as_deref(), claims);
        for inner in self.components.found {
            keep(inner, claims);
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Package {
    name: String,
    version_info: Option<String>,
    external_refs: References,
}

impl Claiming for Package {
    fn claim(self, claims: &mut Vec<Claim>) {
        let version = self.version_info.as_deref();
        add(&self.name, version, self.external_refs.0.as_deref(), claims);
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Reference {
    reference_locator: String,
}

/// The first package URL of a list of references.
#[derive(Default)]
struct References(Option<String>);

impl<'de> Deserialize<'de> for References {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for References {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(reference) = list.next_element::<Reference>()? {
            let locator = reference.reference_locator;
            self.0 = self
                .0
                .or(Some(locator).filter(|locator| locator.starts_with("pkg:")));
        }
        Ok(self)
    }
}

/// Reads an SBOM of at most `limit` bytes: its claims, and what is wrong with it, if anything.
///
/// # Errors
/// What keeps the member from being unpacked.
pub(super) fn read<R: Read>(
    path: &str,
    stream: R,
    limit: u64,
) -> io::Result<(Vec<Claim>, Option<Wrong>)> {
    let mut bytes = Vec::new();
    stream
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Ok((Vec::new(), Some(Wrong::TooLong)));
    }
    let document: Document = match serde_json::from_slice(&bytes) {
        Ok(document) => document,
        Err(error) => return Ok((Vec::new(), Some(Wrong::Malformed(error.to_string())))),
    };
    let mut claims = document.components.found;
    for package in document.packages.found {
        keep(package, &mut claims);
    }
    for claim in &mut claims {
        path.clone_into(&mut claim.path);
    }
    Ok((claims, None))
}

/// Why an SBOM was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is longer than the limit.
    TooLong,
    /// It is not JSON of a known form; what is wrong with it.
    Malformed(String),
}

fn keep(claim: Claim, claims: &mut Vec<Claim>) {
    if claims.len() < KEPT && !claims.contains(&claim) {
        claims.push(claim);
    }
}

fn add(name: &str, version: Option<&str>, purl: Option<&str>, claims: &mut Vec<Claim>) {
    let Some(version) = version.filter(|version| !version.is_empty()) else {
        return;
    };
    let Some((library, version, upstream, patched)) = claim(name, version, purl) else {
        return;
    };
    let claim = Claim {
        path: String::new(),
        library,
        version: printable(version.as_bytes()),
        upstream: printable(upstream.as_bytes()),
        patched,
    };
    keep(claim, claims);
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
                version_only
            };
            let patched = matches!(ecosystem, Some("rpm" | "deb"));
            Some((library, version, upstream, patched))
        }
    }
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
    use super::*;

    fn versions(json: &str) -> Vec<(String, String)> {
        let (claims, wrong) = read("p", json.as_bytes(), 10_000).unwrap();
        assert_eq!(wrong, None);
        claims
            .into_iter()
            .map(|claim| (claim.version, claim.upstream))
            .collect()
    }

    #[test]
    fn cyclonedx_names_the_library_and_not_its_bindings() {
        let json = r#"{"bomFormat": "CycloneDX", "components": [
            {"name": "openssl", "version": "0.10.81", "purl": "pkg:cargo/openssl@0.10.81"},
            {"name": "openssl-src", "version": "300.6.0+3.6.2", "purl": "pkg:cargo/openssl-src@300.6.0+3.6.2"},
            {"name": "openssl", "version": "4.0.3", "purl": "pkg:generic/openssl@4.0.3"},
            {"name": "openssl-libs", "version": "1:1.1.1k-17.el8_6", "purl": "pkg:rpm/almalinux/openssl-libs@1.1.1k"},
            {"name": "libssl3", "version": "3.5.7-r0", "purl": "pkg:apk/alpine/libssl3@3.5.7-r0"},
            {"name": "libssl3", "version": "3.5.7-r0", "purl": "pkg:apk/alpine/libssl3@3.5.7-r0"}]}"#;
        let expected = [
            ("3.6.2", "3.6.2"),
            ("4.0.3", "4.0.3"),
            ("1:1.1.1k-17.el8_6", "1.1.1k"),
            ("3.5.7-r0", "3.5.7"),
        ];
        let expected =
            expected.map(|(version, upstream)| (version.to_owned(), upstream.to_owned()));
        assert_eq!(versions(json), expected);
    }

    #[test]
    fn spdx_packages() {
        let json = r#"{"spdxVersion": "SPDX-2.3", "packages": [
            {"name": "openssl", "versionInfo": "3.0.8"},
            {"name": "openssl", "versionInfo": "24.1", "externalRefs": [{"referenceLocator": "pkg:pypi/openssl@24.1"}]}]}"#;
        assert_eq!(versions(json), [("3.0.8".to_owned(), "3.0.8".to_owned())]);
    }

    #[test]
    fn what_is_not_json_is_said() {
        let deep = r#"{"components": ["#.repeat(9_000);
        for text in ["<bom/>", "[", r#"{"components": 1}"#, &deep] {
            let (claims, wrong) = read("p", text.as_bytes(), 1 << 20).unwrap();
            assert!(claims.is_empty());
            assert!(matches!(wrong, Some(Wrong::Malformed(_))), "{wrong:?}");
        }
        let (_, wrong) = read("p", &b"{}   "[..], 4).unwrap();
        assert_eq!(wrong, Some(Wrong::TooLong));
    }
}
