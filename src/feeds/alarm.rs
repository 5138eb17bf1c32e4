//! What must not be believed: a feed that lost what it had.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::model::{Advisory, LifeTime, OpensslFacts, OpensslVersion, Series};

use super::releases::Listing;

/// The first release of the oldest series whose releases GitHub lists for sure.
const OLDEST_LISTED: OpensslVersion = OpensslVersion::new(3, 0, 0);

/// Refuses a list of releases that lacks half of those that are built in, or were listed before.
///
/// # Errors
/// A reason for people.
pub fn releases(
    listing: &Listing,
    before: Option<&Listing>,
    built_in: &OpensslFacts,
) -> Result<(), String> {
    let versions = |listing: &Listing| -> BTreeSet<OpensslVersion> {
        listing
            .releases
            .iter()
            .map(|one| one.version.clone())
            .collect()
    };
    let now = versions(listing);
    if let Some(before) = before {
        shrunk("releases", &versions(before), &now)?;
    }
    let built_in = built_in
        .releases
        .iter()
        .filter(|release| release.is_usable() && release.version >= OLDEST_LISTED)
        .map(|release| release.version.clone())
        .collect();
    shrunk("releases", &built_in, &now)
}

/// Refuses advisories that lack half of those that are built in, or were there before.
///
/// # Errors
/// A reason for people.
pub fn advisories(
    now: &[Advisory],
    before: Option<&[Advisory]>,
    built_in: &OpensslFacts,
) -> Result<(), String> {
    let names =
        |of: &[Advisory]| -> BTreeSet<String> { of.iter().map(|one| one.cve.clone()).collect() };
    let now = names(now);
    if let Some(before) = before {
        shrunk("advisories", &names(before), &now)?;
    }
    shrunk("advisories", &names(&built_in.advisories), &now)
}

/// Refuses life times that lack half of the series that are built in, or were there before, and
/// are still supported: the others are left out in the course of time.
///
/// # Errors
/// A reason for people.
pub fn life_times(
    now: &[LifeTime],
    before: Option<&[LifeTime]>,
    built_in: &OpensslFacts,
    today: NaiveDate,
) -> Result<(), String> {
    let alive = |life_time: &&LifeTime| life_time.ends >= today;
    let found: BTreeSet<Series> = now.iter().map(|one| one.series).collect();
    for known in [
        before.unwrap_or_default(),
        &built_in.life_times.iter().cloned().collect::<Vec<_>>(),
    ] {
        let known = known.iter().filter(alive).map(|one| one.series).collect();
        shrunk("supported series", &known, &found)?;
    }
    Ok(())
}

/// Refuses facts that lack half or more of those that were known.
///
/// # Errors
/// A reason for people.
pub fn shrunk<T: Ord>(what: &str, known: &BTreeSet<T>, now: &BTreeSet<T>) -> Result<(), String> {
    let gone = known.difference(now).count();
    if gone > 0 && gone.saturating_mul(2) >= known.len() {
        return Err(format!(
            "{gone} of the {} {what} that were known are gone from it",
            known.len()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[1, 2, 3, 4], &[1, 2, 3, 4], true)]
    #[case(&[1, 2, 3, 4], &[2, 3, 4, 5, 6], true)]
    #[case(&[1, 2, 3, 4], &[3, 4, 5, 6, 7], false)]
    #[case(&[1, 2, 3, 4], &[], false)]
    #[case(&[], &[1], true)]
    #[case(&[], &[], true)]
    fn half_of_what_was_known_must_still_be_there(
        #[case] known: &[u8],
        #[case] now: &[u8],
        #[case] believed: bool,
    ) {
        let set = |of: &[u8]| of.iter().copied().collect::<BTreeSet<u8>>();
        assert_eq!(shrunk("releases", &set(known), &set(now)).is_ok(), believed);
    }

    #[test]
    fn the_alarm_counts() {
        let reason = shrunk("releases", &BTreeSet::from([1, 2, 3]), &BTreeSet::from([1]));
        assert_eq!(
            reason.unwrap_err(),
            "2 of the 3 releases that were known are gone from it"
        );
    }
}
