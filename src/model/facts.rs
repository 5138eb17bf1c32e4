//! What is known about OpenSSL at one moment.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::advisory::Advisory;
use super::release::{Release, Releases};
use super::series::LifeTimes;

/// Where a feed's facts came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactsOrigin {
    /// Read from the feed just now.
    Network,
    /// The last good copy of the feed.
    Cache,
    /// Shipped with rewheel.
    BuiltIn,
    /// A local mirror.
    Directory,
}

/// OpenSSL's releases, advisories and life times, as known at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpensslFacts {
    /// The UTC day up to which the facts are known to be complete.
    pub as_of: NaiveDate,
    /// The releases.
    pub releases: Releases,
    /// The advisories, newest first.
    pub advisories: Vec<Advisory>,
    /// The life times of the series.
    pub life_times: LifeTimes,
}

impl OpensslFacts {
    /// The facts as they were public at the end of that UTC day: later releases, advisories and
    /// withdrawals are taken away. Life times stay: they are announced years ahead.
    pub fn cut(&self, day: NaiveDate) -> Self {
        let releases = self
            .releases
            .iter()
            .filter(|release| release.date <= day)
            .map(|release| Release {
                withdrawn: release.withdrawn.filter(|withdrawn| *withdrawn <= day),
                vanished: release.vanished.filter(|vanished| *vanished <= day),
                ..release.clone()
            })
            .collect();
        Self {
            as_of: self.as_of.min(day),
            releases: Releases::new(releases),
            advisories: self
                .advisories
                .iter()
                .filter(|advisory| advisory.published <= day)
                .cloned()
                .collect(),
            life_times: self.life_times.clone(),
        }
    }
}
