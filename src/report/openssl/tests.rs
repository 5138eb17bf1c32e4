use rstest::rstest;

use super::*;
use crate::feeds::built_in;
use crate::model::OpensslFacts;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What was known on a day.
fn facts(today: &str) -> OpensslFacts {
    OpensslFacts {
        as_of: day(today),
        ..built_in::load().unwrap().cut(day(today))
    }
}

fn report(today: &str, answer: impl Fn(&OpensslFacts, NaiveDate) -> Answer) -> OpensslReport {
    let facts = facts(today);
    OpensslReport {
        checked_at: day(today).and_hms_opt(12, 0, 0).unwrap().and_utc(),
        feeds: built_in::reports(&facts),
        answer: answer(&facts, day(today)),
    }
}

fn series(today: &str) -> OpensslReport {
    report(today, |facts, today| {
        Answer::Series(series::views(facts, today))
    })
}

fn release(version: &str, today: &str) -> OpensslReport {
    report(today, |facts, today| {
        let version = version.parse().unwrap();
        Answer::Release(Box::new(ReleaseView::of(&version, facts, today)))
    })
}

fn advisory(cve: &str, today: &str) -> OpensslReport {
    report(today, |facts, today| {
        let mut advisories = facts.advisories.iter();
        let advisory = advisories.find(|advisory| advisory.cve == cve).unwrap();
        Answer::Advisory(Box::new(AdvisoryView::of(advisory, facts, today)))
    })
}

fn shown(report: &OpensslReport) -> String {
    text(report, Appearance::default())
}

