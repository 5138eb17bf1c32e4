use std::collections::HashMap;
use std::sync::Mutex;

use super::*;

#[derive(Default)]
struct Memory(Mutex<HashMap<String, Vec<u8>>>);

impl FeedMemory for Memory {
    fn recall_copy(&self, name: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn remember_copy(&self, name: &str, bytes: &[u8]) {
        self.0
            .lock()
            .unwrap()
            .insert(name.to_owned(), bytes.to_vec());
    }
}

fn moment() -> DateTime<Utc> {
    "2026-11-01T12:00:00Z".parse().unwrap()
}

fn releases() -> ReleasesCopy {
    let page = |number: u8, next: Option<&str>| PageCopy {
        url: format!("https://api.example/releases?page={number}"),
        etag: Some(format!("\"{number}\"")),
        next: next.map(str::to_owned),
        body: vec![b'[', number, b'\n', b']'],
    };
    ReleasesCopy {
        fetched: moment(),
        pages: vec![
            page(1, Some("https://api.example/releases?page=2")),
            page(2, None),
        ],
    }
}

#[test]
fn copies_come_back() {
    let memory = Memory::default();
    let copies = Copies::new(&memory, "https://api.example/");
    assert_eq!(copies.releases(), None);
    copies.remember_releases(&releases());
    assert_eq!(copies.releases(), Some(releases()));
    let archive = ArchiveCopy {
        fetched: moment(),
        etag: None,
        commit: "5".repeat(40),
        archive: vec![0, 10, 255],
    };
    copies.remember_archive(&archive);
    assert_eq!(copies.archive(), Some(archive));
    let life_times = LifeTimesCopy {
        fetched: moment(),
        text: b"{}".to_vec(),
    };
    copies.remember_life_times(&life_times);
    assert_eq!(copies.life_times(), Some(life_times));
    let notes = Notes {
        parked_until: Some(moment()),
        withdrawn: BTreeMap::from([("3.0.6".parse().unwrap(), moment().date_naive())]),
        ..Notes::default()
    };
    copies.remember_notes(&notes);
    assert_eq!(copies.notes(), notes);
}

#[test]
fn no_server_speaks_for_another() {
    let memory = Memory::default();
    Copies::new(&memory, "https://one.example/").remember_releases(&releases());
    assert_eq!(
        Copies::new(&memory, "https://two.example/").releases(),
        None
    );
}

#[test]
fn a_damaged_copy_is_none() {
    let memory = Memory::default();
    let copies = Copies::new(&memory, "https://api.example/");
    copies.remember_releases(&releases());
    let (name, good) = memory.0.lock().unwrap().clone().into_iter().next().unwrap();
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    let other = String::from_utf8_lossy(&good)
        .replace("feeds/v1", "feeds/v9")
        .into_bytes();
    for bad in [
        &good[..good.len() - 1],
        &changed,
        &other,
        b"",
        b"\n",
        b"{}\n",
    ] {
        memory.remember_copy(&name, bad);
        assert_eq!(copies.releases(), None);
    }
    memory.remember_copy(&name, &good);
    assert_eq!(copies.releases(), Some(releases()));
}
