//! Opening: whose file it is, whether it is whole, and bringing it up to date.

use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::files::Files;
use super::{Fault, LedgerError, acts, sightings};

/// What makes the file known as ours: "rwhl".
const APPLICATION_ID: i64 = 0x7277_686c;

/// One step of the schema after the other; the version of a schema is how many it has taken.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/1.sql")];

const SCHEMA: i64 = MIGRATIONS.len() as i64;

/// Up to this size every page is checked; of a greater file the tables that must be believed.
const MAXIMUM_CHECKED_BYTES: i64 = 16 << 20;

/// Opens a ledger to write to it, after making or migrating it where it must be.
pub(super) fn to_write(files: &Files, patience: Duration) -> Result<Connection, LedgerError> {
    let _lock = files.open_lock(patience)?;
    files.create()?;
    prepare(files, patience).map_err(|fault| fault.at(&files.given, patience))
}

fn prepare(files: &Files, patience: Duration) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&files.real, flags)?;
    // Until it is known to be ours and whole, nothing of it may change, not even when it is closed.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(patience)?;
    careful(&connection)?;
    if connection.is_readonly("main")? {
        return Err(Fault::ReadOnly);
    }
    if version(&connection)? > 0 {
        verify(&connection)?;
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrate(&mut connection)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
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
pub(super) fn version(connection: &Connection) -> Result<i64, Fault> {
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

/// Refuses a database whose schema is not the one that this program reads.
pub(super) fn is_up_to_date(connection: &Connection) -> Result<bool, Fault> {
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

/// Refuses a database that is damaged where it must be believed.
pub(super) fn verify(connection: &Connection) -> Result<(), Fault> {
    check_pages(connection)
        .and_then(|()| sightings::check_all(connection))
        .and_then(|()| acts::check_all(connection))
        .map_err(|fault| match fault {
            // A table or column of ours is not there, or its definition makes no sense.
            Fault::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
                Fault::Damaged(error.to_string())
            }
            fault => fault,
        })
}

fn check_pages(connection: &Connection) -> Result<(), Fault> {
    let number = |pragma: &str| -> Result<i64, Fault> {
        Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
    };
    let bytes = number("page_count")?.saturating_mul(number("page_size")?);
    let checks: &[&str] = if bytes <= MAXIMUM_CHECKED_BYTES {
        &["PRAGMA quick_check(1)"]
    } else {
        &["PRAGMA quick_check(act)", "PRAGMA quick_check(sighting)"]
    };
    for check in checks {
        let found: String = connection.query_row(check, [], |row| row.get(0))?;
        if found != "ok" {
            return Err(Fault::Damaged(found.replace('\n', "; ")));
        }
    }
    Ok(())
}
