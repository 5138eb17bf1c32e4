//! Archives that no well-behaved tool writes, or that few do.

use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};

/// The local header, 30 bytes and the name, and the entry of the directory, 46 bytes and the name.
struct Headers {
    local: Vec<u8>,
    entry: Vec<u8>,
}

/// A member whose every number can be chosen.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    pub name: &'a [u8],
    pub flags: u16,
    pub method: u16,
    pub crc: u32,
    pub packed: Vec<u8>,
    pub size: u64,
}

impl<'a> Member<'a> {
    /// A stored member that does not lie.
    pub fn stored(name: &'a str, bytes: &[u8]) -> Self {
        Self {
            name: name.as_bytes(),
            flags: 0,
            method: 0,
            crc: crc32fast::hash(bytes),
            packed: bytes.to_vec(),
            size: bytes.len() as u64,
        }
    }

    /// A deflated member of these bytes and so many zeros behind them.
    pub fn padded(name: &'a str, bytes: &[u8], zeros: u64) -> Self {
        let (packed, crc) = deflate_padded(bytes, zeros);
        Self {
            name: name.as_bytes(),
            flags: 0,
            method: 8,
            crc,
            packed,
            size: bytes.len() as u64 + zeros,
        }
    }

    fn headers(&self, at: u64) -> Headers {
        let mut shared = Vec::new();
        for field in [20, self.flags, self.method, 0, 0x21] {
            shared.extend(field.to_le_bytes());
        }
        for field in [
            self.crc,
            narrow(self.packed.len() as u64),
            narrow(self.size),
        ] {
            shared.extend(field.to_le_bytes());
        }
        shared.extend(u16::try_from(self.name.len()).unwrap().to_le_bytes());
        shared.extend([0; 2]);
        let local = [b"PK\x03\x04", shared.as_slice(), self.name].concat();
        let mut entry = [b"PK\x01\x02\x14\0", shared.as_slice()].concat();
        entry.extend([0; 10]);
        entry.extend(narrow(at).to_le_bytes());
        entry.extend(self.name);
        Headers { local, entry }
    }
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap()
}

/// Deflates bytes and so many zeros without ever holding them; returns their CRC-32 too. A block
/// that needs nothing before it stands there again and again.
fn deflate_padded(bytes: &[u8], zeros: u64) -> (Vec<u8>, u32) {
    const BLOCK: u64 = 1 << 20;
    let blank = vec![0; BLOCK as usize];
    let block = deflate(&blank, FlushCompress::Full);
    let rest = &blank[..usize::try_from(zeros % BLOCK).unwrap()];
    let mut packed = deflate(bytes, FlushCompress::Full);
    let mut crc = crc32fast::Hasher::new();
    crc.update(bytes);
    let mut blank_crc = crc32fast::Hasher::new();
    blank_crc.update(&blank);
    for _ in 0..zeros / BLOCK {
        packed.extend(&block);
        crc.combine(&blank_crc);
    }
    packed.extend(deflate(rest, FlushCompress::Finish));
    crc.update(rest);
    (packed, crc.finalize())
}

fn deflate(bytes: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes.len() + 1024);
    let mut state = Compress::new(Compression::best(), false);
    state.compress_vec(bytes, &mut packed, flush).unwrap();
    packed
}

/// An archive of these members, with a comment at its end.
pub fn archive(members: &[Member<'_>], comment: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for member in members {
        let headers = member.headers(file.len() as u64);
        file.extend(headers.local);
        file.extend(&member.packed);
        directory.extend(headers.entry);
    }
    let at = file.len() as u64;
    file.extend(&directory);
    let count = u16::try_from(members.len()).unwrap();
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count.to_le_bytes().repeat(2));
    file.extend(narrow(directory.len() as u64).to_le_bytes());
    file.extend(narrow(at).to_le_bytes());
    file.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
    file.extend(comment);
    file
}

/// The same archive, whose end record points to a zip64 one.
pub fn zip64(archive: &[u8]) -> Vec<u8> {
    let end = archive.len() - 22;
    let record = &archive[end..];
    let number = |at: usize| u64::from(u32::from_le_bytes(record[at..at + 4].try_into().unwrap()));
    let count = u64::from(u16::from_le_bytes(record[10..12].try_into().unwrap()));
    let mut file = archive[..end].to_vec();
    file.extend(b"PK\x06\x06");
    file.extend(44_u64.to_le_bytes());
    file.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for field in [count, count, number(12), number(16)] {
        file.extend(field.to_le_bytes());
    }
    file.extend(b"PK\x06\x07\0\0\0\0");
    file.extend((end as u64).to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([0xff; 12]);
    file.extend([0; 2]);
    file
}

/// A tar archive.
pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in members {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(*bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// Bytes behind gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
