//! The version that code returns to which the tables lead that loaders read: ELF's dynamic
//! symbols, PE's exports, Mach-O's symbols and exports trie.

use super::made::*;
use super::*;

const NAME: &str = "OpenSSL_version_num";
const TEXTS: &[u8] = b"\0built on: n/a\0OPENSSLDIR: \"/\"\0openssl.cnf\0OPENSSL_ENGINES\0";
/// How far behind its start in the file anything is loaded.
const LOADED: u64 = 0x1_0000;

fn longs(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn padded(mut bytes: Vec<u8>, len: usize) -> Vec<u8> {
    assert!(bytes.len() <= len);
    bytes.resize(len, 0);
    bytes
}

/// mov eax, 0x30500040; ret. Before it, where there is a thunk, a jump over eleven fillers.
fn x86(has_thunk: bool) -> Vec<u8> {
    let thunk = [&b"\xe9\x0b\0\0\0"[..], &[0xcc; 11]].concat();
    let thunk = if has_thunk { thunk } else { Vec::new() };
    [&thunk[..], b"\xb8\x40\0\x50\x30\xc3"].concat()
}

/// movz w0, 0x40; movk w0, 0x3050, lsl 16; ret
fn aarch64() -> Vec<u8> {
    words(&[0x5280_0800, 0x72a6_0a00, 0xd65f_03c0])
}

/// The version that is found in a binary, and what its code is that told it.
fn told(binary: &[u8], returned: &[u8]) -> Option<String> {
    let scanned = scanned(deflated(&[("a.so", binary)]));
    let [finding] = scanned.scan.findings.as_slice() else {
        panic!("{scanned:?}");
    };
    let proof = &finding.evidence[0];
    if finding.version.is_some() {
        assert_eq!(proof.kind, EvidenceKind::VersionConstant);
        assert_eq!(proof.text, "OpenSSL_version_num: 0x30500040");
        let at = usize::try_from(proof.offset.unwrap()).unwrap();
        assert!(binary[at..].starts_with(returned));
    }
    finding.version.clone()
}

/// A shared library without section headers, whose GNU hash table knows `hashed`.
fn elf_with_dynamic_symbols(names_len: u64, hashed: &str, code: &[u8]) -> Vec<u8> {
    let (dynamic_at, hash_at, symbols_at, names_at, code_at) = (176, 256, 288, 336, 368);
    let texts_at = code_at + 64;
    let len = texts_at + TEXTS.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
    file.extend(longs(&[0, 64, 0]));
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    for (kind, at, len) in [(1_u64, 0, len), (2, dynamic_at, 80)] {
        file.extend(longs(&[4 << 32 | kind, at, LOADED + at, 0, len, len, 8]));
    }
    file.extend(longs(&[5, LOADED + names_at, 10, names_len]));
    file.extend(longs(&[
        6,
        LOADED + symbols_at,
        0x6fff_fef5,
        LOADED + hash_at,
    ]));
    file.extend(longs(&[0, 0]));
    let hash = hashed.bytes().fold(5381_u32, |hash, byte| {
        hash.wrapping_mul(33).wrapping_add(u32::from(byte))
    });
    // One bucket, which begins with symbol 1; a filter; the chain's only and last hash.
    file.extend(words(&[1, 1, 1, 0, 0, 0, 1, hash | 1]));
    file.extend(longs(&[
        0,
        0,
        0,
        1 << 48 | 0x12 << 32 | 1,
        LOADED + code_at,
        6,
    ]));
    file.extend(padded(format!("\0{NAME}\0").into_bytes(), 32));
    file.extend(padded(code.to_vec(), 64));
    file.extend(TEXTS);
    assert_eq!(file.len() as u64, len);
    file
}

/// Tables of more than 3 MiB are not walked over: names are looked up in the hash table.
#[rstest]
#[case::walked(21, NAME, Some("3.5.4"))]
#[case::looked_up(4 << 20, NAME, Some("3.5.4"))]
#[case::not_in_the_hash_table(4 << 20, "OpenSSL_version", None)]
fn elfs_dynamic_symbols_lead_to_the_code(
    #[case] names_len: u64,
    #[case] hashed: &str,
    #[case] version: Option<&str>,
    #[values(false, true)] has_thunk: bool,
) {
    let binary = elf_with_dynamic_symbols(names_len, hashed, &x86(has_thunk));
    assert_eq!(told(&binary, &x86(false)).as_deref(), version);
}

/// A library that exports one function, at so many bytes from the exports' start.
fn pe_with_exports(function: u32, code: &[u8]) -> Vec<u8> {
    let (loaded, exports_len) = (0x1000, 96);
    let mut file = padded(b"MZ".to_vec(), 60);
    file.extend(words(&[64]));
    file.extend(b"PE\0\0\x64\x86\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\0\x22\x20");
    let mut optional = padded(b"\x0b\x02".to_vec(), 112);
    optional.extend(words(&[loaded, exports_len]));
    file.extend(padded(optional, 240));
    let section_len = u32::try_from(160 + TEXTS.len()).unwrap();
    file.extend(b".text\0\0\0");
    file.extend(words(&[section_len, loaded, section_len, 0x200]));
    file.extend([0; 16]);
    let mut file = padded(file, 0x200);
    let at = |inside: u32| loaded + inside;
    file.extend(words(&[0, 0, 0, at(56), 1, 1, 1, at(40), at(44), at(48)]));
    file.extend(words(&[at(function), at(64), 0, 0]));
    file.extend(padded(b"a.pyd\0".to_vec(), 8));
    file.extend(padded(format!("{NAME}\0").into_bytes(), 32));
    file.extend(padded(code.to_vec(), 64));
    file.extend(TEXTS);
    file
}

#[rstest]
#[case::exported(96, Some("3.5.4"))]
#[case::anothers(64, None)]
fn pes_exports_lead_to_the_code(
    #[case] function: u32,
    #[case] version: Option<&str>,
    #[values(false, true)] has_thunk: bool,
) {
    let binary = pe_with_exports(function, &x86(has_thunk));
    assert_eq!(told(&binary, &x86(false)).as_deref(), version);
}

/// What tells of the function in a Mach-O file.
#[derive(Clone, Copy, Debug)]
enum Told {
    BySymbol,
    ByTrie,
    Anothers,
}

fn mach_o_with(told: Told, code: &[u8]) -> Vec<u8> {
    let table_at = 256_u32;
    let code_at = 320_u64;
    let len = 384 + TEXTS.len() as u64;
    let (command, table) = match told {
        Told::BySymbol => (
            words(&[2, 24, table_at, 1, table_at + 16, 24]),
            [
                words(&[1, 0x010f]),
                longs(&[LOADED + code_at]),
                format!("\0_{NAME}\0").into_bytes(),
            ]
            .concat(),
        ),
        Told::ByTrie | Told::Anothers => (
            words(&[0x8000_0033, 16, table_at, 32]),
            [
                format!("\0\x01_{NAME}\0\x18").as_bytes(),
                if matches!(told, Told::ByTrie) {
                    b"\x03\0\xc0\x02\0"
                } else {
                    b"\x03\x08\x01\0\0"
                },
            ]
            .concat(),
        ),
    };
    let header_len = u32::try_from(72 + command.len()).unwrap();
    let mut file = words(&[0xfeed_facf, ARM64, 0, 6, 2, header_len, 0, 0]);
    file.extend(words(&[0x19, 72]));
    file.extend(padded(b"__TEXT".to_vec(), 16));
    file.extend(longs(&[LOADED, len, 0, len, 5 << 32 | 5, 0]));
    file.extend(command);
    let mut file = padded(file, 256);
    file.extend(padded(table, 64));
    file.extend(padded(code.to_vec(), 64));
    file.extend(TEXTS);
    file
}

#[rstest]
#[case(Told::BySymbol, Some("3.5.4"))]
#[case(Told::ByTrie, Some("3.5.4"))]
#[case(Told::Anothers, None)]
fn mach_os_tables_lead_to_the_code(#[case] by: Told, #[case] version: Option<&str>) {
    let binary = mach_o_with(by, &aarch64());
    assert_eq!(told(&binary, &aarch64()).as_deref(), version);
}
