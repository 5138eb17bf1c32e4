//! Comments of ours on a tracking issue; each has a mark, so that none is written twice.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::policy::Cause;
use crate::report::check::LineReport;
use crate::report::printable::markdown;

use super::marker::comment_mark;

/// What changed since the issue was last written.
pub fn change(before: &Cause, now: &Cause, line: &LineReport) -> (String, String) {
    let which = format!("{} {}", words(now.events.iter()), words(now.targets.iter()));
    let mark = comment_mark("change", &which);
    let mut text = format!("{mark}\nWhat this issue is about has changed.\n");
    let mut tell = |what: &str, items: Vec<String>| {
        if !items.is_empty() {
            let _ = write!(text, "\n- {what}: {}", markdown(&items.join(", ")));
        }
    };
    tell("new reason", difference(&now.events, &before.events));
    tell(
        "no longer a reason",
        difference(&before.events, &now.events),
    );
    tell("new target", difference(&now.targets, &before.targets));
    tell(
        "no longer a target",
        difference(&before.targets, &now.targets),
    );
    if let Some(severity) = line.decision.severity {
        tell("worst severity", vec![severity.to_string()]);
    }
    (mark, text)
}

/// Why the issue is closed.
pub fn settled(line: &LineReport, events: &BTreeSet<crate::policy::Event>) -> (String, String) {
    let version = line
        .version
        .as_ref()
        .map_or_else(|| "none".to_owned(), ToString::to_string);
    let mark = comment_mark("settled", &format!("{version} {}", words(events.iter())));
    let mut carried: BTreeSet<String> = BTreeSet::new();
    for wheel in &line.decision.wheels {
        carried.extend(wheel.linked().iter().map(ToString::to_string));
    }
    let carried = if carried.is_empty() {
        "carry no OpenSSL whose version matters here".to_owned()
    } else {
        let carried: Vec<String> = carried.into_iter().collect();
        format!("carry OpenSSL {}", carried.join(" and "))
    };
    let text = format!(
        "{mark}\nClosed: all {} published wheels of {} {} were read, their SHA-256 fit the index, \
         and they {}. None of them gives a reason of this issue any more ({}).",
        line.decision.wheels.len(),
        markdown(&line.package),
        markdown(&version),
        markdown(&carried),
        words(events.iter()),
    );
    (mark, text)
}

/// Why a second issue is closed.
pub fn duplicate(of: u64) -> (String, String) {
    let mark = comment_mark("duplicate", &of.to_string());
    let text = format!("{mark}\nThis is followed in #{of}: one issue is open for each line.");
    (mark, text)
}

fn difference<T: Ord + ToString>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> Vec<String> {
    one.difference(other).map(ToString::to_string).collect()
}

fn words<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let words: Vec<String> = items.map(|item| item.to_string()).collect();
    words.join(",")
}
