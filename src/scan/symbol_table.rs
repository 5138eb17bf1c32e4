//! The symbol table that only linkers read. A name of it that was seen while the file streamed
//! by is looked up here, from parts of the file that are read again: where the code is whose
//! version is in doubt.
//!
//! Source: System V gABI, chapter 4; Apple's `mach-o/nlist.h`.

use object::{elf, macho};

use super::fields::Fields;
use super::object_file::{Segment, SymbolTable, offset_of};

/// How large a table of sections may be, 1 MiB.
const MAXIMUM_SECTION_BYTES: u64 = 1 << 20;

/// Entries of a symbol table, and what is needed to follow one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entries {
    /// Where they begin, in bytes from the start of the file, and how many bytes they are.
    pub at: u64,
    pub len: u64,
    pub entry_len: usize,
    /// Where the names begin.
    strings: u64,
    form: Form,
    wide: bool,
    big_endian: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Elf(Vec<Segment>),
    MachO(Vec<Segment>),
}

/// Which bytes are needed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The table of sections, so many bytes.
    Sections { at: u64, len: u64 },
    /// None: the entries are known.
    Entries(Entries),
}

/// Where to begin.
pub(super) fn start(table: &SymbolTable) -> Start {
    match table {
        SymbolTable::Sections {
            at, count, wide, ..
        } => {
            let entry_len = if *wide { 64 } else { 40 };
            Start::Sections {
                at: *at,
                len: count.saturating_mul(entry_len).min(MAXIMUM_SECTION_BYTES),
            }
        }
        SymbolTable::Entries {
            at,
            count,
            strings,
            wide,
            big_endian,
            segments,
        } => {
            let entry_len = if *wide { 16_usize } else { 12 };
            Start::Entries(Entries {
                at: *at,
                len: count.saturating_mul(entry_len as u64),
                entry_len,
                strings: *strings,
                form: Form::MachO(segments.clone()),
                wide: *wide,
                big_endian: *big_endian,
            })
        }
    }
}

/// The entries of the symbol table that ELF sections tell of; `base` is where the file begins.
pub(super) fn of_sections(table: &SymbolTable, bytes: &[u8], base: u64) -> Option<Entries> {
    let SymbolTable::Sections {
        wide, big_endian, ..
    } = *table
    else {
        return None;
    };
    let entry_len = if wide { 64 } else { 40 };
    let sections: Vec<Fields<'_>> = bytes
        .chunks_exact(entry_len)
        .map(|entry| Fields::new(entry, big_endian))
        .collect();
    let (address_at, offset_at, len_at, link_at) = if wide {
        (16, 24, 32, 40)
    } else {
        (12, 16, 20, 24)
    };
    let symbols = sections
        .iter()
        .find(|section| section.u32(4) == Some(elf::SHT_SYMTAB.0))?;
    let strings = sections.get(usize::try_from(symbols.u32(link_at)?).ok()?)?;
    let segments = sections.iter().map(|section| {
        let is_in_file = section.u32(4) != Some(elf::SHT_NOBITS.0);
        Some(Segment {
            address: section.word(address_at, wide)?,
            offset: section.word(offset_at, wide)?,
            len: section
                .word(len_at, wide)
                .filter(|_| is_in_file)
                .unwrap_or(0),
        })
    });
    Some(Entries {
        at: base.checked_add(symbols.word(offset_at, wide)?)?,
        len: symbols.word(len_at, wide)?,
        entry_len: if wide { 24 } else { 16 },
        strings: base.checked_add(strings.word(offset_at, wide)?)?,
        form: Form::Elf(segments.collect::<Option<_>>()?),
        wide,
        big_endian,
    })
}

impl Entries {
    /// Where the code of a function stands in the file or slice, whose name stands at one of
    /// `names` of the file, if one of the entries in `bytes` defines it.
    pub(super) fn defined(&self, bytes: &[u8], names: &[u64]) -> Option<u64> {
        bytes.chunks_exact(self.entry_len).find_map(|entry| {
            let fields = Fields::new(entry, self.big_endian);
            let name = self.strings.checked_add(u64::from(fields.u32(0)?))?;
            match &self.form {
                Form::Elf(sections) => {
                    let (section_at, value_at) = if self.wide { (6, 8) } else { (14, 4) };
                    let value = names
                        .contains(&name)
                        .then(|| fields.word(value_at, self.wide))??;
                    let section = sections.get(usize::from(fields.u16(section_at)?))?;
                    offset_of(std::slice::from_ref(section), value)
                }
                Form::MachO(segments) => {
                    // Behind the underscore.
                    let name = name.checked_add(1)?;
                    let kind = *entry.get(4)?;
                    let is_defined =
                        kind & macho::N_STAB == 0 && kind & macho::N_TYPE != macho::N_UNDF.0;
                    let value = (is_defined && names.contains(&name))
                        .then(|| fields.word(8, self.wide))??;
                    offset_of(segments, value)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn section(kind: u64, address: u64, offset: u64, len: u64, link: u64) -> Vec<u8> {
        words(&[kind << 32, 0, address, offset, len, link, 0, 0])
    }

    const TABLE: SymbolTable = SymbolTable::Sections {
        at: 5000,
        count: 4,
        wide: true,
        big_endian: false,
    };

    #[test]
    fn an_elf_symbol_leads_to_its_code() {
        assert_eq!(start(&TABLE), Start::Sections { at: 5000, len: 256 });
        let sections = [
            section(0, 0, 0, 0, 0),
            section(1, 0x2000, 0x1000, 0x100, 0),
            section(2, 0, 0x3000, 48, 3),
            section(3, 0, 0x4000, 100, 0),
        ]
        .concat();
        let entries = of_sections(&TABLE, &sections, 0).unwrap();
        assert_eq!(
            (entries.at, entries.len, entries.entry_len),
            (0x3000, 48, 24)
        );
        let symbols = words(&[7, 0x2040, 10, 1 << 48 | 9, 0x2080, 10]);
        assert_eq!(entries.defined(&symbols, &[0x4009]), Some(0x1080));
        assert_eq!(entries.defined(&symbols, &[0x4007]), None);
        assert_eq!(entries.defined(&symbols[..24], &[0x4009]), None);
        assert_eq!(of_sections(&TABLE, &sections[..128], 0), None);
    }

    #[test]
    fn a_mach_o_symbol_leads_to_its_code() {
        let table = SymbolTable::Entries {
            at: 0x3000,
            count: 2,
            strings: 0x4000,
            wide: true,
            big_endian: false,
            segments: vec![Segment {
                address: 0x1_0000,
                offset: 0,
                len: 0x1000,
            }],
        };
        let Start::Entries(entries) = start(&table) else {
            panic!("{table:?}");
        };
        assert_eq!(entries.len, 32);
        let symbols = words(&[1 << 32 | 7, 0, 0x0e << 32 | 7, 0x1_0040]);
        assert_eq!(entries.defined(&symbols, &[0x4008]), Some(0x40));
        assert_eq!(entries.defined(&symbols[..16], &[0x4008]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            sections in proptest::collection::vec(any::<u8>(), 256),
            symbols in proptest::collection::vec(any::<u8>(), 0..96),
        ) {
            if let Some(entries) = of_sections(&TABLE, &sections, u64::MAX) {
                let _ = entries.defined(&symbols, &[0]);
            }
        }
    }
}
