//! What the headers of an object file say, whatever its format.

use super::banner::Hit;
use super::fields::until_nul;
use super::image::{Missing, View};
use super::version_number::{self, CODE_BYTES, Outcome, VersionFunction};
use super::{elf, mach_o, pe};
use crate::model::{Architecture, BinaryFormat, Library};

/// How many of a binary's symbols with one prefix are kept, of those that it defines and of those
/// that it needs: as many as are told.
const KEPT: u8 = 4;

/// What the names of the libraries' interface begin with.
const PREFIXES: [&[u8]; 6] = [
    b"SSL_",
    b"EVP_",
    b"OpenSSL_",
    b"OPENSSL_",
    b"SSLeay",
    b"X509_",
];

/// How many libraries a binary may need: more is absurd, and one of them could be OpenSSL.
const MAXIMUM_IMPORTS: usize = 256;

/// How long a name may be, in bytes.
pub(super) const NAME_BYTES: u64 = 256;

/// How many jumps to a function's code are followed.
const MAXIMUM_JUMPS: usize = 3;

/// A number that a function returns, read from its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Constant {
    pub function: VersionFunction,
    pub number: u32,
    /// Where its code begins, in bytes from the start of the file.
    pub offset: u64,
}

/// The symbol table that only linkers read, and that stands where nothing points to it while the
/// file streams by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SymbolTable {
    /// ELF: the table of sections, by its place from the start of the file; one of them is it.
    Sections {
        at: u64,
        count: u64,
        wide: bool,
        big_endian: bool,
    },
    /// Mach-O: the table itself, where its names begin, and what is loaded from where.
    Entries {
        at: u64,
        count: u64,
        strings: u64,
        wide: bool,
        big_endian: bool,
        segments: Vec<Segment>,
    },
}

/// A part of a file that is loaded to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub address: u64,
    /// Bytes from the start of the file or slice.
    pub offset: u64,
    pub len: u64,
}

/// Where in the file or slice an address is loaded from.
pub(super) fn offset_of(segments: &[Segment], address: u64) -> Option<u64> {
    segments.iter().find_map(|segment| {
        let inside = address.checked_sub(segment.address)?;
        (inside < segment.len).then(|| segment.offset.checked_add(inside))?
    })
}

/// What the headers of one binary say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers {
    /// The architecture; none as long as the headers were not read.
    pub arch: Option<Architecture>,
    /// The file's own name as a shared library.
    pub name: Option<Hit>,
    /// The shared libraries that it needs.
    pub imports: Vec<Hit>,
    /// ELF version definitions.
    pub definitions: Vec<Hit>,
    /// Symbols of the libraries that it defines.
    pub defined: Vec<Hit>,
    /// Symbols of the libraries that it needs.
    pub undefined: Vec<Hit>,
    /// The first symbol that only a fork of OpenSSL defines.
    pub fork: Option<(Library, Hit)>,
    /// The product version of a PE version resource.
    pub resource: Option<Hit>,
    /// Where the code of functions stands that tell a version, in bytes from the start of the
    /// file or slice.
    pub functions: Vec<(VersionFunction, u64)>,
    /// The numbers that they return.
    pub constants: Vec<Constant>,
    /// The other symbol table, if there is one.
    pub symbol_table: Option<SymbolTable>,
    /// How many of the symbols that it defines are kept, by their prefix; the same of those that it
    /// needs.
    kept: [[u8; PREFIXES.len()]; 2],
}

