//! Notices that are told once, by what the ledger knows.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::report::notice::notices;
use crate::report::{LineReport, Notice};
use crate::store::ledger::{Ledger, LedgerError};

/// How long a notice waits for packages that were not read yet.
const WAITS: TimeDelta = TimeDelta::hours(6);

/// The notices of these lines that were not told yet, each without the lines that were. While
/// something of a line is left for a later cycle they wait, so that many packages that come one
/// after the other make one notice.
///
/// # Errors
/// The ledger cannot tell.
pub fn untold(
    ledger: &Ledger,
    lines: &[&LineReport],
    now: DateTime<Utc>,
) -> Result<Vec<Notice>, LedgerError> {
    let is_whole = !lines.iter().any(|line| line.is_unfinished());
    let mut found = Vec::new();
    for notice in notices(lines.iter().copied()) {
        let notice = notice.clone().without(&told(ledger, &notice)?);
        if notice.lines.is_empty() {
            continue;
        }
        let waiting = format!("notice:{}", notice.key());
        let since = ledger.see(&waiting, "due", now)?.first;
        if is_whole || now - since >= WAITS {
            found.push(notice);
        }
    }
    Ok(found)
}

/// Notes that these notices are told: they were handed on to whoever sends them.
///
/// # Errors
/// The ledger cannot be written; then they are told again.
pub fn tell(ledger: &Ledger, notices: &[Notice], now: DateTime<Utc>) -> Result<(), LedgerError> {
    for notice in notices {
        let mut lines = told(ledger, notice)?;
        lines.extend(notice.lines.iter().cloned());
        let value = serde_json::to_string(&lines).unwrap_or_default();
        ledger.see(&subject(notice), &value, now)?;
    }
    Ok(())
}

fn told(ledger: &Ledger, notice: &Notice) -> Result<BTreeSet<(String, String)>, LedgerError> {
    let seen = ledger.seen(&subject(notice))?;
    Ok(seen
        .and_then(|seen| serde_json::from_str(&seen.value).ok())
        .unwrap_or_default())
}

fn subject(notice: &Notice) -> String {
    format!("told:release/{}", notice.key())
}
