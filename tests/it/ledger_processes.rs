//! The ledger between processes: opened at once, shared, killed.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Barrier;
use std::time::Duration;

use rewheel::store::ledger::{Access, Ledger, LedgerError, StateLocation};
use serde_json::json;

use crate::support::ledger::{files, intent, look, moment, open, other_process, state};

/// The part of another process: what other tests start, with what they want in the environment.
#[test]
#[ignore = "started by other tests"]
fn the_part_of_another_process() {
    let part = std::env::var("REWHEEL_TEST_PART").unwrap();
    let path = PathBuf::from(std::env::var_os("REWHEEL_TEST_LEDGER").unwrap());
    match part.as_str() {
        // Says what opening comes to.
        "open" => println!("{}", told(open(&path))),
        "look" => println!("{}", told(look(&path))),
        // Notes one intent.
        "intend" => {
            let key = std::process::id().to_string();
            open(&path)
                .unwrap()
                .intend(&intent(&key, "demo/main", 1))
                .unwrap();
        }
        // Notes an intent and has the right to act until it is killed.
        "act" => {
            let ledger = open(&path).unwrap();
            let _acting = ledger.acting().unwrap().unwrap();
            ledger.intend(&intent("killed", "demo/main", 1)).unwrap();
            println!("noted");
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        }
        // Notes intents until the ledger refuses one; says how many and why.
        "fill" => {
            let ledger = open(&path).unwrap();
            let mut large = intent("", "demo/main", 1);
            large.detail = json!("x".repeat(20_000));
            let error = (0..1_000).find_map(|number| {
                large.key = format!("{number:04}");
                let error = ledger.intend(&large).err()?;
                Some((number, error))
            });
            let (count, error) = error.unwrap();
            // What it held is still known, and the process goes on with it.
            assert_eq!(ledger.open_acts("demo/main").unwrap().len(), count);
            println!(
                "filled {count} {} {error}",
                matches!(error, LedgerError::DiskFull { .. }) && error.is_transient()
            );
        }
        other => panic!("no part is called {other}"),
    }
}

fn told(result: Result<Ledger, LedgerError>) -> String {
    match result {
        Ok(ledger) => format!("opened {}", ledger.latest_acts(9).unwrap().len()),
        Err(LedgerError::ReadOnly { .. }) => "refused as read-only".to_owned(),
        Err(error) => format!("refused: {error}"),
    }
}

/// What another process printed as its part, after it ended well.
fn part(wrapper: &[&str], part: &str, path: &Path) -> String {
    let output = other_process(wrapper, part, path).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
}

#[test]
fn two_threads_may_open_a_new_ledger_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..50 {
        let path = folder.path().join(format!("{round}.db"));
        let start = Barrier::new(2);
        std::thread::scope(|scope| {
            for key in ["one", "other"] {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let ledger = open(path).unwrap();
                    ledger.intend(&intent(key, "demo/main", 1)).unwrap();
                });
            }
        });
        assert_eq!(
            look(&path).unwrap().open_acts("demo/main").unwrap().len(),
            2
        );
    }
}

#[test]
fn two_processes_may_open_a_new_ledger_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..50 {
        let path = folder.path().join(format!("{round}.db"));
        let children: Vec<Child> = (0..2)
            .map(|_| other_process(&[], "intend", &path).spawn().unwrap())
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(
                output.status.success(),
                "{round}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        assert_eq!(
            look(&path).unwrap().open_acts("demo/main").unwrap().len(),
            2
        );
    }
}

#[test]
fn an_intent_outlives_the_process_that_is_killed_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let mut child = other_process(&[], "act", &path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("noted")));
    // It lives, and has the right to act.
    assert!(open(&path).unwrap().acting().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();

    let looked = look(&path).unwrap();
    assert_eq!(looked.open_acts("demo/main").unwrap().len(), 1);
    let ledger = open(&path).unwrap();
    assert_eq!(ledger.act("killed").unwrap().unwrap().attempts, 1);
    assert!(ledger.acting().unwrap().is_some());
}

/// What stands in the write-ahead log of a process that was killed is seen without writing to it.
#[test]
fn looking_at_what_a_killed_process_left_changes_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, left) = (folder.path().join("rewheel.db"), folder.path().join("left"));
    std::fs::create_dir(&left).unwrap();
    let ledger = open(&path).unwrap();
    ledger.intend(&intent("a", "demo/main", 1)).unwrap();
    for (file, bytes) in files(folder.path()) {
        std::fs::write(left.join(file.file_name().unwrap()), bytes).unwrap();
    }
    let lasting = |folder: &Path| {
        let mut files = state(folder);
        files.retain(|(path, _)| !path.to_string_lossy().ends_with("-shm"));
        files
    };
    let before = lasting(&left);
    assert!(left.join("rewheel.db-wal").metadata().unwrap().len() > 0);
    let looked = look(&left.join("rewheel.db")).unwrap();
    assert_eq!(
        looked.latest_acts(9).unwrap(),
        ledger.latest_acts(9).unwrap()
    );
    assert_eq!(lasting(&left), before);
}

