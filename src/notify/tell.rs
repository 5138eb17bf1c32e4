//! What is told now, given what was told before. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Occasion;
use crate::store::ledger::{Act, Outcome, Telling, Told, Trouble};

use super::happening::{Happening, Item, Look, Seen, Subject, sentence};
use super::message::address;

/// How long a release waits for packages that were not read yet, so that many of them, read one
/// after the other, make one message.
const WAITS: TimeDelta = TimeDelta::hours(6);

/// What is new, and what is to be remembered; its deliveries are still to be made.
pub fn tell(told: &Told, seen: &Seen, failures: u32) -> (Vec<Happening>, Telling) {
    let mut teller = Teller {
        told,
        at: seen.at,
        is_whole: seen.is_whole,
        new: Vec::new(),
        telling: Telling::default(),
    };
    for happening in &seen.happenings {
        teller.once(happening);
    }
    for happening in told.acts.iter().filter_map(of_act) {
        teller.once(&happening);
    }
    let old = told.old_acts.iter().filter_map(of_act);
    teller
        .telling
        .keys
        .extend(old.map(|happening| happening.key));
    teller.actions(seen);
    for look in &seen.looks {
        teller.look(look, failures);
    }
    teller.over(seen);
    (teller.new, teller.telling)
}

struct Teller<'a> {
    told: &'a Told,
    at: DateTime<Utc>,
    is_whole: bool,
    new: Vec<Happening>,
    telling: Telling,
}

impl Teller<'_> {
    /// Tells what was not told yet.
    fn once(&mut self, happening: &Happening) {
        if self.waits(happening) {
            return;
        }
        let is_new = self.telling.keys.insert(happening.key.clone());
        if is_new && !self.told.keys.contains_key(&happening.key) {
            self.new.push(happening.clone());
        }
    }

    /// What was told of a line is forgotten once nothing of that kind holds any more: a line that
    /// falls back is told again. Another target alone makes none of it new.
    fn over(&mut self, seen: &Seen) {
        let holding = self
            .telling
            .keys
            .iter()
            .filter_map(|key| kind_and_line(key));
        let holding: BTreeSet<(&str, String)> = holding.collect();
        let over = self.told.keys.keys().filter(|key| {
            kind_and_line(key)
                .is_some_and(|one| !holding.contains(&one) && seen.all_lines.contains(&one.1))
        });
        let over: Vec<String> = over.cloned().collect();
        self.telling.over.extend(over);
    }

    /// Whether a release is kept back for the sake of packages that are still to be read.
    fn waits(&mut self, happening: &Happening) -> bool {
        let Some(openssl) = &happening.openssl else {
            return false;
        };
        if happening.occasion != Occasion::Release
            || self.is_whole
            || self.told.keys.contains_key(&happening.key)
        {
            return false;
        }
        let waiting = format!("waiting/{}", openssl.key());
        let since = self.told.keys.get(&waiting).copied();
        // The note is written once: a later one would start the wait anew.
        if since.is_none() {
            self.telling.keys.insert(waiting);
        }
        self.at - since.unwrap_or(self.at) < WAITS
    }

    /// Actions that failed are told once until they do not fail any more.
    fn actions(&mut self, seen: &Seen) {
        for failed in &seen.failures {
            let key = &failed.key;
            let known = self.told.troubles.get(key);
            if known.is_none() && !self.telling.troubles.contains_key(key) {
                let id = format!("{key}/{}", self.at.to_rfc3339());
                self.new.push(Happening {
                    key: id,
                    ..failed.clone()
                });
            }
            let trouble = next(known, self.at, &failed.item.text, true);
            self.telling.troubles.insert(key.clone(), Some(trouble));
        }
        for line in &seen.known_lines {
            let prefix = format!("action/{line}/");
            let of_line = self.told.troubles.keys();
            for key in of_line.filter(|key| key.starts_with(&prefix)) {
                self.telling.troubles.entry(key.clone()).or_insert(None);
            }
        }
    }

    /// A feed or a project is told when it has failed so many times in a row, and when it has
    /// recovered from that.
    fn look(&mut self, look: &Look, failures: u32) {
        let key = look.subject.key();
        let known = self.told.troubles.get(&key);
        let Some(why) = &look.failure else {
            if let Some(known) = known.filter(|_| !self.may_still_fail(look)) {
                if known.is_told {
                    self.recovered(&look.subject, known);
                }
                self.telling.troubles.insert(key, None);
            }
            return;
        };
        let mut trouble = next(known, self.at, why, false);
        if trouble.failures >= failures && !trouble.is_told {
            trouble.is_told = true;
            self.failed(&look.subject, &trouble);
        }
        self.telling.troubles.insert(key, Some(trouble));
    }

    /// Whether an action of the project failed before and was left undone this time.
    fn may_still_fail(&self, look: &Look) -> bool {
        let Subject::Project(package) = &look.subject else {
            return false;
        };
        let prefix = format!("action/{package}/");
        let mut troubles = self.told.troubles.keys();
        look.has_skipped && troubles.any(|key| key.starts_with(&prefix))
    }

    fn failed(&mut self, subject: &Subject, trouble: &Trouble) {
        let occasion = match subject {
            Subject::Feed(_) => Occasion::FeedFailed,
            Subject::Project(_) => Occasion::ProjectFailed,
        };
        let text = format!(
            "it failed {} in a row, since {}: {}",
            times(trouble.failures),
            minute(trouble.since),
            trouble.why
        );
        self.changed(occasion, subject, trouble, &text);
    }

    fn recovered(&mut self, subject: &Subject, known: &Trouble) {
        let occasion = match subject {
            Subject::Feed(_) => Occasion::FeedRecovered,
            Subject::Project(_) => Occasion::ProjectRecovered,
        };
        let text = format!(
            "it is well again; it had failed {} in a row, since {}",
            times(known.failures),
            minute(known.since)
        );
        self.changed(occasion, subject, known, &text);
    }

    fn changed(&mut self, occasion: Occasion, subject: &Subject, trouble: &Trouble, text: &str) {
        self.new.push(Happening {
            occasion,
            key: format!(
                "{occasion}/{}/{}",
                subject.key(),
                trouble.since.to_rfc3339()
            ),
            openssl: None,
            severity: None,
            item: subject.item(text),
        });
    }
}

