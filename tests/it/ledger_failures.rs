//! Ledgers that cannot be used: each is refused with a sentence, and stays as it is.

use std::path::Path;

use rewheel::store::Store;
use rewheel::store::ledger::{Access, Act, Ledger, LedgerError, Outcome, Seen, StateLocation};
use rstest::rstest;
use rusqlite::Connection;
use serde_json::json;

use crate::support::ledger::{intent, look, moment, open, state};

const SUBJECTS: usize = 24;

/// A ledger with all kinds of rows, at rest.
fn filled(path: &Path) {
    let ledger = open(path).unwrap();
    for number in 0..SUBJECTS as u32 {
        let key = format!("open-issue/demo-{number}/main");
        ledger.see(&key, "3.5.8", moment(number)).unwrap();
        ledger.intend(&intent(&key, "demo/main", number)).unwrap();
        if number % 3 == 0 {
            let url = Some(format!("https://github.example/demo/issues/{number}"));
            let outcome = Outcome::Done {
                url,
                detail: json!({ "number": number }),
            };
            ledger.conclude(&key, &outcome, moment(number + 1)).unwrap();
        }
    }
    let copy = "copy of a feed ".repeat(400);
    let store = Store::in_ledger(ledger);
    rewheel::feeds::copies::FeedMemory::remember_copy(&store, "releases", copy.as_bytes());
}

/// What a ledger says of every act, and of some subjects.
fn content(ledger: &Ledger) -> Result<(Vec<Act>, Vec<Option<Seen>>), LedgerError> {
    let acts = ledger.latest_acts(usize::MAX)?;
    assert_eq!(
        ledger.open_acts("demo/main")?.len(),
        acts.iter().filter(|act| act.outcome.is_none()).count()
    );
    let seen = [0, SUBJECTS - 1]
        .into_iter()
        .map(|number| ledger.seen(&format!("open-issue/demo-{number}/main")))
        .collect::<Result<_, _>>()?;
    Ok((acts, seen))
}

/// Both ways of opening refuse it with the same sentence, and change nothing; the sentence, with
/// the folder's name left out.
fn refusal(folder: &Path, path: &Path) -> String {
    let before = state(folder);
    let error = open(path).unwrap_err();
    assert!(!error.is_transient(), "{error}");
    assert_eq!(look(path).unwrap_err().to_string(), error.to_string());
    assert_eq!(state(folder), before);
    error
        .to_string()
        .replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn a_ledger_of_a_newer_rewheel_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    filled(&path);
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 7; DROP TABLE act")
        .unwrap();
    assert_eq!(
        refusal(folder.path(), &path),
        "the ledger FOLDER/rewheel.db was made by a newer rewheel: its schema is version 7, and \
         this one knows versions up to 3. Use the newer rewheel, or name another file in \
         [state] url"
    );
}

#[rstest]
#[case::named("PRAGMA application_id = 252006673; CREATE TABLE a (b)", 252_006_673)]
#[case::nameless("CREATE TABLE act (key)", 0)]
#[case::with_a_version("PRAGMA user_version = 1", 0)]
fn the_database_of_another_program_is_left_alone(#[case] made: &str, #[case] id: i64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(made)
        .unwrap();
    assert_eq!(
        refusal(folder.path(), &path),
        format!(
            "FOLDER/other.db is the database of another program (application id {id}), and \
             nothing of it was changed. Name another file in [state] url"
        )
    );
}

#[test]
fn what_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    std::fs::write(&path, "[watch]\nschedule = \"*/15 * * * *\"\n".repeat(100)).unwrap();
    assert_eq!(
        refusal(folder.path(), &path),
        "the ledger FOLDER/rewheel.db is damaged (file is not a database), so nothing that it says \
         is believed and nothing was changed. Move it away, with the files beside it that begin \
         with its name; a new one is filled again from GitHub and the package index"
    );
}

#[test]
fn a_schema_without_a_version_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    filled(&path);
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 0")
        .unwrap();
    let sentence = refusal(folder.path(), &path);
    assert!(
        sentence.contains("is damaged (no schema has the version 0)"),
        "{sentence}"
    );
}

#[test]
fn an_empty_file_is_an_empty_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    std::fs::write(&path, "").unwrap();
    assert_eq!(look(&path).unwrap().latest_acts(9).unwrap(), []);
    assert_eq!(std::fs::read(&path).unwrap(), b"");
    let ledger = open(&path).unwrap();
    ledger.intend(&intent("a", "demo/main", 1)).unwrap();
    assert_eq!(ledger.latest_acts(9).unwrap().len(), 1);
}

