//! The version that a library's code returns, where its texts leave it in doubt.

use super::made::*;
use super::*;

/// mov eax, imm32; ret
fn code(number: u32) -> Vec<u8> {
    [&b"\xb8"[..], &number.to_le_bytes(), b"\xc3"].concat()
}

fn longs(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// A binary with the symbol table that linkers read, which defines functions by these names.
fn with_symbols(texts: &[u8], functions: &[(&str, u32)]) -> Vec<u8> {
    let mut file = elf(None, &[], texts);
    let mut symbols = longs(&[0; 3]);
    let mut names = vec![0];
    let code_at = file.len() as u64;
    for (name, number) in functions {
        let place = file.len() as u64;
        symbols.extend(longs(&[1 << 48 | names.len() as u64, place, 6]));
        names.extend(name.bytes().chain([0]));
        file.extend(code(*number));
    }
    let code_len = file.len() as u64 - code_at;
    let symbols_at = file.len() as u64;
    file.extend(&symbols);
    let names_at = file.len() as u64;
    file.extend(&names);
    let sections_at = file.len() as u64;
    file.extend(longs(&[0; 8]));
    for (kind, address, at, len, link) in [
        (1, code_at, code_at, code_len, 0),
        (2, 0, symbols_at, symbols.len() as u64, 3),
        (3, 0, names_at, names.len() as u64, 0),
    ] {
        file.extend(longs(&[kind << 32, 0, address, at, len, link, 0, 0]));
    }
    file[40..48].copy_from_slice(&sections_at.to_le_bytes());
    file[58..62].copy_from_slice(&[64, 0, 4, 0]);
    file
}

/// What OpenSSL's code leaves where its version was left out.
fn without_version() -> Vec<u8> {
    b"\0built on: n/a\0OPENSSLDIR: \"/\"\0openssl.cnf\0OPENSSL_ENGINES\0".to_vec()
}

fn versions(binary: &[u8]) -> Vec<(Library, Option<String>)> {
    let scanned = scanned(deflated(&[("a.so", binary)]));
    let findings = scanned.scan.findings.into_iter();
    findings.map(|f| (f.library, f.version)).collect()
}

#[test]
fn the_symbol_table_tells_where_no_text_does() {
    let binary = with_symbols(&without_version(), &[("OpenSSL_version_num", 0x3050_0040)]);
    let wheel = deflated(&[("a.so", &binary)]);
    let finding = scanned(wheel).scan.findings.remove(0);
    assert_eq!(finding.version.as_deref(), Some("3.5.4"));
    let proof = &finding.evidence[0];
    assert_eq!(proof.kind, EvidenceKind::VersionConstant);
    assert_eq!(proof.text, "OpenSSL_version_num: 0x30500040");
    let at = usize::try_from(proof.offset.unwrap()).unwrap();
    assert!(binary[at..].starts_with(&code(0x3050_0040)));
}

#[test]
fn a_member_whose_text_tells_is_read_once() {
    let texts = library_texts("OpenSSL 3.5.4 30 Sep 2025");
    let asked = |texts: &[u8]| {
        let mut binary = with_symbols(texts, &[("OpenSSL_version_num", 0x3050_0040)]);
        // More than the tail that is read first.
        let mut state = 1_u32;
        binary.extend((0..400_000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        }));
        let source = Memory::new(deflated(&[("a.so", &binary)]));
        let scanned = scan(&source, &Limits::default()).unwrap();
        assert_eq!(scanned.scan.findings[0].version.as_deref(), Some("3.5.4"));
        source.asked.borrow().len()
    };
    assert!(asked(&texts) < asked(&without_version()));
}

#[test]
fn the_constant_settles_what_texts_contradict_and_the_problem_stays() {
    let mut texts = without_version();
    texts.resize(texts.len() + 5000, b'x');
    texts.extend(b"\0OpenSSL 3.6.3 9 Jun 2026\0OpenSSL 3.6.4 25 Aug 2026\0");
    let binary = with_symbols(&texts, &[("OpenSSL_version_num", 0x3060_0040)]);
    let scanned = scanned(deflated(&[("a.so", &binary)]));
    assert_eq!(scanned.scan.findings[0].version.as_deref(), Some("3.6.4"));
    assert_eq!(codes(&scanned), [ProblemCode::ConflictingEvidence]);
}

#[rstest]
#[case::libressl(0x2000_0000, b"", Library::Libressl)]
#[case::openssl(0x1010_117f, b"", Library::Openssl)]
fn numbers_of_forks_are_no_version(
    #[case] number: u32,
    #[case] more: &[u8],
    #[case] library: Library,
) {
    let texts = [&without_version(), more].concat();
    let binary = with_symbols(&texts, &[("OpenSSL_version_num", number)]);
    let version = (library == Library::Openssl).then(|| "1.1.1w".to_owned());
    assert_eq!(versions(&binary), [(library, version)]);
}

#[test]
fn the_number_that_boringssl_and_aws_lc_return_is_not_openssl_1_1_1() {
    let texts = [&without_version()[..], b"\0AWS-LC KEM method\0"].concat();
    let binary = with_symbols(&texts, &[("OpenSSL_version_num", 0x1010_107f)]);
    for (library, version) in versions(&binary) {
        assert_eq!(version, None, "{library}");
    }
}

#[test]
fn damaged_symbol_tables_settle_nothing() {
    let whole = with_symbols(&without_version(), &[("OpenSSL_version_num", 0x3050_0040)]);
    for at in (40..64).chain(whole.len() - 256..whole.len()) {
        let mut damaged = whole.clone();
        damaged[at] = 0xff;
        for (library, version) in versions(&damaged) {
            assert_eq!(library, Library::Openssl);
            assert!(version.is_none_or(|version| version == "3.5.4"), "{at}");
        }
    }
}
