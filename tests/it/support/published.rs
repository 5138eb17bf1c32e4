//! Wheels that were really published: which, what is known to be in them, and how they are had.
//!
//! `tests/fixtures/wheels.json` lists them. pip downloads them by name from wherever it is
//! configured to, into `target/published-wheels/`, where they are kept: a file with the right
//! SHA-256 is not downloaded again. A wheel that cannot be had is told on standard error, past what
//! the test harness captures; where `CI` is set it fails the tests.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rewheel::model::{Finding, WheelName};
use rewheel::source::Sha256Sum;
use serde::Deserialize;

/// How many downloads run at once: as many as a registry takes without complaint.
const AT_ONCE: usize = 4;

/// A published wheel.
#[derive(Clone, Debug, Deserialize)]
pub struct PublishedWheel {
    pub file: String,
    pub sha256: String,
    pub size: u64,
    pub package: String,
    pub version: String,
    /// What is in it, each as `LIBRARY VERSION LINKAGE`, with `-` for a version that is not known.
    pub holds: Vec<String>,
    /// The same for each binary that carries or needs a library, by `PATH ARCHITECTURE`.
    pub binaries: BTreeMap<String, String>,
}

impl PublishedWheel {
    /// Where it is kept.
    pub fn path(&self) -> PathBuf {
        folder().join(&self.file)
    }

    fn is_at_hand(&self) -> bool {
        fs::read(self.path()).is_ok_and(|bytes| Sha256Sum::of(&bytes) == self.sha256)
    }
}

/// A finding in the words of the list.
pub fn described(finding: &Finding) -> String {
    let version = finding.version.as_deref().unwrap_or("-");
    format!("{} {version} {}", finding.library, finding.linkage)
}

/// Every wheel of the list.
pub fn listed() -> Vec<PublishedWheel> {
    serde_json::from_str(include_str!("../../fixtures/wheels.json")).unwrap()
}

/// The wheels that could be had, downloaded when they were not there yet.
///
/// # Panics
/// When one could not be had and `CI` is set.
pub fn at_hand() -> Vec<PublishedWheel> {
    static MISSING: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let missing = MISSING.get_or_init(|| {
        let missing = download(&listed());
        if !missing.is_empty() {
            tell_loudly(&missing);
        }
        missing
    });
    let is_continuous_integration = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(
        missing.is_empty() || !is_continuous_integration,
        "published wheels could not be had: {missing:#?}"
    );
    let mut wheels = listed();
    wheels.retain(|wheel| !missing.contains_key(&wheel.file));
    wheels
}

/// `target/published-wheels`, wherever the target folder is.
fn folder() -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    scratch.parent().unwrap().join("published-wheels")
}

fn tell_loudly(missing: &BTreeMap<String, String>) {
    let mut text = format!(
        "\n*** {} PUBLISHED WHEELS COULD NOT BE HAD AND ARE NOT TESTED:\n",
        missing.len()
    );
    for (file, reason) in missing {
        text.push_str(&format!("***   {file}: {reason}\n"));
    }
    // Written as a whole to the stream itself: the harness captures only what is printed.
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Downloads what is not there; returns what could not be had, with the reason.
fn download(wheels: &[PublishedWheel]) -> BTreeMap<String, String> {
    let wanted: Vec<&PublishedWheel> = wheels.iter().filter(|wheel| !wheel.is_at_hand()).collect();
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    fs::create_dir_all(folder()).unwrap();
    let Some(python) = python_with_pip() else {
        let reason = || "there is no Python with pip".to_owned();
        return wanted
            .into_iter()
            .map(|wheel| (wheel.file.clone(), reason()))
            .collect();
    };
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let mut missing = Vec::new();
                    while let Some(wheel) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if let Err(reason) = fetch(python, wheel) {
                            missing.push((wheel.file.clone(), reason));
                        }
                    }
                    missing
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    })
}

fn python_with_pip() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|python| {
        let asked = Command::new(python)
            .args(["-m", "pip", "--version"])
            .output();
        asked.is_ok_and(|answer| answer.status.success())
    })
}

