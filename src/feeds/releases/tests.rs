use rstest::rstest;
use serde_json::json;

use super::*;
use crate::model::Severity;

fn entry(tag: &str) -> Value {
    json!({
        "tag_name": tag, "name": tag, "body": null, "draft": false, "prerelease": false,
        "created_at": "2026-09-29T11:00:00Z", "published_at": "2026-09-29T23:30:00-05:00", "assets": [],
    })
}

fn listing(entries: &[Value]) -> Listing {
    read([serde_json::to_vec(entries).unwrap().as_slice()]).unwrap()
}

fn asset_of(digest: Value, name: &str, url: &str, state: &str) -> Listing {
    let mut one = entry("openssl-3.5.9");
    one["assets"] = json!([{ "name": name, "digest": digest, "size": 7, "state": state, "browser_download_url": url }]);
    listing(&[one])
}

#[test]
fn nulls_are_read_and_days_are_utc() {
    let mut unpublished = entry("OpenSSL_1_1_1w");
    unpublished["published_at"] = Value::Null;
    unpublished["name"] = Value::Null;
    let listing = listing(&[entry("openssl-3.5.9"), unpublished]);
    assert_eq!(listing.warnings, [""; 0]);
    let days: Vec<_> = listing
        .releases
        .iter()
        .map(|one| format!("{} {}", one.version, one.published.date_naive()))
        .collect();
    assert_eq!(days, ["3.5.9 2026-09-30", "1.1.1w 2026-09-29"]);
}

#[test]
fn one_bad_entry_hides_no_other() {
    let mut bad = entry("openssl-3.5.8");
    bad["published_at"] = "yesterday".into();
    let listing = listing(&[
        entry("openssl-3.5.9"),
        bad,
        entry("3.4-PRE-CLANG-FORMAT-WEBKIT"),
        entry("openssl-3.5.9"),
    ]);
    assert_eq!(listing.releases.len(), 1);
    let [unreadable, odd] = listing.warnings.as_slice() else {
        panic!("{:?}", listing.warnings);
    };
    assert!(odd.contains("\"openssl-3.5.8\" cannot be read"), "{odd}");
    assert_eq!(
        unreadable,
        "the release \"3.4-PRE-CLANG-FORMAT-WEBKIT\" is left out: its tag is not that of a version"
    );
}

#[rstest]
#[case::true_one(json!(format!("sha256:{}", "AB".repeat(32))), true)]
#[case::null(Value::Null, false)]
#[case::short(json!("sha256:abc"), false)]
#[case::another_sum(json!(format!("md5:{}", "a".repeat(64))), false)]
fn a_digest_is_a_sha256_or_nothing(#[case] digest: Value, #[case] known: bool) {
    let name = "openssl-3.5.9.tar.gz";
    let url = format!("https://github.com/openssl/openssl/releases/download/openssl-3.5.9/{name}");
    let found = asset_of(digest, name, &url, "uploaded");
    let sum = found.releases[0].assets[0].sha256.clone();
    assert_eq!(sum, known.then(|| "ab".repeat(32)));
}

#[rstest]
#[case::another_tag(
    "a.tar.gz",
    "https://github.com/openssl/openssl/releases/download/openssl-3.5.8/a.tar.gz",
    "uploaded",
    1
)]
#[case::another_scheme(
    "a.tar.gz",
    "file:///releases/download/openssl-3.5.9/a.tar.gz",
    "uploaded",
    1
)]
#[case::a_path(
    "../a",
    "https://github.com/openssl/openssl/releases/download/openssl-3.5.9/../a",
    "uploaded",
    1
)]
#[case::not_there_yet(
    "a.tar.gz",
    "https://github.com/openssl/openssl/releases/download/openssl-3.5.9/a.tar.gz",
    "open",
    0
)]
fn files_that_are_not_its_own_are_left_out(
    #[case] name: &str,
    #[case] url: &str,
    #[case] state: &str,
    #[case] warnings: usize,
) {
    let found = asset_of(Value::Null, name, url, state);
    assert_eq!(found.releases[0].assets, []);
    assert_eq!(found.warnings.len(), warnings, "{:?}", found.warnings);
}

#[rstest]
#[case("", None, ReleaseKind::BugFix, None)]
#[case(
    "",
    Some(ReleaseKind::Security),
    ReleaseKind::Security,
    Some(Severity::Low)
)]
#[case(
    "This is a security patch release. The most severe CVE fixed in this release is High.",
    Some(ReleaseKind::BugFix),
    ReleaseKind::Security,
    Some(Severity::High)
)]
fn its_own_word_stands_before_what_is_known(
    #[case] body: &str,
    #[case] known: Option<ReleaseKind>,
    #[case] kind: ReleaseKind,
    #[case] severity: Option<Severity>,
) {
    let mut one = entry("openssl-3.5.9");
    one["body"] = body.into();
    let listing = listing(&[one]);
    let known = known.map(|kind| Release {
        version: "3.5.9".parse().unwrap(),
        date: "2026-09-29".parse().unwrap(),
        kind,
        severity: Some(Severity::Low),
        withdrawn: None,
        vanished: None,
        premium_only: true,
    });
    let fact = listing.releases[0].fact(known.as_ref(), None);
    assert_eq!((fact.kind, fact.severity), (kind, severity));
    assert!(!fact.premium_only);
    // The earlier day is the true one.
    let day = if known.is_some() {
        "2026-09-29"
    } else {
        "2026-09-30"
    };
    assert_eq!(fact.date.to_string(), day);
}

#[test]
fn the_first_of_a_series_that_says_nothing_is_a_feature_release() {
    let listing = listing(&[entry("openssl-4.2.0"), entry("openssl-4.2.0-beta1")]);
    let kinds: Vec<_> = listing
        .releases
        .iter()
        .map(|one| one.fact(None, None).kind)
        .collect();
    assert_eq!(kinds, [ReleaseKind::Feature, ReleaseKind::PreRelease]);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(page: Vec<u8>, text: String) {
        let _ = read([page.as_slice()]);
        let mut one = entry("openssl-3.5.9");
        one["body"] = text.clone().into();
        one["name"] = text.into();
        listing(&[one]);
    }
}
