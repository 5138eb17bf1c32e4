//! SBOMs as JSON.
//!
//! Source: the JSON schemas of CycloneDX 1.x and SPDX 2.x; the JSON-LD context of SPDX 3.0.

use serde::Deserialize;

use super::Component;

/// What the forms have, each under names of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    metadata: Metadata,
    components: Vec<Cyclonedx>,
    packages: Vec<Spdx2>,
    #[serde(rename = "@graph")]
    graph: Vec<Spdx3>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    component: Option<Cyclonedx>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cyclonedx {
    name: String,
    version: Option<String>,
    purl: Option<String>,
    components: Vec<Cyclonedx>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spdx2 {
    name: String,
    version_info: Option<String>,
    external_refs: Vec<Reference>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Reference {
    reference_locator: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spdx3 {
    name: String,
    #[serde(rename = "software_packageVersion")]
    version: Option<String>,
    #[serde(rename = "software_packageUrl")]
    purl: Option<String>,
    #[serde(rename = "externalIdentifier")]
    identifiers: Vec<Identifier>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Identifier {
    identifier: String,
}

/// Reads the components of a document.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(text: &[u8]) -> Result<Vec<Component>, String> {
    let document: Document = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let mut components = Vec::new();
    for component in document
        .components
        .into_iter()
        .chain(document.metadata.component)
    {
        cyclonedx(component, &mut components);
    }
    components.extend(document.packages.into_iter().map(|package| {
        Component {
            name: package.name,
            version: package.version_info,
            purl: package
                .external_refs
                .into_iter()
                .map(|reference| reference.reference_locator)
                .find(|locator| is_purl(locator)),
        }
    }));
    components.extend(document.graph.into_iter().map(|element| Component {
        name: element.name,
        version: element.version,
        purl: element.purl.or_else(|| {
            let identifiers = element.identifiers.into_iter();
            identifiers
                .map(|one| one.identifier)
                .find(|one| is_purl(one))
        }),
    }));
    Ok(components)
}

// The JSON reader bounds how deep components may be nested.
fn cyclonedx(component: Cyclonedx, components: &mut Vec<Component>) {
    components.push(Component {
        name: component.name,
        version: component.version,
        purl: component.purl,
    });
    for inner in component.components {
        cyclonedx(inner, components);
    }
}

fn is_purl(text: &str) -> bool {
    text.starts_with("pkg:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(version: &str, purl: Option<&str>) -> Component {
        Component {
            name: "openssl".to_owned(),
            version: Some(version.to_owned()),
            purl: purl.map(str::to_owned),
        }
    }

    #[test]
    fn components_inside_others_and_the_one_described_count() {
        let text = br#"{"metadata": {"component": {"name": "openssl", "version": "1"}},
            "components": [{"name": "a", "components": [{"name": "openssl", "version": "2", "purl": "pkg:generic/openssl@2"}]}]}"#;
        let read = read(text).unwrap();
        assert_eq!(
            read[1..],
            [
                component("2", Some("pkg:generic/openssl@2")),
                component("1", None)
            ]
        );
    }

    #[test]
    fn package_urls_of_both_generations_of_spdx() {
        let text = br#"{"packages": [{"name": "openssl", "versionInfo": "1", "externalRefs": [
                {"referenceLocator": "cpe:2.3:a"}, {"referenceLocator": "pkg:pypi/openssl@1"}]}],
            "@graph": [
                {"type": "software_Package", "name": "openssl", "software_packageVersion": "2", "software_packageUrl": "pkg:conan/openssl@2"},
                {"type": "software_Package", "name": "openssl", "software_packageVersion": "3",
                 "externalIdentifier": [{"identifier": "cpe:2.3:a"}, {"identifier": "pkg:generic/openssl@3"}]}]}"#;
        let expected = [
            component("1", Some("pkg:pypi/openssl@1")),
            component("2", Some("pkg:conan/openssl@2")),
            component("3", Some("pkg:generic/openssl@3")),
        ];
        assert_eq!(read(text).unwrap(), expected);
    }
}
