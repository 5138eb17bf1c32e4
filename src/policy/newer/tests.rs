use rstest::rstest;

use super::*;
fn releases() -> Releases {
    let day: NaiveDate = "2026-10-01".parse().unwrap();
    let versions = [
        "1.1.1t", "1.1.1u", "1.1.1v", "1.1.1w", "3.0.4", "3.0.5", "3.0.6", "3.0.7", "3.0.8",
        "3.5.0",
    ];
    let release = |version: &str| Release {
        version: version.parse().unwrap(),
        date: day,
        kind: ReleaseKind::BugFix,
        severity: None,
        withdrawn: (version == "3.0.6").then_some(day),
        vanished: None,
        premium_only: false,
    };
    Releases::new(versions.map(release).to_vec())
}

#[rstest]
#[case("3.0.4", "3.0.8", "3.0.5, 3.0.7 to 3.0.8")]
#[case("3.0.7", "3.5.0", "3.0.8, 3.5.0")]
#[case("1.1.1u", "1.1.1w", "1.1.1v to 1.1.1w")]
#[case("3.5.0", "3.5.0", "")]
fn runs_leave_nothing_out_and_stay_in_a_series(
    #[case] after: &str,
    #[case] last: &str,
    #[case] expected: &str,
) {
    let (after, last): (OpensslVersion, OpensslVersion) =
        (after.parse().unwrap(), last.parse().unwrap());
    let named = ranges(&releases(), |release| {
        release.is_usable() && release.version > after && release.version <= last
    });
    assert_eq!(named, expected);
}