/// Lets pip select and download one wheel, trying its platform tags one after another: pip takes
/// one that suits the platform best, which for some tags is another file of the same version.
fn fetch(python: &str, wheel: &PublishedWheel) -> Result<(), String> {
    let mut reason = String::new();
    for selection in selections(&wheel.file) {
        // Inside the folder, so that what is right can be moved and is never seen half written.
        let scratch = tempfile::tempdir_in(folder()).unwrap();
        let done = Command::new(python)
            .args(["-m", "pip", "download", "--quiet", "--no-input"])
            .args([
                "--no-deps",
                "--only-binary=:all:",
                "--ignore-requires-python",
            ])
            .args(selection)
            .arg("-d")
            .arg(scratch.path())
            .arg(format!("{}=={}", wheel.package, wheel.version))
            .output()
            .map_err(|error| error.to_string())?;
        let downloaded = scratch.path().join(&wheel.file);
        match fs::read(&downloaded) {
            Ok(bytes) if Sha256Sum::of(&bytes) == wheel.sha256 => {
                return fs::rename(downloaded, wheel.path()).map_err(|error| error.to_string());
            }
            Ok(_) => reason = "its SHA-256 is another".to_owned(),
            Err(_) if done.status.success() => reason = "pip chose another file".to_owned(),
            Err(_) => {
                let said = String::from_utf8_lossy(&done.stderr);
                let last = said.lines().rfind(|line| !line.trim().is_empty());
                reason = last.unwrap_or("pip failed and did not say why").to_owned();
            }
        }
    }
    Err(reason)
}

/// The options with which pip selects this file, one list for each platform it is for.
fn selections(file: &str) -> Vec<Vec<String>> {
    let name: WheelName = file.parse().unwrap();
    let tags = name.tags();
    let mut platforms: Vec<&str> = Vec::new();
    let mut abis: Vec<&str> = Vec::new();
    let mut interpreter = "";
    for tag in &tags {
        let [python, abi, platform] = tag.split('-').collect::<Vec<_>>()[..] else {
            panic!("{tag} has not three parts");
        };
        // Of several interpreters the last is the newest.
        interpreter = python;
        if !abis.contains(&abi) {
            abis.push(abi);
        }
        if !platforms.contains(&platform) {
            platforms.push(platform);
        }
    }
    let (implementation, version) = interpreter_of(interpreter);
    let base = [
        "--implementation",
        implementation,
        "--python-version",
        &version,
    ]
    .map(str::to_owned)
    .to_vec();
    if platforms == ["any"] {
        return vec![base];
    }
    let with_abis = abis
        .iter()
        .fold(base, |all, abi| [all, option("--abi", abi)].concat());
    platforms
        .into_iter()
        .map(|platform| [with_abis.clone(), option("--platform", platform)].concat())
        .collect()
}

fn option(name: &str, value: &str) -> Vec<String> {
    vec![name.to_owned(), value.to_owned()]
}

/// pip's names for `cp311`, `cp36` and `pp310`. What runs on every interpreter runs on a recent one.
fn interpreter_of(tag: &str) -> (&str, String) {
    let (name, digits) = tag.split_at(2);
    match (name, digits.split_at_checked(1)) {
        ("cp" | "pp", Some((major, minor))) if !minor.is_empty() => {
            (name, format!("{major}.{minor}"))
        }
        ("cp" | "pp", Some((major, _))) => (name, major.to_owned()),
        _ => ("cp", "3.11".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::selections;

    #[rstest]
    #[case(
        "a-1-cp311-cp311-win_amd64.whl",
        &["--implementation cp --python-version 3.11 --abi cp311 --platform win_amd64"]
    )]
    #[case(
        "a-1-cp36-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        &[
            "--implementation cp --python-version 3.6 --abi abi3 --platform manylinux_2_17_x86_64",
            "--implementation cp --python-version 3.6 --abi abi3 --platform manylinux2014_x86_64",
        ]
    )]
    #[case("a-1-py2.py3-none-any.whl", &["--implementation cp --python-version 3.11"])]
    #[case(
        "a-1-py3-none-macosx_11_0_arm64.whl",
        &["--implementation cp --python-version 3.11 --abi none --platform macosx_11_0_arm64"]
    )]
    fn a_file_is_selected_by_its_tags(#[case] file: &str, #[case] expected: &[&str]) {
        let selected: Vec<String> = selections(file)
            .into_iter()
            .map(|options| options.join(" "))
            .collect();
        assert_eq!(selected, expected);
    }
}
