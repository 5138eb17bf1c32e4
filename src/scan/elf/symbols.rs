//! ELF's dynamic symbols: what the file defines and needs at run time.
//!
//! Source: System V gABI, chapter 5; the GNU hash table of glibc's `elf/dl-lookup.c`; the LSB for
//! `DT_VERSYM`.

use object::elf;

use super::super::banner::{Hit, printable};
use super::super::fields::until_nul;
use super::super::image::Missing;
use super::super::object_file::{Headers, telling_name};
use super::super::version_number::VersionFunction;
use super::{Dynamic, File, MALFORMED, MAXIMUM_SYMBOL_BYTES};

/// Names that tell whose code a file of very many symbols defines; they are looked up.
const WITNESSES: [&[u8]; 8] = [
    b"SSL_new",
    b"SSL_CTX_new",
    b"EVP_DigestInit_ex",
    b"EVP_CIPHER_CTX_new",
    b"X509_new",
    b"OpenSSL_version",
    b"SSLeay_version",
    b"BABASSL_version_text",
];

/// How long a chain of the hash table may be that is followed.
const MAXIMUM_CHAIN: u32 = 256;
/// How many undefined symbols of a file of very many symbols are looked at.
const MAXIMUM_UNDEFINED: u64 = 16 * 1024;
/// How much of the names of such a file is looked at, 1.5 MiB: what is wished for.
const NAMES_BYTES: u64 = MAXIMUM_SYMBOL_BYTES / 2;
/// Marks a symbol version that is not the default one.
const HIDDEN: u16 = 0x8000;

/// The fields of a GNU hash table.
struct GnuHash {
    buckets: u64,
    buckets_at: u64,
    first: u64,
    chains_at: u64,
}

/// One entry of the symbol table.
struct Symbol {
    index: u64,
    name: u64,
    is_defined: bool,
    value: u64,
}

/// A definition of a version function.
struct Definition {
    function: VersionFunction,
    index: u64,
    value: u64,
}

impl<'a> File<'a> {
    const fn entry_len(&self) -> u64 {
        if self.wide { 24 } else { 16 }
    }

    /// Reads what is defined and needed. Up to 3 MiB of tables are read whole; of larger ones the
    /// hash table tells what is defined, and the symbols before it are what is needed, as far as
    /// they are at hand: such files are large, and reading one again costs too much.
    pub(super) fn symbols(&self, dynamic: &Dynamic, headers: &mut Headers) -> Result<(), Missing> {
        let Some(symbols) = dynamic.symbols else {
            return Ok(());
        };
        let symbols = self.offset_of(symbols)?;
        let len = self
            .symbol_count(dynamic)?
            .map(|count| count.saturating_mul(self.entry_len()));
        let is_small = |len: &u64| len.saturating_add(dynamic.strings_len) <= MAXIMUM_SYMBOL_BYTES;
        let definitions = match len.filter(is_small) {
            Some(len) => self.walk(dynamic, symbols, len, headers)?,
            None => self
                .look_up(dynamic, symbols, headers)
                .map_err(Missing::into_welcome)?,
        };
        self.note_functions(dynamic, &definitions, headers)
    }

    /// The number of dynamic symbols, which only the hash tables tell; none if that is not told.
    fn symbol_count(&self, dynamic: &Dynamic) -> Result<Option<u64>, Missing> {
        if let Some(hash) = dynamic.hash {
            let table = self.fields(self.view.bytes(self.offset_of(hash)?, 8)?);
            return Ok(Some(u64::from(table.u32(4).ok_or(MALFORMED)?)));
        }
        let Some(hash) = self.gnu_hash(dynamic)? else {
            return Ok(Some(0));
        };
        let buckets_len = hash.buckets.saturating_mul(4);
        if buckets_len > MAXIMUM_SYMBOL_BYTES / 8 {
            return Ok(None);
        }
        let bytes = self.view.bytes(hash.buckets_at, buckets_len)?;
        let last = bytes
            .chunks_exact(4)
            .filter_map(|bucket| self.fields(bucket).u32(0))
            .max()
            .map_or(0, u64::from);
        if last < hash.first {
            return Ok(Some(hash.first));
        }
        let chain = last.saturating_sub(hash.first).saturating_mul(4);
        let mut at = hash.chains_at.saturating_add(chain);
        let mut count = last;
        for _ in 0..4096 {
            count = count.saturating_add(1);
            let chain = self.fields(self.view.bytes(at, 4)?);
            if chain.u32(0).ok_or(MALFORMED)? & 1 != 0 {
                break;
            }
            at = at.saturating_add(4);
        }
        Ok(Some(count))
    }

