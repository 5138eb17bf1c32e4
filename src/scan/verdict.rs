//! From what was gathered to findings: first what each binary carries by itself, then what the
//! binaries of a wheel say about each other.

mod carried;
mod external;
mod sbom_check;
mod version;

use std::cmp::Ordering;

use self::carried::Carried;
use super::binary::Part;
use super::collector::{Binary, Gathered};
use super::library_name::{Half, base_name, half, same_library};
use crate::model::{
    Architecture, BinaryFormat, Evidence, EvidenceKind, Finding, Library, Problem, WheelScan,
};

/// One binary or slice, with what it carries.
struct Judged<'a> {
    path: &'a str,
    format: BinaryFormat,
    arch: Architecture,
    part: &'a Part,
    carried: Vec<Carried>,
}

impl Judged<'_> {
    /// Which half of the library it is, as a shared library.
    fn half(&self) -> Option<Half> {
        shared_half(self.path, self.part)
    }

    /// Whether a needed library's name means this file, and `user` could load it.
    fn serves(&self, user: &Self, needed: &str) -> bool {
        self.format == user.format
            && self.arch == user.arch
            && (self.is_exactly(needed) || self.is_called(needed))
    }

    /// Whether a needed library's name means this file.
    fn is_called(&self, needed: &str) -> bool {
        let own = self.part.headers.name.as_ref();
        same_library(needed, self.path) || own.is_some_and(|own| same_library(needed, &own.text))
    }

    /// Whether a needed library's name is exactly this file's.
    fn is_exactly(&self, needed: &str) -> bool {
        let own = self.part.headers.name.as_ref();
        let needed = base_name(needed);
        needed.eq_ignore_ascii_case(base_name(self.path))
            || own.is_some_and(|own| needed.eq_ignore_ascii_case(base_name(&own.text)))
    }
}

fn shared_half(path: &str, part: &Part) -> Option<Half> {
    half(path).or_else(|| half(&part.headers.name.as_ref()?.text))
}

/// Whether a binary carries OpenSSL and its version is not settled by what is at hand, so that the
/// constant in its code is worth reading the binary again. A libssl has none.
pub(super) fn is_in_doubt(path: &str, parts: &[Part]) -> bool {
    parts.iter().any(|part| {
        let has_number = part
            .headers
            .constants
            .iter()
            .any(|constant| constant.function.is_whole());
        if has_number || shared_half(path, part) == Some(Half::Ssl) {
            return false;
        }
        let (carried, remark) = carried::carried(path, part);
        carried.iter().any(|carried| {
            matches!(carried.library, Library::Openssl | Library::Tongsuo)
                && (carried.version.is_none() || remark.is_some())
        })
    })
}

/// Draws the conclusions.
pub(super) fn conclude(gathered: Gathered) -> WheelScan {
    let mut problems = gathered.problems;
    let mut judged = judge(&gathered.binaries, &mut problems);
    ask_siblings(&mut judged);
    share_patches(&mut judged);
    let mut findings = Vec::new();
    for one in &judged {
        findings.extend(one.carried.iter().map(|carried| carried.finding(one)));
        findings.extend(external::needed(one, &judged));
    }
    findings.sort_by(order);
    let sbom = sbom_check::compare(gathered.claims, &mut findings, &mut problems);
    WheelScan {
        findings,
        sbom,
        problems,
    }
}

fn order(one: &Finding, other: &Finding) -> Ordering {
    let key = |finding: &Finding| (finding.arch, finding.library);
    one.path
        .cmp(&other.path)
        .then_with(|| key(one).cmp(&key(other)))
}

fn judge<'a>(binaries: &'a [Binary], problems: &mut Vec<Problem>) -> Vec<Judged<'a>> {
    let mut judged = Vec::new();
    for binary in binaries {
        for part in &binary.parts {
            let (mut carried, mut remark) = carried::carried(&binary.path, part);
            if binary.is_cut {
                // What was not seen could name another version.
                carried.iter_mut().for_each(Carried::forget_version);
                remark = None;
            }
            if let Some((code, message)) = remark {
                problems.push(Problem {
                    code,
                    message,
                    path: Some(binary.path.clone()),
                });
            }
            judged.push(Judged {
                path: &binary.path,
                format: binary.format,
                arch: part.headers.arch.unwrap_or(Architecture::Other),
                part,
                carried,
            });
        }
    }
    judged
}

/// A libssl without a version of its own has the version of the libcrypto that it needs; else of
/// the one beside it; else of the only one in the wheel.
fn ask_siblings(judged: &mut [Judged<'_>]) {
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

/// Both halves of a distribution's build are patched, though only one of them may show it.
fn share_patches(judged: &mut [Judged<'_>]) {
    let patched: Vec<(Architecture, Option<String>, Option<String>)> = judged
        .iter()
        .flat_map(|one| one.carried.iter().map(|carried| (one.arch, carried)))
        .filter(|(_, carried)| carried.distro_patched && carried.suffix.is_some())
        .map(|(arch, carried)| (arch, carried.version.clone(), carried.suffix.clone()))
        .collect();
    for one in judged
        .iter_mut()
        .filter(|one| one.half() == Some(Half::Ssl))
    {
        for carried in &mut one.carried {
            let own = (one.arch, carried.version.clone(), carried.suffix.clone());
            carried.distro_patched |= patched.contains(&own);
        }
    }
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
    if !lacks || one.half() != Some(Half::Ssl) {
        return None;
    }
    let others: Vec<&Judged<'_>> = judged
        .iter()
        .filter(|other| {
            other.arch == one.arch
                && other.format == one.format
                && other.half() == Some(Half::Crypto)
                && other.carried.first().is_some_and(|c| c.version.is_some())
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
    let found = [
        needed(true).collect::<Vec<_>>(),
        needed(false).collect(),
        beside.collect(),
        others.clone(),
    ]
    .into_iter()
    .find(|found| !found.is_empty())?;
    let first = found.first()?;
    let carried = first.carried.first()?;
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
            text: super::banner::printable(first.path.as_bytes()),
            offset: None,
        },
    })
}
