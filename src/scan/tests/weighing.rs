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

#[test]
fn libssl_inside_a_binary_is_of_the_version_of_the_libcrypto_that_it_needs() {
    let texts = b"\0ssl/ssl_lib.c\0ssl/statem/statem.c\0ssl/statem/extensions.c\0";
    let user = elf(None, &["libarrow.so.1000"], texts);
    let crypto = |version: &str| elf(None, &[], &library_texts(version));
    let found = |other: &str| {
        let members: [(&str, &[u8]); 2] = [
            ("a/libarrow_flight.so.1000", &user),
            (other, &crypto("OpenSSL 3.0.7 1 Nov 2022")),
        ];
        let findings = scanned(deflated(&members)).scan.findings.into_iter();
        findings
            .map(|f| (f.path, f.version, f.linkage))
            .collect::<Vec<_>>()
    };
    let one = |path: &str, version: Option<&str>| {
        (path.to_owned(), version.map(str::to_owned), Linkage::Static)
    };
    assert_eq!(
        found("a/libarrow.so.1000"),
        [
            one("a/libarrow.so.1000", Some("3.0.7")),
            one("a/libarrow_flight.so.1000", Some("3.0.7"))
        ]
    );
    // A binary that it does not need says nothing about it.
    assert_eq!(
        found("a/other.so"),
        [
            one("a/libarrow_flight.so.1000", None),
            one("a/other.so", Some("3.0.7"))
        ]
    );
}

#[test]
fn old_libssl_inside_a_binary_names_itself() {
    let texts = b"\0SSLv3 part of OpenSSL 1.0.2u  20 Dec 2019\0TLSv1 part of OpenSSL 1.0.2u  20 Dec 2019\0DTLSv1 part of OpenSSL 1.0.2u  20 Dec 2019\0OpenSSL 1.0.2u  20 Dec 2019\0";
    assert_eq!(
        found(&[("a.dylib", &mach_o(X86_64, &[], texts))]),
        [(Library::Openssl, Some("1.0.2u".to_owned()), Linkage::Static)]
    );
}

#[rstest]
#[case("boringssl/crypto/x509/x.cc")]
#[case("boringssl-with-bazel/src/crypto/x509/x.cc")]
#[case("external/boringssl+/crypto/x509/x.cc")]
#[case("external/boringssl~/crypto/x509/x.cc")]
#[case("boringssl-673e61fc215b178a90c0e67858bbf162c8158993/crypto/x509/x.cc")]
fn boringssl_is_known_by_its_source_paths(#[case] path: &str) {
    let texts = format!("\0/build/{path}\0");
    assert_eq!(
        found(&[("a.dylib", &mach_o(ARM64, &[], texts.as_bytes()))]),
        [(Library::Boringssl, None, Linkage::Static)]
    );
}

#[rstest]
#[case("/etc/pki/tls", "/usr/lib64/engines-1.1", true)]
#[case("/etc/pki/tls", "/usr/local/lib64/engines-1.1", false)]
#[case("/usr/lib/ssl", "/usr/lib/aarch64-linux-gnu/engines-1.1", true)]
#[case("/usr/lib/ssl", "/usr/lib/arm-linux-gnueabihf/engines-3", true)]
#[case("/usr/lib/ssl", "/usr/lib/engines-3", false)]
#[case("/usr/local/ssl", "/usr/local/lib/engines-1.1", false)]
#[case("/etc/ssl", "/usr/lib/engines-3", false)]
fn distributions_builds_are_known_by_their_folders(
    #[case] directory: &str,
    #[case] engines: &str,
    #[case] patched: bool,
) {
    for kind in ["ENGINESDIR", "MODULESDIR"] {
        let texts = format!(
            "\0OpenSSL 1.1.1n  15 Mar 2022\0built on: Tue\0OPENSSLDIR: \"{directory}\"\0{kind}: \"{engines}\"\0openssl.cnf\0"
        );
        let binary = elf(None, &[], texts.as_bytes());
        let scanned = scanned(deflated(&[("a.so", &binary)]));
        let finding = &scanned.scan.findings[0];
        assert_eq!(finding.version.as_deref(), Some("1.1.1n"));
        assert_eq!(finding.distro_patched, patched);
    }
}

