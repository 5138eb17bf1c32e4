//! One round below the command, at a moment that never changes and without waiting.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rewheel::cycle::{Cycle, LineRequest, Silent};
use rewheel::feeds::watch::FeedSource;
use rewheel::feeds::{Known, Watch, built_in};
use rewheel::index::{Index, IndexLimits};
use rewheel::model::{Release, ReleaseAssets, Releases, Wanted};
use rewheel::policy::Settings;
use rewheel::report::CheckReport;
use rewheel::scan;
use rewheel::source::WheelLimits;
use rewheel::store::Store;

use super::client::{client, location};
use super::fake_index::FakeIndex;

/// The moment for which everything is judged.
const MOMENT: &str = "2026-10-23T12:00:00Z";

/// The advisories that are known: few enough to be read, and of three severities.
const ADVISORIES: [&str; 4] = [
    "CVE-2026-84782",
    "CVE-2026-63076",
    "CVE-2026-84784",
    "CVE-2025-15467",
];

/// A round that asks the index at this address. What is known of OpenSSL stays the same whatever
/// the built-in facts come to know.
pub fn of(url: &str) -> Cycle {
    let now: DateTime<Utc> = MOMENT.parse().unwrap();
    let mut openssl = built_in::load().unwrap().cut(now.date_naive());
    openssl
        .advisories
        .retain(|advisory| ADVISORIES.contains(&advisory.cve.as_str()));
    // Of so few advisories hardly any is as severe as its release says.
    let releases = openssl.releases.iter().map(|release| Release {
        severity: None,
        ..release.clone()
    });
    openssl.releases = Releases::new(releases.collect());
    let known = Known {
        reports: built_in::reports(&openssl),
        facts: openssl,
        assets: ReleaseAssets::default(),
        warnings: Vec::new(),
    };
    Cycle {
        index: Index::new(&client(), &location(url), IndexLimits::default()),
        store: Store::none(),
        watch: Watch::new(FeedSource::Fixed(Box::new(known)), Vec::new()).unwrap(),
        scan_limits: scan::Limits::default(),
        scanners: Arc::default(),
        wheel_limits: WheelLimits::default(),
        parallel: 2,
        now,
    }
}

/// What is asked when nothing but a package's name is given, or all of its versions.
pub fn request(package: &str, every_version: bool) -> LineRequest {
    LineRequest {
        package: package.to_owned(),
        line: "main".to_owned(),
        wanted: Wanted::default(),
        every_version,
        settings: Settings::default(),
    }
}

/// What a check of this package comes to at that moment.
pub async fn check(index: &FakeIndex, package: &str, every_version: bool) -> CheckReport {
    of(&index.url())
        .check(&[request(package, every_version)], Arc::new(Silent))
        .await
        .0
}
