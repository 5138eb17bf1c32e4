//! Binaries that need a library which the wheel does not ship.

use super::super::library_name::{Half, half, is_libressl};
use super::Judged;
use super::carried::from_hit;
use super::names::Names;
use crate::model::{Evidence, EvidenceKind, Finding, Library, Linkage};

/// How many undefined symbols without a dependency make a need.
const SYMBOLS: usize = 2;

/// How many needed names of a library are told.
const EVIDENCE: usize = 4;

/// The findings for what a binary needs from the system: one for each library.
pub(super) fn needed(one: &Judged<'_>, all: &[Judged<'_>], names: &Names) -> Vec<Finding> {
    let imports = one.part.headers.imports.iter();
    let wanted: Vec<_> = imports
        .filter(|import| half(&import.text).is_some())
        .collect();
    if wanted.is_empty() {
        let evidence = by_symbols(one, all, names);
        let finding = evidence.map(|evidence| finding(one, Library::Openssl, evidence));
        return finding.into_iter().collect();
    }
    let libraries = [Library::Openssl, Library::Libressl];
    let findings = libraries.into_iter().filter_map(|library| {
        let carries = one.carried.iter().any(|carried| carried.library == library);
        let evidence: Vec<_> = wanted
            .iter()
            .filter(|import| is_libressl(&import.text) == (library == Library::Libressl))
            // Its own half is in a libssl, the other one need not be in the wheel.
            .filter(|import| !carries || is_other_half(one, &import.text))
            .filter(|import| names.serving(one, &import.text).next().is_none())
            .take(EVIDENCE)
            .map(|import| from_hit(EvidenceKind::Import, import))
            .collect();
        (!evidence.is_empty()).then(|| finding(one, library, evidence))
    });
    findings.collect()
}

/// Whether a binary is the shared libssl and what it needs the libcrypto.
fn is_other_half(one: &Judged<'_>, needed: &str) -> bool {
    one.half() == Some(Half::Ssl) && half(needed) == Some(Half::Crypto)
}

fn finding(one: &Judged<'_>, library: Library, evidence: Vec<Evidence>) -> Finding {
    Finding {
        path: one.path.to_owned(),
        format: one.format,
        arch: one.arch,
        library,
        version: None,
        linkage: Linkage::External,
        suffix: None,
        distro_patched: false,
        evidence,
    }
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
        .take(EVIDENCE)
        .map(|symbol| from_hit(EvidenceKind::UndefinedSymbol, symbol));
    Some(evidence.collect())
}
