use rstest::rstest;

use super::*;

fn record(cve: &str, ranges: &str) -> Vec<u8> {
    format!(
        r#"{{"containers": {{"cna": {{"affected": [{{"versions": [{ranges}]}}], "datePublic": "2026-06-09T12:00:00.000Z",
        "metrics": [{{"other": {{"content": {{"text": "MODERATE"}}}}}}]}}}}, "cveMetadata": {{"cveId": "{cve}"}}}}"#
    )
    .into_bytes()
}

fn files(files: &[(&str, Vec<u8>)]) -> Files {
    Files {
        by_path: files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.clone()))
            .collect(),
        warnings: Vec::new(),
    }
}

const RANGE: &str = r#"{"version": "3.0.0", "lessThan": "3.0.24", "status": "affected"}"#;

#[test]
fn a_record_under_another_name_is_not_believed() {
    let found = advisories(&files(&[
        (
            "secjson/CVE-2026-11111.json",
            record("CVE-2026-11111", RANGE),
        ),
        (
            "secjson/CVE-2026-22222.json",
            record("CVE-2026-33333", RANGE),
        ),
        (
            "secjson/CVE-2026-44444.json",
            record("CVE-2026-44444", RANGE),
        ),
    ]))
    .unwrap();
    let names: Vec<_> = found
        .advisories
        .iter()
        .map(|one| one.cve.as_str())
        .collect();
    assert_eq!(names, ["CVE-2026-44444", "CVE-2026-11111"]);
    assert_eq!(
        found.warnings,
        ["CVE-2026-22222.json: it is the record of CVE-2026-33333"]
    );
}

#[test]
fn a_range_that_cannot_be_read_is_told_unless_it_is_one_of_old() {
    let odd = r#"{"version": "fips-1", "lessThan": "fips-2", "status": "affected"}"#;
    let text = record("CVE-2026-11111", &format!("{RANGE}, {odd}"));
    let told = |text: Vec<u8>| {
        let found = advisories(&files(&[("secjson/CVE-2026-11111.json", text)])).unwrap();
        assert_eq!(found.advisories[0].affected.len(), 1);
        found.warnings
    };
    let old = String::from_utf8(text.clone()).unwrap();
    assert_eq!(
        told(text),
        ["CVE-2026-11111: the range from \"fips-1\" to \"fips-2\" is not one of OpenSSL versions"]
    );
    assert_eq!(
        told(old.replace("2026-06-09", "2007-11-29").into()),
        [""; 0]
    );
}

#[test]
fn a_text_that_contradicts_its_record_is_told() {
    let text = "CVE-2026-11111: OpenSSL 3.0 and 3.1 are out of support and have not been analysed. \
                OpenSSL 1.1.1 users should upgrade to OpenSSL 1.1.1zk (premium support customers only).";
    let found = advisories(&files(&[
        (
            "secjson/CVE-2026-11111.json",
            record("CVE-2026-11111", RANGE),
        ),
        ("secadv/20260609.txt", text.into()),
    ]))
    .unwrap();
    assert_eq!(
        found.warnings,
        [
            "secadv/20260609.txt says that 3.0 was not analysed for CVE-2026-11111, but the record names it \
          as affected; the record counts"
        ]
    );
    let premium: Vec<_> = found.premium_only.iter().map(ToString::to_string).collect();
    assert_eq!(premium, ["1.1.1zk"]);
}

#[rstest]
#[case::none(&[("data.json", b"{}".to_vec())], "it holds no records of advisories")]
#[case::most_unreadable(
    &[("secjson/CVE-2026-1.json", b"{}".to_vec()), ("secjson/CVE-2026-2.json", b"[]".to_vec())],
    "the form of its records has changed: CVE-2026-1.json: it is not a CVE record"
)]
#[case::without_ranges(
    &[("secjson/CVE-2026-11111.json", record("CVE-2026-11111", ""))],
    "the form of its records has changed: CVE-2026-11111.json: it names no affected version"
)]
fn records_of_another_form_are_an_alarm(#[case] found: &[(&str, Vec<u8>)], #[case] why: &str) {
    let reason = advisories(&files(found)).unwrap_err();
    assert!(reason.starts_with(why), "{reason}");
}

#[rstest]
#[case(None, "it holds no data.json")]
#[case(Some("[]"), "its data.json is not of the expected form")]
#[case(Some("{}"), "its data.json names no life time")]
#[case(
    Some(r#"{"3.5": {"eol": "08 Apr 2030"}, "3.6": {"end": 1}, "4.0": {}}"#),
    "the form of its data.json has changed: the life time of \"3.6\" cannot be read"
)]
fn life_times_of_another_form_are_an_alarm(#[case] text: Option<&str>, #[case] why: &str) {
    let reason = life_times(text.map(str::as_bytes)).unwrap_err();
    assert!(reason.starts_with(why), "{reason}");
}
