//! Wheels and binaries made on the spot, and a source that notes what it is asked.

use std::cell::RefCell;
use std::io::{self, BufRead, Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::model::ProblemCode;
use crate::scan::{Limits, Scanned, Source, scan};

/// A wheel in memory that notes which ranges were asked for.
pub(super) struct Memory {
    pub(super) bytes: Vec<u8>,
    pub(super) asked: RefCell<Vec<(u64, u64)>>,
}

impl Memory {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            asked: RefCell::default(),
        }
    }
}

impl Source for Memory {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn range(&self, at: u64, len: u64) -> io::Result<impl BufRead> {
        self.asked.borrow_mut().push((at, len));
        let from = usize::try_from(at).unwrap();
        let rest = self.bytes.get(from..).unwrap_or_default();
        Ok(rest.take(len))
    }
}

pub(super) fn wheel(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn deflated(members: &[(&str, &[u8])]) -> Vec<u8> {
    wheel(members, CompressionMethod::Deflated)
}

pub(super) fn scanned(bytes: Vec<u8>) -> Scanned {
    scan(&Memory::new(bytes), &Limits::default()).unwrap()
}

pub(super) fn codes(scanned: &Scanned) -> Vec<ProblemCode> {
    scanned
        .scan
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect()
}

/// The texts that OpenSSL's own code keeps.
pub(super) fn library_texts(version: &str) -> Vec<u8> {
    format!(
        "\0{version}\0compiler: gcc\0built on: Tue\0OPENSSLDIR: \"/usr/local/ssl\"\0openssl.cnf\0"
    )
    .into_bytes()
}

/// A 64-bit ELF shared library: one loaded segment, a dynamic section, `texts` at its end.
pub(super) fn elf(soname: Option<&str>, needed: &[&str], texts: &[u8]) -> Vec<u8> {
    let mut strings = vec![0_u8];
    let mut dynamic: Vec<(u64, u64)> = Vec::new();
    for (tag, name) in soname
        .map(|name| (14, name))
        .into_iter()
        .chain(needed.iter().map(|n| (1, *n)))
    {
        dynamic.push((tag, strings.len() as u64));
        strings.extend_from_slice(name.as_bytes());
        strings.push(0);
    }
    let dynamic_at = 64 + 2 * 56_u64;
    let strings_at = dynamic_at + (dynamic.len() as u64 + 3) * 16;
    dynamic.extend([(5, strings_at), (10, strings.len() as u64), (0, 0)]);
    let len = strings_at + strings.len() as u64 + texts.len() as u64;

    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
    file.extend([0_u64, 64, 0].iter().flat_map(|word| word.to_le_bytes()));
    file.extend(
        [0, 0, 64, 56, 2, 0, 0, 0_u32]
            .iter()
            .flat_map(|half| (*half as u16).to_le_bytes()),
    );
    file.resize(64, 0);
    // The header's fields of 16 bits begin after its flags.
    file[52..54].copy_from_slice(&64_u16.to_le_bytes());
    file[54..56].copy_from_slice(&56_u16.to_le_bytes());
    file[56..58].copy_from_slice(&2_u16.to_le_bytes());
    for (kind, at, size) in [(1_u32, 0, len), (2, dynamic_at, dynamic.len() as u64 * 16)] {
        file.extend(kind.to_le_bytes());
        file.extend(4_u32.to_le_bytes());
        file.extend(
            [at, at, at, size, size, 8]
                .iter()
                .flat_map(|word| word.to_le_bytes()),
        );
    }
    for (tag, value) in dynamic {
        file.extend(tag.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(strings);
    file.extend(texts);
    file
}

/// A thin Mach-O file that needs `needed`.
pub(super) fn mach_o(cpu: u32, needed: &[&str], texts: &[u8]) -> Vec<u8> {
    let mut commands = Vec::new();
    for name in needed {
        let len = (24 + name.len() + 8) & !7;
        commands.extend(
            [0xc_u32, u32::try_from(len).unwrap(), 24, 0, 0, 0]
                .iter()
                .flat_map(|w| w.to_le_bytes()),
        );
        let mut text = name.as_bytes().to_vec();
        text.resize(len - 24, 0);
        commands.extend(text);
    }
    let header = [
        0xfeed_facf,
        cpu,
        0,
        6,
        u32::try_from(needed.len()).unwrap(),
        u32::try_from(commands.len()).unwrap(),
        0,
        0,
    ];
    let mut file: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
    file.extend(commands);
    file.extend(texts);
    file
}

pub(super) fn universal(slices: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut file: Vec<u8> = [0xcafe_babe, u32::try_from(slices.len()).unwrap()]
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .collect();
    let mut at = 4096_u32;
    for (cpu, slice) in slices {
        let len = u32::try_from(slice.len()).unwrap();
        file.extend(
            [*cpu, 0, at, len, 12]
                .iter()
                .flat_map(|word| word.to_be_bytes()),
        );
        at += (len + 4095) & !4095;
    }
    for (_, slice) in slices {
        file.resize((file.len() + 4095) & !4095, 0);
        file.extend(slice);
    }
    file
}

pub(super) const X86_64: u32 = 0x0100_0007;
pub(super) const ARM64: u32 = 0x0100_000c;

/// An archive with one member, whose headers promise what `plain` is.
pub(super) fn one_member(name: &str, method: u16, packed: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut sizes = crc32fast::hash(plain).to_le_bytes().to_vec();
    sizes.extend((packed.len() as u32).to_le_bytes());
    sizes.extend((plain.len() as u32).to_le_bytes());
    sizes.extend((name.len() as u16).to_le_bytes());
    let mut archive = Vec::new();
    let header = |signature: &[u8], versions: usize| {
        let mut header = signature.to_vec();
        header.extend([63, 0].repeat(versions));
        header.extend([0, 0]);
        header.extend(method.to_le_bytes());
        header.extend([0; 4]);
        header.extend(&sizes);
        header
    };
    archive.extend(header(b"PK\x03\x04", 1));
    archive.extend([0; 2]);
    archive.extend(name.as_bytes());
    archive.extend(packed);
    let directory = archive.len() as u32;
    archive.extend(header(b"PK\x01\x02", 2));
    archive.extend([0; 16]);
    archive.extend(name.as_bytes());
    let length = archive.len() as u32 - directory;
    archive.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    archive.extend(length.to_le_bytes());
    archive.extend(directory.to_le_bytes());
    archive.extend([0; 2]);
    archive
}
