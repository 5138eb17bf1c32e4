//! PE: Windows.
//!
//! Source: Microsoft's "PE Format".

mod exports;
mod resource;

use object::pe;

use super::banner::{Hit, printable};
use super::fields::{Fields, until_nul};
use super::image::{CHUNK_BYTES, Missing, View};
use super::object_file::{Headers, NAME_BYTES};
use crate::model::Architecture;

const MALFORMED: Missing = Missing::Malformed("the PE headers are cut off");
const SECTION_LEN: usize = 40;
const IMPORT_LEN: usize = 20;
const DELAY_IMPORT_LEN: usize = 32;
/// How much of the imports is asked for at once: their names stand behind the table.
const IMPORT_BYTES: u64 = 64 * 1024;
const MAXIMUM_IMPORTS: usize = 1024;

/// How many bytes tell whether a file that begins so is a PE file: its header may stand anywhere
/// behind its DOS program. Beyond 256 KiB nobody puts it.
pub(super) fn magic_bytes(head: &[u8]) -> usize {
    const MOST: usize = CHUNK_BYTES;
    let header = Fields::little(head).u32(0x3c);
    let header = header.and_then(|at| usize::try_from(at).ok());
    header.map_or(MOST, |at| at.saturating_add(4).min(MOST))
}

/// Whether a file that begins so is a PE file: most of what begins with `MZ` is.
pub(super) fn is_pe(head: &[u8]) -> bool {
    let fields = Fields::little(head);
    let signature = fields.u32(0x3c).and_then(|at| usize::try_from(at).ok());
    signature.is_some_and(|at| fields.slice(at, 4) == Some(b"PE\0\0"))
}

