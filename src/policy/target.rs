//! Targets: the release that wheels of a series should carry next.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::model::{LifeTime, OpensslFacts, OpensslVersion, Release, Series};

use super::settings::{Follow, Settings};

/// The release that wheels linked to a series should carry next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The followed series.
    pub series: Series,
    /// Its newest public final release; none when the series is dead, or has none.
    pub version: Option<OpensslVersion>,
    /// The day of that release.
    pub published: Option<NaiveDate>,
    /// Of a dead series the last public release: the least that wheels should carry.
    pub minimum: Option<OpensslVersion>,
    /// Of a dead series where to go.
    pub successor: Option<Successor>,
    /// Whether a wheel is due to be built with it.
    #[serde(rename = "due", default)]
    pub is_due: bool,
}

/// Where to go from a dead series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    /// The newest supported series with long-term support.
    pub lts: Option<Series>,
    /// The newest supported series.
    pub newest: Option<Series>,
}

/// The targets of a line: which series each linked series is to follow, and the target of each
/// followed series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// From linked to followed series.
    pub followed: BTreeMap<Series, Series>,
    /// The targets, one per followed series, in the order of the series.
    pub targets: Vec<Target>,
    /// The series that is to be followed and that OpenSSL is not known to have: then nothing is
    /// followed, and there is no target.
    pub unknown: Option<Series>,
}

/// The targets for wheels that are linked to these series.
pub fn targets(
    linked: impl IntoIterator<Item = Series>,
    facts: &OpensslFacts,
    settings: &Settings,
    today: NaiveDate,
) -> Targets {
    let mut found = Targets::default();
    for series in linked {
        if let Follow::Named(named) = settings.follow
            && !is_known(named, facts)
        {
            found.unknown = Some(named);
            return found;
        }
        let followed = match settings.follow {
            Follow::Series => series,
            Follow::Named(named) => named,
            Follow::Latest => newest_or(series, facts, settings, today, false),
            Follow::Lts => newest_or(series, facts, settings, today, true),
        };
        found.followed.insert(series, followed);
    }
    let mut all: Vec<Series> = found.followed.values().copied().collect();
    all.sort_unstable();
    all.dedup();
    found.targets = all
        .into_iter()
        .map(|series| target(series, facts, today))
        .collect();
    found
}

/// Whether OpenSSL is known to have such a series: it told its life time, or any release of it.
fn is_known(series: Series, facts: &OpensslFacts) -> bool {
    facts.life_times.get(series).is_some() || facts.releases.of_series(series).next().is_some()
}

/// The newest settled series, or the newest with long-term support; but the linked one where it is
/// such a series, supported and newer: wheels are never to go back for the sake of following.
fn newest_or(
    linked: Series,
    facts: &OpensslFacts,
    settings: &Settings,
    today: NaiveDate,
    lts_only: bool,
) -> Series {
    let fits = |one: &LifeTime| one.lts || !lts_only;
    let newest = settled(facts, settings.series_settle, today, fits).unwrap_or(linked);
    let stays = !facts.life_times.support(linked, today).has_ended()
        && facts.life_times.get(linked).map_or(!lts_only, fits);
    if stays { newest.max(linked) } else { newest }
}

fn target(series: Series, facts: &OpensslFacts, today: NaiveDate) -> Target {
    let newest = facts.releases.newest(series);
    let version = newest.map(|release| release.version.clone());
    if facts.life_times.support(series, today).has_ended() {
        return Target {
            series,
            version: None,
            published: None,
            minimum: version,
            successor: Some(Successor {
                lts: settled(facts, TimeDelta::zero(), today, |one| one.lts),
                newest: settled(facts, TimeDelta::zero(), today, |_| true),
            }),
            is_due: false,
        };
    }
    Target {
        series,
        version,
        published: newest.map(|release| release.date),
        minimum: None,
        successor: None,
        is_due: false,
    }
}

/// The newest supported series whose first release is that old.
fn settled(
    facts: &OpensslFacts,
    age: TimeDelta,
    today: NaiveDate,
    fits: impl Fn(&LifeTime) -> bool,
) -> Option<Series> {
    facts
        .life_times
        .iter()
        .filter(|life_time| today <= life_time.ends && fits(life_time))
        .filter(|life_time| {
            first_release(facts, life_time.series)
                .is_some_and(|release| today.signed_duration_since(release.date) >= age)
        })
        .map(|life_time| life_time.series)
        .next_back()
}

/// The first usable release of a series.
pub fn first_release(facts: &OpensslFacts, series: Series) -> Option<&Release> {
    facts.releases.usable(series).next()
}
