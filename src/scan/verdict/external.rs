//! Binaries that need a library which the wheel does not ship.

use super::super::library_name::{half, is_libressl};
use super::Judged;
use super::carried::from_hit;
use super::names::Names;
use crate::model::{Evidence, EvidenceKind, Finding, Library, Linkage};

/// How many undefined symbols without a dependency make a need.
const SYMBOLS: usize = 2;

/// The finding for what a binary needs from the system, if it needs anything.
pub(super) fn needed(one: &Judged<'_>, all: &[Judged<'_>], names: &Names) -> Option<Finding> {
    let wanted: Vec<_> = one
        .part
        .headers
        .imports
        .iter()
        .filter(|import| half(&import.text).is_some())
        .collect();
    let (library, evidence): (Library, Vec<Evidence>) = if wanted.is_empty() {
        (Library::Openssl, by_symbols(one, all, names)?)
    } else {
        let missing: Vec<_> = wanted
            .into_iter()
            .filter(|import| names.serving(one, &import.text).next().is_none())
            .collect();
        let first = missing.first()?;
        let library = if is_libressl(&first.text) {
            Library::Libressl
        } else {
            Library::Openssl
        };
        let evidence = missing
            .iter()
            .take(4)
            .map(|import| from_hit(EvidenceKind::Import, import));
        (library, evidence.collect())
    };
    if one.carried.iter().any(|carried| carried.library == library) {
        return None;
    }
    Some(Finding {
        path: one.path.to_owned(),
        format: one.format,
        arch: one.arch,
        library,
        version: None,
        linkage: Linkage::External,
        suffix: None,
        distro_patched: false,
        evidence,
    })
}

/// Symbols that are needed from elsewhere though no library is named: whoever loads the binary
/// must have loaded OpenSSL. Not so if it carries such a library, or another binary of the wheel
/// that it names as needed does.
fn by_symbols(one: &Judged<'_>, all: &[Judged<'_>], names: &Names) -> Option<Vec<Evidence>> {
    let symbols: Vec<_> = one
        .part
        .headers
        .undefined
        .iter()
        .filter(|symbol| symbol.text.starts_with("SSL_") || symbol.text.starts_with("EVP_"))
        .collect();
    // Few binaries come this far; only for them is it worth asking all the others.
    if !one.carried.is_empty() || symbols.len() < SYMBOLS {
        return None;
    }
    let is_served = one.part.headers.imports.iter().any(|import| {
        names
            .serving(one, &import.text)
            .filter_map(|place| all.get(place))
            .any(|other| !other.carried.is_empty() || !other.part.headers.defined.is_empty())
    });
    if is_served {
        return None;
    }
    let evidence = symbols
        .iter()
        .take(4)
        .map(|symbol| from_hit(EvidenceKind::UndefinedSymbol, symbol));
    Some(evidence.collect())
}
