//! Small binaries made by hand, which the scanner takes for what they claim to carry.
//!
//! Each has just the headers that a loader reads, the names of the libraries it needs, and the
//! texts that OpenSSL's own code leaves in a binary. None of them could be run.

use super::wheel;

/// Vulnerable whatever the day: 3.5.5 and later fix advisories that hold it.
pub const VULNERABLE: &str = "OpenSSL 3.5.4 30 Sep 2025";
/// Of a series that ended in 2023.
pub const ENDED: &str = "OpenSSL 1.1.1w  11 Sep 2023";
/// Vulnerable whatever the day: 4.0.3 fixes an advisory of the severity high.
pub const SEVERE: &str = "OpenSSL 4.0.2 25 Aug 2026";

/// What a binary was built for.
#[derive(Clone, Copy, Debug)]
pub enum Machine {
    X86_64,
    Aarch64,
}

/// The texts that the library's own code keeps, with this version text.
pub fn openssl_texts(version: &str) -> Vec<u8> {
    format!(
        "\0{version}\0compiler: cc -O2\0built on: Tue Sep 30 12:00:00 2025 UTC\0\
         OPENSSLDIR: \"/usr/local/ssl\"\0openssl.cnf\0"
    )
    .into_bytes()
}

/// The texts of a library whose version was left out when it was built.
pub fn openssl_texts_without_version() -> Vec<u8> {
    b"\0compiler: cc -O2\0built on: n/a\0OPENSSLDIR: \"/\"\0openssl.cnf\0OPENSSL_ENGINES\0".to_vec()
}

/// A 64-bit ELF shared library with one loaded segment and a dynamic section.
pub fn elf(machine: Machine, name: Option<&str>, needed: &[&str], texts: &[u8]) -> Vec<u8> {
    const HEADER: u64 = 64;
    const PROGRAM_HEADER: u64 = 56;
    const NEEDED: u64 = 1;
    const STRINGS: u64 = 5;
    const STRINGS_LENGTH: u64 = 10;
    const OWN_NAME: u64 = 14;
    let mut strings = vec![0];
    let mut dynamic: Vec<(u64, u64)> = Vec::new();
    let names = name.map(|name| (OWN_NAME, name)).into_iter();
    for (tag, text) in names.chain(needed.iter().map(|text| (NEEDED, *text))) {
        dynamic.push((tag, strings.len() as u64));
        strings.extend(text.bytes().chain([0]));
    }
    let dynamic_at = HEADER + 2 * PROGRAM_HEADER;
    let strings_at = dynamic_at + (dynamic.len() as u64 + 3) * 16;
    dynamic.extend([
        (STRINGS, strings_at),
        (STRINGS_LENGTH, strings.len() as u64),
        (0, 0),
    ]);
    let length = strings_at + strings.len() as u64 + texts.len() as u64;

    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let machine: u16 = match machine {
        Machine::X86_64 => 0x3e,
        Machine::Aarch64 => 0xb7,
    };
    halves(&mut file, &[3, machine]);
    words(&mut file, &[1]);
    longs(&mut file, &[0, HEADER, 0]);
    words(&mut file, &[0]);
    halves(&mut file, &[64, 56, 2, 0, 0, 0]);
    for (kind, at, size) in [(1, 0, length), (2, dynamic_at, dynamic.len() as u64 * 16)] {
        words(&mut file, &[kind, 4]);
        longs(&mut file, &[at, at, at, size, size, 8]);
    }
    for (tag, value) in dynamic {
        longs(&mut file, &[tag, value]);
    }
    file.extend(strings);
    file.extend(texts);
    file
}

/// A 64-bit Mach-O library for one architecture.
pub fn mach_o(machine: Machine, needed: &[&str], texts: &[u8]) -> Vec<u8> {
    let mut commands = Vec::new();
    for name in needed {
        let length = (24 + name.len() + 8) & !7;
        words(&mut commands, &[0xc, u32::try_from(length).unwrap(), 24]);
        let end = commands.len() + length - 12;
        commands.extend([0; 12]);
        commands.extend(name.bytes());
        commands.resize(end, 0);
    }
    let mut file = Vec::new();
    let counts = [needed.len(), commands.len()].map(|count| u32::try_from(count).unwrap());
    words(&mut file, &[0xfeed_facf, cpu(machine), 0, 6]);
    words(&mut file, &counts);
    words(&mut file, &[0, 0]);
    file.extend(commands);
    file.extend(texts);
    file
}

