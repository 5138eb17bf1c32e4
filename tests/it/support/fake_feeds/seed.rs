//! What the fake begins with: the built-in facts, in GitHub's and OpenSSL's forms.

use std::collections::BTreeMap;

use rewheel::feeds::built_in;
use rewheel::model::{Advisory, RangeEnd, ReleaseKind};
use serde_json::{Value, json};

/// A release in GitHub's form, with its source archive and what proves that.
pub fn release(version: &str, day: &str, body: &str) -> Value {
    let tag = version
        .parse::<rewheel::model::OpensslVersion>()
        .unwrap()
        .tag();
    let moment = format!("{day}T12:00:00Z");
    let file = format!("openssl-{version}.tar.gz");
    let asset = |name: String, size: u64, digest: Value| {
        json!({
            "url": "https://api.github.com/repos/openssl/openssl/releases/assets/1",
            "browser_download_url": format!("https://github.com/openssl/openssl/releases/download/{tag}/{name}"),
            "id": 1, "node_id": "x", "name": name, "label": null, "state": "uploaded",
            "content_type": "application/octet-stream", "size": size, "digest": digest,
            "download_count": 1, "created_at": moment, "updated_at": moment, "uploader": null,
        })
    };
    json!({
        "url": "https://api.github.com/repos/openssl/openssl/releases/1",
        "html_url": format!("https://github.com/openssl/openssl/releases/tag/{tag}"),
        "id": 1, "node_id": "x", "tag_name": tag, "target_commitish": "master",
        "name": format!("OpenSSL {version}"), "body": body, "draft": false,
        "prerelease": version.contains('-'), "immutable": true,
        "created_at": moment, "published_at": moment,
        "assets": [
            asset(file.clone(), 50_000_000, json!(format!("sha256:{}", "a".repeat(64)))),
            asset(format!("{file}.asc"), 833, Value::Null),
            asset(format!("{file}.sha256"), 89, Value::Null),
        ],
    })
}

/// A CVE record of release-metadata.
pub fn record(advisory: &Advisory) -> String {
    let mut versions: Vec<Value> = advisory
        .affected
        .iter()
        .map(|range| {
            let (key, end) = match &range.end {
                RangeEnd::Before(fix) => ("lessThan", fix),
                RangeEnd::Through(last) => ("lessThanOrEqual", last),
            };
            json!({ "version": range.introduced.to_string(), key: end.to_string(), "status": "affected", "versionType": "semver" })
        })
        .collect();
    if versions.is_empty() {
        // As CVE-2007-5502 does: the range is none of OpenSSL versions.
        versions.push(json!({ "version": "fips-1.1.1", "lessThan": "fips-1.1.2", "status": "affected", "versionType": "custom" }));
    }
    json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": { "cveId": advisory.cve, "state": "PUBLISHED" },
        "containers": { "cna": {
            "affected": [{ "product": "OpenSSL", "vendor": "OpenSSL", "defaultStatus": "unaffected", "versions": versions }],
            "datePublic": format!("{}T12:00:00+02:00", advisory.published),
            "metrics": [{ "format": "other", "other": { "type": "policy", "content": { "text": advisory.severity.to_string() } } }],
        } },
    })
    .to_string()
}

/// The public releases, newest day first, as GitHub lists them.
pub(super) fn releases() -> Vec<Value> {
    let facts = built_in::load().unwrap();
    let mut public: Vec<_> = facts
        .releases
        .iter()
        .filter(|one| !one.premium_only)
        .collect();
    public.sort_by_key(|one| std::cmp::Reverse(one.date));
    public
        .into_iter()
        .map(|one| {
            let kind = match one.kind {
                ReleaseKind::Security => "security patch",
                ReleaseKind::BugFix => "bug fix",
                ReleaseKind::Feature | ReleaseKind::PreRelease => "feature",
            };
            let severity = one.severity.map_or_else(String::new, |severity| {
                format!("The most severe\nCVE fixed in this release is {severity}.")
            });
            let body = format!("OpenSSL {} is a\n{kind} release. {severity}", one.version);
            release(&one.version.to_string(), &one.date.to_string(), &body)
        })
        .collect()
}

/// The files of release-metadata.
pub(super) fn files() -> BTreeMap<String, Vec<u8>> {
    let facts = built_in::load().unwrap();
    let mut files: BTreeMap<String, Vec<u8>> = facts
        .advisories
        .iter()
        .map(|one| {
            (
                format!("secjson/{}.json", one.cve),
                record(one).into_bytes(),
            )
        })
        .collect();
    let life_times: serde_json::Map<String, Value> = facts
        .life_times
        .iter()
        .map(|one| {
            let ends = one.ends.format("%d %b %Y").to_string();
            (
                one.series.to_string(),
                json!({ "eol": ends, "lts": one.lts }),
            )
        })
        .collect();
    files.insert(
        "data.json".into(),
        Value::Object(life_times).to_string().into_bytes(),
    );
    files.insert("secjson/statements.json".into(), b"{}".to_vec());
    files.insert("README.md".into(), b"metadata".to_vec());
    files
}
