//! Advisories as the CVE records of openssl/release-metadata give them, `secjson/CVE-*.json`.
//!
//! Source: the CVE record format 5, <https://cveproject.github.io/cve-schema/schema/docs/>.
//! Only `containers.cna` is read: what other organisations add is not OpenSSL's word.

use chrono::{DateTime, NaiveDate};
use serde::Deserialize;

use crate::model::{Advisory, AffectedRange, RangeEnd, Severity};

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is not JSON, or not a CVE record.
    #[error("it is not a CVE record: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It has no day of publication.
    #[error("its datePublic {0:?} is no date")]
    Date(String),
    /// It speaks of no affected version, which no record of OpenSSL's does.
    #[error("it names no affected version")]
    NothingAffected,
    /// Its identifier is not one.
    #[error("its identifier {0:?} is not a CVE's")]
    Identifier(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    containers: Containers,
    cve_metadata: Metadata,
}

#[derive(Deserialize)]
struct Containers {
    cna: Cna,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cna {
    #[serde(default)]
    affected: Vec<Affected>,
    date_public: String,
    #[serde(default)]
    metrics: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    version: String,
    status: String,
    less_than: Option<String>,
    less_than_or_equal: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    cve_id: Option<String>,
    #[serde(rename = "ID")]
    id: Option<String>,
}

/// Reads one record. Ranges whose ends are not versions of OpenSSL (`fips-1.1.1`, `0.9.6-cvs`) are
/// warnings; the others stand.
///
/// # Errors
/// [`RecordError`] says what is missing; the caller knows the record's name.
pub fn parse(text: &str) -> Result<(Advisory, Vec<String>), RecordError> {
    let record: Record = serde_json::from_str(text)?;
    let cve = record
        .cve_metadata
        .cve_id
        .or(record.cve_metadata.id)
        .unwrap_or_default();
    if crate::model::advisory::advisory_url(&cve).is_none() {
        return Err(RecordError::Identifier(cve));
    }
    let cna = record.containers.cna;
    let mut warnings = Vec::new();
    let mut affected = Vec::new();
    for version in cna.affected.iter().flat_map(|one| &one.versions) {
        if version.status != "affected" {
            continue;
        }
        match range(version) {
            Some(range) => affected.push(range),
            None => warnings.push(format!(
                "{cve}: the range from {:?} to {:?} is not one of OpenSSL versions",
                version.version,
                version
                    .less_than
                    .as_deref()
                    .or(version.less_than_or_equal.as_deref())
                    .unwrap_or("nothing"),
            )),
        }
    }
    if affected.is_empty() && warnings.is_empty() {
        return Err(RecordError::NothingAffected);
    }
    let advisory = Advisory {
        severity: severity(&cna.metrics),
        published: day(&cna.date_public).ok_or(RecordError::Date(cna.date_public))?,
        cve,
        affected,
    };
    Ok((advisory, warnings))
}

fn range(version: &Version) -> Option<AffectedRange> {
    let introduced = version.version.parse().ok()?;
    let end = match (&version.less_than, &version.less_than_or_equal) {
        (Some(fix), _) => RangeEnd::Before(fix.parse().ok()?),
        (None, Some(last)) => RangeEnd::Through(last.parse().ok()?),
        // A record that names one version and no end means that one.
        (None, None) => RangeEnd::Through(version.version.parse().ok()?),
    };
    Some(AffectedRange { introduced, end })
}

fn severity(metrics: &[serde_json::Value]) -> Severity {
    metrics
        .iter()
        .find_map(|metric| metric.pointer("/other/content/text")?.as_str())
        .map_or(Severity::Unknown, Severity::from_text)
}

/// The UTC day of a `datePublic`, which comes with `Z`, with milliseconds, with an offset or as a
/// bare date.
fn day(text: &str) -> Option<NaiveDate> {
    DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.to_utc().date_naive())
        .ok()
        .or_else(|| text.get(..10)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn record(versions: &str, date: &str, severity: &str) -> String {
        format!(
            r#"{{"containers": {{"cna": {{"affected": [{{"versions": {versions}}}], "datePublic": "{date}",
            "metrics": [{{"format": "other", "other": {{"content": {{"text": "{severity}"}}}}}}]}},
            "adp": [{{"affected": [{{"versions": [{{"version": "0", "status": "affected"}}]}}]}}]}},
            "cveMetadata": {{"cveId": "CVE-2026-84782"}}}}"#
        )
    }

    #[test]
    fn reads_ranges_of_both_kinds_and_leaves_the_unaffected_out() {
        let versions = r#"[
            {"version": "4.0.0", "lessThan": "4.0.3", "status": "affected", "versionType": "semver"},
            {"version": "1.1.1", "lessThan": "1.1.1zj", "status": "affected", "versionType": "custom"},
            {"version": "3.0.0", "lessThanOrEqual": "3.0.7", "status": "affected"},
            {"version": "fips-1.1.1", "lessThan": "fips-1.1.2", "status": "affected"},
            {"version": "1.1.0", "status": "unaffected"}]"#;
        let (advisory, warnings) =
            parse(&record(versions, "2026-09-29T16:21:57+02:00", "High")).unwrap();
        let ranges: Vec<_> = advisory.affected.iter().map(ToString::to_string).collect();
        assert_eq!(
            ranges,
            ["4.0.0 < 4.0.3", "1.1.1 < 1.1.1zj", "3.0.0 <= 3.0.7"]
        );
        assert_eq!(advisory.severity, Severity::High);
        assert_eq!(advisory.published.to_string(), "2026-09-29");
        assert_eq!(
            warnings,
            [
                "CVE-2026-84782: the range from \"fips-1.1.1\" to \"fips-1.1.2\" is not one of OpenSSL versions"
            ]
        );
    }

    #[rstest]
    #[case("2026-06-09T14:00:00.000Z", "2026-06-09")]
    #[case("2002-07-30T00:00:00Z", "2002-07-30")]
    #[case("2026-09-30T01:00:00+02:00", "2026-09-29")]
    #[case("2026-09-30", "2026-09-30")]
    fn reads_dates_as_utc_days(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(day(text).unwrap().to_string(), expected);
    }

    #[rstest]
    #[case("{}", "it is not a CVE record")]
    #[case("<html>", "it is not a CVE record")]
    fn refuses_what_is_no_record(#[case] text: &str, #[case] message: &str) {
        assert!(parse(text).unwrap_err().to_string().starts_with(message));
    }

    /// Else a record whose form has changed would read as one that affects nobody.
    #[rstest]
    #[case::no_versions(record("[]", "2026-01-01", "Low"))]
    #[case::unaffected_only(record(
        r#"[{"version": "3.0.0", "status": "unaffected"}]"#,
        "2026-01-01",
        "Low"
    ))]
    #[case::another_name(record(
        r#"[{"version": "3.0.0", "status": "affected"}]"#,
        "2026-01-01",
        "Low"
    ).replace("versions", "ranges"))]
    fn a_record_that_affects_nothing_is_refused(#[case] text: String) {
        assert!(matches!(parse(&text), Err(RecordError::NothingAffected)));
    }

    #[test]
    fn a_strange_identifier_is_refused() {
        let text = record("[]", "2026-01-01", "Low").replace("CVE-2026-84782", "CVE-1/../x");
        assert!(matches!(parse(&text), Err(RecordError::Identifier(_))));
    }
}