/// What a key tells, an event by its name or a release, and of which line, as `package/line`.
pub(super) fn kind_and_line(key: &str) -> Option<(&str, String)> {
    let mut parts = key.split('/');
    let kind = match (parts.next()?, parts.next()?) {
        ("event", event) => event,
        ("release", _) => "release",
        _ => return None,
    };
    Some((kind, format!("{}/{}", parts.next()?, parts.next()?)))
}

fn next(known: Option<&Trouble>, at: DateTime<Utc>, why: &str, is_told: bool) -> Trouble {
    Trouble {
        failures: known.map_or(0, |known| known.failures).saturating_add(1),
        since: known.map_or(at, |known| known.since),
        is_told: is_told || known.is_some_and(|known| known.is_told),
        why: why.to_owned(),
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

fn minute(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// What was done, as the ledger has it: that outlives a process that ended before it told of it.
fn of_act(act: &Act) -> Option<Happening> {
    let (occasion, what) = match act.kind.as_str() {
        "open-issue" => (Occasion::IssueOpened, "the tracking issue was opened"),
        "reopen-issue" => (
            Occasion::IssueReopened,
            "the tracking issue was opened again",
        ),
        "close-issue" => (Occasion::IssueClosed, "the tracking issue was closed"),
        "dispatch" => (Occasion::RunStarted, "a step was started"),
        "rerun" => (Occasion::RunRestarted, "failed jobs were started again"),
        _ => return None,
    };
    let Some(Outcome::Done { url, .. }) = &act.outcome else {
        return None;
    };
    let (package, line) = act.scope.split_once('/')?;
    let at = act.concluded_at?.to_rfc3339();
    let own = act.key.strip_prefix(&act.scope).unwrap_or(&act.key);
    let text = match occasion {
        Occasion::RunStarted | Occasion::RunRestarted => {
            format!("{what} ({})", own.trim_start_matches('/'))
        }
        _ => what.to_owned(),
    };
    Some(Happening {
        occasion,
        key: format!("act/{}/{}/{at}", act.kind, act.key),
        openssl: None,
        severity: None,
        item: Item {
            package: Some(package.to_owned()),
            line: Some(line.to_owned()),
            text: sentence(&text),
            url: url.as_deref().and_then(address),
            ..Item::default()
        },
    })
}

/// The names of what is fresh, for the log.
pub fn summary(new: &[Happening]) -> String {
    let mut counts: BTreeMap<Occasion, usize> = BTreeMap::new();
    for happening in new {
        let count = counts.entry(happening.occasion).or_default();
        *count = count.saturating_add(1);
    }
    let words: BTreeSet<String> = counts
        .into_iter()
        .map(|(occasion, count)| format!("{occasion} ({count})"))
        .collect();
    words.into_iter().collect::<Vec<_>>().join(", ")
}