    fn gnu_hash(&self, dynamic: &Dynamic) -> Result<Option<GnuHash>, Missing> {
        let Some(hash) = dynamic.gnu_hash else {
            return Ok(None);
        };
        let at = self.offset_of(hash)?;
        let header = self.fields(self.view.bytes(at, 16)?);
        let field = |at| header.u32(at).map(u64::from).ok_or(MALFORMED);
        let (buckets, first, filter) = (field(0)?, field(4)?, field(8)?);
        let word = if self.wide { 8 } else { 4 };
        let buckets_at = at
            .saturating_add(16)
            .saturating_add(filter.saturating_mul(word));
        Ok(Some(GnuHash {
            buckets,
            buckets_at,
            first,
            chains_at: buckets_at.saturating_add(buckets.saturating_mul(4)),
        }))
    }

    fn symbol(&self, index: u64, entry: &'a [u8]) -> Result<Symbol, Missing> {
        let entry = self.fields(entry);
        let (section_at, value_at) = if self.wide { (6, 8) } else { (14, 4) };
        Ok(Symbol {
            index,
            name: u64::from(entry.u32(0).ok_or(MALFORMED)?),
            is_defined: entry.u16(section_at).ok_or(MALFORMED)? != elf::SHN_UNDEF.0,
            value: entry.word(value_at, self.wide).ok_or(MALFORMED)?,
        })
    }

    fn walk(
        &self,
        dynamic: &Dynamic,
        symbols: u64,
        len: u64,
        headers: &mut Headers,
    ) -> Result<Vec<Definition>, Missing> {
        let strings_at = self.offset_of(dynamic.strings)?;
        let strings = self.view.bytes(strings_at, dynamic.strings_len)?;
        let table = self.view.bytes(symbols, len)?;
        Ok(self.entries(table, strings, strings_at, headers))
    }

    /// Takes note of the entries of a table, and returns the version functions among them.
    fn entries(
        &self,
        table: &'a [u8],
        strings: &[u8],
        strings_at: u64,
        headers: &mut Headers,
    ) -> Vec<Definition> {
        let mut definitions = Vec::new();
        let entry_len = usize::try_from(self.entry_len()).unwrap_or(24);
        for (index, entry) in table.chunks_exact(entry_len).enumerate() {
            let Ok(symbol) = self.symbol(index as u64, entry) else {
                break;
            };
            let name = usize::try_from(symbol.name).ok();
            let name = name.and_then(|at| strings.get(at..)).unwrap_or_default();
            let Some(name) = telling_name(name) else {
                continue;
            };
            headers.symbol(name, symbol.is_defined, || {
                self.named(name, strings_at, symbol.name)
            });
            if symbol.is_defined
                && definitions.len() < 64
                && let Some(function) = VersionFunction::named(name)
            {
                definitions.push(Definition {
                    function,
                    index: symbol.index,
                    value: symbol.value,
                });
            }
        }
        definitions
    }

    fn named(&self, name: &[u8], strings_at: u64, index: u64) -> Hit {
        let offset = self.view.base().saturating_add(strings_at);
        Hit {
            text: printable(name),
            offset: offset.saturating_add(index),
        }
    }

