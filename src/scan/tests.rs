//! Whole wheels, made here: what is found in them, and what is said when they lie.

#![allow(clippy::arithmetic_side_effects)]

mod constant;
mod exported;
mod hostile;
mod made;
mod masked;
mod nested;
mod oracle;
mod reading;
mod weighing;

use rstest::rstest;
use zip::CompressionMethod;

use super::*;
use crate::model::{
    Architecture, BinaryFormat, EvidenceKind, Finding, Library, Linkage, ProblemCode,
};
use made::*;

fn short(finding: &Finding) -> (Library, Option<&str>, Linkage) {
    (finding.library, finding.version.as_deref(), finding.linkage)
}

#[rstest]
#[case(CompressionMethod::Stored)]
#[case(CompressionMethod::Deflated)]
fn code_inside_a_binary_is_static(#[case] method: CompressionMethod) {
    let binary = elf(
        None,
        &["libc.so.6"],
        &library_texts("OpenSSL 3.1.1 30 May 2023"),
    );
    let scanned = scanned(wheel(&[("a/_rust.abi3.so", &binary)], method));
    let [finding] = scanned.scan.findings.as_slice() else {
        panic!("{scanned:?}");
    };
    assert_eq!(
        short(finding),
        (Library::Openssl, Some("3.1.1"), Linkage::Static)
    );
    assert_eq!(finding.format, BinaryFormat::Elf);
    assert_eq!(finding.arch, Architecture::X86_64);
    let text = &finding.evidence[0];
    assert_eq!(text.kind, EvidenceKind::VersionText);
    let at = usize::try_from(text.offset.unwrap()).unwrap();
    assert!(binary[at..].starts_with(b"OpenSSL 3.1.1 30 May 2023\0"));
    assert!(scanned.scan.is_complete());
    assert!(!scanned.tail_only);
}

#[test]
fn a_text_alone_is_no_code() {
    let binary = elf(None, &["libc.so.6"], b"\0OpenSSL 1.1.1w  11 Sep 2023\0");
    assert_eq!(scanned(deflated(&[("a.so", &binary)])).scan.findings, []);
}

#[test]
fn shipped_libraries_are_vendored_and_a_libssl_without_text_asks_its_libcrypto() {
    let texts = library_texts("OpenSSL 3.0.16 11 Feb 2025");
    let crypto = elf(Some("libcrypto-57a7cbb3.so.3"), &[], &texts);
    let ssl = elf(
        Some("libssl-7ae97b17.so.3"),
        &["libcrypto-57a7cbb3.so.3"],
        b"\0ssl/ssl_lib.c\0",
    );
    let user = elf(None, &["libssl-7ae97b17.so.3"], b"");
    let scanned = scanned(deflated(&[
        ("a.so", &user),
        ("a.libs/libcrypto-57a7cbb3.so.3", &crypto),
        ("a.libs/libssl-7ae97b17.so.3", &ssl),
    ]));
    let found: Vec<_> = scanned.scan.findings.iter().map(short).collect();
    assert_eq!(
        found,
        [(Library::Openssl, Some("3.0.16"), Linkage::Vendored); 2]
    );
    let sibling = scanned.scan.findings[1]
        .evidence
        .iter()
        .find(|e| e.kind == EvidenceKind::Sibling);
    assert_eq!(sibling.unwrap().text, "a.libs/libcrypto-57a7cbb3.so.3");
}

#[test]
fn a_library_that_is_not_shipped_is_external() {
    let binary = elf(None, &["libssl.so.10"], b"\0OpenSSL 1.1.1w  11 Sep 2023\0");
    let scanned = scanned(deflated(&[("a.so", &binary)]));
    let found: Vec<_> = scanned.scan.findings.iter().map(short).collect();
    assert_eq!(found, [(Library::Openssl, None, Linkage::External)]);
    assert_eq!(scanned.scan.findings[0].evidence[0].text, "libssl.so.10");
}

#[test]
fn each_slice_speaks_for_itself() {
    let inside = mach_o(X86_64, &[], &library_texts("OpenSSL 1.1.1w  11 Sep 2023"));
    let outside = mach_o(ARM64, &["/opt/homebrew/lib/libssl.1.1.dylib"], b"");
    let binary = universal(&[(X86_64, inside), (ARM64, outside)]);
    let scanned = scanned(deflated(&[("a.so", &binary)]));
    let found: Vec<_> = scanned
        .scan
        .findings
        .iter()
        .map(|f| (f.arch, short(f)))
        .collect();
    assert_eq!(
        found,
        [
            (
                Architecture::X86_64,
                (Library::Openssl, Some("1.1.1w"), Linkage::Static)
            ),
            (
                Architecture::Aarch64,
                (Library::Openssl, None, Linkage::External)
            ),
        ]
    );
}

