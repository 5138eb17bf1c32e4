//! One field of a schedule: lists, ranges, steps and names, as the numbers that they stand for.

use std::collections::BTreeSet;

use super::ScheduleError;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What a field may say.
pub(super) struct Kind {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const fn kind(name: &'static str, least: u32, most: u32, names: &'static [&'static str]) -> Kind {
    Kind {
        name,
        least,
        most,
        names,
    }
}

pub(super) const SECOND: Kind = kind("second", 0, 59, &[]);
pub(super) const MINUTE: Kind = kind("minute", 0, 59, &[]);
pub(super) const HOUR: Kind = kind("hour", 0, 23, &[]);
pub(super) const DAY: Kind = kind("day of the month", 1, 31, &[]);
pub(super) const MONTH: Kind = kind("month", 1, 12, &MONTHS);
pub(super) const WEEKDAY: Kind = kind("weekday", 0, 7, &WEEKDAYS);

/// The numbers that a field stands for.
#[derive(Debug)]
pub(super) struct Field {
    numbers: BTreeSet<u32>,
    /// Whether it begins with `*`: then another field decides the day.
    pub(super) is_open: bool,
    count: usize,
}

impl Field {
    pub(super) fn read(kind: &Kind, text: &str) -> Result<Self, ScheduleError> {
        let mut numbers = BTreeSet::new();
        for part in text.split(',') {
            let wrong = |reason: String| ScheduleError::Field {
                field: kind.name,
                text: text.to_owned(),
                reason,
            };
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(kind.step(step).map_err(wrong)?)),
                None => (part, None),
            };
            let (least, most) = kind.range(range, step.is_some()).map_err(wrong)?;
            numbers.extend((least..=most).step_by(step.unwrap_or(1)));
        }
        if kind.most == WEEKDAY.most && numbers.remove(&7) {
            numbers.insert(0);
        }
        Ok(Self {
            numbers,
            is_open: text.starts_with('*'),
            count: kind.count(),
        })
    }

    /// Whether it leaves nothing out.
    pub(super) fn is_full(&self) -> bool {
        self.numbers.len() == self.count
    }

    /// The numbers as a list.
    pub(super) fn list(&self) -> String {
        let texts: Vec<String> = self.numbers.iter().map(ToString::to_string).collect();
        texts.join(",")
    }

    /// The weekdays by name: by number another day is meant elsewhere.
    pub(super) fn names(&self) -> String {
        let names = WEEKDAYS.iter().zip(0..);
        let known: Vec<&str> = names
            .filter(|(_, number)| self.numbers.contains(number))
            .map(|(name, _)| *name)
            .collect();
        known.join(",")
    }
}

impl Kind {
    /// How many different things it can say.
    fn count(&self) -> usize {
        let most = if self.most == WEEKDAY.most {
            6
        } else {
            self.most
        };
        usize::try_from(most.abs_diff(self.least)).map_or(0, |count| count.saturating_add(1))
    }

    fn step(&self, text: &str) -> Result<usize, String> {
        let step = text.parse::<usize>().ok().filter(|step| *step > 0);
        step.ok_or_else(|| format!("the step {text:?} is no number above 0"))
    }

    /// From where to where; a step without an end goes on to the last.
    fn range(&self, text: &str, has_step: bool) -> Result<(u32, u32), String> {
        if text == "*" {
            // 7 is Sunday once more.
            return Ok((self.least, if self.most == 7 { 6 } else { self.most }));
        }
        let Some((least, most)) = text.split_once('-') else {
            let least = self.number(text)?;
            return Ok((least, if has_step { self.most } else { least }));
        };
        let (least, most) = (self.number(least)?, self.number(most)?);
        if least > most {
            return Err(format!("the range {text:?} ends before it begins"));
        }
        Ok((least, most))
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let lower = text.to_ascii_lowercase();
        if let Some(at) = self.names.iter().position(|name| *name == lower) {
            return Ok(u32::try_from(at).unwrap_or(0) + self.least);
        }
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<u32>().ok().filter(|_| is_number);
        number
            .filter(|number| (self.least..=self.most).contains(number))
            .ok_or_else(|| {
                let names = match self.names {
                    [first, .., last] => format!(", nor a name from {first} to {last}"),
                    _ => String::new(),
                };
                format!(
                    "{text:?} is no number from {} to {}{names}",
                    self.least, self.most
                )
            })
    }
}
