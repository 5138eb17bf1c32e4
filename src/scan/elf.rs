//! ELF: Linux, and most other systems.
//!
//! What the dynamic loader reads is read: program headers, the dynamic section and the tables it
//! points to. Section headers stand at the end of the file and may be stripped; only their place
//! is noted.
//!
//! Source: System V gABI, chapters 4 and 5; the LSB for symbol versions.

mod symbols;

use object::elf;

use super::banner::{Hit, printable};
use super::fields::{Fields, until_nul};
use super::image::{ELF_HEAD_BYTES, Missing, View};
use super::object_file::{self, Headers, NAME_BYTES, Segment, SymbolTable};
use crate::model::Architecture;

const MALFORMED: Missing = Missing::Malformed("the ELF headers are cut off");
const MAXIMUM_DYNAMIC_BYTES: u64 = 256 * 1024;
const MAXIMUM_PROGRAM_HEADERS: u64 = 4096;
/// Symbol and string tables larger than this, together, are not read, 3 MiB.
const MAXIMUM_SYMBOL_BYTES: u64 = 3 << 20;
/// Writable segments up to this length are kept beforehand, 1.5 MiB.
const SEGMENT_BYTES: u64 = 3 << 19;
/// How much of the hash table and of the version definitions is kept beforehand.
const HASH_BYTES: u64 = 128 * 1024;
const DEFINITION_BYTES: u64 = 4096;
const MAXIMUM_DEFINITIONS: u32 = 512;
/// How many version definitions of OpenSSL are kept.
const KEPT_DEFINITIONS: usize = 64;

struct File<'a> {
    view: View<'a>,
    wide: bool,
    big_endian: bool,
    segments: Vec<Segment>,
}

#[derive(Debug, Default)]
struct Dynamic {
    needed: Vec<u64>,
    soname: Option<u64>,
    strings: u64,
    strings_len: u64,
    symbols: Option<u64>,
    hash: Option<u64>,
    gnu_hash: Option<u64>,
    definitions: Option<u64>,
    symbol_versions: Option<u64>,
}

/// Reads the headers of an ELF file.
pub(super) fn read(view: View<'_>, headers: &mut Headers) -> Result<(), Missing> {
    let identification = view.bytes(0, 16)?;
    let wide = identification.get(4) == Some(&elf::ELFCLASS64.0);
    let big_endian = identification.get(5) == Some(&elf::ELFDATA2MSB.0);
    let header = Fields::new(view.up_to(0, 64)?, big_endian);
    headers.arch = Some(architecture(
        header.u16(18).ok_or(MALFORMED)?,
        wide,
        big_endian,
    ));
    let (table, entry_len, count) = if wide {
        (header.u64(32), header.u16(54), header.u16(56))
    } else {
        (
            header.u32(28).map(u64::from),
            header.u16(42),
            header.u16(44),
        )
    };
    let table = table.ok_or(MALFORMED)?;
    let entry_len = u64::from(entry_len.ok_or(MALFORMED)?);
    let count = u64::from(count.ok_or(MALFORMED)?);
    headers.symbol_table = sections(header, wide, big_endian, view.base());
    if count == 0 {
        return Ok(());
    }
    let expected = if wide { 56 } else { 32 };
    if entry_len < expected || count > MAXIMUM_PROGRAM_HEADERS {
        return Err(Missing::Malformed("the ELF program headers are absurd"));
    }
    let mut file = File {
        view,
        wide,
        big_endian,
        segments: Vec::new(),
    };
    let dynamic = file.program_headers(
        view.bytes(table, entry_len.saturating_mul(count))?,
        entry_len,
    )?;
    let Some((at, len)) = dynamic else {
        return Ok(());
    };
    let dynamic = file.dynamic(at, len.min(MAXIMUM_DYNAMIC_BYTES))?;
    file.wish(&dynamic);
    file.names(&dynamic, headers)?;
    file.version_definitions(&dynamic, headers)?;
    file.symbols(&dynamic, headers)
}

