//! Small wheels, made on the spot.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A wheel with these members, deflated, in this order.
pub fn build(members: &[(&str, &[u8])]) -> Vec<u8> {
    pack(members, CompressionMethod::Deflated)
}

/// A wheel with these members as they are, so that its size can be told in advance.
pub fn build_stored(members: &[(&str, &[u8])]) -> Vec<u8> {
    pack(members, CompressionMethod::Stored)
}

fn pack(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in members {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*path, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Bytes that look random, always the same ones, and do not compress.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