/// Whether a file of this name is meant to be a PE file.
pub(super) fn is_name(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    [".dll", ".pyd", ".exe"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

struct File<'a> {
    view: View<'a>,
    sections: Vec<Section>,
}

#[derive(Clone, Copy, Debug)]
struct Section {
    address: u32,
    len: u32,
    offset: u32,
}

/// An address and a length out of the data directory.
#[derive(Clone, Copy, Debug)]
struct Table {
    address: u32,
    len: u32,
}

/// Reads the headers of a PE file.
pub(super) fn read(view: View<'_>, headers: &mut Headers) -> Result<(), Missing> {
    let dos = Fields::little(view.bytes(0, 64)?);
    let at = u64::from(dos.u32(0x3c).ok_or(MALFORMED)?).saturating_add(4);
    let coff = Fields::little(view.bytes(at, 20)?);
    headers.arch = Some(match coff.u16(0).ok_or(MALFORMED).map(pe::Machine)? {
        pe::IMAGE_FILE_MACHINE_AMD64 => Architecture::X86_64,
        pe::IMAGE_FILE_MACHINE_I386 => Architecture::I686,
        pe::IMAGE_FILE_MACHINE_ARM64
        | pe::IMAGE_FILE_MACHINE_ARM64EC
        | pe::IMAGE_FILE_MACHINE_ARM64X => Architecture::Aarch64,
        pe::IMAGE_FILE_MACHINE_ARMNT => Architecture::Armv7l,
        _ => Architecture::Other,
    });
    let section_count = usize::from(coff.u16(2).ok_or(MALFORMED)?);
    let optional_len = u64::from(coff.u16(16).ok_or(MALFORMED)?);
    let optional_at = at.saturating_add(20);
    let optional = Fields::little(view.bytes(optional_at, optional_len)?);
    let is_wide = optional.u16(0) == Some(pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC);
    let tables_at = if is_wide { 112_usize } else { 96 };

    let sections_len = section_count.saturating_mul(SECTION_LEN);
    let bytes = view.bytes(
        optional_at.saturating_add(optional_len),
        sections_len as u64,
    )?;
    let file = File {
        view,
        sections: bytes
            .chunks_exact(SECTION_LEN)
            .filter_map(section)
            .collect(),
    };
    let table = |index: usize| {
        let at = tables_at.saturating_add(index.saturating_mul(8));
        let address = optional.u32(at)?;
        let len = optional.u32(at.saturating_add(4))?;
        (address != 0).then_some(Table { address, len })
    };
    let exports = table(pe::IMAGE_DIRECTORY_ENTRY_EXPORT);
    let imports = table(pe::IMAGE_DIRECTORY_ENTRY_IMPORT);
    let delayed = table(pe::IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT);
    // Whichever of them comes first must not have gone by when it is read.
    for imports in imports.iter().chain(&delayed) {
        file.wish_for_imports(*imports);
    }
    if let Some(delayed) = delayed {
        file.wish_for_delayed_names(delayed);
    }
    if let Some(exports) = exports {
        file.wish_for_exports(exports);
        file.own_name(exports, headers)?;
    }
    if let Some(imports) = imports {
        file.imports(imports, IMPORT_LEN, 12, headers)?;
    }
    if let Some(delayed) = delayed {
        file.imports(delayed, DELAY_IMPORT_LEN, 4, headers)?;
    }
    if let Some(resources) = table(pe::IMAGE_DIRECTORY_ENTRY_RESOURCE) {
        headers.resource = file.version_resource(resources)?;
    }
    exports.map_or(Ok(()), |exports| file.exports(exports, headers))
}

fn section(bytes: &[u8]) -> Option<Section> {
    let fields = Fields::little(bytes);
    Some(Section {
        address: fields.u32(12)?,
        len: fields.u32(16)?,
        offset: fields.u32(20)?,
    })
}

impl<'a> File<'a> {
    /// Where in the file an address is loaded from, and how many bytes its section still has.
    fn place(&self, address: u32) -> Result<(u64, u64), Missing> {
        self.sections
            .iter()
            .find_map(|section| {
                let inside = address.checked_sub(section.address)?;
                let rest = section.len.checked_sub(inside).filter(|rest| *rest > 0)?;
                let offset = u64::from(section.offset).checked_add(u64::from(inside))?;
                Some((offset, u64::from(rest)))
            })
            .ok_or(Missing::Malformed("a PE table is in no section"))
    }

    /// At most `len` bytes from an address.
    fn at(&self, address: u32, len: u64) -> Result<&'a [u8], Missing> {
        let (offset, rest) = self.place(address)?;
        self.view.up_to(offset, len.min(rest))
    }

    fn name(&self, address: u32) -> Result<Hit, Missing> {
        let (offset, _) = self.place(address)?;
        Ok(Hit {
            text: printable(until_nul(self.at(address, NAME_BYTES)?)),
            offset: self.view.base().saturating_add(offset),
        })
    }

    /// Says that imports will be needed, so that they are kept when they come by.
    fn wish_for_imports(&self, table: Table) {
        if let Ok((place, rest)) = self.place(table.address) {
            self.view.wish(place, IMPORT_BYTES.min(rest));
        }
    }

    /// Says that the start of a section will be needed: there linkers put the names of delayed
    /// imports, far before their table.
    fn wish_for_delayed_names(&self, table: Table) {
        let holds = |section: &&Section| {
            let inside = table.address.checked_sub(section.address);
            inside.is_some_and(|inside| inside < section.len)
        };
        if let Some(section) = self.sections.iter().find(holds) {
            let len = IMPORT_BYTES.min(u64::from(section.len));
            self.view.wish(u64::from(section.offset), len);
        }
    }

    /// Says that names will be needed, most of which stand together: else each of them that has
    /// gone by would be missed by itself.
    fn wish_for_names(&self, names: &[u32]) {
        let places = names.iter().filter_map(|name| self.place(*name).ok());
        let places = places.map(|(place, _)| place);
        if let (Some(first), Some(last)) = (places.clone().min(), places.max()) {
            let len = last.saturating_sub(first).saturating_add(NAME_BYTES);
            self.view.wish(first, len.min(IMPORT_BYTES));
        }
    }

    fn imports(
        &self,
        table: Table,
        entry_len: usize,
        name_at: usize,
        headers: &mut Headers,
    ) -> Result<(), Missing> {
        let (offset, rest) = self.place(table.address)?;
        let bytes = self.view.up_to(offset, IMPORT_BYTES.min(rest))?;
        let entries = bytes.chunks_exact(entry_len).take(MAXIMUM_IMPORTS);
        let names = entries.map_while(|entry| Fields::little(entry).u32(name_at));
        let names: Vec<u32> = names.take_while(|name| *name != 0).collect();
        self.wish_for_names(&names);
        for name in names {
            let within = name
                .checked_sub(table.address)
                .and_then(|inside| bytes.get(usize::try_from(inside).ok()?..));
            let hit = match within {
                Some(bytes) if memchr::memchr(0, bytes).is_some() => Hit {
                    text: printable(until_nul(bytes)),
                    offset: self
                        .view
                        .base()
                        .saturating_add(offset)
                        .saturating_add(u64::from(name.saturating_sub(table.address))),
                },
                _ => self.name(name)?,
            };
            headers.import(hit)?;
        }
        Ok(())
    }
}
