//! Mach-O's tables of symbols, which stand at the end of a file or slice.
//!
//! Source: Apple's `mach-o/nlist.h` and `mach-o/loader.h`.

use object::macho;

use super::super::banner::{Hit, printable};
use super::super::fields::Fields;
use super::super::image::Missing;
use super::super::object_file::{Headers, SymbolTable, is_library_symbol, offset_of, telling_name};
use super::super::version_number::VersionFunction;
use super::{File, MALFORMED};

/// Symbol and string tables larger than this, together, are read in part, 3 MiB.
const MAXIMUM_SYMBOL_BYTES: u64 = 3 << 20;
/// How much of the entries and of the names of needed symbols is read of such tables, each, 1 MiB.
const MAXIMUM_NEEDED_BYTES: u64 = 1 << 20;
/// How large an exports trie or a table of imports may be that is read, 1 MiB.
pub(super) const MAXIMUM_TABLE_BYTES: u64 = 1 << 20;

/// A part of the file: its first byte and its length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub at: u64,
    pub len: u64,
}

/// What `LC_SYMTAB` and `LC_DYSYMTAB` say.
#[derive(Clone, Copy, Debug)]
struct Symbols {
    table: u64,
    count: u64,
    strings: u64,
    strings_len: u64,
}

/// Where the tables are.
#[derive(Debug, Default)]
pub(super) struct Tables {
    symbols: Option<Symbols>,
    /// First index and number of the symbols that are defined for others.
    defined: Option<(u64, u64)>,
    /// First index and number of the symbols that are needed.
    needed: Option<(u64, u64)>,
    /// The exports trie.
    pub(super) exports: Option<Range>,
    /// Opcodes that bind imports, with and without delay.
    pub(super) binds: Vec<Range>,
    /// The chained fixups.
    pub(super) fixups: Option<Range>,
}

impl Tables {
    /// Takes note of a load command; none if it is cut off.
    pub(super) fn note(&mut self, kind: macho::LoadCommandType, command: Fields<'_>) -> Option<()> {
        let field = |at| command.u32(at).map(u64::from);
        let range = |at: usize| {
            let (at, len) = (field(at)?, field(at.saturating_add(4))?);
            Some(Range { at, len })
        };
        match kind {
            macho::LC_SYMTAB => {
                self.symbols = Some(Symbols {
                    table: field(8)?,
                    count: field(12)?,
                    strings: field(16)?,
                    strings_len: field(20)?,
                });
            }
            macho::LC_DYSYMTAB => {
                self.defined = Some((field(16)?, field(20)?));
                self.needed = Some((field(24)?, field(28)?));
            }
            macho::LC_DYLD_INFO | macho::LC_DYLD_INFO_ONLY => {
                self.binds = vec![range(16)?, range(32)?];
                self.exports = Some(range(40)?);
            }
            macho::LC_DYLD_EXPORTS_TRIE => self.exports = Some(range(8)?),
            macho::LC_DYLD_CHAINED_FIXUPS => self.fixups = Some(range(8)?),
            _ => {}
        }
        Some(())
    }
}

impl<'a> File<'a> {
    const fn symbol_len(&self) -> u64 {
        if self.wide { 16 } else { 12 }
    }

    /// Reads the tables: small ones whole; of large ones what is needed, and the exports trie for
    /// what is defined. Where symbols were stripped, the trie and the imports speak.
    pub(super) fn read_tables(
        &self,
        tables: &Tables,
        headers: &mut Headers,
    ) -> Result<(), Missing> {
        let symbols = tables.symbols.filter(|symbols| symbols.count > 0);
        let is_small = symbols.is_some_and(|symbols| {
            let len = symbols.count.saturating_mul(self.symbol_len());
            len.saturating_add(symbols.strings_len) <= MAXIMUM_SYMBOL_BYTES
        });
        let has =
            |part: Option<(u64, u64)>| symbols.is_some() && part.is_none_or(|(_, count)| count > 0);
        headers.symbol_table = symbols.map(|symbols| self.symbol_table(&symbols));
        let exports = tables
            .exports
            .filter(|range| range.len > 0 && range.len <= MAXIMUM_TABLE_BYTES)
            .filter(|_| !is_small || !has(tables.defined));
        let needs_imports = !has(tables.needed);
        let binds = || tables.binds.iter().chain(&tables.fixups);
        let imports: Vec<Range> = binds()
            .copied()
            .filter(|range| needs_imports && range.len > 0 && range.len <= MAXIMUM_TABLE_BYTES)
            .collect();
        // They stand in this order, before the symbols: none may go by while another is awaited.
        for range in imports.iter().chain(&exports) {
            self.view.wish(range.at, range.len);
        }
        if let Some(range) = exports {
            self.exports(range, headers)?;
        }
        if needs_imports {
            self.imports(tables, headers)?;
        }
        match symbols {
            Some(symbols) if is_small => self.walk(&symbols, headers),
            Some(symbols) => self.needed(&symbols, tables.needed.unwrap_or_default(), headers),
            None => Ok(()),
        }
    }

