//! From what a page says of a file to a [`File`], or to a warning.

use chrono::{DateTime, Utc};
use url::Url;

use crate::fetch::{Reach, printable};
use crate::model::WheelName;
use crate::source::is_sha256;

use super::File;

/// How many warnings are kept of one page.
const MAXIMUM_WARNINGS: usize = 50;

/// A file as a page shows it; everything is a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Perhaps relative; a fragment `sha256=…` may promise the hash. Source: PEP 503.
    pub(super) url: String,
    pub(super) sha256: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) uploaded: Option<String>,
    pub(super) yanked: Option<String>,
    /// Why the entry could not even be read.
    pub(super) malformed: Option<String>,
}

/// The files that make sense, and warnings about the others.
pub(super) fn files(
    entries: Vec<Entry>,
    package: &str,
    base: &Url,
    reach: Reach,
) -> (Vec<File>, Vec<String>) {
    let mut files = Vec::with_capacity(entries.len());
    let mut warnings = Vec::new();
    let mut unsaid = 0_usize;
    for entry in entries {
        match file(&entry, package, base, reach) {
            Ok(file) => files.push(file),
            Err(reason) if warnings.len() < MAXIMUM_WARNINGS => {
                let name: String = entry.name.chars().take(200).collect();
                warnings.push(format!("the index entry {name:?} is left out: {reason}"));
            }
            Err(_) => unsaid += 1,
        }
    }
    if unsaid > 0 {
        warnings.push(format!("{unsaid} more index entries are left out"));
    }
    (files, warnings)
}

fn file(entry: &Entry, package: &str, base: &Url, reach: Reach) -> Result<File, String> {
    if let Some(reason) = &entry.malformed {
        return Err(reason.clone());
    }
    let name = entry.name.as_str();
    let odd = |c: char| c.is_control() || matches!(c, '/' | '\\');
    if name.is_empty() || name.len() > 1024 || name.contains(odd) {
        return Err("its name is not a file's".into());
    }
    let mut url = base
        .join(entry.url.trim())
        .map_err(|error| format!("its address cannot be read ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "its address is of the scheme {:?}, and only http and https are fetched",
            url.scheme()
        ));
    }
    let sha256 = match entry.sha256.clone().or_else(|| promised_in(url.fragment())) {
        Some(sum) if !is_sha256(&sum.to_ascii_lowercase()) => {
            return Err("its SHA-256 is not one".into());
        }
        sum => sum.map(|sum| sum.to_ascii_lowercase()),
    };
    // No login of the index's choice is ever used.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    let wheel = wheel_name(name, package).map_err(|reason| {
        tracing::debug!("{}: {reason}", printable(&url));
        reason
    })?;
    Ok(File {
        name: name.to_owned(),
        sha256,
        size: entry.size,
        uploaded: entry.uploaded.as_deref().and_then(moment),
        yanked: entry.yanked.clone(),
        wheel,
        reach,
        url,
    })
}

fn wheel_name(name: &str, package: &str) -> Result<Option<WheelName>, String> {
    if !name.ends_with(".whl") {
        return Ok(None);
    }
    let wheel: WheelName = name.parse().map_err(|error| format!("{error}"))?;
    if wheel.package != package {
        return Err(format!("it is a wheel of {:?}", wheel.package));
    }
    Ok(Some(wheel))
}

fn promised_in(fragment: Option<&str>) -> Option<String> {
    let sum = fragment?
        .split('&')
        .find_map(|part| part.strip_prefix("sha256="))?;
    Some(sum.to_owned())
}

/// A moment in the form that PEP 700 asks for.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(text).ok()?;
    Some(moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SUM: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn judged(name: &str, url: &str) -> Result<File, String> {
        let entry = Entry {
            name: name.into(),
            url: url.into(),
            ..Entry::default()
        };
        let base = Url::parse("https://index.example/simple/demo/").unwrap();
        file(&entry, "demo", &base, Reach::Public)
    }

    #[rstest]
    #[case("../../files/demo.tar.gz", "https://index.example/files/demo.tar.gz")]
    #[case("//files.example/demo.tar.gz", "https://files.example/demo.tar.gz")]
    #[case("https://me:secret@files.example/a", "https://files.example/a")]
    fn addresses_are_resolved(#[case] url: &str, #[case] expected: &str) {
        assert_eq!(
            judged("demo-1.0.tar.gz", url).unwrap().url.as_str(),
            expected
        );
    }

    #[test]
    fn a_fragment_promises_a_hash() {
        let file = judged("demo-1.0.tar.gz", &format!("a?b=c#egg=demo&sha256={SUM}")).unwrap();
        assert_eq!(file.sha256.as_deref(), Some(SUM));
        assert_eq!(file.url.as_str(), "https://index.example/simple/demo/a?b=c");
    }

    #[rstest]
    #[case("demo-1.0.tar.gz", "file:///etc/passwd", "scheme")]
    #[case("demo-1.0.tar.gz", "https://", "cannot be read")]
    #[case("demo-1.0.tar.gz", "a#sha256=00", "SHA-256")]
    #[case("../demo-1.0.tar.gz", "a", "not a file's")]
    #[case("demo\u{1b}[2J", "a", "not a file's")]
    #[case("", "a", "not a file's")]
    #[case("demo-1.0.whl", "a", "not a wheel's")]
    #[case("other-1.0-py3-none-any.whl", "a", "other")]
    fn nonsense_is_left_out(#[case] name: &str, #[case] url: &str, #[case] reason: &str) {
        let error = judged(name, url).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn warnings_have_a_bound() {
        let base = Url::parse("https://index.example/").unwrap();
        let (files, warnings) = files(vec![Entry::default(); 1000], "demo", &base, Reach::Public);
        assert_eq!(files.len(), 0);
        assert_eq!(warnings.len(), MAXIMUM_WARNINGS + 1);
        assert!(warnings.last().unwrap().starts_with("950 more"));
    }
}
