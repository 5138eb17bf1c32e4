//! The version of a libssl, which from 3.0 on has no text of its own, out of its libcrypto.

use super::super::banner::printable;
use super::super::library_name::{Half, half};
use super::Judged;
use super::carried::{self, Carried};
use crate::model::{Evidence, EvidenceKind, Library};

/// A libssl without a version of its own has the version of the libcrypto that it needs. If it
/// names none, it has that of the one beside it, else of the only one in the wheel. Where its code
/// is inside another binary, only a needed one counts.
pub(super) fn ask(judged: &mut [Judged<'_>]) {
    for index in 0..judged.len() {
        let Some(sibling) = sibling(judged, index) else {
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
pub(super) fn share_patches(judged: &mut [Judged<'_>]) {
    for index in 0..judged.len() {
        let is_patched = judged
            .get(index)
            .is_some_and(|one| is_half_of_patched(judged, one));
        let carried = judged
            .get_mut(index)
            .and_then(|one| one.carried.first_mut());
        if let Some(carried) = carried.filter(|_| is_patched) {
            carried.distro_patched = true;
        }
    }
}

fn is_half_of_patched(judged: &[Judged<'_>], one: &Judged<'_>) -> bool {
    let (Some(Half::Ssl), Some(own)) = (one.half(), one.carried.first()) else {
        return false;
    };
    let others = shared_siblings(judged, one);
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

fn sibling(judged: &[Judged<'_>], index: usize) -> Option<Sibling> {
    let one = judged.get(index)?;
    let lacks = one.carried.first().is_some_and(|c| c.version.is_none());
    // What was not seen of a binary could name a version, or be libcrypto's code.
    if !lacks || one.is_cut {
        return None;
    }
    let found = match one.half() {
        Some(Half::Ssl) => shared_siblings(judged, one),
        None if carried::is_libssl_alone(&one.part.texts) => static_siblings(judged, one),
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
/// another one's would be a guess.
fn shared_siblings<'j, 'a>(judged: &'j [Judged<'a>], one: &Judged<'_>) -> Vec<&'j Judged<'a>> {
    let others: Vec<&Judged<'a>> = judged
        .iter()
        .filter(|other| {
            other.arch == one.arch
                && other.format == one.format
                && other.half() == Some(Half::Crypto)
        })
        .collect();
    let needs: Vec<&str> = one
        .part
        .headers
        .imports
        .iter()
        .map(|import| import.text.as_str())
        .filter(|name| half(name) == Some(Half::Crypto))
        .collect();
    let needs = needs.as_slice();
    let needed = |exact: bool| {
        others.iter().copied().filter(move |other| {
            needs.iter().any(|name| {
                if exact {
                    other.is_exactly(name)
                } else {
                    other.is_called(name)
                }
            })
        })
    };
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let beside = others
        .iter()
        .copied()
        .filter(|other| folder(other.path) == folder(one.path));
    if !needs.is_empty() {
        let exact: Vec<_> = needed(true).collect();
        // One of another name is not the one that it was built with.
        return if exact.is_empty() {
            needed(false).collect()
        } else {
            exact
        };
    }
    [beside.collect::<Vec<_>>(), others.clone()]
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The binaries that a binary with nothing but libssl's code names as needed, and that carry
/// libcrypto's.
fn static_siblings<'j, 'a>(judged: &'j [Judged<'a>], one: &Judged<'_>) -> Vec<&'j Judged<'a>> {
    let imports = &one.part.headers.imports;
    judged
        .iter()
        .filter(|other| {
            let is_openssl = |c: &Carried| c.library == Library::Openssl;
            other.carried.first().is_some_and(is_openssl)
                && !carried::is_libssl_alone(&other.part.texts)
                && imports.iter().any(|import| other.serves(one, &import.text))
        })
        .collect()
}
