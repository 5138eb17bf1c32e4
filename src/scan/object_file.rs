//! What the headers of an object file say, whatever its format.

use super::banner::Hit;
use super::image::{Missing, View};
use super::{elf, mach_o, pe};
use crate::model::{Architecture, BinaryFormat};

/// How many imports or symbols of a binary are kept.
pub(super) const KEPT: usize = 64;

/// How long a name may be, in bytes.
pub(super) const NAME_BYTES: u64 = 256;

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
    /// The product version of a PE version resource.
    pub resource: Option<Hit>,
    /// The number that `OpenSSL_version_num` returns, and where.
    pub constant: Option<(u32, u64)>,
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
    }
}

/// Whether a file is called a COFF object.
pub(super) fn is_coff_name(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, ending)| ["obj", "o"].iter().any(|o| ending.eq_ignore_ascii_case(o)))
}

/// Whether a symbol, without the underscore of Mach-O, is one of the libraries' interface.
pub(super) fn is_library_symbol(name: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 6] = [
        b"SSL_",
        b"EVP_",
        b"OpenSSL_",
        b"OPENSSL_",
        b"SSLeay",
        b"X509_",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
