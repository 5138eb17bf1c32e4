//! Which library a binary carries, and of which version, where texts mislead.

use super::made::*;
use super::*;

fn found(members: &[(&str, &[u8])]) -> Vec<(Library, Option<String>, Linkage)> {
    let scanned = scanned(deflated(members));
    let findings = scanned.scan.findings.into_iter();
    findings
        .map(|f| (f.library, f.version, f.linkage))
        .collect()
}

#[rstest]
#[case(b"LibreSSL 2.7.0 or newer\0")]
#[case(b"LibreSSL 2.7.0\0")]
#[case(b"Tongsuo 8.3.2 is not supported\0")]
#[case(b"BabaSSL 8.3.2\0")]
fn speaking_of_a_fork_does_not_hide_openssl(#[case] text: &[u8]) {
    let own = library_texts("OpenSSL 1.1.1w  11 Sep 2023");
    for far in [0, 5000] {
        let texts = [&own, vec![b'x'; far].as_slice(), b"\0", text].concat();
        assert_eq!(
            found(&[("a.so", &elf(None, &[], &texts))]),
            [(Library::Openssl, Some("1.1.1w".to_owned()), Linkage::Static)]
        );
    }
}

#[test]
fn repeated_texts_do_not_push_the_librarys_own_out() {
    let mut texts = b"\0OpenSSL 3.5.9 29 Sep 2026\0".repeat(100);
    texts.resize(texts.len() + 5000, b'x');
    texts.extend(library_texts("OpenSSL 3.0.1 14 Dec 2021"));
    assert_eq!(
        found(&[("a.so", &elf(None, &[], &texts))]),
        [(Library::Openssl, Some("3.0.1".to_owned()), Linkage::Static)]
    );
}

#[test]
fn more_different_texts_than_are_compared_leave_the_version_open() {
    let mut texts = Vec::new();
    for patch in 100..200 {
        texts.extend(format!("\0OpenSSL 3.5.{patch} 29 Sep 2026\0").bytes());
    }
    texts.extend(library_texts("OpenSSL 3.0.1 14 Dec 2021"));
    let scanned = scanned(deflated(&[("a.so", &elf(None, &[], &texts))]));
    assert_eq!(scanned.scan.findings[0].version, None);
    assert_eq!(codes(&scanned), [ProblemCode::LimitReached]);
}

#[test]
fn a_shipped_library_counts_though_its_code_is_not_known() {
    let user = elf(None, &["libcrypto.so.3"], b"");
    let dated = b"\0OpenSSL 3.0.1 14 Dec 2021\0";
    for (texts, version) in [(&b""[..], None), (dated, Some("3.0.1".to_owned()))] {
        let shipped = elf(Some("libcrypto.so.3"), &[], texts);
        assert_eq!(
            found(&[("a.so", &user), ("a.libs/libcrypto.so.3", &shipped)]),
            [(Library::Openssl, version, Linkage::Vendored)]
        );
    }
}

#[test]
fn a_library_for_another_architecture_serves_nobody() {
    let mut user = elf(None, &["libcrypto.so.3"], b"");
    user[18] = 183;
    let texts = library_texts("OpenSSL 3.0.1 14 Dec 2021");
    let shipped = elf(Some("libcrypto.so.3"), &[], &texts);
    assert_eq!(
        found(&[("b.so", &user), ("a/libcrypto.so.3", &shipped)]),
        [
            (
                Library::Openssl,
                Some("3.0.1".to_owned()),
                Linkage::Vendored
            ),
            (Library::Openssl, None, Linkage::External),
        ]
    );
}
