//! SBOMs as JSON.
//!
//! Source: the JSON schemas of CycloneDX 1.x and SPDX 2.x; the JSON-LD context of SPDX 3.0.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Claims, Component};

/// What the forms have, each under names of its own.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    metadata: Metadata,
    components: List<Cyclonedx>,
    packages: List<Spdx2>,
    #[serde(rename = "@graph")]
    graph: List<Spdx3>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    component: Option<Cyclonedx>,
}

/// Reads the claims of a document.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(text: &[u8]) -> Result<Claims, String> {
    let document: Document = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let mut claims = document.components.claims;
    if let Some(component) = document.metadata.component {
        component.claim(&mut claims);
    }
    for claim in [document.packages.claims, document.graph.claims]
        .into_iter()
        .flat_map(|claims| claims.0)
    {
        claims.keep(claim);
    }
    Ok(claims)
}

/// What stands in a list and may claim to be a library.
trait Element: for<'de> Deserialize<'de> {
    fn claim(self, claims: &mut Claims);
}

/// The claims that the elements of a list make.
struct List<T> {
    claims: Claims,
    element: PhantomData<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            claims: Claims::default(),
            element: PhantomData,
        }
    }
}

impl<'de, T: Element> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de, T: Element> Visitor<'de> for List<T> {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(element) = list.next_element::<T>()? {
            element.claim(&mut self.claims);
        }
        Ok(self)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cyclonedx {
    name: String,
    version: Option<String>,
    purl: Option<String>,
    // The JSON reader bounds how deep components may be nested.
    components: List<Cyclonedx>,
}

impl Element for Cyclonedx {
    fn claim(self, claims: &mut Claims) {
        claims.add(&Component {
            name: self.name,
            version: self.version,
            purl: self.purl,
        });
        for inner in self.components.claims.0 {
            claims.keep(inner);
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spdx2 {
    name: String,
    version_info: Option<String>,
    external_refs: PackageUrl,
}

impl Element for Spdx2 {
    fn claim(self, claims: &mut Claims) {
        claims.add(&Component {
            name: self.name,
            version: self.version_info,
            purl: self.external_refs.0,
        });
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spdx3 {
    name: String,
    #[serde(rename = "software_packageVersion")]
    version: Option<String>,
    #[serde(rename = "software_packageUrl")]
    purl: Option<String>,
    #[serde(rename = "externalIdentifier")]
    identifiers: PackageUrl,
}

impl Element for Spdx3 {
    fn claim(self, claims: &mut Claims) {
        claims.add(&Component {
            name: self.name,
            version: self.version,
            purl: self.purl.or(self.identifiers.0),
        });
    }
}

/// A reference of SPDX 2 or an identifier of SPDX 3.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    #[serde(alias = "referenceLocator")]
    identifier: String,
}

/// The first package URL of a list of references.
#[derive(Default)]
struct PackageUrl(Option<String>);

impl<'de> Deserialize<'de> for PackageUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for PackageUrl {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(reference) = list.next_element::<Reference>()? {
            let locator = Some(reference.identifier).filter(|text| text.starts_with("pkg:"));
            self.0 = self.0.or(locator);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(text: &[u8]) -> Vec<String> {
        let claims = read(text).unwrap();
        claims.0.into_iter().map(|claim| claim.version).collect()
    }

    #[test]
    fn components_inside_others_and_the_one_described_count() {
        let text = br#"{"metadata": {"component": {"name": "openssl", "version": "1"}},
            "components": [{"name": "a", "components": [{"name": "openssl", "version": "2", "purl": "pkg:generic/openssl@2"}]}]}"#;
        assert_eq!(versions(text), ["2", "1"]);
    }

    #[test]
    fn package_urls_of_both_generations_of_spdx() {
        let text = br#"{"packages": [
                {"name": "openssl", "versionInfo": "1", "externalRefs": [
                    {"referenceLocator": "cpe:2.3:a"}, {"referenceLocator": "pkg:pypi/openssl@1"}]},
                {"name": "openssl", "versionInfo": "2", "externalRefs": [
                    {"referenceLocator": "pkg:generic/openssl@2"}]}],
            "@graph": [
                {"type": "software_Package", "name": "openssl", "software_packageVersion": "3", "software_packageUrl": "pkg:conan/openssl@3"},
                {"type": "software_Package", "name": "openssl", "software_packageVersion": "4",
                 "externalIdentifier": [{"identifier": "cpe:2.3:a"}, {"identifier": "pkg:cargo/openssl@4"}]}]}"#;
        assert_eq!(versions(text), ["2", "3"]);
    }

    #[test]
    fn many_components_are_taken_one_after_the_other() {
        let list = r#"{"name":"openssl","version":"1"},"#.repeat(10_000);
        let text = format!(r#"{{"components": [{list} {{"name":"openssl","version":"2"}}]}}"#);
        assert_eq!(versions(text.as_bytes()), ["1", "2"]);
    }
}