#[test]
fn a_libssl_is_patched_when_the_libcrypto_that_it_needs_is() {
    let folders = b"OPENSSLDIR: \"/usr/lib/ssl\"\0ENGINESDIR: \"/usr/lib/aarch64-linux-gnu/engines-1.1\"\0built on: Tue\0openssl.cnf\0";
    let text = b"\0OpenSSL 1.1.0l  10 Sep 2019\0";
    let ssl = elf(
        Some("libssl-0e9eb9f5.so.1.1"),
        &["libcrypto-13d072dc.so.1.1"],
        text,
    );
    let theirs = elf(
        Some("libcrypto-13d072dc.so.1.1"),
        &[],
        &[&text[..], folders].concat(),
    );
    let own = elf(Some("libcrypto-9c1d0a54.so.1.1"), &[], text);
    let scanned = scanned(deflated(&[
        ("a.libs/libcrypto-13d072dc.so.1.1", &theirs),
        ("a.libs/libcrypto-9c1d0a54.so.1.1", &own),
        ("a.libs/libssl-0e9eb9f5.so.1.1", &ssl),
    ]));
    let findings = scanned.scan.findings.iter();
    let patched: Vec<bool> = findings.map(|finding| finding.distro_patched).collect();
    assert_eq!(patched, [true, false, true]);
}

#[test]
fn a_libssl_whose_own_libcrypto_has_no_version_has_not_anothers() {
    let ssl = elf(
        Some("libssl-0e9eb9f5.so.3"),
        &["libcrypto-13d072dc.so.3"],
        b"\0ssl/ssl_lib.c\0",
    );
    let own = elf(Some("libcrypto-13d072dc.so.3"), &[], b"");
    let other = elf(
        Some("libcrypto-9c1d0a54.so.3"),
        &[],
        &library_texts("OpenSSL 3.0.16 11 Feb 2025"),
    );
    let vendored = |version: Option<&str>| {
        let version = version.map(str::to_owned);
        (Library::Openssl, version, Linkage::Vendored)
    };
    assert_eq!(
        found(&[
            ("a.libs/libcrypto-13d072dc.so.3", &own),
            ("a.libs/libssl-0e9eb9f5.so.3", &ssl),
            ("b.libs/libcrypto-9c1d0a54.so.3", &other),
        ]),
        [vendored(None), vendored(None), vendored(Some("3.0.16"))]
    );
}

#[test]
fn a_libssl_that_was_not_seen_to_its_end_has_no_version() {
    let crypto = elf(
        Some("libcrypto.so.3"),
        &[],
        &library_texts("OpenSSL 3.0.16 11 Feb 2025"),
    );
    let ssl = elf(
        Some("libssl.so.3"),
        &["libcrypto.so.3"],
        b"\0ssl/ssl_lib.c\0",
    );
    let mut archive = wheel(
        &[("a/libcrypto.so.3", &crypto), ("a/libssl.so.3", &ssl)],
        CompressionMethod::Stored,
    );
    let version = |archive: &[u8]| {
        let findings = scanned(archive.to_vec()).scan.findings;
        findings.into_iter().map(|f| f.version).collect::<Vec<_>>()
    };
    let known = Some("3.0.16".to_owned());
    assert_eq!(version(&archive), [known.clone(), known.clone()]);
    // A byte of the text, so that the checksum is wrong.
    let at = memchr::memmem::rfind(&archive, b"ssl/ssl_lib.c").unwrap();
    archive[at + 12] = b'x';
    assert_eq!(version(&archive), [known, None]);
}

#[rstest]
#[case("libcrypto.so.46", Library::Libressl)]
#[case("/usr/lib/libssl.46.dylib", Library::Libressl)]
#[case("libcrypto.so.3", Library::Openssl)]
fn a_needed_library_is_whose_its_number_is(#[case] needed: &str, #[case] library: Library) {
    assert_eq!(
        found(&[("a.so", &elf(None, &[needed], b""))]),
        [(library, None, Linkage::External)]
    );
}

#[test]
fn each_library_that_is_missing_makes_a_finding() {
    let user = elf(None, &["libssl.so.3", "libcrypto.so.46"], b"");
    let mut found = found(&[("a.so", &user)]);
    found.sort_by_key(|(library, ..)| *library == Library::Libressl);
    assert_eq!(
        found,
        [
            (Library::Openssl, None, Linkage::External),
            (Library::Libressl, None, Linkage::External),
        ]
    );
}

#[test]
fn a_shipped_libssl_needs_a_libcrypto() {
    let ssl = elf(
        Some("libssl.so.3"),
        &["libcrypto.so.3"],
        b"\0ssl/ssl_lib.c\0",
    );
    let crypto = elf(
        Some("libcrypto.so.3"),
        &[],
        &library_texts("OpenSSL 3.0.1 14 Dec 2021"),
    );
    assert_eq!(
        found(&[("a.libs/libssl.so.3", &ssl)]),
        [
            (Library::Openssl, None, Linkage::Vendored),
            (Library::Openssl, None, Linkage::External),
        ]
    );
    let known = Some("3.0.1".to_owned());
    assert_eq!(
        found(&[
            ("a.libs/libcrypto.so.3", &crypto),
            ("a.libs/libssl.so.3", &ssl)
        ]),
        [
            (Library::Openssl, known.clone(), Linkage::Vendored),
            (Library::Openssl, known, Linkage::Vendored),
        ]
    );
}