#[rstest]
#[case(
    b"\0OpenSSL 1.1.1 (compatible; BoringSSL)\0OPENSSLDIR: n/a\0built on: n/a\0",
    Library::Boringssl,
    None
)]
#[case(
    b"\0third_party/boringssl-with-bazel/ssl/ssl_lib.cc\0",
    Library::Boringssl,
    None
)]
#[case(
    b"\0AWS-LC 5.12.0\0OPENSSLDIR: n/a\0BoringSSL\0",
    Library::AwsLc,
    Some("5.12.0")
)]
#[case(b"\0/aws-lc/crypto/mem.c\0", Library::AwsLc, None)]
#[case(
    b"\0OpenSSL 1.1.1h  22 Sep 2020\0BabaSSL 8.3.2\0OPENSSLDIR: \"/\"\0built on: x\0openssl.cnf\0",
    Library::Tongsuo,
    Some("8.3.2")
)]
#[case(
    b"\0LibreSSL 3.8.2\0OPENSSLDIR: \"/etc/ssl\"\0openssl.cnf\0",
    Library::Libressl,
    Some("3.8.2")
)]
fn forks_are_not_openssl(
    #[case] texts: &[u8],
    #[case] library: Library,
    #[case] version: Option<&str>,
) {
    let scanned = scanned(deflated(&[("a.so", &elf(None, &[], texts))]));
    let found: Vec<_> = scanned.scan.findings.iter().map(short).collect();
    assert_eq!(found, [(library, version, Linkage::Static)]);
}

#[test]
fn several_texts_the_one_beside_the_build_date_counts_and_the_rest_is_told() {
    let mut texts = b"\0OpenSSL 3.6.3 9 Jun 2026\0".to_vec();
    texts.resize(20_000, b'x');
    texts.extend(library_texts("OpenSSL 3.6.4 25 Aug 2026"));
    let scanned = scanned(deflated(&[("a.exe", &elf(None, &[], &texts))]));
    assert_eq!(scanned.scan.findings[0].version.as_deref(), Some("3.6.4"));
    assert_eq!(codes(&scanned), [ProblemCode::ConflictingEvidence]);
}

#[rstest]
#[case(&["3.6.2"], Some("3.6.2"))]
#[case(&["3.6.2", "3.11.0"], None)]
fn bare_versions_are_a_last_resort(#[case] bare: &[&str], #[case] version: Option<&str>) {
    let mut texts = b"openssl.cnf\0OPENSSL_ENGINES\0".to_vec();
    for name in ["a", "b", "c"] {
        texts.extend(format!("providers/implementations/{name}.c\0").bytes());
    }
    for version in bare {
        texts.extend(format!("\0{version}\0").bytes());
    }
    let scanned = scanned(deflated(&[("a.so", &elf(None, &[], &texts))]));
    let found: Vec<_> = scanned.scan.findings.iter().map(short).collect();
    assert_eq!(found, [(Library::Openssl, version, Linkage::Static)]);
}

#[test]
fn red_hats_builds_are_patched() {
    let binary = elf(
        None,
        &[],
        &library_texts("OpenSSL 1.1.1k  FIPS 25 Mar 2021"),
    );
    let scanned = scanned(deflated(&[("a.so", &binary)]));
    let finding = &scanned.scan.findings[0];
    assert_eq!(finding.version.as_deref(), Some("1.1.1k"));
    assert_eq!(finding.suffix.as_deref(), Some("FIPS"));
    assert!(finding.distro_patched);
}

#[test]
fn an_sbom_that_disagrees_is_told() {
    let binary = elf(None, &[], &library_texts("OpenSSL 4.0.2 25 Aug 2026"));
    let sbom = br#"{"components": [{"name": "openssl-src", "version": "300.6.0+3.6.2", "purl": "pkg:cargo/openssl-src@300.6.0"}]}"#;
    let scanned = scanned(deflated(&[
        ("a.so", &binary),
        ("a-1.dist-info/sboms/a.json", sbom),
    ]));
    assert_eq!(scanned.scan.sbom[0].version, "3.6.2");
    assert!(!scanned.scan.sbom[0].agrees);
    assert_eq!(codes(&scanned), [ProblemCode::SbomDisagrees]);
}