impl Headers {
    /// Takes note of a symbol, without the underscore of Mach-O, if it is a library's; of one with
    /// the same name only once.
    pub(super) fn symbol(&mut self, name: &[u8], is_defined: bool, hit: impl FnOnce() -> Hit) {
        let prefix = prefix_of(name);
        let fork = fork_of_symbol(name).filter(|_| is_defined && self.fork.is_none());
        let [of_defined, of_undefined] = &mut self.kept;
        let (kept, counts) = if is_defined {
            (&mut self.defined, of_defined)
        } else {
            (&mut self.undefined, of_undefined)
        };
        let count = prefix.and_then(|prefix| counts.get_mut(prefix));
        let is_known = |name: &[u8]| kept.iter().any(|known| known.text.as_bytes() == name);
        let count = count.filter(|count| **count < KEPT && !is_known(name));
        if count.is_none() && fork.is_none() {
            return;
        }
        let hit = hit();
        if let Some(count) = count {
            *count = count.saturating_add(1);
            kept.push(hit.clone());
        }
        self.fork = self.fork.take().or(fork.map(|library| (library, hit)));
    }

    /// Takes note of a library that is needed.
    ///
    /// # Errors
    /// More are needed than are kept.
    pub(super) fn import(&mut self, hit: Hit) -> Result<(), Missing> {
        if self.imports.len() >= MAXIMUM_IMPORTS {
            return Err(Missing::Malformed("more than 256 libraries are needed"));
        }
        self.imports.push(hit);
        Ok(())
    }

    /// Takes note of where a function's code stands.
    pub(super) fn function(&mut self, function: VersionFunction, offset: u64) {
        let is_known = self.functions.iter().any(|(known, _)| *known == function);
        if !is_known {
            self.functions.push((function, offset));
        }
    }

    /// The number that a function returns.
    pub(super) fn constant(&self, function: VersionFunction) -> Option<Constant> {
        self.constants
            .iter()
            .copied()
            .find(|constant| constant.function == function)
    }
}

impl Headers {
    /// About how much memory the headers take, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        [
            &self.imports,
            &self.definitions,
            &self.defined,
            &self.undefined,
        ]
        .into_iter()
        .flatten()
        .map(|hit| (hit.text.len() as u64).saturating_add(64))
        .sum()
    }
}

/// Reads the headers of a binary, as far as they are at hand.
///
/// # Errors
/// The first bytes that are needed and not kept, or what is wrong with the headers. What was
/// read until then stays in `headers`.
pub(super) fn read(
    format: BinaryFormat,
    view: View<'_>,
    headers: &mut Headers,
) -> Result<(), Missing> {
    *headers = Headers::default();
    match format {
        BinaryFormat::Elf => elf::read(view, headers),
        BinaryFormat::MachO => mach_o::read(view, headers),
        BinaryFormat::Pe => pe::read(view, headers),
    }?;
    constants(view, headers)
}

/// Reads what the version functions return. Code that has gone by is no reason to read a binary
/// again: the caller decides that.
fn constants(view: View<'_>, headers: &mut Headers) -> Result<(), Missing> {
    let Some(arch) = headers.arch else {
        return Ok(());
    };
    let mut missing = None;
    for (function, offset) in &headers.functions {
        match constant(view, *function, *offset, arch) {
            Ok(Some(constant)) => headers.constants.push(constant),
            Err(Missing::Gap { at, len }) => {
                view.wish(at.saturating_sub(view.base()), len);
                missing = missing.or(Some(Missing::Welcome { at, len }));
            }
            Ok(None) | Err(_) => {}
        }
    }
    missing.map_or(Ok(()), Err)
}

fn constant(
    view: View<'_>,
    function: VersionFunction,
    offset: u64,
    arch: Architecture,
) -> Result<Option<Constant>, Missing> {
    let mut at = offset;
    for _ in 0..=MAXIMUM_JUMPS {
        match version_number::outcome(view.up_to(at, CODE_BYTES)?, arch) {
            Outcome::Constant(number) => {
                let offset = view.base().saturating_add(at);
                return Ok(Some(Constant {
                    function,
                    number,
                    offset,
                }));
            }
            // Within a section, as far in the file as in memory.
            Outcome::Jump(distance) => match at.checked_add_signed(distance) {
                Some(target) => at = target,
                None => return Ok(None),
            },
            Outcome::Other => return Ok(None),
        }
    }
    Ok(None)
}

