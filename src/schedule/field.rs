//! One field of a schedule: lists, ranges, steps and names, as crontab(5) means them.

use std::collections::BTreeSet;

use super::error::{ScheduleError, quoted};

/// What a field may hold.
pub(super) struct Kind {
    name: &'static str,
    least: u32,
    most: u32,
    /// The names of the values, from `least` on.
    names: &'static [&'static str],
}

pub(super) const SECOND: Kind = numbers("second", 0, 59);
pub(super) const MINUTE: Kind = numbers("minute", 0, 59);
pub(super) const HOUR: Kind = numbers("hour", 0, 23);
pub(super) const DAY: Kind = numbers("day-of-month", 1, 31);
pub(super) const MONTH: Kind = Kind {
    name: "month",
    least: 1,
    most: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
/// 7 is Sunday too; it becomes 0 when the field is read.
pub(super) const WEEKDAY: Kind = Kind {
    name: "weekday",
    least: 0,
    most: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const fn numbers(name: &'static str, least: u32, most: u32) -> Kind {
    Kind {
        name,
        least,
        most,
        names: &[],
    }
}

/// The values that a field stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) values: BTreeSet<u32>,
    /// Whether the field begins with `*`: then it does not choose days by itself.
    pub(super) is_open: bool,
}

impl Kind {
    /// Reads a field.
    pub(super) fn parse(&self, text: &str) -> Result<Field, ScheduleError> {
        let mut values = BTreeSet::new();
        for item in text.split(',') {
            self.item(item, &mut values)?;
        }
        if self.is_weekday() && values.remove(&7) {
            values.insert(0);
        }
        Ok(Field {
            values,
            is_open: text.starts_with('*'),
        })
    }

    fn item(&self, item: &str, values: &mut BTreeSet<u32>) -> Result<(), ScheduleError> {
        if item.is_empty() {
            return Err(self.wrong(
                item,
                "an empty place in a list: a comma too many".to_owned(),
            ));
        }
        let (span, step) = match item.split_once('/') {
            None => (item, 1),
            Some((span, step)) => (span, self.step(item, step)?),
        };
        let (first, last) = match span.split_once('-') {
            _ if span == "*" => (self.least, self.most),
            Some((first, last)) => self.range(item, first, last)?,
            // Not crontab(5)'s, but what everybody means by it: from there to the last.
            None if item.contains('/') => {
                let most = if self.is_weekday() { 6 } else { self.most };
                (self.value(item, span)?, most)
            }
            None => {
                let value = self.value(item, span)?;
                (value, value)
            }
        };
        values.extend((first..=last).step_by(step));
        Ok(())
    }

    fn range(&self, item: &str, first: &str, last: &str) -> Result<(u32, u32), ScheduleError> {
        let (first, mut last) = (self.value(item, first)?, self.value(item, last)?);
        // A week may end on its Sunday: `fri-sun`.
        if self.is_weekday() && last == 0 && first > 0 {
            last = 7;
        }
        if first > last {
            return Err(self.wrong(
                item,
                format!(
                    "a range that runs backwards: write two, {first}-{} and {}-{last}",
                    self.most, self.least
                ),
            ));
        }
        Ok((first, last))
    }

    fn step(&self, item: &str, step: &str) -> Result<usize, ScheduleError> {
        let most = self.most - self.least + 1;
        number(step)
            .filter(|step| (1..=most).contains(step))
            .and_then(|step| usize::try_from(step).ok())
            .ok_or_else(|| {
                self.wrong(
                    item,
                    format!("and a step is a whole number from 1 to {most}"),
                )
            })
    }

    fn value(&self, item: &str, text: &str) -> Result<u32, ScheduleError> {
        let named = || {
            let found = self
                .names
                .iter()
                .position(|name| name.eq_ignore_ascii_case(text))?;
            Some(self.least + u32::try_from(found).ok()?)
        };
        number(text)
            .filter(|value| (self.least..=self.most).contains(value))
            .or_else(named)
            .ok_or_else(|| {
                let names = match (self.names.first(), self.names.last()) {
                    (Some(first), Some(last)) => format!(", or {first} to {last}"),
                    _ => String::new(),
                };
                self.wrong(
                    item,
                    format!(
                        "and its values are whole numbers from {} to {}{names}",
                        self.least, self.most
                    ),
                )
            })
    }

    fn is_weekday(&self) -> bool {
        self.most == WEEKDAY.most
    }

    fn wrong(&self, item: &str, wrong: String) -> ScheduleError {
        ScheduleError::Field {
            field: self.name,
            value: quoted(item),
            wrong,
        }
    }
}

/// Digits alone; `parse` would take `+5` too.
fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