#[rstest]
#[case::missing("missing/rewheel.db", "FOLDER/missing does not exist")]
#[case::below_missing("a/b/rewheel.db", "FOLDER/a/b does not exist")]
#[case::file("file/rewheel.db", "FOLDER/file is not a folder")]
#[case::below_a_file("file/a/rewheel.db", "FOLDER/file/a is below a file")]
fn a_missing_folder_is_not_made(#[case] name: &str, #[case] problem: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert_eq!(
        refusal(folder.path(), &folder.path().join(name)),
        format!(
            "the ledger FOLDER/{name} has no folder to be in: {problem}. Make the folder, or name \
             another file in [state] url"
        )
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[rstest]
#[case::folder("mkdir rewheel.db", "a folder")]
#[case::pipe("mkfifo rewheel.db", "a pipe or a device")]
#[case::device("ln -s /dev/full rewheel.db", "a pipe or a device")]
#[case::link("ln -s missing rewheel.db", "a link that leads to no file")]
fn what_is_no_file_is_not_opened(#[case] make: &str, #[case] found: &str) {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("sh")
        .args(["-c", make])
        .current_dir(folder.path())
        .status();
    assert!(made.unwrap().success());
    assert_eq!(
        refusal(folder.path(), &folder.path().join("rewheel.db")),
        format!("the ledger FOLDER/rewheel.db is {found}, not a file. Name a file in [state] url")
    );
}

/// A part that ends in what is empty, or in what a store remembers, may say the same as the whole;
/// a single byte is an empty database to SQLite.
#[test]
fn no_part_of_a_ledger_passes_for_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    filled(&path);
    let whole = std::fs::read(&path).unwrap();
    let expected = content(&look(&path).unwrap()).unwrap();
    let cut = folder.path().join("cut");
    std::fs::create_dir(&cut).unwrap();
    let path = cut.join("rewheel.db");
    let mut refused = 0;
    let pages = (1..whole.len() / 4096).map(|page| page * 4096);
    for length in (2..whole.len()).step_by(509).chain(pages) {
        std::fs::write(&path, &whole[..length]).unwrap();
        match look(&path).and_then(|ledger| content(&ledger)) {
            Ok(found) => assert_eq!(found, expected, "{length}"),
            Err(_) => {
                refused += 1;
                let sentence = refusal(&cut, &path);
                assert!(sentence.contains("is damaged ("), "{length}: {sentence}");
            }
        }
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn no_flipped_bit_changes_what_a_ledger_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    filled(&path);
    let whole = std::fs::read(&path).unwrap();
    let expected = content(&look(&path).unwrap()).unwrap();
    assert_eq!(expected.0.len(), SUBJECTS);
    let mut refused = 0;
    // All of the file's header, and a sample of the rest, with every bit in turn.
    let sample = (0..100).chain((100..whole.len()).step_by(53));
    for (count, at) in sample.enumerate() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (count % 8);
        std::fs::write(&path, &flipped).unwrap();
        match look(&path).and_then(|ledger| content(&ledger)) {
            Ok(found) => assert_eq!(found, expected, "at {at}"),
            Err(error) => {
                refused += 1;
                assert!(
                    matches!(
                        error,
                        LedgerError::Damaged { .. }
                            | LedgerError::Foreign { .. }
                            | LedgerError::NewerSchema { .. }
                    ),
                    "at {at}: {error}"
                );
            }
        }
    }
    assert!(refused > 200, "{refused}");
}

#[test]
fn damage_that_comes_after_opening_is_never_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    filled(&path);
    for damage in [
        // One row says something else than what was written.
        "UPDATE act SET scope = 'other'",
        "UPDATE act SET attempts = 9",
        "UPDATE act SET outcome = '\"abandoned\"', concluded_at = intended_at",
        "UPDATE act SET digest = upper(digest)",
        // The table is not where it should be.
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 999 WHERE name = 'act'; \
         PRAGMA schema_version = 99",
        "DROP TABLE act",
    ] {
        let whole = std::fs::read(&path).unwrap();
        let ledger = open(&path).unwrap();
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch(damage)
            .unwrap_or_else(|error| panic!("{damage}: {error}"));
        let key = "open-issue/demo-1/main";
        ledger.act(key).expect_err(damage);
        ledger
            .intend(&intent(key, "demo/main", 1))
            .expect_err(damage);
        ledger
            .conclude(key, &Outcome::Abandoned, moment(1))
            .expect_err(damage);
        ledger.latest_acts(1).expect_err(damage);
        drop((ledger, other));
        std::fs::write(&path, whole).unwrap();
        assert_eq!(content(&open(&path).unwrap()).unwrap().0.len(), SUBJECTS);
    }
}

#[test]
fn what_a_store_remembers_is_forgotten_when_it_is_damaged() {
    use rewheel::feeds::copies::FeedMemory;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    filled(&path);
    let store = Store::in_ledger(open(&path).unwrap());
    assert!(store.recall_copy("releases").is_some());
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("UPDATE memory SET bytes = x'00'")
        .unwrap();
    assert_eq!(store.recall_copy("releases"), None);
    store.remember_copy("releases", b"again");
    assert_eq!(
        store.recall_copy("releases").as_deref(),
        Some(&b"again"[..])
    );
    other.execute_batch("DROP TABLE memory").unwrap();
    assert_eq!(store.recall_copy("releases"), None);
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let ledger = Ledger::open(&StateLocation::None, Access::Write).unwrap();
    let long = "x".repeat((1 << 20) + 1);
    for error in [
        ledger.see("subject", &long, moment(1)).unwrap_err(),
        ledger.see(&long, "value", moment(1)).unwrap_err(),
        ledger.intend(&intent(&long, "demo/main", 1)).unwrap_err(),
    ] {
        assert!(
            error.to_string().contains("at most 1048576 bytes"),
            "{error}"
        );
    }
    assert_eq!(ledger.latest_acts(9).unwrap(), []);
    assert_eq!(ledger.seen("subject").unwrap(), None);
}

/// What is noted in a file that nobody can open any more is lost with the process.
#[cfg(unix)]
#[test]
fn a_ledger_that_is_removed_or_replaced_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let ledger = Ledger::open(&StateLocation::File(path.clone()), Access::Write).unwrap();
    assert!(ledger.is_in_place().is_ok());
    let aside = folder.path().join("aside.db");
    std::fs::rename(&path, &aside).unwrap();
    let error = ledger.is_in_place().unwrap_err().to_string();
    assert!(error.contains("was removed or replaced"), "{error}");
    std::fs::copy(&aside, &path).unwrap();
    assert!(ledger.is_in_place().is_err(), "it is another file");
    std::fs::rename(&aside, &path).unwrap();
    assert!(ledger.is_in_place().is_ok());
}