/// A universal file of these slices.
pub fn universal(slices: &[(Machine, Vec<u8>)]) -> Vec<u8> {
    const PAGE: usize = 4096;
    let count = u32::try_from(slices.len()).unwrap();
    let mut file: Vec<u8> = [0xcafe_babe, count]
        .into_iter()
        .flat_map(u32::to_be_bytes)
        .collect();
    let mut at = PAGE;
    for (machine, slice) in slices {
        let [place, length] = [at, slice.len()].map(|number| u32::try_from(number).unwrap());
        let entry = [cpu(*machine), 0, place, length, 12];
        file.extend(entry.into_iter().flat_map(u32::to_be_bytes));
        at += slice.len().next_multiple_of(PAGE);
    }
    for (_, slice) in slices {
        file.resize(file.len().next_multiple_of(PAGE), 0);
        file.extend(slice);
    }
    file
}

const fn cpu(machine: Machine) -> u32 {
    match machine {
        Machine::X86_64 => 0x0100_0007,
        Machine::Aarch64 => 0x0100_000c,
    }
}

/// A 64-bit PE library with one section, which needs these libraries.
pub fn pe(machine: Machine, needed: &[&str], texts: &[u8]) -> Vec<u8> {
    const SIGNATURE_AT: u32 = 64;
    const OPTIONAL_LENGTH: u16 = 240;
    const SECTION_ADDRESS: u32 = 0x1000;
    const SECTION_AT: usize = 512;
    let table_length = u32::try_from((needed.len() + 1) * 20).unwrap();
    let mut table = Vec::new();
    let mut names = Vec::new();
    for name in needed {
        let name_at = SECTION_ADDRESS + table_length + u32::try_from(names.len()).unwrap();
        words(&mut table, &[0, 0, 0, name_at, 0]);
        names.extend(name.bytes().chain([0]));
    }
    words(&mut table, &[0; 5]);
    let section = [table, names, texts.to_vec()].concat();

    let mut file = b"MZ".to_vec();
    file.resize(60, 0);
    words(&mut file, &[SIGNATURE_AT]);
    file.extend(b"PE\0\0");
    let machine = match machine {
        Machine::X86_64 => 0x8664,
        Machine::Aarch64 => 0xaa64,
    };
    halves(&mut file, &[machine, 1]);
    words(&mut file, &[0, 0, 0]);
    halves(&mut file, &[OPTIONAL_LENGTH, 0x2022]);
    let optional_at = file.len();
    halves(&mut file, &[0x020b]);
    file.resize(optional_at + 112 + 8, 0);
    words(&mut file, &[SECTION_ADDRESS, table_length]);
    file.resize(optional_at + usize::from(OPTIONAL_LENGTH), 0);
    file.extend(b".rdata\0\0");
    let length = u32::try_from(section.len()).unwrap();
    let place = u32::try_from(SECTION_AT).unwrap();
    words(&mut file, &[length, SECTION_ADDRESS, length, place]);
    words(&mut file, &[0, 0, 0, 0x4000_0040]);
    file.resize(SECTION_AT, 0);
    file.extend(section);
    file
}

/// A wheel with one Linux binary that carries OpenSSL of this version text.
pub fn wheel_carrying(version: &str) -> Vec<u8> {
    wheel_of(&elf(
        Machine::X86_64,
        None,
        &["libc.so.6"],
        &openssl_texts(version),
    ))
}

/// The same, unlike that of any other name: wheels with the same bytes are read once.
pub fn wheel_carrying_as(version: &str, name: &str) -> Vec<u8> {
    let binary = elf(
        Machine::X86_64,
        None,
        &["libc.so.6"],
        &openssl_texts(version),
    );
    wheel::build(&[
        ("demo/_tls.abi3.so", &binary),
        ("demo.dist-info/METADATA", name.as_bytes()),
    ])
}

/// A wheel with one binary in it.
pub fn wheel_of(binary: &[u8]) -> Vec<u8> {
    wheel::build(&[
        ("demo/__init__.py", b""),
        ("demo/_tls.abi3.so", binary),
        ("demo.dist-info/METADATA", b"Name: demo\n"),
    ])
}

/// A wheel whose binary has nothing to do with OpenSSL.
pub fn wheel_without() -> Vec<u8> {
    wheel_of(&elf(Machine::X86_64, None, &["libc.so.6"], b"\0plain\0"))
}

/// A wheel whose binary needs the system's OpenSSL.
pub fn wheel_using_system() -> Vec<u8> {
    wheel_of(&elf(
        Machine::X86_64,
        None,
        &["libssl.so.3", "libcrypto.so.3"],
        b"",
    ))
}

/// A wheel with OpenSSL in it whose version cannot be proved.
pub fn wheel_without_version() -> Vec<u8> {
    let texts = openssl_texts_without_version();
    wheel_of(&elf(Machine::X86_64, None, &["libc.so.6"], &texts))
}

fn halves(file: &mut Vec<u8>, numbers: &[u16]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn words(file: &mut Vec<u8>, numbers: &[u32]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn longs(file: &mut Vec<u8>, numbers: &[u64]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}