    /// Looks up the names that matter in the hash table, and walks over the symbols before those
    /// that it knows, which are what is needed.
    fn look_up(
        &self,
        dynamic: &Dynamic,
        symbols: u64,
        headers: &mut Headers,
    ) -> Result<Vec<Definition>, Missing> {
        let Some(hash) = self.gnu_hash(dynamic)? else {
            return Ok(Vec::new());
        };
        let strings_at = self.offset_of(dynamic.strings)?;
        let mut definitions = Vec::new();
        let functions = VersionFunction::ALL.map(|function| function.name().as_bytes());
        for name in functions.into_iter().chain(WITNESSES) {
            for symbol in self.found(&hash, symbols, strings_at, name)? {
                headers.symbol(name, true, || self.named(name, strings_at, symbol.name));
                if let Some(function) = VersionFunction::named(name) {
                    definitions.push(Definition {
                        function,
                        index: symbol.index,
                        value: symbol.value,
                    });
                }
            }
        }
        let len = hash.first.min(MAXIMUM_UNDEFINED);
        let table = self
            .view
            .bytes(symbols, len.saturating_mul(self.entry_len()))?;
        let strings = self
            .view
            .up_to(strings_at, dynamic.strings_len.min(NAMES_BYTES))?;
        self.entries(table, strings, strings_at, headers);
        Ok(definitions)
    }

    /// The symbols of one name, several where it has several versions.
    fn found(
        &self,
        hash: &GnuHash,
        symbols: u64,
        strings_at: u64,
        name: &[u8],
    ) -> Result<Vec<Symbol>, Missing> {
        let mut found = Vec::new();
        let wanted = gnu_hash_of(name);
        let Some(bucket) = u64::from(wanted).checked_rem(hash.buckets) else {
            return Ok(found);
        };
        let number = |at| {
            let field = self.fields(self.view.bytes(at, 4)?);
            field.u32(0).ok_or(MALFORMED)
        };
        let bucket_at = hash.buckets_at.saturating_add(bucket.saturating_mul(4));
        let mut index = u64::from(number(bucket_at)?);
        for _ in 0..MAXIMUM_CHAIN {
            let Some(place) = index.checked_sub(hash.first) else {
                break;
            };
            let chain = number(hash.chains_at.saturating_add(place.saturating_mul(4)))?;
            if chain | 1 == wanted | 1 {
                let at = symbols.saturating_add(index.saturating_mul(self.entry_len()));
                let symbol = self.symbol(index, self.view.bytes(at, self.entry_len())?)?;
                let name_at = strings_at.saturating_add(symbol.name);
                let len = (name.len() as u64).saturating_add(1);
                if symbol.is_defined && until_nul(self.view.up_to(name_at, len)?) == name {
                    found.push(symbol);
                }
            }
            if chain & 1 != 0 {
                break;
            }
            index = index.saturating_add(1);
        }
        Ok(found)
    }

    /// Takes note of where the version functions stand. Of several versions of one, such as
    /// Red Hat keeps for old programs, the default one is the library's.
    fn note_functions(
        &self,
        dynamic: &Dynamic,
        definitions: &[Definition],
        headers: &mut Headers,
    ) -> Result<(), Missing> {
        for function in VersionFunction::ALL {
            let all = || definitions.iter().filter(|one| one.function == function);
            let mut chosen = all().next();
            if all().count() > 1 {
                for one in all() {
                    if !self.is_hidden(dynamic, one.index)? {
                        chosen = Some(one);
                    }
                }
            }
            if let Some(offset) = chosen.and_then(|one| self.offset_of(one.value).ok()) {
                headers.function(function, offset);
            }
        }
        Ok(())
    }

    fn is_hidden(&self, dynamic: &Dynamic, index: u64) -> Result<bool, Missing> {
        let Some(versions) = dynamic.symbol_versions else {
            return Ok(false);
        };
        let at = self
            .offset_of(versions)?
            .saturating_add(index.saturating_mul(2));
        let version = self.fields(self.view.bytes(at, 2)?).u16(0);
        Ok(version.ok_or(MALFORMED)? & HIDDEN != 0)
    }
}

/// The hash of a name in a GNU hash table.
fn gnu_hash_of(name: &[u8]) -> u32 {
    name.iter().fold(5381, |hash: u32, byte| {
        hash.wrapping_mul(33).wrapping_add(u32::from(*byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hash_as_the_loader_has_it() {
        assert_eq!(gnu_hash_of(b""), 0x1505);
        assert_eq!(gnu_hash_of(b"printf"), 0x156b_2bb8);
        assert_eq!(gnu_hash_of(b"exit"), 0x7c96_7e3f);
    }
}
