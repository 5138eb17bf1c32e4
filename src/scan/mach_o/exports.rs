//! The exports trie: what a Mach-O file defines for others, also where symbols were stripped.
//!
//! Source: the comment on `EXPORT_SYMBOL_FLAGS` in Apple's `mach-o/loader.h`.

use super::super::banner::Hit;
use super::super::fields::until_nul;
use super::super::image::Missing;
use super::super::object_file::{Headers, offset_of};
use super::super::version_number::VersionFunction;
use super::File;
use super::symbols::Range;

/// Symbols whose definition tells whose code a file holds.
const WITNESSES: [&str; 6] = [
    "SSL_new",
    "EVP_DigestInit_ex",
    "X509_new",
    "OpenSSL_version",
    "SSLeay_version",
    "BABASSL_version_text",
];

/// The export is another library's.
const REEXPORT: u64 = 8;

impl File<'_> {
    /// Looks up the names that matter.
    pub(super) fn exports(&self, range: Range, headers: &mut Headers) -> Result<(), Missing> {
        let trie = self.view.bytes(range.at, range.len)?;
        let functions = VersionFunction::ALL.map(VersionFunction::name);
        for name in functions.into_iter().chain(WITNESSES) {
            let Some((node, address)) = find(trie, format!("_{name}").as_bytes()) else {
                continue;
            };
            let place = range.at.saturating_add(node as u64);
            headers.symbol(name.as_bytes(), true, || Hit {
                text: name.to_owned(),
                offset: self.view.base().saturating_add(place),
            });
            if let Some(function) = VersionFunction::named(name.as_bytes())
                && let Some(offset) = self.loaded_at(address)
            {
                headers.function(function, offset);
            }
        }
        Ok(())
    }

    /// Where an address stands in the file that is counted from where its headers are loaded.
    fn loaded_at(&self, address: u64) -> Option<u64> {
        let base = self
            .segments
            .iter()
            .find(|segment| segment.offset == 0 && segment.len > 0)?;
        offset_of(&self.segments, base.address.checked_add(address)?)
    }
}

/// Where the node of a name stands in the trie, and the address it gives.
fn find(trie: &[u8], name: &[u8]) -> Option<(usize, u64)> {
    let mut node = 0_usize;
    let mut rest = name;
    // Each step takes at least one byte of the name.
    loop {
        let mut at = node;
        let terminal = usize::try_from(number(trie, &mut at)?).ok()?;
        if rest.is_empty() {
            if terminal == 0 || number(trie, &mut at)? & REEXPORT != 0 {
                return None;
            }
            return Some((node, number(trie, &mut at)?));
        }
        at = at.checked_add(terminal)?;
        let children = *trie.get(at)?;
        at = at.checked_add(1)?;
        let mut next = None;
        for _ in 0..children {
            let label = until_nul(trie.get(at..)?);
            at = at.checked_add(label.len())?.checked_add(1)?;
            let child = number(trie, &mut at)?;
            if let Some(after) = rest.strip_prefix(label)
                && !label.is_empty()
            {
                next = Some((child, after));
                break;
            }
        }
        let (child, after) = next?;
        (node, rest) = (usize::try_from(child).ok()?, after);
    }
}

/// A number of variable length (ULEB128) at `at`, which moves behind it.
pub(super) fn number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at = at.checked_add(1)?;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `_SSL_` leads to `new` at 0x1234 and to `ctx`, which is another library's.
    fn trie() -> Vec<u8> {
        let mut trie = b"\0\x01_SSL_\0\x09".to_vec();
        assert_eq!(trie.len(), 9);
        trie.extend(b"\0\x02new\0\x15ctx\0\x1a");
        assert_eq!(trie.len(), 0x15);
        trie.extend(b"\x03\0\xb4\x24\0");
        assert_eq!(trie.len(), 0x1a);
        trie.extend(b"\x03\x08\x01\0\0");
        trie
    }

    #[test]
    fn names_are_found_and_others_are_not() {
        let trie = trie();
        assert_eq!(find(&trie, b"_SSL_new"), Some((0x15, 0x1234)));
        for name in [&b"_SSL_ctx"[..], b"_SSL_", b"_SSL_ne", b"_SSL_newer", b""] {
            assert_eq!(find(&trie, name), None);
        }
        for cut in 0..0x18 {
            assert_eq!(find(&trie[..cut], b"_SSL_new"), None);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_run_on(trie in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = find(&trie, b"_OpenSSL_version_num");
        }
    }
}