#[test]
fn a_ledger_that_another_process_opens_for_too_long_is_not_waited_for_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let lock = std::fs::File::create(folder.path().join("rewheel.db.open-lock")).unwrap();
    lock.lock().unwrap();
    let place = StateLocation::File(path.clone());
    let error = Ledger::open_within(&place, Access::Write, Duration::ZERO).unwrap_err();
    assert!(matches!(error, LedgerError::Locked { .. }), "{error}");
    assert!(error.is_transient());
    assert!(!path.exists());
    drop(lock);
    Ledger::open_within(&place, Access::Write, Duration::ZERO).unwrap();
}

#[test]
fn a_ledger_that_another_process_writes_for_too_long_is_not_waited_for_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let place = StateLocation::File(path.clone());
    let ledger = Ledger::open_within(&place, Access::Write, Duration::ZERO).unwrap();
    ledger.intend(&intent("a", "demo/main", 1)).unwrap();
    let writer = rusqlite::Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = ledger.intend(&intent("b", "demo/main", 1)).unwrap_err();
    assert!(matches!(error, LedgerError::Locked { .. }), "{error}");
    assert!(ledger.see("a", "1", moment(1)).is_err());
    // Readers do not wait for a writer.
    assert_eq!(ledger.open_acts("demo/main").unwrap().len(), 1);
    writer.execute_batch("ROLLBACK").unwrap();
    ledger.intend(&intent("b", "demo/main", 1)).unwrap();
    assert_eq!(ledger.act("b").unwrap().unwrap().attempts, 1);
}

/// Opens a full ledger again, where there is room: all that was noted is there.
fn assert_kept(stdout: &str, path: &Path) {
    let told = stdout
        .lines()
        .find_map(|line| line.split_once("filled "))
        .unwrap()
        .1;
    let words: Vec<&str> = told.splitn(3, ' ').collect();
    assert_eq!(words[1], "true", "{told}");
    let ledger = open(path).unwrap();
    let count: usize = words[0].parse().unwrap();
    assert!(count > 0);
    assert_eq!(ledger.open_acts("demo/main").unwrap().len(), count);
    ledger.intend(&intent("more", "demo/main", 2)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let limit = [
        "sh",
        "-c",
        "trap '' XFSZ; ulimit -f 1000; exec \"$@\"",
        "sh",
    ];
    assert_kept(&part(&limit, "fill", &path), &path);
}

/// On a small disk of its own, which a user can mount where name spaces are allowed.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing() {
    let allowed = std::process::Command::new("unshare")
        .args(["-rm", "true"])
        .status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("no disk can be mounted here: the limit on the size of files stands in for it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (small, kept) = (folder.path().join("small"), folder.path().join("kept"));
    for folder in [&small, &kept] {
        std::fs::create_dir(folder).unwrap();
    }
    let script = "mount -t tmpfs -o size=1m none \"$1\" || exit 9
        small=$1 kept=$2; shift 2; \"$@\" && cp \"$small\"/* \"$kept\"";
    let wrapper = [
        "unshare",
        "-rm",
        "sh",
        "-c",
        script,
        "sh",
        small.to_str().unwrap(),
        kept.to_str().unwrap(),
    ];
    let stdout = part(&wrapper, "fill", &small.join("rewheel.db"));
    assert!(stdout.contains("the disk is full"), "{stdout}");
    assert_kept(&stdout, &kept.join("rewheel.db"));
}

/// As a user who may write to nothing here; a superuser's writes nothing stops.
#[cfg(unix)]
fn somebody_else(folder: &Path) -> Vec<&'static str> {
    use std::os::unix::fs::MetadataExt;
    if folder.metadata().unwrap().uid() == 0 {
        vec![
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ]
    } else {
        Vec::new()
    }
}

#[cfg(unix)]
fn allow(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_or_file_that_may_not_be_written_is_said_so_and_can_be_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewheel.db");
    let wrapper = somebody_else(folder.path());
    open(&path)
        .unwrap()
        .intend(&intent("a", "demo/main", 1))
        .unwrap();
    for (path, _) in files(folder.path()) {
        allow(&path, 0o444);
    }
    let before = state(folder.path());

    // The folder allows nothing.
    allow(folder.path(), 0o555);
    let new = folder.path().join("new.db");
    assert!(part(&wrapper, "open", &new).contains("refused as read-only"));
    assert!(part(&wrapper, "open", &path).contains("refused as read-only"));
    assert!(part(&wrapper, "look", &path).contains("opened 1"));
    // The folder allows all, the file nothing.
    allow(folder.path(), 0o777);
    allow(&folder.path().join("rewheel.db.open-lock"), 0o666);
    assert!(part(&wrapper, "open", &path).contains("refused as read-only"));
    assert_eq!(state(folder.path()), before);
}