#[test]
fn all_series() {
    insta::assert_snapshot!(shown(&series("2022-10-12")), @r"
     series     support           days  newest   of          kind
     5.0        announced         -     -        -           -
     4.2 LTS    announced         -     -        -           -
     4.1        announced         -     -        -           -
     4.0        announced         -     -        -           -
     3.6        announced         -     -        -           -
     3.5 LTS    announced         -     -        -           -
     3.4        announced         -     -        -           -
     3.3        announced         -     -        -           -
     3.2        announced         -     -        -           -
     3.1        announced         -     -        -           -
     3.0 LTS    until 2026-09-07  1426  3.0.5    2022-07-05  security, high
     1.1.1 LTS  until 2023-09-11  334   1.1.1q   2022-07-05  security, moderate
     1.1.0      ended 2019-09-11  -     1.1.0l   2019-09-10  security, low
     1.0.2 LTS  ended 2019-12-31  -     1.0.2u   2019-12-06  security, low
     1.0.1      ended 2016-12-31  -     1.0.1u   2016-06-01  security, high
     1.0.0      ended 2015-12-31  -     1.0.0t   2015-12-03  security, moderate
     0.9.8      ended 2015-12-31  -     0.9.8zh  2015-12-03  security, moderate

    releases, advisories and life times: built-in facts of 2022-10-12
    ");
}

#[test]
fn a_withdrawn_release() {
    insta::assert_snapshot!(shown(&release("3.0.6", "2022-10-13")), @r"
    OpenSSL 3.0.6 of 2022-10-11 (security, low), withdrawn on 2022-10-12
      series   3.0 LTS, support until 2026-09-07, 1425 days left
      status   withdrawn
      because  OpenSSL 3.0.6 was withdrawn on 2022-10-12 [withdrawn-release]
      fixes    CVE-2022-3358 (low)

    releases, advisories and life times: built-in facts of 2022-10-13
    ");
}

#[test]
fn a_release_of_a_series_whose_support_ended() {
    insta::assert_snapshot!(shown(&release("1.1.1v", "2023-10-25")), @r#"
    OpenSSL 1.1.1v of 2023-08-01 (security, low)
      series   1.1.1 LTS, support ended 2023-09-11
      status   vulnerable
      because  1.1.1v is in the affected range of 1 advisory; 1.1.1w fixes it
               [in-affected-range]
               the support of 1.1.1 ended on 2023-09-11; advisories leave it out, so
               their silence means "not analysed" [end-of-life]
               1.1.1w of 2023-09-11 is the newest public release of 1.1.1
               [newer-release]
      fixes    CVE-2023-3817 (low), CVE-2023-3446 (low)
      newer    1.1.1w

     advisory       severity  public since  fixed in  of
     CVE-2023-4807  low       2023-09-08    1.1.1w    2023-09-11

    releases, advisories and life times: built-in facts of 2023-10-25
    "#);
}

#[test]
fn an_advisory_whose_fix_was_withdrawn() {
    insta::assert_snapshot!(shown(&advisory("CVE-2022-3358", "2022-10-13")), @r"
    CVE-2022-3358, severity low, public since 2022-09-29
      https://openssl-library.org/news/vulnerabilities/#CVE-2022-3358

     series  affected versions  fixed in            of
     3.0     3.0.0 < 3.0.6      none (fix-pending)  -

      not analysed, because their support had ended: 0.9.8, 1.0.0, 1.0.1, 1.0.2,
      1.1.0
      no range is given for: 1.1.1
      began after the advisory: 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 4.0, 4.1, 4.2, 5.0

    releases, advisories and life times: built-in facts of 2022-10-13
    ");
    insta::assert_snapshot!(shown(&advisory("CVE-2022-3358", "2022-11-01")), @r"
    CVE-2022-3358, severity low, public since 2022-09-29
      https://openssl-library.org/news/vulnerabilities/#CVE-2022-3358

     series  affected versions  fixed in  of
     3.0     3.0.0 < 3.0.6      3.0.7     2022-11-01

      not analysed, because their support had ended: 0.9.8, 1.0.0, 1.0.1, 1.0.2,
      1.1.0
      no range is given for: 1.1.1
      began after the advisory: 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 4.0, 4.1, 4.2, 5.0

    releases, advisories and life times: built-in facts of 2022-11-01
    ");
}

#[test]
fn an_advisory_in_markdown() {
    insta::assert_snapshot!(markdown(&advisory("CVE-2026-84782", "2026-10-23")), @r"
    ## CVE-2026-84782, severity high, public since 2026-09-29

    [CVE-2026-84782](https://openssl-library.org/news/vulnerabilities/#CVE-2026-84782)

    | series | affected versions | fixed in | of |
    | --- | --- | --- | --- |
    | 1.1.1 | 1.1.1 &lt; 1.1.1zj | none (premium-only) |  |
    | 3.0 | 3.0.0 &lt; 3.0.23 | none (premium-only) |  |
    | 3.4 | 3.4.0 &lt; 3.4.8 | 3.4.8 | 2026-09-29 |
    | 3.5 | 3.5.0 &lt; 3.5.9 | 3.5.9 | 2026-09-29 |
    | 3.6 | 3.6.0 &lt; 3.6.5 | 3.6.5 | 2026-09-29 |
    | 4.0 | 4.0.0 &lt; 4.0.3 | 4.0.3 | 2026-09-29 |

    - not analysed, because their support had ended: 0.9.8, 1.0.0, 1.0.1, 1.0.2, 1.1.0, 3.1, 3.2, 3.3
    - began after the advisory: 4.1, 4.2, 5.0

    ### Known from

    - releases, advisories and life times: built-in facts of 2026-10-23
    ");
}

#[rstest]
#[case(series("2026-10-23"))]
#[case(release("3.0.20", "2026-10-23"))]
#[case(release("1.0.2k", "2026-10-23"))]
#[case(advisory("CVE-2026-84782", "2026-10-23"))]
fn text_fits_eighty_columns_and_has_no_colour(#[case] report: OpensslReport) {
    let text = shown(&report);
    let widest = text.lines().map(console::measure_text_width).max().unwrap();
    assert!(widest <= 80, "{widest}\n{text}");
    assert!(!text.contains('\u{1b}'));
}

#[rstest]
#[case(series("2026-10-23"), &["2026-09-29", "2026-10-23", "security,"])]
#[case(release("3.0.20", "2026-10-23"), &["CVE-2026-84782", "2026-09-29", "moderate"])]
#[case(advisory("CVE-2026-84782", "2026-10-23"), &["2026-09-29"])]
fn no_identifier_and_no_day_is_broken_on_a_narrow_terminal(
    #[case] report: OpensslReport,
    #[case] whole: &[&str],
) {
    let narrow = Appearance {
        width: Some(60),
        ..Appearance::default()
    };
    let text = text(&report, narrow);
    let too_wide: Vec<&str> = text
        .lines()
        .filter(|line| console::measure_text_width(line) > 60 && !line.contains("https://"))
        .collect();
    assert_eq!(too_wide, [""; 0]);
    for word in whole {
        assert!(text.contains(word), "{word}\n{text}");
    }
}

#[rstest]
// It began before 3.0 existed, 1.0.2 had ended, and 1.1.0 was not looked at any more.
#[case("CVE-2020-1971", "1.0.2", None)]
#[case("CVE-2020-1971", "1.1.0", Some(advisory::LeftOut::NotAnalysed))]
#[case("CVE-2020-1971", "3.0", Some(advisory::LeftOut::BeganLater))]
#[case("CVE-2025-15468", "3.0", Some(advisory::LeftOut::NoRange))]
#[case("CVE-2025-15468", "1.1.1", Some(advisory::LeftOut::NotAnalysed))]
fn what_an_advisory_leaves_out(
    #[case] cve: &str,
    #[case] series: &str,
    #[case] expected: Option<advisory::LeftOut>,
) {
    let Answer::Advisory(view) = advisory(cve, "2026-10-23").answer else {
        panic!("no advisory");
    };
    let found = view
        .left_out
        .iter()
        .find(|one| one.series.to_string() == series)
        .map(|one| one.why);
    assert_eq!(found, expected);
}