#[rstest]
#[case::elf(|needed: &[&str]| elf(None, needed, b""))]
#[case::mach_o(|needed: &[&str]| mach_o(X86_64, needed, b""))]
fn more_needed_libraries_than_are_kept_are_told(#[case] binary: fn(&[&str]) -> Vec<u8>) {
    let mut needed = vec!["libm.so.6"; 255];
    needed.push("libssl.so.3");
    let seen = scanned(deflated(&[("a.so", &binary(&needed))]));
    assert_eq!(seen.scan.findings.len(), 1);
    assert_eq!(codes(&seen), []);
    needed.insert(0, "libm.so.6");
    let seen = scanned(deflated(&[("a.so", &binary(&needed))]));
    assert_eq!(codes(&seen), [ProblemCode::MalformedBinary]);
}

#[test]
fn the_version_of_sqlite_is_not_openssls() {
    let paths = b"\0openssl.cnf\0OPENSSL_ENGINES\0providers/implementations/a.c\0providers/implementations/b.c\0providers/implementations/c.c\0";
    let with = |version: &[u8]| {
        let library = elf(None, &[], &[paths, version, b"\0"].concat());
        let scanned = scanned(deflated(&[("a.so", &library)]));
        scanned.scan.findings[0].version.clone()
    };
    assert_eq!(with(b"3.45.1"), None);
    assert_eq!(with(b"3.5.4").as_deref(), Some("3.5.4"));
}

/// What the libraries that keep neither a folder nor a date answer when they are asked for them.
const NOTHING_KEPT: &[u8] = b"\0compiler: n/a\0built on: n/a\0platform: n/a\0OPENSSLDIR: n/a\0";

#[test]
fn boringssl_is_known_where_its_paths_do_not_name_it() {
    let library = |name: &[u8]| {
        let texts = [NOTHING_KEPT, name].concat();
        let scanned = scanned(deflated(&[("a.so", &elf(None, &[], &texts))]));
        let findings = scanned.scan.findings.into_iter();
        findings.map(|finding| finding.library).collect::<Vec<_>>()
    };
    assert_eq!(library(b"BoringSSL\0"), [Library::Boringssl]);
    assert_eq!(library(b"AWS-LC 1.49.0\0BoringSSL\0"), [Library::AwsLc]);
    assert_eq!(library(b"BoringSSL or AWS-LC\0"), []);
    assert_eq!(library(b""), []);
    for mention in [
        "openssl.cnf",
        "LibreSSL 3.8.2 is bad",
        "OpenSSL 1.1.1k  25 Mar 2021",
    ] {
        let texts = format!("BoringSSL\0{mention}\0");
        assert_eq!(library(texts.as_bytes()), [Library::Boringssl], "{mention}");
    }
    let texts = library_texts("OpenSSL 3.1.1 30 May 2023");
    assert_eq!(library(&texts), [Library::Openssl]);
}

#[test]
fn a_fork_s_shared_libcrypto_is_the_fork_s() {
    for (name, library) in [
        ("BoringSSL", Library::Boringssl),
        ("OpenSSL 1.1.1 (compatible; AWS-LC 1.49.0)", Library::AwsLc),
    ] {
        let texts = [NOTHING_KEPT, name.as_bytes(), b"\0"].concat();
        let binary = elf(Some("libcrypto.so"), &[], &texts);
        let findings = scanned(deflated(&[("a.libs/libcrypto.so", &binary)]))
            .scan
            .findings;
        let found: Vec<_> = findings
            .iter()
            .map(|one| (one.library, one.linkage))
            .collect();
        assert_eq!(found, [(library, Linkage::Vendored)], "{name}");
    }
}

#[test]
fn what_debuggers_read_has_no_dynamic_section() {
    let mut binary = elf(
        Some("libcrypto.so.3"),
        &["libssl.so.3"],
        &library_texts("OpenSSL 3.1.1 30 May 2023"),
    );
    // The segment is there, and nothing of it in the file; what stands at its place is not it.
    binary[64 + 32..64 + 40].fill(0);
    binary[176..].fill(0xee);
    let scanned = scanned(deflated(&[("a.so.debug", &binary)]));
    assert_eq!(codes(&scanned), []);
    assert_eq!(scanned.scan.findings, []);
}
