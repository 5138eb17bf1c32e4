//! Scans by the wheel and the scanner's revision: a wheel never changes, so it is read once.
//!
//! A wheel that was read as a whole has the SHA-256 that it is known by, wherever it came from. Of
//! one of which only the tail was read the SHA-256 is an index's word for it: it is known by that
//! and its address together, so that no index speaks for the wheels of another.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::{ProblemCode, WheelScan};
use crate::scan::{REVISION, Scanned};
use crate::source::{Sha256Sum, is_sha256};

use super::Store;

const KIND: &str = "scans";
const SCHEMA: &str = "rewheel/store/scan/v2";

#[derive(Serialize, Deserialize)]
struct Entry {
    schema: String,
    revision: u32,
    /// What it is found by.
    key: String,
    tail_only: bool,
    scan: WheelScan,
}

impl Store {
    /// The scan of the wheel with this SHA-256 at this address by this revision of the scanner.
    pub fn scan(&self, sha256: &str, url: &Url) -> Option<Scanned> {
        [false, true].into_iter().find_map(|tail_only| {
            let key = key(sha256, url, tail_only)?;
            let entry: Entry = serde_json::from_slice(&self.read(KIND, &key)?).ok()?;
            let holds = entry.schema == SCHEMA
                && entry.revision == REVISION
                && entry.key == key
                && entry.tail_only == tail_only;
            holds.then_some(Scanned {
                scan: entry.scan,
                tail_only,
            })
        })
    }

    /// Remembers the scan of the wheel with this SHA-256 at this address: the computed and verified
    /// SHA-256, or, for a wheel of which only the tail was read, the one that the index promised.
    /// What is no SHA-256 is not remembered, nor is a scan that a limit cut short: with a higher
    /// limit it would say more.
    pub fn remember_scan(&self, sha256: &str, url: &Url, scanned: &Scanned) {
        let problems = &scanned.scan.problems;
        let is_cut = problems
            .iter()
            .any(|problem| problem.code == ProblemCode::LimitReached);
        let Some(key) = key(sha256, url, scanned.tail_only).filter(|_| !is_cut) else {
            return;
        };
        let entry = Entry {
            schema: SCHEMA.to_owned(),
            revision: REVISION,
            key,
            tail_only: scanned.tail_only,
            scan: scanned.scan.clone(),
        };
        if let Ok(text) = serde_json::to_vec(&entry) {
            self.write(KIND, &entry.key, &[&text]);
        }
    }
}

