//! What a member is, told by its first bytes.

use std::io::{self, Read};

use super::compressed;
use super::image::Head;
use super::mach_o;
use super::object_file;
use super::pe;
use super::tar;
use crate::model::BinaryFormat;

/// What a member is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Magic {
    Object(BinaryFormat),
    Archive,
    Tar,
    Compressed(compressed::Format),
    /// An `ar` archive, a COFF object or WebAssembly: nothing reads its structure, but its texts can be searched.
    Unread,
    /// A binary whose headers nothing can be read from.
    Broken(&'static str),
    Other,
}

/// How many bytes tell what a member is that may be anything: one block of a tar archive.
pub(super) const FIRST_BYTES: usize = 512;

/// How many bytes tell what begins as a universal file does.
const UNIVERSAL_BYTES: usize = 4096;

/// Whether bytes begin as an object file does.
pub(super) const fn begins_an_object(first: [u8; 4]) -> bool {
    matches!(
        first,
        [0x7f, b'E', b'L', b'F']
            | [0xcf | 0xce, 0xfa, 0xed, 0xfe]
            | [0xfe, 0xed, 0xfa, 0xcf | 0xce]
            | [0xca, 0xfe, 0xba, 0xbe | 0xbf]
            | [b'M', b'Z', ..]
    )
}

/// Reads a member's first bytes: at most `len` of them, and more where it takes more to tell what
/// the member is.
///
/// # Errors
/// Those of `input`; what was read before is in the head.
pub(super) fn read_head<R: Read + ?Sized>(
    head: &mut Head,
    input: &mut R,
    len: usize,
) -> io::Result<()> {
    head.restart();
    let read = head.read(input, len)?;
    let enough = match head.bytes() {
        [b'M', b'Z', ..] => pe::magic_bytes(head.bytes()),
        [0xca, 0xfe, ..] => UNIVERSAL_BYTES,
        _ => 0,
    };
    if read == len && enough > read {
        head.read(input, enough.saturating_sub(read))?;
    }
    Ok(())
}

/// Tells what a member is, by its first bytes; where they are not enough, by its name.
pub(super) fn magic(head: &[u8], path: &str) -> Magic {
    match head {
        [0x7f, b'E', b'L', b'F', ..] => Magic::Object(BinaryFormat::Elf),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xfe, 0xed, 0xfa, 0xcf | 0xce, ..] => {
            Magic::Object(BinaryFormat::MachO)
        }
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, ..] if mach_o::is_universal(head) => {
            Magic::Object(BinaryFormat::MachO)
        }
        [b'M', b'Z', ..] if pe::is_pe(head) => Magic::Object(BinaryFormat::Pe),
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, ..] if mach_o::is_absurd(head, path) => {
            Magic::Broken("a universal file with no slices or too many")
        }
        [b'M', b'Z', ..] if pe::is_name(path) => {
            Magic::Broken("the PE header is not where the DOS header says")
        }
        [b'P', b'K', 3, 4, ..] => Magic::Archive,
        _ if tar::is_header(head) => Magic::Tar,
        // COFF objects begin with their machine; two bytes prove nothing without the name.
        [0x64, 0x86 | 0xaa, ..] | [0x4c, 0x01, ..] if object_file::is_coff_name(path) => {
            Magic::Unread
        }
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', b'\n', ..] | [0, b'a', b's', b'm', ..] => {
            Magic::Unread
        }
        _ => compressed::Format::of(head).map_or(Magic::Other, Magic::Compressed),
    }
}