    fn symbol_table(&self, symbols: &Symbols) -> SymbolTable {
        let place = |at: u64| self.view.base().saturating_add(at);
        SymbolTable::Entries {
            at: place(symbols.table),
            count: symbols.count,
            strings: place(symbols.strings),
            wide: self.wide,
            big_endian: self.big_endian,
            segments: self.segments.clone(),
        }
    }

    fn walk(&self, symbols: &Symbols, headers: &mut Headers) -> Result<(), Missing> {
        let len = symbols.count.saturating_mul(self.symbol_len());
        self.view.wish(symbols.table, len);
        self.view.wish(symbols.strings, symbols.strings_len);
        let table = self.view.bytes(symbols.table, len)?;
        let strings = self.view.bytes(symbols.strings, symbols.strings_len)?;
        self.entries(table, strings, symbols.strings, 0, headers)
    }

    /// Reads the symbols that are needed out of large tables: linkers put them behind each other,
    /// and their names too.
    fn needed(
        &self,
        symbols: &Symbols,
        (first, count): (u64, u64),
        headers: &mut Headers,
    ) -> Result<(), Missing> {
        let len = count.saturating_mul(self.symbol_len());
        if first.saturating_add(count) > symbols.count || len > MAXIMUM_NEEDED_BYTES {
            return Ok(());
        }
        let at = first.saturating_mul(self.symbol_len());
        let table = self.view.bytes(symbols.table.saturating_add(at), len)?;
        let names = || {
            let entries = table.chunks_exact(usize::try_from(self.symbol_len()).unwrap_or(16));
            entries.filter_map(|entry| self.fields(entry).u32(0).map(u64::from))
        };
        let (Some(from), Some(to)) = (names().min(), names().max()) else {
            return Ok(());
        };
        let len = to.saturating_sub(from).saturating_add(256);
        if len > MAXIMUM_NEEDED_BYTES {
            return Ok(());
        }
        let at = symbols.strings.saturating_add(from);
        let strings = self.view.up_to(at, len)?;
        self.entries(table, strings, at, from, headers)
    }

    /// Takes note of the entries of a table; `strings` stand at `strings_at` and begin with the
    /// name of index `first`.
    fn entries(
        &self,
        table: &'a [u8],
        strings: &[u8],
        strings_at: u64,
        first: u64,
        headers: &mut Headers,
    ) -> Result<(), Missing> {
        let entry_len = usize::try_from(self.symbol_len()).unwrap_or(16);
        for entry in table.chunks_exact(entry_len) {
            let kind = macho::SymbolFlags(entry.get(4).copied().unwrap_or_default());
            if kind.0 & macho::N_STAB != 0 {
                continue;
            }
            let index = u64::from(self.fields(entry).u32(0).ok_or(MALFORMED)?);
            let inside = index.checked_sub(first);
            let name = inside
                .and_then(|at| strings.get(usize::try_from(at).ok()?..))
                .unwrap_or_default();
            let Some(name) = name.strip_prefix(b"_").and_then(telling_name) else {
                continue;
            };
            let is_defined = kind.0 & macho::N_TYPE != macho::N_UNDF.0;
            if kind.0 & macho::N_EXT.0 != 0 {
                // Behind the underscore.
                let place = inside.unwrap_or_default().saturating_add(1);
                let place = strings_at.saturating_add(place);
                headers.symbol(name, is_defined, || Hit {
                    text: printable(name),
                    offset: self.view.base().saturating_add(place),
                });
            } else if !is_library_symbol(name) {
                continue;
            }
            if is_defined && let Some(function) = VersionFunction::named(name) {
                let value = self.fields(entry).word(8, self.wide).ok_or(MALFORMED)?;
                if let Some(offset) = offset_of(&self.segments, value) {
                    headers.function(function, offset);
                }
            }
        }
        Ok(())
    }
}
