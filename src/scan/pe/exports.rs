//! What a PE file defines for others.
//!
//! Source: Microsoft's "PE Format", "The .edata Section".

use super::super::banner::{Hit, printable};
use super::super::fields::Fields;
use super::super::image::Missing;
use super::super::object_file::{Headers, NAME_BYTES, telling_name};
use super::super::version_number::VersionFunction;
use super::{File, MALFORMED, Table};

/// How large the exports may be of which the names are read, 2 MiB.
const MAXIMUM_EXPORT_BYTES: u64 = 2 << 20;
/// How many names are looked at: ordinals have 16 bits.
const MAXIMUM_NAMES: u32 = 64 * 1024;

impl File<'_> {
    /// Says that the exports will be needed, so that they are kept when they come by.
    pub(super) fn wish_for_exports(&self, table: Table) {
        let len = u64::from(table.len);
        if let (Ok((place, _)), true) = (self.place(table.address), len <= MAXIMUM_EXPORT_BYTES) {
            self.view.wish(place, len);
        }
    }

    /// Takes note of the name that the file has as a library.
    pub(super) fn own_name(&self, table: Table, headers: &mut Headers) -> Result<(), Missing> {
        let directory = Fields::little(self.at(table.address, 40)?);
        let name = directory.u32(12).ok_or(MALFORMED)?;
        if name != 0 {
            headers.name = Some(self.name(name)?);
        }
        Ok(())
    }

    /// Reads the names of the exports. Linkers put everything about them behind the directory.
    pub(super) fn exports(&self, table: Table, headers: &mut Headers) -> Result<(), Missing> {
        if u64::from(table.len) > MAXIMUM_EXPORT_BYTES {
            return Ok(());
        }
        let (place, _) = self.place(table.address)?;
        let bytes = self.at(table.address, u64::from(table.len))?;
        let directory = Fields::little(bytes);
        let (Some(count), Some(functions), Some(names), Some(ordinals)) = (
            directory.u32(24),
            directory.u32(28),
            directory.u32(32),
            directory.u32(36),
        ) else {
            return Ok(());
        };
        let inside = |address: u32, index: u32, len: u32| {
            let at = address.checked_sub(table.address)?;
            usize::try_from(at.checked_add(index.checked_mul(len)?)?).ok()
        };
        for index in 0..count.min(MAXIMUM_NAMES) {
            let name = inside(names, index, 4).and_then(|at| directory.u32(at));
            let Some(at) = name.and_then(|name| inside(name, 0, 0)) else {
                return Ok(());
            };
            let name = bytes.get(at..).unwrap_or_default();
            let name = name
                .get(..usize::try_from(NAME_BYTES).unwrap_or(256))
                .unwrap_or(name);
            let Some(name) = telling_name(name) else {
                continue;
            };
            headers.symbol(name, true, || Hit {
                text: printable(name),
                offset: self
                    .view
                    .base()
                    .saturating_add(place)
                    .saturating_add(at as u64),
            });
            let Some(function) = VersionFunction::named(name) else {
                continue;
            };
            let address = inside(ordinals, index, 2)
                .and_then(|at| directory.u16(at))
                .and_then(|ordinal| inside(functions, u32::from(ordinal), 4))
                .and_then(|at| directory.u32(at));
            // An address among the exports is the name of another library's function.
            let is_here = |address: &u32| {
                address
                    .checked_sub(table.address)
                    .is_none_or(|inside| inside >= table.len)
            };
            if let Some((offset, _)) = address
                .filter(is_here)
                .and_then(|address| self.place(address).ok())
            {
                headers.function(function, offset);
            }
        }
        Ok(())
    }
}
