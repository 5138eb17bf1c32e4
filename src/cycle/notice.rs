//! Notices that are told once, by what the ledger knows.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::report::notice::notices;
use crate::report::{LineReport, Notice};
use crate::store::ledger::{Ledger, LedgerError};

/// Lines by package and name.
type Lines = BTreeSet<(String, String)>;

/// What the subjects begin with that say what was told.
const TOLD: &str = "told:release/";

/// How long a notice waits for packages that were not read yet.
const WAITS: TimeDelta = TimeDelta::hours(6);

/// The notices of these lines that were not told yet, each without the lines that were. While
/// something of a line is left for a later cycle they wait, so that many packages that come one
/// after the other make one notice. A line that had recovered and falls back is told again; that it
/// has is believed only where OpenSSL's facts are known as they are now.
///
/// # Errors
/// The ledger cannot tell.
pub fn untold(
    ledger: &Ledger,
    lines: &[&LineReport],
    are_facts_known: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Notice>, LedgerError> {
    let is_whole = !lines.iter().any(|line| line.is_unfinished());
    let mut found = Vec::new();
    let notices = notices(lines.iter().copied());
    if are_facts_known {
        recover(ledger, lines, &notices, now)?;
    }
    for notice in notices {
        let (told, value) = told(ledger, &notice)?;
        let notice = notice.without(&told);
        if notice.lines.is_empty() {
            // As long as it would be told it is remembered that it was.
            ledger.see_daily(&subject(&notice), &value, now)?;
            continue;
        }
        let waiting = format!("notice:{}", notice.key());
        let since = ledger.see_daily(&waiting, "due", now)?.first;
        if is_whole || now - since >= WAITS {
            found.push(notice);
        }
    }
    Ok(found)
}

/// Forgets that lines were told of what does not hold of them any more.
fn recover(
    ledger: &Ledger,
    lines: &[&LineReport],
    notices: &[Notice],
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let known = lines.iter().filter(|line| line.is_known());
    let known: Lines = known
        .map(|line| (line.package.clone(), line.line.clone()))
        .collect();
    for (told_subject, seen) in ledger.seen_under(TOLD)? {
        let notice = notices.iter().find(|one| subject(one) == told_subject);
        let holds =
            |line: &(String, String)| notice.is_some_and(|notice| notice.lines.contains(line));
        let mut told: Lines = serde_json::from_str(&seen.value).unwrap_or_default();
        let before = told.len();
        told.retain(|line| holds(line) || !known.contains(line));
        if told.len() < before {
            let value = serde_json::to_string(&told).unwrap_or_default();
            ledger.see(&told_subject, &value, now)?;
        }
    }
    Ok(())
}

/// Notes that these notices are told: they were handed on to whoever sends them.
///
/// # Errors
/// The ledger cannot be written; then they are told again.
pub fn tell(ledger: &Ledger, notices: &[Notice], now: DateTime<Utc>) -> Result<(), LedgerError> {
    for notice in notices {
        let (mut lines, _) = told(ledger, notice)?;
        lines.extend(notice.lines.iter().cloned());
        let value = serde_json::to_string(&lines).unwrap_or_default();
        ledger.see(&subject(notice), &value, now)?;
    }
    Ok(())
}

/// The lines that it was told of, and the value that says so.
fn told(ledger: &Ledger, notice: &Notice) -> Result<(Lines, String), LedgerError> {
    let seen = ledger.seen(&subject(notice))?;
    let value = seen.map_or_else(String::new, |seen| seen.value);
    Ok((serde_json::from_str(&value).unwrap_or_default(), value))
}

fn subject(notice: &Notice) -> String {
    format!("{TOLD}{}", notice.key())
}
