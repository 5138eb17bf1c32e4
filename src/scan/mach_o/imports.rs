//! What a Mach-O file needs, from what the loader binds: it stays where symbols were stripped.
//!
//! Source: `BIND_OPCODE_` in Apple's `mach-o/loader.h`, and `mach-o/fixup-chains.h`.

use super::super::banner::{Hit, printable};
use super::super::fields::{Fields, until_nul};
use super::super::image::Missing;
use super::super::object_file::Headers;
use super::File;
use super::exports::number;
use super::symbols::{MAXIMUM_TABLE_BYTES, Range, Tables};

/// How many imports of chained fixups are looked at.
const MAXIMUM_IMPORTS: usize = 64 * 1024;

impl File<'_> {
    /// Reads the names that are bound.
    pub(super) fn imports(&self, tables: &Tables, headers: &mut Headers) -> Result<(), Missing> {
        let is_read = |range: &&Range| range.len > 0 && range.len <= MAXIMUM_TABLE_BYTES;
        for range in tables.binds.iter().filter(is_read) {
            let bytes = self.view.bytes(range.at, range.len)?;
            bound(bytes, |at, name| self.need(headers, *range, at, name));
        }
        if let Some(range) = tables.fixups.as_ref().filter(is_read) {
            let bytes = self.view.bytes(range.at, range.len)?;
            chained(self.fields(bytes), bytes, |at, name| {
                self.need(headers, *range, at, name);
            });
        }
        Ok(())
    }

    fn need(&self, headers: &mut Headers, range: Range, at: usize, name: &[u8]) {
        let Some(name) = name.strip_prefix(b"_") else {
            return;
        };
        // Behind the underscore.
        let place = range.at.saturating_add(at as u64).saturating_add(1);
        headers.symbol(name, false, || Hit {
            text: printable(name),
            offset: self.view.base().saturating_add(place),
        });
    }
}

/// Calls `found` with the place and name of each symbol that opcodes bind.
fn bound(bytes: &[u8], mut found: impl FnMut(usize, &[u8])) {
    let mut at = 0_usize;
    while let Some(byte) = bytes.get(at) {
        at = at.saturating_add(1);
        let numbers = match byte & 0xf0 {
            // SET_SYMBOL_TRAILING_FLAGS_IMM
            0x40 => {
                let name = until_nul(bytes.get(at..).unwrap_or_default());
                found(at, name);
                at = at.saturating_add(name.len()).saturating_add(1);
                0
            }
            // SET_DYLIB_ORDINAL_ULEB, SET_ADDEND_SLEB, SET_SEGMENT_AND_OFFSET_ULEB,
            // ADD_ADDR_ULEB, DO_BIND_ADD_ADDR_ULEB
            0x20 | 0x60 | 0x70 | 0x80 | 0xa0 => 1,
            // DO_BIND_ULEB_TIMES_SKIPPING_ULEB
            0xc0 => 2,
            // THREADED: setting the size of a table takes a number, applying it none.
            0xd0 => usize::from(byte & 0x0f == 0),
            _ => 0,
        };
        for _ in 0..numbers {
            if number(bytes, &mut at).is_none() {
                return;
            }
        }
    }
}

/// Calls `found` with the place and name of each import of chained fixups.
fn chained(fields: Fields<'_>, bytes: &[u8], mut found: impl FnMut(usize, &[u8])) {
    let field = |at| fields.u32(at).and_then(|field| usize::try_from(field).ok());
    let (Some(imports), Some(names), Some(count), Some(form)) =
        (field(8), field(12), field(16), field(20))
    else {
        return;
    };
    // Names may be packed; no linker is known to do it.
    if field(24) != Some(0) {
        return;
    }
    let entry_len = match form {
        1 => 4_usize,
        2 => 8,
        3 => 16,
        _ => return,
    };
    for index in 0..count.min(MAXIMUM_IMPORTS) {
        let entry = imports.saturating_add(index.saturating_mul(entry_len));
        let name = if form == 3 {
            fields.u64(entry).map(|entry| entry >> 32)
        } else {
            fields.u32(entry).map(|entry| u64::from(entry >> 9))
        };
        let Some(name) = name.and_then(|name| usize::try_from(name).ok()) else {
            return;
        };
        let at = names.saturating_add(name);
        if let Some(name) = bytes.get(at..) {
            let name = name.get(..256).unwrap_or(name);
            found(at, until_nul(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(read: impl FnOnce(&mut dyn FnMut(usize, &[u8]))) -> Vec<String> {
        let mut names = Vec::new();
        read(&mut |_, name| names.push(String::from_utf8_lossy(name).into_owned()));
        names
    }

    #[test]
    fn opcodes_name_what_they_bind() {
        let bytes = b"\x11\x40_SSL_new\0\x51\x72\x80\x01\x90\xc0\x02\x48\x40_EVP_sha1\0\x90\0";
        assert_eq!(
            names(|found| bound(bytes, found)),
            ["_SSL_new", "_EVP_sha1"]
        );
        assert_eq!(
            names(|found| bound(b"\x72\x80\x80\x40_a\0", found)),
            [""; 0]
        );
    }

    #[test]
    fn chained_fixups_name_their_imports() {
        for (form, entries) in [
            (1_u32, vec![1 << 9, 10 << 9]),
            (2, vec![1 << 9, 0, 10 << 9, 0]),
            (3, vec![0, 1, 0, 0, 0, 10, 0, 0]),
        ] {
            let names_at = 28 + entries.len() as u32 * 4;
            let mut bytes: Vec<u8> = [0, 0, 28, names_at, 2, form, 0]
                .into_iter()
                .chain(entries)
                .flat_map(u32::to_le_bytes)
                .collect();
            bytes.extend(b"\0_SSL_new\0_EVP_sha1\0");
            let read = |bytes: &[u8]| names(|found| chained(Fields::little(bytes), bytes, found));
            assert_eq!(read(&bytes), ["_SSL_new", "_EVP_sha1"], "{form}");
            bytes[24] = 1;
            assert_eq!(read(&bytes), [""; 0]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..96)) {
            bound(&bytes, |_, _| {});
            chained(Fields::little(&bytes), &bytes, |_, _| {});
        }
    }
}
