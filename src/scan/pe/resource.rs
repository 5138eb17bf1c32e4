//! The version resource of a PE file.
//!
//! Source: Microsoft's "PE Format", `VS_VERSIONINFO` and `StringFileInfo`.

use object::pe;

use super::super::banner::Hit;
use super::super::fields::Fields;
use super::super::image::Missing;
use super::{File, MALFORMED, Table};
use crate::model::OpensslVersion;

const MAXIMUM_RESOURCE_BYTES: u64 = 64 * 1024;

impl File<'_> {
    /// The product version of the version resource, if there is one.
    pub(super) fn version_resource(&self, table: Table) -> Result<Option<Hit>, Missing> {
        // Three levels: type, name, language; the first of each of the last two counts.
        let mut directory = 0_u32;
        for level in 0..3 {
            let Some(next) = self.resource_entry(table, directory, level == 0)? else {
                return Ok(None);
            };
            let is_directory = next & 0x8000_0000 != 0;
            if is_directory != (level < 2) {
                return Ok(None);
            }
            directory = next & 0x7fff_ffff;
        }
        let entry = Fields::little(self.at(table.address.saturating_add(directory), 16)?);
        let address = entry.u32(0).ok_or(MALFORMED)?;
        let len = entry.u32(4).ok_or(MALFORMED)?;
        let (offset, _) = self.place(address)?;
        let bytes = self.at(address, u64::from(len).min(MAXIMUM_RESOURCE_BYTES))?;
        Ok(version_of(bytes).map(|(text, inside)| Hit {
            text,
            offset: self
                .view
                .base()
                .saturating_add(offset)
                .saturating_add(inside as u64),
        }))
    }

    fn resource_entry(
        &self,
        table: Table,
        directory: u32,
        version: bool,
    ) -> Result<Option<u32>, Missing> {
        let address = table.address.saturating_add(directory);
        let header = Fields::little(self.at(address, 16)?);
        let named = header.u16(12).ok_or(MALFORMED)?;
        let numbered = header.u16(14).ok_or(MALFORMED)?;
        let count = usize::from(named)
            .saturating_add(usize::from(numbered))
            .min(4096);
        let len = count.saturating_mul(8) as u64;
        let entries = self.at(address.saturating_add(16), len)?;
        let found = entries.chunks_exact(8).find_map(|entry| {
            let entry = Fields::little(entry);
            let wanted = !version || entry.u32(0)? == u32::from(pe::RT_VERSION);
            wanted.then(|| entry.u32(4)).flatten()
        });
        Ok(found)
    }
}

/// Finds the version in a version resource: its text and where that stands. It is the product's,
/// or the file's where the product's is none of OpenSSL's form; some builders write a name or four
/// numbers there.
fn version_of(bytes: &[u8]) -> Option<(String, usize)> {
    let product = string(bytes, "ProductVersion");
    let is_version = |(text, _): &(String, usize)| text.parse::<OpensslVersion>().is_ok();
    product
        .clone()
        .filter(is_version)
        .or_else(|| string(bytes, "FileVersion").filter(is_version))
        .or(product)
}

/// The text of a key and where it stands.
fn string(bytes: &[u8], key: &str) -> Option<(String, usize)> {
    let key: Vec<u8> = key.bytes().chain([0]).flat_map(|byte| [byte, 0]).collect();
    let at = memchr::memmem::find(bytes, &key)?.checked_add(key.len())?;
    let rest = bytes.get(at..)?;
    let padding = rest
        .chunks_exact(2)
        .take_while(|unit| *unit == [0, 0])
        .count()
        .checked_mul(2)?;
    let text: String = rest
        .get(padding..)?
        .chunks_exact(2)
        .map_while(|unit| match unit {
            [byte, 0] if *byte != 0 => Some(char::from(*byte)),
            _ => None,
        })
        .take(64)
        .collect();
    let text = text.trim_end().to_owned();
    Some((text, at.checked_add(padding)?)).filter(|(text, _)| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn resource(strings: &[(&str, &str)]) -> Vec<u8> {
        let text: String = strings
            .iter()
            .map(|(key, value)| format!("{key}\0\0{value}\0\0"))
            .collect();
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[rstest]
    #[case(&[("FileVersion", "1.1.1.20"), ("ProductVersion", "1.1.1t")], "1.1.1t")]
    #[case(&[("FileVersion", "3.0.16"), ("ProductVersion", "The OpenSSL Toolkit")], "3.0.16")]
    #[case(&[("FileVersion", "1, 2"), ("ProductVersion", "8.17.0")], "8.17.0")]
    #[case(&[("FileVersion", "3.0.16 ")], "3.0.16")]
    fn the_version_is_the_products_or_the_files(
        #[case] strings: &[(&str, &str)],
        #[case] version: &str,
    ) {
        let bytes = resource(strings);
        let (text, at) = version_of(&bytes).unwrap();
        assert_eq!(text, version);
        assert_eq!(bytes[at], version.as_bytes()[0]);
    }

    #[test]
    fn keys_without_text_tell_nothing() {
        assert_eq!(version_of(&resource(&[("ProductVersion", "")])), None);
        assert_eq!(version_of(b""), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let key = resource(&[("FileVersion", "")]);
            let _ = version_of(&[key, bytes].concat());
        }
    }
}
