//! Pages of the JSON simple API. Sources: PEP 691, 700 and 714.
//!
//! A page is hostile until it is read: it may hold anything at any place, and very much of it. So a
//! value of another kind than is wanted is passed over where it stands, and of files no more are
//! kept than are allowed.

mod lenient;

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Listing;
use super::entry::Entry;

use lenient::{Fields, Scalar};

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
}

/// Reads a page; the error is why it is none. Of more files than `most` one more is kept, which
/// tells that there are more.
pub(super) fn read(body: &str, most: usize) -> Result<Listing, String> {
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
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let page = Page(most).deserialize(&mut deserializer);
    let (name, entries) = page
        .and_then(|page| deserializer.end().map(|()| page))
        .map_err(|error| format!("its JSON has no list of files ({})", shortened(&error)))?;
    Ok(Listing {
        version: Some(meta.api_version),
        name,
        base: None,
        entries,
    })
}

/// The name and the files of a page, of which at most so many and one are kept.
struct Page(usize);

impl<'de> DeserializeSeed<'de> for Page {
    type Value = (Option<String>, Vec<Entry>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Page {
    type Value = (Option<String>, Vec<Entry>);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a page of the simple API")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut name, mut entries) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => name = map.next_value::<Scalar>()?.text(),
                "files" if entries.is_none() => entries = Some(map.next_value_seed(Files(self.0))?),
                "files" => return Err(serde::de::Error::duplicate_field("files")),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let entries = entries.ok_or_else(|| serde::de::Error::missing_field("files"))?;
        Ok((name, entries))
    }
}

struct Files(usize);

impl<'de> DeserializeSeed<'de> for Files {
    type Value = Vec<Entry>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Files {
    type Value = Vec<Entry>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of files")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while entries.len() <= self.0 {
            match seq.next_element::<Fields>()? {
                Some(fields) => entries.push(entry(fields)),
                None => return Ok(entries),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(entries)
    }
}

fn entry(fields: Fields) -> Entry {
    if !fields.is_object {
        return malformed(String::new(), "it is not an object");
    }
    let Some(name) = fields.filename else {
        return malformed(String::new(), "it has no filename");
    };
    Entry {
        sha256: fields.sha256,
        size: fields.size,
        uploaded: fields.upload_time,
        yanked: fields.yanked,
        malformed: fields.url.is_none().then(|| "it has no url".to_owned()),
        name,
        url: fields.url.unwrap_or_default(),
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
            100,
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
        let listing = read(
            r#"{"meta": {"api-version": "2.0"}, "files": "elsewhere"}"#,
            9,
        )
        .unwrap();
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
            assert!(read(body, 9).is_err(), "{body}");
        }
    }

    #[test]
    fn no_more_files_are_kept_than_tell_that_there_are_too_many() {
        let body = format!(
            r#"{{"meta":{{"api-version":"1.0"}},"files":[{}1]}}"#,
            "{},".repeat(1000)
        );
        assert_eq!(read(&body, 9).unwrap().entries.len(), 10);
        assert_eq!(read(&body, 1001).unwrap().entries.len(), 1001);
    }

    /// What stands where it does not belong is passed over, and never held.
    #[test]
    fn a_value_of_another_kind_is_none() {
        let listing = read(
            r#"{"meta": {"api-version": "1.0"}, "name": [[1], {"a": 2}], "files": [
                {"filename": "a.whl", "url": {"deep": [1, 2]}, "hashes": [1], "size": -1, "yanked": [2]},
                {"filename": ["x"], "url": "u"}, [1, [2]], null, "text", 1.5, true,
                {"filename": "b.whl", "url": "u", "hashes": {"sha256": 3}, "size": 2.5, "yanked": null}
            ], "files-too": [{}]}"#,
            100,
        )
        .unwrap();
        assert_eq!((listing.name, listing.entries.len()), (None, 8));
        let (first, last) = (&listing.entries[0], &listing.entries[7]);
        assert_eq!(
            (&first.sha256, first.size, &first.yanked),
            (&None, None, &None)
        );
        assert!(first.malformed.is_some() && last.malformed.is_none());
        assert_eq!(
            (&last.sha256, last.size, &last.yanked),
            (&None, None, &None)
        );
        assert!(
            listing.entries[1..7]
                .iter()
                .all(|one| one.malformed.is_some())
        );
        for body in [
            r#"{"meta":{"api-version":"1.0"},"files":[],"files":[]}"#,
            r#"{"meta":{"api-version":"1.0"},"files":{}}"#,
            r#"{"meta":{"api-version":"1.0"},"files":[]} x"#,
        ] {
            assert!(read(body, 9).is_err(), "{body}");
        }
    }
}
