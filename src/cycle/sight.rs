//! What has been seen of one project: its lines, and its wheels as far as they were read.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::index::{File, IndexError, Project};
use crate::model::{WheelName, WheelScan};
use crate::policy::{Reason, ReasonCode, WheelContent, WheelFacts};

use super::LineRequest;
use super::published::{self, Observed, PublishedLine};

/// How long a scan that was recalled from what is remembered is kept here. What is remembered and
/// never asked for is forgotten after a while, so it is asked for now and then.
const RECALLED_FOR: TimeDelta = TimeDelta::days(1);

/// How long a wheel is left alone that was received for nothing twice; it doubles each time.
const FIRST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// The longest such pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(1);

/// What has been seen of one project so far. A look fills it piece by piece; a cycle may judge it
/// at any moment.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// When the index told it.
    told: Option<DateTime<Utc>>,
    recalled: Option<DateTime<Utc>>,
    lines: BTreeMap<String, PublishedLine>,
    wheels: BTreeMap<String, SeenWheel>,
    /// Why the index could not tell it the last time.
    failure: Option<Reason>,
}

#[derive(Debug)]
struct SeenWheel {
    file: File,
    name: WheelName,
    content: Option<WheelContent>,
    /// Whether the cycle had no bytes left for it.
    is_refused: bool,
    waste: Waste,
}

/// What was received of a wheel for nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Waste {
    /// How many times in a row.
    times: u32,
    /// When the last time began.
    last: Option<DateTime<Utc>>,
}

impl Waste {
    /// Whether the wheel is left alone for now: the bytes of a cycle are not for one that fails
    /// again and again while others wait.
    fn is_pausing(self, now: DateTime<Utc>) -> bool {
        let doubled = self.times.saturating_sub(2).min(16);
        let pause = FIRST_PAUSE.checked_mul(1_i32 << doubled);
        let pause = pause.map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
        // The first time may have been bad luck.
        self.times > 1 && self.last.is_some_and(|last| (now - last).abs() < pause)
    }
}

/// Why a look has not come to its end, and what is said of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unfinished {
    /// How many seconds a cycle waits for a look, when this one takes longer.
    pub(super) slow: Option<u64>,
    /// How many bytes a cycle receives.
    pub(super) bytes: Option<u64>,
    /// When the look under way began.
    pub(super) since: Option<DateTime<Utc>>,
}

/// What is known of one line.
#[derive(Debug)]
pub(super) enum SeenLine {
    /// Nothing.
    Failed(Reason),
    /// What it has published.
    Seen {
        /// The versions with what is in their wheels.
        versions: SeenVersions,
        /// Why it may not be all.
        unclear: Option<Reason>,
    },
}

/// The versions of a line that are judged.
#[derive(Debug)]
pub(super) enum SeenVersions {
    /// There is nothing to judge.
    NoWheels,
    /// Newest first, with what is in their wheels.
    Versions(Vec<(Observed, Vec<WheelFacts>)>),
}

impl Sight {
    /// Whether what the index said is good for a look that begins now.
    pub(super) fn is_fresh(&self, now: DateTime<Utc>, interval: TimeDelta) -> bool {
        let age = self.told.map(|told| now - told);
        // Cycles do not begin to the second: an interval of an hour is over in the next hour.
        let good = interval - (interval / 10).min(TimeDelta::minutes(1));
        self.failure.is_none() && age.is_some_and(|age| age >= TimeDelta::zero() && age < good)
    }

    /// Whether anything was ever seen.
    pub(super) const fn is_new(&self) -> bool {
        self.told.is_none()
    }

    /// What could not be read is to be read again.
    pub(super) fn begin(&mut self, now: DateTime<Utc>) {
        for wheel in self.wheels.values_mut() {
            wheel.is_refused = false;
            let is_scanned = matches!(wheel.content, Some(WheelContent::Scanned(_)));
            if !is_scanned && !wheel.waste.is_pausing(now) {
                wheel.content = None;
            }
        }
    }

    /// The index told this. What was read of a wheel stays; `recall` is asked for the others.
    pub(super) fn take(
        &mut self,
        requests: &[LineRequest],
        project: &Project,
        now: DateTime<Utc>,
        recall: impl Fn(&File) -> Option<WheelScan>,
    ) {
        let keeps = self
            .recalled
            .is_some_and(|recalled| (now - recalled).abs() < RECALLED_FOR);
        if !keeps {
            self.recalled = Some(now);
        }
        let mut before = std::mem::take(&mut self.wheels);
        self.lines.clear();
        for request in requests {
            let (line, files) = published::line(request, project);
            self.lines.insert(request.line.clone(), line);
            for file in files {
                let Some(name) = file.wheel.clone() else {
                    continue;
                };
                if self.wheels.contains_key(&file.name) {
                    continue;
                }
                let same = before
                    .remove(&file.name)
                    .filter(|known| known.file.sha256 == file.sha256 && known.file.url == file.url);
                let waste = same.as_ref().map(|known| known.waste).unwrap_or_default();
                let content = same
                    .filter(|_| keeps || waste.is_pausing(now))
                    .and_then(|known| known.content)
                    .or_else(|| recall(&file).map(WheelContent::Scanned));
                let key = file.name.clone();
                let wheel = SeenWheel {
                    file,
                    name,
                    content,
                    is_refused: false,
                    waste,
                };
                self.wheels.insert(key, wheel);
            }
        }
        self.told = Some(now);
        self.failure = None;
    }

