//! What fixes an affected range, or why nothing does.

use chrono::NaiveDate;

use crate::model::{AffectedRange, OpensslFacts, Release, Series};

use super::reason::ReasonCode;

/// The first public, not withdrawn release of the series that lies behind the range.
pub fn first_fix<'a>(
    facts: &'a OpensslFacts,
    series: Series,
    range: &AffectedRange,
) -> Option<&'a Release> {
    facts
        .releases
        .usable(series)
        .find(|release| release.version >= range.introduced && range.is_past(&release.version))
}

/// Why no public release of the series fixes the range on that UTC day:
/// [`ReasonCode::PremiumOnly`], [`ReasonCode::NoFixInSeries`] or [`ReasonCode::FixPending`].
pub fn why_unfixed(
    facts: &OpensslFacts,
    series: Series,
    range: &AffectedRange,
    today: NaiveDate,
) -> ReasonCode {
    let ended = facts.life_times.support(series, today).has_ended();
    let premium = range
        .named_fix()
        .and_then(|fix| facts.releases.get(fix))
        .is_some_and(|release| release.premium_only);
    // After the end of a series its letter releases go on for contract holders, listed or not.
    let newest = facts.releases.newest(series);
    let letters = ended
        && range.named_fix().is_some_and(|fix| {
            !fix.letters().is_empty() && newest.is_some_and(|newest| *fix > newest.version)
        });
    if premium || letters {
        ReasonCode::PremiumOnly
    } else if ended {
        ReasonCode::NoFixInSeries
    } else {
        ReasonCode::FixPending
    }
}
