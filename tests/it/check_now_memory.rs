//! `rewheel check-now`, run again: what is remembered, and what is asked anew.

use std::path::Path;

use crate::support::binary::{
    ENDED, Machine, SEVERE, VULNERABLE, openssl_texts, pe, wheel_carrying, wheel_of,
};
use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::recorded::bytes_served;
use crate::support::wheel::noise;

const LINUX: &str = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
const WINDOWS: &str = "demo-1.0-cp39-abi3-win_amd64.whl";

fn index() -> FakeIndex {
    let index = FakeIndex::start_blocking();
    let windows = wheel_of(&pe(Machine::X86_64, &[], &openssl_texts(ENDED)));
    index.publish("demo", FakeFile::new(LINUX, wheel_carrying(VULNERABLE)));
    index.publish("demo", FakeFile::new(WINDOWS, windows));
    index
}

fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

#[test]
fn the_second_run_reads_no_wheel_and_asks_whether_the_page_changed() {
    let index = index();
    let user = User::new();
    let first = user.check(&index, &["demo"]);
    first.exits(1);
    assert!(!index.file_requests().is_empty());
    assert!(index.requests().iter().all(|asked| asked.method == "GET"));

    index.forget_requests();
    let second = user.check(&index, &["demo"]);
    second.exits(1);
    assert_eq!(second.stdout, first.stdout);
    let requests = index.requests();
    let [page] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_eq!(page.path, "/simple/demo/");
    assert_ne!(page.header("if-none-match"), "");
    assert_eq!(page.status, 304);
}

#[test]
fn an_index_that_marks_nothing_costs_only_its_page() {
    let index = index();
    index.without_marks();
    let user = User::new();
    user.check(&index, &["demo"]).exits(1);
    index.forget_requests();
    user.check(&index, &["demo"]).exits(1);
    let requests = index.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].status, 200);
}

#[test]
fn a_page_that_changed_is_read_anew() {
    let index = index();
    let user = User::new();
    user.check(&index, &["demo"]).exits(1);
    let name = "demo-1.1-cp39-abi3-manylinux_2_28_x86_64.whl";
    index.publish("demo", FakeFile::new(name, wheel_carrying(SEVERE)));
    index.forget_requests();
    user.check(&index, &["demo"]).exits(1).says("demo 1.1 of");
    assert!(
        index
            .file_requests()
            .iter()
            .all(|request| request.path.ends_with(name))
    );
}

#[test]
fn a_file_that_was_exchanged_is_read_anew() {
    let index = index();
    let user = User::new();
    user.check(&index, &["demo"]).exits(1);
    index.publish("demo", FakeFile::new(LINUX, wheel_carrying(SEVERE)));
    let ran = user.check(&index, &["demo"]);
    assert_eq!(ran.row("manylinux")[2], "4.0.2");
}

#[test]
fn without_the_cache_nothing_is_kept_and_nothing_kept_is_used() {
    let index = index();
    let user = User::new();
    user.check(&index, &["demo", "--no-cache"]).exits(1);
    assert_eq!(files_below(user.home()), 0);

    user.check(&index, &["demo"]).exits(1);
    assert!(files_below(&user.home().join("cache")) >= 3);
    index.forget_requests();
    user.check(&index, &["demo", "--no-cache"]).exits(1);
    assert!(!index.file_requests().is_empty());
    assert!(
        index
            .requests()
            .iter()
            .all(|request| request.header("if-none-match").is_empty())
    );
}

#[test]
fn a_damaged_cache_is_as_good_as_none() {
    fn spoil(folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                spoil(&path);
            } else {
                std::fs::write(path, b"\0not what was written").unwrap();
            }
        }
    }
    let index = index();
    let user = User::new();
    let first = user.check(&index, &["demo"]);
    spoil(&user.home().join("cache"));
    index.forget_requests();
    let second = user.check(&index, &["demo"]);
    second.exits(1).is_plain();
    assert_eq!(second.stdout, first.stdout);
    assert!(!index.file_requests().is_empty());
}

#[test]
fn a_cache_that_cannot_be_written_is_warned_about_and_does_no_harm() {
    let index = index();
    let user = User::new();
    // A file where the folder should be.
    std::fs::write(user.home().join("cache"), b"").unwrap();
    let ran = user.check(&index, &["demo"]);
    ran.exits(1)
        .complains("nothing is remembered for the next run");
    let warnings = ran.stderr.matches("nothing is remembered").count();
    assert_eq!(warnings, 1, "{ran:#?}");
}

#[test]
fn several_runs_at_once_do_not_disturb_each_other() {
    let index = index();
    let user = User::new();
    let alone = User::new().check(&index, &["demo"]);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| user.check(&index, &["demo"])))
            .collect();
        for run in runs {
            let ran = run.join().unwrap();
            ran.exits(1);
            assert_eq!(ran.stdout, alone.stdout);
        }
    });
}

#[test]
fn every_byte_of_a_wheel_is_fetched_once_over_few_connections() {
    let index = FakeIndex::start_blocking();
    let mut size = 0;
    for minor in 9..21_u8 {
        let mut texts = openssl_texts(ENDED);
        texts.push(minor);
        texts.extend(noise(300_000));
        let wheel = wheel_of(&pe(Machine::X86_64, &[], &texts));
        size += wheel.len() as u64;
        let name = format!("demo-1.0-cp3{minor}-cp3{minor}-win_amd64.whl");
        index.publish("demo", FakeFile::new(&name, wheel));
    }
    let user = User::new();
    user.check(&index, &["demo"]).exits(1);
    let requests = index.file_requests();
    assert_eq!(requests.len(), 24, "a tail and the rest of each");
    assert_eq!(bytes_served(&requests), size);
    assert!(
        index.connections() <= 12,
        "{} connections for 25 requests",
        index.connections()
    );
}