/// Whether a file is called a COFF object.
pub(super) fn is_coff_name(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, ending)| ["obj", "o"].iter().any(|o| ending.eq_ignore_ascii_case(o)))
}

/// Whether a symbol, without the underscore of Mach-O, is one of the libraries' interface.
pub(super) fn is_library_symbol(name: &[u8]) -> bool {
    prefix_of(name).is_some()
}

/// The name at the start of `bytes`, up to the zero behind it, if it is one that says something.
/// Most do not, and finding where they end takes longer than all else that is done with them.
pub(super) fn telling_name(bytes: &[u8]) -> Option<&[u8]> {
    let tells = is_library_symbol(bytes) || fork_of_symbol(bytes).is_some();
    let longest = usize::try_from(NAME_BYTES).unwrap_or(usize::MAX);
    tells.then(|| until_nul(bytes.get(..longest).unwrap_or(bytes)))
}

/// The place in [`PREFIXES`] of what a symbol begins with.
fn prefix_of(name: &[u8]) -> Option<usize> {
    // Binaries have symbols by the ten thousands, and few begin so.
    let may_be = matches!(name.first(), Some(b'S' | b'E' | b'O' | b'X'));
    may_be
        .then(|| PREFIXES.iter().position(|prefix| name.starts_with(prefix)))
        .flatten()
}

/// The fork that alone defines a symbol of this name.
pub(super) fn fork_of_symbol(name: &[u8]) -> Option<Library> {
    const PREFIXES: [(&[u8], Library); 3] = [
        (b"BABASSL_", Library::Tongsuo),
        (b"TONGSUO_", Library::Tongsuo),
        (b"awslc_", Library::AwsLc),
    ];
    let may_be = matches!(name.first(), Some(b'B' | b'T' | b'a'));
    let mut prefixes = PREFIXES.into_iter().filter(|_| may_be);
    prefixes.find_map(|(prefix, library)| name.starts_with(prefix).then_some(library))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_what_is_loaded() {
        let segments = [
            Segment {
                address: 0x1000,
                offset: 0,
                len: 0x100,
            },
            Segment {
                address: 0x3000,
                offset: 0x200,
                len: 0x10,
            },
        ];
        assert_eq!(offset_of(&segments, 0x3008), Some(0x208));
        assert_eq!(offset_of(&segments, 0x3010), None);
        assert_eq!(offset_of(&segments, 0), None);
    }

    #[test]
    fn of_each_prefix_the_first_symbols_are_kept() {
        let mut headers = Headers::default();
        let mut note = |name: String, offset| {
            headers.symbol(name.as_bytes(), true, || Hit {
                text: name.clone(),
                offset,
            });
        };
        // As in a sorted table, one prefix comes long before the other; the first name twice.
        note("EVP_0".to_owned(), 0);
        for (prefix, number) in ["EVP_", "SSL_"].into_iter().zip([0, 1000]) {
            (number..number + 100).for_each(|number| note(format!("{prefix}{number}"), number));
        }
        let places: Vec<_> = headers.defined.iter().map(|hit| hit.offset).collect();
        assert_eq!(places, [0, 1, 2, 3, 1000, 1001, 1002, 1003]);
        assert_eq!(headers.undefined, []);
    }

    #[test]
    fn symbols_are_kept_by_whose_they_are() {
        let mut headers = Headers::default();
        let hit = |text: &str| Hit {
            text: text.to_owned(),
            offset: 0,
        };
        headers.symbol(b"SSL_new", false, || hit("SSL_new"));
        headers.symbol(b"main", true, || unreachable!());
        headers.symbol(b"BABASSL_debug", true, || hit("BABASSL_debug"));
        headers.symbol(b"awslc_version_string", false, || unreachable!());
        assert_eq!(headers.undefined.len(), 1);
        assert_eq!(headers.defined, []);
        assert_eq!(
            headers.fork.map(|(library, _)| library),
            Some(Library::Tongsuo)
        );
    }
}