impl<'a> File<'a> {
    fn fields(&self, bytes: &'a [u8]) -> Fields<'a> {
        Fields::new(bytes, self.big_endian)
    }

    /// Notes the loaded segments and returns where the dynamic section is.
    fn program_headers(
        &mut self,
        bytes: &'a [u8],
        entry_len: u64,
    ) -> Result<Option<(u64, u64)>, Missing> {
        let mut dynamic = None;
        let entry_len = usize::try_from(entry_len).map_err(|_| MALFORMED)?;
        for entry in bytes.chunks_exact(entry_len) {
            let entry = self.fields(entry);
            let wide = self.wide;
            let (offset_at, address_at, len_at) = if wide { (8, 16, 32) } else { (4, 8, 16) };
            let offset = entry.word(offset_at, wide).ok_or(MALFORMED)?;
            let address = entry.word(address_at, wide).ok_or(MALFORMED)?;
            let len = entry.word(len_at, wide).ok_or(MALFORMED)?;
            match elf::ProgramType(entry.u32(0).ok_or(MALFORMED)?) {
                elf::PT_LOAD => {
                    // What moves tables to make room for longer names puts them into a segment
                    // of its own at the end, some before the dynamic section that tells of them.
                    let flags = entry.u32(if wide { 4 } else { 24 }).ok_or(MALFORMED)?;
                    let is_data = flags & elf::PF_W.0 != 0;
                    if is_data && len <= SEGMENT_BYTES && offset >= ELF_HEAD_BYTES as u64 {
                        self.view.wish(offset, len);
                    }
                    self.segments.push(Segment {
                        address,
                        offset,
                        len,
                    });
                }
                elf::PT_DYNAMIC => dynamic = Some((address, offset, len)),
                _ => {}
            }
        }
        // What only debuggers read has the headers of the segments, and not what was in them.
        let is_left_out = |address: u64| {
            let is_empty = |segment: &Segment| segment.len == 0 && segment.address <= address;
            object_file::offset_of(&self.segments, address).is_none()
                && self.segments.iter().any(is_empty)
        };
        let dynamic = dynamic.filter(|(address, ..)| !is_left_out(*address));
        Ok(dynamic.map(|(_, offset, len)| (offset, len)))
    }

    /// Where in the file an address is loaded from.
    fn offset_of(&self, address: u64) -> Result<u64, Missing> {
        object_file::offset_of(&self.segments, address).ok_or(Missing::Malformed(
            "an ELF table is not loaded from the file",
        ))
    }

    fn dynamic(&self, at: u64, len: u64) -> Result<Dynamic, Missing> {
        let bytes = self.view.up_to(at, len)?;
        let entry_len = if self.wide { 16 } else { 8 };
        let value_at = if self.wide { 8 } else { 4 };
        let mut dynamic = Dynamic::default();
        for entry in bytes.chunks_exact(entry_len) {
            let entry = self.fields(entry);
            let tag = entry.word(0, self.wide).ok_or(MALFORMED)?;
            let value = entry.word(value_at, self.wide).ok_or(MALFORMED)?;
            match elf::DynamicTag(tag.cast_signed()) {
                elf::DT_NULL => break,
                elf::DT_NEEDED if dynamic.needed.len() < 1024 => dynamic.needed.push(value),
                elf::DT_SONAME => dynamic.soname = Some(value),
                elf::DT_STRTAB => dynamic.strings = value,
                elf::DT_STRSZ => dynamic.strings_len = value,
                elf::DT_SYMTAB => dynamic.symbols = Some(value),
                elf::DT_HASH => dynamic.hash = Some(value),
                elf::DT_GNU_HASH => dynamic.gnu_hash = Some(value),
                elf::DT_VERDEF => dynamic.definitions = Some(value),
                elf::DT_VERSYM => dynamic.symbol_versions = Some(value),
                _ => {}
            }
        }
        Ok(dynamic)
    }

    /// Wishes for all tables at once: they stand in any order, and none may go by while another
    /// is waited for.
    fn wish(&self, dynamic: &Dynamic) {
        let tables = [
            (dynamic.hash, 8),
            (dynamic.gnu_hash, HASH_BYTES),
            (dynamic.definitions, DEFINITION_BYTES),
            (
                Some(dynamic.strings),
                dynamic.strings_len.min(MAXIMUM_SYMBOL_BYTES / 2),
            ),
        ];
        for (address, len) in tables {
            if let Some(Ok(offset)) = address.map(|address| self.offset_of(address)) {
                self.view.wish(offset, len);
            }
        }
    }

    fn string(&self, dynamic: &Dynamic, index: u64) -> Result<Hit, Missing> {
        let offset = self.offset_of(dynamic.strings)?.saturating_add(index);
        let bytes = self.view.up_to(offset, NAME_BYTES)?;
        Ok(Hit {
            text: printable(until_nul(bytes)),
            offset: self.view.base().saturating_add(offset),
        })
    }

    fn names(&self, dynamic: &Dynamic, headers: &mut Headers) -> Result<(), Missing> {
        if let Some(soname) = dynamic.soname {
            headers.name = Some(self.string(dynamic, soname)?);
        }
        for needed in &dynamic.needed {
            headers.import(self.string(dynamic, *needed)?)?;
        }
        Ok(())
    }

    fn version_definitions(&self, dynamic: &Dynamic, headers: &mut Headers) -> Result<(), Missing> {
        let Some(definitions) = dynamic.definitions else {
            return Ok(());
        };
        let mut at = self.offset_of(definitions)?;
        for _ in 0..MAXIMUM_DEFINITIONS {
            let entry = self.fields(self.view.bytes(at, 20)?);
            let auxiliary = u64::from(entry.u32(12).ok_or(MALFORMED)?);
            let next = u64::from(entry.u32(16).ok_or(MALFORMED)?);
            let name = self.fields(self.view.bytes(at.saturating_add(auxiliary), 8)?);
            let name = self.string(dynamic, u64::from(name.u32(0).ok_or(MALFORMED)?))?;
            if headers.definitions.len() < KEPT_DEFINITIONS && name.text.starts_with("OPENSSL") {
                headers.definitions.push(name);
            }
            if next == 0 {
                break;
            }
            at = at.saturating_add(next);
        }
        Ok(())
    }
}

/// Where the section headers are, unless their number does not fit its field.
fn sections(header: Fields<'_>, wide: bool, big_endian: bool, base: u64) -> Option<SymbolTable> {
    let (table_at, len_at, count_at) = if wide { (40, 58, 60) } else { (32, 46, 48) };
    let table = header.word(table_at, wide)?;
    let entry_len = if wide { 64 } else { 40 };
    let count = u64::from(header.u16(count_at)?);
    let is_plain = table != 0 && count != 0 && header.u16(len_at)? == entry_len;
    is_plain.then_some(SymbolTable::Sections {
        at: base.saturating_add(table),
        count,
        wide,
        big_endian,
    })
}

fn architecture(machine: u16, wide: bool, big_endian: bool) -> Architecture {
    match elf::Machine(machine) {
        elf::EM_X86_64 => Architecture::X86_64,
        elf::EM_AARCH64 => Architecture::Aarch64,
        elf::EM_386 => Architecture::I686,
        elf::EM_ARM => Architecture::Armv7l,
        elf::EM_PPC64 if !big_endian => Architecture::Ppc64le,
        elf::EM_S390 if wide => Architecture::S390x,
        elf::EM_RISCV if wide => Architecture::Riscv64,
        elf::EM_LOONGARCH if wide => Architecture::Loongarch64,
        _ => Architecture::Other,
    }
}
