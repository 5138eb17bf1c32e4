//! Opening: whose file it is, whether it is whole, and bringing it up to date.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::files::Files;
use super::{Fault, LedgerError, acts, deliveries, look, sightings, telling};

/// What makes the file known as ours: "rwhl".
const APPLICATION_ID: i64 = 0x7277_686c;

/// One step of the schema after the other; the version of a schema is how many it has taken.
const MIGRATIONS: [&str; 3] = [
    include_str!("../migrations/1.sql"),
    include_str!("../migrations/2.sql"),
    include_str!("../migrations/3.sql"),
];

const SCHEMA: i64 = MIGRATIONS.len() as i64;

/// Up to this size every page is checked; of a greater file the tables that must be believed.
const MAXIMUM_CHECKED_BYTES: i64 = 16 << 20;

/// Opens a ledger to write to it, after making or migrating it where it must be.
pub(super) fn to_write(files: &Files, patience: Duration) -> Result<Connection, LedgerError> {
    let _lock = files.open_lock(patience)?;
    // What is refused must stay as it is, and opening to write already writes: so look first.
    look::check(&files.given, patience)?;
    files.create()?;
    prepare(files, patience).map_err(|fault| fault.at(&files.given, patience))
}

fn prepare(files: &Files, patience: Duration) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&files.real, flags)?;
    connection.busy_timeout(patience)?;
    careful(&connection)?;
    if connection.is_readonly("main")? {
        return Err(Fault::ReadOnly);
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// A ledger that ends with the process.
pub(super) fn in_memory() -> Result<Connection, Fault> {
    let mut connection = Connection::open_in_memory()?;
    careful(&connection)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// What makes a database that somebody else has written harmless.
pub(super) fn careful(connection: &Connection) -> Result<(), Fault> {
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(())
}

/// The version of the schema, 0 for an empty file.
fn version(connection: &Connection) -> Result<i64, Fault> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    let application_id: i64 = number("application_id")?;
    let version: i64 = number("user_version")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application_id, version, tables) {
        (0, 0, 0) => Ok(0),
        (APPLICATION_ID, 1..=SCHEMA, _) => Ok(version),
        (APPLICATION_ID, found, _) if found > SCHEMA => Err(Fault::Newer {
            found,
            known: SCHEMA,
        }),
        (APPLICATION_ID, found, _) => {
            Err(Fault::Damaged(format!("no schema has the version {found}")))
        }
        _ => Err(Fault::Foreign(application_id)),
    }
}

/// Refuses a database that is not ours, that is newer, or damaged where it must be believed; says
/// which version its schema has, 0 for an empty file.
pub(super) fn check(connection: &Connection) -> Result<i64, Fault> {
    let check = || {
        let version = version(connection)?;
        check_pages(connection, version)?;
        // The rows of an older schema are another matter: they are read after the migration.
        if version == SCHEMA {
            sightings::check_all(connection)?;
            acts::check_all(connection)?;
            telling::check_all(connection)?;
            deliveries::check_all(connection)?;
        }
        Ok(version)
    };
    check().map_err(|fault| match fault {
        // Such as a file format that no SQLite has.
        Fault::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
            Fault::Damaged(error.to_string())
        }
        fault => fault,
    })
}

/// Whether a ledger holds anything; refuses one that has to be migrated first.
pub(super) fn is_filled(connection: &Connection) -> Result<bool, Fault> {
    match version(connection)? {
        0 => Ok(false),
        SCHEMA => Ok(true),
        found => Err(Fault::Older {
            found,
            known: SCHEMA,
        }),
    }
}

fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(version(&transaction)?).unwrap_or_default();
    if done == MIGRATIONS.len() {
        return Ok(());
    }
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()?;
    Ok(())
}

fn check_pages(connection: &Connection, version: i64) -> Result<(), Fault> {
    let number = |pragma: &str| -> Result<i64, Fault> {
        Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
    };
    let bytes = number("page_count")?.saturating_mul(number("page_size")?);
    let checks: &[&str] = if bytes <= MAXIMUM_CHECKED_BYTES {
        &["PRAGMA quick_check(1)"]
    } else if version < SCHEMA {
        // It may not have the other tables yet.
        &["PRAGMA quick_check(act)", "PRAGMA quick_check(sighting)"]
    } else {
        &[
            "PRAGMA quick_check(act)",
            "PRAGMA quick_check(sighting)",
            "PRAGMA quick_check(told)",
            "PRAGMA quick_check(trouble)",
            "PRAGMA quick_check(delivery)",
        ]
    };
    for check in checks {
        let found: String = connection.query_row(check, [], |row| row.get(0))?;
        if found != "ok" {
            return Err(Fault::Damaged(found.replace('\n', "; ")));
        }
    }
    Ok(())
}