    /// The index could not tell.
    pub(super) fn fail(&mut self, error: &IndexError) {
        let code = match error {
            IndexError::UnknownPackage { .. } | IndexError::BadName(_) => {
                ReasonCode::UnknownPackage
            }
            _ => ReasonCode::IndexUnavailable,
        };
        self.failure = Some(Reason::new(code, error.to_string()));
    }

    /// How many wheels there are.
    pub(super) fn count(&self) -> usize {
        self.wheels.len()
    }

    /// The wheels that are to be read: the newest first, and after them those that were received
    /// for nothing before.
    pub(super) fn unread(&self) -> Vec<(File, WheelName)> {
        let mut unread: Vec<&SeenWheel> = self
            .wheels
            .values()
            .filter(|wheel| wheel.content.is_none())
            .collect();
        unread.sort_by_key(|wheel| (wheel.waste.times, std::cmp::Reverse(wheel.file.uploaded)));
        unread
            .into_iter()
            .map(|wheel| (wheel.file.clone(), wheel.name.clone()))
            .collect()
    }

    /// A wheel was read by a look that began then, or could not be; so many bytes of it came.
    pub(super) fn read(
        &mut self,
        file: &str,
        content: WheelContent,
        received: u64,
        began: DateTime<Utc>,
    ) {
        if let Some(wheel) = self.wheels.get_mut(file) {
            if matches!(content, WheelContent::Scanned(_)) {
                wheel.waste = Waste::default();
            } else if received > 0 {
                wheel.waste = Waste {
                    times: wheel.waste.times.saturating_add(1),
                    last: Some(began),
                };
            }
            wheel.content = Some(content);
        }
    }

    /// There were no bytes left for a wheel.
    pub(super) fn refuse(&mut self, file: &str) {
        if let Some(wheel) = self.wheels.get_mut(file) {
            wheel.is_refused = true;
        }
    }

    /// What is known of a line now.
    pub(super) fn line(&self, line: &str, unfinished: &Unfinished) -> SeenLine {
        if let Some(reason) = &self.failure {
            return SeenLine::Failed(reason.clone());
        }
        let is_old = unfinished
            .since
            .is_some_and(|since| self.told.is_none_or(|told| told < since));
        let slow = unfinished.slow.filter(|_| is_old).map(|seconds| {
            let before = self.told.map_or_else(String::new, |told| {
                format!(
                    "; what was published at {} is judged",
                    told.format("%Y-%m-%d %H:%M UTC")
                )
            });
            let message = format!(
                "the index did not tell what is published within the limit project-seconds \
                 ({seconds}){before}"
            );
            Reason::new(ReasonCode::LookTooSlow, message)
        });
        let versions = match (self.lines.get(line), slow.clone()) {
            (Some(PublishedLine::NoWheels), _) => SeenVersions::NoWheels,
            (Some(PublishedLine::Versions(versions)), _) => SeenVersions::Versions(
                versions
                    .iter()
                    .map(|observed| (observed.clone(), self.wheels_of(observed, unfinished)))
                    .collect(),
            ),
            (Some(PublishedLine::NoSuchVersion(sentence)), _) => {
                return SeenLine::Failed(Reason::new(ReasonCode::NoSuchVersion, sentence));
            }
            (None, Some(slow)) => return SeenLine::Failed(slow),
            (None, None) => {
                let message = "the look at the project broke off";
                return SeenLine::Failed(Reason::new(ReasonCode::IndexUnavailable, message));
            }
        };
        SeenLine::Seen {
            versions,
            unclear: slow,
        }
    }

    fn wheels_of(&self, observed: &Observed, unfinished: &Unfinished) -> Vec<WheelFacts> {
        let wheels = observed.version.wheels.iter();
        wheels
            .filter_map(|wheel| self.wheels.get(&wheel.file))
            .map(|wheel| WheelFacts {
                name: wheel.name.clone(),
                sha256: wheel.file.sha256.clone(),
                content: match &wheel.content {
                    Some(content) => content.clone(),
                    None => WheelContent::Unread(why_unread(wheel, unfinished)),
                },
            })
            .collect()
    }
}

fn why_unread(wheel: &SeenWheel, unfinished: &Unfinished) -> String {
    match (wheel.is_refused, unfinished.bytes, unfinished.slow) {
        (true, Some(bytes), _) => format!(
            "it was not read yet: one cycle receives no more than the limit bytes-per-cycle \
             ({bytes}), and a later one goes on"
        ),
        (_, _, Some(seconds)) => format!(
            "it was not read yet: the look at the project takes longer than the limit \
             project-seconds ({seconds}), and a later cycle takes in what it sees"
        ),
        _ => "it was not read yet; a later cycle goes on".to_owned(),
    }
}
