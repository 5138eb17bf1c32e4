//! From what a page says of a file to a [`File`], or to a warning.

use std::collections::HashMap;

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
    let mut places = HashMap::with_capacity(entries.len());
    let mut warnings = Vec::new();
    let mut unsaid = 0_usize;
    for entry in entries {
        match file(&entry, package, base, reach) {
            Ok(file) => keep(file, &mut files, &mut places),
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

/// Whether an entry does not even have the shape of one.
pub(super) fn is_garbage(entry: &Entry) -> bool {
    entry.malformed.is_some() || !is_file_name(&entry.name)
}

/// Keeps one file of each name. Of two that contradict each other none can be believed; it counts
/// as yanked only where both are.
fn keep(file: File, files: &mut Vec<File>, places: &mut HashMap<String, usize>) {
    let known = places.get(&file.name).and_then(|at| files.get_mut(*at));
    let Some(known) = known else {
        places.insert(file.name.clone(), files.len());
        files.push(file);
        return;
    };
    if file.yanked.is_none() {
        known.yanked = None;
    }
    if known.problem.is_none() && (file.problem.is_some() || known.sha256 != file.sha256) {
        known.sha256 = None;
        let contradiction = || "the index lists it twice, with different hashes".to_owned();
        known.problem = Some(file.problem.unwrap_or_else(contradiction));
    }
}

/// The file of an entry. A wheel of this package stays, with a problem, although it cannot be
/// read: if it were left out, nobody would learn that it was not looked at.
fn file(entry: &Entry, package: &str, base: &Url, reach: Reach) -> Result<File, String> {
    let name = entry.name.as_str();
    if !is_file_name(name) {
        return Err(match &entry.malformed {
            Some(reason) => reason.clone(),
            None => "its name is not a file's".into(),
        });
    }
    let wheel = wheel_name(name, package).inspect_err(|reason| {
        tracing::debug!("{}: {name:?}: {reason}", printable(base));
    })?;
    let (url, sha256, problem) = match place(entry, base) {
        Ok((url, sha256)) => (url, sha256, None),
        Err(reason) if wheel.is_some() => {
            let mut page = base.clone();
            make_plain(&mut page);
            let problem = format!("the index entry {name:?} is of no use: {reason}");
            (page, None, Some(problem))
        }
        Err(reason) => return Err(reason),
    };
    Ok(File {
        name: name.to_owned(),
        sha256,
        size: entry.size,
        uploaded: entry.uploaded.as_deref().and_then(moment),
        yanked: entry.yanked.clone(),
        wheel,
        reach,
        url,
        problem,
    })
}

fn is_file_name(name: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '/' | '\\');
    !name.is_empty() && name.len() <= 1024 && !name.contains(odd)
}

/// Where the entry's file is, and the SHA-256 that it should have.
fn place(entry: &Entry, base: &Url) -> Result<(Url, Option<String>), String> {
    if let Some(reason) = &entry.malformed {
        return Err(reason.clone());
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
    make_plain(&mut url);
    Ok((url, sha256))
}

/// No login of the index's choice is ever used.
fn make_plain(url: &mut Url) {
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
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
    const OTHER: &str = "0000000000000000000000000000000000000000000000000000000000000000";
    const WHEEL: &str = "demo-1.0-py3-none-any.whl";

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

    #[rstest]
    #[case("file:///etc/passwd", None, "scheme \"file\"")]
    #[case("ftp://files.example/demo.whl", None, "scheme \"ftp\"")]
    #[case("https://", None, "cannot be read")]
    #[case("a#sha256=00", None, "SHA-256")]
    #[case("a", Some("it has no url"), "it has no url")]
    fn a_wheel_of_the_package_stays_with_its_problem(
        #[case] url: &str,
        #[case] malformed: Option<&str>,
        #[case] reason: &str,
    ) {
        let entry = Entry {
            name: WHEEL.into(),
            url: url.into(),
            malformed: malformed.map(str::to_owned),
            ..Entry::default()
        };
        let base = Url::parse("https://me:secret@index.example/simple/demo/").unwrap();
        let file = file(&entry, "demo", &base, Reach::Public).unwrap();
        let problem = file.problem.unwrap();
        assert!(problem.contains(reason), "{problem}");
        assert_eq!(file.url.as_str(), "https://index.example/simple/demo/");
        assert_eq!((file.wheel.is_some(), file.sha256), (true, None));
    }

    #[rstest]
    #[case([SUM, SUM], false)]
    #[case([SUM, ""], true)]
    #[case([SUM, OTHER], true)]
    #[case([SUM, "00"], true)]
    #[case(["00", SUM], true)]
    fn of_two_files_of_a_name_one_stays(#[case] sums: [&str; 2], #[case] is_problem: bool) {
        let base = Url::parse("https://index.example/").unwrap();
        let entry = |sum: &str| Entry {
            name: WHEEL.into(),
            url: "a".into(),
            sha256: (!sum.is_empty()).then(|| sum.to_owned()),
            ..Entry::default()
        };
        let (files, warnings) = files(sums.map(entry).into(), "demo", &base, Reach::Public);
        let [file] = files.as_slice() else {
            panic!("{files:?}");
        };
        assert_eq!(file.problem.is_some(), is_problem, "{file:?}");
        assert_eq!(file.sha256.is_none(), is_problem);
        assert_eq!(warnings.len(), 0);
    }

    #[test]
    fn a_file_that_is_listed_twice_is_yanked_when_both_are() {
        let base = Url::parse("https://index.example/").unwrap();
        let entry = |reason: Option<&str>| Entry {
            name: WHEEL.into(),
            url: "a".into(),
            yanked: reason.map(str::to_owned),
            ..Entry::default()
        };
        let yanked = |second: Option<&str>| {
            let entries = vec![entry(Some("broken")), entry(second)];
            let (files, _) = files(entries, "demo", &base, Reach::Public);
            files[0].yanked.clone()
        };
        assert_eq!(yanked(None), None);
        assert_eq!(yanked(Some("")).as_deref(), Some("broken"));
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