fn key(sha256: &str, url: &Url, tail_only: bool) -> Option<String> {
    if !is_sha256(sha256) {
        return None;
    }
    Some(if tail_only {
        Sha256Sum::of(format!("{sha256} {url}").as_bytes())
    } else {
        sha256.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::model::Problem;

    use super::*;

    fn url() -> Url {
        Url::parse("https://files.example/a.whl").unwrap()
    }

    fn scanned() -> Scanned {
        Scanned {
            scan: WheelScan {
                problems: vec![Problem {
                    code: ProblemCode::DuplicateMember,
                    message: "two members have one name".into(),
                    path: Some("a.so".into()),
                }],
                ..WheelScan::default()
            },
            tail_only: false,
        }
    }

    fn only_file(folder: &Path) -> std::path::PathBuf {
        let mut path = folder.to_owned();
        while path.is_dir() {
            let mut entries: Vec<_> = std::fs::read_dir(&path).unwrap().collect();
            assert_eq!(entries.len(), 1);
            path = entries.remove(0).unwrap().path();
        }
        path
    }

    #[test]
    fn a_scan_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let key = Sha256Sum::of(b"wheel");
        let store = Store::at(folder.path().join("new"));
        assert_eq!(store.scan(&key, &url()), None);
        store.remember_scan(&key, &url(), &scanned());
        assert_eq!(
            Store::at(folder.path().join("new")).scan(&key, &url()),
            Some(scanned())
        );
        assert_eq!(store.scan(&Sha256Sum::of(b"other"), &url()), None);
    }

    #[test]
    fn damaged_and_foreign_entries_are_ignored_and_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        let key = Sha256Sum::of(b"wheel");
        let store = Store::at(folder.path().to_owned());
        store.remember_scan(&key, &url(), &scanned());
        let path = only_file(folder.path());
        let good = std::fs::read_to_string(&path).unwrap();
        let later = good.replace(
            &format!("\"revision\":{REVISION}"),
            &format!("\"revision\":{}", REVISION + 1),
        );
        assert_ne!(good, later);
        let foreign = good.replace("store/scan/v2", "store/scan/v1");
        let swapped = good.replace(&key, &Sha256Sum::of(b"other"));
        for bad in [
            &good[..good.len() / 2],
            "",
            "\0\u{ffff}",
            &later,
            &foreign,
            &swapped,
        ] {
            std::fs::write(&path, bad).unwrap();
            assert_eq!(store.scan(&key, &url()), None, "{bad}");
        }
        store.remember_scan(&key, &url(), &scanned());
        assert_eq!(store.scan(&key, &url()), Some(scanned()));
    }

    #[test]
    fn what_an_index_says_of_a_wheel_is_not_believed_for_another_address() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().to_owned());
        let key = Sha256Sum::of(b"wheel");
        let elsewhere = Url::parse("https://other.example/a.whl").unwrap();
        let tail = Scanned {
            tail_only: true,
            ..scanned()
        };
        store.remember_scan(&key, &url(), &tail);
        assert_eq!(store.scan(&key, &url()), Some(tail));
        assert_eq!(store.scan(&key, &elsewhere), None);
        store.remember_scan(&key, &url(), &scanned());
        assert_eq!(store.scan(&key, &url()), Some(scanned()));
        assert_eq!(store.scan(&key, &elsewhere), Some(scanned()));
    }

    #[test]
    fn an_entry_of_a_tail_is_none_of_a_whole_wheel() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().to_owned());
        let key = Sha256Sum::of(b"wheel");
        store.remember_scan(&key, &url(), &scanned());
        let path = only_file(folder.path());
        let good = std::fs::read_to_string(&path).unwrap();
        let tail = good.replace("\"tail_only\":false", "\"tail_only\":true");
        assert_ne!(good, tail);
        std::fs::write(&path, tail).unwrap();
        assert_eq!(store.scan(&key, &url()), None);
    }

    #[test]
    fn a_scan_that_a_limit_cut_short_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().to_owned());
        let key = Sha256Sum::of(b"wheel");
        let mut cut = scanned();
        cut.scan.problems[0].code = ProblemCode::LimitReached;
        store.remember_scan(&key, &url(), &cut);
        assert_eq!(store.scan(&key, &url()), None);
    }

    #[test]
    fn a_key_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("store"));
        for key in ["../../x", "", "é", &"/".repeat(64), &"A".repeat(64)] {
            store.remember_scan(key, &url(), &scanned());
            assert_eq!(store.scan(key, &url()), None);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn none_remembers_nothing() {
        let key = Sha256Sum::of(b"wheel");
        let store = Store::none();
        store.remember_scan(&key, &url(), &scanned());
        assert_eq!(store.scan(&key, &url()), None);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let key = Sha256Sum::of(b"wheel");
        let store = Store::at(file);
        store.remember_scan(&key, &url(), &scanned());
        store.remember_scan(&key, &url(), &scanned());
        assert_eq!(store.scan(&key, &url()), None);
    }

    #[test]
    fn the_environment_names_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().display().to_string();
        let store = Store::of_user(&|name| (name == "REWHEEL_CACHE_DIR").then(|| named.clone()));
        let key = Sha256Sum::of(b"wheel");
        store.remember_scan(&key, &url(), &scanned());
        assert!(only_file(folder.path()).is_file());
    }
}
