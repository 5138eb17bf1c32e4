//! Scans by the wheel's SHA-256 and the scanner's revision: a wheel never changes, so it is read
//! once.

use serde::{Deserialize, Serialize};

use crate::model::WheelScan;
use crate::scan::{REVISION, Scanned};

use super::Store;

const KIND: &str = "scans";
const SCHEMA: &str = "rewheel/store/scan/v1";

#[derive(Serialize, Deserialize)]
struct Entry {
    schema: String,
    revision: u32,
    sha256: String,
    /// Whether only the tail was read, so that the SHA-256 is the index's word for it.
    tail_only: bool,
    scan: WheelScan,
}

impl Store {
    /// The scan of the wheel with this SHA-256 by this revision of the scanner.
    pub fn scan(&self, sha256: &str) -> Option<Scanned> {
        let entry: Entry = serde_json::from_slice(&self.read(KIND, sha256)?).ok()?;
        let holds = entry.schema == SCHEMA && entry.revision == REVISION && entry.sha256 == sha256;
        holds.then_some(Scanned {
            scan: entry.scan,
            tail_only: entry.tail_only,
        })
    }

    /// Remembers the scan of the wheel with this SHA-256: the computed and verified one, or, for a
    /// wheel of which only the tail was read, the one that the index promised. A key that is no
    /// SHA-256 is not remembered.
    pub fn remember_scan(&self, sha256: &str, scanned: &Scanned) {
        let entry = Entry {
            schema: SCHEMA.to_owned(),
            revision: REVISION,
            sha256: sha256.to_owned(),
            tail_only: scanned.tail_only,
            scan: scanned.scan.clone(),
        };
        if let Ok(text) = serde_json::to_vec(&entry) {
            self.write(KIND, sha256, &[&text]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::model::{Problem, ProblemCode};
    use crate::source::Sha256Sum;

    use super::*;

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
            tail_only: true,
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
        assert_eq!(store.scan(&key), None);
        store.remember_scan(&key, &scanned());
        assert_eq!(
            Store::at(folder.path().join("new")).scan(&key),
            Some(scanned())
        );
        assert_eq!(store.scan(&Sha256Sum::of(b"other")), None);
    }

    #[test]
    fn damaged_and_foreign_entries_are_ignored_and_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        let key = Sha256Sum::of(b"wheel");
        let store = Store::at(folder.path().to_owned());
        store.remember_scan(&key, &scanned());
        let path = only_file(folder.path());
        let good = std::fs::read_to_string(&path).unwrap();
        let later = good.replace(
            &format!("\"revision\":{REVISION}"),
            &format!("\"revision\":{}", REVISION + 1),
        );
        assert_ne!(good, later);
        let foreign = good.replace("store/scan/v1", "store/scan/v2");
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
            assert_eq!(store.scan(&key), None, "{bad}");
        }
        store.remember_scan(&key, &scanned());
        assert_eq!(store.scan(&key), Some(scanned()));
    }

    #[test]
    fn a_key_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("store"));
        for key in ["../../x", "", "é", &"/".repeat(64), &"A".repeat(64)] {
            store.remember_scan(key, &scanned());
            assert_eq!(store.scan(key), None);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn none_remembers_nothing() {
        let key = Sha256Sum::of(b"wheel");
        let store = Store::none();
        store.remember_scan(&key, &scanned());
        assert_eq!(store.scan(&key), None);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let key = Sha256Sum::of(b"wheel");
        let store = Store::at(file);
        store.remember_scan(&key, &scanned());
        store.remember_scan(&key, &scanned());
        assert_eq!(store.scan(&key), None);
    }

    #[test]
    fn the_environment_names_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().display().to_string();
        let store = Store::of_user(&|name| (name == "REWHEEL_CACHE_DIR").then(|| named.clone()));
        let key = Sha256Sum::of(b"wheel");
        store.remember_scan(&key, &scanned());
        assert!(only_file(folder.path()).is_file());
    }
}
