//! The version of a libssl, which from 3.0 on has no text of its own, out of its libcrypto.

use super::super::banner::printable;
use super::super::library_name::{Half, half};
use super::Judged;
use super::carried::{self, Carried};
use super::names::{self, Names};
use crate::model::{Evidence, EvidenceKind, Library};

/// A libssl without a version of its own has the version of the libcrypto that it needs. If it
/// names none, it has that of the one beside it, else of the only one in the wheel. Where its code
/// is inside another binary, only a needed one counts.
pub(super) fn ask(judged: &mut [Judged<'_>], names: &Names) {
    for index in 0..judged.len() {
        let Some(sibling) = sibling(judged, names, index) else {
            continue;
        };
        if let Some(carried) = judged
            .get_mut(index)
            .and_then(|one| one.carried.first_mut())
        {
            carried.library = sibling.library;
            carried.version = sibling.version;
            carried.suffix = sibling.suffix;
            carried.distro_patched = sibling.distro_patched;
            carried.evidence.push(sibling.evidence);
        }
    }
}

/// Both halves of a distribution's build are patched, though libcrypto alone may show it.
pub(super) fn share_patches(judged: &mut [Judged<'_>], names: &Names) {
    for index in 0..judged.len() {
        let is_patched = judged
            .get(index)
            .is_some_and(|one| is_half_of_patched(judged, names, one));
        let carried = judged
            .get_mut(index)
            .and_then(|one| one.carried.first_mut());
        if let Some(carried) = carried.filter(|_| is_patched) {
            carried.distro_patched = true;
        }
    }
}

fn is_half_of_patched(judged: &[Judged<'_>], names: &Names, one: &Judged<'_>) -> bool {
    let (Some(Half::Ssl), Some(own)) = (one.half(), one.carried.first()) else {
        return false;
    };
    let others = shared_siblings(judged, names, one);
    let mut others = others.iter().filter_map(|other| other.carried.first());
    let is_other_half = |other: &Carried| other.version == own.version && other.distro_patched;
    others.next().is_some_and(is_other_half) && others.all(is_other_half)
}

struct Sibling {
    library: Library,
    version: Option<String>,
    suffix: Option<String>,
    distro_patched: bool,
    evidence: Evidence,
}

fn sibling(judged: &[Judged<'_>], names: &Names, index: usize) -> Option<Sibling> {
    let one = judged.get(index)?;
    let lacks = one.carried.first().is_some_and(|c| c.version.is_none());
    // What was not seen of a binary could name a version, or be libcrypto's code.
    if !lacks || one.is_cut {
        return None;
    }
    let found = match one.half() {
        Some(Half::Ssl) => shared_siblings(judged, names, one),
        None if carried::is_libssl_alone(&one.part.texts) => static_siblings(judged, names, one),
        _ => return None,
    };
    let first = found.first()?;
    let carried = first.carried.first().filter(|c| c.version.is_some())?;
    let agree = found.iter().all(|other| {
        other
            .carried
            .first()
            .is_some_and(|c| c.version == carried.version && c.library == carried.library)
    });
    agree.then(|| Sibling {
        library: carried.library,
        version: carried.version.clone(),
        suffix: carried.suffix.clone(),
        distro_patched: carried.distro_patched,
        evidence: Evidence {
            kind: EvidenceKind::Sibling,
            text: printable(first.path.as_bytes()),
            offset: None,
        },
    })
}

/// The libcryptos that may be the other half of a shared libssl, also those without a version:
/// another one's would be a guess. None if they are too many.
fn shared_siblings<'j, 'a>(
    judged: &'j [Judged<'a>],
    names: &Names,
    one: &Judged<'_>,
) -> Vec<&'j Judged<'a>> {
    let is_meant = |other: &&Judged<'_>| {
        other.arch == one.arch && other.format == one.format && other.half() == Some(Half::Crypto)
    };
    let needs = || {
        let imports = one.part.headers.imports.iter();
        imports
            .map(|import| import.text.as_str())
            .filter(|name| half(name) == Some(Half::Crypto))
    };
    let exactly = needs().flat_map(|name| names.exactly(one, name));
    let called = needs().flat_map(|name| names.called(one, name));
    let all = names.cryptos().iter();
    let found = |places: &mut dyn Iterator<Item = &usize>| {
        let mut few = names::few(judged, places.copied())?;
        few.retain(is_meant);
        Some(few)
    };
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let beside = |mut few: Vec<&'j Judged<'a>>| {
        few.retain(|other| folder(other.path) == folder(one.path));
        few
    };
    let steps = if needs().next().is_some() {
        // One of another name is not the one that it was built with.
        [found(&mut { exactly }), found(&mut { called })]
    } else {
        [found(&mut all.clone()).map(beside), found(&mut { all })]
    };
    // What cannot be told at one step is not guessed at the next.
    let first = steps
        .into_iter()
        .find(|found| found.as_ref().is_none_or(|found| !found.is_empty()));
    first.flatten().unwrap_or_default()
}

/// The binaries that a binary with nothing but libssl's code names as needed, and that carry
/// libcrypto's.
fn static_siblings<'j, 'a>(
    judged: &'j [Judged<'a>],
    names: &Names,
    one: &Judged<'_>,
) -> Vec<&'j Judged<'a>> {
    let imports = one.part.headers.imports.iter();
    let places = imports.flat_map(|import| names.serving(one, &import.text));
    let mut found = names::few(judged, places).unwrap_or_default();
    found.retain(|other| {
        let is_openssl = |c: &Carried| c.library == Library::Openssl;
        other.carried.first().is_some_and(is_openssl)
            && !carried::is_libssl_alone(&other.part.texts)
    });
    found
}
