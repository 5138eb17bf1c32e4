//! What people were told in a soak: everything once, however often they did not take it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::world::{OPS, SECRET, SILENT, World};
use crate::support::fake_receiver::Heard;

/// What was taken.
#[derive(Default)]
pub struct Messages {
    ids: BTreeSet<String>,
    /// How often each thing was told, by its kind and what it is about.
    things: BTreeMap<(String, String), u64>,
    refused: u64,
    pings: u64,
}

impl Messages {
    pub fn take(&mut self, heard: Vec<Heard>) {
        for one in heard {
            if one.path != OPS {
                self.pings += u64::from(one.is_taken);
            } else if one.is_taken {
                let id = one.header("webhook-id").to_owned();
                assert!(self.ids.insert(id.clone()), "{id} was taken and came again");
                self.open(&one.verified(SECRET.as_bytes()));
            } else {
                self.refused += 1;
            }
        }
    }

    fn open(&mut self, document: &Value) {
        let kind = document["type"].as_str().unwrap();
        let data = &document["data"];
        let version = data["openssl"]["version"].as_str().unwrap_or_default();
        for item in data["items"].as_array().unwrap() {
            let subject = item["package"].as_str().or(item["feed"].as_str()).unwrap();
            let about = format!("{subject} {version}");
            *self.things.entry((kind.to_owned(), about)).or_default() += 1;
        }
    }

    fn count(&self, kind: &str, about: &str) -> u64 {
        let key = (kind.to_owned(), about.to_owned());
        self.things.get(&key).copied().unwrap_or_default()
    }

    /// When all is calm: what was told as failed was told as well again, and no release twice.
    pub fn nothing_is_wrong(&self) {
        for ((kind, about), count) in &self.things {
            if kind == "release" {
                assert_eq!(*count, 1, "{about} was told {count} times");
            }
            if let Some(what) = kind
                .strip_suffix("-failed")
                .filter(|what| *what != "action")
            {
                let recovered = self.count(&format!("{what}-recovered"), about);
                assert_eq!(
                    *count, recovered,
                    "{about} failed and is not told to be well"
                );
            }
        }
    }

    /// Each release was told of each package, and each issue and each run once.
    pub fn all_is_told(&self, world: &World, episodes: u64) {
        for newest in 10..=world.newest {
            for package in SILENT.iter().chain(&["demo"]) {
                let about = format!("{package} 3.5.{newest}");
                assert_eq!(
                    self.count("release", &about),
                    1,
                    "{about}: {:#?}",
                    self.things
                );
            }
        }
        let issues = self.count("issue-opened", "demo ") + self.count("issue-reopened", "demo ");
        assert_eq!(issues, episodes, "{:#?}", self.things);
        assert_eq!(self.count("issue-closed", "demo "), episodes);
        // The first is for the release that was there from the beginning.
        assert_eq!(self.count("run-started", "demo "), episodes + 1);
        assert!(self.refused > 0, "everything was taken at once");
        assert!(self.pings > 0, "no ping went out");
    }
}

impl fmt::Display for Messages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} messages taken, {} refused before, {} pings",
            self.ids.len(),
            self.refused,
            self.pings
        )
    }
}
