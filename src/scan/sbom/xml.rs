//! SBOMs as XML.
//!
//! Source: the XML schema of CycloneDX 1.x.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Claims, Component};

/// How deep elements may be nested.
const DEPTH: usize = 128;

/// Reads the claims of a document's components, wherever they stand in it. Entities that a document
/// declares are not known here, so that none can grow.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(text: &[u8]) -> Result<Claims, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<String> = Vec::new();
    // The components that are open, the innermost last.
    let mut building: Vec<Component> = Vec::new();
    let mut claims = Claims::default();
    let mut has_root = false;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(element) => {
                let name = element.local_name().as_ref().to_owned();
                if !has_root && name != "bom" {
                    return Err(format!(
                        "its outermost element is not `bom` but `{}`",
                        name.escape_debug()
                    ));
                }
                has_root = true;
                if open.len() >= DEPTH {
                    return Err(format!("its elements are nested deeper than {DEPTH}"));
                }
                if name == "component" {
                    building.push(Component::default());
                }
                open.push(name);
            }
            Event::End(_) => {
                let is_component = open.pop().as_deref() == Some("component");
                if let Some(component) = is_component.then(|| building.pop()).flatten() {
                    claims.add(&component);
                }
            }
            Event::Text(text) => write(&open, &mut building, text.as_ref()),
            Event::CData(text) => write(&open, &mut building, text.as_ref()),
            Event::GeneralRef(entity) if entity.as_ref() == "amp" => {
                write(&open, &mut building, "&");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !open.is_empty() || !has_root {
        return Err("it ends before its outermost element does".to_owned());
    }
    Ok(claims)
}

/// Adds text to the field of the innermost component that it stands directly in.
fn write(open: &[String], building: &mut [Component], text: &str) {
    let [.., parent, field] = open else {
        return;
    };
    let (Some(component), "component") = (building.last_mut(), parent.as_str()) else {
        return;
    };
    let text = text.trim();
    match field.as_str() {
        "name" => component.name.push_str(text),
        "version" => component.version.get_or_insert_default().push_str(text),
        "purl" => component.purl.get_or_insert_default().push_str(text),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn names_that_stand_directly_in_a_component_count() {
        let text = br#"<?xml version="1.0"?>
            <b:bom xmlns:b="http://cyclonedx.org/schema/bom/1.5"><b:components>
              <b:component type="library">
                <b:supplier><b:name>somebody</b:name></b:supplier>
                <b:name>openssl</b:name><b:version><![CDATA[3.5.4]]></b:version>
                <b:purl>pkg:generic/openssl@3.5.4?a=b&amp;c=d</b:purl>
                <b:components><b:component><b:name>libressl</b:name><b:version>1</b:version></b:component></b:components>
              </b:component>
            </b:components></b:bom>"#;
        let claims = read(text).unwrap().0;
        let versions: Vec<_> = claims.iter().map(|claim| claim.version.as_str()).collect();
        assert_eq!(versions, ["1", "3.5.4"]);
    }

    #[rstest]
    #[case(b"<html><body></body></html>", "not `bom` but `html`")]
    #[case(b"<bom><components>", "ends before")]
    #[case(b"<bom></components>", "expected")]
    #[case(b"<!-- nothing -->", "ends before")]
    fn what_is_wrong_is_said(#[case] text: &[u8], #[case] why: &str) {
        let error = read(text).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}
