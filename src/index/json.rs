//! Pages of the JSON simple API. Sources: PEP 691, 700 and 714.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Listing;
use super::entry::Entry;

#[derive(Deserialize)]
struct Page {
    meta: Meta,
    name: Option<Value>,
    files: Vec<Value>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
}

/// Reads a page; the error is why it is none.
pub(super) fn read(body: &str) -> Result<Listing, String> {
    // The version is looked for first: a later one may have another shape.
    #[derive(Deserialize)]
    struct Versioned {
        meta: Meta,
    }
    let Versioned { meta } = serde_json::from_str(body)
        .map_err(|error| format!("its JSON has no API version ({})", shortened(&error)))?;
    let version: String = meta.api_version.chars().take(20).collect();
    if !super::is_understood(&version) {
        return Ok(Listing {
            version: Some(version),
            ..Listing::default()
        });
    }
    let page: Page = serde_json::from_str(body)
        .map_err(|error| format!("its JSON has no list of files ({})", shortened(&error)))?;
    Ok(Listing {
        version: Some(page.meta.api_version),
        name: page.name.and_then(|name| Some(name.as_str()?.to_owned())),
        base: None,
        entries: page.files.into_iter().map(entry).collect(),
    })
}

fn entry(value: Value) -> Entry {
    let Value::Object(fields) = value else {
        return malformed(String::new(), "it is not an object");
    };
    let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
    let Some(name) = text("filename") else {
        return malformed(String::new(), "it has no filename");
    };
    let url = text("url");
    let hashes = fields.get("hashes").and_then(Value::as_object);
    Entry {
        sha256: hashes.and_then(sha256_of),
        size: fields.get("size").and_then(Value::as_u64),
        uploaded: text("upload-time"),
        yanked: fields.get("yanked").and_then(reason),
        malformed: url.is_none().then(|| "it has no url".to_owned()),
        name,
        url: url.unwrap_or_default(),
    }
}

fn sha256_of(hashes: &Map<String, Value>) -> Option<String> {
    hashes.get("sha256")?.as_str().map(str::to_owned)
}

/// `true`, or the reason. Source: PEP 592 and 691.
fn reason(yanked: &Value) -> Option<String> {
    match yanked {
        Value::Bool(true) => Some(String::new()),
        Value::String(reason) => Some(reason.clone()),
        _ => None,
    }
}

fn malformed(name: String, reason: &str) -> Entry {
    Entry {
        name,
        malformed: Some(reason.to_owned()),
        ..Entry::default()
    }
}

fn shortened(error: &serde_json::Error) -> String {
    error.to_string().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_page() {
        let listing = read(
            r#"{"meta": {"api-version": "1.4", "_last-serial": 1}, "name": "demo", "versions": ["1.0"], "files": [
                {"filename": "a.tar.gz", "url": "a", "hashes": {"sha256": "00", "md5": "11"}, "size": 5,
                 "upload-time": "2026-10-01T12:00:00.123456Z", "yanked": false, "core-metadata": {}},
                {"filename": "b.tar.gz", "url": "b", "hashes": {}, "yanked": "broken"},
                {"filename": "c.tar.gz", "url": "c", "hashes": {}, "yanked": true},
                {"filename": "d.tar.gz"}, {"url": "e"}, 7 ]}"#,
        )
        .unwrap();
        let [a, b, c, d, e, f] = listing.entries.as_slice() else {
            panic!("{:?}", listing.entries);
        };
        assert_eq!(listing.name.as_deref(), Some("demo"));
        assert_eq!((a.sha256.as_deref(), a.size), (Some("00"), Some(5)));
        assert_eq!(a.uploaded.as_deref(), Some("2026-10-01T12:00:00.123456Z"));
        assert_eq!(a.yanked, None);
        assert_eq!(b.yanked.as_deref(), Some("broken"));
        assert_eq!(c.yanked.as_deref(), Some(""));
        assert!(d.malformed.is_some() && e.malformed.is_some() && f.malformed.is_some());
    }

    #[test]
    fn a_later_version_is_told_and_not_read() {
        let listing = read(r#"{"meta": {"api-version": "2.0"}, "files": "elsewhere"}"#).unwrap();
        assert_eq!(listing.version.as_deref(), Some("2.0"));
    }

    #[test]
    fn other_json_is_no_page() {
        for body in [
            "{}",
            "[]",
            "",
            "{\"message\": \"no\"}",
            "{\"meta\":{\"api-version\":\"1.0\"}}",
        ] {
            assert!(read(body).is_err(), "{body}");
        }
    }
}
