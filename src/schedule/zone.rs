//! From times on the wall to moments, across the changes of the clock.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};

use super::expression::WallTimes;

/// The names of all zones.
pub fn zones() -> impl Iterator<Item = &'static str> {
    TZ_VARIANTS.iter().map(|zone| zone.name())
}

/// The next tick where each time on the wall counts once.
///
/// A time stands for the first moment at which the clock on the wall shows it or has passed it.
/// Later times stand for no earlier moments, so the first that is late enough is the one, and none
/// before what the wall shows now can be.
pub(super) fn next_of_fixed(
    times: &WallTimes,
    zone: Tz,
    moment: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut time = on_the_wall(zone, moment)?;
    loop {
        time = times.after(time)?;
        let tick = first_moment(zone, time)?;
        if tick > moment {
            return Some(tick);
        }
    }
}

fn first_moment(zone: Tz, time: NaiveDateTime) -> Option<DateTime<Utc>> {
    let tick = match zone.from_local_datetime(&time) {
        MappedLocalTime::Single(tick) => tick,
        MappedLocalTime::Ambiguous(first, second) => first.min(second),
        MappedLocalTime::None => GapInfo::new(&time, &zone)?.end?,
    };
    Some(tick.with_timezone(&Utc))
}

/// The next tick where each moment counts at which the wall shows one of the times.
///
/// It goes from one change of the clock to the next: in between, the wall is a fixed distance from
/// UTC, and after a change it may show earlier times again.
pub(super) fn next_of_elapsed(
    times: &WallTimes,
    zone: Tz,
    moment: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut from = moment;
    // The first second that is looked at decides the distance.
    while let Some(first) = from.checked_add_signed(TimeDelta::seconds(1)) {
        let distance = distance(zone, first);
        let time = times.after(from.naive_utc().checked_add_signed(distance)?)?;
        let tick = time.checked_sub_signed(distance)?.and_utc();
        match change_between(zone, first, tick) {
            None => return Some(tick),
            // Just before the change, so that the change itself may be the tick.
            Some(change) => from = change - TimeDelta::seconds(1),
        }
    }
    None
}

fn on_the_wall(zone: Tz, moment: DateTime<Utc>) -> Option<NaiveDateTime> {
    let time = moment.naive_utc();
    time.checked_add_signed(distance(zone, moment))
}

/// What the wall is ahead of UTC.
fn distance(zone: Tz, moment: DateTime<Utc>) -> TimeDelta {
    let offset = zone.offset_from_utc_datetime(&moment.naive_utc());
    TimeDelta::seconds(i64::from(offset.fix().local_minus_utc()))
}

/// The first second after `from`, and not after `until`, at which the distance is another; clocks
/// do not change and change back within a day.
fn change_between(zone: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let same = distance(zone, from);
    let changed = |second: i64| {
        DateTime::from_timestamp(second, 0).is_some_and(|moment| distance(zone, moment) != same)
    };
    let (mut before, end) = (from.timestamp(), until.timestamp());
    while before < end {
        let mut after = end.min(before + 24 * 60 * 60);
        if changed(after) {
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if changed(middle) {
                    after = middle;
                } else {
                    before = middle;
                }
            }
            return DateTime::from_timestamp(after, 0);
        }
        before = after;
    }
    None
}
